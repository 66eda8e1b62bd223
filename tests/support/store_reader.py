#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Reads a store, or an export, from tokenward-store-format(5) alone.

    store_reader.py DIR|FILE --key-file F | --passphrase-file F |
                             --recovery-file F | --credential-file F |
                             --wrapping-key-file F [--records DIR]

Prints a line for each record: kind, name, generation, plain text in hex.
--records is for a store that has its records in a module: what the module
has under their keys.
Anything that is not as the manual page says ends it with a message and
status 1.  It shares no code with tokenward: BLAKE2b is Python's own, the
cipher and Argon2id are libsodium's.
"""

import argparse
import ctypes
import ctypes.util
import hashlib
import hmac
import os
import struct
import sys

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
HEADER_MAGIC = b"\x89TWH\r\n\x1a\n"
RECORD_MAGIC = b"\x89TWR\r\n\x1a\n"
EXPORT_MAGIC = b"\x89TWX\r\n\x1a\n"
KINDS = {"credentials": (1, b"tw-creds", "credential"),
         "tokens": (2, b"twtokens", "tokens")}


class Refused(Exception):
    """What lies there is not what the manual page describes."""


def need(condition, what):
    if not condition:
        raise Refused(what)


def read(path, limit):
    with open(path, "rb") as f:
        data = f.read(limit + 1)
    need(len(data) <= limit, path + ": too large")
    return data


# ---- primitives ------------------------------------------------------------

def blake2b(key, data, size):
    return hashlib.blake2b(data, digest_size=size, key=key).digest()


def subkey(master, context, number):
    return hashlib.blake2b(digest_size=32, key=master,
                           salt=struct.pack("<Q", number),
                           person=context).digest()


def decrypt(key, nonce, associated, data):
    """XChaCha20-Poly1305 (the "ietf" form of libsodium)."""
    out = ctypes.create_string_buffer(max(len(data) - 16, 1))
    length = ctypes.c_ulonglong()
    result = SODIUM.crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, ctypes.byref(length), None,
        data, ctypes.c_ulonglong(len(data)),
        associated, ctypes.c_ulonglong(len(associated)), nonce, key)
    need(result == 0, "the ciphertext was changed")
    return out.raw[:length.value]


def kept(header, master, name):
    """A key of before that the header keeps, or None."""
    sealed = header.plain.get(name)
    if sealed is None:
        return None
    need(len(sealed) == 72, "header: " + name)
    return decrypt(subkey(master, b"twheader", 2), sealed[:24],
                   b"kept" + header.store_id
                   + struct.pack(">I", header.epoch) + name.encode("ascii"),
                   sealed[24:])


def argon2id(words, salt, memory, passes):
    out = ctypes.create_string_buffer(32)
    result = SODIUM.crypto_pwhash(
        out, ctypes.c_ulonglong(32), words, ctypes.c_ulonglong(len(words)),
        salt, ctypes.c_ulonglong(passes), ctypes.c_size_t(memory),
        ctypes.c_int(2))
    need(result == 0, "no memory for Argon2id")
    return out.raw


def fields(data):
    """A list of keys and values, in order."""
    at, found = 0, []
    while at < len(data):
        key_length = data[at]
        need(1 <= key_length <= 64, "a key's length")
        end = at + 1 + key_length
        need(end + 4 <= len(data), "cut short")
        key = data[at + 1:end].decode("ascii")
        (length,) = struct.unpack(">I", data[end:end + 4])
        at = end + 4 + length
        need(at <= len(data), "cut short")
        found.append((key, data[end + 4:at]))
    return found


def single(found):
    """The same as a dictionary, when no key may repeat."""
    result = dict(found)
    need(len(result) == len(found), "a key twice")
    return result


def number(value):
    return int(value.decode("ascii"))


# ---- the header and its slots ------------------------------------------------

class Header:
    def __init__(self, data):
        self.data = data
        need(self.data[:8] == HEADER_MAGIC and len(self.data) > 40,
             "header: no header")
        found = fields(self.data[8:-32])
        plain = self.plain = single(
            [f for f in found if f[0] not in ("slot", "gone")])
        need(number(plain["format"]) == 1 and number(plain["suite"]) == 1,
             "header: format or suite")
        self.store_id = plain["store_id"]
        need(len(self.store_id) == 16, "header: store_id")
        self.epoch = number(plain["epoch"])
        self.slots = [single(fields(v)) for k, v in found if k == "slot"]
        for gone in [single(fields(v)) for k, v in found if k == "gone"]:
            need(not any(any(gone[k]) for k in (
                "nonce", "wrapped", "commitment")), "header: a gone slot opens")

    def verify(self, master):
        mac = blake2b(subkey(master, b"twheader", 1), self.data[:-32], 32)
        need(hmac.compare_digest(mac, self.data[-32:]), "header: MAC")


def unwrap(header, slot, kek):
    """The master key, or None when the key is not this slot's."""
    kind, params = slot["kind"], slot["params"]
    binding = (b"slot" + header.store_id
               + struct.pack(">IB", number(slot["id"]), len(kind)) + kind
               + struct.pack(">I", len(params)) + params + slot["salt"])
    both = blake2b(kek, binding, 64)
    if not hmac.compare_digest(both[32:], slot["commitment"]):
        return None
    need(len(slot["wrapped"]) == 48, "slot: length")
    return decrypt(both[:32], slot["nonce"], binding, slot["wrapped"])


def kek_of_file(content, slot):
    return hashlib.blake2b(content, digest_size=32, salt=slot["salt"],
                           person=b"tokenwardkeyfile").digest()


def kek_of_words(words, slot):
    params = single(fields(slot["params"]))
    memory, passes = number(params["memory"]), number(params["passes"])
    need(64 << 20 <= memory <= 1 << 30 and 3 <= passes <= 4, "slot: work")
    return argon2id(words, slot["salt"], memory, passes)


def times(a, b):
    """In GF(32), x^5 + x^2 + 1."""
    product = 0
    for bit in range(5):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(9, 4, -1):
        if product >> bit & 1:
            product ^= 0b100101 << (bit - 5)
    return product


def kek_of_code(text, slot):
    symbols = [b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(c)
               for c in text if c != ord("-")]
    need(len(symbols) == 28, "recovery code: length")
    plain = weighed = 0
    power = 1
    for symbol in symbols:
        plain ^= symbol
        weighed ^= times(symbol, power)
        power = times(power, 2)
    need(plain == 0 and weighed == 0, "recovery code: checksum")
    return hashlib.blake2b(bytes(symbols[:26]), digest_size=32,
                           salt=slot["salt"],
                           person=b"tokenwardrecover").digest()


def kek_of_credential(content, slot):
    need(32 <= len(content) <= 4096, "credential: length")
    return hashlib.blake2b(content, digest_size=32, salt=slot["salt"],
                           person=b"tokenward kek").digest()


WAYS = {"key_file": (b"keyfile", kek_of_file),
        "passphrase_file": (b"passphrase", kek_of_words),
        "recovery_file": (b"recovery", kek_of_code),
        "credential_file": (b"systemd-credential", kek_of_credential),
        "wrapping_key_file": (None, lambda kek, slot: kek)}


def unlock(header, arguments):
    given = {w: getattr(arguments, w, None) for w in WAYS}
    way, path = next((w, p) for w, p in given.items() if p)
    kind, derive = WAYS[way]
    content = read(path, 8 << 20)
    if way in ("passphrase_file", "recovery_file"):
        content = content.rstrip(b"\n")
    for slot in header.slots:
        if kind in (slot["kind"], None):
            master = unwrap(header, slot, derive(content, slot))
            if master:
                header.verify(master)
                return master
    raise Refused("no slot opens with this key")


# ---- records -----------------------------------------------------------------

def unpad(text):
    need(len(text) in (256, 512, 1024, 2048, 4096)
         or (len(text) > 4096 and len(text) % 1024 == 0), "padding: length")
    text = text.rstrip(b"\0")
    need(text[-1:] == b"\x80", "padding")
    return text[:-1]


def open_record(header, keys, folder, index, data):
    kind, context, _ = KINDS[folder]
    outer, body = data[:112], data[112:]
    need(len(outer) == 112 and outer[:8] == RECORD_MAGIC, "no record")
    need(outer[8:12] == bytes([1, 1, kind, 0]), "format, suite or kind")
    epoch, generation = struct.unpack(">IQ", outer[12:24])
    need(epoch in keys and 1 <= generation < 1 << 63, "epoch")
    master = keys[epoch]
    salt, nonce, commitment = outer[24:56], outer[56:80], outer[80:112]
    both = blake2b(subkey(master, context, 1),
                   salt + header.store_id + bytes([kind]) + index
                   + outer[12:24], 64)
    need(hmac.compare_digest(both[32:], commitment), "commitment")
    text = decrypt(both[:32], nonce, outer + header.store_id + index, body)
    return generation, unpad(text)


def records(directory, header, keys, folder):
    where = os.path.join(directory, folder)
    for name in sorted(os.listdir(where)):
        if len(name) != 64:
            continue
        index = bytes.fromhex(name)
        data = read(os.path.join(where, name), 4 << 20 | 4096)
        try:
            yield (index,) + open_record(header, keys, folder, index, data)
        except Refused as e:
            raise Refused("%s/%s: %s" % (folder, name, e)) from None


def read_store(directory, arguments):
    header = Header(read(os.path.join(directory, "header"), 65536))
    master = unlock(header, arguments)
    if "records" in header.plain:
        need(arguments.records, "the records lie in a store module")
        directory = arguments.records
    index_key = kept(header, master, "index_key") \
        or subkey(master, b"tw-index", 1)
    keys = {header.epoch: master}
    old = kept(header, master, "old_master")
    if old:
        keys[header.epoch - 1] = old
    names = {}
    for folder, (_, _, word) in KINDS.items():
        for index, generation, plain in records(
                directory, header, keys, folder):
            if folder == "credentials":
                name = dict(fields(plain))["name"]
                need(blake2b(index_key, name, 32) == index,
                     "a record under another record's name")
                names[index] = name.decode("ascii")
            print(word, names.get(index, "?"), generation, plain.hex())


# ---- an export -----------------------------------------------------------

class Parts:
    """Length and bytes, one after the other."""

    def __init__(self, data, at):
        self.data = data
        self.at = at

    def next(self):
        need(self.at + 4 <= len(self.data), "export: cut short")
        (length,) = struct.unpack(">I", self.data[self.at:self.at + 4])
        part = self.data[self.at + 4:self.at + 4 + length]
        need(len(part) == length, "export: cut short")
        self.at += 4 + length
        return part


def read_export(path, arguments):
    data = read(path, 1 << 30)
    need(data[:8] == EXPORT_MAGIC, "no export")
    parts = Parts(data, 8)
    header = Header(parts.next())
    master = unlock(header, arguments)
    index_key = subkey(master, b"tw-index", 1)
    place, last = 0, b""
    while entry := parts.next():
        place += 1
        generation, plain = open_record(
            header, {header.epoch: master}, "credentials", entry[:32],
            entry[32:])
        name = dict(fields(plain))["name"]
        need(generation == place and name > last
             and blake2b(index_key, name, 32) == entry[:32],
             "export: a record out of its place")
        last = name
        print("credential", name.decode("ascii"), place, plain.hex())
    mac = blake2b(subkey(master, b"twexport", 1), data[:parts.at], 32)
    need(hmac.compare_digest(mac, data[parts.at:]), "export: MAC")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", metavar="DIR|FILE")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--key-file")
    key.add_argument("--passphrase-file")
    key.add_argument("--recovery-file")
    key.add_argument("--credential-file")
    key.add_argument("--wrapping-key-file", help="what a module gives")
    parser.add_argument("--records", metavar="DIR")
    arguments = parser.parse_args()
    need(SODIUM.sodium_init() >= 0, "libsodium")
    if os.path.isdir(arguments.directory):
        read_store(arguments.directory, arguments)
    else:
        read_export(arguments.directory, arguments)


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        sys.exit("store_reader: %s" % refused)
    except (KeyError, ValueError, OSError) as error:
        sys.exit("store_reader: %r" % error)
