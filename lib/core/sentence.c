/* SPDX-License-Identifier: BSD-2-Clause */
/* What failed, on what, why, and the cure: one table, one builder. */
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/core.h"

static const char *const phrases[OUTCOME_MAX] = {
    [OUTCOME_OK] = "%s gave a token",
    [OUTCOME_BAD_CREDENTIALS] = "%s refused the client credentials",
    [OUTCOME_SECRET_EXPIRED] = "%s says that the client secret has expired",
    [OUTCOME_BLOCKED] = "%s has blocked this client",
    [OUTCOME_BAD_REQUEST] = "%s refused the request",
    [OUTCOME_BAD_SCOPE] = "%s refused the scope or resource asked for",
    [OUTCOME_RATE_LIMITED] = "%s limits the rate of requests",
    [OUTCOME_TEMPORARY] = "%s has trouble",
    [OUTCOME_USE_NONCE] = "%s asks for a nonce, which is not supported",
    [OUTCOME_UNTRUSTED] = "the certificate of %s was not accepted",
};

static const struct {
	const char *stage, *phrase;
} stages[] = {
    {"fence", "the fetch helper could not fence itself: nothing went to %s"},
    {"memory", "the exchange with %s was given up"},
    {"option", "nothing was sent to %s"},
    {"plan", "nothing was sent to %s"},
    {"resolve", "the address of %s was not found"},
    {"connect", "no connection could be made to %s"},
    {"proxy", "the proxy on the way to %s did not let us through"},
    {"tls", "no TLS connection could be made to %s"},
    {"send", "%s did not take the request"},
    {"receive", "%s broke off its answer"},
    {"deadline", "%s did not answer in time"},
    {"size", "%s sent an answer that is too large"},
    {"redirect", "%s answered with a redirect, which is never followed"},
    {"answer", "%s sent an answer that is no token answer"},
    {"helper", "nothing was heard of %s"},
    {"told", "%s gave a token, which is not given out"},
    {"again", "%s gave out the very token again that the API has refused"},
};

/* "https://api.example:443" -> "api.example" */
static void
put_host(struct buf *out, const struct purchase *p)
{
	const struct strlist *origins = &p->credential->origins;
	const char *s = origins->n ? strstr(origins->v[0], "://") : NULL;
	const char *end;

	if (!s) {
		buf_put_str(out, p->provider->id);
		return;
	}
	s += 3;
	end = strrchr(s, ':');
	if (end && strcmp(end, ":443") == 0)
		buf_put(out, s, (size_t)(end - s));
	else
		buf_put_str(out, s);
}

static const char *
phrase_of(const struct reply *r)
{
	size_t i;

	if (r->stage && (r->outcome == OUTCOME_TEMPORARY ||
			    r->outcome == OUTCOME_BAD_REQUEST))
		for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
			if (strcmp(stages[i].stage, r->stage) == 0)
				return stages[i].phrase;
	return phrases[r->outcome];
}

static void
put_phrase(struct buf *out, const char *phrase, const struct purchase *p)
{
	const char *hole = strstr(phrase, "%s");

	buf_put(out, phrase, (size_t)(hole - phrase));
	put_host(out, p);
	buf_put_str(out, hole + 2);
}

/* " (invalid_client: no such client; HTTP 401)" */
void
sentence_reason(struct buf *out, const struct purchase *p)
{
	const struct reply *r = &p->reply;
	const char *sep = " (";

	put_phrase(out, phrase_of(r), p);
	if (r->error_code) {
		buf_printf(out, "%s%s", sep, r->error_code);
		sep = ": ";
	}
	if (r->error_message) {
		buf_printf(out, "%s%s", sep, r->error_message);
		sep = "; ";
	}
	if (r->status && !r->error_code) {
		buf_printf(
		    out, "%sHTTP %d", sep[0] == ':' ? "; " : sep, r->status);
		sep = "; ";
	}
	if (sep[1] != '(')
		buf_put_byte(out, ')');
}

/* "03:02 UTC", with the date when it is not today. */
void
sentence_when(struct buf *out, int64_t when, const struct now *now)
{
	cleanup_buf struct buf a = BUF_INIT, b = BUF_INIT;
	int day = (int)strlen("2026-01-31");

	time_put(&a, when);
	time_put(&b, now->wall_ms / 1000);
	if (a.failed || b.failed || !strchr(buf_str(&a), 'T'))
		buf_put_str(out, buf_str(&a));
	else if (strncmp(buf_str(&a), buf_str(&b), (size_t)day) == 0)
		buf_printf(out, "%.8s UTC", buf_str(&a) + day + 1);
	else
		buf_printf(out, "%.*s %.5s UTC", day, buf_str(&a),
		    buf_str(&a) + day + 1);
}

static void
put_last_success(struct buf *out, const struct tokens *t, const struct gate *g,
    const struct purchase *p, const struct now *now)
{
	bool same = p && p->version && p->version->number == t->last_ok_version;

	if (g->kind != GATE_REFUSED || t->last_ok.wall_ms == 0)
		return;
	buf_printf(out, "; %s secret was last accepted at ",
	    same ? "the same" : "an earlier");
	sentence_when(out, t->last_ok.wall_ms / 1000, now);
}

/* Only where this very client was accepted once: else it is the secret. */
static void
put_neighbours(struct buf *out, struct tokenward *tw, const struct purchase *p,
    const struct now *now)
{
	unsigned n = refused_neighbours(tw, p->credential, now);

	if (n > 0)
		buf_printf(out,
		    "; %u other credential%s there fail%s too: this looks "
		    "like the provider",
		    n, n == 1 ? "" : "s", n == 1 ? "s" : "");
}

/* A server may say so before the end that is recorded. */
static bool
is_past_end(const struct tokens *t, const struct now *now)
{
	return t->secret_ends_at && now->wall_ms / 1000 >= t->secret_ends_at;
}

/* Refused before the recorded end, and still so after it: expired. */
static int
code_now(const struct tokens *t, const struct gate *g, const struct now *now)
{
	if (g->kind == GATE_REFUSED && is_past_end(t, now))
		return TOKENWARD_EXPIRED;
	return g->code;
}

static void
put_expired(struct buf *out, const char *command, const char *name, bool past,
    const struct purchase *p)
{
	const char *help = p ? p->provider->renew_help : NULL;

	buf_printf(out, "; %sget a new one%s%s%s and run \"%s rotate %s\"",
	    past ? "its recorded end has passed: " : "", help ? " (" : "",
	    help ? help : "", help ? ")" : "", command, name);
}

static void
put_cure(struct buf *out, const char *command, const char *name,
    const struct gate *g, int code, const struct now *now)
{
	if (g->kind == GATE_REFUSED && code != TOKENWARD_EXPIRED)
		buf_printf(out,
		    "; if the secret was replaced run \"%s rotate %s\"",
		    command, name);
	if (g->kind == GATE_REQUEST)
		buf_printf(out, "; \"%s show %s\" shows what is asked for",
		    command, name);
	buf_put_str(out, "; next try ");
	sentence_when(out, gate_until(g), now);
	buf_printf(out, " (now: \"%s token %s --retry\")", command, name);
}

int
sentence_gate(struct tokenward *tw, const char *name, const struct tokens *t,
    const struct gate *g, const struct purchase *p, const struct now *now,
    struct error *err)
{
	cleanup_buf struct buf out = BUF_INIT;
	int code = code_now(t, g, now);

	buf_printf(&out, "%s: %s", name, g->reason ? g->reason : "refused");
	if (g->failures > 1 || time_since(&g->since, now) > 5000) {
		buf_put_str(&out, " since ");
		sentence_when(&out, g->since.wall_ms / 1000, now);
	}
	put_last_success(&out, t, g, p, now);
	if (p && g->kind == GATE_REFUSED && t->last_ok.wall_ms)
		put_neighbours(&out, tw, p, now);
	if (code == TOKENWARD_EXPIRED)
		put_expired(
		    &out, command_name(tw), name, is_past_end(t, now), p);
	put_cure(&out, command_name(tw), name, g, code, now);
	error_set(err, code, "%s", buf_str(&out));
	err->retry_at = gate_until(g);
	return code;
}
