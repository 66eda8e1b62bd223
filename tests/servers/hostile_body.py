# SPDX-License-Identifier: BSD-2-Clause
"""What a token server may put in an answer: JSON that is none, numbers,
tokens, types, errors, echoes of the secret.  A table for hostile-test."""

import base64
import json
import urllib.parse

from hostile_http import (AWAY, CASES, CONFIG, COOLDOWN, GOOD, OK, REFUSED,
                          TOKEN, case, raw)

SECRET = "Zq4+t/W9 \u00f6\"x&=%Kj7vRm2pYc8"
CLIENT = "hostile-client"
CONTROLS = "\x1b]52;c;eA==\a \x9b31m \x01 \x7f \r tokenward: ok"
BIDI = "\u202egnp.exe \u2066 \u200b \u200d \ufeff \u2028 \u2029 \u061c"
ASSUMED = 300  # seconds, when an answer does not say


def text(members):
    """JSON of members that are JSON text already."""
    return "{" + ", ".join(f'"{k}": {v}' for k, v in members) + "}"


def with_life(value):
    return raw(200, text([("access_token", json.dumps(TOKEN)),
                          ("token_type", '"Bearer"'), ("expires_in", value)]))


def body(words, data, exit_status=AWAY, says="no JSON", **more):
    case(words, raw(200, data), exit_status, says, **more)


# ---- no JSON ---------------------------------------------------------------

plain = json.dumps(GOOD)
body("an empty body", "", says="empty")
body("blanks for a body", " \r\n\t ", says="empty")
body("HTML", "<!DOCTYPE html><title>Sign in</title>", says="HTML")
body("XML", '<?xml version="1.0"?><token>x</token>', says="XML")
body("a form", f"access_token={TOKEN}&expires_in=3600")
body("plain text", "Service unavailable")
body("JSON in a function", "callback(" + plain + ")")
body("a guard before JSON", ")]}',\n" + plain)
body("a BOM before JSON", "\ufeff" + plain)
body("UTF-16", plain.encode("utf-16"))
body("UTF-16, big end first", plain.encode("utf-16-be"))
body("UTF-32", plain.encode("utf-32"))
body("Latin-1", '{"access_token": "a", "x": "\u00e4"}'.encode("latin-1"))
body("an overlong NUL", b'{"access_token": "a\xc0\x80b"}')
body("half of a surrogate pair", b'{"access_token": "\xed\xa0\x80"}')
body("NUL in JSON", b'{"access_token": "a\0b"}')
body("NUL behind JSON", plain.encode() + b"\0")
body("garbage behind JSON", plain + "x")
body("two objects", plain + plain)
body("a comma too many", '{"access_token": "a",}')
body("a comment", '{"access_token": "a"} // yes')
body("single quotes", "{'access_token': 'a'}")
body("no quotes", '{access_token: "a"}')
body("a control in a string", '{"access_token": "a\nb"}')
body("an escape that is none", '{"access_token": "\\x41"}')
body("half of JSON", plain[:-4])
body("a body of one byte", "{")
for words, data in (("a list", "[]"), ("null", "null"), ("true", "true"),
                    ("a number", "5"), ("a string", f'"{TOKEN}"'),
                    ("a list of objects", "[" + plain + "]")):
    body(words, data)
body("an empty object", "{}", says="no token at /access_token")
body("100,000 lists in lists", "[" * 100000)
body("100,000 objects in objects", '{"a":' * 100000)
body("a deep member nobody needs",
     '{"access_token": "%s", "x": %s}' % (TOKEN, "[" * 5000 + "]" * 5000))
body("30,000 members", json.dumps({
    **GOOD, **{"m%d" % i: i for i in range(30000)}}), None, "")
body("a name of half a megabyte", json.dumps({**GOOD, "n" * 500000: 1}), None,
     "")
body("a mebibyte", plain + " " * ((1 << 20) - len(plain)), OK, "")
body("more than a mebibyte", plain + " " * ((1 << 20) - len(plain) + 1),
     says="too large")
for name in ("access_token", "token_type", "expires_in", "scope", "other"):
    pairs = [*((k, json.dumps(v)) for k, v in GOOD.items()), (name, '"a"'),
             (name, '"b"')]
    body(f"{name} twice", text(pairs))
body("one name spelled in two ways",
     '{"access_token": "a", "access\\u005ftoken": "b"}')
body("members of a prototype", json.dumps({
    **GOOD, "__proto__": {"access_token": "x"}, "": 1, "a/b": 2, "~": 3}), OK,
    "")

# ---- tokens ----------------------------------------------------------------

body("no token", '{"token_type": "Bearer"}', says="no token at")
body("a token by another name", '{"accessToken": "a"}', says="no token at")
body("a token in another case", '{"Access_Token": "a"}', says="no token at")
body("a token somewhere inside", '{"data": {"access_token": "a"}}',
     says="no token at")
for value in ("null", '""', "[]", "{}", '["a"]', '{"access_token": "a"}'):
    body(f"the token {value}", '{"access_token": %s}' % value,
         says="no token at")
for value in ("5", "true", "1e3", "-0"):
    body(f"the token {value}", '{"access_token": %s}' % value,
         says="no string")
for words, value in (
        ("a blank", "a b"), ("a tab", "a\tb"), ("a line end", "a\nb"),
        ("a carriage return", "a\rb"),
        ("a header of its own", "a\r\nX-Evil: 1"),
        ("a blank at its end", "a "), ("ESC", "a\x1b[2Jb"),
        ("DEL", "a\x7fb"), ("a C1 control", "a\x9bb"),
        ("an umlaut", "a\u00e4b"),
        ("a bidi sign", "a\u202eb"), ("an invisible sign", "a\u200bb"),
        ("a line separator", "a\u2028b"), ("a face", "a\U0001f600b"),
        ("a no-break space", "a\u00a0b")):
    body("a token with " + words, json.dumps({**GOOD, "access_token": value}),
         says="blanks or control characters")
body("a token with NUL", '{"access_token": "a\\u0000b"}', says="a NUL")
body("half a pair in a token", '{"access_token": "a\\ud800b"}', AWAY,
     "surrogate")
for words, value in (
        ("of one character", "a"), ("of a dash", "-n"), ("called null", "null"),
        ("for a shell", "$(id);`id`|rm${IFS}-rf&\"'\\*?<>"),
        ("for printf", "%s%n%x%99999d"), ("with escaped characters", "a/b\\c"),
        ("of 64 KiB", "t" * 65536)):
    body("a token " + words, json.dumps({**GOOD, "access_token": value}), OK,
         "", token=value)
for size in (65537, 70 * 1024, 900 * 1024):
    body(f"a token of {size} bytes",
         json.dumps({**GOOD, "access_token": "t" * size}), says="64 KiB")

# ---- expires_in ------------------------------------------------------------

A_DAY, TEN_YEARS = 86400, 315360000
for words, value, least, most in (
        ("is null", "null", ASSUMED, ASSUMED),
        ("is nothing", "0", ASSUMED, ASSUMED),
        ("is less than nothing", "-1", ASSUMED, ASSUMED),
        ("is far less", "-99999999999999999999", ASSUMED, ASSUMED),
        ("has a fraction", "3600.5", 3600, 3601),
        ("is a fraction", "0.4", ASSUMED, ASSUMED),
        ("is a string", '"3600"', 3600, 3600),
        ("is a word", '"soon"', ASSUMED, ASSUMED),
        ("is an empty string", '""', ASSUMED, ASSUMED),
        ("is a string with blanks", '" 3600 "', ASSUMED, ASSUMED),
        ("is a string in hexadecimal", '"0x10"', ASSUMED, ASSUMED),
        ("is a string with a sign", '"-3600"', ASSUMED, ASSUMED),
        ("is in other digits", '"\uff13\uff16\uff10\uff10"', ASSUMED, ASSUMED),
        ("is a date", '"2099-01-01T00:00:00Z"', ASSUMED, ASSUMED),
        ("is NaN in a string", '"NaN"', ASSUMED, ASSUMED),
        ("is true", "true", ASSUMED, ASSUMED),
        ("is a list", "[3600]", ASSUMED, ASSUMED),
        ("is an object", '{"s": 3600}', ASSUMED, ASSUMED),
        ("is huge", "99999999999999999999", ASSUMED, TEN_YEARS),
        ("is as large as can be", "9223372036854775807", ASSUMED, TEN_YEARS),
        ("is past 2038", "2147483648", TEN_YEARS, TEN_YEARS),
        ("is 1e3", "1e3", ASSUMED, 1000),
        ("is 1e300", "1e300", ASSUMED, TEN_YEARS),
        ("has escapes", '"\\u001b[2J"', ASSUMED, ASSUMED)):
    case("expires_in " + words, with_life(value), OK, life=(least, most))
body("no expires_in", '{"access_token": "%s"}' % TOKEN, OK, "",
     life=(ASSUMED, ASSUMED))
for words, value in (("NaN", "NaN"), ("Infinity", "Infinity"),
                     ("-Infinity", "-Infinity"), ("1e999", "1e999"),
                     ("+5", "+5"), ("05", "05"), ("0x10", "0x10"),
                     (".5", ".5"), ("5.", "5."), ("500 digits", "9" * 500)):
    case("expires_in, not JSON: " + words, with_life(value),
         None if words == "1e999" else AWAY, "")
case("a token for a second", with_life("1"), None)
case("a token for ten seconds", with_life("10"), OK, life=(10, 10))

# ---- token_type, scope -----------------------------------------------------

for value, exit_status in (
        ("bearer", OK), ("BEARER", OK), ("", OK), (None, OK), ("MAC", CONFIG),
        ("DPoP", CONFIG), ("N_A", CONFIG), ("Bearer ", CONFIG), (5, CONFIG),
        ("Bearer\r\nX-Evil: 1", CONFIG), ("Bearer\t", CONFIG),
        (CONTROLS, CONFIG), (BIDI, CONFIG), ("y" * 100000, CONFIG),
        (["Bearer"], OK), ({"a": 1}, OK)):
    body(f"the token type {str(value)[:24]!a}",
         json.dumps({**GOOD, "token_type": value}), exit_status,
         "of type" if exit_status else "")
for words, value in (
        ("that is a number", 5), ("that is a list", ["a", "b"]),
        ("of 20 KiB", "a " * 10000), ("with controls", CONTROLS),
        ("with bidi signs", BIDI), ("that is null", None),
        ("with a line end", "a\nb"), ("of the secret", SECRET)):
    body("a scope " + words, json.dumps({**GOOD, "scope": value}), OK, "")
body("a refresh token nobody asked for", json.dumps({
    **GOOD, "refresh_token": "r" * 70000, "id_token": "a.b.c"}), OK, "")

# ---- errors ----------------------------------------------------------------


def error(words, code, status, exit_status, says="", **more):
    data = {k: v for k, v in {"error": code, **more}.items() if v is not None}
    case("the error " + words, raw(status, data), exit_status, says)


for code, status, exit_status in (
        ("invalid_client", 401, REFUSED), ("invalid_client", 400, REFUSED),
        ("invalid_client", 200, REFUSED), ("invalid_client", 500, REFUSED),
        ("unauthorized_client", 400, REFUSED), ("invalid_scope", 400, CONFIG),
        ("invalid_request", 400, CONFIG), ("invalid_target", 400, CONFIG),
        ("unsupported_grant_type", 400, CONFIG), ("slow_down", 400, COOLDOWN),
        ("temporarily_unavailable", 503, AWAY), ("server_error", 500, AWAY),
        ("server_error", 200, AWAY), ("no_such_word", 400, CONFIG),
        ("no_such_word", 200, CONFIG), ("use_dpop_nonce", 400, CONFIG)):
    error(f"{code} with {status}", code, status, exit_status, code)
error("that is empty", "", 400, CONFIG, "HTTP 400")
error("that is a number", 5, 400, CONFIG)
error("that is null", None, 400, CONFIG)
error("that is an object", {"message": CONTROLS, "code": 5}, 400, CONFIG)
error("that is a list", ["invalid_client"], 400, CONFIG)
error("that is true", True, 400, CONFIG)
for kind, words in (("controls", CONTROLS), ("bidi signs", BIDI),
                    ("line ends", "a\ntokenward: alpha: done\r\n\x1b[1A"),
                    ("formats", "%s%n%99999d{}${x}"),
                    ("quotes", '"}\\",\\u0000 \\'),
                    ("HTML", "<script>alert(1)</script>"),
                    ("a shell's words", "$(id) `id` ; rm -rf ~"),
                    ("a link of a terminal", "\x1b]8;;http://x\x1b\\y"),
                    ("half a megabyte", "A" * 500000),
                    ("half a megabyte of escapes", "\x1b" * 90000),
                    ("nothing but marks", "\u0301" * 5000)):
    error(f"described in {kind}", "invalid_client", 401, REFUSED,
          "invalid_client", error_description=words)
    error(f"named in {kind}", words, 401, REFUSED, "refused the client")
for value in (5, None, [], {"a": CONTROLS}, True):
    error(f"described by {str(value)[:8]!a}", "invalid_client", 401, REFUSED,
          "invalid_client", error_description=value)
error("with a page to read", "invalid_client", 401, REFUSED, "invalid_client",
      error_uri="javascript:alert('\x1b')")
case("an error and a token, 401", raw(401, {**GOOD, "error": "invalid_client"}),
     REFUSED, "invalid_client")
case("an error and a token, 200", raw(200, {**GOOD, "error": "invalid_client"}),
     REFUSED, "invalid_client")
case("an empty error and a token", raw(200, {**GOOD, "error": ""}), OK)
case("an error of null and a token", raw(200, {**GOOD, "error": None}), OK)
case("an error twice", raw(400, '{"error": "a", "error": "b"}'), CONFIG)
case("invalid UTF-8 in an error", raw(400, b'{"error": "\xff\xfe\xc0"}'),
     CONFIG, "HTTP 400")

# ---- the secret comes back -------------------------------------------------


def spellings():
    blob = SECRET.encode()
    both = (CLIENT + ":" + SECRET).encode()
    form = urllib.parse.quote_plus(SECRET)
    yield "as it is", SECRET
    yield "as a form", form
    yield "percent-encoded", urllib.parse.quote(SECRET, safe="")
    yield "percent-encoded in small letters", \
        urllib.parse.quote(SECRET, safe="").replace("%2B", "%2b")
    yield "percent-encoded all over", "".join("%%%02X" % b for b in blob)
    yield "in base64", base64.b64encode(blob).decode()
    yield "in base64 for URLs", base64.urlsafe_b64encode(blob).decode()
    yield "in hexadecimal", blob.hex()
    yield "in JSON", json.dumps(SECRET)
    yield "with the client's name", both.decode()
    yield "as it was sent", base64.b64encode(
        (urllib.parse.quote_plus(CLIENT) + ":" + form).encode()).decode()


NUL = "a\0b"
for member in ("error", "error_description"):
    case(f"NUL in {member}", raw(401, {**GOOD, member: NUL}), REFUSED,
         "HTTP 401")
for words, said in spellings():
    error(f"tells the secret {words}", "invalid_client", 401, REFUSED,
          "invalid_client", error_description=f"you sent {said} to us")
    error(f"tells it at the cut, {words}", "invalid_client", 401, REFUSED,
          "invalid_client", error_description="x" * 490 + said)
    case(f"a redirect to the secret {words}",
         raw(307, "", "Location: http://{trap}/" + said), CONFIG, "redirect")
    case(f"a type that is the secret {words}",
         raw(200, {**GOOD, "token_type": said}), CONFIG, "of type")
    case(f"a page with the secret {words}", raw(500, "<p>" + said), AWAY,
         "HTTP 500")
error("is the secret", SECRET, 401, REFUSED, "refused the client")
case("a reason that is the secret", raw("400 " + SECRET, ""), CONFIG)
case("a header that is the secret", raw(400, "", "X-Echo: " + SECRET), CONFIG)
case("the request comes back", lambda c, request: c.sendall(
    raw(400, b"\r\n\r\n".join(request))), CONFIG, "HTTP 400")
case("the request comes back in an error", lambda c, request: c.sendall(
    raw(401, {"error": "invalid_client", "error_description":
              b"\r\n\r\n".join(request).decode()})), REFUSED, "invalid_client")

assert len({c.name for c in CASES}) == len(CASES), [
    c.name for i, c in enumerate(CASES)
    if c.name in [d.name for d in CASES[:i]]]
