/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a plan goes: checked once, and libcurl gets what was checked. */
#ifndef FETCH_TARGET_H
#define FETCH_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <curl/curl.h>
#include "fetch/fetch.h"

struct target {
	CURLU *url;
	bool loopback; /* plain http, allowed because it stays on this host */
	uint16_t ports[2]; /* of the origin or the proxy; of name servers */
};
#define TARGET_INIT         \
	{                   \
		.url = NULL \
	}

void target_free(struct target *t);
#define cleanup_target __attribute__((cleanup(target_free)))
/* TOKENWARD_CONFIG and a sentence when the plan may not be carried out. */
int target_check(const struct plan *p, struct target *ret, struct error *err);

#endif
