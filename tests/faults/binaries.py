# SPDX-License-Identifier: BSD-2-Clause
"""What can be read from an installation's programs and libraries, with
readelf, nm and ldd.  Tests for hardening-test."""

import glob
import os
import re
import stat
import subprocess

import tap
import world


def output(*command):
    return subprocess.run(command, check=True, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env={"PATH": world.PATH, "LC_ALL": "C"}).stdout


def is_elf(path):
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as f:
        return f.read(4) == b"\x7fELF"


class Installed:
    """The files of an installation, by their names below the prefix."""

    def __init__(self, directory):
        done = subprocess.run(
            ["make", "-s", "-C", world.BUILD, "install",
             "DESTDIR=" + directory], check=False, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode:
            tap.bail_out("make install: " + done.stderr[-500:])
        self.all = [os.path.join(d, n) for d, _, names in os.walk(directory)
                    for n in names]
        with open(os.path.join(world.BUILD, "Makefile"),
                  encoding="utf-8") as f:
            prefix = re.search(r"^prefix = (.*)$", f.read(), re.M)[1]
        self.elf = {os.path.relpath(path, directory + prefix): path
                    for path in self.all if is_elf(path)}
        self.programs = {name: path for name, path in self.elf.items()
                         if "INTERP" in output("readelf", "-lW", path)}
        if "bin/tokenward" not in self.programs or \
                "libexec/tokenward/fetch" not in self.programs:
            tap.bail_out(f"installed is {sorted(self.elf)}")

    def __call__(self, function):
        """A test of each of the binaries; it says what is wrong, if it is."""
        def test():
            faults = [f"{name}: {fault}" for name, path in self.elf.items()
                      if (fault := function(name, path))]
            return faults
        return test


def dynamic(path):
    """[(tag, value)] of what the loader reads."""
    return re.findall(r"\((\w+)\)\s+(.*)", output("readelf", "-dW", path))


def flags(path):
    return " ".join(v for tag, v in dynamic(path) if tag.startswith("FLAGS"))


def segments(path):
    return re.findall(r"^  ([A-Z_]+) +(?:0x\w+ +){5}([RWE ]{3}) ",
                      output("readelf", "-lW", path), re.M)


def imports(path):
    return {line.split()[-1].partition("@")[0]
            for line in output("nm", "-D", "--undefined-only", path)
            .splitlines()}


def position_independent(installed):
    def test(name, path):
        if "DYN" not in output("readelf", "-hW", path):
            return "not position independent"
        if name in installed.programs and "PIE" not in flags(path):
            return "a program that is no PIE"
        return ""
    return installed(test)


def relocations_read_only(name, path):
    del name
    kinds = [kind for kind, _ in segments(path)]
    return "" if "GNU_RELRO" in kinds and "NOW" in flags(path) else \
        f"{kinds}, {flags(path)}"


def no_writable_code(name, path):
    del name
    stack = [mode for kind, mode in segments(path) if kind == "GNU_STACK"]
    both = [s for s in segments(path) if "W" in s[1] and "E" in s[1]]
    loads = [s for s in segments(path) if s[0] == "LOAD"]
    return "" if stack == ["RW "] and not both and len(loads) > 1 else \
        str(segments(path))


def no_text_relocations(name, path):
    del name
    return "TEXTREL" if "TEXTREL" in str(dynamic(path)) else ""


def no_search_path(name, path):
    del name
    return "".join(f"{tag} {value}" for tag, value in dynamic(path)
                   if tag in ("RPATH", "RUNPATH"))


def stack_protector(name, path):
    del name
    return "" if "__stack_chk_fail" in imports(path) else "none"


def fortified(name, path):
    del name
    return "" if any(re.fullmatch(r"__(?!stack).*_chk", i)
                     for i in imports(path)) else "no checked call"


# exec runs a command of the user's, which is found as env(1) finds it.
LOADING = {"dlopen", "dlmopen", "system", "popen", "wordexp", "execlp",
           "execvp", "execvpe", "posix_spawnp", "gets", "mktemp", "tmpnam",
           "tempnam", "getwd"}
MAY = {"bin/tokenward": {"execvp", "execvpe"}}


def no_loading_and_no_shell(name, path):
    bad = imports(path) & LOADING - MAY.get(name, set())
    return f"it calls {', '.join(sorted(bad))}" if bad else ""


CORE = {"libsodium", "libjson-c"}
LIBRARIES = {  # design.md, section 4; the C library besides
    "bin/tokenward": CORE,
    "lib/libtokenward.so.": CORE,
    "lib/libtokenward-module.so.": {"libsodium"},
    "lib/security/pam_tokenward.so": {"libpam"},
    "libexec/tokenward/pam-helper": CORE,
    "libexec/tokenward/fetch": CORE | {"libcurl", "libssl", "libcrypto",
                                       "libseccomp"},
    "libexec/tokenward/modules/systemd-credential": {"libsodium"},
    "libexec/tokenward/modules/secret-service": {
        "libsodium", "libsecret-1", "libgio-2.0", "libgobject-2.0",
        "libglib-2.0"},
    "libexec/tokenward/modules/tpm2": {
        "libsodium", "libtss2-esys", "libtss2-mu", "libtss2-tctildr",
        "libtss2-rc"},
}
LIBC_FILES = {"libc", "ld-linux-x86-64", "ld-linux-aarch64", "libpthread"}
LEAN = "bin/tokenward", "lib/libtokenward.so.", "libexec/tokenward/pam-helper"


def row_of(name):
    return next((row for row in LIBRARIES if name.startswith(row)), None)


def libraries(name, path):
    row = row_of(name)
    if row is None:
        return "not in the table"
    linked = {re.search(r"\[(.*?)\.so", value)[1]
              for tag, value in dynamic(path) if tag == "NEEDED"}
    more = linked - LIBRARIES[row] - LIBC_FILES
    if row in LEAN:  # nor by way of another
        more |= {lib for lib in re.findall(r"^\t(\w\S*?)\.so", output(
            "ldd", path), re.M)} - CORE - LIBC_FILES - {"linux-vdso", "libm"}
    return f"linked with {', '.join(sorted(more))}" if more else ""


def exported(path):
    return {line.split()[-1].partition("@")[0]
            for line in output("nm", "-D", "--defined-only", path)
            .splitlines() if " A " not in line}


def exported_symbols(name, path):
    if "libtokenward" in name:
        script = re.sub(r"\.so.*", ".map", os.path.basename(name))
        script = script.replace("lib", "", 1)
        with open(os.path.join(world.SOURCE, "lib", script),
                  encoding="ascii") as f:
            wanted = set(re.findall(r"^\t(\w+);", f.read(), re.M))
    elif name.endswith("pam_tokenward.so"):
        wanted = {"pam_sm_" + n for n in (
            "authenticate", "setcred", "acct_mgmt", "open_session",
            "close_session", "chauthtok")}
    else:  # what a program shares with its libraries
        wanted = exported(path) & {"environ", "__environ", "free", "stdin",
                                   "stdout", "stderr", "_environ"}
    odd = exported(path) ^ wanted
    return f"{', '.join(sorted(odd))}" if odd else ""


def control_flow():
    """Of our objects: a program has it when its libraries have it, too."""
    wanted = {"x86_64": "IBT, SHSTK", "aarch64": "BTI, PAC"}[
        os.uname().machine]
    places = ("lib/*/.libs", "libexec/fetch", "libexec/pam", "cli",
              "plugins/*", "plugins/*/*", "plugins/*/*/.libs")
    objects = [path for p in places for path in glob.glob(
        os.path.join(world.BUILD, p, "*.o"))]
    text = output("readelf", "-nW", *objects)
    told = dict(re.findall(r"^File: (.*)\n((?:(?!File: ).*\n)*)", text, re.M))
    faults = [f"{path} is without {wanted}" for path in objects
              if wanted not in told.get(path, "")]
    return faults or ([] if len(objects) > 100 else [f"only {objects}"])


def defined(*patterns):
    """Functions of objects in the build directory."""
    objects = [path for p in patterns
               for path in glob.glob(os.path.join(world.BUILD, p))]
    return set(re.findall(r" T (\w+)$", output(
        "nm", "--defined-only", *objects), re.M))


def each_knows_its_own(installed):
    """The helper has nothing that could open a store, the command nothing
    that talks to a network."""
    def test():
        inside = [f"lib/{part}/.libs/*.o" for part in (
            "core", "key", "store", "module", "rotate", "token")]
        faults = []
        for name, foreign in (
                ("libexec/tokenward/fetch", defined(*inside)),
                ("bin/tokenward", defined("libexec/fetch/*_fetch_fetch-*.o"))):
            here = set(re.findall(r" T (\w+)$", output(
                "nm", installed.elf[name]), re.M))
            both = here & foreign - {"main"}
            if both or len(foreign) < 20 or len(here) < 20:
                faults.append(f"{name}: {sorted(both)[:9]} of "
                              f"{len(foreign)}, {len(here)} here")
        return faults
    return test


def modes(installed):
    def test():
        return [f"{path}: {st.st_mode:o}" for path in installed.all
                if (st := os.lstat(path)).st_mode & 0o6000 or
                (st.st_mode & 0o022 and not stat.S_ISLNK(st.st_mode)) or
                "security.capability" in os.listxattr(
                    path, follow_symlinks=False)]
    return test


def tests(installed):
    """(name, function) of each."""
    yield "position independent", position_independent(installed)
    for function in (relocations_read_only, no_writable_code,
                     no_text_relocations, no_search_path, stack_protector,
                     fortified, no_loading_and_no_shell, libraries,
                     exported_symbols):
        yield function.__name__.replace("_", " "), installed(function)
    yield "control flow", control_flow
    yield "each knows its own", each_knows_its_own(installed)
    yield "modes", modes(installed)
