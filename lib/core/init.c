/* SPDX-License-Identifier: BSD-2-Clause */
/* A store made. */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/choose.h"
#include "core/events.h"
#include "key/key.h"

struct making {
	struct tokenward *tw;
	struct key_context ctx;
	struct header h;
	unsigned char *master, *kek;
	bool given;      /* the key came from outside, to nobody */
	struct buf code; /* secret */
	struct buf text;
};

static int
enroll(struct making *m, const char *text, struct error *err)
{
	struct header *h = &m->h;
	struct key_slot *slot = &h->slots[h->slots_n];
	int r;

	if (h->slots_n >= SLOTS_MAX)
		return error_set(err, TOKENWARD_USAGE,
		    "a store has at most %d keys", SLOTS_MAX);
	h->slots_n++;
	slot->id = h->next_slot++;
	slot->created_at = h->created_at;
	r = key_enroll(&m->ctx, text, slot, m->kek, err);
	return r ? r : slot_wrap(slot, h->store_id, m->kek, m->master, err);
}

static void
unmake_slot(struct making *m, size_t i)
{
	struct error ignored;

	key_slot_forget(&m->h, &m->h.slots[i], &m->ctx, &ignored);
}

/* Without a dialog: a keyring that is locked is not the best there is. */
static int
try_choice(struct making *m, const struct choice *c, struct error *err)
{
	struct header *h = &m->h;
	size_t said = m->text.len;
	int r;

	m->ctx.dialogs = c->last;
	r = enroll(m, c->key, err);
	m->given = c->given && r == TOKENWARD_OK;
	if (r == TOKENWARD_OK || c->last || err->no_memory)
		return r;
	unmake_slot(m, --h->slots_n);
	slot_free(&h->slots[h->slots_n]);
	h->slots[h->slots_n] = (struct key_slot){0};
	h->next_slot--;
	m->text.len = said;
	choice_passed(c, err, &m->text);
	return r;
}

static int
enroll_best(struct making *m, struct error *err)
{
	const struct choice *c = NULL;
	int r = TOKENWARD_FAILED;

	while ((c = choice_next(&m->ctx, c))) {
		r = try_choice(m, c, err);
		if (r == TOKENWARD_OK || c->last || err->no_memory)
			break;
	}
	m->ctx.dialogs = true;
	return r;
}

/* Module programs only: what they need may be bound to this machine.  A code
   that a service made would stand in its log. */
static bool
is_bound(const struct header *h)
{
	size_t i;

	for (i = 0; i < h->slots_n; i++)
		if (key_method_find(h->slots[i].kind))
			return false;
	return h->slots_n > 0;
}

static int
enroll_all(struct making *m, const char *const *keys, unsigned flags,
    struct error *err)
{
	int r = keys && *keys ? TOKENWARD_OK : enroll_best(m, err);

	for (; r == TOKENWARD_OK && keys && *keys; keys++)
		r = enroll(m, *keys, err);
	if (r == TOKENWARD_OK && is_bound(&m->h) && !m->given && m->tw->show &&
	    !(flags & TOKENWARD_INIT_NO_RECOVERY))
		r = enroll(m, "recovery", err);
	return r;
}

static void
new_header(struct making *m)
{
	m->h = (struct header){.format = FORMAT_VERSION,
	    .min_reader = FORMAT_VERSION,
	    .suite = 1,
	    .epoch = 1,
	    .sequence = 1,
	    .next_slot = 1,
	    .created_at = tokenward_now(m->tw)};
	randombytes_buf(m->h.store_id, sizeof(m->h.store_id));
	randombytes_buf(m->master, KEY_LEN);
	m->ctx = m->tw->keys;
	m->ctx.dialogs = true;
	m->ctx.store_id = m->h.store_id;
	m->ctx.note = &m->text;
	m->ctx.code = m->tw->show ? &m->code : NULL;
}

/* Where the stack wants the records of a new store: there, or no store. */
static int
choose_place(struct making *m, struct error *err)
{
	const struct stack_line *line = NULL;
	const struct stack *stack;
	int r = handle_stack(m->tw, &stack, err);

	while (r == TOKENWARD_OK &&
	       (line = stack_next(stack, MODULE_STORE, line)) && !line->fault &&
	       stack_is_readonly(line))
		;
	if (r != TOKENWARD_OK || !line)
		return r;
	if (line->fault)
		return stack_fault_said(line, err);
	r = where_of_line(line, &m->h.records, err);
	return r ? r : check_where(m->tw, &m->h.records, true, err);
}

/* What was kept elsewhere for a store that came to nothing. */
static void
unmake(struct making *m)
{
	size_t i;

	for (i = 0; i < m->h.slots_n; i++)
		unmake_slot(m, i);
}

/*
 * Its making failed, but its header is there, or may be: whatever opens it
 * must stay.
 */
static bool
stands(const struct making *m)
{
	struct error ignored;
	struct store *s = NULL;
	bool ours;

	if (!store_exists(m->tw->path))
		return false;
	if (store_open(m->tw->path, &s, &ignored) != TOKENWARD_OK)
		return true;
	ours =
	    memcmp(store_header(s)->store_id, m->h.store_id, STORE_ID_LEN) == 0;
	store_close(s);
	return ours;
}

static int
make(struct making *m, const char *const *keys, unsigned flags,
    struct error *err)
{
	int r;

	new_header(m);
	r = choose_place(m, err);
	if (r == TOKENWARD_OK)
		r = enroll_all(m, keys, flags, err);
	if (r == TOKENWARD_OK)
		r = store_create(m->tw->path, &m->h, m->master,
		    &m->tw->deadline_ms, &m->tw->store, err);
	if (r != TOKENWARD_OK && !stands(m)) {
		unmake(m);
		return r;
	}
	if (m->code.len)
		m->tw->show(m->tw->show_data, buf_str(&m->code));
	if (r != TOKENWARD_OK)
		return r;
	put_advice(&m->text, &m->h);
	return TOKENWARD_OK;
}

/* Who just chose a passphrase is not asked for it at once. */
static void
keep_new(const struct making *m)
{
	const struct header *h = store_header(m->tw->store);
	const char *kind;
	struct error err;
	int64_t seconds;

	if (unlock_keep(&m->tw->keys, &seconds, &err) == TOKENWARD_OK &&
	    seconds > 0 && unlock_unattended(h, &m->tw->keys, true, &kind) &&
	    !kind)
		keyring_put(h->store_id, h->epoch, m->master, seconds);
}

static int
make_store(struct tokenward *tw, const char *const *keys, unsigned flags,
    char **ret_text, struct error *err)
{
	struct making m = {.tw = tw,
	    .master = secret_alloc(KEY_LEN),
	    .kek = secret_alloc(KEY_LEN),
	    .code = BUF_SECRET_INIT};
	int r =
	    m.master && m.kek ? make(&m, keys, flags, err) : error_memory(err);

	tw->opened = true;
	if (r == TOKENWARD_OK) {
		keep_new(&m);
		r = text_result(&m.text, ret_text, err);
	}
	header_free(&m.h);
	secret_free(m.master);
	secret_free(m.kek);
	buf_free(&m.code);
	buf_free(&m.text);
	return r;
}

/* Said again, it makes whole what was killed in the making. */
static int
is_there(struct tokenward *tw, unsigned flags, struct error *err)
{
	int r =
	    tw->store ? TOKENWARD_OK : store_open(tw->path, &tw->store, err);

	if (r == TOKENWARD_OK)
		r = store_finish(tw->store, err);
	if (r != TOKENWARD_OK || flags & TOKENWARD_INIT_IF_MISSING)
		return r;
	return error_set(err, TOKENWARD_EXISTS,
	    "there is a store at %s already: \"%s doctor\" "
	    "looks at it, --if-missing leaves it alone",
	    tw->path, command_name(tw));
}

int
init_store(struct tokenward *tw, const char *const *keys, unsigned flags,
    int *ret_created, char **ret_text, struct error *err)
{
	int r;

	*ret_text = NULL;
	*ret_created = 0;
	if (tw->broken || tw->unopened.code == TOKENWARD_DAMAGED) {
		*err = tw->unopened;
		return err->code;
	}
	if (store_exists(tw->path))
		return is_there(tw, flags, err);
	r = make_store(tw, keys, flags, ret_text, err);
	if (r == TOKENWARD_EXISTS) /* made by another process meanwhile */
		return is_there(tw, flags, err);
	if (r == TOKENWARD_OK)
		r = event_raise_done(
		    tw, err, EVENT_STORE_CREATED, "the store was made", NULL);
	*ret_created = r == TOKENWARD_OK;
	return text_end(r, ret_text);
}

int
tokenward_init_store(struct tokenward *tw, const char *const *keys,
    unsigned flags, int *ret_created, char **ret_text)
{
	if (!tw || !ret_created || !ret_text)
		return null_argument(tw);
	call_begin(tw);
	return call_end(
	    tw, init_store(tw, keys, flags, ret_created, ret_text, &tw->err));
}
