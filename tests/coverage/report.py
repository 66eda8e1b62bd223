# SPDX-License-Identifier: BSD-2-Clause
"""Figures out of what gcovr has gathered: a table, the branches that no test
took, coverage.json, and whether that is what was promised."""

import bisect
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))

# What must be taken whole: all branches but those that "unreachable" names.
NAMED = {
    "store": ("lib/store/",),
    "crypto": ("lib/store/seal.c", "lib/store/keys.c", "lib/key/"),
    "lock": ("lib/store/lock.c", "lib/token/"),
    "json": ("lib/base/json_",),
    "redact": ("libexec/fetch/redact.c", "libexec/fetch/unescape.c"),
}
OVERALL = 95  # per cent of all branches
# Nothing of the tests runs these; scripts/test does, against real services.
ELSEWHERE = ("plugins/", "libexec/pam/")


class Branch:
    def __init__(self, path, function, line, text, number, taken):
        self.path, self.function, self.line = path, function, line
        self.text, self.number, self.taken = text, number, taken
        self.why = None  # it cannot be taken


class File:
    def __init__(self, data, source):
        self.path = data["file"]
        with open(os.path.join(source, self.path), encoding="utf-8") as f:
            texts = f.read().splitlines()
        starts = sorted((f["lineno"], f["name"])
                        for f in data.get("functions", []))
        at = [line for line, _ in starts]
        code = [ln for ln in data["lines"] if not ln.get("gcovr/noncode")]
        self.lines = len(code)
        self.reached = sum(ln["count"] > 0 for ln in code)
        self.branches = []
        for ln in code:
            number = ln["line_number"]
            i = bisect.bisect_right(at, number) - 1
            self.branches += [
                Branch(self.path, starts[i][1] if i >= 0 else "", number,
                       " ".join(texts[number - 1].split()), n,
                       branch["count"] > 0)
                for n, branch in enumerate(ln["branches"])]


def excuses():
    """(path, function, text): why; of the file "unreachable"."""
    found, key = {}, None
    with open(HERE + "/unreachable", encoding="utf-8") as f:
        for line in f:
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            if line.startswith("\t"):
                found[key] = (found[key] + " " + line.strip()).strip()
            else:
                path, function, text = line.split(None, 2)
                key = (path, function, text)
                found[key] = ""
    return found


def excuse(files):
    """Marks what cannot be taken; lines that excuse nothing."""
    why, used = excuses(), set()
    for f in files:
        for b in f.branches:
            key = (b.path, b.function, b.text)
            if not b.taken and key in why:
                b.why = why[key]
                used.add(key)
    return [key for key in why if key not in used or not why[key]]


def folder(path):
    parts = path.split("/")
    if parts[0] == "plugins":
        return "/".join(parts[:min(3, len(parts) - 1)])
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def percent(part, whole):
    return round(100 * part / whole, 2) if whole else 100.0


def figures(files):
    branches = [b for f in files for b in f.branches]
    taken = sum(b.taken for b in branches)
    excused = sum(b.why is not None for b in branches)
    lines = sum(f.lines for f in files)
    reached = sum(f.reached for f in files)
    return {"lines": lines, "lines_reached": reached,
            "lines_percent": percent(reached, lines),
            "branches": len(branches), "branches_taken": taken,
            "branches_unreachable": excused,
            "branches_percent": percent(taken, len(branches) - excused)}


def row(name, n):
    print("%-32s %6d lines %6.1f %%   %6d branches %6.1f %%  "
          "(%d not, %d cannot be)" % (
              name, n["lines"], n["lines_percent"], n["branches"],
              n["branches_percent"],
              n["branches"] - n["branches_taken"] -
              n["branches_unreachable"], n["branches_unreachable"]))


def table(groups):
    result = {}
    for name, files in groups:
        result[name] = figures(files)
        row(name, result[name])
    return result


def missing(files):
    """The branches of each line that were not taken."""
    lines = {}
    for f in files:
        for b in f.branches:
            if not b.taken and b.why is None:
                lines.setdefault((b.path, b.line, b.function, b.text),
                                 []).append(b.number)
    return lines


def show_missing(lines):
    for (path, line, function, text), numbers in sorted(lines.items()):
        print("%s:%d: %s: %d of it: %s" % (
            path, line, function, len(numbers), text))


def main(build, source):
    with open(build + "/gcovr.json", encoding="utf-8") as f:
        files = [File(data, source) for data in json.load(f)["files"]]
    stale = excuse(files)
    for prefix in sorted(p for paths in NAMED.values() for p in paths):
        if not any(f.path.startswith(prefix) for f in files):
            stale.append(("no file begins with", prefix))
    folders = {}
    for f in files:
        folders.setdefault(folder(f.path), []).append(f)
    result = {"folders": table(sorted(folders.items()))}
    offline = [f for f in files if not f.path.startswith(ELSEWHERE)]
    print()
    result.update(table((("all", files), ("all but plugins", offline))))
    print()
    named = {name: [f for f in files if f.path.startswith(paths)]
             for name, paths in NAMED.items()}
    result["named"] = table(named.items())
    lines = missing({f.path: f for fs in named.values()
                     for f in fs}.values())
    result["not_taken"] = [
        {"file": path, "line": line, "function": function, "text": text,
         "branches": numbers}
        for (path, line, function, text), numbers in sorted(
            missing(files).items())]
    with open(build + "/coverage.json", "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    print()
    show_missing(lines)
    for key in stale:
        print("unreachable: this excuses nothing, or has no reason:", *key)
    return 1 if lines or stale or \
        result["all but plugins"]["branches_percent"] < OVERALL else 0
