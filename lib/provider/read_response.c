/* SPDX-License-Identifier: BSD-2-Clause */
/* "response" of a provider file: where in an answer things are. */
#include <stdlib.h>

#include "provider/reading.h"

#define RULES_MAX 32u

/* In the order of enum expires_as. */
static const char *const ways[] = {
    "seconds", "milliseconds", "epoch", "epoch_ms", "rfc3339", NULL};

static const struct member expires_members[] = {
    {"at", read_pointer, offsetof(struct expires_rule, at)},
    {"as", read_word, offsetof(struct expires_rule, as), ways},
    {NULL},
};

static int
read_expiry(struct reading *r, struct provider *p, struct json_object *v)
{
	struct expires_rule *rule = &p->expires[p->expires_n++];
	int res;

	*rule = (struct expires_rule){.as = EXPIRES_SECONDS};
	res = read_members(r, expires_members, v, rule);
	if (res != TOKENWARD_OK)
		return res;
	if (!rule->at)
		return reading_fail(r, "a way to tell the life needs \"at\"");
	return TOKENWARD_OK;
}

static int
read_expires(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	struct provider *p = at;
	size_t n = json_object_is_type(v, json_type_array)
		       ? json_object_array_length(v)
		       : 0;

	(void)m;
	if (n == 0 || n > RULES_MAX)
		return reading_fail(r,
		    "\"response.expires\" must be a list of 1 to 32 objects");
	p->expires = calloc(n, sizeof(*p->expires));
	if (!p->expires)
		return error_memory(r->err);
	for (size_t i = 0; i < n; i++) {
		char index[4] = {
		    (char)('0' + i / 10), (char)('0' + i % 10), '\0'};
		size_t mark = reading_begin(r, index + (i < 10));
		int res = read_expiry(r, p, json_object_array_get_idx(v, i));

		if (res != TOKENWARD_OK)
			return res;
		reading_end(r, mark);
	}
	return TOKENWARD_OK;
}

static int
read_assume(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	if (v)
		return read_seconds(r, m, v, at);
	*(int64_t *)at = LIFE_NEVER;
	return TOKENWARD_OK;
}

static int
read_keep(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	struct strmap *keep = at;
	int res = read_map(r, m, v, at);

	for (size_t i = 0; res == TOKENWARD_OK && i < keep->n; i++) {
		size_t mark = reading_begin(r, keep->v[i].key);

		if (!is_pointer(keep->v[i].value))
			return reading_fail(r,
			    "a value to keep needs a JSON Pointer such as "
			    "\"/data/url\", or \"header:Name\"");
		reading_end(r, mark);
	}
	return res;
}

const struct member response_members[] = {
    {"token", read_pointers, offsetof(struct provider, token_at)},
    {"type", read_pointers, offsetof(struct provider, type_at)},
    {"type_default", read_text, offsetof(struct provider, type_default)},
    {"expires", read_expires, 0},
    {"jwt_exp", read_flag, offsetof(struct provider, jwt_exp)},
    {"assume", read_assume, offsetof(struct provider, assume)},
    {"refresh", read_pointers, offsetof(struct provider, refresh_at)},
    {"scope", read_pointers, offsetof(struct provider, scope_at)},
    {"keep", read_keep, offsetof(struct provider, keep)},
    {NULL},
};

const struct member error_members[] = {
    {"code", read_pointers, offsetof(struct provider, error_code_at)},
    {"message", read_pointers, offsetof(struct provider, error_message_at)},
    {NULL},
};
