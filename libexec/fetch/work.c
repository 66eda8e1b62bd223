/* SPDX-License-Identifier: BSD-2-Clause */
/* One plan, from its checks to a reply that can be shown. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/frame.h"
#include "exchange.h"
#include "failure.h"
#include "http.h"
#include "lack.h"
#include "provider/provider.h"
#include "redact.h"
#include "retry.h"
#include "sandbox.h"
#include "work.h"

#define CODE_MAX 128u /* as a reply has room for */
#define MESSAGE_MAX 512u
#define SCOPE_MAX 8192u

struct job {
	const struct plan *plan;
	struct provider *provider;
	struct target target;
	struct redact hide; /* what the plan says, what the headers hold */
	struct buf shown;   /* the exchange so far */
	int64_t deadline_ms;
};

static void
job_free(struct job *j)
{
	provider_free(j->provider);
	target_free(&j->target);
	redact_free(&j->hide);
	buf_free(&j->shown);
}

/* Credentials after a scheme ("Basic ..."), whatever the plan listed. */
static void
hide_authorization(struct job *j)
{
	struct frame_field f;
	const unsigned char *blank;

	if (!frame_find(j->plan->headers.data, j->plan->headers.len,
		"authorization", &f))
		return;
	blank = memchr(f.value, ' ', f.len);
	if (blank) {
		f.len -= (size_t)(blank + 1 - f.value);
		f.value = blank + 1;
	}
	redact_add(&j->hide, f.value, f.len);
}

static int
job_setup(
    struct job *j, const struct plan *p, int64_t deadline_ms, struct error *err)
{
	int r;

	*j = (struct job){.plan = p,
	    .target = TARGET_INIT,
	    .hide = REDACT_INIT,
	    .shown = BUF_INIT,
	    .deadline_ms = deadline_ms};
	redact_add_list(&j->hide, p->redact.data, p->redact.len);
	hide_authorization(j);
	r = http_check(err);
	r = r ? r
	      : provider_read(buf_str(&p->provider), p->provider.len,
		    "the provider file", &j->provider, err);
	r = r ? r : target_check(p, &j->target, err);
	return r ? r : landlock_ports(j->target.ports, 2, err);
}

/* Sleeps; the parent's end ends us too. */
static void
pause_ms(int64_t ms)
{
	struct pollfd parent = {.fd = HTTP_PARENT, .events = POLLIN};

	if (poll(&parent, 1, (int)ms) > 0)
		_exit(1);
}

static uint32_t
dice(void)
{
	uint32_t v = 0;

	return getrandom(&v, sizeof(v), 0) == sizeof(v) ? v : 0;
}

/* False: give up. */
static bool
wait_for_next(const struct job *j, const struct http_try *t, unsigned done)
{
	int64_t ms;

	if (!failure_retry(t))
		return false;
	ms = retry_wait(
	    done, j->plan->tries, j->deadline_ms - clock_boot_ms(), dice());
	if (ms >= 0)
		pause_ms(ms);
	return ms >= 0;
}

static int64_t
date_of(const struct http_try *t)
{
	const char *date = strmap_get(&t->headers, "date");
	time_t at = date ? curl_getdate(date, NULL) : -1;

	return at > 0 ? (int64_t)at : 0;
}

static void
redirected(const struct http_try *t, struct reply *ret)
{
	const char *to = strmap_get(&t->headers, "location");

	failure_set(ret, OUTCOME_BAD_REQUEST, "redirect", "%s%s",
	    to ? "to " : "", to ? to : "");
}

static void
understand(struct job *j, const struct http_try *t, struct reply *ret)
{
	struct http_answer a = {.status = t->status,
	    .headers = t->headers,
	    .body = buf_str(&t->body),
	    .len = t->body.len,
	    .sent_at = t->sent_at,
	    .date = date_of(t)};

	if (t->status >= 300 && t->status < 400)
		redirected(t, ret);
	else if (!provider_answer(j->provider, &a, ret))
		failure_lack(ret);
	ret->status = t->status;
	if (a.date)
		ret->skew = a.date - t->answered_at;
}

/* The mark may be longer than what it hides: cut again to what may be said.
   False: it is lost. */
static bool
hide_in(struct job *j, char **s, size_t max)
{
	cleanup_buf struct buf clean = BUF_INIT;

	if (!*s)
		return true;
	redact_string(&j->hide, s);
	if (!*s || strlen(*s) <= max)
		return *s;
	str_clean(&clean, *s, strlen(*s), max);
	free(*s);
	*s = clean.failed ? NULL : strdup(buf_str(&clean));
	return *s;
}

/* Whatever a server says may be the secret that it was told. */
static void
hide_in_reply(struct job *j, struct reply *r)
{
	bool good = hide_in(j, &r->error_code, CODE_MAX) &&
		    hide_in(j, &r->error_message, MESSAGE_MAX) &&
		    hide_in(j, &r->type, CODE_MAX) &&
		    hide_in(j, &r->scope, SCOPE_MAX);
	size_t i;

	for (i = 0; good && i < r->keep.n; i++)
		good = hide_in(j, &r->keep.v[i].value, SIZE_MAX);
	if (!good)
		failure_lack(r);
}

static void
one_try(struct job *j, struct http_try *t, struct reply *ret)
{
	http_perform(j->plan, &j->target, j->deadline_ms, t);
	ret->attempts++;
	if (t->code || t->limit)
		failure_report(j->plan, t, ret);
	else
		understand(j, t, ret);
	hide_in_reply(j, ret);
	if (!j->plan->exchange)
		return;
	exchange_hide(j->provider, t, ret, &j->hide);
	if (t->status)
		exchange_answer(t, &j->hide, &j->shown);
	if (ret->stage)
		exchange_note(ret->stage, ret->error_message, &j->shown);
}

/* For people, with all that went over the wire. */
static void
show(struct job *j, struct reply *ret)
{
	bool good = !j->shown.failed && !j->hide.words.failed;
	char *text = good ? strdup(buf_str(&j->shown)) : NULL;

	if (!text)
		failure_lack(ret);
	ret->exchange = text;
}

/* Nothing of an earlier try is left but how many there were. */
static void
forget(struct reply *r)
{
	struct reply fresh = REPLY_INIT;

	fresh.attempts = r->attempts;
	fresh.landlock = r->landlock;
	reply_free(r);
	*r = fresh;
}

static void
all_tries(struct job *j, struct reply *ret)
{
	bool again;

	do {
		cleanup_http_try struct http_try t = HTTP_TRY_INIT;

		forget(ret);
		one_try(j, &t, ret);
		again = t.code && wait_for_next(j, &t, ret->attempts);
	} while (again);
}

void
work(const struct plan *p, int64_t deadline_ms, struct reply *ret)
{
	struct job j;
	struct error err = {0};

	errno = 0;
	if (job_setup(&j, p, deadline_ms, &err)) {
		if (errno == ENOMEM || lack_noted())
			failure_lack(ret);
		else
			failure_set(
			    ret, OUTCOME_BAD_REQUEST, "plan", "%s", err.text);
	} else {
		if (p->exchange)
			exchange_request(p, &j.hide, &j.shown);
		all_tries(&j, ret);
		if (p->exchange)
			show(&j, ret);
	}
	job_free(&j);
}
