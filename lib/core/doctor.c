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

void
find(
    struct doctor *d, const char *grade, const char *cure, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->bad |= strcmp(grade, "bad") == 0;
	d->finding(d->data, grade, text, cure);
}

static void
look_at_memory(struct doctor *d)
{
	if (secret_locked())
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
	if (fetch_probe(d->tw->libexec, &landlock, &err) != TOKENWARD_OK)
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

/* The header decides, whatever the stack says now. */
static void
look_at_place(struct doctor *d, const struct header *h)
{
	cleanup_buf struct buf records = BUF_INIT, other = BUF_INIT;
	const struct stack_line *line = NULL;
	const struct stack *stack;
	struct error ignored;

	where_put(&h->records, &records);
	if (handle_stack(d->tw, &stack, &ignored) == TOKENWARD_OK)
		do
			line = stack_next(stack, MODULE_STORE, line);
		while (line && strmap_get(&line->options, "readonly"));
	if (line && line->module &&
	    strcmp(line->module, where_name(&h->records)) != 0)
		find(d, "fair",
		    "move them with \"store migrate\", or change the line",
		    "records lie in %s, as the header says; the stack's store "
		    "line names %s, which is for new stores",
		    buf_str(&records), line->module);
	else if (h->records.module)
		find(d, "ok", NULL, "records lie in %s", buf_str(&records));
	if (!h->has_other)
		return;
	where_put(&h->other, &other);
	find(d, "fair", "say \"store migrate\" again as it was said",
	    "moving the records was cut short: those in %s count, and copies "
	    "may lie in %s",
	    buf_str(&records), buf_str(&other));
}

/* The store is unlocked: its module is asked for a record. */
static void
look_into_place(struct doctor *d, const struct header *h)
{
	struct error why;

	if (!h->records.module)
		return;
	if (store_check_place(d->tw->store, &why) == TOKENWARD_OK)
		find(d, "ok", NULL, "the store module %s can be used now",
		    h->records.module);
	else
		find(d, why.code == TOKENWARD_LOCKED ? "fair" : "bad", NULL,
		    "%s", why.text);
}

static int
look_at_store(struct doctor *d, struct error *err)
{
	const struct header *h;
	int r;

	if (!d->tw->store) {
		find(d, "bad", NULL, "%s", d->tw->unopened.text);
		return TOKENWARD_OK;
	}
	h = store_header(d->tw->store);
	find(d, "ok", NULL, "the store is %s, format %lld, %s", d->tw->path,
	    (long long)h->format,
	    store_is_read_only(d->tw->store) ? "read-only" : "writable");
	look_at_place(d, h);
	look_at_unlocking(d);
	r = need_keys(d->tw, false, err);
	if (r == TOKENWARD_OK)
		find(d, "ok", NULL, "the store is open to this user now");
	else
		find(d, r == TOKENWARD_LOCKED ? "fair" : "bad", NULL, "%s",
		    err->text);
	if (r == TOKENWARD_OK)
		look_into_place(d, h);
	return TOKENWARD_OK;
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

/* One that cannot be read, and one that its own key says was changed. */
static bool
header_is_damaged(struct tokenward *tw)
{
	struct error ignored;

	if (!tw->store)
		return tw->unopened.code == TOKENWARD_DAMAGED;
	return need_keys(tw, false, &ignored) == TOKENWARD_DAMAGED;
}

/* The key that the copy's own slots give must agree with the whole of it. */
static int
check_copy(struct tokenward *tw, const struct header *copy, bool *ret_checked,
    struct error *err)
{
	unsigned char *master = secret_alloc(KEY_LEN);
	struct error why = {0};
	struct key_opened by;
	int r = master ? unlock_master(copy, &tw->keys, master, &by, &why)
		       : error_memory(&why);

	secret_free(master);
	*ret_checked = r == TOKENWARD_OK;
	if (r != TOKENWARD_DAMAGED)
		return TOKENWARD_OK;
	return error_set(err, r,
	    "the copy of the header, %s/header.old, was changed or is damaged "
	    "as well and is not put back: bring both from a backup",
	    tw->path);
}

static int
put_back(struct tokenward *tw, bool *ret_checked, struct error *err)
{
	struct header copy;
	int r = store_read_copy(tw->path, &copy, err);

	if (r != TOKENWARD_OK)
		return r;
	r = check_copy(tw, &copy, ret_checked, err);
	if (r == TOKENWARD_OK)
		r = store_repair_header(tw->path, &copy, &tw->deadline_ms, err);
	header_free(&copy);
	return r;
}

static int
repair(struct doctor *d, struct error *err)
{
	struct tokenward *tw = d->tw;
	bool checked = false;
	int r;

	if (!header_is_damaged(tw))
		return TOKENWARD_OK;
	r = put_back(tw, &checked, err);
	if (r != TOKENWARD_OK)
		return r;
	store_close(tw->store);
	tw->store = NULL;
	r = store_open(tw->path, &tw->store, err);
	if (r == TOKENWARD_OK)
		find(d, checked ? "ok" : "fair",
		    checked ? NULL : "see whether \"tokenward list\" works",
		    "the header of the store was put back from its copy%s; "
		    "what stood there is kept as %s/header.bad",
		    checked ? ""
			    : ", which could not be checked because no key "
			      "for it is at hand",
		    tw->path);
	tw->unopened = *err;
	return r;
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
		r = repair(&d, &tw->err);
	if (r == TOKENWARD_OK)
		r = look_at_store(&d, &tw->err);
	look_at_memory(&d);
	look_at_kernel(&d);
	look_at_helper(&d);
	look_at_providers(&d);
	if (r == TOKENWARD_OK && name)
		r = look_at_credential(&d, name, &tw->err);
	if (r == TOKENWARD_OK && d.bad)
		r = error_set(&tw->err, TOKENWARD_FAILED,
		    "something is wrong: see the lines marked bad");
	tw->only_looks = false;
	return call_end(tw, r);
}
