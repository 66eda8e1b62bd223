/* SPDX-License-Identifier: BSD-2-Clause */
/* The words for outcomes: of provider files, of frames, of messages. */
#include <string.h>
#include "fetch/fetch.h"

const char *const outcome_names[OUTCOME_MAX] = {
    [OUTCOME_OK] = "ok",
    [OUTCOME_BAD_CREDENTIALS] = "bad_credentials",
    [OUTCOME_SECRET_EXPIRED] = "secret_expired",
    [OUTCOME_BLOCKED] = "blocked",
    [OUTCOME_BAD_REQUEST] = "bad_request",
    [OUTCOME_BAD_SCOPE] = "bad_scope",
    [OUTCOME_RATE_LIMITED] = "rate_limited",
    [OUTCOME_TEMPORARY] = "temporary",
    [OUTCOME_USE_NONCE] = "use_nonce",
    [OUTCOME_UNTRUSTED] = "untrusted",
};

enum outcome
outcome_parse(const char *s, size_t len)
{
	int i;

	for (i = 0; i < OUTCOME_MAX; i++)
		if (strlen(outcome_names[i]) == len &&
		    memcmp(outcome_names[i], s, len) == 0)
			break;
	return (enum outcome)i;
}
