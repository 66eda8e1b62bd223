# SPDX-License-Identifier: BSD-2-Clause
"""What tests against servers share: the command of the build tree with a
home of its own, the token server, and a runner that prints TAP."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILDDIR", os.getcwd())
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SKIP = 77
KEPT = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")


def skip_all(why):
    print("1..0 # SKIP " + why)
    sys.exit(SKIP)


def find(*names):
    for name in names:
        path = os.path.join(BUILD, name)
        if os.path.exists(path):
            return path
    return None


class Lab:
    """Use in a with statement: its processes end and its files go."""

    def __init__(self):
        self.command = find("tokenward")
        self.tokend = os.environ.get("TOKEND") or find("tests/support/tokend")
        helper = find("libexec/fetch/fetch")
        if not self.command or not helper or not self.tokend:
            skip_all("not built")
        self.libexec = os.path.dirname(helper)
        self.processes = []

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="tokenward-test-")
        os.mkdir(self.path("home"), 0o700)
        self.env = {"PATH": PATH, "HOME": self.path("home"),
                    "LC_ALL": "C.UTF-8"}
        self.env.update({k: os.environ[k] for k in KEPT if k in os.environ})
        self.pki = self.path("pki")
        subprocess.run([os.path.join(SOURCE, "tests/support/mkpki"),
                        self.pki], check=True)
        self.ca = os.path.join(self.pki, "ca.pem")
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def argv(self, *words):
        return [self.command, "--libexec-dir", self.libexec,
                "--provider-dir", os.path.join(SOURCE, "providers"), *words]

    def run(self, *words, stdin="", timeout=60):
        """The command in a session without a terminal."""
        return subprocess.run(
            self.argv(*words), input=stdin, capture_output=True, text=True,
            timeout=timeout, env=self.env, check=False,
            start_new_session=True)

    def good(self, *words, stdin=""):
        """Its standard output; it must succeed."""
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, (words, done.returncode, done.stderr)
        return done.stdout.strip()

    def fails(self, status, *words, stdin="", says=()):
        """Its standard error; it must exit so and say so."""
        done = self.run(*words, stdin=stdin)
        assert done.returncode == status, (words, done.returncode,
                                           done.stdout, done.stderr)
        assert done.stdout == "", done.stdout
        for text in says:
            assert text in done.stderr, (text, done.stderr)
        return done.stderr

    def start_tokend(self, tls=True):
        ready = self.path("ready%d" % len(self.processes))
        command = [self.tokend, "--ready", ready, "--max-seconds", "600"]
        if tls:
            command += ["--tls", self.pki]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.processes.append(process)
        deadline = time.monotonic() + 20
        while not os.path.exists(ready):
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError("the token server did not start")
            time.sleep(0.01)
        with open(ready, encoding="utf-8") as f:
            return "%s://127.0.0.1:%d" % (
                "https" if tls else "http", json.load(f)["port"])

    def open_url(self, url, data=None, headers=()):
        import ssl  # pylint: disable=import-outside-toplevel
        request = urllib.request.Request(url, data, dict(headers))
        context = ssl.create_default_context(cafile=self.ca)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context))
        return opener.open(request, timeout=20)

    def control(self, base, name, value=None):
        data = None if value is None else json.dumps(value).encode()
        with self.open_url(f"{base}/_/{name}", data) as answer:
            return json.load(answer)


def run_tests(tests, *arguments):
    """Prints TAP; the number of failures."""
    failed = 0
    for number, function in enumerate(tests, 1):
        name = function.__name__.replace("_", " ")
        try:
            skipped = function(*arguments)
            print("ok %d - %s%s" % (
                number, name, " # SKIP " + skipped if skipped else ""))
        except Exception:  # pylint: disable=broad-exception-caught
            failed += 1
            print("not ok %d - %s" % (number, name))
            for line in traceback.format_exc().splitlines():
                print("# " + line)
        sys.stdout.flush()
    print("1..%d" % len(tests))
    return failed
