/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What protects the store here, what does not, and what would happen: each
 * finding has a grade and, where there is one, a cure.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/doctor.h"
#include "key/key.h"

bool
lacks_memory(struct doctor *d, bool failed)
{
	d->no_memory |= failed;
	return d->no_memory;
}

void
find(
    struct doctor *d, const char *grade, const char *cure, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (d->no_memory)
		return; /* half of the truth */
	d->bad |= strcmp(grade, "bad") == 0;
	d->finding(d->data, grade, text, cure);
}

static void
look_at_memory(struct doctor *d)
{
	bool locked = false;

	if (lacks_memory(d, !secret_locked(&locked)))
		return;
	if (locked)
		find(d, "strong", NULL,
		    "memory for secrets is locked against swap and left out "
		    "of core dumps");
	else
		find(d, "weak", "raise RLIMIT_MEMLOCK (ulimit -l 64)",
		    "memory for secrets cannot be locked against swap");
}

static void
look_at_kernel(struct doctor *d)
{
	if (keyring_usable())
		find(d, "ok", NULL,
		    "the kernel's keyring can keep a key for a while");
	else
		find(d, "fair", "use a key file where passphrases tire",
		    "the kernel's keyring is not usable here: a passphrase "
		    "is asked for at every call");
}

/* Started for real, without a request: what it says is what it is. */
static void
look_at_helper(struct doctor *d)
{
	struct error err = {0};
	bool landlock = false;

	if (!d->tw->libexec)
		return;
	if (fetch_probe(d->tw->libexec, &landlock, &err) != TOKENWARD_OK &&
	    lacks_memory(d, err.no_memory))
		return;
	if (err.code)
		find(d, "bad", "install tokenward again",
		    "the fetch helper does not work: %s", err.text);
	else if (landlock)
		find(d, "strong", NULL,
		    "the fetch helper works, confined by seccomp and "
		    "Landlock");
	else
		find(d, "fair",
		    "boot a kernel with Landlock (lsm=landlock,...)",
		    "the fetch helper works, confined by seccomp only: this "
		    "kernel has no Landlock");
}

static void
look_at_providers(struct doctor *d)
{
	size_t i;

	for (i = 0; i < d->tw->provider_dirs.n; i++)
		if (access(d->tw->provider_dirs.v[i], R_OK) == 0)
			find(d, "ok", NULL, "provider files are read from %s",
			    d->tw->provider_dirs.v[i]);
}

static void
look_at_secret(struct doctor *d, const struct purchase *p)
{
	const struct secret_version *v = p->version;
	cleanup_buf struct buf when = BUF_INIT;
	struct now now;

	handle_now(d->tw, &now);
	if (v->expires_at == TOKENWARD_TIME_UNKNOWN)
		find(d, "fair",
		    "say when it ends: edit NAME --expires-at T, or "
		    "--lifetime never",
		    "no end of the client secret is recorded");
	else if (version_is_past_end(v, &now))
		find(d, "weak", p->provider->renew_help,
		    "the client secret's recorded end has passed");
	else if (v->expires_at != TOKENWARD_TIME_NEVER) {
		time_put(&when, v->expires_at);
		lacks_memory(d, when.failed);
		find(d, "ok", NULL, "the client secret is good until %s",
		    buf_str(&when));
	}
}

static int
look_at_credential(struct doctor *d, const char *name, struct error *err)
{
	cleanup_purchase struct purchase p = PURCHASE_INIT;
	cleanup_plan struct plan plan = PLAN_INIT;
	struct strlist none = {0};
	struct shape shape = {.resources = &none};
	int r = need_name(name, err);

	p.tw = d->tw;
	if (r == TOKENWARD_OK)
		r = purchase_prepare(&p, name, err);
	if (r != TOKENWARD_OK)
		return r;
	r = provider_apply(
	    p.provider, p.credential, p.version, &shape, &plan, err);
	if (r != TOKENWARD_OK && lacks_memory(d, err->no_memory))
		return r;
	if (r != TOKENWARD_OK)
		find(d, "bad", NULL, "%s: %s", name, err->text);
	else if (str_prefix(plan.url, "http:"))
		find(d, "weak", "use https where the server can",
		    "%s: the secret travels over plain http to %s", name,
		    plan.origin);
	else
		find(d, "strong", NULL, "%s: the secret goes to %s only", name,
		    plan.origin);
	look_at_secret(d, &p);
	return TOKENWARD_OK;
}

int
tokenward_doctor(struct tokenward *tw, const char *name, unsigned flags,
    tokenward_finding_fn finding, void *data)
{
	struct doctor d = {.tw = tw, .finding = finding, .data = data};
	int r = TOKENWARD_OK;

	if (!tw || !finding)
		return null_argument(tw);
	call_begin(tw);
	tw->only_looks = true;
	if (flags & TOKENWARD_DOCTOR_REPAIR)
		r = repair_header(&d, &tw->err);
	if (r == TOKENWARD_OK)
		r = look_at_store(&d, &tw->err);
	look_at_memory(&d);
	look_at_kernel(&d);
	look_at_helper(&d);
	look_at_providers(&d);
	if (r == TOKENWARD_OK && name)
		r = look_at_credential(&d, name, &tw->err);
	if (r == TOKENWARD_OK && d.no_memory)
		r = error_memory(&tw->err);
	if (r == TOKENWARD_OK && d.bad)
		r = error_set(&tw->err, TOKENWARD_FAILED,
		    "something is wrong: see the lines marked bad");
	tw->only_looks = false;
	return call_end(tw, r);
}
