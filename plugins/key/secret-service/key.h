/* SPDX-License-Identifier: BSD-2-Clause */
/* The module of kind key. */
#ifndef SECRET_SERVICE_KEY_H
#define SECRET_SERVICE_KEY_H

#include <tokenward/module.h>

extern const struct tokenward_module secret_service_key;

#endif
