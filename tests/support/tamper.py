# SPDX-License-Identifier: BSD-2-Clause
"""Headers changed by somebody who can write them and has no key of theirs."""

import os
import shutil
import struct

import store_reader

KINDS = (b"keyfile", b"passphrase", b"recovery", b"doormat",
         b"secret-service", b"systemd-credential", b"tpm2")
LOCKED, DAMAGED, CONFIG = 4, 9, 10


def pack(fields):
    return b"".join(bytes([len(k)]) + k.encode() + struct.pack(">I", len(v)) +
                    v for k, v in fields)


class Header:
    """One that is taken apart and put together."""

    def __init__(self, path):
        """That of a store, or of an export, which goes on behind it."""
        self.path = path
        with open(self.path, "rb") as f:
            self.bytes = f.read()
        self.before = self.behind = b""
        if self.bytes[:8] == store_reader.EXPORT_MAGIC:
            end = 12 + int.from_bytes(self.bytes[8:12], "big")
            self.before, self.behind = self.bytes[:8], self.bytes[end:]
            self.bytes = self.bytes[12:end]
        self.fields = store_reader.fields(self.bytes[8:-32])
        self.mac = self.bytes[-32:]

    def slots(self):
        return [dict(store_reader.fields(v)) for k, v in self.fields
                if k == "slot"]

    def order(self):
        return [i for i, (k, _) in enumerate(self.fields) if k == "slot"]

    def set(self, name, value):
        """None: taken out."""
        self.fields = [(k, value if k == name else v) for k, v in self.fields
                       if k != name or value is not None]

    def set_slot(self, n, **changes):
        at = self.order()[n]
        slot = store_reader.fields(self.fields[at][1])
        self.fields[at] = ("slot", pack(
            (k, changes.get(k, v)) for k, v in slot))

    def params(self, n):
        return store_reader.fields(self.slots()[n]["params"])

    def set_params(self, n, params):
        self.set_slot(n, params=pack(params))

    def set_param(self, n, name, value):
        params = self.params(n)
        assert name in dict(params), params
        self.set_params(n, [(k, value if k == name else v)
                            for k, v in params])

    def write(self):
        header = self.bytes[:8] + pack(self.fields) + self.mac
        if self.before:
            header = self.before + struct.pack(">I", len(header)) + header
        with open(self.path, "wb") as f:
            f.write(header + self.behind)


def flipped(value, bit=0):
    return bytes([value[0] ^ 1 << bit]) + value[1:] if value else b"\1"


# ---- every change -----------------------------------------------------------

def of_slots(n, slots):
    """Taken out, doubled, in another's place or with its number."""
    def take(m):
        return lambda h: h.fields.pop(h.order()[m])

    def double(h):
        h.fields.append(h.fields[h.order()[n]])
        h.set("next_slot", b"99")
        h.set_slot(len(slots), id=b"98")

    def turn(m):
        def change(h):
            a, b = h.order()[n], h.order()[m]
            h.fields[a], h.fields[b] = h.fields[b], h.fields[a]
        return change

    def number(m):
        def change(h):
            h.set_slot(n, id=slots[m]["id"])
            h.set_slot(m, id=slots[n]["id"])
        return change

    for m in range(len(slots)):
        yield f"slot {m} taken out", take(m)
        if m != n:
            yield f"in the place of slot {m}", turn(m)
            yield f"with the number of slot {m}", number(m)
    yield "a second time, with another number", double


def of_slot(n, slots):
    """What it wraps, what it is, when it was made."""
    for name in "salt", "nonce", "wrapped", "commitment":
        yield f"{name}: a bit", lambda h, name=name: h.set_slot(
            n, **{name: flipped(slots[n][name], 7)})
        for m in range(len(slots)):
            if m != n:
                yield f"{name} of slot {m}", lambda h, name=name, m=m: \
                    h.set_slot(n, **{name: slots[m][name]})
    for kind in KINDS:
        if kind != slots[n]["kind"]:
            yield f"said to be a {kind.decode()}", lambda h, kind=kind: \
                h.set_slot(n, kind=kind)
    yield "made at another time", lambda h: h.set_slot(n, created=b"1")


def of_params(n, params):
    """Weakened, left out, put in."""
    for name, value in params:
        for what, new in (("a bit", flipped(value)), ("cut", value[:-1]),
                          ("longer", value + b"0"), ("empty", b"")):
            yield f"{name}: {what}", lambda h, name=name, new=new: \
                h.set_param(n, name, new)
        yield f"without {name}", lambda h, name=name: h.set_params(
            n, [p for p in params if p[0] != name])
    for extra in ("path", b"/dev/zero"), ("pin", b"no"), ("x", b""):
        if extra[0] not in dict(params):
            yield f"with {extra[0]}", lambda h, extra=extra: h.set_params(
                n, params + [extra])


def of_table(fields):
    """What stands beside the slots."""
    known = dict(fields)
    for name in "epoch", "sequence", "next_slot", "created":
        yield f"another {name}", lambda h, name=name: h.set(
            name, str(int(known[name]) + 1).encode())
    yield "another store", lambda h: h.set(
        "store_id", flipped(known["store_id"], 7))
    place = pack([("module", b"debug")])
    for name, new in (("home", b"/srv/other"), ("records", place),
                      ("records_other", place), ("index_key", bytes(72)),
                      ("old_master", bytes(72))):
        if name in known:
            yield f"without {name}", lambda h, name=name: h.set(name, None)
            yield f"another {name}", lambda h, name=name, new=new: h.set(
                name, new)
        else:
            yield f"with {name}", lambda h, name=name, new=new: \
                h.fields.append((name, new))


def of_mac(mac):
    for what, new in (("a bit", flipped(mac, 7)), ("zeros", bytes(32))):
        yield f"MAC: {what}", lambda h, new=new: setattr(h, "mac", new)


def changes(path, n):
    """Names and functions of a Header: all that can be done about slot n."""
    h = Header(path)
    yield from of_slots(n, h.slots())
    yield from of_slot(n, h.slots())
    yield from of_params(n, h.params(n))
    yield from of_table(h.fields)
    yield from of_mac(h.mac)


def opens(listed):
    ran = listed()
    assert ran.status == 0, ran.err


def check(store, n, listed, stride=1):
    """listed() is a call of list by slot n alone; it has status, out and
    err.  Opens before, after, and after no change."""
    path = os.path.join(store, "header")
    shutil.copy(path, path + ".whole")
    opens(listed)
    faults, chosen = [], list(changes(path, n))[::stride]
    for name, change in chosen:
        h = Header(path)
        change(h)
        h.write()
        ran = listed()
        shutil.copy(path + ".whole", path)
        if ran.status not in (LOCKED, DAMAGED, CONFIG) or ran.out or \
                len(ran.err) < 40:
            faults.append(f"{name}: {ran.status} {ran.out!r} {ran.err!r}")
    os.unlink(path + ".whole")
    assert not faults, "\n".join(faults)
    opens(listed)
    print(f"# {len(chosen)} changes about slot {n + 1}")
