# SPDX-License-Identifier: BSD-2-Clause
"""Stores of long ago (tests/golden/README), as copies to be used."""

import base64
import json
import os
import shutil
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
READER = TESTS + "/support/store_reader.py"


def path(*names):
    return os.path.join(TESTS, "golden", *names)


def lay(source, to):
    """A copy with the modes that version control does not keep."""
    os.makedirs(os.path.dirname(to), mode=0o700, exist_ok=True)
    shutil.copytree(path(source), to)
    for place, _, names in os.walk(to):
        os.chmod(place, 0o700)
        for name in names:
            os.chmod(os.path.join(place, name), 0o600)
    return to


def text(*names):
    """A line of words, without its newline."""
    with open(path(*names), encoding="utf-8") as f:
        return f.read().strip("\n")


def expected(*names):
    return text(*names).splitlines()


def items(*names):
    """Of a keyring: label, attributes, bytes."""
    with open(path(*names), encoding="utf-8") as f:
        return [(i["label"], i["attributes"], bytes.fromhex(i["secret"]))
                for i in json.load(f)]


def lay_items(found, to):
    """What such items hold, for the reader: "key" of a store and the slot,
    records under their keys."""
    for _, attributes, secret in found:
        where = os.path.join(to, attributes["store"])
        name = "key" + attributes.get("slot", "")
        if "record" in attributes:
            name = attributes["record"]
            secret = base64.b64decode(secret, validate=True)
        os.makedirs(os.path.dirname(os.path.join(where, name)), 0o700,
                    exist_ok=True)
        with open(os.path.join(where, name), "wb") as f:
            f.write(secret)


def read(store, *how):
    """The lines of the reader that was made from the manual alone."""
    ran = subprocess.run(["/usr/bin/python3", "-B", READER, store, *how],
                         capture_output=True, text=True, timeout=60,
                         check=False)
    assert ran.returncode == 0, ran.stderr
    return sorted(ran.stdout.splitlines())


if __name__ == "__main__":  # golden.py ITEMS DIR
    with open(sys.argv[1], encoding="utf-8") as f:
        lay_items([(i["label"], i["attributes"], bytes.fromhex(i["secret"]))
                   for i in json.load(f)], sys.argv[2])
