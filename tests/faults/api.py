# SPDX-License-Identifier: BSD-2-Clause
"""Paths through the library's interface, as tests/faults/api goes them: two
tables as that of scenarios.py, of those that change something and of those
that only look."""

from readings import usual
from scenarios import (EXISTS, NEW, NO_STORE, NOT_FOUND, Scenario, add_holds,
                       adopt_holds, apply_holds, destroy_holds, edit_holds,
                       export_alone, export_holds, filled, import_holds,
                       init_holds, key_add_holds, key_remove_holds, lines,
                       migrate_back_holds, migrate_holds, new_secret_holds,
                       no_store, on_shelf, reject_holds, rekey_holds,
                       remove_holds, rename_holds, token_holds, upgrade_holds,
                       with_export, with_old_copy, with_shelf, with_two_keys,
                       without_token)


class Path(Scenario):
    """Named after the path, which is the first word."""

    api = True

    def __init__(self, setup, args, holds, **more):
        super().__init__("api " + args[0] + more.pop("more", ""), setup, args,
                         holds, slow=True, **more)

    def argv(self, w, *more):
        return w.api_argv(*more, *self.command(w))


def with_lines(w):
    filled(w)
    w.write("lines", lines(w))


CHANGING = [
    Path(no_store, ["init", "keyfile"], init_holds, again={0, EXISTS},
         touches=set()),
    Path(export_alone, ["init-from", "{export}"], import_holds,
         touches={"alpha", "beta", "gamma"}),
    Path(filled, ["add", "gamma", "provider=fault", "vars={origin}",
                  "client_id={gamma}", "auth=client_secret_post",
                  "owner=gamma@example.com", "secret=gamma-secret"],
         add_holds, touches={"gamma"}),
    Path(filled, ["edit", "alpha", "scope=read", "owner=new@example.com"],
         edit_holds),
    Path(filled, ["rotate", "alpha", "secret=" + NEW], new_secret_holds),
    Path(filled, ["rename", "alpha", "delta"], rename_holds,
         again={0, NOT_FOUND}, touches={"alpha", "delta"}),
    Path(filled, ["remove", "alpha"], remove_holds, again={0, NOT_FOUND}),
    Path(with_lines, ["apply", "{lines}"], apply_holds,
         touches={"alpha", "gamma"}),
    Path(without_token, ["token", "alpha"], token_holds, durable=False),
    Path(filled, ["token-new", "alpha"], token_holds, durable=False),
    Path(filled, ["reject", "alpha"], reject_holds),
    Path(filled, ["reject-token", "alpha", "{alpha}"], reject_holds),
    Path(with_export, ["export", "keyfile={export_key}", "{output}"],
         export_holds, again={0, EXISTS}, touches=set()),
    Path(with_export, ["import", "{export}"], import_holds,
         touches={"alpha", "gamma"}),
    Path(with_old_copy, ["adopt"], adopt_holds),
    Path(filled, ["upgrade"], upgrade_holds, touches=set()),
    Path(with_shelf, ["migrate", "debug=directory={shelf}"], migrate_holds,
         touches=set()),
    Path(on_shelf, ["migrate", "files"], migrate_back_holds, touches=set(),
         more=", back"),
    Path(filled, ["destroy"], destroy_holds, again={0, NO_STORE},
         touches={"alpha", "beta"}, ends=True),
    Path(filled, ["key-add", "keyfile={second_key}"], key_add_holds,
         again={0, EXISTS}, touches=set()),
    Path(with_two_keys, ["key-remove"], key_remove_holds,
         again={0, NOT_FOUND}, touches=set()),
    Path(with_two_keys, ["rekey"], rekey_holds, touches=set()),
]


def look(*args, setup=usual, **more):
    return Path(setup, list(args), lambda w: "", touches=set(), reads=True,
                **more)


LOOKING = [
    look("open"),
    look("token", "alpha", more=", cached"),
    look("token-twice", "alpha"),
    look("try", "alpha"),
    look("get", "alpha"),
    look("list"),
    look("list", "b*", more=", some"),
    look("unlock"),
    look("verify"),
    look("keys"),
    look("providers", "{provider}", "fault"),
    look("modules"),
    look("doctor"),
    look("doctor", "alpha", more=", one"),
]
