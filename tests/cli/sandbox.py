# SPDX-License-Identifier: BSD-2-Clause
"""A machine of one's own for a test: what is documented for root is run as
root, and the real /etc, /usr/bin and /var/lib do not change.

It is a mount namespace with overlays in the places that a command may write
to.  For somebody who is not root it is a user namespace besides, in which he
is root, but knows nobody else: can_sudo is false there.

In it /usr/bin/tokenward is the command of the build tree with its helpers,
and the administrator's provider files are those of the source, whose URLs
lead to the token server of the tests.
"""

import ctypes
import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILDDIR", os.getcwd())
SKIP = 77
PLACES = ["/etc", "/usr/bin", "/usr/local/bin", "/var/lib"]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
USERS = ("root", "me", "laptop", "reader")  # with a home, same user id
JOB_USER, JOB_UID = "orders", 64123  # without one

# What is written in a provider file, and where it leads here.
URLS = {
    "https://oauth.cliquify.me/oauth/access-token":
        "{base}/cliquify/oauth/access-token",
    "https://{host}/access-token": "{base}/myparcel/access-token",
    "https://api.tiki.vn/sc/oauth2/token": "{base}/tiki/sc/oauth2/token",
    "{origin}/api/v1/token": "{origin}/netwrix/api/v1/token",
}


def skip(why):
    print("skipped: " + why)
    sys.exit(SKIP)


def configured():
    """Where the build tree keeps the system's files and the system's store."""
    values = {}
    with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as f:
        for line in f:
            match = re.match(r"(prefix|sysconfdir|localstatedir) = (.*)", line)
            if match:
                values[match[1]] = match[2]
    for name, value in values.items():
        values[name] = value.replace("${prefix}", values["prefix"])
    return (os.path.join(values["sysconfdir"], "tokenward"),
            os.path.join(values["localstatedir"], "lib/tokenward"))


def has_keyring():
    """Some containers forbid it: KEYCTL_GET_KEYRING_ID of the user's."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": 250, "aarch64": 219}.get(os.uname().machine)
    return number is not None and libc.syscall(number, 0, -4, 1) >= 0


def inside(path, place):
    return path.startswith(place.rstrip("/") + "/")


def nearest(path):
    """The lowest directory above it that is there."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return os.path.realpath(path)


def enter():
    """Runs this program again inside; returns there, with a directory."""
    if len(sys.argv) == 3 and sys.argv[1] == "--inside":
        return sys.argv[2]
    command = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        command.append("--map-root-user")
    directory = tempfile.mkdtemp(prefix="tokenward-test-")
    try:
        os.chmod(directory, 0o755)
        status = subprocess.run(
            [*command, "/usr/bin/python3", os.path.abspath(sys.argv[0]),
             "--inside", directory], check=False).returncode
    except FileNotFoundError:
        skip("there is no unshare(1)")
    finally:
        os.rmdir(directory)
    if status == 1 and subprocess.run(
            [*command, "true"], stderr=subprocess.DEVNULL,
            check=False).returncode != 0:
        skip("no namespaces for this user here")
    sys.exit(status)


class Sandbox:
    def __init__(self, directory):
        self.dir = directory
        self.processes = []
        self.can_sudo = False
        self.config, self.store = configured()
        self._mount()
        for user in USERS:
            os.mkdir(self.path("home-" + user), 0o700)
        self._add_job_user()

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def _mount(self):
        mounted = [self._call("mount", "-t", "tmpfs", "-o", "mode=755",
                              "none", self.dir)]
        for place in self._covers():
            name = place.replace("/", "-")
            upper, work = self.path("up" + name), self.path("work" + name)
            os.makedirs(upper)
            os.makedirs(work)
            for written in self._written(place):
                os.makedirs(os.path.join(upper, written), exist_ok=True)
            mounted.append(self._call(
                "mount", "-t", "overlay", "-o",
                f"lowerdir={place},upperdir={upper},workdir={work}",
                "none", place))
        if any(mounted):
            skip("no overlays for this user here")
        for old in (self.config, self.store):
            shutil.rmtree(old, ignore_errors=True)
            if os.path.exists(old):
                skip("%s is somebody else's" % old)
        if os.path.lexists("/usr/local/bin/tokenward"):
            os.unlink("/usr/local/bin/tokenward")

    @staticmethod
    def _call(*command):
        return subprocess.run(command, stderr=subprocess.DEVNULL,
                              check=False).returncode

    def _written(self, place):
        """Directories below it that must belong to the root of in here."""
        for path in ("/etc/sudoers.d", os.path.dirname(self.config),
                     os.path.dirname(self.store)):
            if inside(os.path.realpath(path), place):
                yield os.path.relpath(os.path.realpath(path), place)

    def _covers(self):
        """What must be covered: nothing that lies in something else."""
        places = {*PLACES, nearest(self.config), nearest(self.store)}
        covers = [p for p in places
                  if not any(inside(p, other) for other in places)]
        for place in covers:
            if inside(self.dir, place):
                skip("%s cannot be covered" % place)
        return covers

    def _add_job_user(self):
        with open("/proc/self/uid_map", encoding="ascii") as f:
            whole = f.read().split()[2] == "4294967295"
        if not whole or shutil.which("sudo", path=PATH) is None:
            return
        for path, line in (
                ("/etc/passwd", f"{JOB_USER}:x:{JOB_UID}:{JOB_UID}::/:/bin/sh"),
                ("/etc/group", f"{JOB_USER}:x:{JOB_UID}:"),
                ("/etc/shadow", f"{JOB_USER}:*:19000:0:99999:7:::")):
            with open(path, "a", encoding="ascii") as f:
                f.write(line + "\n")
        self.can_sudo = True

    def find(self, *names):
        for name in names:
            path = os.path.join(BUILD, name)
            if os.path.exists(path):
                return path
        skip("not built: " + " or ".join(names))
        return None

    # ---- the token server

    def start_server(self, tls=False):
        tokend = os.environ.get("TOKEND") or self.find("tests/support/tokend")
        ready = self.path("ready-tls" if tls else "ready")
        command = [tokend, "--ready", ready, "--max-seconds", "300"]
        if tls:
            subprocess.run([os.path.join(SOURCE, "tests/support/mkpki"),
                            self.path("pki")], check=True)
            command += ["--tls", self.path("pki")]
        self.processes.append(subprocess.Popen(
            command, stdout=subprocess.DEVNULL))
        deadline = time.monotonic() + 20
        while not os.path.exists(ready):
            if time.monotonic() > deadline or \
                    self.processes[-1].poll() is not None:
                self.stop()
                sys.exit("the token server did not start")
            time.sleep(0.02)
        with open(ready, encoding="utf-8") as f:
            port = json.load(f)["port"]
        return f"{'https' if tls else 'http'}://127.0.0.1:{port}"

    def control(self, base, name, value=None):
        data = None if value is None else json.dumps(value).encode()
        trust = ssl.create_default_context(cafile=self.path("pki/ca.pem")) \
            if base.startswith("https:") else None
        with urllib.request.urlopen(f"{base}/_/{name}", data, 10,
                                    context=trust) as answer:
            return json.load(answer)

    def client(self, base, vendor, client_id, secret, **more):
        self.control(base, "clients", {
            "vendor": vendor, "client_id": client_id, "client_secret": secret,
            **more})

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []

    # ---- the command

    def install_command(self, base):
        providers = os.path.join(self.config, "providers")
        os.makedirs(providers, mode=0o755)
        for name in os.listdir(os.path.join(SOURCE, "providers")):
            if name.endswith(".json"):
                self._adapt(name, providers, base)
        command = [self.find("tokenward", "cli/tokenward"),
                   "--libexec-dir", self.libexec_dir()]
        with open("/usr/bin/tokenward", "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexec %s \"$@\"\n" % shlex.join(command))
        os.chmod("/usr/bin/tokenward", 0o755)

    def libexec_dir(self):
        return os.path.dirname(self.find("libexec/fetch/fetch",
                                         "libexec/fetch"))

    def _adapt(self, name, to, base):
        with open(os.path.join(SOURCE, "providers", name),
                  encoding="utf-8") as f:
            provider = json.load(f)
        token = provider["token"]
        if token.get("url") in URLS:
            token["url"] = URLS[token["url"]].replace("{base}", base)
            token["plain_http"] = "loopback"
        with open(os.path.join(to, name), "w", encoding="utf-8") as f:
            json.dump(provider, f)

    def environment(self, user):
        home = "/" if user == JOB_USER else self.path("home-" + user)
        return {"PATH": PATH, "HOME": home, "LC_ALL": "C.UTF-8"}

    def run(self, user, argv, stdin=b"", timeout=60, cwd=SOURCE, **more):
        """In a session without a terminal; stdout and stderr are bytes."""
        command = list(argv)
        if user == JOB_USER:
            command = ["setpriv", f"--reuid={JOB_UID}", f"--regid={JOB_UID}",
                       "--clear-groups", *command]
        return subprocess.run(
            command, input=stdin, capture_output=True, check=False,
            timeout=timeout, cwd="/" if user == JOB_USER else cwd,
            start_new_session=True,
            env={**self.environment(user), **more})

    def run_typing(self, user, argv, typed, cwd=SOURCE, timeout=60):
        """On a terminal, where `typed` is the answer to every question that
        ends with a colon; what the terminal showed and the status."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(cwd)
            os.execvpe(argv[0], argv, self.environment(user))
        shown, asked = b"", 0
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            ready, _, _ = select.select([terminal], [], [], 0.2)
            try:
                shown += os.read(terminal, 4096) if ready else b""
            except OSError:
                break
            if shown.count(b": ") > asked and shown.endswith(b": "):
                asked = shown.count(b": ")
                os.write(terminal, typed.encode() + b"\n")
        else:
            os.kill(pid, signal.SIGKILL)
        os.close(terminal)
        return shown, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def search(self, needles, places):
        """Files below places with one of the needles in them."""
        found = []
        for place in places:
            for directory, _, names in os.walk(place):
                for name in names:
                    path = os.path.join(directory, name)
                    with open(path, "rb") as f:
                        data = f.read()
                    found += [path for n in needles if n in data]
        return found
