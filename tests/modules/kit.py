# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of modules share: running one as the host does, TAP."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("BUILDDIR", os.getcwd())
TESTS = []


def test(name):
    def add(function):
        TESTS.append((name, function))
        return function
    return add


def built(name):
    path = os.path.join(BUILD, name)
    if not os.path.isfile(path):
        print("1..0 # SKIP not built: " + name)
        sys.exit(77)
    return path


def program(name):
    """A built program itself, not libtool's script before it."""
    path = built(name)
    with open(path, "rb") as f:
        if f.read(4) == b"\x7fELF":
            return path
    real = os.path.join(os.path.dirname(path), ".libs",
                        os.path.basename(path))
    return real if os.path.isfile(real) else path


def install(source, directory, name, mode=0o755):
    path = os.path.join(directory, name)
    shutil.copyfile(source, path)
    os.chmod(path, mode)
    return path


def module_directory(where):
    """The modules of the tests and the examples, under their own names."""
    path = os.path.join(where, "modules")
    os.mkdir(path, 0o755)
    install(program("tests/modules/debug"), path, "debug")
    install(program("examples/modules/doormat"), path, "doormat")
    install(SOURCE + "/examples/modules/doormat.py", path, "doormat-py")
    install(SOURCE + "/tests/modules/attic", path, "attic")
    return path


def environment(**more):
    """Small, and with the library of this build for the example."""
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", **more}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return env


def drive(kind, module, *options, operations=(), directory=None,
          timeout_ms=5000, line=None, answer=None, env=None):
    """A dictionary for the start and for each operation, fields decoded."""
    command = [built("tests/modules/drive"), "-t", str(timeout_ms)]
    if directory:
        command += ["-d", directory]
    if line:
        command += ["-l", line]
    if answer is not None:
        command += ["-a", answer]
    command += [kind, module, *options]
    for operation in operations:
        command += ["--", *operation]
    ran = subprocess.run(command, env=env or environment(),
                         capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, f"{ran.returncode}: {ran.stderr}"
    out = []
    for text in ran.stdout.splitlines():
        step = json.loads(text)
        step["fields"] = [(k, bytes.fromhex(v))
                          for k, v in step.get("fields", [])]
        step["asked"] = ran.stderr
        out.append(step)
    return out


def field(step, key):
    for k, v in step["fields"]:
        if k == key:
            return v
    return None


def fields(step, key):
    return [v for k, v in step["fields"] if k == key]


def processes_of(path):
    """Processes that run that file."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            exe = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            continue
        if exe.removesuffix(" (deleted)") == path:
            found.append(int(pid))
    return found


def gone(path, seconds=3):
    deadline = time.monotonic() + seconds
    while processes_of(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def contains(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def equal(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def main():
    failed = 0
    for name in ("drive", "debug", "hostile"):
        built("tests/modules/" + name)
    print(f"1..{len(TESTS)}")
    for number, (name, function) in enumerate(TESTS, 1):
        try:
            with tempfile.TemporaryDirectory(prefix="tokenward-mod-") as d:
                function(d)
            print(f"ok {number} - {name}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}")
            for text in traceback.format_exc().splitlines():
                print("# " + text)
            sys.stdout.flush()
    sys.exit(1 if failed else 0)
