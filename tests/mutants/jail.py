# SPDX-License-Identifier: BSD-2-Clause
"""Where mutants are compiled and run: a process of its own that cannot write
outside of an empty directory, nor signal anybody, nor use keys of the user;
for a mutant may remove the wrong file and kill the wrong process.

A line of JSON comes in for each, and one goes out.
"""

import ctypes
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

MIB = 1 << 20
ENTER = ["unshare", "--user", "--map-root-user", "--mount", "--propagation",
         "private", "--net", "--ipc", "--pid", "--fork", "--kill-child"]
AT_FDCWD, AT_RECURSIVE, RDONLY, MOUNT_SETATTR = -100, 0x8000, 1, 442
CPU_SECONDS = 10  # for a process: what loops ends
WALL_SECONDS = 90  # for all suites that are asked: what sleeps ends


def start(argv):
    """A jail that runs argv, which must call main()."""
    return subprocess.Popen([*ENTER, *argv], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)


class Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64)
                for name in ("set", "clear", "propagation", "user")]


def close_doors():
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = Attributes(set=RDONLY)
    if libc.syscall(MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE,
                    ctypes.byref(attributes), ctypes.sizeof(attributes)):
        raise OSError(ctypes.get_errno(), "mount_setattr")


def limits():
    for what, most in ((resource.RLIMIT_CPU, CPU_SECONDS),
                       (resource.RLIMIT_DATA, 1024 * MIB),
                       (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (most, most))


def everybody_out():
    """Ends what a test left running; we are the first process here."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    try:
        while os.waitpid(-1, 0)[0]:
            pass
    except ChildProcessError:
        pass


class Jail:
    """What does not change from one mutant to the next."""

    def __init__(self, given):
        self.compile, self.link = given["compile"], given["link"]
        self.objects, self.libraries = given["objects"], given["libraries"]
        self.build, self.source = given["build"], given["source"]
        self.work = "/tmp/mutant"
        self.bin = self.work + "/tests/unit"
        self.scratch = self.work + "/scratch"
        for path in given["programs"]:
            to = os.path.join(self.work, path)
            os.makedirs(os.path.dirname(to), mode=0o755, exist_ok=True)
            shutil.copyfile(os.path.join(self.build, path), to)
            os.chmod(to, 0o755)
        os.makedirs(self.bin, exist_ok=True)

    def object(self, path, text):
        """What its code is, or None and why it is no C.  By standard input:
        no name is left in the object file."""
        out = self.work + "/mutant.o"
        done = subprocess.run(
            [*self.compile, "-iquote",
             os.path.join(self.source, os.path.dirname(path)),
             "-x", "c", "-c", "-o", out, "-"], cwd=self.build, text=True,
            input=text, capture_output=True, check=False)
        if done.returncode:
            return None, done.stderr
        with open(out, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest(), ""

    def program(self, path):
        """Ours stands before the library, which then is not asked for it."""
        stem = "-" + os.path.basename(path)[:-2] + ".o"
        own = [o for o in self.objects
               if os.path.dirname(o) == os.path.dirname(path) and
               o.endswith(stem)]
        done = subprocess.run(
            [*self.link, "-o", self.bin + "/unit", self.work + "/mutant.o",
             *(o for o in self.objects if o not in own), *self.libraries],
            cwd=self.build, capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else done.stderr

    def ask(self, suites, deadline):
        """Whether these suites are content."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.mkdir(self.scratch)
        command = ["unshare", "--user", "--map-root-user",
                   self.bin + "/unit", "-q", "-j2", "--fail-fast", "--filter",
                   "@(" + "|".join(suites) + ")/*"]
        process = subprocess.Popen(
            command, cwd=self.work, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "TMPDIR": self.scratch,
                 "HOME": self.scratch}, preexec_fn=limits)
        try:
            return "survived" if process.wait(
                max(0.1, deadline - time.monotonic())) == 0 else "killed"
        except subprocess.TimeoutExpired:
            return "timed out"
        finally:
            everybody_out()

    def judge(self, order):
        code, why = self.object(order["path"], order["text"])
        if not code:
            return {"verdict": "not compiled", "why": why}
        if code in order.get("same", ()):
            return {"verdict": "same code", "code": code}
        wrong = self.program(order["path"])
        if wrong:
            return {"verdict": "not linked", "why": wrong, "code": code}
        deadline = time.monotonic() + WALL_SECONDS
        for suites in order["rounds"]:
            verdict = self.ask(suites, deadline)
            if verdict != "survived":
                return {"verdict": verdict, "code": code,
                        "by": " ".join(suites)}
        return {"verdict": "survived", "code": code}


def mount(*words, **more):
    subprocess.run(["mount", *words], check=True, **more)


def furnish(*kept):
    """Empty directories in memory, of which /tmp still shows what is kept."""
    places = [(path, os.open(path, os.O_PATH)) for path in kept]
    mount("-t", "proc", "none", "/proc")  # writable: a test makes namespaces
    for path in ("/tmp", "/dev/shm"):
        mount("-t", "tmpfs", "-o", "mode=700,size=768m", "none", path)
    for path, place in places:
        if path.startswith("/tmp/"):
            os.makedirs(path)
            mount("--no-canonicalize", "--bind", f"/proc/self/fd/{place}", path,
                  pass_fds=[place])
        os.close(place)


def main():
    """Runs in the jail, and is the first process there."""
    given = json.loads(sys.stdin.readline())
    close_doors()
    furnish(given["source"], given["build"])
    os.umask(0o022)
    jail = Jail(given)
    for line in sys.stdin:
        order = json.loads(line)
        began = time.monotonic()
        answer = jail.judge(order)
        answer["seconds"] = round(time.monotonic() - began, 2)
        print(json.dumps(answer), flush=True)
