/* SPDX-License-Identifier: BSD-2-Clause */
/* The modules that are part of the library. */
#ifndef MODULE_BUILT_IN_H
#define MODULE_BUILT_IN_H

#include <tokenward/module.h>

extern const struct tokenward_module *const built_in_modules[]; /* NULL ends */

extern const struct tokenward_module keyring_cache_module; /* key/modules.c */
extern const struct tokenward_module keyfile_module;
extern const struct tokenward_module passphrase_module;
extern const struct tokenward_module recovery_module;
extern const struct tokenward_module files_module;  /* store/module.c */
extern const struct tokenward_module syslog_module; /* notify/syslog.c */

#endif
