# SPDX-License-Identifier: BSD-2-Clause
"""Rows of the bench that count requests, or need a large store."""

import json
import os
import shutil
import subprocess
import tempfile

import lab

LARGE, SMALL = 100000, 10
CALLERS = 1000
OUTAGE = 60  # seconds
HOUR = 3600
LATE = 2700  # of a token's 3600 s: it is time to renew it


def memory():
    """A directory in memory: making a large store waits for no disk."""
    place = "/dev/shm"
    return place if os.access(place, os.W_OK) else None


def lines(bench, number):
    for i in range(number):
        yield json.dumps({
            "name": "bench" if i == 0 else "c%06d" % i, "provider": "generic",
            "client_id": "generic-demo", "token_url": bench.url,
            "secret": "generic-demo-secret", "lifetime": "72h",
            **({"ca_file": bench.box.ca} if i == 0 else {})})


class Stores:
    """One with many credentials, and one with few."""

    def __init__(self, bench):
        self.bench = bench
        self.dir = tempfile.mkdtemp(prefix="tokenward-bench-", dir=memory())
        self.large = self.make("large", LARGE)
        self.small = self.make("small", SMALL)

    def make(self, name, number):
        where = os.path.join(self.dir, name)
        box = self.bench.box
        box.good("-s", where, "init", "--key", "keyfile=" + where + ".key")
        done = subprocess.run(
            box.argv("-s", where, "apply", "-", "-q"), env=box.env, text=True,
            input="\n".join(lines(self.bench, number)) + "\n", check=False,
            capture_output=True)
        assert done.returncode == 0, done.stderr[-500:]
        box.good("-s", where, "token", "bench")
        return where

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def most_memory(self, *argv):
        """MiB, of a command that may say that something is near its end."""
        out = subprocess.run(
            ["/usr/bin/python3", "-c", "import resource, subprocess, sys\n"
             "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, "
             "stderr=subprocess.DEVNULL)\nprint(resource.getrusage("
             "resource.RUSAGE_CHILDREN).ru_maxrss)", *argv],
            env=self.bench.box.env, capture_output=True, text=True,
            check=True).stdout
        return int(out) / 1024


def large_store(r, bench, number):
    stores = Stores(bench)
    try:
        command = bench.command
        m = bench.rounds(number, [("small", 1, command(stores.small)),
                                  ("large", 1, command(stores.large))])
        r.times("cached, in a store of %d" % SMALL, m["small"], m["small"])
        r.times("cached, in a store of %d" % LARGE, m["large"], m["small"],
                "<= 1.1 x", m["large"][0] <= 1.1 * m["small"][0])
        check = bench.box.argv("-s", stores.large, "check", "-q")
        seconds = bench.rounds(3, [("check", 1, check)], False)["check"][0]
        r.row("check of all of these", "%8.2f s" % (seconds / 1e9), "<= 3 s",
              seconds <= 3e9)
        few, many = (stores.most_memory(*bench.box.argv(
            "-s", s, "check", "-q")) for s in (stores.small, stores.large))
        r.row("  its memory, %d and %d" % (SMALL, LARGE),
              "%8.1f and %.1f MiB" % (few, many), "flat", many < few + 1)
    finally:
        stores.remove()


def asked(bench, script, offsets, good):
    """Callers at these seconds: how many failed, how often it was asked."""
    box = bench.box
    box.control(bench.base, "reset", {})
    box.control(bench.base, "script", {"vendor": "generic", "times": -1,
                                       **script})
    failed = 0
    for at in offsets:
        done = box.run("-s", bench.keyfile, "token", "bench",
                       "--clock-offset", str(at))
        failed += done.returncode != good
    return failed, box.control(bench.base, "count")["requests"]


def outage(r, bench):
    bench.box.good("-s", bench.keyfile, "token", "bench", "--new")
    failed, requests = asked(
        bench, {"status": 503},
        (LATE + i * OUTAGE // CALLERS for i in range(CALLERS)), 0)
    r.row("%d s of outage, %d callers, token valid" % (OUTAGE, CALLERS),
          "%3d failed, %d requests" % (failed, requests), "0 and <= 8",
          failed == 0 and requests <= 8)


def refused(r, bench):
    bench.box.control(bench.base, "reset", {})
    token = bench.box.good("-s", bench.keyfile, "token", "bench", "--retry",
                           "--new")
    bench.box.good("-s", bench.keyfile, "reject", "bench", stdin=token)
    failed, requests = asked(
        bench, {"status": 401, "error": "invalid_client"},
        (i * HOUR // CALLERS for i in range(CALLERS)), 5)
    r.row("refused for an hour, %d callers" % CALLERS,
          "%3d odd, %d requests" % (failed, requests), "0 and <= 3",
          failed == 0 and requests <= 3)


# ---- stacks of modules that are programs

class Stacks:
    """Stores that the module doormat opens, a key file, or either."""

    def __init__(self, bench):
        self.bench = bench
        box = bench.box
        self.libexec, self.mat = box.path("libexec"), box.path("mat")
        os.makedirs(self.libexec + "/modules", 0o755)
        os.mkdir(self.mat, 0o700)
        shutil.copy(lab.find("examples/modules/.libs/doormat",
                             "examples/modules/doormat"),
                    self.libexec + "/modules/doormat")
        shutil.copy(lab.find("libexec/fetch/fetch"), self.libexec + "/fetch")
        key = "keyfile=" + box.path("alone.key")
        self.by_module = self.make("by-module", "doormat")
        self.by_keyfile = self.make("by-keyfile-alone", key)
        self.by_either = self.make("by-either", "doormat", key)

    def stack(self, absent, there):
        """Lines of the module whose directory is not there, then one whose
        is, then a key file."""
        box = self.bench.box
        path = box.path("stack-%d-%d" % (absent, there))
        places = [box.path("absent%d" % i) for i in range(absent)] + \
            [self.mat] * there
        with open(path, "w", encoding="ascii") as f:
            f.writelines("unlock sufficient doormat directory=%s\n" % p
                         for p in places)
            f.write("unlock sufficient keyfile\n")
        os.chmod(path, 0o600)
        return ["--libexec-dir", self.libexec, "--stack-file", path]

    def make(self, name, *keys):
        options = self.stack(0, 1)
        where = self.bench.box.path(name)
        good = self.bench.box.good
        good(*options, "-s", where, "init", "--no-recovery",
             *[word for key in keys for word in ("--key", key)])
        good(*options, "-s", where, "add", "bench", "--provider", "generic",
             "--client-id", "generic-demo", "--token-url", self.bench.url,
             "--ca-file", self.bench.box.ca, stdin="generic-demo-secret\n")
        good(*options, "-s", where, "token", "bench")
        return where

    def command(self, store, absent, there):
        return [self.bench.box.command, *self.stack(absent, there), "-s",
                store, "token", "bench"]


def falling(r, bench, number):
    """No line costs more than the module that it starts."""
    s = Stacks(bench)
    m = bench.rounds(number, [
        ("keyfile", 1, s.command(s.by_keyfile, 0, 0)),
        ("unused", 1, s.command(s.by_keyfile, 2, 0)),
        ("away", 1, s.command(s.by_either, 1, 0)),
        ("first", 1, s.command(s.by_module, 0, 1)),
        ("third", 1, s.command(s.by_module, 2, 1)),
    ])
    unit = m["keyfile"]
    r.times("opened by a key file, the stack's only line", unit, unit)
    r.times("  after two lines that no slot is for", m["unused"], unit,
            "<= 1.1 x", m["unused"][0] <= 1.1 * unit[0])
    r.times("  after a module that is away", m["away"], unit)
    r.times("opened by a module, the first line", m["first"], unit)
    r.times("  the third, two modules away before it", m["third"], unit)
    parts = 2 * m["away"][0] + m["first"][0] - 3 * unit[0]
    whole = m["third"][0] - unit[0]
    r.row("    that is, of what these modules cost alone",
          "%18.2f x" % (whole / parts), "<= 1.1 x", whole <= 1.1 * parts)
