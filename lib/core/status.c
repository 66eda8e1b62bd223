/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a credential fares, as text for people and programs: a time under its
 * name reads as RFC 3339, under name! as a number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/core.h"
#include "provider/url.h"

#define DAY INT64_C(86400)

static const char *const bases[BASIS_MAX] = {"none", "stated", "assumed"};
static const char *const gates[GATE_MAX] = {
    "none", "rate", "backoff", "refused", "request"};

static bool
put(struct tokenward_credential *c, const char *name, const char *text)
{
	return !text || strmap_set(&c->text, name, text);
}

static bool
put_number(struct tokenward_credential *c, const char *name, int64_t v)
{
	char key[64], text[32];

	snprintf(key, sizeof(key), "%s!", name);
	snprintf(text, sizeof(text), "%lld", (long long)v);
	return strmap_set(&c->text, key, text);
}

static bool
put_plain_number(struct tokenward_credential *c, const char *name, int64_t v)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	return put(c, name, text) && put_number(c, name, v);
}

static bool
put_time(struct tokenward_credential *c, const char *name, int64_t t)
{
	cleanup_buf struct buf text = BUF_INIT;

	if (t == TOKENWARD_TIME_UNKNOWN || t == 0)
		return true;
	if (t == TOKENWARD_TIME_NEVER)
		buf_put_str(&text, "never");
	else
		time_put(&text, t);
	return !text.failed && put(c, name, buf_str(&text)) &&
	       put_number(c, name, t);
}

/* ---- grades ------------------------------------------------------------ */

/* Two weeks for long lives, a third of short ones. */
int64_t
version_warn(const struct credential *c, const struct secret_version *v,
    const struct provider *p)
{
	int64_t from =
	    v->issued_at != TOKENWARD_TIME_UNKNOWN ? v->issued_at : v->added_at;
	int64_t third;

	if (c->warn)
		return c->warn;
	if (p && p->secret_warn)
		return p->secret_warn;
	if (v->expires_at == TOKENWARD_TIME_UNKNOWN ||
	    v->expires_at == TOKENWARD_TIME_NEVER)
		return 14 * DAY;
	third = (v->expires_at - from) / 3;
	return third > 0 && third < 14 * DAY ? third : 14 * DAY;
}

static const char *
grade_word(int64_t left, int64_t warn, int64_t critical)
{
	if (left <= 0)
		return "expired";
	if (left <= critical)
		return "critical";
	return left <= warn ? "warning" : "ok";
}

static int
grade_number(const char *word)
{
	static const char *const words[] = {
	    "ok", "warning", "critical", "unknown"};
	int i;

	for (i = 0; i < 4; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return 2; /* expired */
}

int
tokenward_grade_credential(const struct tokenward_credential *c, int64_t warn,
    int64_t critical, const char **ret_word)
{
	int64_t end = tokenward_credential_number(
	    c, "secret.expires_at", TOKENWARD_TIME_UNKNOWN);
	int64_t now = tokenward_credential_number(c, "now", 0);
	const char *word = "unknown";

	if (!c || !ret_word)
		return grade_number(word);
	if (warn < 0)
		warn = tokenward_credential_number(c, "warn_from", 14 * DAY);
	if (critical < 0)
		critical =
		    tokenward_credential_number(c, "critical_from", warn / 3);
	if (end == TOKENWARD_TIME_NEVER)
		word = "ok";
	else if (end != TOKENWARD_TIME_UNKNOWN)
		word = grade_word(end - now, warn, critical);
	*ret_word = word;
	return grade_number(word);
}

/* ---- the fields -------------------------------------------------------- */

static bool
describe_secret(struct tokenward_credential *c, const struct provider *p,
    const struct now *now)
{
	const struct secret_version *v =
	    credential_version(c->rec, VERSION_CURRENT);
	int64_t wall = now->wall_ms / 1000, warn;
	int64_t from;

	if (!v)
		return true;
	from =
	    v->issued_at != TOKENWARD_TIME_UNKNOWN ? v->issued_at : v->added_at;
	warn = version_warn(c->rec, v, p);
	return put(c, "client_id", v->client_id) &&
	       put_plain_number(c, "secret.version", v->number) &&
	       put_time(c, "secret.issued_at", v->issued_at) &&
	       put_time(c, "secret.added_at", v->added_at) &&
	       put_time(c, "secret.expires_at", v->expires_at) &&
	       put(c, "secret.basis", bases[v->basis]) &&
	       put_plain_number(c, "secret.age", wall - from) &&
	       put_number(c, "warn_from", warn) &&
	       (!c->rec->critical ||
		   put_number(c, "critical_from", c->rec->critical));
}

static bool
describe_previous(struct tokenward_credential *c)
{
	const struct secret_version *v =
	    credential_version(c->rec, VERSION_PREVIOUS);

	return !v || (put_plain_number(c, "previous.version", v->number) &&
			 put(c, "previous.client_id", v->client_id));
}

static bool
describe_token(struct tokenward_credential *c, const struct tokens *t,
    const struct now *now)
{
	const struct token *v = tokens_find(t, "");

	if (!v || token_left(v, now) <= 0)
		return true;
	return put_time(c, "token.expires_at", token_expires_at(v));
}

/* A refusal stands until something changes; the rest while it is closed. */
static bool
concerns_default(const struct gate *g, const struct now *now)
{
	if (g->kind == GATE_REQUEST && !str_equal(g->key, ""))
		return false;
	return g->kind == GATE_REFUSED || gate_is_closed(g, now);
}

static const struct gate *
worst_gate(const struct tokens *t, const struct now *now)
{
	const struct gate *worst = NULL;
	size_t i;

	for (i = 0; i < t->gates_n; i++)
		if (concerns_default(&t->gates[i], now) &&
		    (!worst || t->gates[i].kind == GATE_REFUSED))
			worst = &t->gates[i];
	return worst;
}

static bool
describe_gate(struct tokenward_credential *c, const struct gate *g)
{
	return !g || (put(c, "gate.kind", gates[g->kind]) &&
			 put_time(c, "gate.since", g->since.wall_ms / 1000) &&
			 put_time(c, "gate.until", gate_until(g)) &&
			 put(c, "gate.reason", g->reason));
}

static const char *
state_of(const struct tokenward_credential *c, const struct gate *g)
{
	static const char *const by_gate[GATE_MAX] = {
	    NULL, "limited", "trouble", "refused", "trouble"};
	const char *grade = strmap_get(&c->text, "secret.grade");

	if (g)
		return by_gate[g->kind];
	if (strcmp(grade, "expired") == 0)
		return "expired";
	if (strcmp(grade, "warning") == 0 || strcmp(grade, "critical") == 0)
		return "expiring";
	return strmap_get(&c->text, "token.expires_at") ? "cached" : "ready";
}

static bool
put_map_items(
    struct tokenward_credential *c, const char *name, const struct strmap *m)
{
	char key[80];
	cleanup_buf struct buf text = BUF_INIT;
	size_t i;

	for (i = 0; i < m->n; i++) {
		snprintf(key, sizeof(key), "%s#%zu", name, i);
		buf_clear(&text);
		buf_printf(&text, "%s=%s", m->v[i].key, m->v[i].value);
		if (text.failed || !put(c, key, buf_str(&text)))
			return false;
	}
	return true;
}

static bool
put_duration(struct tokenward_credential *c, const char *name, int64_t v)
{
	cleanup_buf struct buf text = BUF_INIT;

	if (v == 0)
		return true;
	duration_put(&text, v);
	return put(c, name, buf_str(&text)) && put_number(c, name, v);
}

static bool
describe_record(struct tokenward_credential *c, const struct now *now)
{
	const struct credential *rec = c->rec;

	return put(c, "origin", rec->origins.n ? rec->origins.v[0] : NULL) &&
	       put_time(c, "created_at", rec->created_at) &&
	       put_time(c, "changed_at", rec->changed_at) &&
	       put_duration(c, "warn", rec->warn) &&
	       put_duration(c, "critical", rec->critical) &&
	       put_map_items(c, "vars", &rec->vars) &&
	       put_map_items(c, "params", &rec->params) &&
	       put_number(c, "now", now->wall_ms / 1000);
}

static bool
describe_help(struct tokenward_credential *c, struct tokenward *tw,
    const struct provider *p)
{
	cleanup_buf struct buf text = BUF_INIT;
	const char *grade = strmap_get(&c->text, "secret.grade");
	const char *name = c->rec->name;

	if (strcmp(grade, "ok") == 0)
		return true;
	if (strcmp(grade, "unknown") == 0)
		buf_printf(&text,
		    "no end is recorded: say \"%s edit %s --expires-at T\" or "
		    "\"--lifetime never\"",
		    command_name(tw), name);
	else
		buf_printf(&text,
		    "get a new secret%s%s, then run \"%s rotate %s\"",
		    p && p->renew_help ? " at the provider: " : "",
		    p && p->renew_help ? p->renew_help : "", command_name(tw),
		    name);
	return !text.failed && put(c, "secret.help", buf_str(&text));
}

/* Permitted once, told for ever: the secret can be read on the way. */
static bool
describe_transport(struct tokenward_credential *c)
{
	const char *origin = c->rec->origins.n ? c->rec->origins.v[0] : "";
	cleanup_buf struct buf text = BUF_INIT;

	if (!url_is_plain(origin) || url_is_loopback(origin))
		return true;
	buf_printf(&text, "its secret travels over plain http to %s", origin);
	return !text.failed && put(c, "warning", buf_str(&text));
}

int
object_describe(struct tokenward *tw, struct tokenward_credential *c,
    const struct tokens *t, const struct provider *p, const struct now *now)
{
	const struct gate *g = worst_gate(t, now);
	const char *grade;

	if (!describe_record(c, now) || !describe_secret(c, p, now))
		return TOKENWARD_FAILED;
	tokenward_grade_credential(c, -1, -1, &grade);
	if (!put(c, "secret.grade", grade) || !describe_help(c, tw, p) ||
	    !describe_transport(c) || !describe_previous(c) ||
	    !describe_token(c, t, now) || !describe_gate(c, g) ||
	    !put(c, "state", state_of(c, g)))
		return TOKENWARD_FAILED;
	return TOKENWARD_OK;
}
