/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of modules and stacks. */
#include <string.h>
#include "module/module.h"

#define NAME_MAX_LEN 32

const char *const module_result_names[TOKENWARD_MODULE_RESULT_MAX] = {
    [TOKENWARD_MODULE_OK] = "ok",
    [TOKENWARD_MODULE_NONE] = "none",
    [TOKENWARD_MODULE_ASK] = "ask",
    [TOKENWARD_MODULE_AWAY] = "away",
    [TOKENWARD_MODULE_DENIED] = "denied",
    [TOKENWARD_MODULE_CONFLICT] = "conflict",
    [TOKENWARD_MODULE_BROKEN] = "broken",
    [TOKENWARD_MODULE_FAILED] = "failed",
};

const char *const module_kind_names[MODULE_KIND_MAX] = {
    [MODULE_KEY] = "key",
    [MODULE_STORE] = "store",
    [MODULE_NOTIFY] = "notify",
};

const char *const stack_kind_names[MODULE_KIND_MAX] = {
    [MODULE_KEY] = "unlock",
    [MODULE_STORE] = "store",
    [MODULE_NOTIFY] = "notify",
};

const char *const control_names[CONTROL_MAX] = {
    [CONTROL_REQUIRED] = "required",
    [CONTROL_REQUISITE] = "requisite",
    [CONTROL_SUFFICIENT] = "sufficient",
    [CONTROL_OPTIONAL] = "optional",
};

static const int codes[TOKENWARD_MODULE_RESULT_MAX] = {
    [TOKENWARD_MODULE_OK] = TOKENWARD_OK,
    [TOKENWARD_MODULE_NONE] = TOKENWARD_NOT_FOUND,
    [TOKENWARD_MODULE_ASK] = TOKENWARD_LOCKED,
    [TOKENWARD_MODULE_AWAY] = TOKENWARD_UNAVAILABLE,
    [TOKENWARD_MODULE_DENIED] = TOKENWARD_LOCKED,
    [TOKENWARD_MODULE_CONFLICT] = TOKENWARD_EXISTS,
    [TOKENWARD_MODULE_BROKEN] = TOKENWARD_DAMAGED,
    [TOKENWARD_MODULE_FAILED] = TOKENWARD_FAILED,
};

int
module_result_code(enum tokenward_module_result r)
{
	return r < TOKENWARD_MODULE_RESULT_MAX ? codes[r] : TOKENWARD_FAILED;
}

bool
module_is_name(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= NAME_MAX_LEN && name[0] >= 'a' &&
	       name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}
