# SPDX-License-Identifier: BSD-2-Clause
"""Authentication for requests with tokens of tokenward.

    import requests
    from tokenward_auth import TokenwardAuth

    session = requests.Session()
    session.auth = TokenwardAuth("shop")
    session.get("https://api.example/orders")

Every request gets a token from "tokenward token"; a cached one takes a few
milliseconds.  When the API answers 401, the token is given back with
"tokenward reject" and the request is sent once more with another one.  The
second one goes only where the first one went: a redirection to another
host gets no token.
"""

import functools
import json
import subprocess
from urllib.parse import urlsplit

from requests.auth import AuthBase


class TokenwardError(Exception):
    """tokenward failed; `status` is its exit status (tokenward(1))."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def origin(url):
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


class TokenwardAuth(AuthBase):
    """`command` is how tokenward is called, for example
    ("sudo", "-n", "tokenward", "--system")."""

    def __init__(self, name, command=("tokenward",)):
        self.name = name
        self.command = tuple(command)

    def __call__(self, request):
        token = self._present(request)
        request.register_hook("response", functools.partial(
            self._answered, token, origin(request.url), self._place(request)))
        return request

    def _run(self, verb, *arguments, given=None):
        done = subprocess.run([*self.command, verb, self.name, *arguments],
                              input=given, stdin=None if given else
                              subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise TokenwardError(done.returncode, done.stderr.strip())
        return done.stdout

    def _present(self, request):
        answer = json.loads(self._run("token", "--format", "json"))
        header = answer["header"]
        if not header:
            raise TokenwardError(10, "the token of %s belongs into the query"
                                 % self.name)
        request.headers[header["name"]] = header["value"]
        return answer["access_token"]

    @staticmethod
    def _place(request):
        """Where a body that is a file begins; None: it is no file."""
        try:
            return request.body.tell()
        except (AttributeError, OSError):
            return None

    def _answered(self, token, sent_to, place, response, **options):
        request = response.request
        if response.status_code != 401 or origin(request.url) != sent_to:
            return response
        self._run("reject", given=token + "\n")
        if hasattr(request.body, "read"):
            if place is None:
                return response  # it is used up and cannot be sent again
            request.body.seek(place)
        _ = response.content  # to its end, so that the connection is free
        response.close()
        again = request.copy()
        again.hooks = {**request.hooks, "response": [
            hook for hook in request.hooks["response"]
            if getattr(hook, "func", None) != self._answered]}
        self._present(again)
        second = response.connection.send(again, **options)
        second.history.append(response)
        second.request = again
        return second
