# SPDX-License-Identifier: BSD-2-Clause
"""In the container of systemd-test: the steps of tokenward-systemd(7)."""

import json
import os
import subprocess
import time
import traceback

SECRET = "c4n-4ry_s3cret.9f27b1"  # of the client "shop", no real one
SEALED = "/etc/credstore.encrypted/tokenward.key"
STATE = "/var/lib/tokenward-job"
UNIT = "tokenward-job.service"
UNITS = "/etc/systemd/system/"
TESTS = []


def test(name):
    def add(function):
        TESTS.append((name, function))
        return function
    return add


def contains(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def run(*argv, want=0, stdin=""):
    ran = subprocess.run(argv, input=stdin, capture_output=True, text=True,
                         timeout=60, check=False)
    if want is not None:
        assert ran.returncode == want, (argv, ran.returncode, ran.stdout,
                                        ran.stderr)
    return ran


def as_job(*argv, key=True, **how):
    """What the manual has as a function of the shell."""
    return run("systemd-run", "--quiet", "--pipe", "--wait",
               "-p", "DynamicUser=yes", "-p", "User=tokenward-job",
               "-p", "StateDirectory=tokenward-job",
               *(["-p", "LoadCredentialEncrypted=tokenward.key:" + SEALED]
                 if key else []),
               "-E", f"TOKENWARD_STORE={STATE}/store", *argv, **how)


def drop_in(unit, text):
    directory = f"{UNITS}{unit}.d"
    os.makedirs(directory, exist_ok=True)
    with open(directory + "/test.conf", "w", encoding="ascii") as f:
        f.write(text)
    run("systemctl", "daemon-reload")


def job(script):
    """The example unit as it is, but for what it runs; what that printed."""
    path = "/run/job.sh"
    with open(path, "w", encoding="ascii") as f:
        f.write("exec >%s/out 2>&1\n%s\n" % (STATE, script))
    os.chmod(path, 0o755)
    drop_in(UNIT, f"[Service]\nExecStart=\nExecStart=/bin/sh -e {path}\n")
    ran = run("systemctl", "start", UNIT, want=None)
    with open(STATE + "/out", encoding="utf-8") as f:
        return ran.returncode, f.read()


def good_job(script):
    status, text = job(script)
    assert status == 0, (status, text)
    return text


@test("the units are correct, and exposed to little")
def _():
    ran = run("systemd-analyze", "verify", UNITS + UNIT,
              UNITS + "tokenward-job.timer")
    assert "tokenward" not in ran.stderr, ran.stderr  # of other units' faults
    run("systemd-analyze", "security", "--offline=true", "--threshold=15",
        UNITS + UNIT)


@test("a key is sealed by hand")
def _():
    os.makedirs(os.path.dirname(SEALED), mode=0o700)
    run("sh", "-c", "head -c 32 /dev/urandom | systemd-creds encrypt "
        f"--with-key=host --name=tokenward.key - {SEALED}")


@test("the store is made and filled in the place of the job")
def _():
    made = as_job("tokenward", "init")
    contains(made.stderr, STATE + "/store", "credential tokenward.key")
    assert "recovery" not in made.stderr, made.stderr
    with open("/run/tokend.json", encoding="utf-8") as f:
        base = json.load(f)["base"]
    run("python3", "-c", """
import json, ssl, sys, urllib.request
urllib.request.urlopen(sys.argv[1] + "/_/clients", json.dumps({
    "vendor": "generic", "client_id": "shop", "client_secret": sys.argv[2],
    "method": "any", "scopes": "read write"}).encode(), 10,
    context=ssl.create_default_context(cafile="/test/pki/ca.pem"))
""", base, SECRET)
    as_job("tokenward", "add", "shop", "--provider", "generic",
           "--token-url", base + "/generic/token", "--client-id", "shop",
           "--ca-file", "/test/pki/ca.pem", stdin=SECRET + "\n")


@test("the job has a token, fenced in, under a uid that is given out again")
def _():
    text = good_job("tokenward --strict token shop\nid -u\n"
                    "tokenward --strict doctor\n"
                    "cat /proc/self/status")
    token, uid = text.splitlines()[:2]
    assert len(token) > 10 and 61184 <= int(uid) <= 65519, text
    contains(text, "confined by seccomp and Landlock", "NoNewPrivs:\t1",
             "Seccomp:\t2")
    again = as_job("tokenward", "token", "shop").stdout.strip()
    assert again == token, "it was not kept"
    new = good_job("tokenward token --new shop").strip()
    assert new != token


@test("the kernel keeps no key of such a user, though it could")
def _():
    ran = as_job("cat", "/proc/keys")
    assert "tokenward:" not in ran.stdout, ran.stdout
    ran = as_job("tokenward", "unlock", want=None)
    assert ran.returncode not in (0, 4), ran
    contains(ran.stderr, "keyring")
    run("tokenward", "--system", "init", "--key", "systemd-credential")
    run("tokenward", "--system", "unlock")
    contains(run("cat", "/proc/keys").stdout, "tokenward:")


@test("without the credential the store is locked, and says what is missing")
def _():
    ran = as_job("tokenward", "token", "--new", "shop", key=False, want=4)
    contains(ran.stderr, "is locked", "LoadCredentialEncrypted=tokenward.key")


@test("a credential that was sealed elsewhere does not start the job")
def _():
    with open(SEALED, "rb") as f:
        sealed = f.read()
    other = bytearray(sealed)
    other[40] ^= 1
    try:
        with open(SEALED, "wb") as f:
            f.write(other)
        run("systemctl", "start", UNIT, want=1)
    finally:
        with open(SEALED, "wb") as f:
            f.write(sealed)
    good_job("tokenward token shop")


@test("other users, and other services, do not see store or key")
def _():
    for path in (STATE + "/store/header", SEALED):
        run("setpriv", "--reuid", "65534", "--regid", "65534",
            "--clear-groups", "cat", path, want=1)
        run("systemd-run", "--quiet", "--pipe", "--wait", "-p",
            "DynamicUser=yes", "cat", path, want=1)
    listed = as_job("sh", "-c", "stat -c '%a %U' "
                    f"{STATE}/store {STATE}/store/header").stdout
    assert listed.split() == ["700", "tokenward-job", "600",
                              "tokenward-job"], listed


@test("root leaves the store to its owner, and says so")
def _():
    ran = run("tokenward", "--store", STATE + "/store", "list", want=11)
    contains(ran.stderr, "belongs to uid")


@test("a timer runs it, again and again, and the token is kept")
def _():
    good_job(f"tokenward token shop >>{STATE}/runs")
    drop_in("tokenward-job.timer",
            "[Timer]\nOnCalendar=\nRandomizedDelaySec=0\nPersistent=no\n"
            "AccuracySec=1ms\nOnActiveSec=10ms\nOnUnitInactiveSec=50ms\n")
    run("systemctl", "start", "tokenward-job.timer")
    deadline = time.monotonic() + 40
    runs = []
    while len(runs) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
        with open(STATE + "/runs", encoding="ascii") as f:
            runs = f.read().split()
    run("systemctl", "stop", "tokenward-job.timer")
    assert len(runs) >= 4 and len(set(runs)) == 1, runs


@test("root seals a key himself, and a service opens the system's store")
def _():
    path = "/etc/credstore.encrypted/system.key"
    ran = run("tokenward", "--system", "key", "add",
              "systemd-credential=" + path, want=None)
    assert ran.returncode == 0, ran
    contains(ran.stderr, "LoadCredentialEncrypted=system.key:" + path)
    slot = ran.stdout.strip()
    run("tokenward", "--system", "key", "test", slot)
    run("systemd-run", "--quiet", "--pipe", "--wait", "-p",
        "LoadCredentialEncrypted=system.key:" + path, "-p",
        "PrivateDevices=yes", "-p", "InaccessiblePaths=" + path,
        "tokenward", "--system", "key", "test", slot)
    run("tokenward", "--system", "key", "remove", slot)
    assert not os.path.exists(path) and os.path.exists(SEALED)


def main():
    print(f"1..{len(TESTS)}", flush=True)
    for number, (name, function) in enumerate(TESTS, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # pylint: disable=broad-exception-caught
            print(f"not ok {number} - {name}")
            for line in traceback.format_exc().splitlines():
                print("# " + line)


main()
