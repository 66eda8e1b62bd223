# SPDX-License-Identifier: BSD-2-Clause
"""Running a command under strace, and reading what it wrote down."""

import os
import re

AT_NAME = re.compile(r'(AT_FDCWD|\d+), "([^"]*)"')
NAME = re.compile(r'()"([^"]*)"')
DESCRIPTOR = re.compile(r"(\d+)")
RESULT = re.compile(r"\) += (\d+)")
TWO_NAMES = {"rename", "renameat", "renameat2", "link", "linkat"}
OPENS = {"open", "openat", "openat2"}
LINE = re.compile(r"^(?:(\d+) +)?([a-z0-9_]+)\((.*)$")

# System calls that leave something behind: each of them is a point of its own.
CHANGING = {
    "write", "pwrite64", "writev", "fsync", "fdatasync", "rename", "renameat",
    "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "link",
    "linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat",
    "ftruncate", "fallocate", "add_key", "keyctl", "sendto", "sendmsg",
    "clone", "clone3", "vfork", "pidfd_send_signal", "exit_group"}


class Call:
    """A system call: the n-th of its name in its process."""

    def __init__(self, pid, name, n, text):
        self.pid = pid
        self.name = name
        self.n = n
        self.text = text
        self.path = ""  # of the file it is about, where known
        self.target = ""  # of the second name

    def changes(self):
        return self.name in CHANGING or "O_CREAT" in self.text

    def failed(self):
        return re.search(r"\) += -1 E", self.text) is not None

    def place(self):
        return f"{self.name} {self.n}: {self.text[:110]}"


def record(w, argv, output, stdin="", options=(), **more):
    """Runs argv; its result and its calls in order."""
    result = w.call(["strace", "-o", output, "-s", "256", *options, "--",
                     *argv], stdin, **more)
    calls = read(output)
    find_paths(calls, w.dir)
    return result, calls


def read(path):
    calls, counts, unfinished = [], {}, {}
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            resumed = re.match(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$", line)
            if resumed and resumed[1] in unfinished:
                unfinished.pop(resumed[1]).text += resumed[3]
                continue
            match = LINE.match(line)
            if not match:
                continue
            pid, name, text = match[1] or "0", match[2], match[3]
            counts[pid, name] = counts.get((pid, name), 0) + 1
            call = Call(pid, name, counts[pid, name], text)
            calls.append(call)
            if text.endswith("<unfinished ...>"):
                call.text = text[:-len("<unfinished ...>")]
                unfinished[pid] = call
    return calls


def find_paths(calls, directory):
    """Of one process that began there.  strace itself may not look: whoever
    switches off core dumps closes /proc/PID/fd, but to root."""
    table = {}
    for call in calls:
        names = _names(call, table, directory)
        call.path = names[0] if names else ""
        if call.name in TWO_NAMES and len(names) > 1:
            call.target = names[1]
        result = RESULT.search(call.text)
        if not result or call.failed():
            continue
        if call.name in OPENS or call.name in ("dup", "dup2", "dup3") or \
                "F_DUPFD" in call.text:
            table[result[1]] = call.path
        elif call.name == "close":
            table.pop(DESCRIPTOR.match(call.text)[1], None)


def _names(call, table, directory):
    found = AT_NAME.findall(call.text) if AT_NAME.match(call.text) else \
        NAME.findall(call.text) if NAME.match(call.text) else []
    if not found:
        match = DESCRIPTOR.match(call.text)
        return [table.get(match[1], "")] if match else []
    names = []
    for base, name in found:
        base = table.get(base, "") if base.isdigit() else directory
        if name or base:
            names.append(os.path.normpath(os.path.join(base or "/", name)))
    return names


def injection(name, n, what):
    """Options of strace that do it at the n-th call of that name."""
    return ["-o", "/dev/null", "-e", f"trace={name}", "-e",
            f"inject={name}:{what}:when={n}"]


def inject(name, n, what):
    return ["strace", *injection(name, n, what), "--"]


def size(path):
    return os.stat(path).st_size
