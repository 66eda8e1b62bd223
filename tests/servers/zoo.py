# SPDX-License-Identifier: BSD-2-Clause
"""Bad TLS peers: certificates that prove nothing, handshakes that go wrong.
Tables for zoo-test."""

import os
import ssl
import struct
import subprocess

import fetch_kit as kit

HOST, ADDRESS = "localhost", "127.0.0.1"
BOTH = f"DNS:{HOST},IP:{ADDRESS}"
SIGNS = "keyUsage=critical,keyCertSign,cRLSign\n"
AUTHORITY = "basicConstraints=critical,CA:TRUE\n" + SIGNS
PAST, FUTURE = "20240101000000Z", "20480101000000Z"


def der(tag, *parts):
    data = b"".join(parts)
    size = bytes([len(data)]) if len(data) < 128 else \
        b"\x82" + struct.pack(">H", len(data))
    return bytes([tag]) + size + data


def names(*dns):
    """A subjectAltName byte by byte: openssl would not write these."""
    return "subjectAltName=DER:" + der(
        0x30, *(der(0x82, n) for n in dns)).hex(":")


class Zoo(kit.Pki):
    """One key for the leaves, one for what stands between, one request each:
    a certificate is one call of openssl."""

    def __init__(self, directory):
        super().__init__(directory)
        for key in ("leaf", "middle"):
            self.key(key)
            self.request(key)

    def request(self, key):
        self.run("req", "-new", "-key", key + ".key", "-subj",
                 "/CN=" + HOST, "-out", key + ".csr")

    def issue(self, name, ext="", ca="ca", start="20200101000000Z",
              end="20490101000000Z", md="sha256", subject="/CN=" + HOST,
              san=BOTH, key="leaf"):
        """A certificate of the key's; san is None where ext has it."""
        with open(self.path(name + ".ext"), "w", encoding="ascii") as f:
            f.write(ext + ("\nsubjectAltName=" + san if san else "") + "\n")
        if not os.path.exists(self.path(key + ".csr")):
            self.key(key, KEYS[key])
            self.request(key)
        self.run("ca", "-batch", "-notext", "-config", "ca.conf", "-md", md,
                 "-cert", ca + ".pem", "-keyfile", KEY_OF.get(ca, ca) +
                 ".key", "-in", key + ".csr", "-subj", subject, "-out",
                 name + ".pem", "-extfile", name + ".ext", "-startdate",
                 start, "-enddate", end, "-preserveDN")

    def send(self, name, chain):
        """What a server sends: its own and others."""
        with open(self.path(name + ".chain"), "w", encoding="ascii") as f:
            f.write("".join(self.text(c) for c in (name, *chain)))

    def serve(self, name, key="leaf"):
        """A server's context with it."""
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ctx.set_ciphers("DEFAULT:@SECLEVEL=0")
        ctx.load_cert_chain(self.path(name + ".chain"),
                            self.path(key + ".key"))
        return ctx


KEY_OF = {}  # of authorities whose key is no file of their own
KEYS = {
    "rsa512": ("RSA", "-pkeyopt", "rsa_keygen_bits:512"),
    "rsa1024": ("RSA", "-pkeyopt", "rsa_keygen_bits:1024"),
    "rsa2048": ("RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "p192": ("EC", "-pkeyopt", "ec_paramgen_curve:prime192v1"),
    "secp160": ("EC", "-pkeyopt", "ec_paramgen_curve:secp160r1"),
}


class Bad:
    """A server nobody may believe.

    made: certificates to issue, (name, options), the server's own last;
    chain: what it sends besides; trust: what the plan trusts, if not "ca";
    newest: of its versions of TLS; by_sni: only to who asks for the name.
    """

    def __init__(self, name, *made, chain=(), host=HOST, trust="ca", key=None,
                 tweak=None, says="", newest=None, by_sni=False):
        self.name = name
        self.made = made
        self.own = made[-1][0] if made else key or "good"
        self.chain = chain
        self.host = host
        self.trust = trust
        self.key = key or (made[-1][1].get("key", "leaf") if made else "leaf")
        self.tweak = tweak  # of the finished file
        self.says = says
        self.newest = newest
        self.by_sni = by_sni

    def make(self, zoo):
        for name, options in self.made:
            zoo.issue(name, **options)
            KEY_OF[name] = options.get("key", "leaf")
        if self.tweak:
            self.tweak(zoo.path(self.own + ".pem"))
        zoo.send(self.own, self.chain)

    def context(self, zoo):
        ctx = zoo.serve(self.own, self.key)
        if self.newest:
            ctx.maximum_version = self.newest
        if not self.by_sni:
            return ctx
        good = zoo.serve("good")

        def choose(c, name, _):
            if name == self.host:
                c.context = ctx
        good.sni_callback = choose
        return good


def file_of(name):
    return name.replace(" ", "-").replace(",", "")


def leaf(name, **options):
    return file_of(name), options


def simple(name, host=HOST, says="", newest=None, by_sni=False, **options):
    """One certificate, of the trusted authority, with one thing wrong."""
    return Bad(name, leaf(name, **options), host=host, says=says,
               newest=newest, by_sni=by_sni)


def below(name, middle, says="", trust="ca", **options):
    """A good one, issued by something in between that must not."""
    between = file_of(name) + "-between"
    middle = {"subject": "/CN=between", "san": None, "key": "middle",
              **middle}
    return Bad(name, (between, middle), leaf(name, ca=between, **options),
               chain=[between], says=says, trust=trust)


def flip_signature(path):
    """The last bit of it: the end of the file's base64."""
    blob = ssl.PEM_cert_to_DER_cert(open(path, encoding="ascii").read())
    with open(path, "w", encoding="ascii") as f:
        f.write(ssl.DER_cert_to_PEM_cert(blob[:-1] +
                                         bytes([blob[-1] ^ 1])))


def split_der(data):
    """What stands in a sequence."""
    parts = []
    while data:
        size, head = data[1], 2
        if size > 127:
            head += size & 127
            size = int.from_bytes(data[2:head], "big")
        parts.append(data[:head + size])
        data = data[head + size:]
    return parts


def inside_der(data):
    return data[2 + (data[1] & 127 if data[1] > 127 else 0):]


def two_lists(path):
    """Its issuer's names become a second subjectAltName, signed anew."""
    blob = ssl.PEM_cert_to_DER_cert(open(path, encoding="ascii").read())
    body, algorithm, _ = split_der(inside_der(blob))
    body = body.replace(bytes.fromhex("551d12"), bytes.fromhex("551d11"))
    signature = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign",
         os.path.join(os.path.dirname(path), "ca.key")], input=body,
        capture_output=True, check=True).stdout
    with open(path, "w", encoding="ascii") as f:
        f.write(ssl.DER_cert_to_PEM_cert(der(
            0x30, body, algorithm, der(3, b"\0" + signature))))


MATCH = "does not match|no alternative certificate|subject name"
CERTIFICATES = [
    simple("another host", san="DNS:elsewhere.example", says=MATCH),
    simple("another address", ADDRESS, san="IP:127.0.0.2", says=MATCH),
    simple("an address for a name", san="IP:127.0.0.1", says=MATCH),
    simple("a name for an address", ADDRESS, san="DNS:localhost", says=MATCH),
    simple("an address as a name", ADDRESS, san="DNS:127.0.0.1", says=MATCH),
    simple("an address in IPv6", ADDRESS, san="IP:::ffff:7f00:1", says=MATCH),
    simple("the name in CN beside another", san="DNS:elsewhere.example",
           says=MATCH),
    simple("the name in CN alone", san=None, says="CN"),
    simple("two names in CN", san="DNS:a.example", subject="/CN=a/CN=" + HOST,
           says=MATCH),
    simple("the name in OU", san="DNS:a.example", subject="/OU=" + HOST +
           "/CN=a", says=MATCH),
    simple("an URI", san="URI:https://localhost/", says="CN"),
    simple("an address of mail", san="email:x@localhost", says="CN"),
    simple("a wildcard for all", san="DNS:*", says=MATCH),
    simple("a wildcard before it", san="DNS:*.localhost", says=MATCH),
    simple("a wildcard in the middle", san="DNS:l*t", says=MATCH),
    simple("a wildcard at the end", san="DNS:local*", says=MATCH),
    simple("a wildcard of an address", ADDRESS, san="DNS:*.0.0.1",
           says=MATCH),
    simple("two wildcards", san="DNS:*.*", says=MATCH),
    simple("a longer name", san="DNS:localhost.evil.example", says=MATCH),
    simple("a name below", san="DNS:x.localhost", says=MATCH),
    simple("a shorter name", san="DNS:localhos", says=MATCH),
    simple("a dot before it", san="DNS:.localhost", says=MATCH),
    simple("an international name", san="DNS:xn--lcalhost-2fg", says=MATCH),
    simple("NUL in the name", san=None, ext=names(
        b"localhost\0.evil.example"), says=MATCH),
    simple("NUL behind the name", san=None, ext=names(b"localhost\0"),
           says=MATCH),
    simple("NUL before the name", san=None, ext=names(b"\0localhost"),
           says=MATCH),
    simple("a line end in the name", san=None, ext=names(b"localhost\n"),
           says=MATCH),
    simple("a blank in the name", san=None, ext=names(b" localhost "),
           says=MATCH),
    simple("an empty name", san=None, ext=names(b""), says=MATCH),
    simple("a Cyrillic o", san=None, ext=names("l\u043ecalhost".encode()),
           says=MATCH),
    simple("a thousand other names", san=None, ext=names(
        *(b"h%d.example" % i for i in range(1000))), says=MATCH),
    simple("another host for who names this one", by_sni=True,
           san="DNS:elsewhere.example", says=MATCH),
    simple("expired", end=PAST, says="expired"),
    simple("not yet valid", start=FUTURE, says="not yet valid"),
    simple("ended before it began", start=FUTURE, end=PAST, says="valid|exp"),
    simple("for clients", ext="extendedKeyUsage=clientAuth", says="purpose"),
    simple("for signing code", ext="extendedKeyUsage=codeSigning",
           says="purpose"),
    simple("for mail", ext="extendedKeyUsage=emailProtection",
           says="purpose"),
    simple("for stamps of time",
           ext="extendedKeyUsage=critical,timeStamping", says="purpose"),
    simple("a critical unknown", ext="1.2.3.4.5=critical,DER:0500",
           says="critical"),
    simple("a critical word about OCSP", says="critical",
           ext="1.3.6.1.5.5.7.1.24=critical,DER:30:03:02:01:05"),
    simple("signed with SHA-1", md="sha1", says="weak|digest"),
    simple("RSA of 512 bits", key="rsa512", says="weak|small",
           newest=ssl.TLSVersion.TLSv1_2),
    simple("RSA of 512 bits and TLS 1.3", key="rsa512"),
    simple("RSA of 1024 bits", key="rsa1024", says="weak|small"),
    simple("a curve of 192 bits", key="p192"),
    simple("a curve of 160 bits", key="secp160"),
    Bad("a bit of the signature", leaf("a-bit"), tweak=flip_signature,
        says="signature"),
    Bad("another authority", leaf("of-another", ca="other"),
        says="local issuer"),
    Bad("another authority of its name", leaf("of-twin", ca="twin"),
        says="signature|local issuer|self"),
    Bad("another authority, sent along", leaf("of-other", ca="other"),
        chain=["other"], says="self"),
    Bad("self-signed", leaf("self", ca="self-ca"), chain=["self-ca"],
        says="self"),
    Bad("its own authority", key="self-ca", says="self"),
    Bad("the system's authorities", trust=None, says="local issuer|self"),
    below("a leaf as an authority", {}, says="CA|purpose|issuer"),
    below("no constraints in between", {"ext": SIGNS},
          says="CA|purpose|issuer"),
    below("no authority in between",
          {"ext": "basicConstraints=critical,CA:FALSE\n" + SIGNS},
          says="CA|purpose|issuer|sign"),
    below("no signing in between", {
        "ext": "basicConstraints=critical,CA:TRUE\n"
        "keyUsage=critical,digitalSignature"},
          says="CA|purpose|issuer|sign|usage"),
    below("expired in between", {"ext": AUTHORITY, "end": PAST},
          says="expired"),
    below("too early in between", {"ext": AUTHORITY, "start": FUTURE},
          says="not yet valid"),
    below("only clients below", {
        "ext": AUTHORITY + "extendedKeyUsage=clientAuth"}, says="purpose"),
    below("only other names below", {
        "ext": AUTHORITY + "nameConstraints=critical,permitted;DNS:a.example"},
          says="permitted"),
    below("not this name below", {
        "ext": AUTHORITY + "nameConstraints=critical,excluded;DNS:localhost"},
          says="excluded|permitted"),
    below("not this address below", {
        "ext": AUTHORITY +
        "nameConstraints=critical,excluded;IP:127.0.0.0/255.0.0.0"},
          says="excluded|permitted"),
    below("signed with SHA-1 in between", {"ext": AUTHORITY, "md": "sha1"},
          says="weak|digest"),
    below("RSA of 1024 bits in between", {"ext": AUTHORITY, "key": "rsa1024"},
          says="weak|small"),
    below("signed with MD5", {"ext": AUTHORITY, "key": "rsa2048"}, md="md5",
          says="weak|digest"),
    below("another authority in between", {"ext": AUTHORITY, "ca": "other"},
          says="local issuer"),
    Bad("an authority too many",
        ("short", {"ext": "basicConstraints=critical,CA:TRUE,pathlen:0\n" +
                   SIGNS, "subject": "/CN=short", "san": None,
                   "key": "middle"}),
        ("long", {"ext": AUTHORITY, "subject": "/CN=long", "san": None,
                  "key": "rsa2048", "ca": "short"}),
        ("too-deep", {"ca": "long"}), chain=["long", "short"],
        says="path length"),
    Bad("its authority has ended", leaf("of-ended", ca="ended"),
        trust="ended", says="expired"),
    Bad("its authority is a leaf", leaf("of-leaf", ca="rootleaf"),
        trust="rootleaf", says="CA|purpose|issuer|sign|self"),
    Bad("no certificate is trusted", trust="nothing",
        says="no usable certificates"),
    Bad("something else is trusted", trust="other", says="local issuer|self"),
    Bad("a hundred certificates", leaf("hundred", ca="other"),
        chain=["other"] * 100, says=""),
    Bad("ten thousand certificates", leaf("many", ca="other"),
        chain=["other"] * 10000, says=""),
]


# Its names and its issuer's, which two_lists() makes names of its own: no
# server's library takes these.
TWO_LISTS = {
    "two lists of names": ("DNS:elsewhere.example", BOTH),
    "a second list of names": (BOTH, "DNS:elsewhere.example"),
    "a list of names twice": (BOTH, BOTH),
}


def certificate_message(path):
    """What a server says first in TLS 1.2, up to its certificate."""
    blob = ssl.PEM_cert_to_DER_cert(open(path, encoding="ascii").read())
    for _ in range(2):
        blob = len(blob).to_bytes(3, "big") + blob
    return server_hello(cipher=0xc02b) + record(
        22, b"\x0b" + len(blob).to_bytes(3, "big") + blob)


# Believed, and not by mistake: options of the certificate.  SPY stands for
# an address where somebody waits to be asked whether it was revoked.
GOOD = {
    "its name twice": {"san": "DNS:localhost," + BOTH},
    "its name among others": {"san": "DNS:a.example,DNS:localhost"},
    "a dot at the end of its name": {"san": "DNS:localhost."},
    "a name for each of its letters": {"san": "DNS:LOCALHOST"},
    "OCSP promised and not given": {"ext": "tlsfeature=status_request"},
    "revoked, where nobody looks": {
        "ext": "authorityInfoAccess=OCSP;URI:SPY/ocsp,caIssuers;URI:SPY/ca\n"
        "crlDistributionPoints=URI:SPY/crl"},
}


def prepare(zoo):
    """Authorities, and the one certificate that is good."""
    zoo.issue("good")
    zoo.issue("good-rsa", key="rsa2048")
    for name in ("other", "self-ca"):
        zoo.authority(name)
        zoo.run("req", "-x509", "-new", "-key", name + ".key", "-days", "30",
                "-subj", "/CN=" + name, "-out", name + ".pem", "-addext",
                "subjectAltName=" + BOTH, "-addext", "basicConstraints="
                "critical,CA:TRUE")
    zoo.authority("twin")
    for name, ext, end in (("ended", AUTHORITY, PAST),
                           ("rootleaf", "basicConstraints=critical,CA:FALSE",
                            "20490101000000Z")):
        zoo.key(name)
        zoo.request(name)
        with open(zoo.path(name + ".ext"), "w", encoding="ascii") as f:
            f.write(ext + "\n")
        zoo.run("ca", "-batch", "-notext", "-config", "ca.conf", "-selfsign",
                "-keyfile", name + ".key", "-in", name + ".csr", "-subj",
                "/CN=" + name, "-out", name + ".pem", "-extfile",
                name + ".ext", "-startdate", "20200101000000Z", "-enddate",
                end, "-preserveDN")
    with open(zoo.path("nothing.pem"), "w", encoding="ascii") as f:
        f.write("no certificate\n")
    for name, (own, issuers) in TWO_LISTS.items():
        zoo.issue(file_of(name), san=own, ext="issuerAltName=" + issuers)
        two_lists(zoo.path(file_of(name) + ".pem"))
    zoo.send("good", [])
    zoo.send("good-rsa", [])


# ---- handshakes, by raw bytes: nothing is ever sent after them -------------

def record(kind, data, version=0x0303):
    return struct.pack(">BHH", kind, version, len(data)) + data


def server_hello(version=0x0303, cipher=0xc02f, random=b"r" * 32, session=b"",
                 compression=0, extensions=b"\xff\x01\x00\x01\x00", outer=None):
    body = struct.pack(">H", version) + random + bytes([len(session)]) + \
        session + struct.pack(">HB", cipher, compression) + \
        struct.pack(">H", len(extensions)) + extensions
    return record(22, b"\x02" + struct.pack(">I", len(body))[1:] + body,
                  outer or min(version, 0x0303))


def records(data):
    """(kind, data) of each."""
    while len(data) >= 5:
        size = int.from_bytes(data[3:5], "big")
        yield data[0], data[5:5 + size]
        data = data[5 + size:]


def server_name(host):
    """As a client's hello has it."""
    name = b"\0" + struct.pack(">H", len(host)) + host.encode()
    return struct.pack(">H", len(name)) + name


ECHO = b"\xee" * 32  # the session that the client named goes there
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891"
                      "c2a211167abb8c5e079e09e2c8a8339c")
SAFE = b"\xff\x01\x00\x01\x00"  # renegotiation, as any server says it
TLS13 = b"\x00\x2b\x00\x02\x03\x04"
ALERTS = (0, 10, 20, 22, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 71,
          80, 86, 90, 109, 110, 112, 113, 115, 116, 120, 255)
# NULL, anonymous, export, RC4, DES, 3DES, RC2, Kerberos, static DH, none
CIPHERS = (
    0x0000, 0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x0008, 0x0009,
    0x000a, 0x000b, 0x000d, 0x0011, 0x0014, 0x0016, 0x0017, 0x0018, 0x0019,
    0x001a, 0x001b, 0x001e, 0x0034, 0x003b, 0x0062, 0x006c, 0x00a6, 0xc001,
    0xc002, 0xc006, 0xc007, 0xc008, 0xc010, 0xc011, 0xc012, 0xc015, 0xc016,
    0xc017, 0xc018, 0xc019, 0xc0b0, 0x1399, 0x5600)
PARAMETER, VERSION, UNASKED = 47, 70, 110  # the alerts for most of them
ANY = None  # some alert; 0: none, it just goes

# name, bytes, the alert by which the helper must refuse them
HANDSHAKES = [
    ("SSL 2", b"\x80\x0b\x04\x00\x01\x00\x02\x00\x00\x00\x00\x00\x00", 0),
    ("SSL 3", server_hello(0x0300), VERSION),
    ("TLS 1.0", server_hello(0x0301), VERSION),
    ("TLS 1.1", server_hello(0x0302), VERSION),
    ("TLS 1.4 to come", server_hello(0x0304), ANY),
    ("TLS 9.9", server_hello(0x0999, outer=0x0303), VERSION),
    ("version 0", server_hello(0x0000, outer=0x0303), VERSION),
    ("a version within", server_hello(
        extensions=SAFE + b"\x00\x2b\x00\x02\x03\x01"), PARAMETER),
    ("a downgrade to 1.2", server_hello(random=b"r" * 24 + b"DOWNGRD\x01"),
     PARAMETER),
    ("a downgrade to 1.1", server_hello(random=b"r" * 24 + b"DOWNGRD\x00"),
     PARAMETER),
    ("no secure renegotiation", server_hello(extensions=b""), ANY),
    ("compression", server_hello(compression=1), PARAMETER),
    ("an answer nobody asked for",
     server_hello(extensions=SAFE + b"\x00\x0e\x00\x00"), ANY),
    ("an answer twice", server_hello(extensions=SAFE * 2), PARAMETER),
    ("an OCSP answer nobody asked for",
     server_hello(extensions=SAFE + b"\x00\x05\x00\x00"), UNASKED),
    ("early data", server_hello(
        0x0303, 0x1301, session=ECHO, extensions=TLS13 +
        b"\x00\x2a\x00\x00"), ANY),
    ("two versions at once", server_hello(
        session=ECHO, extensions=SAFE + TLS13), ANY),
    ("a session that was not", server_hello(0x0303, 0x1301, b"r" * 32,
                                            b"s" * 32, 0, TLS13), ANY),
    ("a key that was not", server_hello(
        0x0303, 0x1301, session=ECHO, extensions=TLS13 +
        b"\x00\x29\x00\x02\x00\x00"), ANY),
    ("HTTP/2 by ALPN", server_hello(extensions=SAFE + b"\x00\x10\x00\x05"
                                    b"\x00\x03\x02h2"), ANY),
    ("nothing by ALPN", server_hello(extensions=SAFE + b"\x00\x10\x00\x02"
                                     b"\x00\x00"), ANY),
    ("a retry without a reason", server_hello(
        cipher=0x1301, random=RETRY, session=ECHO, extensions=TLS13),
     PARAMETER),
    ("retries for ever", server_hello(
        cipher=0x1301, random=RETRY, session=ECHO, extensions=TLS13 +
        b"\x00\x33\x00\x02\x00\x18") * 9, ANY),
    ("two hellos", server_hello() * 2, ANY),
    ("finished at once", server_hello() + record(22, b"\x14\0\0\x0c" +
                                                 b"f" * 12), ANY),
    ("an empty certificate", server_hello() + record(
        22, b"\x0b\0\0\x03\0\0\0"), ANY),
    ("a certificate of garbage", server_hello() + record(
        22, b"\x0b\0\0\x0a\0\0\x07\0\0\x04junk"), ANY),
    ("a certificate of 16 MiB", server_hello() + record(
        22, b"\x0b\xff\xff\xff" + b"\xff" * 16000) + b"".join(
            record(22, b"\xff" * 16000) for _ in range(200)), ANY),
    ("cipher changes", server_hello() + record(20, b"\1") * 200, ANY),
    ("an answer unencrypted", server_hello() + record(
        23, b"HTTP/1.1 200 OK\r\n\r\n"), ANY),
    ("an answer before a hello", record(23, b"HTTP/1.1 200 OK\r\n\r\n"), ANY),
    ("an answer without TLS", b"HTTP/1.1 200 OK\r\n\r\n{}", 0),
    ("a client's hello", record(22, b"\1\0\0\x26\3\3" + b"c" * 36), ANY),
    ("a heartbeat", server_hello() + record(24, b"\1\xff\xff"), ANY),
    ("renegotiation", record(22, b"\0\0\0\0") * 20, 0),
    ("empty records", record(22, b"") * 500, 0),
    ("a record too long", record(22, b"\x02\0\x40\0" + b"x" * 20000), ANY),
    ("a record of an odd kind", record(99, b"x"), ANY),
    ("warnings", record(21, b"\1\x5a") * 200, ANY),
    *((f"cipher {c:04x}", server_hello(cipher=c), PARAMETER)
      for c in CIPHERS),
    *((f"alert {a}", record(21, bytes([2, a])), 0) for a in ALERTS),
]
