/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the host's side share. */
#ifndef MODULE_HOST_H
#define MODULE_HOST_H

#include "module/message.h"
#include "module/module.h"

/* err comes without an error. */
int module_info_decode(
    const struct buf *list, struct module_info *ret, struct error *err);

/* The descriptor's hello, as if it had come over a socket. */
int module_info_of(const struct tokenward_module *descriptor,
    struct module_info *ret, struct error *err);

#endif
