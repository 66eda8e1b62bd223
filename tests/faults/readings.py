# SPDX-License-Identifier: BSD-2-Clause
"""What is asked of a store that changes nothing there: a table as that of
scenarios.py, with the status that each command ends with."""

import shlex

from scenarios import (OLD, Scenario, clients, filled, keyring_drop, lines,
                       no_store, with_export, with_old_copy, with_passphrase,
                       with_two_keys)

DAMAGED, USAGE, NOT_FOUND, LOCKED, REFUSED, CONFIG, EXISTS = 9, 2, 3, 4, 5, 10, 12
FAILED, CHILD = 1, 7


def usual(w):
    filled(w)
    w.write("broken.json", '{"schema": 1,\n"id": 7}\n')


def refused(w):
    """The provider has refused alpha, and is not asked again so soon."""
    filled(w)
    w.must("reject", "alpha", stdin=w.alpha)
    w.must("edit", "alpha", "--client-id", "nobody")
    w.must("token", "alpha", status=REFUSED)


def locked(w):
    with_passphrase(w)
    keyring_drop(w)


def row(text, setup=usual, status=0, stdin="", name=None, **more):
    return Scenario(name or text, setup, shlex.split(text), lambda w: "",
                    status=status, stdin=stdin, again={status}, touches=set(),
                    reads=True, **more)


READINGS = [
    row("list"),
    row("list -q"),
    row("list --json"),
    row("list b*"),
    row("show alpha"),
    row("show alpha --json"),
    row("show alpha --get origin"),
    row("show alhpa", status=NOT_FOUND),
    row("check", status=3),
    row("check --format json", status=3),
    row("key list"),
    row("key list --json"),
    row("key test 1"),
    row("key test 2", with_two_keys),
    row("provider list"),
    row("provider list --json"),
    row("provider show fault"),
    row("provider check {provider}"),
    row("provider check {broken}", status=CONFIG),
    row("module list"),
    row("module list --json"),
    row("module check"),
    row("module check --json"),
    row("doctor"),
    row("doctor --json"),
    row("doctor alpha"),
    row("doctor", with_passphrase, name="doctor, a passphrase"),
    row("doctor", refused, name="doctor, refused"),
    row("store verify"),
    row("store verify --json"),
    row("store verify", with_old_copy, DAMAGED, name="store verify, older"),
    row("version"),
    row("version --json"),
    row("help"),
    row("help add"),
    row("tokne alpha", status=USAGE),
    row("list", no_store, CONFIG, name="list, no store"),
    row("list", locked, LOCKED, name="list, locked"),
    row("token alpha"),
    row("token alpha --json"),
    row("token alpha --format header"),
    row("token alpha --format curl"),
    row("token alhpa", status=NOT_FOUND),
    row("token alpha", refused, REFUSED, name="token, refused before"),
    row("token alpha --json", refused, REFUSED,
        name="token --json, refused before"),
    row("exec alpha -- sh -c 'echo $ACCESS_TOKEN; exit 7'", status=CHILD),
    row("exec A=alpha B=beta -- env"),
    row("exec alpha -- /nonexistent", status=127),
    row("curl alpha -- -sS {api}"),
    row("try alpha"),
    row("try alpha --json"),
    row("reject alpha", stdin="another token", name="reject, another"),
    row("add alpha --provider fault --set {origin} --client-id x --auth post",
        status=EXISTS, stdin=OLD, name="add, it exists"),
    row("apply - --dry-run", stdin=lines),
    row("import {export} --keep --dry-run", with_export),
    row("import {export}", with_export, EXISTS),
]
