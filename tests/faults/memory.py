# SPDX-License-Identifier: BSD-2-Clause
"""A program whose allocations fail: memory.c, and what it is told."""

import collections
import functools
import shutil
import struct
import subprocess

import world

HEAD = struct.Struct("=5q")
SIZE = HEAD.size + 4000
SHIM = "tests/faults/.libs/memory.so"


class Point(collections.namedtuple("Point", "n after")):
    def place(self):
        return f"allocation {self.n}" + (" and all after" * self.after)


class Memory:
    """Of one world.  After a run: how many allocations there were, how many
    of them failed, and where the first; how many are left."""

    def __init__(self, w):
        self.w = w
        self.orders = w.path("orders")
        self.shim = w.path("memory.so")
        shutil.copy(world.built(SHIM), self.shim)
        self.seen = self.failed = self.live = 0

    def run(self, argv, stdin="", point=Point(0, False), **more):
        with open(self.orders, "wb") as f:
            f.write(HEAD.pack(point.n, point.after, 0, 0, 0).ljust(SIZE, b"\0"))
        env = {**self.w.environment(), "LD_PRELOAD": self.shim,
               "MEMORY_ORDERS": self.orders}
        result = self.w.call(argv, stdin, env=env, **more)
        with open(self.orders, "rb") as f:
            data = f.read()
        _, _, self.seen, self.failed, self.live = HEAD.unpack(data[:HEAD.size])
        self.frames = data[HEAD.size:].split(b"\0")[0].decode().splitlines()
        return result

    def where(self):
        """The functions that had asked for it, the innermost first."""
        return " < ".join(function(*line.rsplit(" ", 1))
                          for line in self.frames if self.shim not in line)


@functools.lru_cache(None)
def function(path, offset):
    if "/libc.so" in path:
        return "libc"
    done = subprocess.run(["addr2line", "-f", "-s", "-e", path, offset],
                          check=False, capture_output=True, text=True,
                          timeout=20)
    return " ".join(done.stdout.split()[:2])
