/* SPDX-License-Identifier: BSD-2-Clause */
/* "use", "reissue" and "secret": a token and a secret after the request. */
#include "provider/reading.h"

static const char *const places[] = {"header", "query", NULL};
/* In the order of enum reissue. */
static const char *const reissues[] = {
    "new", "same", "extends", "replaces", NULL};
static const char *const renewals[] = {"manual", NULL};

static const struct member use_members[] = {
    {"in", read_word_text, offsetof(struct provider, use_in), places},
    {"name", read_text, offsetof(struct provider, use_name)},
    {"format", read_text, offsetof(struct provider, use_format)},
    {"headers", read_headers, offsetof(struct provider, use_headers)},
    {NULL},
};

int
read_use(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	struct provider *p = at;

	(void)m;
	p->use_said = true;
	return read_members(r, use_members, v, p);
}

static const struct member reissue_members[] = {
    {"kind", read_word, offsetof(struct provider, reissue), reissues},
    {"renews_below", read_seconds, offsetof(struct provider, renews_below)},
    {"grace", read_seconds, offsetof(struct provider, grace)},
    {NULL},
};

int
read_reissue(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	struct provider *p = at;
	int res;

	(void)m;
	if (json_object_is_type(v, json_type_string))
		return read_word(r, &reissue_members[0], v, &p->reissue);
	res = read_members(r, reissue_members, v, p);
	if (res == TOKENWARD_OK && p->renews_below &&
	    p->reissue != REISSUE_SAME)
		return reading_fail(
		    r, "\"renews_below\" goes with the kind \"same\" only");
	if (res == TOKENWARD_OK && p->grace && p->reissue != REISSUE_REPLACES)
		return reading_fail(
		    r, "\"grace\" goes with the kind \"replaces\" only");
	return res;
}

static int
read_lifetime(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	struct provider *p = at;

	p->secret_lifetime_said = true;
	return v ? read_seconds(r, m, v, &p->secret_lifetime) : TOKENWARD_OK;
}

/* By hand is the only way there is so far: nothing to remember. */
static int
read_renew(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	unsigned word;

	(void)at;
	return read_word(r, m, v, &word);
}

const struct member secret_members[] = {
    {"lifetime", read_lifetime, 0},
    {"warn", read_seconds, offsetof(struct provider, secret_warn)},
    {"renew", read_renew, 0, renewals},
    {"renew_help", read_text, offsetof(struct provider, renew_help)},
    {"id_changes", read_flag, offsetof(struct provider, id_changes)},
    {"overlap", read_seconds, offsetof(struct provider, overlap)},
    {NULL},
};
