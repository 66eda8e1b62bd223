# SPDX-License-Identifier: BSD-2-Clause
"""Results as TAP.  A test that cannot run has failed, but for what a run of
another user does: scripts/suites sees to it that one has done it."""

import os
import signal
import sys
import time
import traceback


class CannotBeHere(Exception):
    """A test that another run has to do; one run must."""


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0
        self.skipped = 0
        self.began = time.monotonic()
        sys.stdout.reconfigure(line_buffering=True)

    def note(self, text):
        for line in str(text).splitlines():
            print("# " + line)

    def ok(self, good, name, why=""):
        """One result; why is shown when it is bad."""
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        if not good:
            self.failed += 1
            self.note(why)
        return good

    def faults(self, name, faults, most=20):
        """Good if the list of sentences is empty."""
        more = [f"... and {len(faults) - most} more"] \
            if len(faults) > most else []
        return self.ok(not faults, name, "\n".join(faults[:most] + more))

    def run(self, name, function, *args):
        """function returns the faults it found, or nothing."""
        began = time.monotonic()
        try:
            faults = function(*args)
        except CannotBeHere as why:
            return self.skip(name, why)
        except Exception:  # a test that broke is a test that failed
            faults = [traceback.format_exc()]
        return self.faults(f"{name} ({time.monotonic() - began:.1f} s)",
                           faults or [], most=40)

    def skip(self, name, why):
        self.count += 1
        self.skipped += 1
        print(f"ok {self.count} - {name} # SKIP {why}")
        return True

    def end(self):
        self.note(f"{self.count} tests, {self.failed} failed, "
                  f"{self.skipped} skipped, "
                  f"{time.monotonic() - self.began:.1f} s")
        print(f"1..{self.count}")
        sys.exit(1 if self.failed or not self.count else 0)


def need(good, why):
    if not good:
        raise CannotBeHere(why)


def bail_out(why):
    print("Bail out! " + why)
    sys.exit(1)


def share(points):
    """SHARE=1/2: the first half of them, every second; two runs that differ
    little divide the work."""
    part, of = map(int, os.environ.get("SHARE", "1/1").split("/"))
    return points[part - 1::of]


def has_option(name):
    return name in sys.argv[1:]


def signal_name(status):
    """How a process ended, for people."""
    if status is None:
        return "still running"
    return signal.Signals(-status).name if status < 0 else f"exit {status}"


def processors():
    return len(os.sched_getaffinity(0))
