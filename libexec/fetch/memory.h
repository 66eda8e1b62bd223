/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of libcurl and OpenSSL that is wiped when it is given back. */
#ifndef FETCH_MEMORY_H
#define FETCH_MEMORY_H

#include "base/error.h"

/* Before anything else of either library is called. */
int memory_setup(struct error *err);

#endif
