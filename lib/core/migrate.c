/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records of a store moved from its files into a store module, on to
 * another, or back (store/migrate.c does it).
 */
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/core.h"
#include "core/events.h"
#include "core/home.h"
#include "store/migrate.h"

#define ASK_MS 5000

struct moving {
	struct tokenward *tw;
	struct where to;
	struct buf text;
	bool leave; /* what lies in a module is another store's too */
	bool changed;
};

static void
go_on(void *data)
{
	call_goes_on(data);
}

static const struct module_option *
find_option(const struct module_info *info, const char *name)
{
	size_t i;

	for (i = 0; i < info->options_n; i++)
		if (strcmp(info->options[i].name, name) == 0)
			return &info->options[i];
	return NULL;
}

/* The header is no place for a secret. */
static int
check_secrets(struct where *to, const struct module_info *info,
    bool leave_secrets, struct error *err)
{
	struct strmap kept = {0};
	const struct module_option *o;
	const struct strpair *p;
	bool good = true;

	for (p = to->options.v; good && p < to->options.v + to->options.n;
	     p++) {
		o = find_option(info, p->key);
		if (!o || !o->secret) {
			good = strmap_set(&kept, p->key, p->value);
		} else if (!leave_secrets) {
			strmap_free(&kept);
			return error_set(err, TOKENWARD_USAGE,
			    "the option %s of %s is a secret, which the header "
			    "of a store cannot keep: give it on a store line "
			    "of the stack",
			    o->name, to->module);
		}
	}
	strmap_free(&to->options);
	to->options = kept;
	return good ? TOKENWARD_OK : error_memory(err);
}

int
check_where(struct tokenward *tw, struct where *to, bool leave_secrets,
    struct error *err)
{
	struct stack_line line = {.kind = MODULE_STORE, .module = to->module};
	struct module_info info;
	int r;

	if (!to->module)
		return TOKENWARD_OK;
	r = module_ask_info(
	    tw->module_dir, &line, clock_boot_ms() + ASK_MS, &info, err);
	if (r == TOKENWARD_OK)
		r = check_secrets(to, &info, leave_secrets, err);
	module_info_free(&info);
	return r;
}

static void
say_moved(struct moving *m, const struct migration *done)
{
	cleanup_buf struct buf name = BUF_INIT;

	where_put(&m->to, &name);
	if (done->same)
		put_line(&m->text,
		    "Records lie where they lay, and are written there with "
		    "the new options: %s.",
		    buf_str(&name));
	else if (done->changed)
		put_line(&m->text,
		    "The records of the store lie in %s now; %zu %s copied.",
		    buf_str(&name), done->copied,
		    done->copied == 1 ? "was" : "were");
	if (done->changed && done->leave)
		put_line(&m->text,
		    "Those that were there are left to the store %s.",
		    store_header(m->tw->store)->home);
	if (done->changed && m->to.module)
		put_line(&m->text,
		    "The directory %s still has the header and the lock: a "
		    "backup needs both places.",
		    m->tw->path);
}

/*
 * A copy of a store takes its records out of a module by copying them, and
 * puts none in: the module knows the two as one.
 */
static int
check_home(struct moving *m, struct error *err)
{
	const struct header *h = store_header(m->tw->store);
	bool there = h->records.module || (h->has_other && h->other.module);
	enum home home;

	if (store_home(m->tw->store, &home, err) != TOKENWARD_OK)
		return err->code;
	m->leave = home == HOME_COPY;
	if (home == HOME_HERE || (!there && !m->to.module) ||
	    (!h->has_other && where_equal(&h->records, &m->to)))
		return TOKENWARD_OK;
	if (home == HOME_MOVED)
		return refuse_moved(
		    m->tw, "records in a store module would be moved", err);
	return m->to.module
		   ? refuse_copy(m->tw,
			 "a store module cannot tell them apart: move "
			 "the records to files, or make a store of its "
			 "own (\"tokenward init --from\" an export)",
			 err)
		   : TOKENWARD_OK;
}

static int
move(struct moving *m, const unsigned char *master, struct error *err)
{
	cleanup_lock int lock = -1;
	struct tokenward *tw = m->tw;
	struct migration how = {.s = tw->store,
	    .master = master,
	    .leave = m->leave,
	    .step = go_on,
	    .data = tw};
	struct header h = {0};
	int r = lock_header(tw, master, &lock, &h, err);

	header_free(&h);
	if (r == TOKENWARD_OK)
		r = store_unlock(tw->store, master, true, err);
	if (r == TOKENWARD_OK)
		r = store_migrate(&how, &m->to, err);
	m->changed = how.changed;
	if (r == TOKENWARD_OK)
		say_moved(m, &how);
	return r;
}

/* What is cut short is told with what helps. */
static int
say_again(struct moving *m, struct error *err)
{
	cleanup_buf struct buf now = BUF_INIT;
	const struct header *h = store_header(m->tw->store);
	size_t len = strlen(err->text);

	if (!h->has_other)
		return err->code;
	where_put(&h->records, &now);
	snprintf(err->text + len, sizeof(err->text) - len,
	    "; nothing is lost: the records in %s count; say it again to go "
	    "on, or \"%s store migrate --to %s\" to leave it at that",
	    buf_str(&now), command_name(m->tw), where_name(&h->records));
	return err->code;
}

/* A name alone is the place of that name that the header knows. */
static int
complete(struct moving *m, struct error *err)
{
	const struct header *h = store_header(m->tw->store);
	const struct where *known[] = {
	    &h->records, h->has_other ? &h->other : &h->records};
	size_t i;

	for (i = 0; i < 2 && m->to.options.n == 0; i++)
		if (strcmp(where_name(known[i]), where_name(&m->to)) == 0) {
			where_free(&m->to);
			return where_copy(&m->to, known[i]) ? TOKENWARD_OK
							    : error_memory(err);
		}
	return TOKENWARD_OK;
}

static int
migrate(struct moving *m, const char *to, struct error *err)
{
	struct key_opened by;
	unsigned char *master;
	int r = where_parse(to, &m->to, err);

	if (r == TOKENWARD_OK)
		r = need_keys(m->tw, true, err);
	if (r == TOKENWARD_OK)
		r = complete(m, err);
	if (r == TOKENWARD_OK)
		r = check_where(m->tw, &m->to, false, err);
	if (r != TOKENWARD_OK)
		return r;
	master = secret_alloc(KEY_LEN);
	r = master ? find_master(m->tw, master, &by, err) : error_memory(err);
	if (r == TOKENWARD_OK)
		r = check_home(m, err);
	if (r == TOKENWARD_OK) {
		r = move(m, master, err);
		if (r != TOKENWARD_OK)
			say_again(m, err);
	}
	secret_free(master);
	return r;
}

int
tokenward_migrate_store(struct tokenward *tw, const char *to,
    enum tokenward_change *ret_change, char **ret_text)
{
	struct moving m = {.tw = tw};
	int r;

	if (!tw || !to || !ret_change || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	*ret_change = TOKENWARD_UNCHANGED;
	call_begin(tw);
	r = migrate(&m, to, &tw->err);
	if (r == TOKENWARD_OK && m.changed) {
		*ret_change = TOKENWARD_CHANGED;
		r = event_raise_done(tw, &tw->err, EVENT_STORE_MIGRATED,
		    "the records of the store were moved", "place",
		    where_name(&m.to), NULL);
	}
	if (r == TOKENWARD_OK && m.text.len)
		r = text_result(&m.text, ret_text, &tw->err);
	where_free(&m.to);
	buf_free(&m.text);
	return call_end(tw, r);
}
