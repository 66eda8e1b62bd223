# SPDX-License-Identifier: BSD-2-Clause
"""Secrets that can be recognised, whole or in part, in whatever form."""

import base64
import os
import secrets
import string
import urllib.parse

WINDOW = 8
LETTERS = string.ascii_letters + string.digits


class Canary:
    """A random text, and every way in which a piece of it may turn up."""

    def __init__(self, name, odd=""):
        self.name = name
        text = [secrets.choice(LETTERS) for _ in range(44)]
        for i, character in enumerate(odd):  # never eight in a row
            text.insert(5 + 5 * i, character)
        self.text = "".join(text)
        self.needles = set()
        raw = self.text.encode()
        self._windows(raw, WINDOW)
        self._windows(urllib.parse.quote_plus(self.text).encode(), WINDOW)
        self._windows(raw.hex().encode(), 2 * WINDOW)
        self._windows(raw.hex().upper().encode(), 2 * WINDOW)
        for before in range(3):  # where it may stand in a longer text
            coded = base64.b64encode(b"x" * before + raw)[4:-4]
            self._windows(coded, 11)
            self._windows(base64.urlsafe_b64encode(
                b"x" * before + raw)[4:-4], 11)

    @classmethod
    def of(cls, name, raw):
        """Bytes that are there already: a key."""
        canary = cls.__new__(cls)
        canary.name, canary.text, canary.needles = name, raw.hex(), set()
        canary._windows(raw, WINDOW)
        canary._windows(raw.hex().encode(), 2 * WINDOW)
        return canary

    def _windows(self, data, length):
        for i in range(len(data) - length + 1):
            self.needles.add(data[i:i + length])

    def found_in(self, data):
        """A piece of it, or None."""
        if isinstance(data, str):
            data = data.encode("utf-8", "surrogateescape")
        for needle in self.needles:
            if needle in data:
                return needle
        return None


def children(pid):
    """All below that process."""
    found, look = [], [pid]
    while look:
        at = look.pop()
        try:
            for task in os.listdir(f"/proc/{at}/task"):
                with open(f"/proc/{at}/task/{task}/children",
                          encoding="ascii") as f:
                    new = [int(p) for p in f.read().split()]
                found += new
                look += new
        except OSError:
            pass
    return found


def memory(pid):
    """(name, content) of every writable mapping of a stopped process."""
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as f:
        lines = f.read().splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in lines:
            words = line.split(None, 5)
            name = words[5] if len(words) > 5 else "anonymous " + words[0]
            if "w" not in words[1] or name.startswith("[vv"):
                continue
            start, end = (int(x, 16) for x in words[0].split("-"))
            try:
                mem.seek(start)
                yield name, mem.read(end - start)
            except OSError:
                yield name, None
