# SPDX-License-Identifier: BSD-2-Clause
"""The command in a home of its own, against the token server of the tests.

A test script declares tests with @test("what is true") and calls main().
Each test gets a Machine: its own HOME, its own store, one shared server.
Prints TAP; ends with 1 if anything failed, 77 if something is not built.
"""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
import traceback
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILDDIR", os.getcwd())
TESTS = []
SECRET = "c4n-4ry_s3cret.9f27b1"  # of the client "shop", no real one


def test(name):
    def add(function):
        TESTS.append((name, function))
        return function
    return add


def find(variable, *names):
    given = os.environ.get(variable)
    for path in ([given] if given else [os.path.join(BUILD, n)
                                        for n in names]):
        if os.path.isfile(path):
            return os.path.abspath(path)
    print("1..0 # SKIP not built: " + (given or names[0]))
    sys.exit(77)


def equal(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def contains(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


class Server:
    """tokend over TLS."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="tokenward-cli-")
        pki, ready = self.dir + "/pki", self.dir + "/ready"
        subprocess.run([SOURCE + "/tests/support/mkpki", pki], check=True)
        self.ca = pki + "/ca.pem"
        self.process = subprocess.Popen(
            [find("TOKEND", "tests/support/tokend"), "--tls", pki,
             "--ready", ready, "--max-seconds", "300"],
            stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not os.path.exists(ready):
            if self.process.poll() is not None or \
                    time.monotonic() > deadline:
                self.process.kill()
                sys.exit("the token server did not start")
            time.sleep(0.02)
        with open(ready, encoding="utf-8") as f:
            self.base = json.load(f)["base"]

    def control(self, name, value=None):
        import ssl
        data = None if value is None else json.dumps(value).encode()
        with urllib.request.urlopen(
                f"{self.base}/_/{name}", data, 10,
                context=ssl.create_default_context(cafile=self.ca)) as a:
            return json.load(a)

    def reset(self):
        self.control("reset", {})
        self.control("clients", {
            "vendor": "generic", "client_id": "shop", "client_secret": SECRET,
            "method": "any", "scopes": "read write"})

    def requests(self):
        """How many token requests there were."""
        return sum(1 for r in self.control("log")
                   if r["path"].endswith("/token"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class Result:
    def __init__(self, status, out, err):
        self.status = status
        self.raw = out
        self.out = out.decode()
        self.err = err.decode()

    def ok(self):
        assert self.status == 0, f"status {self.status}: {self.err}"
        return self

    def fails(self, status, *parts):
        assert self.status == status, \
            f"status {self.status}, want {status}: {self.err or self.out}"
        contains(self.err, *parts)
        return self

    @property
    def json(self):
        return json.loads(self.out)


class Machine:
    def __init__(self, server):
        self.server = server
        self.home = tempfile.mkdtemp(prefix="tokenward-home-")
        self.tokenward = find("TOKENWARD", "tokenward", "cli/tokenward")
        fetch = find("TOKENWARD_FETCH", "libexec/fetch/fetch",
                     "libexec/fetch", "fetch")
        self.options = ["--libexec-dir", os.path.dirname(fetch),
                        "--provider-dir", os.environ.get(
                            "PROVIDERS", SOURCE + "/providers")]
        self.env = {"HOME": self.home, "PATH": "/usr/bin:/bin"}

    def path(self, *names):
        return os.path.join(self.home, *names)

    def write(self, name, text, mode=0o600):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    @property
    def store(self):
        return self.path(".local/share/tokenward")

    def argv(self, *arguments):
        return [self.tokenward, *self.options, *arguments]

    def run(self, *arguments, stdin=b"", timeout=60, env=None, **more):
        if isinstance(stdin, str):
            stdin = stdin.encode()
        more.setdefault("stdout", subprocess.PIPE)
        if not hasattr(stdin, "fileno"):
            more["input"] = stdin
        else:
            more["stdin"] = stdin
        done = subprocess.run(
            self.argv(*arguments), stderr=subprocess.PIPE, cwd=self.home,
            env={**self.env, **(env or {})}, timeout=timeout, check=False,
            start_new_session=True, **more)
        return Result(done.returncode, done.stdout or b"", done.stderr)

    def init(self):
        self.run("init").ok()

    def add(self, name="shop", *more, secret=SECRET + "\n"):
        """The client of the test server under this name."""
        return self.run(
            "add", name, "--provider", "generic", "--token-url",
            self.server.base + "/generic/token", "--ca-file", self.server.ca,
            "--client-id", "shop", *more, stdin=secret)

    def ready(self):
        self.init()
        self.add().ok()

    def at(self, *arguments):
        """On a terminal."""
        return Terminal(self.argv(*arguments), self.env, self.home)

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)


class Terminal:
    """A session leader that starts the command as a shell does, so that it
    can be stopped and continued."""

    def __init__(self, argv, env, cwd):
        self.seen = b""
        self.leader, self.fd = pty.fork()
        if self.leader == 0:
            self._lead(argv, env, cwd)
        self.pid = int(self.expect(b"(started ", until=b")")
                       .split(b"(started ")[1][:-1])

    @staticmethod
    def _lead(argv, env, cwd):
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            os.tcsetpgrp(0, os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            os.write(1, b"(started %d)\n" % os.getpid())
            os.chdir(cwd)
            os.execve(argv[0], argv, env)
        while True:
            _, status = os.waitpid(child, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                break
            os.write(1, b"(stopped)\n")
        code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) \
            else os.WEXITSTATUS(status)
        os.write(1, b"(ended %d)\n" % code)
        os._exit(0)

    def expect(self, text, until=b"", seconds=10):
        """Everything up to text, and on to until."""
        deadline = time.monotonic() + seconds
        while True:
            start = self.seen.find(text)
            end = self.seen.find(until, start + len(text))
            if start >= 0 and end >= 0:
                break
            assert time.monotonic() < deadline, \
                f"{text!r} did not come: {self.seen!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                self.seen += os.read(self.fd, 4096)
        end += len(until)
        found, self.seen = self.seen[:end], self.seen[end:]
        return found

    def type(self, text):
        os.write(self.fd, text)

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def signal(self, number):
        os.kill(self.pid, number)

    def end(self):
        """The exit status, and what was still said."""
        said = self.expect(b"(ended ", until=b")")
        os.waitpid(self.leader, 0)
        os.close(self.fd)
        said, status = said.split(b"(ended ")
        return int(status[:-1]), said.decode()


class CannotBeHere(Exception):
    """A test that another run has to do; one run must."""


def run_one(server, function):
    server.reset()
    machine = Machine(server)
    try:
        function(machine)
        return None
    except CannotBeHere:
        raise
    except Exception:  # a failed test, whatever the reason
        return traceback.format_exc()
    finally:
        machine.close()


def main():
    wanted = sys.argv[1:]
    server = Server()
    failed = 0
    try:
        print(f"1..{len(TESTS)}", flush=True)
        for number, (name, function) in enumerate(TESTS, 1):
            if wanted and not any(w in name for w in wanted):
                continue
            try:
                trouble = run_one(server, function)
            except CannotBeHere as why:
                print(f"ok {number} - {name} # SKIP {why}")
                continue
            failed += trouble is not None
            print(f"{'not ok' if trouble else 'ok'} {number} - {name}")
            if trouble:
                print("# " + trouble.replace("\n", "\n# "))
            sys.stdout.flush()
    finally:
        server.stop()
    sys.exit(1 if failed else 0)
