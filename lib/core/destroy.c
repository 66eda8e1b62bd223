/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a store: what opens it elsewhere first (the kernel's cache, what
 * modules keep, the key file that was made for it), then its directory.  In
 * this order a kill leaves a store that can be destroyed further.
 */
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/destroy.h"
#include "core/events.h"
#include "core/home.h"
#include "store/entries.h"
#include "store/migrate.h"

/* ---- records elsewhere ------------------------------------------------- */

/* After a kill from here on the rest goes without the key.  On a full disk
   that must do without. */
static void
note_emptied(struct destroying *d)
{
	cleanup_lock int lock = -1;
	struct header h = {0};
	struct error ignored;

	if (lock_header(d->tw, d->master, &lock, &h, &ignored) ==
	    TOKENWARD_OK) {
		where_free(&h.records);
		where_free(&h.other);
		h.has_other = false;
		store_replace_header(d->tw->store, &h, d->master, &ignored);
	}
	header_free(&h);
}

/* First: without the header and its keys nobody finds them. */
static int
empty_modules(struct destroying *d, struct error *err)
{
	struct tokenward *tw = d->tw;

	if (d->unproved.code) {
		*err = d->unproved;
		return err->code;
	}
	if (store_unlock(tw->store, d->master, false, err) != TOKENWARD_OK ||
	    store_empty_modules(tw->store, err) != TOKENWARD_OK)
		return err->code;
	note_emptied(d);
	return TOKENWARD_OK;
}

static bool
has_records_elsewhere(const struct header *h)
{
	return h->records.module || (h->has_other && h->other.module);
}

static int
leave_records(struct destroying *d, const struct header *h, struct error *err)
{
	cleanup_buf struct buf what = BUF_INIT;

	buf_put_str(&what, "the records in ");
	where_put(h->records.module ? &h->records : &h->other, &what);
	if (d->home == HOME_HERE) {
		buf_put_str(&what, ", where this store is ");
		hex_put(&what, h->store_id, STORE_ID_LEN);
		buf_put_str(&what, ", and which nothing opens any more");
	}
	return what.failed ? error_memory(err)
			   : destroy_stays(d, buf_str(&what), err);
}

static int
stays_readonly(void *data, const char *what, const struct error *why)
{
	struct destroying *d = data;
	cleanup_buf struct buf text = BUF_INIT;

	if (why)
		return TOKENWARD_OK; /* nobody knows what it meant */
	buf_printf(&text, "what the readonly store %s has of it", what);
	return text.failed ? error_memory(d->err)
			   : destroy_stays(d, buf_str(&text), d->err);
}

static int
refuse_records(struct error *err, const struct header *h)
{
	cleanup_buf struct buf where = BUF_INIT;

	where_put(h->records.module ? &h->records : &h->other, &where);
	return error_prefix(err,
	    "the records of the store lie in %s and cannot be removed there "
	    "(--keep-records leaves them and destroys the rest): ",
	    buf_str(&where));
}

static int
end_records(struct destroying *d, struct error *err)
{
	const struct header *h = store_header(d->tw->store);

	if (store_each_readonly(d->tw->store, false, stays_readonly, d, err) !=
	    TOKENWARD_OK)
		return err->code;
	if (!has_records_elsewhere(h))
		return TOKENWARD_OK;
	if (d->home != HOME_HERE || d->keep_records)
		return leave_records(d, h, err);
	return empty_modules(d, err) == TOKENWARD_OK ? TOKENWARD_OK
						     : refuse_records(err, h);
}

static void
forget_cached(const struct header *h)
{
	keyring_forget(h->store_id, h->epoch);
	keyring_forget(h->store_id, h->epoch - 1);
	keyring_forget(h->store_id, h->epoch + 1);
}

/* ---- what is said ------------------------------------------------------ */

static void
put_kinds(struct destroying *d, const struct header *h)
{
	cleanup_buf struct buf kinds = BUF_INIT;
	size_t i;

	for (i = 0; i < h->slots_n; i++) {
		if (i)
			buf_put_str(&kinds, ", or ");
		key_slot_name(&h->slots[i], &kinds);
	}
	put_line(&d->text,
	    "Backups and other copies of it are not touched, and still open "
	    "with what opened them: %s.",
	    buf_str(&kinds));
	d->text.failed |= kinds.failed;
}

static int
say_rest(struct destroying *d, struct error *err)
{
	size_t i;

	for (i = 0; i < d->kept.n; i++)
		put_line(&d->text, "Still there: %s.", d->kept.v[i]);
	put_line(&d->text,
	    "Exports are not touched either, and client secrets stay valid "
	    "until they are deleted at the provider.");
	for (i = 0; i < d->left.n; i++)
		put_line(&d->text, "Not ours and left alone: %s/%s.",
		    d->tw->path, d->left.v[i]);
	if (d->text.failed && error_memory(err))
		return error_prefix(err, "the store is destroyed, but ");
	if (d->left.n == 0)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_FAILED,
	    "the store is destroyed, but the directory %s holds %zu other "
	    "file%s (%s) and stays: look at them, and remove it by hand",
	    d->tw->path, d->left.n, d->left.n == 1 ? "" : "s", d->left.v[0]);
}

/* There may be the rest of a store, or one whose header is no good. */
static bool
may_do_without(const struct error *unopened)
{
	return unopened->code == TOKENWARD_CONFIG ||
	       unopened->code == TOKENWARD_DAMAGED;
}

static int
has_elsewhere(struct destroying *d, bool *ret, struct error *err)
{
	const struct header *h = store_header(d->tw->store);
	bool own = false;
	size_t i;
	int r = TOKENWARD_OK;

	*ret = has_records_elsewhere(h) && !d->keep_records;
	for (i = 0; r == TOKENWARD_OK && i < h->slots_n; i++) {
		if (!d->keep_key_file)
			r = look_for_key_file(
			    d->tw, d->home, &h->slots[i], &own, err);
		*ret |= own || key_is_program(h->slots[i].kind);
	}
	*ret |= h->gone_n > 0;
	return r;
}

/* A key for nothing is not asked for. */
static bool
wants_key(const struct destroying *d)
{
	const struct header *h = store_header(d->tw->store);
	bool any =
	    h->gone_n > 0 || (has_records_elsewhere(h) && !d->keep_records);
	size_t i;

	for (i = 0; i < h->slots_n; i++)
		any |= !key_slot_needs_human(&h->slots[i]);
	return any;
}

/* What a header says is believed only when its key was had. */
static int
find_key(struct destroying *d, struct error *err)
{
	struct tokenward *tw = d->tw;
	tokenward_ask_fn ask = tw->keys.ask;
	struct key_opened by;

	d->master = secret_alloc(KEY_LEN);
	if (!d->master)
		return error_memory(err);
	if (!wants_key(d))
		tw->keys.ask = NULL;
	tw->keys.dialogs = true;
	if (find_master(tw, d->master, &by, &d->unproved) == TOKENWARD_OK)
		d->unproved = (struct error){0};
	tw->keys.ask = ask;
	tw->keys.dialogs = false;
	return d->unproved.no_memory ? error_memory(err) : TOKENWARD_OK;
}

/* Of several copies of a store one has what is elsewhere. */
static int
find_home(struct destroying *d, struct error *err)
{
	struct tokenward *tw = d->tw;
	bool elsewhere = false;

	if (find_key(d, err) != TOKENWARD_OK)
		return err->code;
	if (d->unproved.code)
		return TOKENWARD_OK;
	if (store_home(tw->store, &d->home, err) != TOKENWARD_OK)
		return err->code;
	if (d->home == HOME_COPY)
		put_line(&d->text,
		    "It was a copy of the store %s. What both have elsewhere "
		    "is left to that one.",
		    store_header(tw->store)->home);
	if (d->home == HOME_MOVED &&
	    has_elsewhere(d, &elsewhere, err) != TOKENWARD_OK)
		return err->code;
	return elsewhere ? refuse_moved(tw,
			       "what it has elsewhere would go with it", err)
			 : TOKENWARD_OK;
}

static int
end_elsewhere(struct destroying *d, struct error *err)
{
	const struct header *h = store_header(d->tw->store);
	int r = find_home(d, err);

	if (r == TOKENWARD_OK)
		r = end_records(d, err);
	if (r == TOKENWARD_OK && d->home != HOME_COPY)
		forget_cached(h);
	if (r == TOKENWARD_OK)
		r = destroy_slots(d, err);
	if (r == TOKENWARD_OK)
		put_kinds(d, h);
	return r;
}

static int
destroy(struct destroying *d, struct error *err)
{
	struct tokenward *tw = d->tw;
	int r = TOKENWARD_OK;

	if (!tw->store && (tw->broken || !may_do_without(&tw->unopened))) {
		*err = tw->unopened;
		return err->code;
	}
	if (tw->store)
		r = store_wait_idle(tw->path, &tw->deadline_ms, err);
	if (tw->store && r == TOKENWARD_OK)
		r = end_elsewhere(d, err);
	if (r == TOKENWARD_OK)
		r = store_destroy(tw->path, &tw->deadline_ms, &d->left, err);
	if (r != TOKENWARD_OK)
		return r;
	store_close(tw->store);
	tw->store = NULL;
	error_set(&tw->unopened, TOKENWARD_CONFIG,
	    "there is no store at %s any more", tw->path);
	r = event_raise_done(
	    tw, err, EVENT_STORE_DESTROYED, "the store was destroyed", NULL);
	return r ? r : say_rest(d, err);
}

int
tokenward_destroy_store(struct tokenward *tw, unsigned flags, char **ret_text)
{
	struct destroying d = {.tw = tw,
	    .keep_key_file = flags & TOKENWARD_DESTROY_KEEP_KEY_FILE,
	    .keep_records = flags & TOKENWARD_DESTROY_KEEP_RECORDS};
	struct error ignored;
	int r;

	if (!tw || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	d.err = &tw->err;
	r = destroy(&d, &tw->err);
	if (d.text.len)
		text_result(&d.text, ret_text, &ignored);
	secret_free(d.master);
	strlist_free(&d.kept);
	strlist_free(&d.left);
	buf_free(&d.text);
	return call_end(tw, r);
}
