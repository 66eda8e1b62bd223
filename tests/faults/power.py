# SPDX-License-Identifier: BSD-2-Clause
"""Commands on lossy, and what a loss of power leaves of them."""

import os
import shutil
import signal
import subprocess

import disk
import inside
import world

SAY = 'exec "$@" >"$HOME/.said.out" 2>"$HOME/.said.err"'


class Lossy:
    """Mounted over the home, with what the last snapshot had in it.  What a
    loss of power leaves lies in the directory kept."""

    def __init__(self, w, **options):
        self.w = w
        self.journal = w.path("journal")
        self.kept = w.path("kept")
        shutil.rmtree(self.kept, ignore_errors=True)
        words = [f"--{name}={value}" for name, value in options.items()]
        self.process = subprocess.Popen(
            [world.program("tests/faults/lossy/lossy"), "--from",
             w.path("snapshot"), "--journal", self.journal, "--kept",
             self.kept, *words, w.home],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise AssertionError("lossy does not run")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end(signal.SIGTERM)

    def _end(self, how):
        if self.process.stdout.closed:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(20)
        self.process.stdout.close()
        if how == signal.SIGUSR1 or not os.access(self.w.home, os.R_OK):
            inside.unmount(self.w.home)
        if status:
            raise AssertionError(f"lossy ended with {status}")

    def say(self, argv, stdin=b"", **more):
        """What the command says goes to the disk too, so that the journal
        knows when."""
        return self.w.call(["/bin/sh", "-c", SAY, "sh", *argv], stdin, **more)

    def lose_power(self):
        self._end(signal.SIGUSR1)
        return found(self.kept)

    def lines(self):
        """The journal's, and where what was there ends."""
        with open(self.journal, encoding="utf-8") as f:
            lines = f.read().splitlines()
        return lines, lines.index("begin") + 1


def build(w, tree):
    """Instead of the home; as old as the snapshot is."""
    w.turn += 1
    home, times = w.home, (os.stat(w.path("snapshot")).st_mtime,) * 2
    for name in os.listdir(home):
        shutil.rmtree(os.path.join(home, name))
    for path, mode, data in tree.files:
        path = os.path.join(home, path)
        if data is None:
            os.mkdir(path)
        else:
            with open(path, "wb") as f:
                f.write(data)
            os.utime(path, times)
        os.chmod(path, mode)


def found(directory):
    """What lies there, as a tree."""
    files = []

    def walk(at, path):
        for entry in sorted(os.scandir(at), key=lambda e: e.name):
            if entry.name.startswith(disk.SAID):
                continue
            mode = entry.stat(follow_symlinks=False).st_mode & 0o7777
            if entry.is_dir(follow_symlinks=False):
                files.append((path + entry.name, mode, None))
                walk(entry.path, path + entry.name + "/")
            else:
                with open(entry.path, "rb") as f:
                    files.append((path + entry.name, mode, f.read()))
    walk(directory, "")
    return disk.Tree(files)


class Recording:
    """What commands, one after the other, ask of the disk.  Of interest is
    what may be left from the last of them on."""

    def __init__(self, stage, *commands, umask=-1, **options):
        s, w = stage.scenario, stage.w
        s.begin(w)
        starts, self.results = [], []
        with Lossy(w, **options) as lossy:
            for argv, stdin in commands:
                starts.append(len(lossy.lines()[0]))
                self.results.append(lossy.say(argv, stdin, umask=umask))
            self.most = found(w.home)
            self.least = lossy.lose_power()
            self.lines, _ = lossy.lines()
        self.start = starts[-1]

    def disagreement(self):
        """disk.py and lossy each know what is there and what is durable."""
        d = disk.Disk()
        for line in self.lines:
            d.do(line)
        for mine, its in (d.most(), self.most), (d.least(), self.least):
            if mine != its:
                return f"the model, beside lossy, has {mine.beside(its)}"
        return ""

    def own_lines(self):
        """Numbers of the lines that are about the home, not about what the
        command says."""
        mine = self.lines[self.start:]
        quiet = {line.split()[2] for line in mine if disk.SAID in line}
        return [i for i, line in enumerate(mine) if disk.SAID not in line and
                line.split()[1] not in quiet]

    def count(self, word):
        return sum(line.split()[0] == word
                   for line in self.lines[self.start:])

    def has_store(self):
        return any("/header:" in f"/{path}:" for path, *_ in self.most.files)

    def acknowledged(self):
        """The place of the line with which all was said."""
        d, said = disk.Disk(), {}
        for i, line in enumerate(self.lines):
            what = d.do(line)
            if what and i >= self.start:
                said[what] = i
        return said.get("out", said.get("err", len(self.lines) - 1))


class State:
    def __init__(self, tree, moment, acknowledged):
        self.tree = tree
        self.moment = moment
        self.acknowledged = acknowledged


class States:
    """What may be left of a recording: n of them, those that differ."""

    def __init__(self, recording, limit, seed=0):
        self.n = self.moments = 0
        self.known = {}
        end = recording.acknowledged()
        d = disk.Disk()
        for i, line in enumerate(recording.lines):
            d.do(line)
            if i >= recording.start - 1:
                self.moments += 1
                self._add(line, i >= end, *d.states(limit, seed + i))

    def _add(self, line, acknowledged, n, trees):
        self.n += n
        for tree in trees:
            known = self.known.setdefault(tree, State(tree, line, False))
            if acknowledged and not known.acknowledged:
                known.moment, known.acknowledged = line, True

    def distinct(self):
        return list(self.known.values())
