# SPDX-License-Identifier: BSD-2-Clause
"""What may be on a disk after a loss of power: read from lossy's journal.

Durable is the content and mode of a file that was synced, and the names in a
directory that was synced.  Of everything else any part may have arrived, in
any order: a name without the content behind it, the content without the name,
the last change and not the first.  Of a write each block may be there or not,
and the file may have grown to the end of each; a block is of 512 bytes, and
what is shorter counts as two.  A rename within a directory is one change.
"""

import itertools
import random
import re

BLOCK = 512
SAID = ".said."  # of what was said on stdout and stderr, no part of the tree
ROOT = 1


class Part:
    """The names, content or mode of a node, and changes that may be lost."""

    def __init__(self, value):
        self.value = value
        self.changes = []
        self.known = {}

    def add(self, *changes):
        self.changes += changes
        self.known = {}

    def latest(self):
        return self.outcome((1 << len(self.changes)) - 1)

    def sync(self):
        self.value, self.changes, self.known = self.latest(), [], {}

    def outcome(self, mask):
        """With those changes whose bits are set."""
        if mask not in self.known:
            self.known[mask] = self.apply(
                [c for i, c in enumerate(self.changes) if mask >> i & 1])
        return self.known[mask]

    def outcomes(self):
        """All that differ."""
        return list(dict.fromkeys(
            self.outcome(mask) for mask in range(1 << len(self.changes))))

    def apply(self, changes):
        return changes[-1] if changes else self.value


class Names(Part):
    """A change is a tuple of names and the nodes they mean from then on."""

    def apply(self, changes):
        now = dict(self.value)
        for name, ino in itertools.chain.from_iterable(changes):
            now.pop(name, None)
            if ino:
                now[name] = ino
        return tuple(sorted(now.items()))


class Content(Part):
    """A change is (offset, bytes), or the length that it gets, or at least."""

    def apply(self, changes):
        data, size = bytearray(self.value), len(self.value)
        for kind, at, what in changes:
            if kind == "data":
                data.extend(bytes(max(0, at - len(data))))
                data[at:at + len(what)] = what
            elif kind == "grow":
                size = max(size, at)
            else:
                size = at
                del data[at:]
        return bytes(data[:size]).ljust(size, b"\0")


def pieces(at, data):
    """Of a write, what may be there without the rest."""
    size = min(BLOCK, max(1, (len(data) + 1) // 2))
    for start in range(0, len(data), size):
        piece = data[start:start + size]
        yield "data", at + start, piece
        yield "grow", at + start + len(piece), None


class Tree:
    """Paths, each with a mode and its content, None for a directory."""

    def __init__(self, files):
        self.files = tuple(files)

    def __eq__(self, other):
        return self.files == other.files

    def __hash__(self):
        return hash(self.files)

    def beside(self, other):
        """What is there and not in the other, and what only the other has."""
        gone = {f[0] for f in other.files} - {f[0] for f in self.files}
        return "; ".join([
            f"{_short(path)} ({_size(data)}, {mode:o})"
            for path, mode, data in self.files
            if (path, mode, data) not in other.files] +
            [f"no {_short(path)}" for path in sorted(gone)]) or "the same"


def _short(path):
    return re.sub("([0-9a-f]{6})[0-9a-f]{20,}", r"\1...", path)


def _size(data):
    return "directory" if data is None else "%d bytes%s" % (
        len(data), "" if data.strip(b"\0") else " of zero")


class Disk:
    def __init__(self):
        self.names = {ROOT: Names(())}
        self.content = {}
        self.modes = {ROOT: Part(0o700)}
        self.said = {}  # the nodes of stdout and stderr

    # ---- the journal's lines

    def do(self, line):
        """What was said by it: "out", "err" or nothing."""
        word, _, rest = line.partition(" ")
        return getattr(self, "do_" + word)(*rest.split(" ", 3))

    def do_new(self, parent, ino, mode, name):
        ino, mode = int(ino), int(mode, 8)
        if name.startswith(SAID):
            self.said[ino] = name[len(SAID):]
            return
        self.modes[ino] = Part(mode & 0o7777)
        if mode & 0o40000:
            self.names[ino] = Names(())
        else:
            self.content[ino] = Content(b"")
        self.names[int(parent)].add(((name, ino),))

    def do_link(self, parent, ino, name):
        self.names[int(parent)].add(((name, int(ino)),))

    def do_gone(self, parent, name):
        self.names[int(parent)].add(((name, None),))

    def do_move(self, parent, new_parent, both):
        if parent != new_parent:
            raise AssertionError("a move to another directory: what may be "
                                 "left of it is not known here")
        names = self.names[int(parent)]
        old, new = both.split("/")
        names.add(((old, None), (new, dict(names.latest())[old])))

    def do_mode(self, ino, mode):
        if int(ino) not in self.said:
            self.modes[int(ino)].add(int(mode, 8) & 0o7777)

    def do_size(self, ino, size):
        if int(ino) not in self.said:
            self.content[int(ino)].add(("size", int(size), None))

    def do_data(self, ino, at, data=""):
        if int(ino) in self.said:
            return self.said[int(ino)]
        self.content[int(ino)].add(*pieces(int(at), bytes.fromhex(data)))
        return None

    def do_datasync(self, ino):
        self.content[int(ino)].sync()

    def do_sync(self, ino):
        for parts in self.names, self.content, self.modes:
            if int(ino) in parts:
                parts[int(ino)].sync()

    def do_begin(self, *_):
        """What was there before is durable."""
        for parts in self.names, self.content, self.modes:
            for part in parts.values():
                part.sync()

    # ---- states

    def pending(self):
        return [p for parts in (self.names, self.content, self.modes)
                for p in parts.values() if p.changes]

    def tree(self, value):
        """Of the values that value(part) gives."""
        found = []

        def walk(ino, path):
            for name, child in value(self.names[ino]):
                mode = value(self.modes[child])
                if child in self.names:
                    found.append((path + name, mode, None))
                    walk(child, path + name + "/")
                else:
                    found.append((path + name, mode,
                                  value(self.content[child])))
        walk(ROOT, "")
        return Tree(found)

    def least(self):
        return self.tree(lambda part: part.value)

    def most(self):
        return self.tree(Part.latest)

    def states(self, limit, seed):
        """How many there are or were drawn, and the trees they make."""
        parts = self.pending()
        bits = sum(len(p.changes) for p in parts)
        if bits <= limit:
            return 1 << bits, self._all(parts)
        return 1 << limit, self._sample(parts, limit, random.Random(seed))

    def _all(self, parts):
        """What no name leads to makes no difference."""
        names = [p for p in parts if isinstance(p, Names)]
        for chosen in itertools.product(*[p.outcomes() for p in names]):
            value = dict(zip(names, chosen))
            met = []
            self.tree(lambda p: value[p] if p in value else
                      met.append(p) or p.value)
            others = [p for p in dict.fromkeys(met) if p.changes]
            for more in itertools.product(*[p.outcomes() for p in others]):
                value.update(zip(others, more))
                yield self.tree(lambda p: value.get(p, p.value))

    def _sample(self, parts, limit, dice):
        for _ in range(1 << limit):
            value = {p: p.outcome(self._mask(len(p.changes), dice))
                     for p in parts}
            yield self.tree(lambda p: value.get(p, p.value))

    @staticmethod
    def _mask(bits, dice):
        """All, nothing, the first, or any of them."""
        full = (1 << bits) - 1
        return dice.choice((0, full, full >> dice.randrange(bits),
                            dice.getrandbits(bits), dice.getrandbits(bits)))
