# SPDX-License-Identifier: BSD-2-Clause
"""Mounts of one's own: the driver runs again in a mount namespace; for
somebody who is not root in a user namespace besides, where he is root."""

import os
import subprocess
import sys

import tap
import world

MARK = "--inside"


def enter():
    if MARK in sys.argv:
        sys.argv.remove(MARK)
        return
    world.need("unshare", "mount")
    command = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        command.append("--map-root-user")
    status = subprocess.run(
        [*command, "/usr/bin/python3", "-B", os.path.abspath(sys.argv[0]),
         *sys.argv[1:], MARK], check=False).returncode
    if status == 1 and subprocess.run([*command, "true"],
                                      check=False).returncode:
        tap.bail_out("no mount namespace for this user here")
    sys.exit(status)


def has_other_users():
    """Not in a user namespace of one's own."""
    with open("/proc/self/uid_map", encoding="ascii") as f:
        return f.read().split()[2] == "4294967295" and os.geteuid() == 0


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def memory(path, **options):
    """An empty file system in memory."""
    text = ",".join(f"{name}={value}" for name, value in options.items())
    mount("-t", "tmpfs", "-o", "mode=700," + text, "none", path)


def read_only(path):
    mount("--bind", path, path)
    mount("-o", "remount,bind,ro", path)


def unmount(path):
    subprocess.run(["umount", "--lazy", path], check=True)
