# SPDX-License-Identifier: BSD-2-Clause
"""A place to log in to: for root a mount namespace with an /etc, a /run and
a /dev of its own and users that are nowhere else; for somebody else himself,
by pam_wrapper.  Nothing of the machine is changed.
"""

import atexit
import ctypes.util
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, "tests", "faults"))
import inside  # noqa: E402
import tap  # noqa: E402
import world  # noqa: E402

IS_ROOT = os.geteuid() == 0
MASK = 0x5a
WRAPPER = "libpam_wrapper.so"


def start():
    """Where it cannot be run it has failed, except that it was not built."""
    if not os.path.exists(os.path.join(
            world.BUILD, "plugins/pam/.libs/pam_tokenward.so")):
        print("1..0 # SKIP not built with PAM")
        sys.exit(77)
    world.need("pamtester", "strace", "setpriv", "passwd", "su", "sudo",
               "keyctl", "readelf", "nm")
    if IS_ROOT:
        inside.enter()


class Log:
    """What is said to syslog, on a /dev/log of our own."""

    def __init__(self, path):
        self.lines = []
        self.path = path
        self.marks = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            self.lines.append(self.socket.recv(65536).decode(
                "utf-8", "replace"))

    def catch_up(self):
        """What was sent before is in lines."""
        self.marks += 1
        mark = "mark %d" % self.marks
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(mark.encode(), self.path)
        while mark not in self.lines:
            time.sleep(0.005)

    def events(self, since):
        self.catch_up()
        return [line.split("]: ")[1].split()[0]
                for line in self.lines[since:] if ">tokenward[" in line]

    def of_ours(self, since):
        self.catch_up()
        return [line for line in self.lines[since:] if "pam_tokenward(" in line]


class Person:
    """Somebody with a home and a store."""

    def __init__(self, place, name, uid, gid, home):
        self.place, self.name, self.uid, self.gid = place, name, uid, gid
        self.home = home
        self.store = os.path.join(home, ".local/share/tokenward")
        self.template = place.path("template-" + name)

    def own(self, path):
        if IS_ROOT:
            os.chown(path, self.uid, self.gid)
        return path

    def as_me(self, argv):
        if not IS_ROOT:
            return argv
        return ["setpriv", "--reuid", str(self.uid), "--regid",
                str(self.gid), "--clear-groups", *argv]

    def run(self, *args, **more):
        return self.place.call(self.as_me(
            [self.place.path("tokenward"), "--libexec-dir",
             self.place.path("libexec"), *args]),
            env={"HOME": self.home, "PATH": world.PATH}, **more)

    def askpass(self, passphrase):
        return self.place.write("askpass-" + self.name,
                                "#!/bin/sh\necho '%s'\n" % passphrase, 0o755)

    def make_store(self, passphrase, *keys):
        made = self.run("init", "--key", "passphrase", *keys, "--askpass",
                        self.askpass(passphrase))
        if made.status != 0:
            raise AssertionError(f"init: {made}")
        self.run("lock")
        shutil.rmtree(self.template, ignore_errors=True)
        self._copy(self.store, self.template)

    def reset(self):
        """The store as it was made, closed, and no session."""
        shutil.rmtree(os.path.join(self.home, ".config"), ignore_errors=True)
        self.run("lock")
        shutil.rmtree(self.store, ignore_errors=True)
        if os.path.lexists(self.store):
            os.unlink(self.store)
        self._copy(self.template, self.store)
        if os.path.isdir(self.place.sessions):
            shutil.rmtree(self.place.run_dir)

    @staticmethod
    def _copy(source, to):
        subprocess.run(["cp", "-a", source, to], check=True)

    def is_open(self):
        result = self.run("list", "--no-input")
        if result.status != 0 and " is locked" not in result.err:
            raise AssertionError(str(result))
        return result.status == 0

    def opens_with(self, passphrase):
        return self.run("key", "test", "1", "--askpass",
                        self.askpass(passphrase)).status == 0

    def keys(self):
        """What /proc/keys has of ours, a list of words for each."""
        text = self.place.call(self.as_me(["cat", "/proc/keys"])).out
        return [line.split() for line in text.splitlines()
                if "tokenward:" in line and line.split()[5] == str(self.uid)
                and line.split()[3] != "expd"]

    def has_no_key(self, seconds=5):
        """The kernel takes a moment to sweep up what was forgotten."""
        deadline = time.monotonic() + seconds
        while self.keys() and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.keys()

    def header(self, name="header"):
        with open(os.path.join(self.store, name), "rb") as f:
            return f.read()


class Place:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="tokenward-pam-")
        os.chmod(self.dir, 0o755)
        pid = os.getpid()
        atexit.register(lambda: os.getpid() == pid and self.remove())
        os.mkdir(self.path("libexec"), 0o755)
        self._copy("tokenward", "tokenward")
        self._copy("libexec/fetch/pam-helper", "libexec/pam-helper")
        self._copy("plugins/pam/.libs/pam_tokenward.so", "pam_tokenward.so")
        self._copy("tests/servers/.libs/pam_probe.so", "pam_probe.so")
        self.log = None
        self.mounts = []
        (self._as_root if IS_ROOT else self._as_user)()
        self.sessions = os.path.join(self.run_dir, "sessions")
        self.passphrases = []

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def _copy(self, source, to):
        shutil.copy(world.built(source), self.path(to))
        os.chmod(self.path(to), 0o755)

    def write(self, name, data, mode=0o644):
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        os.chmod(path, mode)
        return path

    def remove(self):
        for path in reversed(self.mounts):
            subprocess.run(["umount", "--lazy", path], check=False)
        if not os.path.ismount(self.path("dev")):
            shutil.rmtree(self.dir, ignore_errors=True)

    # ---- root

    def _mount(self, *args):
        inside.mount(*args)
        self.mounts.append(args[-1])

    def _as_root(self):
        subprocess.run(["cp", "-a", "/etc", self.path("etc")], check=True)
        self._mount("--bind", self.path("etc"), "/etc")
        self._mount("-t", "tmpfs", "-o", "mode=755", "none", "/run")
        self._own_dev()
        self.log = Log("/dev/log")
        self.services = "/etc/pam.d"
        self.run_dir = "/run/tokenward"
        self.options = "libexec=%s timeout=30" % self.path("libexec")
        self.shadow = {}
        self.people = [self._add_user(name) for name in ("twalice", "twbob")]
        self.root = Person(self, "root", 0, 0, self.path("home-root"))
        os.mkdir(self.root.home, 0o700)
        with open("/etc/passwd", encoding="utf-8") as f:
            text = re.sub("^root:(.*):[^:]*:([^:]*)$",
                          rf"root:\1:{self.root.home}:\2", f.read(),
                          flags=re.M)
        with open("/etc/passwd", "w", encoding="utf-8") as f:
            f.write(text)

    def _own_dev(self):
        os.mkdir(self.path("dev"))
        inside.mount("--rbind", "/dev", self.path("dev"))
        self._mount("-t", "tmpfs", "-o", "mode=755", "none", "/dev")
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            with open("/dev/" + name, "wb"):
                pass
            inside.mount("--bind", self.path("dev", name), "/dev/" + name)
        for name in ("shm", "pts"):
            os.mkdir("/dev/" + name)
            inside.mount("--rbind", self.path("dev", name), "/dev/" + name)
        inside.unmount(self.path("dev"))  # it must not be there to be removed

    def _add_user(self, name):
        taken = {p.pw_uid for p in pwd.getpwall()}
        uid = random.choice([u for u in range(20000, 59999)
                             if u not in taken])
        home = self.path("home-" + name)
        os.mkdir(home, 0o700)
        os.chown(home, uid, uid)
        for file, line in (
                ("passwd", f"{name}:x:{uid}:{uid}::{home}:/bin/sh"),
                ("group", f"{name}:x:{uid}:"),
                ("shadow", f"{name}:!:19000:0:99999:7:::")):
            with open("/etc/" + file, "a", encoding="ascii") as f:
                f.write(line + "\n")
        return Person(self, name, uid, uid, home)

    def set_password(self, person, password):
        subprocess.run(
            ["chpasswd", "-c", "SHA512"], check=True,
            input=f"{person.name}:{password}".encode(), stdout=-3, stderr=-3)

    # ---- somebody

    def _as_user(self):
        world.need()
        if not ctypes.util.find_library("pam_wrapper") and not any(
                os.path.exists(os.path.join(d, WRAPPER))
                for d in ("/usr/lib", f"/usr/lib/{os.uname().machine}"
                          "-linux-gnu")):
            tap.bail_out("libpam-wrapper is not installed")
        self.services = self.path("services")
        os.mkdir(self.services)
        self.write("services/other", "auth required pam_deny.so\n")
        self.run_dir = self.path("run")
        me = pwd.getpwuid(os.geteuid())
        home = self.path("home")
        os.mkdir(home, 0o700)
        self.people = [Person(self, me.pw_name, me.pw_uid, me.pw_gid, home)]
        self.options = "libexec=%s timeout=30 run=%s store=%s" % (
            self.path("libexec"), self.run_dir, self.people[0].store)

    # ---- logging in

    def masked(self, password):
        """A file with it that has it not."""
        return self.write("masked-%d" % (hash(password) & 0xffffffff),
                          bytes(b ^ MASK for b in password.encode()))

    def line(self, phase, options="", module="pam_tokenward.so"):
        """One that concerns us; module: or the probe."""
        if module == "pam_tokenward.so":
            options = self.options + " " + options
        return f"{phase} optional {self.path(module)} {options}"

    def probe(self, phase, options):
        return self.line(phase, options, "pam_probe.so")

    def service(self, name, *lines):
        """Whatever is not named is permitted."""
        text = "\n".join([*lines, *(f"{phase} required pam_permit.so"
                                    for phase in ("auth", "account",
                                                  "session", "password"))])
        path = os.path.join(self.services, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text + "\n")
        return name

    def usual(self, name, password, options="", *more):
        """Typed password or, when that is None, a key."""
        return self.service(
            name, *([self.probe("auth", "token=" + self.masked(password))]
                    if password else []),
            self.line("auth", options), self.line("session", options), *more)

    def environment(self):
        env = {"PATH": world.PATH, "LC_ALL": "C"}
        if not IS_ROOT:
            env.update(LD_PRELOAD=WRAPPER, PAM_WRAPPER="1",
                       PAM_WRAPPER_SERVICE_DIR=self.services)
        return env

    def argv(self, service, person, *phases):
        return ["pamtester", service, person.name, *phases]

    def call(self, argv, stdin="", env=None, timeout=60, **more):
        began = time.monotonic()
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, cwd="/",
            env=self.environment() if env is None else env, **more)
        try:
            out, err = process.communicate(stdin.encode(), timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            process.returncode = None
        return world.Result(
            process.returncode, out.decode("utf-8", "replace"),
            err.decode("utf-8", "replace"), time.monotonic() - began)

    def pam(self, service, person, *phases, **more):
        return self.call(self.argv(service, person, *phases), **more)

    def count(self, person):
        """Sessions as they were last written; None: no file."""
        path = os.path.join(self.sessions, str(person.uid))
        if not os.path.exists(path):
            return None
        with open(path, "rb") as f:
            return int.from_bytes(f.read()[52:56], sys.byteorder)


class Login:
    """A session that lasts until end()."""

    number = 0

    def __init__(self, place, person, password, options="", **more):
        Login.number += 1
        name = f"login{Login.number}"
        self.gate = place.path(name)
        os.mkfifo(self.gate)
        place.usual(name, password, options,
                    place.probe("session", "gate=" + self.gate))
        self.process = subprocess.Popen(
            place.argv(name, person, "authenticate", "open_session",
                       "close_session"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd="/", env=place.environment(),
            start_new_session=True, **more)

    def begun(self, seconds=60):
        """Waits until the session is open; self."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self.fd = os.open(self.gate, os.O_WRONLY | os.O_NONBLOCK)
                return self
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.01)
        raise AssertionError("no session: %r" % self.process.communicate()[0])

    def end(self):
        """Its status."""
        os.write(self.fd, b"x")
        os.close(self.fd)
        self.process.communicate(timeout=60)
        return self.process.returncode

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        os.close(self.fd)


def manual_lines():
    """The example of pam_tokenward(8): phase -> line."""
    with open(os.path.join(SOURCE, "man/pam_tokenward.8"),
              encoding="utf-8") as f:
        found = re.findall(
            r"^((auth|session|password)\s.*pam_tokenward\.so.*)$", f.read(),
            re.M)
    return {phase: line for line, phase in found}
