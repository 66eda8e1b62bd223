# SPDX-License-Identifier: BSD-2-Clause
"""What a token server may do to HTTP itself: redirects, statuses, headers,
lengths, chunks, floods, drips and resets.  A table for hostile-test.

{trap} in what is sent is the address of a server that must hear nothing.
"""

import gzip
import itertools
import json
import socket
import struct
import time
import zlib

import fetch_kit as kit

TOKEN = "tok.9c41_e0-A~7+/=="
GOOD = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}
BODY = json.dumps(GOOD).encode()
OK, REFUSED, COOLDOWN, AWAY, CONFIG = 0, 5, 7, 8, 10
SLOW = "2s"  # the time for cases that run into it
MANY = 3  # a request that nothing of an answer came to is sent again

CASES = []


class Case:
    """serve is bytes to send after the request, or function(c, request)."""

    def __init__(self, name, serve, exit_status, says="", **more):
        self.name = name
        self.serve = serve
        self.exit = exit_status
        self.says = says  # words of the sentence; one of a|b
        self.token = more.pop("token", TOKEN)
        self.life = more.pop("life", None)  # (least, most), seconds
        self.wait = more.pop("wait", None)  # till retry_at, as above
        self.tries = more.pop("tries", 1)  # connections, at most
        self.timeout = more.pop("timeout", "20s")
        self.before = more.pop("before", None)  # in place of reading
        self.shown = more.pop("shown", True)  # by try, without the token
        assert not more, more


def case(*words, **more):
    CASES.append(Case(*words, **more))


def raw(status="200 OK", body=BODY, *headers, length=True, version="HTTP/1.1"):
    if isinstance(status, int):
        status = f"{status} Status"
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    lines = [f"{version} {status}", "Content-Type: application/json"]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([*lines, *headers, "", ""])
    return head.encode("utf-8", "surrogateescape") + body


# ---- redirects: nothing is ever sent elsewhere -----------------------------

REDIRECT = "redirect, which is never followed"

for code in (301, 302, 303, 307, 308):
    case(f"{code} to another port", raw(code, "", "Location: http://{trap}/t"),
         CONFIG, REDIRECT)
for code in (300, 304, 305, 306, 399):
    case(f"{code} with a location",
         raw(code, "" if code == 304 else "x", "Location: http://{trap}/t"),
         CONFIG, REDIRECT)
for words, to in (
        ("without a scheme", "//{trap}/t"), ("to a path", "/elsewhere"),
        ("to a relative path", "elsewhere"), ("to a query", "?a=b"),
        ("to a fragment", "#x"), ("to itself", "/token"),
        ("to a file", "file:///etc/passwd"), ("to ftp", "ftp://{trap}/"),
        ("to gopher", "gopher://{trap}/_x"), ("to ldap", "ldap://{trap}/"),
        ("to a script", "javascript:alert(1)"),
        ("to https", "https://{trap}/t"),
        ("in capitals", "HTTP://{trap}/t"),
        ("with a user", "http://user:word@{trap}/t"),
        ("by a backslash", "http:\\\\{trap}\\t"),
        ("with blanks before", "     http://{trap}/t"),
        ("to nowhere", ""), ("with escapes", "http://{trap}/\x1b[2J\x9b1m"),
        ("with a bidi sign", "http://{trap}/\u202egnp.exe"),
        ("with commas", "http://{trap}/a, http://{trap}/b"),
        ("of 60 KiB", "http://{trap}/" + "a" * 60000)):
    case("307 " + words, raw(307, "", "Location: " + to), CONFIG, REDIRECT)
case("307 without a location", raw(307, ""), CONFIG, REDIRECT)
case("307 with two locations",
     raw(307, "", "Location: /a", "Location: http://{trap}/b"),
     CONFIG, REDIRECT)
case("307 with a token", raw(307, BODY, "Location: http://{trap}/"), CONFIG,
     REDIRECT)
case("307 after an interim answer", b"HTTP/1.1 103 Early Hints\r\n"
     b"Link: <http://{trap}/>; rel=preconnect\r\n\r\n" +
     raw(307, "", "Location: http://{trap}/"), CONFIG, REDIRECT)
for header in (
        "Refresh: 0; url=http://{trap}/t", "Location: http://{trap}/t",
        "Content-Location: http://{trap}/t", "URI: <http://{trap}/t>",
        'Alt-Svc: http/1.1="{trap}"; ma=99999; persist=1',
        "Strict-Transport-Security: max-age=31536000; includeSubDomains",
        "Link: <http://{trap}/t>; rel=preload", "Upgrade: h2c",
        "Set-Cookie: a=b; Path=/", 'Clear-Site-Data: "*"',
        "Proxy-Connection: keep-alive", "Connection: upgrade",
        "Trailer: Authorization", "Via: 1.1 {trap}"):
    case("200 with " + header.split(":")[0], raw("200 OK", BODY, header), OK)

# ---- statuses --------------------------------------------------------------

for code in (200, 201, 202, 203, 206, 207, 226, 299):
    case(f"{code} with a token", raw(code), OK)
case("204 without a body", b"HTTP/1.1 204 No Content\r\n\r\n", AWAY, "empty")
case("205 without a body", raw(205, ""), AWAY, "empty")
for code in (400, 402, 404, 405, 406, 407, 409, 410, 411, 413, 414, 415, 417,
             418, 421, 422, 425, 426, 428, 431, 451, 499):
    case(f"{code} in HTML", raw(code, "<h1>no</h1>"), CONFIG, f"HTTP {code}")
case("401 without a word", raw(401, ""), REFUSED, "refused the client")
case("403 in HTML", raw(403, "<h1>no</h1>"), REFUSED, "blocked this client")
for code in (408, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 530, 599):
    case(f"{code} in HTML", raw(code, "<h1>no</h1>"), AWAY, f"HTTP {code}")
for code in (600, 777, 999):
    case(f"{code}, which there is not", raw(code), AWAY)
for way in ("Basic realm=\"x\"", "Negotiate", "NTLM TlRMTVNTUAACAAAA",
            'Digest realm="x", nonce="y", algorithm=MD5', "Bearer"):
    case("401 that asks for " + way.split()[0],
         raw(401, "", "WWW-Authenticate: " + way), REFUSED,
         "refused the client")
case("407 of a server that is no proxy",
     raw(407, "", "Proxy-Authenticate: Basic realm=x"), CONFIG, "HTTP 407")
case("100 and then a token", b"HTTP/1.1 100 Continue\r\n\r\n" + raw(), OK)
case("103 and then a token", b"HTTP/1.1 103 Early Hints\r\n"
     b"Link: <http://{trap}/>; rel=preload\r\n\r\n" + raw(), OK)
case("101 to another protocol", b"HTTP/1.1 101 Switching Protocols\r\n"
     b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + raw(), AWAY)
case("199, and then a token", b"HTTP/1.1 199 What\r\n\r\n" + raw(), OK)
for line in ("HTTP/1.1 000 Nothing", "HTTP/1.1 099 Less", "HTTP/1.1 1000 More",
             "HTTP/1.1 -200 OK", "HTTP/1.1 2OO OK", "HTTP/1.1 20 OK",
             "HTTP/1.1  200 OK", "HTTP/1.1200 OK", "HTTP/2 200 OK",
             "HTTP/3 200 OK", "HTTP/1.2 200 OK", "HTTP/9.9 200 OK",
             "HTTP/ 200 OK", "http/1.1 200 OK", "ICY 200 OK",
             "RTSP/1.0 200 OK", "\x00HTTP/1.1 200 OK", " HTTP/1.1 200 OK",
             "220 mail ESMTP", "SSH-2.0-OpenSSH_9.2", "+OK POP3"):
    case(f"the status line {line!r}", raw().replace(
        b"HTTP/1.1 200 OK", line.encode(), 1), None, "", tries=MANY)
case("HTTP/1.0", raw(version="HTTP/1.0"), OK)
case("HTTP/0.9", BODY, AWAY, "HTTP/1.1|HTTP/0.9|broke off", tries=MANY)
case("a status line without a reason", raw("200"), OK)
case("a reason of 20 KiB", raw("400 " + "a" * 20000, ""), CONFIG, "HTTP 400")
case("a reason of 99 KiB", raw("400 " + "a" * 99000, ""), AWAY, "too large")
case("a reason with escapes", raw("400 \x1b]52;c;eA==\a\x9b\u202e", ""),
     CONFIG, "HTTP 400")

# ---- headers ---------------------------------------------------------------

for kind in ("text/html", "application/json; charset=utf-16", "", "x",
             "multipart/form-data; boundary=x", "image/png",
             "application/x-www-form-urlencoded", "\x1b[2J"):
    case(f"the content type {kind!r}", raw().replace(
        b"application/json", kind.encode()), OK)
case("no content type", raw().replace(b"Content-Type", b"X-Type"), OK)
case("100 headers", raw(200, BODY, *["X-A: b"] * 100), OK)
case("1,000 headers", raw(200, BODY, *["X-A: b"] * 1000), AWAY, "too large")
case("a header of 60,000 bytes", raw(200, BODY, "X-A: " + "b" * 60000), OK)
case("a header of 90,000 bytes", raw(200, BODY, "X-A: " + "b" * 90000), AWAY,
     "too large")
case("a header of a megabyte", raw(200, BODY, "X-A: " + "b" * 1000000), AWAY,
     "too large")
case("a name of 60,000 bytes", raw(200, BODY, "b" * 60000 + ": x"), OK)
case("a header without a colon", raw(200, BODY, "not a header"), None)
case("a header without a name", raw(200, BODY, ": x"), None)
case("a folded header", raw(200, BODY, "X-A: b\r\n folded: c"), OK)
case("NUL in a header", raw(200, BODY, "X-A: a\0b"), AWAY, "NUL|Nul")
case("NUL in a header's name", raw(200, BODY, "X-\0A: b"), AWAY, "NUL|Nul")
case("headers with controls", raw(200, BODY, "X-A: \x1b[2J\x07\x9b"), OK)
case("lines that end in LF", raw().replace(b"\r\n", b"\n"), OK)
case("lines that end in CR", raw().replace(b"\r\n", b"\r"), AWAY, "",
     tries=MANY)
for words, date in (("garbage", "soon"), ("a weekday", "Fri"),
                    ("1970", "Thu, 01 Jan 1970 00:00:01 GMT"),
                    ("2100", "Fri, 01 Jan 2100 00:00:00 GMT"),
                    ("9999", "Fri, 31 Dec 9999 23:59:59 GMT")):
    case("a date of " + words, raw(200, BODY, "Date: " + date), OK,
         life=(3590, 3600))

# ---- Retry-After -----------------------------------------------------------


def retry(words, value, least, most, status=429):
    header = [] if value is None else ["Retry-After: " + value]
    case(f"{status}, Retry-After {words}", raw(status, "", *header),
         COOLDOWN if status == 429 else AWAY,
         "limits the rate" if status == 429 else "HTTP 503",
         wait=(least, most))


def date_in(seconds):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT",
                         time.gmtime(time.time() + seconds))


for way in (429, 503):
    floor = 60 if way == 429 else 1
    retry("absent", None, floor, 75, way)
    retry("of 40", "40", 40, 41, way)
    retry("that is absurd", "99999999999999999999", 3600, 3601, way)
    retry("that is negative", "-5", floor, 75, way)
    retry("that is a word", "soon", floor, 75, way)
    retry("of a year", "31536000", 3600, 3601, way)
    retry("that is empty", "", floor, 75, way)
retry("of nothing", "0", 1, 2)
retry("with a fraction", "1.5", 60, 75)
retry("with a sign", "+40", 60, 75)
retry("in hexadecimal", "0x40", 60, 75)
retry("with escapes", "\x1b[2J", 60, 75)
retry("of 9 KiB", "9" * 9000, 3600, 3601)
retry("and a unit", "40 s", 60, 75)
retry("a date that was", "Sun, 06 Nov 1994 08:49:37 GMT", 1, 2)
retry("a date far away", "Fri, 31 Dec 9999 23:59:59 GMT", 3600, 3601)
retry("a date to come", date_in(600), 500, 601)
retry("a date that cannot be", "Fri, 99 Foo 2026 99:99:99 GMT", 60, 75)
retry("an old kind of date", "Sunday, 06-Nov-94 08:49:37 GMT", 60, 75)
case("429, Retry-After twice",
     raw(429, "", "Retry-After: 40", "Retry-After: 3000"), COOLDOWN,
     "limits the rate", wait=(40, 41))

# ---- lengths, chunks, encodings --------------------------------------------


def length(value, body=BODY, extra=()):
    return raw(200, body, f"Content-Length: {value}", *extra, length=False)


case("a length that is too small", length(20), AWAY, "no JSON")
case("a length that is too large", length(len(BODY) + 9), AWAY, "broke off")
case("a length of nothing", length(0), AWAY, "empty")
case("a length of a gigabyte", length(1 << 30), AWAY, "too large")
for value in ("-5", str(1 << 63), str(1 << 64), "1e3", "0x20", "abc", "",
              "+%d" % len(BODY), "%d, %d" % (len(BODY), len(BODY)), "5, 7",
              "%d garbage" % len(BODY)):
    case(f"the length {value!r}", length(value), None)
case("two lengths that agree",
     length(len(BODY), BODY, [f"Content-Length: {len(BODY)}"]), None)
case("two lengths that differ", length(len(BODY), BODY, ["Content-Length: 5"]),
     AWAY)
case("no length at all", raw(length=False), OK)
case("a second answer behind the first", raw() + raw(200, {
    **GOOD, "access_token": "the-second"}), OK)


def chunked(data, *headers, more=b""):
    return raw(200, b"", "Transfer-Encoding: chunked", *headers,
               length=False) + data + more


def chunk(data, extension=b""):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


END = b"0\r\n\r\n"
BYTES = b"".join(chunk(bytes([b])) for b in BODY)
case("a chunked answer", chunked(chunk(BODY) + END), OK)
case("chunks of one byte", chunked(BYTES + END), OK)
case("chunks with extensions", chunked(chunk(BODY, b";a=b") + END), OK)
case("chunks and no end", chunked(chunk(BODY)), AWAY, "broke off")
case("chunks and half an end", chunked(chunk(BODY) + b"0\r\n"), AWAY,
     "broke off")
case("chunks and trailers", chunked(
    chunk(BODY) + b"0\r\nRetry-After: 9\r\nLocation: http://{trap}/\r\n\r\n"),
    OK)
case("chunks and garbage", chunked(chunk(BODY) + b"zz\r\n" + END), AWAY)
case("chunks and a length", chunked(chunk(BODY) + END, "Content-Length: 3"),
     None)
for size in (b"-5", b"ffffffffffffffff", b"fffffffffffffffff", b"0x5", b"",
             b" 5", b"1g", b"\x1b"):
    case(f"a chunk of size {size!r}",
         chunked(size + b"\r\n" + BODY + b"\r\n" + END), None,
         shown=size != b"0x5")  # nothing, and the token a trailer's name
case("a chunk that promises a gigabyte", chunked(b"40000000\r\nx"), AWAY)
case("identity as a transfer encoding",
     raw(200, BODY, "Transfer-Encoding: identity"), None)
case("a transfer encoding nobody knows",
     raw(200, BODY, "Transfer-Encoding: foo"), None)
case("gzip as a transfer encoding",
     raw(200, gzip.compress(BODY), "Transfer-Encoding: gzip, chunked"), AWAY)
for coding, data in (("gzip", gzip.compress(BODY)),
                     ("deflate", zlib.compress(BODY)),
                     ("br", b"\x0b\x02\x80{}\x03"),
                     ("zstd", b"\x28\xb5\x2f\xfd\x20\x02\x11\x00\x00{}")):
    case(f"{coding}, for which nobody asked",
         raw(200, data, "Content-Encoding: " + coding), AWAY, "no JSON")
case("gzip that is not said", raw(200, gzip.compress(BODY)), AWAY, "no JSON")
case("gzip that is none", raw(200, BODY, "Content-Encoding: gzip"), OK)
case("64 MiB in a little gzip", raw(
    200, gzip.compress(b" " * (64 << 20)), "Content-Encoding: gzip"), AWAY,
    "no JSON")

# ---- endless and slow ------------------------------------------------------


def drip(first, pieces, pause):
    def serve(c, _):
        c.sendall(first)
        for piece in pieces():
            c.sendall(piece)
            time.sleep(pause)
    return serve


def endless(piece):
    return lambda: itertools.repeat(piece)


def one_by_one(data):
    return lambda: (bytes([b]) for b in data)


def nothing(first):
    def serve(c, _):
        c.sendall(first)
        c.settimeout(30)
        c.recv(1)  # until the other end goes
    return serve


DEADLINE = "did not answer in time"
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
for words, first in (
        ("at all", b""), ("after half a status line", b"HTTP/1.1 2"),
        ("after the status line", HEAD), ("after a header", HEAD + b"A: b\r\n"),
        ("after the headers", HEAD + b"Content-Length: 9\r\n\r\n"),
        ("after half the body", raw()[:-5]),
        ("and no end", raw(length=False)),
        ("after half a chunk", CHUNKS + b"20\r\n{"),
        ("after an interim answer", b"HTTP/1.1 100 Continue\r\n\r\n")):
    case("silence " + words, nothing(first), AWAY, DEADLINE, timeout=SLOW)
case("a connection that is kept", nothing(raw()), OK)
case("a chunked one that is kept", nothing(chunked(chunk(BODY) + END)), OK)
case("204 and a connection that is kept",
     nothing(b"HTTP/1.1 204 None\r\n\r\n"), AWAY, "empty")
case("a byte now and then", drip(b"", one_by_one(raw()), 0.1), AWAY, DEADLINE,
     timeout=SLOW)
case("a body now and then", drip(raw(length=False)[:-len(BODY)], endless(b" "),
                                 0.1), AWAY, DEADLINE, timeout=SLOW)
case("a header now and then", drip(HEAD, endless(b"A: b\r\n"), 0.1), AWAY,
     DEADLINE, timeout=SLOW)
case("interim answers now and then",
     drip(b"", endless(b"HTTP/1.1 102 Processing\r\n\r\n"), 0.1), AWAY,
     DEADLINE + "|too large", timeout=SLOW)
case("endless headers", drip(HEAD, endless(b"A: " + b"b" * 500 + b"\r\n"), 0),
     AWAY, "too large")
case("an endless header", drip(HEAD + b"A: ", endless(b"b" * 4096), 0), AWAY,
     "too large")
case("an endless name", drip(HEAD, endless(b"b" * 4096), 0), AWAY, "too large")
case("an endless status line", drip(b"HTTP/1.1 200 ", endless(b"b" * 4096), 0),
     AWAY, "too large")
case("endless interim answers",
     drip(b"", endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 50), 0), AWAY,
     "too large")
case("an endless body", drip(raw(length=False), endless(b" " * 65536), 0),
     AWAY, "too large")
case("endless chunks", drip(CHUNKS, endless(b"1\r\nx\r\n" * 2000), 0), AWAY,
     "too large")
case("an endless chunk", drip(CHUNKS + b"ffffffff\r\n", endless(b"x" * 9999),
                              0), AWAY, "too large")
case("an endless extension", drip(CHUNKS + b"1;", endless(b"x" * 9999), 0),
     AWAY, "", timeout=SLOW)
case("endless trailers",
     drip(CHUNKS + chunk(BODY) + b"0\r\n", endless(b"A: b\r\n" * 99), 0), AWAY,
     "too large|broke off", timeout=SLOW)
case("endless NULs", drip(b"", endless(b"\0" * 65536), 0), AWAY, "",
     tries=MANY)
case("endless line ends", drip(HEAD + b"A: b", endless(b"\r\n\n" * 9999), 0),
     None, "")

# ---- cut and reset ---------------------------------------------------------


def reset(data=b""):
    def serve(c, _=None):
        c.sendall(data)
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     struct.pack("ii", 1, 0))
    return serve


BROKE = "broke off|closed the connection|no connection|did not take"
case("closed before the request", b"", AWAY, BROKE, tries=MANY,
     before=lambda c: None)
case("reset before the request", b"", AWAY, "", tries=MANY, before=reset())
case("half closed before the request", raw(), OK,
     before=lambda c: c.shutdown(socket.SHUT_RD))
case("an answer before the request", b"", None, "", tries=MANY,
     before=lambda c: (c.sendall(raw()), kit.read_request(c)))
case("closed without an answer", b"", AWAY, BROKE, tries=MANY)
case("reset without an answer", reset(), AWAY, "", tries=MANY)
for words, data in (
        ("in the status line", b"HTTP/1.1 20"), ("after it", HEAD),
        ("in a header", HEAD + b"Content-Le"),
        ("after the headers", raw()[:-len(BODY)]),
        ("in the body", raw()[:-9]), ("before the last byte", raw()[:-1]),
        ("in a chunk", CHUNKS + b"99\r\n{"),
        ("in a chunk's size", CHUNKS + b"9")):
    tries = MANY if data == b"HTTP/1.1 20" else 1
    case("closed " + words, data, AWAY, "", tries=tries)
    case("reset " + words, reset(data), AWAY, "", tries=MANY)
