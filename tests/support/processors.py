# SPDX-License-Identifier: BSD-2-Clause
"""Other processors, played.

The C library and those of the ciphers choose their functions by the
processor, and save as many registers as it has: what is left on a stack by
them is another thing on each.  Variables of the environment tell them that
theirs can less.
"""

NO_AVX512 = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW"
PROCESSORS = {
    "this processor": {},
    "functions looked up ahead": {"LD_BIND_NOW": "1"},
    "no AVX-512": {"GLIBC_TUNABLES": NO_AVX512},
    "no AVX": {"GLIBC_TUNABLES": NO_AVX512 + ",-AVX2,-AVX"},
    "no fast copying": {"GLIBC_TUNABLES": NO_AVX512 + ",-ERMS,-FSRM"},
    "no XSAVEC, and plain ciphers": {
        "GLIBC_TUNABLES": NO_AVX512 + ",-XSAVEC", "OPENSSL_ia32cap": ":0"},
}
