# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the fetch helper share: frames, plans, servers, keys.

Frames are written and read here a second time, from their description in
lib/base/frame.h, so that both sides of the codec are checked.
"""

import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import traceback

DRIVE = os.environ.get("FETCH_DRIVE", "tests/servers/fetch-drive")
LIBEXEC = os.environ.get("FETCH_LIBEXEC", "libexec/fetch")
# A build with sanitizers cannot look for leaks under strace.
TRACED = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
TOKEN = "tok-4f1c9a7be2d84c55-the-token"
SECRET = "s3cr+t/with ödd \"chars\"&=%"
ANSWER = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}


# ---- frames

def pack(pairs):
    out = b""
    for key, value in pairs:
        if isinstance(value, bool):
            value = int(value)
        if not isinstance(value, bytes):
            value = str(value).encode()
        out += bytes([len(key)]) + key.encode()
        out += struct.pack(">I", len(value)) + value
    return out


def unpack(data):
    pairs = []
    while data:
        n = data[0]
        key, data = data[1:1 + n].decode(), data[1 + n:]
        (size,) = struct.unpack(">I", data[:4])
        pairs.append((key, data[4:4 + size]))
        assert len(pairs[-1][1]) == size, "cut off"
        data = data[4 + size:]
    return pairs


def provider(**token):
    return json.dumps({"schema": 1, "id": "hostile", "name": "Hostile",
                       "token": {"url": "https://localhost/t", **token}})


def plan(url, **changes):
    """A plan's pairs; members named in changes replace or (None) drop."""
    p = {"method": "POST", "url": url,
         "headers": pack([("content-type", "application/x-www-form-urlencoded"),
                          ("accept", "application/json"),
                          ("authorization", "Basic aWQ6c2VjcmV0LXZhbHVl")]),
         "body": "grant_type=client_credentials",
         "origin": "/".join(url.split("/")[:3]),
         "plain-http": 0, "timeout-ms": 5000, "tries": 1,
         "provider": provider(), "redact": pack([("v", SECRET)]),
         "exchange": 0, "clock-offset": 0}
    for key, value in changes.items():
        p[key.replace("_", "-")] = value
    return [(k, v) for k, v in p.items() if v is not None]


class Reply:
    def __init__(self, pairs, seconds, rss):
        self.keep = [dict(unpack(v)) for k, v in pairs if k == "keep"]
        self.all = {k: v.decode() for k, v in pairs if k != "keep"}
        self.seconds = seconds
        self.rss = rss

    def __getattr__(self, name):
        return self.all.get(name.replace("_", "-"))

    def __repr__(self):
        return "%r in %.2f s" % (self.all, self.seconds)


def drive(pairs, env=None, user=None):
    """Runs the plan through fetch_run(); (exit status, Reply or words)."""
    start = time.monotonic()
    done = subprocess.run([DRIVE, LIBEXEC], input=pack(pairs), env=env,
                          capture_output=True, timeout=60, user=user)
    seconds = time.monotonic() - start
    words = done.stderr.decode().strip().split("\n")
    if done.returncode:
        return done.returncode, " ".join(words[:-1])
    return 0, Reply(unpack(done.stdout), seconds, int(words[-1]))


def fetch(url, **changes):
    status, reply = drive(plan(url, **changes))
    assert status == 0, reply
    return reply


# ---- servers

class Server:
    """Calls serve(connection, number) in a thread per connection."""

    def __init__(self, serve, context=None, host="127.0.0.1"):
        self.serve = serve
        self.context = context
        self.seen = []  # what was read, one per connection
        self.connections = 0
        self.socket = socket.create_server((host, 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, path="/token", host="127.0.0.1"):
        scheme = "https" if self.context else "http"
        return "%s://%s:%d%s" % (scheme, host, self.port, path)

    def accept(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.one, args=(c, self.connections),
                             daemon=True).start()

    def one(self, c, number):
        try:
            if self.context:
                c = self.context.wrap_socket(c, server_side=True)
            self.serve(c, number)
        except (OSError, ValueError):
            pass  # the client has every right to go
        finally:
            c.close()

    def close(self):
        self.socket.close()


def read_request(c):
    """Head and body of one request."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = c.recv(65536)
        if not more:
            return data, b""
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    size = 0
    for line in head.split(b"\r\n")[1:]:
        if line.lower().startswith(b"content-length:"):
            size = int(line.split(b":")[1])
    while len(body) < size:
        body += c.recv(65536)
    return head, body


def answer(body=ANSWER, status="200 OK", headers=(), length=None):
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    lines = ["HTTP/1.1 " + status, "Content-Type: application/json"]
    if length is not False:
        lines.append("Content-Length: %d" % (len(body) if length is None
                                             else length))
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


class Fixed(Server):
    """Reads a request, keeps it, sends these bytes, closes."""

    def __init__(self, data, context=None, **more):
        def serve(c, _):
            self.seen.append(read_request(c))
            c.sendall(data)
        super().__init__(serve, context, **more)


# ---- keys and certificates

CA_CONF = """
[ca]
default_ca = this
[this]
database = {dir}/index.txt
new_certs_dir = {dir}
serial = {dir}/serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = optional
"""


class Pki:
    """A throwaway authority and certificates good and bad."""

    def __init__(self, directory):
        self.dir = directory
        with open(self.path("index.txt"), "w"):
            pass
        with open(self.path("serial"), "w") as f:
            f.write("01\n")
        with open(self.path("ca.conf"), "w") as f:
            f.write(CA_CONF.format(dir=directory))
        self.authority("ca")

    def path(self, name):
        return os.path.join(self.dir, name)

    def run(self, *args):
        done = subprocess.run(["openssl", *args], cwd=self.dir, text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, (args, done.stderr)

    def key(self, name, kind=("EC", "-pkeyopt", "ec_paramgen_curve:P-256")):
        self.run("genpkey", "-algorithm", *kind, "-out", name + ".key")

    def authority(self, name):
        self.key(name)
        self.run("req", "-x509", "-new", "-key", name + ".key", "-days", "30",
                 "-subj", "/CN=test authority", "-out", name + ".pem",
                 "-addext", "basicConstraints=critical,CA:TRUE",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def leaf(self, name, san="DNS:localhost,IP:127.0.0.1", ca="ca", start=None,
             end=None, extra="", md="sha256", subject="/CN=localhost",
             **key):
        self.key(name, **key)
        self.run("req", "-new", "-key", name + ".key", "-subj", subject,
                 "-out", name + ".csr")
        with open(self.path(name + ".ext"), "w") as f:
            f.write("extendedKeyUsage=serverAuth\n" + extra + "\n")
            if san:
                f.write("subjectAltName=%s\n" % san)
        times = ["-startdate", start or "20200101000000Z",
                 "-enddate", end or "20490101000000Z"]
        self.run("ca", "-batch", "-notext", "-config", "ca.conf", "-md", md,
                 "-cert", ca + ".pem", "-keyfile", ca + ".key", "-in",
                 name + ".csr", "-out", name + ".pem", "-extfile",
                 name + ".ext", *times)

    def self_signed(self, name):
        self.key(name)
        self.run("req", "-x509", "-new", "-key", name + ".key", "-days", "30",
                 "-subj", "/CN=localhost", "-out", name + ".pem", "-addext",
                 "subjectAltName=DNS:localhost,IP:127.0.0.1")

    def text(self, name="ca"):
        with open(self.path(name + ".pem")) as f:
            return f.read()

    def context(self, name, chain=()):
        if chain:
            with open(self.path(name + ".chain"), "w") as f:
                f.write("".join(self.text(c) for c in (name, *chain)))
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ctx.set_ciphers("DEFAULT:@SECLEVEL=0")
        ctx.load_cert_chain(self.path(name + (".chain" if chain else ".pem")),
                            self.path(name + ".key"))
        return ctx


# ---- running

def run(cases):
    """Runs functions named case_*; those given as arguments, else all."""
    wanted = sys.argv[1:]
    for needed in (DRIVE, os.path.join(LIBEXEC, "fetch")):
        if not os.path.isfile(needed):
            sys.exit("no %s: run in the build directory" % needed)
    failed = 0
    for name, case in list(cases.items()):
        if not name.startswith("case_") or not callable(case):
            continue
        name = name[5:].replace("_", " ")
        if wanted and not any(w in name for w in wanted):
            continue
        start = time.monotonic()
        try:
            case()
            print("ok - %s (%.1f s)" % (name, time.monotonic() - start),
                  flush=True)
        except Exception:
            failed += 1
            print("not ok - " + name, flush=True)
            traceback.print_exc()
    sys.exit(1 if failed else 0)
