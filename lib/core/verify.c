/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every file of the store looked at: what opens, what does not, what should
 * not be there, each with its cure.  Others may write meanwhile: what looks
 * wrong for that reason is looked at again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "core/core.h"
#include "store/entries.h"

#define LOOKS 3

struct verify {
	struct tokenward *tw;
	tokenward_store_file_fn each;
	void *data;
	size_t credentials, tokens, bad, notes;
	struct error *err;
};

/* What can be found, and what helps. */
enum state {
	STATE_DAMAGED,
	STATE_DAMAGED_TOKENS,
	STATE_DAMAGED_COPY,
	STATE_FOREIGN,
	STATE_OLDER,
	STATE_ORPHAN,
	STATE_MISSING_LOCK,
	STATE_MISSING_COPY,
	STATE_UNFINISHED,
	STATE_BEHIND,
	STATE_TEMPORARY,
	STATE_STRANGE,
	STATE_ASTRAY,
	STATE_MOVING,
	STATE_OPEN
};

static const struct {
	const char *word;
	bool harmless;
	const char *cure; /* @: the command */
} states[] = {
    [STATE_DAMAGED] = {"damaged", false,
	"bring the file back from a backup, or get the credential from an "
	"export (\"@ import F --update\"), or remove the file and add the "
	"credential again"},
    [STATE_DAMAGED_TOKENS] = {"damaged", false,
	"nothing is lost for good: it counts as empty, and the next token "
	"that is asked for writes it anew"},
    [STATE_DAMAGED_COPY] = {"damaged", false,
	"the next change of the key slots writes it anew (\"@ key rekey\")"},
    [STATE_FOREIGN] = {"foreign", false,
	"it was sealed for another store, another name or another master "
	"key: bring back the right one from a backup, or remove it"},
    [STATE_OLDER] = {"older", false,
	"if a backup was put back on purpose, say \"@ store adopt\" with its "
	"name; else enter it again"},
    [STATE_ORPHAN] = {"orphan", false,
	"bring the credential of the same file name back from a backup, or "
	"remove the file"},
    [STATE_MISSING_LOCK] = {"missing", false,
	"make it: an empty file, mode 0600"},
    [STATE_MISSING_COPY] = {"missing", true,
	"\"@ init --if-missing\" makes it"},
    [STATE_UNFINISHED] = {"unfinished", true, "say \"@ key rekey\" again"},
    [STATE_BEHIND] = {"behind", true,
	"none is needed; \"@ token\" with its name and --new buys a token "
	"on the present terms"},
    [STATE_TEMPORARY] = {"temporary", true,
	"none is needed: the next write takes its place; it may be removed "
	"when no tokenward runs"},
    [STATE_STRANGE] = {"strange", true,
	"move it elsewhere: nothing but the store belongs there"},
    [STATE_ASTRAY] = {"astray", true,
	"none is needed; if it is newer than what is in use, move it elsewhere "
	"and look whose it is, else remove it"},
    [STATE_MOVING] = {"unfinished", true,
	"say \"@ store migrate\" again as it was said"},
    [STATE_OPEN] = {"open", true, "chmod 600"},
};

/* The command's name stands where the "@" is. */
static void
put_cure(struct buf *b, const char *text, const char *command)
{
	const char *at = strchr(text, '@');

	if (!at) {
		buf_put_str(b, text);
		return;
	}
	buf_put(b, text, (size_t)(at - text));
	buf_put_str(b, command);
	buf_put_str(b, at + 1);
}

static int
find(struct verify *v, enum state state, const char *path, const char *name,
    const char *why)
{
	cleanup_buf struct buf cure = BUF_INIT;
	struct tokenward_store_file f = {.size = sizeof(f),
	    .path = path,
	    .state = states[state].word,
	    .name = name,
	    .why = why,
	    .harmless = states[state].harmless};

	put_cure(&cure, states[state].cure, command_name(v->tw));
	f.cure = buf_str(&cure);
	*(f.harmless ? &v->notes : &v->bad) += 1;
	return v->each ? v->each(v->data, &f) : TOKENWARD_OK;
}

/* Sealed with a key that this store has not. */
static bool
is_foreign(const struct error *err)
{
	return strstr(err->text, "another master key") ||
	       strstr(err->text, "of another kind") ||
	       strstr(err->text, "not the record of that name");
}

/* ---- credentials ------------------------------------------------------- */

struct pair {
	struct buf plain; /* the credential's, secret */
	uint64_t generation;
	struct credential *c;
	struct tokens t;
	bool has_tokens;
};

static void
pair_free(struct pair *p)
{
	buf_free(&p->plain);
	credential_free(p->c);
	tokens_free(&p->t);
	*p = (struct pair){.plain = BUF_SECRET_INIT};
}
#define cleanup_pair __attribute__((cleanup(pair_free)))

static int
read_credential(
    struct verify *v, const struct entry *e, struct pair *p, struct error *why)
{
	unsigned char index[INDEX_LEN];
	int r =
	    store_read_entry(v->tw->store, e, &p->plain, &p->generation, why);

	if (r == TOKENWARD_OK)
		r = credential_decode(p->plain.data, p->plain.len, &p->c, why);
	if (r == TOKENWARD_OK)
		r = store_index(v->tw->store, p->c->name, index, why);
	if (r != TOKENWARD_OK || memcmp(index, e->index, INDEX_LEN) == 0)
		return r;
	return error_set(why, TOKENWARD_DAMAGED,
	    "it holds the credential of another name, which was sealed with "
	    "another master key");
}

/* The tokens record of the same name; one that cannot be read is told by
   itself. */
static void
read_tokens(struct verify *v, const struct entry *e, struct pair *p)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	struct entry other = *e;
	struct error ignored;
	uint64_t generation;

	other.kind = RECORD_TOKENS;
	p->has_tokens = store_read_entry(v->tw->store, &other, &plain,
			    &generation, &ignored) == TOKENWARD_OK &&
			tokens_decode(plain.data, plain.len, &p->t, &ignored) ==
			    TOKENWARD_OK;
}

/* The credential, its tokens, the credential again: as they were together. */
static int
read_pair(
    struct verify *v, const struct entry *e, struct pair *p, struct error *why)
{
	cleanup_pair struct pair again = {.plain = BUF_SECRET_INIT};
	int i, r = TOKENWARD_OK;

	for (i = 0; i < LOOKS; i++) {
		pair_free(p);
		pair_free(&again);
		r = read_credential(v, e, p, why);
		if (r != TOKENWARD_OK)
			return r;
		read_tokens(v, e, p);
		r = read_credential(v, e, &again, why);
		if (r != TOKENWARD_OK || again.generation == p->generation)
			return r;
	}
	return r;
}

static int
judge_pair(struct verify *v, const struct entry *e, const struct pair *p)
{
	char why[160];
	int64_t own = (int64_t)p->generation;
	int64_t known = p->has_tokens ? p->t.credential_generation : own;

	v->credentials++;
	if (known == own)
		return TOKENWARD_OK;
	snprintf(why, sizeof(why),
	    known > own ? "it is of generation %lld, its tokens record knows "
			  "%lld: an older copy was put back"
			: "it is of generation %lld, its tokens record is of "
			  "%lld: a copy of a store in use, or a change cut "
			  "short",
	    (long long)own, (long long)known);
	return find(v, known > own ? STATE_OLDER : STATE_BEHIND, e->path,
	    p->c->name, why);
}

static int
verify_credential(struct verify *v, const struct entry *e)
{
	cleanup_pair struct pair p = {.plain = BUF_SECRET_INIT};
	struct error why = {0};
	int r = read_pair(v, e, &p, &why);

	if (r == TOKENWARD_NOT_FOUND)
		return TOKENWARD_OK; /* removed meanwhile */
	if (r == TOKENWARD_DAMAGED)
		return find(v, is_foreign(&why) ? STATE_FOREIGN : STATE_DAMAGED,
		    e->path, NULL, why.text);
	if (r != TOKENWARD_OK) {
		*v->err = why;
		return r;
	}
	return judge_pair(v, e, &p);
}

/* ---- tokens ------------------------------------------------------------ */

static int
verify_orphan(struct verify *v, const struct entry *e)
{
	if (store_has_record(v->tw->store, RECORD_CREDENTIAL, e->index) ||
	    !store_has_record(v->tw->store, RECORD_TOKENS, e->index))
		return TOKENWARD_OK;
	return find(v, STATE_ORPHAN, e->path, NULL,
	    "tokens of a credential that is not there");
}

static int
verify_tokens(struct verify *v, const struct entry *e)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	cleanup_tokens struct tokens t = {0};
	struct error why = {0};
	uint64_t generation;
	int r = store_read_entry(v->tw->store, e, &plain, &generation, &why);

	if (r == TOKENWARD_OK)
		r = tokens_decode(plain.data, plain.len, &t, &why);
	if (r == TOKENWARD_NOT_FOUND)
		return TOKENWARD_OK;
	if (r == TOKENWARD_DAMAGED)
		return find(v,
		    is_foreign(&why) ? STATE_FOREIGN : STATE_DAMAGED_TOKENS,
		    e->path, NULL, why.text);
	if (r != TOKENWARD_OK) {
		*v->err = why;
		return r;
	}
	v->tokens++;
	return verify_orphan(v, e);
}

/* ---- the rest ---------------------------------------------------------- */

/* Where records are on the move the header's finding says it all. */
static int
verify_astray(struct verify *v, const struct entry *e)
{
	const struct header *h = store_header(v->tw->store);
	cleanup_buf struct buf why = BUF_INIT;

	if (h->has_other && !h->other.module)
		return TOKENWARD_OK;
	buf_put_str(&why, "it is not in use: the records of this store lie "
			  "in ");
	where_put(&h->records, &why);
	return find(v, STATE_ASTRAY, e->path, NULL, buf_str(&why));
}

static int
verify_moving(struct verify *v)
{
	const struct header *h = store_header(v->tw->store);
	cleanup_buf struct buf why = BUF_INIT;

	if (!h->has_other)
		return TOKENWARD_OK;
	buf_put_str(&why, "moving the records was cut short: those in ");
	where_put(&h->records, &why);
	buf_put_str(&why, " count, and copies may lie in ");
	where_put(&h->other, &why);
	return find(v, STATE_MOVING, "header", NULL, buf_str(&why));
}

static int
verify_entry(void *data, const struct entry *e)
{
	struct verify *v = data;
	int r = TOKENWARD_OK;

	call_goes_on(v->tw);
	if (e->what == ENTRY_STRANGE)
		return find(v, STATE_STRANGE, e->path, NULL,
		    "it is no file of a store");
	if (e->what == ENTRY_TEMPORARY)
		return find(v, STATE_TEMPORARY, e->path, NULL,
		    "a write that is under way or was cut short");
	if (e->what == ENTRY_ASTRAY)
		return verify_astray(v, e);
	if (!S_ISDIR(e->mode) && (e->mode & 077))
		r = find(v, STATE_OPEN, e->path, NULL,
		    "its mode lets others use it, though the directory does "
		    "not");
	if (r != TOKENWARD_OK || e->what == ENTRY_PART)
		return r;
	return e->kind == RECORD_TOKENS ? verify_tokens(v, e)
					: verify_credential(v, e);
}

static int
verify_header(struct verify *v)
{
	const struct header *h = store_header(v->tw->store);
	struct error why = {0};
	int r = store_check_copy(v->tw->store, &why);

	if (r == TOKENWARD_NOT_FOUND)
		r = find(v, STATE_MISSING_COPY, "header.old", NULL, why.text);
	else if (r == TOKENWARD_DAMAGED)
		r = find(v, STATE_DAMAGED_COPY, "header.old", NULL, why.text);
	else if (r != TOKENWARD_OK)
		*v->err = why;
	if (r == TOKENWARD_OK && h->kept[KEPT_OLD_MASTER].there)
		r = find(v, STATE_UNFINISHED, "header", NULL,
		    "the store is on its way to a new master key");
	if (r == TOKENWARD_OK)
		r = verify_moving(v);
	if (r == TOKENWARD_OK && !store_has_lock(v->tw->store))
		r = find(v, STATE_MISSING_LOCK, "lock", NULL,
		    "it is not there, and nothing can be written without it");
	return r;
}

static int
verify(struct verify *v, char **ret_text, struct error *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	int r = need_keys(v->tw, true, err);

	if (r == TOKENWARD_OK)
		r = verify_header(v);
	if (r == TOKENWARD_OK)
		r = store_entries(v->tw->store, verify_entry, v, err);
	if (r != TOKENWARD_OK)
		return r;
	put_line(&text,
	    "%zu credential%s and %zu tokens record%s of %s can be read",
	    v->credentials, v->credentials == 1 ? "" : "s", v->tokens,
	    v->tokens == 1 ? "" : "s", v->tw->path);
	r = text_result(&text, ret_text, err);
	if (r == TOKENWARD_OK && v->bad)
		r = error_set(err, TOKENWARD_DAMAGED,
		    "%zu file%s of the store %s %s not as they should be",
		    v->bad, v->bad == 1 ? "" : "s", v->tw->path,
		    v->bad == 1 ? "is" : "are");
	return r;
}

int
tokenward_verify_store(struct tokenward *tw, tokenward_store_file_fn each,
    void *data, char **ret_text)
{
	struct verify v = {.tw = tw, .each = each, .data = data};

	if (!tw || !ret_text)
		return null_argument(tw);
	*ret_text = NULL;
	call_begin(tw);
	v.err = &tw->err;
	return call_end(tw, verify(&v, ret_text, &tw->err));
}
