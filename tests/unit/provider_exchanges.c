/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exchanges on record: every file of tests/providers is data, what goes in
 * and which bytes come out, what is answered and what that means.  Members
 * that an expectation leaves out must not be there.
 */
#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/frame.h"
#include "provider/provider.h"
#include "unit.h"

#define SENT_AT INT64_C(1800000000)

static char where[512]; /* for the messages of failures */

static const char *
text(struct json_object *o, const char *name)
{
	struct json_object *v = json_object_object_get(o, name);

	return v ? json_object_get_string(v) : NULL;
}

static void
take_map(struct json_object *o, const char *name, struct strmap *ret)
{
	struct json_object *map = json_object_object_get(o, name);

	if (!map)
		return;
	json_object_object_foreach(map, key, value)
	{
		cr_assert(strmap_set(ret, key, json_object_get_string(value)));
	}
}

static void
take_list(struct json_object *o, const char *name, struct strlist *ret)
{
	struct json_object *list = json_object_object_get(o, name);
	size_t n = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++)
		cr_assert(
		    strlist_add(ret, json_object_get_string(
					 json_object_array_get_idx(list, i))));
}

static char *
copy(struct json_object *o, const char *name)
{
	const char *s = text(o, name);

	return s ? strdup(s) : NULL;
}

static struct credential *
credential_of(struct json_object *o)
{
	struct credential *c = credential_new();
	struct secret_version *v = credential_add_version(c);
	struct json_object *secrets = json_object_object_get(o, "secrets");

	cr_assert(v);
	c->name = strdup("shop");
	c->auth = copy(o, "auth");
	c->scope = copy(o, "scope");
	c->audience = copy(o, "audience");
	c->token_url = copy(o, "token_url");
	c->plain_http = text(o, "plain_http") != NULL;
	take_map(o, "vars", &c->vars);
	take_map(o, "params", &c->params);
	take_list(o, "resources", &c->resources);
	v->state = VERSION_CURRENT;
	v->client_id = copy(o, "client_id");
	json_object_object_foreach(secrets, name, value)
	{
		cr_assert(
		    version_set_secret(v, name, json_object_get_string(value),
			(size_t)json_object_get_string_len(value)));
	}
	return c;
}

static struct provider *
provider_of(struct json_object *o)
{
	struct json_object *v = json_object_object_get(o, "provider");
	struct provider *p = NULL;
	struct strlist dirs = {0};
	struct provider_file file = {.text = BUF_INIT};
	struct error err;
	const char *s;

	if (json_object_is_type(v, json_type_object)) {
		s = json_object_to_json_string(v);
		assert_ok(provider_read(s, strlen(s), where, &p, &err), err);
		return p;
	}
	strlist_add(&dirs, TESTDATA "/../providers");
	assert_ok(
	    provider_find(&dirs, json_object_get_string(v), &file, &err), err);
	assert_ok(provider_read(
		      buf_str(&file.text), file.text.len, file.path, &p, &err),
	    err);
	provider_file_free(&file);
	strlist_free(&dirs);
	return p;
}

static void
same(const char *what, const char *got, const char *want)
{
	cr_expect(str_equal(got, want), "%s: %s is\n  %s\nnot\n  %s", where,
	    what, got ? got : "(none)", want ? want : "(none)");
}

static void
check_headers(const struct buf *headers, struct json_object *want)
{
	struct frame_reader r;
	struct frame_field f;
	size_t n = 0;

	frame_open(&r, headers->data, headers->len);
	for (; frame_next(&r, &f) == 1; n++) {
		char name[65] = "", *value = frame_dup(&f);
		const char *expected;

		memcpy(name, f.key, f.key_len);
		expected = text(want, name);
		if (strcmp(name, "user-agent") == 0 && !expected)
			n--;
		else
			same(name, value, expected);
		free(value);
	}
	cr_expect(n == (size_t)json_object_object_length(want),
	    "%s: %zu headers", where, n);
}

static void
check_redacted(const struct plan *plan, const struct secret_version *v)
{
	for (size_t i = 0; i < v->secrets_n; i++) {
		const struct buf *s = &v->secrets[i].value;
		struct frame_reader r;
		struct frame_field f;
		bool found = false;

		frame_open(&r, plan->redact.data, plan->redact.len);
		while (frame_next(&r, &f) == 1)
			found |= f.len == s->len &&
				 memcmp(f.value, s->data, s->len) == 0;
		cr_expect(
		    found, "%s: %s is not redacted", where, v->secrets[i].name);
		cr_expect(!strstr(plan->url, buf_str(s)), "%s", where);
	}
}

static int
run(struct json_object *o, const struct provider *p, struct plan *plan,
    struct error *err)
{
	cleanup_credential struct credential *c =
	    credential_of(json_object_object_get(o, "credential"));
	struct json_object *wishes = json_object_object_get(o, "shape");
	struct strlist resources = {0};
	struct shape shape = {.resources = &resources};
	int res = provider_accept(p, c, err);

	if (wishes) {
		shape.scope = text(wishes, "scope");
		shape.audience = text(wishes, "audience");
		take_list(wishes, "resources", &resources);
	}
	if (res == TOKENWARD_OK)
		res = provider_origins(p, c, &c->origins, err);
	if (res == TOKENWARD_OK)
		res = provider_apply(p, c, &c->versions[0], &shape, plan, err);
	if (res == TOKENWARD_OK)
		check_redacted(plan, &c->versions[0]);
	strlist_free(&resources);
	return res;
}

static void
check_request(struct json_object *o, const struct provider *p)
{
	struct json_object *want = json_object_object_get(o, "request");
	struct json_object *refused = json_object_object_get(o, "refused");
	cleanup_plan struct plan plan = PLAN_INIT;
	struct error err = {0};
	int res = run(o, p, &plan, &err);

	if (refused) {
		cr_expect(res == atoi(text(refused, "result")), "%s: %d %s",
		    where, res, err.text);
		cr_expect(strstr(err.text, text(refused, "words")), "%s: %s",
		    where, err.text);
		return;
	}
	cr_expect(res == TOKENWARD_OK, "%s: %s", where, err.text);
	if (res != TOKENWARD_OK || !want)
		return;
	same("method", plan.method, text(want, "method"));
	same("url", plan.url, text(want, "url"));
	same("body", buf_str(&plan.body), text(want, "body"));
	check_headers(&plan.headers, json_object_object_get(want, "headers"));
}

static int64_t
number(struct json_object *o, const char *name, int64_t otherwise)
{
	struct json_object *v = json_object_object_get(o, name);

	if (json_object_is_type(v, json_type_string))
		return LIFE_NEVER; /* "never" */
	return v ? json_object_get_int64(v) : otherwise;
}

static void
check_reply(const struct reply *r, struct json_object *want)
{
	struct strmap keep = {0};
	int64_t life = number(want, "life", LIFE_UNKNOWN);
	int64_t retry = number(want, "retry_after", -1);

	same("outcome", outcome_names[r->outcome], text(want, "outcome"));
	same("token", r->token.len ? buf_str(&r->token) : NULL,
	    text(want, "token"));
	same("refresh", r->refresh.len ? buf_str(&r->refresh) : NULL,
	    text(want, "refresh"));
	same("type", r->type, text(want, "type"));
	same("scope", r->scope, text(want, "scope"));
	same("stage", r->stage, text(want, "stage"));
	same("code", r->error_code, text(want, "error_code"));
	same("message", r->error_message, text(want, "error_message"));
	cr_expect(r->life == life, "%s: life %lld", where, (long long)r->life);
	cr_expect(r->life_assumed == (text(want, "assumed") != NULL),
	    "%s: assumed", where);
	cr_expect(r->retry_after == retry, "%s: retry after %lld", where,
	    (long long)r->retry_after);
	take_map(want, "keep", &keep);
	cr_expect(keep.n == r->keep.n, "%s: keep", where);
	for (size_t i = 0; i < keep.n; i++)
		same(keep.v[i].key, strmap_get(&r->keep, keep.v[i].key),
		    keep.v[i].value);
	strmap_free(&keep);
}

/* What is read must also get through the frame to the other process. */
static void
check_frame(const struct reply *r)
{
	cleanup_buf struct buf frame = BUF_SECRET_INIT;
	cleanup_reply struct reply back = REPLY_INIT;
	struct error err = {0};

	cr_expect(reply_encode(r, &frame, &err) == 0 &&
		      reply_decode(frame.data, frame.len, &back, &err) == 0,
	    "%s: %s", where, err.text);
}

static void
check_answer(struct json_object *o, const struct provider *p)
{
	struct json_object *body = json_object_object_get(o, "body");
	struct http_answer a = {.sent_at = SENT_AT};
	cleanup_reply struct reply r = REPLY_INIT;

	a.status = (int)number(o, "status", 200);
	a.date = number(o, "date", 0);
	take_map(o, "headers", &a.headers);
	a.body = json_object_is_type(body, json_type_string)
		     ? json_object_get_string(body)
		     : json_object_to_json_string(body);
	a.len = json_object_is_type(body, json_type_string)
		    ? (size_t)json_object_get_string_len(body)
		    : strlen(a.body);
	provider_answer(p, &a, &r);
	check_reply(&r, json_object_object_get(o, "expect"));
	check_frame(&r);
	strmap_free(&a.headers);
}

static void
check_exchange(const char *file, struct json_object *o)
{
	struct json_object *answers = json_object_object_get(o, "answers");
	size_t n = answers ? json_object_array_length(answers) : 0;
	cleanup_provider struct provider *p = NULL;

	snprintf(where, sizeof(where), "%s: %s", file, text(o, "what"));
	p = provider_of(o);
	if (json_object_object_get(o, "credential"))
		check_request(o, p);
	for (size_t i = 0; i < n; i++) {
		struct json_object *a = json_object_array_get_idx(answers, i);

		snprintf(where, sizeof(where), "%s: %s: %s", file,
		    text(o, "what"), text(a, "what"));
		check_answer(a, p);
	}
}

static unsigned
check_file(const char *name)
{
	char path[1024];
	struct json_object *root, *list;
	size_t n;

	snprintf(path, sizeof(path), "%s/providers/%s", TESTDATA, name);
	root = json_object_from_file(path);
	cr_assert(root, "%s: %s", path, json_util_get_last_err());
	list = json_object_object_get(root, "exchanges");
	n = json_object_array_length(list);
	for (size_t i = 0; i < n; i++)
		check_exchange(name, json_object_array_get_idx(list, i));
	json_object_put(root);
	return (unsigned)n;
}

Test(provider_exchanges, are_as_recorded)
{
	DIR *d = opendir(TESTDATA "/providers");
	struct dirent *e;
	unsigned n = 0;

	cr_assert(d);
	while ((e = readdir(d))) {
		if (strstr(e->d_name, ".json"))
			n += check_file(e->d_name);
	}
	closedir(d);
	cr_expect(n >= 20, "only %u exchanges were found", n);
}

static int
note(void *data, const char *id, const char *path)
{
	struct strlist *ids = data;

	(void)path;
	return strlist_add(ids, id) ? TOKENWARD_OK : TOKENWARD_FAILED;
}

Test(provider_exchanges, every_shipped_file_is_good_and_says_its_sources)
{
	struct strlist dirs = {0}, ids = {0};
	struct error err = {0};

	strlist_add(&dirs, TESTDATA "/../providers");
	assert_ok(provider_each(&dirs, note, &ids, &err), err);
	cr_expect(ids.n >= 5);
	for (size_t i = 0; i < ids.n; i++) {
		cleanup_provider struct provider *p = NULL;
		struct provider_file f = {.text = BUF_INIT};

		assert_ok(provider_find(&dirs, ids.v[i], &f, &err), err);
		assert_ok(provider_read(
			      buf_str(&f.text), f.text.len, f.path, &p, &err),
		    err);
		cr_expect(
		    p->name && p->docs.n > 0 && p->verified, "%s", f.path);
		provider_file_free(&f);
	}
	strlist_free(&dirs);
	strlist_free(&ids);
}
