# SPDX-License-Identifier: BSD-2-Clause
"""Many small experiments on one scenario, on all processors.

Each worker has a world of its own, set up once for each scenario; every
experiment begins with a copy of it.
"""

import multiprocessing
import os
import re
import traceback

import scenarios
import tap
import trace
import world

current = {}
UNKEPT = "could not be kept"  # the provider's word counts all the same
# What differs from one run to the next: codes, tokens, ages and times.
DIFFERS = re.compile(r"([0-9A-Z]{4}-)+[0-9A-Z]{4}|gt_\w+|(\d+[smhd]? ?)+")


def plain(text):
    """Its lines without that, and without what only aligns or separates."""
    lines = DIFFERS.sub("0 ", text).splitlines()
    return [" ".join(line.strip("[,]").split()) for line in lines]


class Stage:
    """A scenario set up in a world, and how it looks before and after."""

    def __init__(self, scenario, parent):
        self.scenario = s = scenario
        self.w = w = world.World(server=parent.server, where=parent.dir)
        s.setup(w)
        self.passphrase = s.setup is scenarios.with_passphrase
        self.empty = not os.path.exists(os.path.join(w.store, "header"))
        self.last_look = -1, {}
        self.beta = True  # its token is the same all the time
        self.before = {} if self.empty else self._look()
        w.snapshot()
        s.begin(w)
        self.reference = self.undisturbed()
        wrong = s.holds(w)
        if wrong:
            raise AssertionError(f"{s.name}, undisturbed: {wrong}")
        s.begin(w)
        self.undisturbed()
        self.after = self.look()
        s.begin(w)

    def changed(self):
        """Whether the home is not as it was set up, byte by byte."""
        return self.w.content(self.w.home) != \
            self.w.content(self.w.path("snapshot"))

    def undisturbed(self):
        s, w = self.scenario, self.w
        result = w.call(s.argv(w), s.input(w))
        if result.status != s.status:
            raise AssertionError(f"{s.name}, undisturbed: {result}")
        return result

    def end(self):
        self.w.remove()

    def look(self):
        """What is in the store, locked or not; asked once as long as nothing
        else was done in this world."""
        if self.passphrase or self.last_look[0] != self.w.turn:
            found = self._look()
            self.last_look = self.w.turn, found
        return self.last_look[1]

    def _look(self):
        if self.passphrase:
            scenarios.keyring_put(self.w)
        shut = self.scenario.shut
        if shut and self.w.run("list").status in shut:
            return {}
        return scenarios.facts(self.w)

    def opens(self):
        """The store, by whatever opens it now; or why not."""
        if not (self.passphrase or self.empty or self.scenario.shut):
            self.look()
            return ""
        result = self.w.run("list", "--no-input")
        good = {0}
        if self.passphrase:
            good.add(scenarios.LOCKED)
        if self.empty:
            good.add(scenarios.NO_STORE)
        good |= self.scenario.shut
        return "" if result.status in good else f"list: {result}"

    def acknowledged(self, result):
        """It was killed when it had said all; a failure is a sentence."""
        said = result.err if self.scenario.status else result.out
        return result.status == self.scenario.status or (
            said and (self.scenario.status or
                      result.out == self.reference.out))

    def unkept(self, result):
        """What such a result promises and is not there, or ""."""
        if UNKEPT in result.err:
            return ""
        if not self.begun():
            return "acknowledged and lost: there is no header"
        if self.look() != self.after:
            return f"acknowledged and lost: {self.look()}"
        wrong = self.scenario.kept(self.w)
        return wrong and f"acknowledged and lost: {wrong}; {result}"

    def helper_calls(self):
        """Those of the fetch helper; its first execve cannot be hit."""
        self.w.trace_fetch("-o", self.w.path("trace"))
        self.undisturbed()
        self.w.trace_fetch()
        return trace.read(self.w.path("trace"))[1:]

    def begun(self):
        """There is a store, or there should be none by now."""
        return self.scenario.ends or os.path.exists(
            os.path.join(self.w.store, "header"))

    def lost(self):
        """Names whose facts are neither those before nor those after."""
        if self.empty and not os.path.exists(
                os.path.join(self.w.store, "header")):
            return ""
        now = self.look()
        for name in {*now, *self.before, *self.after}:
            was = self.before.get(name)
            may = {was, self.after.get(name)} \
                if name in self.scenario.touches else {was}
            if now.get(name) not in may:
                return (f"{name} is {now.get(name)}, was {was}, should be "
                        f"{self.after.get(name)}")
        return ""

    def finished(self):
        """All is as if nothing had happened; or what is not."""
        now = self.look()
        if now != self.after:
            return f"it ended as {now}, should have as {self.after}"
        if self.passphrase:
            self.scenario.prepare(self.w)
            self.say_again()
        wrong = self.scenario.holds(self.w)
        if wrong:
            return wrong
        return self.bystander() or self.litter()

    def bystander(self):
        if self.empty or self.passphrase or self.scenario.ends:
            return ""
        token = self.w.run("token", "beta")
        if token.status or self.beta and token.out.strip() != self.w.beta:
            return f"the token of another credential is gone: {token}"
        return ""

    def litter(self):
        left = [n for _, _, names in os.walk(self.w.home) for n in names
                if re.search(r"\.new(-[0-9a-f]+)?$", n)]
        return f"left behind: {left}" if left else ""

    def say_again(self, *more):
        """The same command, undisturbed; or what was wrong with that."""
        s = self.scenario
        limit = s.seconds
        done = self.passphrase or self.empty or self.look() == self.after
        if self.passphrase:
            s.prepare(self.w)
        result = self.w.call(
            s.argv(self.w, *more, "--timeout", f"{limit}s"), s.input(self.w))
        if result.status not in s.again:
            return f"said again: {result}"
        if result.status and not done:
            return f"said again, it claims to be done: {result}"
        if result.seconds > limit + 1:
            return f"said again, it took {result.seconds:.1f} s"
        return ""


class Look(Stage):
    """Of a scenario that changes nothing: those of one setup share a world."""

    worlds = {}

    def __init__(self, scenario, parent):
        self.scenario = s = scenario
        if s.setup not in self.worlds:
            self.worlds[s.setup] = w = world.World(
                server=parent.server, where=parent.dir)
            s.setup(w)
            w.snapshot()
        self.w = self.worlds[s.setup]
        s.begin(self.w)
        self.reference = self.undisturbed()

    def end(self):
        pass  # another one uses its world


def stage(scenario, parent):
    return (Look if scenario.reads else Stage)(scenario, parent)


def _work(job):
    experiment, name, points = job
    try:
        if current.get("scenario") != name:
            scenario = scenarios.Scenario.known[name]
            current["stage"] = stage(scenario, current["parent"])
            current["scenario"] = name
        return _faults(experiment, current["stage"], points)
    except Exception:
        return [traceback.format_exc()]


def _whole(job):
    """All experiments on one scenario, in one world."""
    experiments, name = job
    try:
        stage = Stage(scenarios.Scenario.known[name], current["parent"])
    except Exception:
        return name, [("set up", [traceback.format_exc()], {})]
    return name, [_tried(experiment, stage) for experiment in experiments]


def _tried(experiment, stage):
    try:
        return experiment(stage)
    except Exception:
        return experiment.__name__, [traceback.format_exc()], {}


def _alone(job):
    """All of one scenario; how many points there were, and the faults."""
    find, experiment, name = job
    try:
        s = stage(scenarios.Scenario.known[name], current["parent"])
        points = tap.share(find(s))
        faults = _faults(experiment, s, points)
        s.end()
        return len(points), faults if points else ["no such call was seen"]
    except Exception:
        return 0, [traceback.format_exc()]


def _faults(experiment, s, points):
    return [f"{getattr(p, 'place', lambda: p)()}: {fault}"
            for p in points for fault in [_one(experiment, s, p)] if fault]


def _one(experiment, stage, point):
    try:
        return experiment(stage, point)
    except Exception as e:
        return "".join(traceback.format_exception_only(e)).strip()


# ---- whether it would be seen -----------------------------------------------

# It says that it has done it and has not; it does it and harms another.
LIAR = """#!/bin/sh
for word; do [ "$word" = {command} ] && echo done >&2 && exit {status}; done
exec {real} "$@"
"""
VANDAL = """#!/bin/sh
{real} "$@"
status=$?
for word; do [ "$word" = {command} ] && rm -f {store}/tokens/*; done
exit $status
"""


NEVER = trace.Call("0", "mkdirat", 10000, "")  # so many there are not
SEEN = (
    ("edit", LIAR, "acknowledged and lost"),
    ("edit", VANDAL, "the token of another credential is gone"),
    ("init", LIAR, "acknowledged and lost"),
    ("token, refused", LIAR, "acknowledged and lost"),
)


def would_see(experiment, parent, point):
    """The experiment must notice each of them: in a list, which it did
    not."""
    faults = []
    for name, text, words in SEEN:
        s = Stage(scenarios.Scenario.known[name], parent)
        s.w.tokenward = s.w.write("false", text.format(
            command=s.scenario.args[0], real=s.w.tokenward,
            store=s.w.store, status=s.scenario.status), 0o755)
        fault = _one(experiment, s, point)
        s.end()
        if words not in fault:
            faults.append(f"{name}: it says {fault!r}, where it should say "
                          f"{words!r}")
    return faults


class Campaign:
    def __init__(self, t):
        self.tap = t
        self.parent = current["parent"] = world.World(
            where=world.memory())
        self.points = 0

    def __enter__(self):
        # forked now: the parent's world is known to all
        self.pool = multiprocessing.get_context("fork").Pool(tap.processors())
        return self

    def __exit__(self, *_):
        self.pool.terminate()
        self.pool.join()

    def test(self, label, find, experiment, scenario):
        """find(stage) gives the points; experiment(stage, point) gives what
        is wrong, or "".  label has a %d for how many points there are."""
        try:
            points = tap.share(find(stage(scenario, self.parent)))
            problem = "" if points else "no such call was seen"
        except Exception:
            points, problem = [], traceback.format_exc()
        self.tap.run(f"{label % len(points)}: {scenario.name}",
                     lambda: [problem] if problem else
                     self._run(experiment, scenario, points))

    def whole(self, experiments, chosen):
        """A worker for each scenario: experiment(stage) gives a label, or
        "" where it has nothing to do, the faults, and figures, which are
        added up."""
        sums = {}
        jobs = [(experiments, s.name) for s in chosen]
        for name, results in self.pool.imap(_whole, jobs):
            for label, faults, figures in results:
                if label:
                    self.tap.faults(f"{label}: {name}", faults)
                for figure, n in figures.items():
                    sums[figure] = sums.get(figure, 0) + n
        return sums

    def each(self, label, find, experiment, chosen):
        """The same of several, where points are few: a worker for each."""
        jobs = [(find, experiment, s.name) for s in chosen]
        for s, (n, faults) in zip(chosen, self.pool.imap(_alone, jobs)):
            self.points += n
            self.tap.faults(f"{label % n}: {s.name}", faults, most=40)

    def _run(self, experiment, scenario, points):
        n = tap.processors()
        parts = [points[i::n] for i in range(n) if points[i::n]]
        jobs = [(experiment, scenario.name, part) for part in parts]
        self.points += len(points)
        return [fault for faults in self.pool.imap_unordered(_work, jobs)
                for fault in faults]
