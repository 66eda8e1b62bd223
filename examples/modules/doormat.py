#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""An example of a key module without C, tokenward-modules(7).

The same as doormat.c beside it: 32 random bytes in a directory of the
user's choice.  Install it as .../tokenward/modules/doormat-py and say

    unlock  sufficient  doormat-py  directory=/media/stick
"""

import os
import resource
import socket
import struct

KEY_LEN = 32
HOST = socket.socket(fileno=0)


class Failure(Exception):
    def __init__(self, result, message):
        super().__init__(message)
        self.result, self.message = result, message


# ---- frames: a length, then fields of key and value

def pack(fields):
    out = b""
    for key, value in fields:
        if isinstance(value, (str, int)):
            value = str(value).encode()
        key = key.encode()
        out += bytes([len(key)]) + key + struct.pack(">I", len(value)) + value
    return out


def unpack(data):
    fields = []
    while data:
        end = 1 + data[0]
        key = data[1:end].decode()
        (size,) = struct.unpack(">I", data[end:end + 4])
        fields.append((key, data[end + 4:end + 4 + size]))
        data = data[end + 4 + size:]
    return fields


def receive(size):
    data = b""
    while len(data) < size:
        piece = HOST.recv(size - len(data))
        if not piece:
            return None
        data += piece
    return data


def receive_frame():
    """The fields as a dictionary, or None when the host closed."""
    head = receive(4)
    return head and dict(unpack(receive(*struct.unpack(">I", head))))


def send_frame(fields):
    data = pack(fields)
    HOST.sendall(struct.pack(">I", len(data)) + data)


# ---- the module

def file_name(request):
    return f"{request['store'].decode()}-{request['slot'].decode()}"


def enroll(directory, request):
    name, key = file_name(request), os.urandom(KEY_LEN)
    fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600,
                 dir_fd=directory)
    try:
        os.write(fd, key)
        os.fsync(fd)
        os.fsync(directory)
    except OSError:
        os.unlink(name, dir_fd=directory)
        raise
    finally:
        os.close(fd)
    return [("kek", key), ("param.file", name)]


def open_slot(directory, request):
    name = request.get("param.file", b"").decode()
    if not name or "/" in name:
        raise Failure("broken", "the slot names no file")
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=directory)
    except FileNotFoundError as e:
        raise Failure("none", f"{name} is not there") from e
    key = os.read(fd, KEY_LEN)
    os.close(fd)
    if len(key) != KEY_LEN:
        raise Failure("broken", f"{name} is too short")
    return [("kek", key)]


def forget(directory, request):
    try:
        os.unlink(file_name(request), dir_fd=directory)
    except FileNotFoundError:
        pass
    os.fsync(directory)
    return []


def start(request):
    path = request["option.directory"].decode()
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as e:
        raise Failure("away", f"{path}: {e.strerror}") from e


OPERATIONS = {"enroll": enroll, "open": open_slot, "forget": forget}


def operate(request, state):
    name = request["operation"].decode()
    if name == "start":
        state["directory"] = start(request)
        return []
    if name not in OPERATIONS:
        raise Failure("none", "")
    return OPERATIONS[name](state["directory"], request)


def answer(request, state):
    try:
        fields = operate(request, state)
        return [("id", request["id"]), ("result", "ok")] + fields
    except Failure as e:
        result, message = e.result, e.message
    except OSError as e:
        result, message = "failed", str(e)
    return [("id", request["id"]), ("result", result), ("message", message)]


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    send_frame([
        ("abi", 1),
        ("kind", "key"),
        ("name", "doormat-py"),
        ("version", "1"),
        ("summary", "a key kept under the doormat, in Python"),
        ("option", pack([("name", "directory"), ("type", "text"),
                         ("required", 1), ("help", "where the keys lie")])),
    ])
    state = {}
    while True:
        request = receive_frame()
        if request is None:
            return
        send_frame(answer(request, state))


main()
