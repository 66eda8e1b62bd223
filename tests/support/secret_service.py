# SPDX-License-Identifier: BSD-2-Clause
"""A Secret Service that does what its test says, on a bus of bus.Bus(None).

    with secret_service.Service(b.address) as s:
        s.faults["GetSecret"] = "never"
        s.calls       # the methods that were called, in order
        s.items       # path: Item, which live on in Service(..., items)

Without faults it is a small and correct one with a single collection, whose
sessions are encrypted.  Methods have their D-Bus names; of a property, "Get"
and its name with a dot.  What a fault does is in Service.FAULTS.
"""

import ctypes
import hashlib
import hmac
import secrets
import threading

import dbus
import dbus.bus
import dbus.lowlevel
import dbus.mainloop.glib
from gi.repository import GLib

NAME = "org.freedesktop.secrets"
ROOT = "/org/freedesktop/secrets"
COLLECTION = ROOT + "/collection/login"
SECRET = "org.freedesktop.Secret."
PROPERTIES = "org.freedesktop.DBus.Properties"
ENCRYPTED = "dh-ietf1024-sha256-aes128-cbc-pkcs7"
LATE_MS = 1500
HUGE = 10 << 20
PRIME = int(  # RFC 2409, the second group
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF", 16)

dbus.mainloop.glib.threads_init()
_crypto = ctypes.CDLL("libcrypto.so.3")
for _name in ("EVP_CIPHER_CTX_new", "EVP_aes_128_cbc"):
    getattr(_crypto, _name).restype = ctypes.c_void_p


def aes(key, iv, data, encrypt):
    """AES-128-CBC with the usual padding."""
    context = ctypes.c_void_p(_crypto.EVP_CIPHER_CTX_new())
    out = ctypes.create_string_buffer(len(data) + 32)
    n, last = ctypes.c_int(), ctypes.c_int()
    _crypto.EVP_CipherInit_ex(
        context, ctypes.c_void_p(_crypto.EVP_aes_128_cbc()), None, key, iv,
        int(encrypt))
    _crypto.EVP_CipherUpdate(context, out, ctypes.byref(n), data, len(data))
    good = _crypto.EVP_CipherFinal_ex(
        context, ctypes.byref(out, n.value), ctypes.byref(last))
    _crypto.EVP_CIPHER_CTX_free(context)
    assert good == 1, "what came cannot be decrypted"
    return out.raw[:n.value + last.value]


class Item:
    def __init__(self, label, attributes, secret, content):
        self.label, self.attributes = label, attributes
        self.secret, self.content = secret, content


def text(value):
    return dbus.String(value)


def paths(values):
    return dbus.Array([dbus.ObjectPath(v) for v in values], signature="o")


class Service:
    def __init__(self, address, items=None):
        self.address = address
        self.items = {} if items is None else items
        self.faults = {}
        self.calls = []
        self.locked = False
        self.asks = False        # before it unlocks, makes, deletes
        self.on_prompt = "done"  # "never", "dismissed", "type", "exit",
        #                          "locked", "stranger"
        self.wrong = None        # what SearchItems finds instead
        self.made = None         # what CreateItem says it made instead
        self.late_ms = LATE_MS
        self.offers = ENCRYPTED
        self.sessions = {}
        self.stranger_calls = []
        self.seen = []           # lengths of secrets as they came
        self.number = 0
        self.bus = None
        self._pending = {}
        self._strangers = []

    # ---- beginning and end

    def __enter__(self):
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,),
                                       daemon=True)
        self.thread.start()
        assert ready.wait(20) and self.bus, "the service did not start"
        return self

    def __exit__(self, *_):
        self._later(0, self.loop.quit)
        self.thread.join(20)

    def _connect(self, handler):
        connection = dbus.bus.BusConnection(
            self.address, mainloop=dbus.mainloop.glib.DBusGMainLoop())
        connection.set_exit_on_disconnect(False)
        connection.add_message_filter(handler)
        return connection

    def _run(self, ready):
        self.loop = GLib.MainLoop()
        try:
            self.bus = self._connect(self._handle)
            self._own(self.bus)
        finally:
            ready.set()
        self.loop.run()
        for connection in (self.bus, *self._strangers):
            connection.close()

    @staticmethod
    def _own(connection):
        connection.request_name(NAME, dbus.bus.NAME_FLAG_ALLOW_REPLACEMENT |
                                dbus.bus.NAME_FLAG_REPLACE_EXISTING)

    @staticmethod
    def _later(milliseconds, function, *arguments):
        def once():
            function(*arguments)
            return False
        GLib.timeout_add(milliseconds, once)

    # ---- faults

    def _never(self, message, *_):
        pass

    def _late(self, message, kind, values):
        self._later(self.late_ms, self._send, message, kind, values)

    def _slow(self, message, kind, values):
        self._later(150, self._send, message, kind, values)

    def _twice(self, message, kind, values):
        self._send(message, kind, values)
        self._send(message, kind, values)
        self._send(message, "u", [7])

    def _type(self, message, *_):
        self._send(message, "u", [7])

    def _nothing(self, message, *_):
        self._send(message, "", [])

    def _variant(self, message, kind, values):
        """The right frame, in it a variant of the wrong type."""
        other = dbus.UInt32(7, variant_level=1)
        self._send(message, kind, [other if kind[i] == "v" else value
                                   for i, value in enumerate(values)]
                   if kind[0] == "v" else values)

    def _huge(self, message, kind, values):
        self._send(message, kind, [self._blown_up(v) for v in values])

    def _blown_up(self, value):
        if isinstance(value, dbus.ByteArray):
            return dbus.ByteArray(b"\xa5" * HUGE,
                                  variant_level=value.variant_level)
        if isinstance(value, dbus.Array) and value.signature == "o":
            return paths([COLLECTION + "/x%d" % i
                          for i in range(HUGE // 60)])
        if isinstance(value, dbus.Dictionary):
            return dbus.Dictionary({text("x"): text("y" * HUGE)},
                                   signature="ss", variant_level=1)
        if isinstance(value, dbus.ObjectPath):
            return dbus.ObjectPath(ROOT + "/" + "x" * HUGE)
        if isinstance(value, tuple):
            return tuple(self._blown_up(v) for v in value)
        return value

    def _error(self, message, *_):
        self.bus.send_message(dbus.lowlevel.ErrorMessage(
            message, "org.example.Error.Strange", "x" * 5000))

    def _exit(self, *_):
        self.bus.flush()
        self.bus.close()

    def _owner(self, message, kind, values):
        """Another one takes the name, and this one answers no more."""
        self._strangers.append(self._connect(self._stranger))
        self._own(self._strangers[-1])
        self._exit()

    def _stranger(self, _, message):
        if message.get_member() not in ("NameAcquired", "NameLost"):
            self.stranger_calls.append(message.get_member())
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    FAULTS = {"never": _never, "late": _late, "slow": _slow, "twice": _twice,
              "type": _type, "nothing": _nothing, "variant": _variant,
              "huge": _huge, "error": _error, "exit": _exit, "owner": _owner}

    def _send(self, message, kind, values):
        reply = dbus.lowlevel.MethodReturnMessage(message)
        if kind:
            reply.append(*values, signature=kind)
        if self.bus.get_is_connected():
            self.bus.send_message(reply)

    def _handle(self, _, message):
        if message.get_type() != 1:  # a method call
            return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        name, given = message.get_member(), message.get_args_list(
            byte_arrays=True)
        if name == "Get":
            name = "Get." + given[1]
        self.calls.append(name)
        known = getattr(self, name.replace(".", "_"), None)
        if known is None:
            self._error(message)
            return dbus.lowlevel.HANDLER_RESULT_HANDLED
        kind, values = known(message.get_path(), *given)
        fault = self.FAULTS[self.faults[name]] if name in self.faults else None
        if fault:
            fault(self, message, kind, values)
        else:
            self._send(message, kind, values)
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    # ---- what a Secret Service does

    def GetAll(self, path, interface):
        return "a{sv}", [dbus.Dictionary(
            {"Collections": paths([COLLECTION])}, signature="sv")]

    def Get_Collections(self, path, *_):
        return "v", [dbus.Array([dbus.ObjectPath(COLLECTION)], signature="o",
                                variant_level=1)]

    def Get_Label(self, path, *_):
        label = self.items[path].label if path in self.items else "Login"
        return "v", [dbus.String(label, variant_level=1)]

    def Get_Locked(self, path, *_):
        return "v", [dbus.Boolean(self.locked, variant_level=1)]

    def Get_Attributes(self, path, *_):
        item = self.items.get(path)
        return "v", [dbus.Dictionary(item.attributes if item else {},
                                     signature="ss", variant_level=1)]

    def OpenSession(self, path, algorithm, given):
        self.number += 1
        session = "%s/session/%d" % (ROOT, self.number)
        if self.offers != ENCRYPTED:
            return "vo", [dbus.String("", variant_level=1),
                          dbus.ObjectPath(session)]
        if algorithm != ENCRYPTED:
            return "vo", [dbus.String("", variant_level=1),
                          dbus.ObjectPath("/")]
        private = secrets.randbits(1000)
        shared = pow(int.from_bytes(bytes(given), "big"), private, PRIME)
        prk = hmac.digest(b"\0" * 32, shared.to_bytes(128, "big"), "sha256")
        self.sessions[session] = hmac.new(
            prk, b"\1", hashlib.sha256).digest()[:16]
        public = pow(2, private, PRIME).to_bytes(128, "big")
        return "vo", [dbus.ByteArray(public, variant_level=1),
                      dbus.ObjectPath(session)]

    def ReadAlias(self, path, name):
        return "o", [dbus.ObjectPath(COLLECTION if name == "default"
                                     else "/")]

    def SearchItems(self, path, attributes):
        wanted = {str(k): str(v) for k, v in attributes.items()}
        found = [p for p, i in self.items.items()
                 if wanted.items() <= i.attributes.items()]
        if self.wrong is not None:
            found = [self.wrong]
        nothing = paths([])
        return "aoao", [nothing if self.locked else paths(found),
                        paths(found) if self.locked else nothing]

    def GetSecret(self, path, session):
        item, iv = self.items[path], secrets.token_bytes(16)
        key = self.sessions.get(session, b"no session's key")
        data = aes(key, iv, item.secret, True)
        return "(oayays)", [(
            dbus.ObjectPath(session), dbus.ByteArray(iv),
            dbus.ByteArray(data), text(item.content))]

    def CreateItem(self, path, properties, secret, replace):
        session, iv, data, content = secret
        self.seen.append(len(data))
        self.number += 1
        item = Item(str(properties[SECRET + "Item.Label"]),
                    {str(k): str(v) for k, v in
                     properties[SECRET + "Item.Attributes"].items()},
                    aes(self.sessions.get(session), bytes(iv), bytes(data),
                        False), str(content))
        made = "%s/%d" % (COLLECTION, self.number)

        def make():
            self.items[made] = item
            return dbus.ObjectPath(made, variant_level=1)
        prompt = self._prompt(make)
        if prompt == "/":
            make()
        told = self.made or made
        return "oo", [dbus.ObjectPath("/" if self.asks else told), prompt]

    def Delete(self, path):
        def delete():
            self.items.pop(path, None)
            return dbus.String("", variant_level=1)
        prompt = self._prompt(delete)
        if prompt == "/":
            delete()
        return "o", [prompt]

    def Unlock(self, path, objects):
        def unlock():
            self.locked = self.on_prompt == "locked"
            return dbus.Array(list(objects), signature="o", variant_level=1)
        return "aoo", [paths([]), self._prompt(unlock)]

    def _prompt(self, action):
        if not self.asks:
            return dbus.ObjectPath("/")
        self.number += 1
        path = "%s/prompt/%d" % (ROOT, self.number)
        self._pending[path] = action
        return dbus.ObjectPath(path)

    def Prompt(self, path, window):
        how = self.on_prompt
        if how == "exit":
            self._later(100, self._exit)
        elif how == "stranger":
            self._strangers.append(self._connect(self._stranger))
            self._later(50, self._complete, self._strangers[-1], path,
                        "bv", [False, dbus.String("", variant_level=1)])
        elif how == "type":
            self._later(50, self._complete, self.bus, path, "u", [7])
        elif how == "dismissed":
            self._later(50, self._complete, self.bus, path, "bv",
                        [True, dbus.String("", variant_level=1)])
        elif how != "never":
            self._later(50, self._done, path)
        return "", []

    def _done(self, path):
        action = self._pending.pop(path, None)
        if action is None:  # dismissed
            return
        result = action()
        self._complete(self.bus, path, "bv", [False, result])

    @staticmethod
    def _complete(connection, path, kind, values):
        signal = dbus.lowlevel.SignalMessage(path, SECRET + "Prompt",
                                             "Completed")
        signal.append(*values, signature=kind)
        connection.send_message(signal)
        connection.flush()

    def Dismiss(self, path):
        self._pending.pop(path, None)
        return "", []
