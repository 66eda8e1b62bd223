/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials into one sealed file, which opens in ways of its own: by a
 * passphrase, a key file, a code on paper.  Tokens and gates stay here.
 */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "core/events.h"
#include "key/key.h"
#include "store/export.h"

/* What opens elsewhere too; a value that must be given. */
static const struct {
	const char *kind;
	bool needs_value;
} ways[] = {
    {"passphrase", false},
    {"keyfile", true},
    {"recovery", false},
    {"systemd-credential", false},
};

struct exporting {
	struct tokenward *tw;
	const char *path;
	struct key_context ctx;
	struct header h;
	unsigned char *master, *kek;
	struct strlist names;
	struct export_writer *writer;
	struct buf code; /* secret */
	struct buf text;
};

/* ---- which ------------------------------------------------------------- */

static int
choose(struct exporting *x, const char *const *globs, struct error *err)
{
	struct unread unread;
	int r = credential_names(x->tw, globs, &x->names, &unread, err);

	if (r == TOKENWARD_OK)
		r = check_named(x->tw, &x->names, globs, err);
	if (r != TOKENWARD_OK || !unread.n || (globs && *globs))
		return r;
	unread_say(&unread, x->tw->path, err);
	return error_prefix(err,
	    "not all can be exported (name those that are wanted, or see "
	    "\"%s store verify\"): ",
	    command_name(x->tw));
}

/* ---- keys -------------------------------------------------------------- */

static int
check_way(const char *text, struct error *err)
{
	size_t i, len = strcspn(text, "=");

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strlen(ways[i].kind) != len ||
		    memcmp(ways[i].kind, text, len) != 0)
			continue;
		if (ways[i].needs_value && !text[len])
			return error_set(err, TOKENWARD_USAGE,
			    "name the key file of the export: --to %s=PATH",
			    text);
		return TOKENWARD_OK;
	}
	return error_set(err, TOKENWARD_USAGE,
	    "\"%s\": an export opens by passphrase, keyfile=PATH, recovery or "
	    "systemd-credential",
	    text);
}

static int
enroll(struct exporting *x, const char *text, struct error *err)
{
	struct header *h = &x->h;
	struct key_slot *slot = &h->slots[h->slots_n];
	int r;

	if (h->slots_n >= SLOTS_MAX)
		return error_set(err, TOKENWARD_USAGE,
		    "an export has at most %d keys", SLOTS_MAX);
	h->slots_n++;
	slot->id = h->next_slot++;
	r = key_enroll(&x->ctx, text, slot, x->kek, err);
	slot->id = h->next_slot - 1;
	slot->created_at = h->created_at;
	return r ? r : slot_wrap(slot, h->store_id, x->kek, x->master, err);
}

static int
make_header(struct exporting *x, const char *const *keys, struct error *err)
{
	int r = TOKENWARD_OK;

	x->h = (struct header){.format = FORMAT_VERSION,
	    .min_reader = FORMAT_VERSION,
	    .suite = 1,
	    .epoch = 1,
	    .sequence = 1,
	    .next_slot = 1,
	    .created_at = tokenward_now(x->tw)};
	randombytes_buf(x->h.store_id, sizeof(x->h.store_id));
	randombytes_buf(x->master, KEY_LEN);
	x->ctx = x->tw->keys;
	x->ctx.label = x->path;
	x->ctx.dialogs = true;
	x->ctx.store_id = x->h.store_id;
	x->ctx.note = &x->text;
	x->ctx.code = x->tw->show ? &x->code : NULL;
	for (; r == TOKENWARD_OK && *keys; keys++)
		r = enroll(x, *keys, err);
	return r;
}

/* ---- records ----------------------------------------------------------- */

static int
put_one(struct exporting *x, const char *name, struct error *err)
{
	cleanup_credential struct credential *c = NULL;
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	int r = credential_load(x->tw, name, &c, err);

	if (r == TOKENWARD_OK)
		r = credential_encode(c, &plain, err);
	return r ? r : export_put(x->writer, name, &plain, err);
}

static int
write_file(struct exporting *x, struct error *err)
{
	size_t i;
	int r = export_create(x->path, &x->h, x->master, &x->writer, err);

	for (i = 0; r == TOKENWARD_OK && i < x->names.n; i++)
		r = put_one(x, x->names.v[i], err);
	return r ? r : export_finish(x->writer, err);
}

/* What was kept elsewhere for an export that came to nothing. */
static void
forget_slots(struct exporting *x)
{
	struct error err;
	size_t i;

	for (i = 0; i < x->h.slots_n; i++)
		key_slot_forget(&x->h, &x->h.slots[i], &x->ctx, &err);
}

static void
say_done(struct exporting *x)
{
	cleanup_buf struct buf slots = BUF_INIT;
	size_t i;

	for (i = 0; i < x->h.slots_n; i++) {
		if (i)
			buf_put_str(&slots, ", or ");
		key_slot_name(&x->h.slots[i], &slots);
	}
	put_line(&x->text,
	    "%zu credential%s exported to %s, which opens with: %s.",
	    x->names.n, x->names.n == 1 ? "" : "s", x->path, buf_str(&slots));
	for (i = 0; i < x->h.slots_n; i++)
		if (strcmp(x->h.slots[i].kind, "keyfile") == 0)
			put_line(&x->text,
			    "Keep the key file apart from the export: who has "
			    "both has the secrets.");
}

static int export(struct exporting *x, const char *const *globs,
    const char *const *keys, struct error *err)
{
	const char *const *k;
	int r = TOKENWARD_OK;

	if (!keys || !*keys)
		return error_set(err, TOKENWARD_USAGE,
		    "say how the export opens: --to passphrase, keyfile=PATH "
		    "or recovery");
	for (k = keys; r == TOKENWARD_OK && *k; k++)
		r = check_way(*k, err);
	if (r == TOKENWARD_OK)
		r = export_check_new(x->path, err);
	if (r == TOKENWARD_OK)
		r = choose(x, globs, err);
	x->master = secret_alloc(KEY_LEN);
	x->kek = secret_alloc(KEY_LEN);
	if (r == TOKENWARD_OK && (!x->master || !x->kek))
		r = error_memory(err);
	if (r == TOKENWARD_OK)
		r = make_header(x, keys, err);
	if (r == TOKENWARD_OK)
		r = write_file(x, err);
	if (r != TOKENWARD_OK) {
		forget_slots(x);
		return r;
	}
	if (x->code.len)
		x->tw->show(x->tw->show_data, buf_str(&x->code));
	say_done(x);
	return TOKENWARD_OK;
}

/* Each by its name: that is what somebody looks for later. */
static int
tell(const struct exporting *x, struct error *err)
{
	size_t i;
	int r = TOKENWARD_OK;

	for (i = 0; r == TOKENWARD_OK && i < x->names.n; i++) {
		call_goes_on(x->tw);
		r = event_raise_done(x->tw, err, EVENT_CREDENTIAL_EXPORTED,
		    "the export was made", "name", x->names.v[i], "path",
		    x->path, NULL);
	}
	return r;
}

int
tokenward_export(struct tokenward *tw, const char *const *globs,
    const char *const *keys, const char *path, char **ret_text)
{
	struct exporting x = {.tw = tw, .path = path, .code = BUF_SECRET_INIT};
	int r;

	if (!tw || !path || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	r = export(&x, globs, keys, &tw->err);
	if (r == TOKENWARD_OK)
		r = tell(&x, &tw->err);
	if (r == TOKENWARD_OK)
		r = text_result(&x.text, ret_text, &tw->err);
	export_abandon(x.writer);
	header_free(&x.h);
	secret_free(x.master);
	secret_free(x.kek);
	strlist_free(&x.names);
	buf_free(&x.code);
	buf_free(&x.text);
	return call_end(tw, r);
}
