# SPDX-License-Identifier: BSD-2-Clause
"""A throwaway world for one driver: programs, home, provider files, server.

The programs of the build directory (BUILD, or the current one) are copied, so
that nothing depends on who owns that directory, and another uid can run them.
"""

import atexit
import ctypes
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.request

import tap

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(
    os.environ.get("BUILD") or os.environ.get("BUILDDIR") or os.getcwd())
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SUBREAPER = 36
FETCH = "tokenward-fetch", "fetch", "3"  # as it is called, early on and late
PROVIDER = {
    "schema": 1, "id": "fault", "name": "A server that has faults",
    "vars": {"origin": {"pattern": "^https?://[A-Za-z0-9.-]+(:[0-9]+)?$",
                        "about": "where it is"}},
    "token": {"url": "{origin}/generic/token",
              "auth": ["client_secret_post", "client_secret_basic"],
              "plain_http": "loopback"},
}


def memory():
    """A directory in memory: fsync costs nothing there."""
    place = "/dev/shm"
    if "TMPDIR" in os.environ or not os.access(place, os.W_OK) or \
            os.statvfs(place).f_flag & os.ST_NOEXEC:
        return None
    return place


def built(*names):
    for name in names:
        path = os.path.join(BUILD, name)
        if os.path.isfile(path):
            return path
    tap.bail_out("not built: %s in %s" % (" or ".join(names), BUILD))
    return None


def program(name):
    """The program itself, not libtool's script before it."""
    path = built(name)
    real = os.path.join(os.path.dirname(path), ".libs",
                        os.path.basename(path))
    return real if os.path.isfile(real) else path


def need(*programs):
    """Programs without which a driver means nothing."""
    for program in programs:
        if shutil.which(program, path=PATH) is None:
            tap.bail_out(f"{program} is not installed")


class Result:
    def __init__(self, status, out, err, seconds):
        self.status = status
        self.out = out
        self.err = err
        self.seconds = seconds

    def __str__(self):
        return (f"{tap.signal_name(self.status)} after {self.seconds:.2f} s, "
                f"out {self.out[:200]!r}, err {self.err[:600]!r}")


class Server:
    """tokend, and the paths by which it is changed and looked at."""

    def __init__(self, directory, *options, pki=None):
        self.ready = os.path.join(directory, "ready")
        self.tls = ssl.create_default_context(
            cafile=os.path.join(pki, "ca.pem")) if pki else None
        options = [*options, *(["--tls", pki] if pki else [])]
        self.process = subprocess.Popen(
            [built("tests/support/tokend"), "--ready", self.ready,
             "--max-seconds", "7200", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=self.tls))
        atexit.register(self.stop)
        self._wait()

    def _wait(self):
        deadline = time.monotonic() + 20
        while not os.path.exists(self.ready):
            if time.monotonic() > deadline or self.process.poll() is not None:
                tap.bail_out("the token server did not start")
            time.sleep(0.01)
        with open(self.ready, encoding="utf-8") as f:
            answer = json.load(f)
        self.port = answer["port"]
        self.base = f"http://127.0.0.1:{self.port}" if not self.tls else \
            f"https://localhost:{self.port}"
        self.second = f"http://127.0.0.1:{answer.get('second', 0)}"

    def control(self, name, value=None):
        data = None if value is None else json.dumps(value).encode()
        with self.opener.open(f"{self.base}/_/{name}", data, 30) as answer:
            return json.load(answer)

    def client(self, client_id, secret, **more):
        self.control("clients", {"vendor": "generic", "client_id": client_id,
                                 "client_secret": secret, **more})

    def script(self, **step):
        self.control("script", {"vendor": "generic", **step})

    def forget_script(self):
        self.control("reset", {"only": ["script"]})

    def requests(self):
        """Token requests that reached the server so far."""
        return self.control("count")["vendors"]["generic"]["requests"]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class World:
    def __init__(self, server_options=(), server=None, where=None):
        self.dir = tempfile.mkdtemp(prefix="tokenward-faults-", dir=where)
        self.pid = os.getpid()
        # orphans come to us: who is not root cannot tell them otherwise
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
        atexit.register(self.remove)
        os.chmod(self.dir, 0o755)
        self.home = self.make("home", 0o700)
        self.store = os.path.join(self.home, ".local/share/tokenward")
        self.key = os.path.join(self.home, ".config/tokenward/key")
        self.providers = self.make("providers", 0o755)
        self.libexec = self.make("libexec", 0o755)
        self.tokenward = self.path("tokenward")
        shutil.copy(built("tokenward"), self.tokenward)
        shutil.copy(built("libexec/fetch/fetch", "libexec/fetch"),
                    os.path.join(self.libexec, "fetch"))
        self.turn = 0  # grows when anything may have changed
        self.stack = None  # a stack.conf in place of the machine's
        self.variables = {}  # of the environment, more than the usual
        self.write_provider(PROVIDER)
        self.server = server or Server(self.dir, *server_options)

    def remove(self):
        if os.getpid() == self.pid:
            shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def make(self, name, mode):
        path = self.path(name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        return path

    def write(self, name, data, mode=0o600):
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        os.chmod(path, mode)
        return path

    def write_provider(self, provider, **changes):
        provider = {**provider, **changes}
        return self.write(f"providers/{provider['id']}.json",
                          json.dumps(provider), 0o644)

    # ---- the command

    def environment(self):
        return {"HOME": self.home, "PATH": PATH, "LC_ALL": "C",
                **self.variables}

    def argv(self, *args):
        return [self.tokenward, *self.places(), *args]

    def api_argv(self, *args):
        """The same for a program on top of the library."""
        api = self.path("api")
        if not os.path.exists(api):
            shutil.copy(program("tests/faults/api"), api)
        return [api, *self.places(), *args]

    def places(self):
        return ["--libexec-dir", self.libexec, "--provider-dir",
                self.providers,
                *(["--stack-file", self.stack] if self.stack else [])]

    def call(self, argv, stdin=b"", timeout=60, env=None, **more):
        began = time.monotonic()
        self.turn += 1
        if isinstance(stdin, str):
            stdin = stdin.encode()
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, cwd=self.dir,
            env=self.environment() if env is None else env, **more)
        try:
            out, err = process.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return Result(None, out.decode("utf-8", "replace"),
                          err.decode("utf-8", "replace"),
                          time.monotonic() - began)
        return Result(process.returncode, out.decode("utf-8", "replace"),
                      err.decode("utf-8", "replace"),
                      time.monotonic() - began)

    def run(self, *args, stdin=b"", **more):
        return self.call(self.argv(*args), stdin, **more)

    def must(self, *args, stdin=b"", status=0, **more):
        result = self.run(*args, stdin=stdin, **more)
        if result.status != status:
            raise AssertionError(f"{' '.join(args)}: {result}")
        return result

    def json(self, *args, **more):
        return json.loads(self.must(*args, "--json", **more).out)

    def trace_fetch(self, *options):
        """From now on the fetch helper runs under strace, without: no more."""
        fetch = os.path.join(self.libexec, "fetch")
        if not os.path.exists(fetch + ".real"):
            os.rename(fetch, fetch + ".real")
            shutil.copy(fetch + ".real", fetch)
        if not options:
            os.rename(fetch + ".real", fetch)
            return
        os.unlink(fetch)
        shutil.copy(built("tests/faults/traced-fetch"), fetch)
        self.write("libexec/fetch.strace", "\n".join(
            [shutil.which("strace", path=PATH), "-D", *options, "--",
             fetch + ".real"]) + "\n", 0o644)

    # ---- what most drivers begin with

    def add(self, name, client_id, secret, *more):
        return self.must(
            "add", name, "--provider", "fault", "--set",
            "origin=" + self.server.base, "--client-id", client_id, "--auth",
            "client_secret_post", *more, stdin=secret)

    def token(self, name, *more):
        return self.must("token", name, *more).out.strip()

    # ---- the home as it was

    def snapshot(self):
        """Keeps a copy of the home to go back to."""
        shutil.rmtree(self.path("snapshot"), ignore_errors=True)
        shutil.copytree(self.home, self.path("snapshot"), symlinks=True)

    def restore(self, copy=None):
        self.turn += 1
        for name in os.listdir(self.home):
            path = os.path.join(self.home, name)
            shutil.rmtree(path)
        shutil.copytree(copy or self.path("snapshot"), self.home,
                        symlinks=True, dirs_exist_ok=True)

    def content(self, place):
        """What lies there: names, modes, bytes."""
        found = {}
        for directory, names, files in os.walk(place):
            for name in names + files:
                path = os.path.join(directory, name)
                data = b""
                if name in files:
                    with open(path, "rb") as f:
                        data = f.read()
                found[os.path.relpath(path, place)] = (
                    os.lstat(path).st_mode, data)
        return found

    def store_files(self):
        found = []
        for directory, _, names in os.walk(self.store):
            found += [os.path.relpath(os.path.join(directory, n), self.store)
                      for n in names]
        return sorted(found)

    def processes(self, *names):
        """Ours that run a program of ours, or one of these."""
        found, parents = [], {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii",
                          errors="replace") as f:
                    head, _, rest = f.read().rpartition(")")
            except OSError:
                continue
            state, parent = rest.split()[:2]
            parents[int(pid)] = int(parent)
            program = head.partition("(")[2]
            if state != "Z" and program in (
                    names or ["tokenward", *FETCH]):
                found.append(int(pid))
        return [pid for pid in found if self._descends(pid, parents)]

    @staticmethod
    def _descends(pid, parents):
        while pid in parents and pid != os.getpid():
            pid = parents[pid]
        return pid == os.getpid()

    def wait_for_no_process(self, seconds):
        deadline = time.monotonic() + seconds
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.processes()
