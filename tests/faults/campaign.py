# SPDX-License-Identifier: BSD-2-Clause
"""Many small experiments on one scenario, on all processors.

Each worker has a world of its own, set up once for each scenario; every
experiment begins with a copy of it.
"""

import multiprocessing
import os
import traceback

import scenarios
import tap
import world

current = {}


class Stage:
    """A scenario set up in a world, and how it looks before and after."""

    def __init__(self, scenario, parent):
        self.scenario = s = scenario
        self.w = w = world.World(server=parent.server, where=parent.dir)
        s.setup(w)
        self.passphrase = s.setup is scenarios.with_passphrase
        self.empty = not os.path.exists(os.path.join(w.store, "header"))
        self.before = {} if self.empty else scenarios.facts(w)
        w.snapshot()
        s.begin(w)
        self.reference = w.must(*s.command(w), stdin=s.input(w))
        wrong = s.holds(w)
        if wrong:
            raise AssertionError(f"{s.name}, undisturbed: {wrong}")
        s.begin(w)
        w.must(*s.command(w), stdin=s.input(w))
        self.after = self.look()
        s.begin(w)

    ended = {scenarios.NO_STORE, scenarios.LOCKED}

    def look(self):
        """What is in the store, locked or not."""
        if self.passphrase:
            scenarios.keyring_put(self.w)
        if self.scenario.ends and self.w.run("list").status in self.ended:
            return {}
        return scenarios.facts(self.w)

    def opens(self):
        """The store, by whatever opens it now; or why not."""
        result = self.w.run("list", "--no-input")
        good = {0}
        if self.passphrase:
            good.add(scenarios.LOCKED)
        if self.empty:
            good.add(scenarios.NO_STORE)
        if self.scenario.ends:
            good |= self.ended
        return "" if result.status in good else f"list: {result}"

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
        if token.status or token.out.strip() != self.w.beta:
            return f"the token of another credential is gone: {token}"
        return ""

    def litter(self):
        left = [f for f in self.w.store_files() if ".new" in f]
        return f"left behind: {left}" if left else ""

    def say_again(self, *more, limit=5):
        """The same command, undisturbed; or what was wrong with that."""
        s = self.scenario
        done = self.passphrase or self.empty or self.look() == self.after
        if self.passphrase:
            s.prepare(self.w)
        result = self.w.run(*s.command(self.w), *more, "--timeout", f"{limit}s",
                            stdin=s.input(self.w))
        if result.status not in s.again:
            return f"said again: {result}"
        if result.status and not done:
            return f"said again, it claims to be done: {result}"
        if result.seconds > limit + 1:
            return f"said again, it took {result.seconds:.1f} s"
        return ""


def _work(job):
    experiment, name, points = job
    try:
        if current.get("scenario") != name:
            scenario, = scenarios.chosen([name])
            current["stage"] = Stage(scenario, current["parent"])
            current["scenario"] = name
        return [f"{getattr(p, 'place', lambda: p)()}: {fault}"
                for p in points
                for fault in [_one(experiment, current["stage"], p)] if fault]
    except Exception:
        return [traceback.format_exc()]


def _one(experiment, stage, point):
    try:
        return experiment(stage, point)
    except Exception as e:
        return "".join(traceback.format_exception_only(e)).strip()


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
            points = tap.share(find(Stage(scenario, self.parent)))
            problem = "" if points else "no such call was seen"
        except Exception:
            points, problem = [], traceback.format_exc()
        self.tap.run(f"{label % len(points)}: {scenario.name}",
                     lambda: [problem] if problem else
                     self._run(experiment, scenario, points))

    def _run(self, experiment, scenario, points):
        n = tap.processors()
        parts = [points[i::n] for i in range(n) if points[i::n]]
        jobs = [(experiment, scenario.name, part) for part in parts]
        self.points += len(points)
        return [fault for faults in self.pool.imap_unordered(_work, jobs)
                for fault in faults]
