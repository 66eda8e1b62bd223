/* SPDX-License-Identifier: BSD-2-Clause */
/* "outcome" of a provider file: rules that name what an answer means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "provider/doc.h"
#include "provider/reading.h"

#define RULES_MAX 64u

static int
read_statuses(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	struct outcome_rule *rule = at;
	size_t n = json_object_is_type(v, json_type_array)
		       ? json_object_array_length(v)
		       : 0;

	(void)m;
	rule->status = n > 0 ? calloc(n, sizeof(*rule->status)) : NULL;
	if (n > 0 && !rule->status)
		return error_memory(r->err);
	for (size_t i = 0; i < n; i++) {
		struct json_object *s = json_object_array_get_idx(v, i);
		int status = json_object_get_int(s);

		if (!json_object_is_type(s, json_type_int) || status < 100 ||
		    status > 599)
			n = 0;
		else
			rule->status[rule->status_n++] = status;
	}
	if (n == 0)
		return reading_fail(r, "\"status\" must be a list of numbers "
				       "from 100 to 599");
	return TOKENWARD_OK;
}

static int
read_literals(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	size_t n = json_object_is_type(v, json_type_array)
		       ? json_object_array_length(v)
		       : 0;

	if (n == 0)
		return reading_fail(
		    r, "\"%s\" must be a list of at least one", m->name);
	for (size_t i = 0; i < n; i++) {
		cleanup_buf struct buf text = BUF_INIT;

		if (!doc_literal(json_object_array_get_idx(v, i), &text))
			return reading_fail(r,
			    "\"%s\" can list strings, numbers, booleans and "
			    "null",
			    m->name);
		if (text.failed || !strlist_add(at, buf_str(&text)))
			return error_memory(r->err);
	}
	return TOKENWARD_OK;
}

static int
read_is(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	static const char *const words[] = {"ok", "bad_credentials",
	    "secret_expired", "blocked", "bad_request", "bad_scope",
	    "rate_limited", "temporary", NULL};
	struct member row = {m->name, read_word, 0, words};
	unsigned word = 0;
	int res = read_word(r, &row, v, &word);

	if (res == TOKENWARD_OK)
		*(enum outcome *)at =
		    outcome_parse(words[word], strlen(words[word]));
	return res;
}

static const struct member rule_members[] = {
    {"status", read_statuses, 0},
    {"at", read_pointer, offsetof(struct outcome_rule, at)},
    {"in", read_literals, offsetof(struct outcome_rule, in)},
    {"not_in", read_literals, offsetof(struct outcome_rule, not_in)},
    {"contains", read_text, offsetof(struct outcome_rule, contains)},
    {"is", read_is, offsetof(struct outcome_rule, is)},
    {NULL},
};

static int
read_rule(struct reading *r, struct outcome_rule *rule, struct json_object *v)
{
	int res = read_members(r, rule_members, v, rule);
	bool tests = rule->in.n || rule->not_in.n || rule->contains;

	if (res != TOKENWARD_OK)
		return res;
	if (rule->is == OUTCOME_MAX)
		return reading_fail(r, "a rule needs \"is\"");
	if (!rule->status && !rule->at)
		return reading_fail(r, "a rule needs \"status\" or \"at\"");
	if (tests && !rule->at)
		return reading_fail(
		    r, "\"in\", \"not_in\" and \"contains\" need \"at\"");
	return TOKENWARD_OK;
}

int
read_outcomes(
    struct reading *r, const struct member *m, struct json_object *v, void *at)
{
	struct provider *p = at;
	size_t n = json_object_is_type(v, json_type_array)
		       ? json_object_array_length(v)
		       : 0;

	(void)m;
	if (n == 0 || n > RULES_MAX)
		return reading_fail(
		    r, "\"outcome\" must be a list of 1 to 64 rules");
	p->outcomes = calloc(n, sizeof(*p->outcomes));
	if (!p->outcomes)
		return error_memory(r->err);
	for (size_t i = 0; i < n; i++) {
		char index[8];
		size_t mark;
		int res;

		snprintf(index, sizeof(index), "%zu", i);
		mark = reading_begin(r, index);
		p->outcomes[i].is = OUTCOME_MAX;
		p->outcomes_n++;
		res = read_rule(
		    r, &p->outcomes[i], json_object_array_get_idx(v, i));
		if (res != TOKENWARD_OK)
			return res;
		reading_end(r, mark);
	}
	return TOKENWARD_OK;
}
