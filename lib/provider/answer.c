/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One HTTP answer, read: a token with its life, or a named outcome.  Runs in
 * the fetch helper, because every byte here came from the network.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "provider/answer.h"
#include "provider/doc.h"
#include "record/record.h"

#define CODE_MAX 128u
#define MESSAGE_MAX 512u
#define TYPE_MAX 128u
#define SCOPE_MAX 8192u
#define KEEP_MAX 1024u

static void
set_clean(
    const struct answer *a, char **at, const char *s, size_t len, size_t max)
{
	cleanup_buf struct buf b = BUF_INIT;

	str_clean(&b, s, len, max);
	free(*at);
	*at = b.failed ? NULL : strdup(buf_str(&b));
	*a->failed |= !*at;
}

/* No token after all: what came with it must not be used either. */
static void
give_up(const struct answer *a, struct reply *ret, enum outcome is,
    const char *stage, const char *why)
{
	buf_free(&ret->token);
	buf_free(&ret->refresh);
	strmap_free(&ret->keep);
	ret->life = LIFE_UNKNOWN;
	ret->life_assumed = false;
	ret->outcome = is;
	free(ret->error_code);
	ret->error_code = NULL;
	set_clean(a, &ret->stage, stage, strlen(stage), 16);
	set_clean(a, &ret->error_message, why, strlen(why), MESSAGE_MAX);
}

/* Why there is no token, said of a body that ought to have one. */
static void
no_token(const struct answer *a, struct reply *ret)
{
	cleanup_buf struct buf why = BUF_INIT;
	const char *body = a->http->body;
	size_t i = 0;

	while (i < a->http->len && strchr(" \t\r\n", body[i]) && body[i])
		i++;
	if (i == a->http->len)
		buf_put_str(&why, "the answer is empty");
	else if (body[i] == '<')
		buf_put_str(&why, "the answer is HTML or XML, not JSON");
	else if (!a->root)
		buf_printf(&why, "the answer is no JSON object (line %u: %s)",
		    a->fault_line, a->fault);
	else
		buf_printf(&why, "the answer has no token at %s",
		    a->provider->token_at.v[0]);
	*a->failed |= why.failed;
	give_up(a, ret, OUTCOME_TEMPORARY, "answer", buf_str(&why));
}

/*
 * RFC 6749, 7.1: a token of a type that is not understood is not used.  A
 * file that says how to present tokens has understood.
 */
static bool
take_type(const struct answer *a, struct reply *ret)
{
	const struct provider *p = a->provider;
	cleanup_buf struct buf type = BUF_INIT, why = BUF_INIT;
	enum found found = answer_first(a, &p->type_at, &type);

	if (found == FOUND_NONE)
		buf_put_str(&type, p->type_default);
	*a->failed |= type.failed;
	set_clean(a, &ret->type, buf_str(&type), type.len, TYPE_MAX);
	if (found == FOUND_NONE || p->use_said ||
	    strcasecmp(buf_str(&type), "Bearer") == 0 ||
	    strcasecmp(buf_str(&type), p->type_default) == 0)
		return true;
	buf_printf(&why,
	    "the token is of type \"%s\", and the provider file does not say "
	    "how such a token is used (\"use\")",
	    ret->type ? ret->type : "?");
	*a->failed |= why.failed;
	give_up(a, ret, OUTCOME_BAD_REQUEST, "answer", buf_str(&why));
	return false;
}

static bool
take_token(const struct answer *a, struct reply *ret)
{
	enum found found = answer_first(a, &a->provider->token_at, &ret->token);
	const char *why = NULL;

	if (found == FOUND_NONE) {
		no_token(a, ret);
		return false;
	}
	if (ret->token.failed)
		why = "there is no memory for the token";
	else if (found != FOUND_STRING)
		why = "the token is no string";
	else if (ret->token.len > RECORD_SECRET_MAX)
		why = "the token has more than 64 KiB";
	else if (!str_is_visible(buf_str(&ret->token), ret->token.len))
		why = "the token has blanks or control characters in it";
	if (why)
		give_up(a, ret, OUTCOME_TEMPORARY, "answer", why);
	return !why;
}

/* A list of scopes is as good as a string of them. */
static bool
list_at(const struct answer *a, const char *at, struct buf *out)
{
	struct json_object *v;

	if (!doc_at(a->root, at, &v, a->failed) ||
	    !json_object_is_type(v, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		if (out->len > 0)
			buf_put_byte(out, ' ');
		doc_text(json_object_array_get_idx(v, i), out);
	}
	return out->len > 0;
}

static void
take_scope(const struct answer *a, struct reply *ret)
{
	cleanup_buf struct buf scope = BUF_INIT;
	const struct strlist *at = &a->provider->scope_at;

	if (answer_first(a, at, &scope) == FOUND_NONE) {
		for (size_t i = 0; i < at->n && scope.len == 0; i++)
			list_at(a, at->v[i], &scope);
	}
	*a->failed |= scope.failed;
	if (scope.len > 0)
		set_clean(
		    a, &ret->scope, buf_str(&scope), scope.len, SCOPE_MAX);
}

static void
take_rest(const struct answer *a, struct reply *ret)
{
	const struct provider *p = a->provider;

	if (answer_first(a, &p->refresh_at, &ret->refresh) != FOUND_STRING ||
	    ret->refresh.len > RECORD_SECRET_MAX ||
	    !str_is_visible(buf_str(&ret->refresh), ret->refresh.len))
		buf_free(&ret->refresh);
	for (size_t i = 0; i < p->keep.n; i++) {
		cleanup_buf struct buf raw = BUF_INIT, value = BUF_INIT;

		if (answer_get(a, p->keep.v[i].value, &raw) == FOUND_NONE)
			continue;
		str_clean(&value, buf_str(&raw), raw.len, KEEP_MAX);
		*a->failed |=
		    value.failed ||
		    !strmap_set(&ret->keep, p->keep.v[i].key, buf_str(&value));
	}
}

static void
take(const struct answer *a, struct reply *ret)
{
	if (!take_token(a, ret) || !take_type(a, ret))
		return;
	take_scope(a, ret);
	take_rest(a, ret);
	ret->life = answer_life(a, &ret->token, &ret->life_assumed);
}

static void
take_error(
    const struct answer *a, const struct strlist *at, size_t max, char **ret)
{
	cleanup_buf struct buf text = BUF_SECRET_INIT;

	if (answer_first(a, at, &text) != FOUND_NONE)
		set_clean(a, ret, buf_str(&text), text.len, max);
}

static void
take_errors(const struct answer *a, struct reply *ret)
{
	const struct provider *p = a->provider;

	take_error(a, &p->error_code_at, CODE_MAX, &ret->error_code);
	take_error(a, &p->error_message_at, MESSAGE_MAX, &ret->error_message);
	if (a->http->status >= 300 && a->http->status < 400)
		set_clean(a, &ret->stage, "redirect", 8, 16);
}

bool
provider_answer(
    const struct provider *p, const struct http_answer *http, struct reply *ret)
{
	bool failed = false;
	struct answer a = {.provider = p, .http = http, .failed = &failed};
	struct json_fault fault = {0};

	a.root = doc_parse(http->body ? http->body : "", http->len, &fault);
	failed = fault.no_memory;
	a.fault = fault.what;
	a.fault_line = fault.line;
	ret->status = http->status;
	ret->skew = http->date ? http->date - http->sent_at : 0;
	ret->retry_after = answer_retry_after(http);
	ret->outcome = answer_outcome(&a);
	if (ret->outcome == OUTCOME_OK)
		take(&a, ret);
	else
		take_errors(&a, ret);
	if (failed)
		give_up(&a, ret, OUTCOME_TEMPORARY, "memory",
		    "the fetch helper ran out of memory");
	doc_free(a.root);
	return !failed;
}
