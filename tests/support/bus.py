# SPDX-License-Identifier: BSD-2-Clause
"""A session bus of one's own, and a real gnome-keyring-daemon on it.

    with bus.Bus() as b:                     # unlocked
    with bus.Bus(keyring="locked") as b:
    with bus.Bus(keyring=None) as b:         # a bus without a Secret Service
        run(..., env={**env, **b.env})
        b.kill_keyring(); b.start_keyring(locked=True)
        b.lock(); b.unlock()
        b.items()    # a list of dictionaries: label, attributes, locked, path

b.env has DBUS_SESSION_BUS_ADDRESS, HOME, XDG_RUNTIME_DIR and XDG_DATA_HOME:
all of it lies in one new directory, b.dir, and goes with it.  Nothing is
activated on this bus: what is there was started here, and is ended by its
process id, also when the test is killed: start it in the main thread, with
whose end they end.  Works for anybody, root included; wants dbus-daemon,
gnome-keyring-daemon and python3-gi.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSWORD = b"the keyring's own"
SECONDS = 20
SERVICE = "org.freedesktop.secrets"
ROOT = "/org/freedesktop/secrets"
SECRET = "org.freedesktop.Secret."
CONFIG = """<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_message_size">1000000000</limit>
</busconfig>
"""


def end_with_parent():
    """In the child: whoever kills the test ends what it started."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Bus:
    def __init__(self, keyring="unlocked"):
        assert keyring in ("unlocked", "locked", None), keyring
        self.wanted = keyring
        self.daemon = self.keyring = None
        self._connection = None

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="tokenward-bus-")
        for name in ("home", "run"):
            os.mkdir(self.path(name), 0o700)
        self.address = "unix:path=" + self.path("run", "bus")
        self.env = {
            "DBUS_SESSION_BUS_ADDRESS": self.address,
            "XDG_RUNTIME_DIR": self.path("run"),
            "HOME": self.path("home"),
            "XDG_DATA_HOME": self.path("home", ".local", "share"),
        }
        try:
            self.start()
            if self.wanted:
                self.start_keyring(locked=self.wanted == "locked")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._connection = None
        self.kill_keyring()
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    # ---- the bus

    def start(self):
        with open(self.path("bus.conf"), "w", encoding="ascii") as f:
            f.write(CONFIG % self.path("run", "bus"))
        self.daemon = self._spawn(
            ["dbus-daemon", "--nofork", "--nopidfile", "--nosyslog",
             "--config-file=" + self.path("bus.conf")])
        self._until("the bus", self.daemon, self._listens)

    def _listens(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.path("run", "bus")) == 0

    def stop(self):
        """The bus ends; its socket's file stays, as after a crash."""
        self._end(self.daemon)
        self.daemon = self._connection = None

    # ---- the keyring

    def start_keyring(self, locked=False, password=PASSWORD):
        """Unlocked, the collection "login" is the default one."""
        self.kill_keyring()
        there = os.path.exists(os.path.join(
            self.env["XDG_DATA_HOME"], "keyrings", "login.keyring"))
        if locked and not there:
            self.start_keyring(password=password)
            self.kill_keyring()
        self.keyring = self._spawn(
            ["gnome-keyring-daemon", "--foreground", "--components=secrets",
             *([] if locked else ["--unlock"])],
            stdin=None if locked else password)
        self._until("gnome-keyring-daemon", self.keyring, self.has_service)
        assert locked or not self.is_locked(), "the keyring is locked"

    def lay_keyring(self, file):
        """What a keyring of before had as its login.keyring; not yet
        started."""
        to = os.path.join(self.env["XDG_DATA_HOME"], "keyrings")
        os.makedirs(to, 0o700)
        shutil.copy(file, to + "/login.keyring")
        os.chmod(to + "/login.keyring", 0o600)

    def kill_keyring(self, number=signal.SIGKILL):
        ended = self.keyring
        self._end(ended, number)
        self.keyring = None
        if ended and self.daemon and self.daemon.poll() is None:
            self._until("the end of the keyring", self.daemon,
                        lambda: not self.has_service())

    def has_service(self):
        return self.owner() is not None

    def owner(self, name=SERVICE):
        """The unique name behind a name, or None."""
        return self._asked("/org/freedesktop/DBus", "org.freedesktop.DBus",
                           "GetNameOwner", "(s)", (name,),
                           destination="org.freedesktop.DBus")

    def default(self):
        """The path of the default collection; "/" when there is none."""
        return self.call(ROOT, SECRET + "Service", "ReadAlias", "(s)",
                         ("default",))[0]

    def is_locked(self):
        return self.property(self.default(), SECRET + "Collection", "Locked")

    def lock(self):
        self.call(ROOT, SECRET + "Service", "Lock", "(ao)",
                  ([self.default()],))
        assert self.is_locked(), "the keyring is not locked"

    def unlock(self):
        """As at a login; by a new process, which is how it is done."""
        self.start_keyring()

    def items(self):
        """What lies in the default collection."""
        found = []
        for path in self.property(self.default(), SECRET + "Collection",
                                  "Items"):
            item = {"path": path}
            for name in ("Label", "Attributes", "Locked"):
                item[name.lower()] = self.property(path, SECRET + "Item",
                                                   name)
            found.append(item)
        return found

    def secret(self, path):
        """The bytes of an item."""
        session = self.call(ROOT, SECRET + "Service", "OpenSession", "(sv)",
                            ("plain", self._variant("s", "")))[1]
        secret = self.call(path, SECRET + "Item", "GetSecret", "(o)",
                           (session,))[0]
        return bytes(secret[2])

    def create(self, label, attributes, secret):
        """An item in the default collection."""
        session = self.call(ROOT, SECRET + "Service", "OpenSession", "(sv)",
                            ("plain", self._variant("s", "")))[1]
        item = SECRET + "Item"
        self.call(self.default(), SECRET + "Collection", "CreateItem",
                  "(a{sv}(oayays)b)", (
                      {item + ".Label": self._variant("s", label),
                       item + ".Attributes": self._variant("a{ss}",
                                                           attributes)},
                      (session, b"", secret, "application/octet-stream"),
                      False))

    # ---- calls

    def connection(self):
        from gi.repository import Gio  # only where it is used
        if self._connection is None:
            flags = Gio.DBusConnectionFlags
            self._connection = Gio.DBusConnection.new_for_address_sync(
                self.address, flags.AUTHENTICATION_CLIENT |
                flags.MESSAGE_BUS_CONNECTION, None, None)
        return self._connection

    @staticmethod
    def _variant(kind, value):
        from gi.repository import GLib
        return GLib.Variant(kind, value)

    def call(self, path, interface, method, kind=None, values=None,
             destination=SERVICE):
        """The answer's values; an error is an exception."""
        from gi.repository import Gio
        given = self._variant(kind, values) if kind else None
        return self.connection().call_sync(
            destination, path, interface, method, given, None,
            Gio.DBusCallFlags.NO_AUTO_START, SECONDS * 1000, None).unpack()

    def _asked(self, *arguments, **more):
        from gi.repository import GLib
        try:
            return self.call(*arguments, **more)[0]
        except GLib.Error:
            return None

    def property(self, path, interface, name):
        return self.call(path, "org.freedesktop.DBus.Properties", "Get",
                         "(ss)", (interface, name))[0]

    # ---- processes

    def _spawn(self, argv, stdin=None):
        log = open(self.path(argv[0] + ".log"), "ab")
        process = subprocess.Popen(
            argv, env={"PATH": PATH, **self.env}, cwd="/",
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=log, stderr=log, preexec_fn=end_with_parent)
        log.close()
        if stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
        return process

    @staticmethod
    def _until(what, process, is_so):
        deadline = time.monotonic() + SECONDS
        while not is_so():
            if process.poll() is not None:
                raise RuntimeError(f"{what}: ended with {process.returncode}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what}: not within {SECONDS} seconds")
            time.sleep(0.005)

    @staticmethod
    def _end(process, number=signal.SIGTERM):
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
