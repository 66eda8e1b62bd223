# SPDX-License-Identifier: BSD-2-Clause
"""A store module that is a directory: tests/modules/debug."""

import os
import shutil

from command import equal, find


def program(name):
    """The program itself, not libtool's script before it."""
    path = find("NONE", name)
    real = os.path.join(os.path.dirname(path), ".libs",
                        os.path.basename(path))
    return real if os.path.isfile(real) else path


def with_modules(m, stack=""):
    """A libexec of its own with the debug module, and a stack."""
    libexec, modules = m.path("libexec"), m.path("libexec", "modules")
    os.makedirs(modules, 0o755)
    shutil.copy(find("TOKENWARD_FETCH", "libexec/fetch/fetch"),
                libexec + "/fetch")
    shutil.copy(program("tests/modules/debug"), modules + "/debug")
    for name in ("shelf", "shelf2"):
        os.mkdir(m.path(name), 0o700)
    m.options[1] = libexec
    stack_is(m, stack)
    m.options += ["--stack-file", m.path("stack.conf")]
    return m


def stack_is(m, text):
    m.write("stack.conf", text, 0o644)


def shelf(m, name="shelf", *more):
    return " ".join([f"debug=directory={m.path(name)}", *more])


def on(m, name):
    """What lies in a shelf."""
    return sorted(os.listdir(m.path(name)))


def local(m):
    """Record files in the directory of the store."""
    return sorted(n for folder in ("credentials", "tokens")
                  for n in os.listdir(os.path.join(m.store, folder)))


def migrate(m, to, *more):
    return m.run("store", "migrate", "--to", to, *more)


def filled(m, *names):
    m.ready()
    for name in names:
        m.add(name).ok()
        m.run("token", name).ok()
    return m.run("token", "shop").ok().out


def states(m, status=0):
    r = m.run("store", "verify", "--json")
    equal(r.status, status)
    return sorted(x["state"] for x in r.json)
