# SPDX-License-Identifier: BSD-2-Clause
"""What is done to a store: one table for all drivers.

A scenario says how the world looks before, what is said, and what must hold
once it was acknowledged.  Said again it ends well (`again` lists the statuses
that may mean "that was done already").

In the worlds there are the credentials alpha, which scenarios act on, and
beta, which none of them may touch; both have a token.
"""

import ctypes
import json
import os
import re
import shutil
import urllib.parse

import trace
import world

ASKPASS = "#!/bin/sh\nprintf '%s\\n' 'open sesame, open'\n"
OLD, NEW = "alpha-secret-1", "alpha-secret-2"
RENEWAL = 3580  # seconds: of the 3600 of a token too few are left

EXISTS = 12
NOT_FOUND = 3
LOCKED = 4
REFUSED = 5
COOLDOWN = 7
DAMAGED = 9
WRAPPER = 125
NO_STORE = 10


# ---- worlds -----------------------------------------------------------------

def clients(w):
    """Of this world alone: several may have one server."""
    for name, secret, more in (("alpha", OLD, {"also": NEW}),
                               ("beta", "beta-secret", {}),
                               ("gamma", "gamma-secret", {})):
        w.server.client(client_id(w, name), secret, **more)


def client_id(w, name):
    return name + "." + os.path.basename(w.dir)


def add(w, name, secret, *more):
    w.add(name, client_id(w, name), secret, *more)


def no_store(w):
    clients(w)


def filled(w):
    clients(w)
    w.must("init")
    add(w, "alpha", OLD, "--owner", "ops@example.com")
    add(w, "beta", "beta-secret")
    w.alpha = w.token("alpha")
    w.beta = w.token("beta")


def without_token(w):
    filled(w)
    w.must("reject", "alpha", stdin=w.alpha)


def to_be_refused(w):
    """The server has another secret of alpha; it was not asked yet."""
    without_token(w)
    w.server.client(client_id(w, "alpha"), "another secret")


def to_be_slowed(w):
    """Where alpha's tokens are from everybody comes too often."""
    without_token(w)
    w.server.control("script", {
        "vendor": "tiki", "times": -1, "status": 429,
        "headers": {"Retry-After": "3000"}})
    w.write_provider({
        **world.PROVIDER, "id": "busy", "token": {
            **world.PROVIDER["token"],
            "url": "{origin}/tiki/sc/oauth2/token"}})
    w.must("edit", "alpha", "--provider", "busy")


def with_wrong_secret(w):
    """Alpha's new secret is not known at the server, the one before is."""
    filled(w)
    w.must("rotate", "alpha", "--no-try", stdin=NEW)
    w.must("reject", "alpha", stdin=w.alpha)
    w.server.client(client_id(w, "alpha"), OLD)


def with_revoked_token(w):
    """The API refuses it, which the store does not know."""
    filled(w)
    body = urllib.parse.urlencode({
        "token": w.alpha, "client_id": client_id(w, "alpha"),
        "client_secret": OLD})
    w.server.opener.open(w.server.base + "/generic/revoke", body.encode(),
                         20).close()


def with_replaces(w):
    """A provider whose next token kills the last: it must not be lost."""
    filled(w)
    w.write_provider({
        **world.PROVIDER, "id": "jealous",
        "reissue": {"kind": "replaces"}})
    w.must("edit", "alpha", "--provider", "jealous")


def with_the_last(w):
    with_replaces(w)
    w.alpha = w.token("alpha")


def with_two_keys(w):
    filled(w)
    w.must("key", "add", "keyfile=" + second_key(w))


STACK = """unlock sufficient keyring-cache
unlock sufficient keyfile
unlock sufficient doormat directory={mat}
unlock required passphrase
"""


def doormat(w):
    """The example module, which keeps its keys in a directory of the home."""
    modules = w.make("libexec/modules", 0o755)
    shutil.copy(world.built("examples/modules/.libs/doormat",
                            "examples/modules/doormat"), modules)
    os.makedirs(mat(w), exist_ok=True)
    w.stack = w.write("stack.conf", STACK.format(mat=mat(w)))


def mat(w):
    return os.path.join(w.home, ".local/mat")


def no_store_but_a_module(w):
    clients(w)
    doormat(w)


def with_module(w):
    doormat(w)
    filled(w)


def with_module_key(w):
    with_module(w)
    w.must("key", "add", "doormat")


def with_half_a_rekey(w):
    """Killed when one of the records had its new key."""
    with_two_keys(w)
    w.snapshot()
    _, calls = trace.record(w, w.argv("key", "rekey"), w.path("trace"))
    renames = [c for c in calls if "rename" in c.name]
    w.restore()
    point = renames[len(renames) // 2]
    w.call([*trace.inject(point.name, point.n, "signal=KILL"),
            *w.argv("key", "rekey")])
    with open(os.path.join(w.store, "header"), "rb") as f:
        if b"old_master" not in f.read():
            raise AssertionError("the rekey was not cut short")


def other_origin(w):
    """The same server by another name."""
    return w.server.base.replace("127.0.0.1", "localhost")


def second_key(w):
    return os.path.join(w.home, ".config/tokenward/key-2")


def export_key(w):
    return os.path.join(w.home, ".config/tokenward/key-export")


def export_file(w, name="export"):
    return os.path.join(w.home, ".local/exports", name + ".tw")


def shelf(w):
    """Of a store module, a directory: where it keeps a file for a record."""
    return os.path.join(w.home, ".local/shelf")


def with_shelf(w):
    filled(w)
    os.mkdir(shelf(w), 0o700)
    modules = w.make("libexec/modules", 0o755)
    shutil.copy(world.program("tests/modules/debug"), modules + "/debug")


def on_shelf(w):
    with_shelf(w)
    w.must("store", "migrate", "--to", "debug=directory=" + shelf(w))


def original(w):
    return os.path.join(w.home, ".local/original")


def moved(w):
    """The store was made in another directory."""
    clients(w)
    w.must("init", "--store", original(w))
    os.makedirs(os.path.dirname(w.store), exist_ok=True)
    os.rename(original(w), w.store)
    add(w, "alpha", OLD, "--owner", "ops@example.com")
    add(w, "beta", "beta-secret")
    w.alpha, w.beta = w.token("alpha"), w.token("beta")


def copy_on_shelf(w):
    """It is the copy of a store that has its records in a module."""
    on_shelf(w)
    os.rename(w.store, original(w))
    w.must("store", "adopt", "--store", original(w))
    shutil.copytree(original(w), w.store)


def with_export(w):
    """In the export alpha has another owner, and there is gamma."""
    filled(w)
    os.mkdir(os.path.join(w.home, ".local/exports"))
    w.must("apply", "-", stdin=lines(w).splitlines()[1])
    w.must("export", "--to", "keyfile=" + export_key(w), "--output",
           export_file(w))
    w.must("remove", "gamma")
    w.must("edit", "alpha", "--owner", "new@example.com")


def with_old_copy(w):
    """Alpha's credential of before its last change lies there again."""
    filled(w)
    folder = os.path.join(w.store, "credentials")
    before = {n: _content(os.path.join(folder, n))
              for n in os.listdir(folder)}
    w.must("edit", "alpha", "--owner", "new@example.com")
    for name, content in before.items():
        path = os.path.join(folder, name)
        if _content(path) != content:
            with open(path, "wb") as f:
                f.write(content)


def _content(path):
    with open(path, "rb") as f:
        return f.read()


def with_bad_header(w):
    """A bit of it turned; its copy is as it was."""
    filled(w)
    path = os.path.join(w.store, "header")
    data = bytearray(_content(path))
    data[len(data) // 2] ^= 1
    with open(path, "wb") as f:
        f.write(data)


def export_alone(w):
    with_export(w)
    shutil.rmtree(w.store)


def with_askpass(w):
    filled(w)
    w.askpass = w.write("askpass", ASKPASS, 0o700)


def with_passphrase(w):
    clients(w)
    w.askpass = w.write("askpass", ASKPASS, 0o700)
    w.must("init", "--key", "passphrase", "--askpass", w.askpass)
    w.must("unlock", "--askpass", w.askpass)
    add(w, "alpha", OLD)
    add(w, "beta", "beta-secret")
    w.alpha = w.token("alpha")
    w.beta = w.token("beta")
    w.master = keyring_read(w)


# ---- the kernel's keyring, which no copy of a home brings back --------------

LIBC = ctypes.CDLL(None, use_errno=True)
ADD_KEY, KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219)}[
    os.uname().machine]
USER, THREAD = -4, -1
UNLINK, SEARCH, READ, SETPERM, LINK = 9, 10, 11, 5, 8


def keyctl(*args):
    return LIBC.syscall(KEYCTL, *[
        ctypes.c_long(a) if isinstance(a, int) else a for a in args])


def key_name(w):
    """The store's id, as the header has it."""
    with open(os.path.join(w.store, "header"), "rb") as f:
        data = f.read()
    for match in re.finditer(rb"(?s)(?=(.{16}))", data):
        name = b"tokenward:" + match[1].hex().encode()
        if keyctl(SEARCH, USER, b"user", name, 0) > 0:
            return name
    raise AssertionError("the kernel keeps no key of this store")


def keyring_read(w):
    w.key_name = key_name(w)
    key = keyctl(SEARCH, USER, b"user", w.key_name, 0)
    data = ctypes.create_string_buffer(32)
    if keyctl(READ, key, data, 32) != 32:
        raise AssertionError("the kernel's key cannot be read")
    return data.raw


def keyring_has(w):
    return keyctl(SEARCH, USER, b"user", w.key_name, 0) > 0


def keyring_drop(w):
    key = keyctl(SEARCH, USER, b"user", w.key_name, 0)
    if key > 0:
        keyctl(UNLINK, key, USER)


def keyring_put(w):
    keyring_drop(w)
    key = LIBC.syscall(ADD_KEY, b"user", w.key_name, w.master,
                       ctypes.c_size_t(32), ctypes.c_long(THREAD))
    if key < 0 or keyctl(SETPERM, key, 0x003F0000) or \
            keyctl(LINK, key, USER):
        raise AssertionError("the kernel does not take a key")
    keyctl(UNLINK, key, THREAD)


def keyring_forget(w):
    """As a reboot does, for whatever stores have a header in this home."""
    for name in "header", "header.old":
        path = os.path.join(w.store, name)
        data = _content(path) if os.path.exists(path) else b""
        for match in re.finditer(rb"(?s)(?=(.{16}))", data):
            name = b"tokenward:" + match[1].hex().encode()
            key = keyctl(SEARCH, USER, b"user", name, 0)
            if key > 0:
                keyctl(UNLINK, key, USER)


# ---- what can be seen of a store --------------------------------------------

def facts(w, *options):
    """What list says of each credential, but for the hour."""
    seen = {}
    for c in w.json("list", *options):
        seen[c["name"]] = (c["provider"], c["origin"], c["client_id"],
                           c["owner"], c["secret"]["version"],
                           c["secret"]["basis"])
    return seen


class Accepting:
    """As long as it is entered alpha has one secret, the other is refused."""

    def __init__(self, w, secret):
        self.w = w
        self.secret = secret

    def __enter__(self):
        self.w.server.client(client_id(self.w, "alpha"), self.secret)

    def __exit__(self, *_):
        self.w.server.client(client_id(self.w, "alpha"), OLD, also=NEW)


# ---- what must hold once it was acknowledged --------------------------------

def init_holds(w):
    w.must("list", "--no-input")
    if os.stat(w.key).st_mode & 0o777 != 0o600:
        return "the key file has another mode"
    add(w, "alpha", OLD)
    return "" if w.token("alpha") else "no token"


def add_holds(w):
    token = w.token("gamma")
    return "" if token.startswith("gt_") else f"gamma has token {token!r}"


def old_secret_holds(w):
    return _used(w, OLD)


def new_secret_holds(w):
    return _used(w, NEW)


def lines(w):
    """For apply: one credential is changed, one is new."""
    return "".join(json.dumps(o) + "\n" for o in (
        {"name": "alpha", "secret": NEW},
        {"name": "gamma", "provider": "fault",
         "set": {"origin": w.server.base},
         "client_id": client_id(w, "gamma"), "auth": "client_secret_post",
         "owner": "gamma@example.com", "secret": "gamma-secret"}))


def apply_holds(w):
    return new_secret_holds(w) or add_holds(w)


def export_holds(w):
    w.must("import", export_file(w, "new"), "--dry-run")
    left = [n for n in os.listdir(os.path.dirname(export_file(w)))
            if n.endswith(".new")]
    return f"left behind: {left}" if left else ""


def import_holds(w):
    return old_secret_holds(w) or add_holds(w)


def _used(w, secret):
    with Accepting(w, secret):
        result = w.run("token", "alpha", "--new", "--retry")
    return "" if result.status == 0 else f"another secret is used: {result}"


def _kept(w, *options):
    """The token that is served, if it comes from the store."""
    token = w.json("token", "alpha", *options)
    return token["access_token"] if token["source"] == "cache" else ""


def token_holds(w):
    token = _kept(w)
    if not token:
        return "the token was not kept"
    return "" if token != w.alpha else "it is the rejected token"


def renewed_token_holds(w):
    token = _kept(w, "--clock-offset", str(RENEWAL))
    if not token:
        return "the token was not kept"
    return "" if token != w.alpha else "it is the old token"


def asked(w):
    """How often the server was asked for a token of alpha, by anybody."""
    return w.server.control("count")["clients"].get(
        client_id(w, "alpha"), {}).get("requests", 0)


def _is_shut(w, status):
    """Who comes next is told from memory."""
    before = asked(w)
    result = w.run("token", "alpha")
    if result.status != status or "next try" not in result.err:
        return f"no gate is closed: {result}"
    return "" if asked(w) == before else "the server was asked again"


def refusal_holds(w):
    return _is_shut(w, REFUSED)


def cooldown_holds(w):
    return _is_shut(w, COOLDOWN)


def stand_in_holds(w):
    """The next one is bought with the old secret at once."""
    wrong = token_holds(w)
    before = asked(w)
    w.token("alpha", "--new")
    if wrong or asked(w) == before + 1:
        return wrong
    return f"{asked(w) - before} requests for another token"


def edit_holds(w):
    token = w.json("token", "alpha")
    if token["scope"] != "read":
        return f"a token of scope {token['scope']!r} is served"
    return old_secret_holds(w)


def rebind_holds(w):
    origin = facts(w)["alpha"][1]
    if origin != other_origin(w):
        return f"it is sent to {origin}"
    return old_secret_holds(w)


def rename_holds(w):
    if w.run("token", "alpha").status != NOT_FOUND:
        return "the old name still works"
    if w.token("delta") != w.alpha:
        return "the token did not come along"
    w.token("delta", "--new")
    return ""


def reject_holds(w):
    return "" if w.token("alpha") != w.alpha else "a rejected token is served"


def remove_holds(w):
    status = w.run("token", "alpha").status
    return "" if status == NOT_FOUND else f"token alpha: exit {status}"


def _opens_without(w, path):
    os.rename(path, path + ".away")
    status = w.run("list").status
    os.rename(path + ".away", path)
    return status


def key_add_holds(w):
    status = _opens_without(w, w.key)
    return "" if status == 0 else f"the new key alone: exit {status}"


def module_key_holds(w):
    status = _opens_without(w, w.key)
    if status != 0:
        return f"the module's key alone: exit {status}"
    slots = [k for k in w.json("key", "list") if k["kind"] == "doormat"]
    left = os.listdir(mat(w))
    return "" if len(left) == len(slots) else \
        f"under the mat: {left}, of the slots {slots}"


def module_init_holds(w):
    w.must("list", "--no-input")
    add(w, "alpha", OLD)
    return "" if w.token("alpha") else "no token"


def module_key_removed_holds(w):
    kinds = [k["kind"] for k in w.json("key", "list")]
    if kinds != ["keyfile"]:
        return f"the keys are {kinds}"
    return under_the_mat(w)


def under_the_mat(w):
    left = os.listdir(mat(w))
    return f"still under the mat: {left}" if left else ""


def destroy_module_key_holds(w):
    return under_the_mat(w) or destroy_holds(w)


def recovery_holds(w):
    kinds = {k["kind"] for k in w.json("key", "list")}
    return "" if kinds == {"keyfile", "recovery"} else f"the keys: {kinds}"


def passphrase_holds(w):
    kinds = {k["kind"] for k in w.json("key", "list")}
    if kinds != {"keyfile", "passphrase"}:
        return f"the keys: {kinds}"
    os.rename(w.key, w.key + ".away")
    status = w.run("list", "--askpass", w.askpass).status
    os.rename(w.key + ".away", w.key)
    return "" if status == 0 else f"the passphrase alone: exit {status}"


def repaired_holds(w):
    header = _content(os.path.join(w.store, "header"))
    if header != _content(os.path.join(w.store, "header.old")):
        return "the header is not its copy"
    if _content(os.path.join(w.store, "header.bad")) == header:
        return "what was damaged is gone"
    w.must("store", "verify")
    return "" if w.token("alpha") == w.alpha else "the token is another one"


def key_remove_holds(w):
    status = _opens_without(w, w.key)
    if status != LOCKED:
        return f"the removed key alone: exit {status}"
    with open(os.path.join(w.store, "header.old"), "rb") as f:
        kept = b"key-2" in f.read()
    return "the header's copy still has the slot" if kept else ""


def epoch_of_header(data):
    return int(re.search(rb"\x05epoch\0\0\0.(\d+)", data)[1])


def rekey_holds(w):
    copies = []
    for name in "header", "header.old":
        with open(os.path.join(w.store, name), "rb") as f:
            copies.append(f.read())
    if copies[0] != copies[1]:
        return "the header's copy is another one"
    if b"old_master" in copies[0]:
        return "the old master key is still kept"
    epoch = epoch_of_header(copies[0])
    if epoch < 2:
        return "it is the old master key"
    for name in w.store_files():
        if "/" not in name:
            continue
        with open(os.path.join(w.store, name), "rb") as f:
            of_record = int.from_bytes(f.read(16)[12:], "big")
        if of_record != epoch:
            return f"{name} is of epoch {of_record}, not {epoch}"
    return "" if w.token("alpha") == w.alpha else "the token is another one"


def upgrade_holds(w):
    w.must("store", "verify")
    return "" if w.token("alpha") == w.alpha else "the token is another one"


def kept_holds(w):
    """What is in the file and was not here came, the rest stayed."""
    if facts(w)["alpha"][3] != "new@example.com":
        return "alpha was replaced"
    return add_holds(w)


def moved_holds(w):
    found = w.json("store", "verify")
    return f"verify finds {found}" if found else upgrade_holds(w)


def original_holds(w):
    if len(os.listdir(shelf(w))) != 4 or not os.path.exists(w.key):
        return "what the store has elsewhere was taken away"
    token = w.token("alpha", "--store", original(w))
    return "" if token == w.alpha else "the store's token is another one"


def destroy_copy_holds(w):
    return "the copy is there" if os.path.exists(w.store) \
        else original_holds(w)


def migrate_copy_holds(w):
    if len(_record_files(w)) != 4:
        return f"records of the copy: {_record_files(w)}"
    w.must("store", "verify")
    return original_holds(w)


def adopt_holds(w):
    w.must("store", "verify")
    w.token("alpha", "--new")
    return old_secret_holds(w)


def _lies(w, here, there, header):
    """All records, of two credentials, lie here, and none there."""
    with open(os.path.join(w.store, "header"), "rb") as f:
        data = f.read()
    if (b"records" in data) != header or b"records_other" in data:
        return "the header says otherwise"
    if (len(here), len(there)) != (4, 0):
        return f"records lie in {here} and in {there}"
    w.must("store", "verify")
    return "" if w.token("alpha") == w.alpha else "the token is another one"


def _record_files(w):
    return [f for f in w.store_files() if "/" in f]


def migrate_holds(w):
    return _lies(w, os.listdir(shelf(w)), _record_files(w), True)


def migrate_back_holds(w):
    return _lies(w, _record_files(w), os.listdir(shelf(w)), False)


def destroy_holds(w):
    left = [p for p in (w.store, w.key) if os.path.lexists(p)]
    return f"still there: {left}" if left else ""


def destroy_shelf_holds(w):
    left = os.listdir(shelf(w))
    return f"still on the shelf: {left}" if left else destroy_holds(w)


def unlock_holds(w):
    return "" if keyring_has(w) else "the kernel has no key"


def lock_holds(w):
    status = w.run("token", "alpha", "--no-input").status
    return "" if status == LOCKED else f"token alpha: exit {status}"


# ---- the table --------------------------------------------------------------

class Scenario:
    known = {}
    api = False

    def __init__(self, name, setup, args, holds, **more):
        assert name not in self.known, name
        self.known[name] = self
        self.name = name
        self.setup = setup
        self.args = args
        self.holds = holds  # returns what is wrong, or ""
        self.stdin = more.get("stdin", "")  # a text, or a function of w
        self.again = more.get("again", {0})
        self.touches = more.get("touches", {"alpha"})
        self.options = more.get("options", [])  # of each look at it
        self.prepare = more.get("prepare")  # what a copied home has not
        self.slow = more.get("slow", False)  # or like another one
        self.stretches = more.get("stretches", False)  # a key, each time
        self.seconds = 20 if self.stretches else 5  # that it may take
        self.durable = more.get("durable", True)
        self.ends = more.get("ends", False)  # there is no store afterwards
        # statuses that "list" may have, before, in between or afterwards
        self.shut = more.get("shut", {NO_STORE, LOCKED} if self.ends else
                             set())
        # of what was acknowledged, besides its facts, at once: as holds
        self.kept = more.get("kept", lambda w: "")
        self.status = more.get("status", 0)  # undisturbed
        self.reads = more.get("reads", False)  # and changes nothing
        self.runs_another = args[0] in ("exec", "curl")
        # what it may end with when it fails itself
        self.failures = {WRAPPER} if self.runs_another else set(range(1, 13))

    def argv(self, w, *more):
        words = self.command(w)
        end = words.index("--") if "--" in words else len(words)
        return w.argv(*words[:end], *more, *words[end:])

    def command(self, w):
        return [a.format(origin="origin=" + w.server.base,
                         other_origin="origin=" + other_origin(w),
                         gamma=client_id(w, "gamma"),
                         askpass=getattr(w, "askpass", ""),
                         second_key=second_key(w), export=export_file(w),
                         export_key=export_key(w),
                         output=export_file(w, "new"), shelf=shelf(w),
                         provider=w.path("providers/fault.json"),
                         broken=w.path("broken.json"),
                         lines=w.path("lines"),
                         alpha=getattr(w, "alpha", ""),
                         api=w.server.base + "/generic/api/orders")
                for a in self.args]

    def input(self, w):
        return self.stdin(w) if callable(self.stdin) else self.stdin

    def begin(self, w):
        """The world as it was set up, again."""
        w.restore()
        if self.prepare:
            self.prepare(w)


ADD = ["--provider", "fault", "--set", "{origin}", "--client-id", "{gamma}",
       "--auth", "client_secret_post", "--owner", "gamma@example.com"]

SCENARIOS = [
    Scenario("init", no_store, ["init"], init_holds,
             again={0, EXISTS}, touches=set()),
    Scenario("init --if-missing", no_store, ["init", "--if-missing"],
             init_holds, touches=set()),
    Scenario("add", filled, ["add", "gamma", *ADD], add_holds,
             stdin="gamma-secret", again={0, EXISTS}, touches={"gamma"}),
    Scenario("add --update, new", filled, ["add", "gamma", "--update", *ADD],
             add_holds, stdin="gamma-secret", touches={"gamma"}),
    Scenario("add --update, changed", filled,
             ["add", "alpha", "--update", "--owner", "new@example.com"],
             new_secret_holds, stdin=NEW),
    Scenario("add --try", filled, ["add", "gamma", "--try", *ADD],
             add_holds, stdin="gamma-secret", again={0, EXISTS},
             touches={"gamma"}, slow=True),
    Scenario("apply", filled, ["apply", "-"], apply_holds, stdin=lines,
             touches={"alpha", "gamma"}),
    Scenario("rotate", filled, ["rotate", "alpha"], new_secret_holds,
             stdin=NEW),
    Scenario("rotate --no-try", filled, ["rotate", "alpha", "--no-try"],
             new_secret_holds, stdin=NEW, slow=True),
    Scenario("token, cold", without_token, ["token", "alpha"], token_holds,
             durable=False),
    Scenario("token --new", filled, ["token", "alpha", "--new"], token_holds,
             durable=False, slow=True),
    Scenario("token --rejected", filled, ["token", "alpha", "--rejected"],
             token_holds, durable=False, slow=True),
    Scenario("exec, cold", without_token, ["exec", "alpha", "--", "true"],
             token_holds, durable=False, slow=True),
    Scenario("curl, cold", without_token,
             ["curl", "alpha", "--", "-sS", "{api}"], token_holds,
             durable=False, slow=True),
    Scenario("curl, 401, renews", with_revoked_token,
             ["curl", "alpha", "--", "-sS", "-f", "{api}"], token_holds,
             durable=False, slow=True),
    Scenario("token, refused", to_be_refused, ["token", "alpha", "--verbose"],
             refusal_holds, status=REFUSED, again={REFUSED},
             kept=refusal_holds),
    Scenario("token, 429", to_be_slowed, ["token", "alpha", "--verbose"],
             cooldown_holds, status=COOLDOWN, again={COOLDOWN},
             kept=cooldown_holds, durable=False, slow=True),
    Scenario("token, the old secret helps out", with_wrong_secret,
             ["token", "alpha", "--verbose"], stand_in_holds, slow=True),
    Scenario("token, renewal", filled,
             ["token", "alpha", "--clock-offset", str(RENEWAL)],
             renewed_token_holds, options=["--clock-offset", str(RENEWAL)],
             durable=False),
    Scenario("token, the last of its kind", with_replaces,
             ["token", "alpha"], token_holds),
    Scenario("token, renewal of such a one", with_the_last,
             ["token", "alpha", "--clock-offset", str(RENEWAL)],
             renewed_token_holds, options=["--clock-offset", str(RENEWAL)]),
    Scenario("edit", filled,
             ["edit", "alpha", "--scope", "read", "--owner",
              "new@example.com"], edit_holds),
    Scenario("edit --rebind", filled,
             ["edit", "alpha", "--set", "{other_origin}", "--rebind"],
             rebind_holds, stdin=OLD, slow=True),
    Scenario("rename", filled, ["rename", "alpha", "delta"], rename_holds,
             again={0, NOT_FOUND}, touches={"alpha", "delta"}),
    Scenario("reject", filled, ["reject", "alpha"], reject_holds,
             stdin=lambda w: w.alpha),
    Scenario("remove", filled, ["remove", "alpha"], remove_holds,
             again={0, NOT_FOUND}),
    Scenario("remove --if-present", filled,
             ["remove", "alpha", "--if-present"], remove_holds),
    Scenario("export", with_export,
             ["export", "--to", "keyfile={export_key}", "--output",
              "{output}"], export_holds, again={0, EXISTS}, touches=set()),
    Scenario("import", with_export, ["import", "{export}", "--update"],
             import_holds, touches={"alpha", "gamma"}),
    Scenario("init --from", export_alone, ["init", "--from", "{export}"],
             import_holds, touches={"alpha", "beta", "gamma"}),
    Scenario("store adopt", with_old_copy, ["store", "adopt"], adopt_holds),
    Scenario("store destroy", filled, ["store", "destroy", "--yes"],
             destroy_holds, again={0, NO_STORE}, touches={"alpha", "beta"},
             ends=True),
    Scenario("store adopt, where it is now", moved, ["store", "adopt"],
             moved_holds, touches=set()),
    Scenario("store destroy, of a copy", copy_on_shelf,
             ["store", "destroy", "--yes"], destroy_copy_holds, slow=True,
             again={0, NO_STORE}, touches={"alpha", "beta"}, ends=True),
    Scenario("store migrate, of a copy", copy_on_shelf,
             ["store", "migrate", "--to", "files"], migrate_copy_holds,
             slow=True, touches=set()),
    Scenario("store destroy, of a module", on_shelf,
             ["store", "destroy", "--yes"], destroy_shelf_holds, slow=True,
             again={0, NO_STORE}, touches={"alpha", "beta"}, ends=True),
    Scenario("store migrate", with_shelf,
             ["store", "migrate", "--to", "debug=directory={shelf}"],
             migrate_holds, slow=True, touches=set()),
    Scenario("store migrate, back", on_shelf,
             ["store", "migrate", "--to", "files"], migrate_back_holds,
             slow=True, touches=set()),
    Scenario("key add", filled, ["key", "add", "keyfile={second_key}"],
             key_add_holds, again={0, EXISTS}, touches=set()),
    Scenario("key add, a passphrase", with_askpass,
             ["key", "add", "passphrase", "--askpass", "{askpass}"],
             passphrase_holds, again={0, EXISTS}, touches=set(), slow=True,
             stretches=True),
    Scenario("key remove", with_two_keys, ["key", "remove", "2"],
             key_remove_holds, again={0, NOT_FOUND}, touches=set()),
    Scenario("key rekey", with_two_keys, ["key", "rekey"], rekey_holds,
             touches=set()),
    Scenario("key rekey, the rest of it", with_half_a_rekey,
             ["key", "rekey"], rekey_holds, touches=set(), slow=True),
    Scenario("key add, a module's", with_module, ["key", "add", "doormat"],
             module_key_holds, touches=set(), slow=True),
    Scenario("key add, a recovery code", filled, ["key", "add", "recovery"],
             recovery_holds, touches=set(), slow=True),
    Scenario("key remove, a module's", with_module_key,
             ["key", "remove", "2"], module_key_removed_holds,
             again={0, NOT_FOUND}, touches=set(), slow=True),
    Scenario("key rekey, a module's", with_module_key, ["key", "rekey"],
             rekey_holds, touches=set(), slow=True),
    Scenario("init, a module's", no_store_but_a_module,
             ["init", "--key", "doormat", "--no-recovery"],
             module_init_holds, again={0, EXISTS}, touches=set(), slow=True),
    Scenario("store destroy, a module's", with_module_key,
             ["store", "destroy", "--yes"], destroy_module_key_holds,
             again={0, NO_STORE}, touches={"alpha", "beta"}, ends=True,
             slow=True),
    Scenario("doctor --repair", with_bad_header, ["doctor", "--repair"],
             repaired_holds, touches={"alpha", "beta"}, shut={DAMAGED},
             slow=True),
    Scenario("store upgrade", filled, ["store", "upgrade"], upgrade_holds,
             touches=set(), slow=True),
    Scenario("import --keep", with_export, ["import", "{export}", "--keep"],
             kept_holds, touches={"gamma"}, slow=True),
    Scenario("unlock", with_passphrase,
             ["unlock", "--askpass", "{askpass}"], unlock_holds,
             prepare=keyring_drop, slow=True, touches=set()),
    Scenario("lock", with_passphrase, ["lock"], lock_holds,
             prepare=keyring_put, touches=set()),
]
