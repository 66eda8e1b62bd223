/* SPDX-License-Identifier: BSD-2-Clause */
/* The words for results. */
#include <tokenward/tokenward.h>

static const char *const names[TOKENWARD_RESULT_MAX] = {
    [TOKENWARD_OK] = "ok",
    [TOKENWARD_FAILED] = "failed",
    [TOKENWARD_USAGE] = "usage",
    [TOKENWARD_NOT_FOUND] = "not-found",
    [TOKENWARD_LOCKED] = "locked",
    [TOKENWARD_REFUSED] = "refused",
    [TOKENWARD_EXPIRED] = "expired",
    [TOKENWARD_COOLDOWN] = "cool-down",
    [TOKENWARD_UNAVAILABLE] = "unavailable",
    [TOKENWARD_DAMAGED] = "damaged",
    [TOKENWARD_CONFIG] = "configuration",
    [TOKENWARD_NOT_ALLOWED] = "not-allowed",
    [TOKENWARD_EXISTS] = "exists",
};

const char *
tokenward_result_name(int result)
{
	if (result < 0 || result >= TOKENWARD_RESULT_MAX)
		return "unknown";
	return names[result];
}

const char *
tokenward_version(void)
{
	return TOKENWARD_VERSION_STRING;
}
