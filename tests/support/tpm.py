# SPDX-License-Identifier: BSD-2-Clause
"""A TPM of one's own: swtpm on two free ports of the loopback.

    with tpm.Tpm() as t:
        t.tcti          # "swtpm:host=127.0.0.1,port=N"
        t.tool("pcrextend", "16:sha256=" + 64 * "a")   # tpm2-tools
        t.left()        # what somebody left in it
        t.restart(); t.stop(); t.start(); t.kill()
        with tpm.Wire(t) as w:     # a wire to it that can be cut
            w.tcti; w.seen; w.cut = 3; w.answers = {2: 0x922}

A TPM is manufactured when its directory is empty.  What is started is ended
by its process id, also when the test is killed.
"""

import ctypes
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SECONDS = 20
HOST = "127.0.0.1"


def end_with_parent():
    """In the child: whoever kills the test ends what it started."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def listen(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind((HOST, port))
        s.listen(8)
    except OSError:
        s.close()
        raise
    return s


def two_ports():
    """Two listening sockets, one beside the other: it is how a swtpm is
    reached."""
    for _ in range(200):
        port = random.randrange(20000, 32000, 2)
        try:
            one = listen(port)
        except OSError:
            continue
        try:
            return one, listen(port + 1)
        except OSError:
            one.close()
    raise OSError("no two ports are free")


class Tpm:
    def __init__(self, state=None):
        """state: a directory whose files are copied."""
        self.dir = tempfile.mkdtemp(prefix="tokenward-tpm-")
        self.process = None
        for name in os.listdir(state) if state else ():
            shutil.copyfile(os.path.join(state, name), self.path(name))
            os.chmod(self.path(name), 0o600)

    def path(self, name):
        return os.path.join(self.dir, name)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def spawn(self):
        one, two = two_ports()
        port = one.getsockname()[1]
        one.close()
        two.close()
        self.port = port
        self.tcti = f"swtpm:host={HOST},port={port}"
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + self.dir,
             "--server", f"type=tcp,port={port},bindaddr={HOST}",
             "--ctrl", f"type=tcp,port={port + 1},bindaddr={HOST}",
             "--flags", "not-need-init,startup-clear"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={"PATH": PATH},
            preexec_fn=end_with_parent)

    def answers(self):
        try:
            with socket.create_connection((HOST, self.port), 5):
                return self.process.poll() is None
        except OSError:
            return False

    def start(self):
        deadline = time.monotonic() + SECONDS
        self.spawn()
        while not self.answers():
            assert time.monotonic() < deadline, "swtpm does not start"
            if self.process.poll() is not None:  # somebody took the port
                self.spawn()
            time.sleep(0.02)

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(SECONDS)
            self.process = None

    def kill(self):
        self.stop(signal.SIGKILL)

    def restart(self):
        """As the machine: PCRs begin again, what is loaded is gone."""
        self.stop()
        self.start()

    def tool(self, name, *words):
        ran = subprocess.run(
            ["tpm2_" + name, *words], capture_output=True, text=True,
            timeout=SECONDS, check=False,
            env={"PATH": PATH, "TPM2TOOLS_TCTI": self.tcti})
        assert ran.returncode == 0, f"{name}: {ran.stderr}"
        return ran.stdout

    def left(self):
        return self.tool("getcap", "handles-transient") + \
            self.tool("getcap", "handles-loaded-session") + \
            self.tool("getcap", "handles-saved-session")

    def sweep(self):
        for what in "-t", "-l", "-s":
            self.tool("flushcontext", what)


def receive(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def packet(s):
    """A command or a response: tag, length, code, the rest."""
    head = receive(s, 10)
    return head + receive(s, struct.unpack(">I", head[2:6])[0] - 10)


class Wire:
    """Stands between: keeps what passes, cuts before the answer to command
    number `cut` (from 1), or gives answers of its own."""

    def __init__(self, tpm, cut=None, answers=None):
        self.tpm, self.cut, self.own = tpm, cut, answers or {}
        self.seen = b""
        self.commands = 0
        self.sockets = []

    def __enter__(self):
        self.listeners = two_ports()
        port = self.listeners[0].getsockname()[1]
        self.tcti = f"swtpm:host={HOST},port={port}"
        for i, (s, work) in enumerate(zip(self.listeners, (
                self.pass_packets, self.pass_bytes))):
            threading.Thread(target=self.serve, args=(s, i, work),
                             daemon=True).start()
        return self

    def __exit__(self, *_):
        for s in (*self.listeners, *self.sockets):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def serve(self, listener, offset, work):
        while True:
            try:
                here, _ = listener.accept()
                there = socket.create_connection(
                    (HOST, self.tpm.port + offset), SECONDS)
            except OSError:
                return
            self.sockets += [here, there]
            threading.Thread(target=self.run, args=(work, here, there),
                             daemon=True).start()

    @staticmethod
    def run(work, here, there):
        try:
            work(here, there)
        except (OSError, EOFError):
            pass
        for s in here, there:
            s.close()

    def pass_packets(self, here, there):
        while True:
            command = packet(here)
            self.commands += 1
            self.seen += command
            if self.commands == self.cut:
                return
            code = self.own.get(self.commands)
            if code is None:
                there.sendall(command)
                response = packet(there)
            else:
                response = struct.pack(">HII", 0x8001, 10, code)
            self.seen += response
            here.sendall(response)

    @staticmethod
    def pass_bytes(here, there):
        while True:
            data = here.recv(4096)
            if not data:
                return
            there.sendall(data)
            here.sendall(there.recv(4096))
