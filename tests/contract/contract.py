# SPDX-License-Identifier: BSD-2-Clause
"""What the suites of contracts share: which module, with which options."""

import argparse
import atexit
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "modules"))
import kit


class Run:
    """Calls the module as the host does; each call is a new process."""

    def __init__(self, kind, given, scratch):
        self.kind = kind
        self.module = given.module
        self.options = given.options
        self.directory = given.dir
        self.arg = getattr(given, "arg", None)
        self.answer = getattr(given, "answer", None)
        self.path = given.path or scratch + "/store"
        self.scratch = scratch
        self.files = 0
        self.env = kit.environment(
            **dict(e.split("=", 1) for e in given.env))
        if not given.path:
            for part in ("", "/credentials", "/tokens"):
                os.mkdir(self.path + part, 0o700)

    def file(self, content):
        """A file with that content, for a value of any bytes."""
        self.files += 1
        path = f"{self.scratch}/value-{self.files}"
        with open(path, "wb") as f:
            f.write(content)
        return path

    def drive(self, options, operations, **how):
        how.setdefault("answer", self.answer)
        how.setdefault("timeout_ms", 20000)
        return kit.drive(self.kind, self.module, *options,
                         operations=operations, directory=self.directory,
                         env=self.env, **how)

    def __call__(self, *operations, **how):
        steps = self.drive(self.options, operations, **how)
        assert steps[0]["result"] == "ok", steps[0]["message"]
        return steps

    def with_options(self, *options):
        return self.drive([*self.options, *options], [])


def arguments(kind):
    p = argparse.ArgumentParser(usage=sys.modules["__main__"].__doc__)
    p.add_argument("--dir")
    p.add_argument("--path")
    p.add_argument("--env", action="append", default=[])
    if kind == "key":
        p.add_argument("--arg")
        p.add_argument("--answer", help="@note: what enrolling notes")
    p.add_argument("module")
    p.add_argument("options", nargs="*")
    scratch = tempfile.mkdtemp(prefix="tokenward-contract-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    return Run(kind, p.parse_args(), scratch)


main = kit.main
