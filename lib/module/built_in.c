/* SPDX-License-Identifier: BSD-2-Clause */
/* The modules that are part of the library. */
#include "module/built_in.h"

const struct tokenward_module *const built_in_modules[] = {
    &keyring_cache_module,
    &keyfile_module,
    &passphrase_module,
    &recovery_module,
    &files_module,
    &syslog_module,
    NULL,
};
