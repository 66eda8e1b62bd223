/* SPDX-License-Identifier: BSD-2-Clause */
/* Several store lines: lists of what lies in any of their places. */
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "module/module.h"
#include "store/entries.h"
#include "store/front.h"
#include "store/lines.h"
#include "store/migrate.h"
#include "fake_place.h"
#include "shelved.h"
#include "trial.h"
#include "unit.h"

TestSuite(lines_all, .init = shelved_begin, .fini = shelved_end);

/* ---- all of them ------------------------------------------------------- */

struct seen {
	int whole, damaged, missing;
	struct error last;
};

static int
see(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	struct seen *n = data;

	(void)generation;
	n->whole += plain != NULL;
	n->damaged += damage && damage->code == TOKENWARD_DAMAGED;
	n->missing += damage && damage->code != TOKENWARD_DAMAGED;
	if (damage)
		n->last = *damage;
	return 0;
}

static struct seen
see_all(int want)
{
	struct seen n = {0};
	struct error err;
	int r = store_each(shelved_store, see, &n, &err);

	cr_assert_eq(r, want, "%d: %s", r, r ? err.text : "");
	return n;
}

Test(lines_all, a_list_has_every_place_and_says_which_did_not_answer)
{
	struct seen n;

	shelved_plant(RECORD_CREDENTIAL, "far", "rubbish");
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	n = see_all(TOKENWARD_OK);
	cr_assert(n.whole == 1 && n.damaged == 1 && n.missing == 0);
	cr_assert(strstr(n.last.text, "(fake:credentials/"), "%s", n.last.text);
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	n = see_all(TOKENWARD_OK);
	cr_assert(n.whole == 1 && n.damaged == 0 && n.missing == 1);
	cr_assert(strstr(n.last.text, "the shelf says away to each"));
	shelved_own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_AWAY);
	n = see_all(TOKENWARD_UNAVAILABLE);
	cr_assert(n.whole == 0 && n.damaged == 0 && n.missing == 0);
}

static int
stop(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	see(data, plain, generation, damage);
	return 77;
}

Test(lines_all, a_list_ends_when_told)
{
	struct seen n = {0};
	struct error err;

	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	shelved_shelf("1", CONTROL_OPTIONAL);
	fake_place_answer(1, true, TOKENWARD_MODULE_AWAY);
	cr_assert_eq(store_each(shelved_store, stop, &n, &err), 77);
	cr_assert(n.missing == 1 && n.whole == 0);
}

Test(lines_all, records_are_listed_once_and_sorted)
{
	struct record_list l = {0};
	struct error err;
	char name[8];
	size_t i;

	for (i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		if (i < 6)
			assert_ok(
			    shelved_put(RECORD_TOKENS, name, 0, &err), err);
		if (i > 3)
			shelved_plant(RECORD_TOKENS, name, "of the shelf");
	}
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(lines_list(shelved_store, RECORD_TOKENS, &l, &err), err);
	cr_assert_eq(l.n, 10);
	for (i = 0; i < l.n; i++) {
		cr_assert_eq(l.v[i].kind, RECORD_TOKENS);
		cr_assert(i == 0 || memcmp(l.v[i - 1].index, l.v[i].index,
					INDEX_LEN) < 0);
		cr_assert_eq(record_list_find(&l, &l.v[i]), &l.v[i]);
	}
	record_list_free(&l);
}

static struct {
	int n, failed;
	char what[160], why[1100];
} told;

static int
tell(void *data, const char *what, const struct error *why)
{
	(void)data;
	told.n++;
	told.failed += why != NULL;
	snprintf(told.what, sizeof(told.what), "%s", what);
	snprintf(told.why, sizeof(told.why), "%s", why ? why->text : "");
	return 0;
}

static void
ask(bool really)
{
	struct error err;

	memset(&told, 0, sizeof(told));
	assert_ok(
	    store_each_readonly(shelved_store, really, tell, NULL, &err), err);
}

Test(lines_all, each_readonly_line_is_shown_and_asked_if_wanted)
{
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	ask(true);
	cr_assert(told.n == 1 && told.failed == 0);
	cr_assert_str_eq(told.what, "fake shelf=0 (here:2)");
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	ask(false);
	cr_assert(told.n == 1 && told.failed == 0);
	ask(true);
	cr_assert(told.n == 1 && told.failed == 1);
	cr_assert_str_eq(told.why, "the shelf says away to get");
	shelved_stack.v[1].fault = strdup("it has no sense");
	store_rest(shelved_store);
	ask(false);
	cr_assert(told.n == 1 && told.failed == 1);
	cr_assert_str_eq(told.what, " (here:2)");
	cr_assert(strstr(told.why, "it has no sense") != NULL);
	shelved_forget();
	ask(true);
	cr_assert_eq(told.n, 0);
}

static int
end_at_once(void *data, const char *what, const struct error *why)
{
	tell(data, what, why);
	return 77;
}

Test(lines_all, a_walk_over_the_lines_ends_when_told)
{
	struct error err;

	memset(&told, 0, sizeof(told));
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	shelved_shelf("1", CONTROL_OPTIONAL);
	cr_assert_eq(
	    store_each_readonly(shelved_store, true, end_at_once, NULL, &err),
	    77);
	cr_assert_eq(told.n, 1);
}

/* ---- what lies there --------------------------------------------------- */

static struct {
	unsigned here[RECORD_KIND_MAX], astray, outside[RECORD_KIND_MAX];
	struct entry last;
	char path[160];
} found;

static int
find(void *data, const struct entry *e)
{
	if (e->what == ENTRY_ASTRAY)
		found.astray++;
	if (e->what == ENTRY_RECORD && !e->from)
		found.here[e->kind]++;
	if (e->what == ENTRY_RECORD && e->from) {
		found.outside[e->kind]++;
		found.last = *e;
		snprintf(found.path, sizeof(found.path), "%s", e->path);
	}
	return data && e->from ? *(int *)data : 0;
}

Test(lines_all, entries_are_those_of_every_place)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	uint64_t generation;
	struct error err;

	memset(&found, 0, sizeof(found));
	shelved_plant(RECORD_TOKENS, "far", "rubbish");
	shelved_plant(RECORD_CREDENTIAL, "far", "rubbish");
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(store_entries(shelved_store, find, NULL, &err), err);
	cr_assert(found.here[0] == 1 && found.here[1] == 1);
	cr_assert(found.outside[0] == 1 && found.outside[1] == 1);
	cr_assert_eq(found.astray, 0);
	cr_assert(
	    strncmp(found.path, "fake:tokens/", 12) == 0, "%s", found.path);
	cr_assert(S_ISREG(found.last.mode));
	assert_fails(store_read_entry(
			 shelved_store, &found.last, &plain, &generation, &err),
	    err, TOKENWARD_DAMAGED, "it is cut short");
}

static int
read_entry(void *data, const struct entry *e)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	int *results = data;
	uint64_t generation;
	struct error err;

	if (e->what == ENTRY_RECORD && e->kind == RECORD_TOKENS)
		results[e->from != NULL] = store_read_entry(
		    shelved_store, e, &plain, &generation, &err);
	return 0;
}

/* Two of one name: each is read where it lies, whichever counts. */
Test(lines_all, an_entry_is_read_in_its_own_place)
{
	int results[2] = {-1, -1};
	struct error err;

	shelved_plant(RECORD_TOKENS, "near", "rubbish");
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(store_entries(shelved_store, read_entry, results, &err), err);
	cr_assert_eq(results[0], TOKENWARD_OK);
	cr_assert_eq(results[1], TOKENWARD_DAMAGED);
	shelved_forget();
	shelved_shelf("0", CONTROL_OPTIONAL);
	shelved_line("files", CONTROL_REQUIRED);
	results[0] = results[1] = -1;
	assert_ok(store_entries(shelved_store, read_entry, results, &err), err);
	cr_assert_eq(results[0], TOKENWARD_OK);
	cr_assert_eq(results[1], TOKENWARD_DAMAGED);
}

Test(lines_all, entries_of_a_place_that_does_not_answer_are_missed_aloud)
{
	struct error err;
	int end = 77;

	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	assert_fails(store_entries(shelved_store, find, NULL, &err), err,
	    TOKENWARD_UNAVAILABLE, "the shelf says away to each");
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	shelved_plant(RECORD_CREDENTIAL, "far", "rubbish");
	shelved_plant(RECORD_CREDENTIAL, "other", "rubbish");
	memset(&found, 0, sizeof(found));
	cr_assert_eq(store_entries(shelved_store, find, &end, &err), 77);
	cr_assert_eq(found.outside[0], 1);
	shelved_stack.v[1].fault = strdup("it has no sense");
	store_rest(shelved_store);
	assert_fails(store_entries(shelved_store, find, NULL, &err), err,
	    TOKENWARD_CONFIG, "it has no sense");
}

/* Where records lie in a module, files of records are astray. */
Test(lines_all, files_are_astray_once_the_records_were_moved)
{
	struct where to = {.module = strdup("fake")};
	struct migration m = {
	    .s = shelved_store, .master = shelved_master, .leave = true};
	struct error err;

	assert_ok(store_migrate(&m, &to, &err), err);
	assert_ok(shelved_put(RECORD_TOKENS, "more", 0, &err), err);
	cr_assert_eq(fake_place_records(0), 3);
	memset(&found, 0, sizeof(found));
	assert_ok(store_entries(shelved_store, find, NULL, &err), err);
	cr_assert(found.outside[0] == 1 && found.outside[1] == 2);
	cr_assert(found.astray == 0 && found.here[0] == 0);
	where_free(&to);
}

static bool
has(enum record_kind kind, const char *name)
{
	unsigned char index[INDEX_LEN];
	struct error err;

	assert_ok(store_index(shelved_store, name, index, &err), err);
	return store_has_record(shelved_store, kind, index);
}

Test(lines_all, what_cannot_be_looked_for_may_be_there)
{
	shelved_own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_OK);
	cr_assert(has(RECORD_TOKENS, "near"));
	cr_assert_not(has(RECORD_TOKENS, "far"));
	shelved_plant(RECORD_TOKENS, "far", "rubbish");
	cr_assert(has(RECORD_TOKENS, "far"));
	shelved_own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_AWAY);
	cr_assert(has(RECORD_TOKENS, "none"));
}

/* ---- a call that fails ------------------------------------------------- */

static int
list_all(struct error *err)
{
	struct seen n = {0};
	int r = store_each(shelved_store, see, &n, err);

	cr_assert(r || n.whole + n.damaged + n.missing > 0);
	return r;
}

static void
check(int r, const struct error *err)
{
	trial_is_told(r, err);
	store_rest(shelved_store);
	cr_assert_eq(see_all(TOKENWARD_OK).whole, 1);
	store_rest(shelved_store);
}

Test(lines_all, too_little_memory_is_no_missing_record)
{
	shelved_own_and_shelf(CONTROL_REQUIRED, TOKENWARD_MODULE_OK);
	trial_some(&(struct trial){list_all, check}, "memory");
}

static int
count_missing(void *data, const struct error *why)
{
	(void)why;
	++*(int *)data;
	return 0;
}

Test(lines_all, places_that_nobody_asked_are_not_missing)
{
	int n = 0;

	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_AWAY);
	store_rest(shelved_store);
	cr_assert_eq(lines_tell_missing(shelved_store, count_missing, &n), 0);
	cr_assert_eq(n, 0);
	cr_assert_eq(see_all(TOKENWARD_OK).missing, 1);
}

Test(lines_all, nothing_is_found_in_an_empty_list)
{
	struct record_list none = {0};
	struct listed what = {.kind = RECORD_TOKENS};

	cr_assert_null(record_list_find(&none, &what));
}

static int
lose_and_read(void *data, const struct entry *e)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	uint64_t generation;
	struct error err;

	if (e->what != ENTRY_RECORD || !e->from)
		return 0;
	fake_place_fail("get", 1, TOKENWARD_MODULE_NONE);
	assert_fails(
	    store_read_entry(shelved_store, e, &plain, &generation, &err), err,
	    TOKENWARD_NOT_FOUND, "there is no tokens record named tokens/");
	cr_assert(fake_place_hit());
	++*(int *)data;
	return 0;
}

Test(lines_all, an_entry_that_is_gone_is_not_looked_for_elsewhere)
{
	struct error err;
	int n = 0;

	shelved_plant(RECORD_TOKENS, "near", "rubbish");
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(store_entries(shelved_store, lose_and_read, &n, &err), err);
	cr_assert_eq(n, 1);
}

Test(lines_all, a_record_can_be_read_from_one_place_alone)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	unsigned char index[INDEX_LEN];
	uint64_t generation;
	struct lines *l;
	struct place at;
	struct error err;

	shelved_plant(RECORD_TOKENS, "near", "rubbish");
	shelved_own_and_shelf(CONTROL_OPTIONAL, TOKENWARD_MODULE_OK);
	assert_ok(lines_of(shelved_store, &l, &err), err);
	assert_ok(store_index(shelved_store, "near", index, &err), err);
	place_of_index(RECORD_TOKENS, index, &at);
	assert_fails(place_read_from(shelved_store, &at, l->v[1].from, &plain,
			 &generation, &err),
	    err, TOKENWARD_DAMAGED, "the tokens record is damaged (fake:");
	assert_ok(place_read_from(
		      shelved_store, &at, NULL, &plain, &generation, &err),
	    err);
	cr_assert_str_eq(buf_str(&plain), "near");
}
