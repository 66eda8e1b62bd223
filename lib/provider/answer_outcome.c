/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer means: rules of the file, words of the standard, status. */
#include <json-c/json.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_write.h"
#include "provider/answer.h"
#include "provider/doc.h"

/* RFC 6749 5.2 and 4.1.2.1, RFC 8628, RFC 8707, RFC 9449. */
static const struct {
	const char *code;
	enum outcome is;
} standard[] = {
    {"invalid_client", OUTCOME_BAD_CREDENTIALS},
    {"unauthorized_client", OUTCOME_BLOCKED},
    {"invalid_scope", OUTCOME_BAD_SCOPE},
    {"invalid_target", OUTCOME_BAD_SCOPE},
    {"slow_down", OUTCOME_RATE_LIMITED},
    {"temporarily_unavailable", OUTCOME_TEMPORARY},
    {"server_error", OUTCOME_TEMPORARY},
    {"use_dpop_nonce", OUTCOME_USE_NONCE},
};

static enum outcome
by_status(int status)
{
	if (status >= 200 && status < 300)
		return OUTCOME_OK;
	switch (status) {
	case 401:
		return OUTCOME_BAD_CREDENTIALS;
	case 403:
		return OUTCOME_BLOCKED;
	case 408:
		return OUTCOME_TEMPORARY;
	case 429:
		return OUTCOME_RATE_LIMITED;
	default:
		/* A redirect (3xx) is a wrong URL: it is never followed. */
		return status >= 300 && status < 500 ? OUTCOME_BAD_REQUEST
						     : OUTCOME_TEMPORARY;
	}
}

static bool
has_status(const struct outcome_rule *rule, int status)
{
	for (size_t i = 0; i < rule->status_n; i++) {
		if (rule->status[i] == status)
			return true;
	}
	return rule->status_n == 0;
}

/* The value as JSON text, so that 1 and "1" differ; a header is a string. */
static bool
literal_at(const struct answer *a, const char *at, struct buf *out)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json_object *v;

	bool found;

	if (!str_prefix(at, "header:")) {
		found =
		    doc_at(a->root, at, &v, a->failed) && doc_literal(v, out);
	} else {
		found = answer_get(a, at, &text) != FOUND_NONE;
		if (found)
			json_put_strn(out, NULL, buf_str(&text), text.len);
	}
	*a->failed |= out->failed;
	return found;
}

static bool
exists(const struct answer *a, const char *at)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json_object *v;

	if (str_prefix(at, "header:"))
		return answer_get(a, at, &text) != FOUND_NONE;
	return doc_at(a->root, at, &v, a->failed);
}

static bool
value_fits(const struct answer *a, const struct outcome_rule *rule)
{
	cleanup_buf struct buf literal = BUF_SECRET_INIT;
	cleanup_buf struct buf text = BUF_SECRET_INIT;

	if (!rule->in.n && !rule->not_in.n && !rule->contains)
		return exists(a, rule->at);
	if (!literal_at(a, rule->at, &literal))
		return false;
	if (rule->in.n && !strlist_has(&rule->in, buf_str(&literal)))
		return false;
	if (rule->not_in.n && strlist_has(&rule->not_in, buf_str(&literal)))
		return false;
	return !rule->contains ||
	       (answer_get(a, rule->at, &text) != FOUND_NONE &&
		   strstr(buf_str(&text), rule->contains));
}

static enum outcome
by_words(const struct answer *a)
{
	cleanup_buf struct buf code = BUF_INIT;
	enum outcome is = by_status(a->http->status);

	if (answer_get(a, "/error", &code) != FOUND_STRING)
		return is;
	for (size_t i = 0; i < sizeof(standard) / sizeof(*standard); i++) {
		if (strcmp(standard[i].code, buf_str(&code)) == 0)
			return standard[i].is;
	}
	/* An error beside a token is an error. */
	return is == OUTCOME_OK ? OUTCOME_BAD_REQUEST : is;
}

enum outcome
answer_outcome(const struct answer *a)
{
	const struct provider *p = a->provider;

	for (size_t i = 0; i < p->outcomes_n; i++) {
		const struct outcome_rule *rule = &p->outcomes[i];

		if (has_status(rule, a->http->status) &&
		    (!rule->at || value_fits(a, rule)))
			return rule->is;
	}
	return by_words(a);
}
