/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of several copies of a directory is the store. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "store/home.h"
#include "failing.h"
#include "unit.h"

TestSuite(home, .fini = unit_cleanup);

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";

/* A slot that nothing opens: its salt tells it from others. */
static void
add_slot(struct header *h, unsigned char salt)
{
	struct key_slot *s = &h->slots[h->slots_n++];
	struct error err;

	s->id = h->next_slot++;
	s->kind = strdup("keyfile");
	strmap_set(&s->params, "path", "/none");
	memset(s->salt, salt, sizeof(s->salt));
	assert_ok(slot_wrap(s, h->store_id, master, master, &err), err);
}

static enum home
home_of_store(const struct store *s)
{
	enum home home;
	struct error err;

	assert_ok(store_home(s, &home, &err), err);
	return home;
}

static void
make(const char *name)
{
	struct header h = {.next_slot = 1};
	struct store *s;
	struct error err;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	add_slot(&h, 1);
	assert_ok(
	    store_create(unit_path(name), &h, master, NULL, &s, &err), err);
	cr_assert_eq(home_of_store(s), HOME_HERE);
	store_close(s);
	header_free(&h);
}

static struct store *
open_store(const char *name)
{
	struct store *s;
	struct error err;

	assert_ok(store_open(unit_path(name), &s, &err), err);
	return s;
}

static enum home
home_of(const char *name)
{
	struct store *s = open_store(name);
	enum home home = home_of_store(s);

	store_close(s);
	return home;
}

static void
copy(const char *from, const char *to)
{
	char path[512];

	snprintf(path, sizeof(path), "%s", unit_path(from));
	unit_copy_tree(path, unit_path(to));
}

static void
rename_store(const char *from, const char *to)
{
	char path[512];

	snprintf(path, sizeof(path), "%s", unit_path(from));
	cr_assert_eq(rename(path, unit_path(to)), 0);
}

Test(home, a_copy_beside_the_store)
{
	make("s");
	copy("s", "copy");
	cr_assert_eq(home_of("s"), HOME_HERE);
	cr_assert_eq(home_of("copy"), HOME_COPY);
	cr_assert_eq(chmod(unit_path("s"), 0755), 0);
	cr_assert_eq(home_of("copy"), HOME_COPY);
	cr_assert_eq(chmod(unit_path("s"), 0700), 0);
}

Test(home, moved_and_something_else_there)
{
	make("s");
	rename_store("s", "moved");
	cr_assert_eq(home_of("moved"), HOME_MOVED);
	make("s");
	cr_assert_eq(home_of("moved"), HOME_MOVED);
	cr_assert_eq(home_of("s"), HOME_HERE);
}

Test(home, is_where_it_is_said_to_be)
{
	struct store *s;
	struct error err;

	make("s");
	rename_store("s", "moved");
	s = open_store("moved");
	assert_ok(store_make_home(s, master, &err), err);
	cr_assert_eq(home_of_store(s), HOME_HERE);
	store_close(s);
	copy("moved", "s");
	cr_assert_eq(home_of("moved"), HOME_HERE);
	cr_assert_eq(home_of("s"), HOME_COPY);
}

Test(home, only_what_both_have_is_shared)
{
	struct header more = {.next_slot = 1};
	struct store *s;

	make("s");
	copy("s", "copy");
	add_slot(&more, 1);
	add_slot(&more, 2);
	s = open_store("copy");
	cr_assert(store_home_has(s, &more.slots[0]));
	cr_assert_not(store_home_has(s, &more.slots[1]));
	cr_assert_eq(chmod(unit_path("s"), 0755), 0);
	cr_assert(store_home_has(s, &more.slots[1]), "it cannot be asked");
	cr_assert_eq(chmod(unit_path("s"), 0700), 0);
	store_close(s);
	header_free(&more);
}

Test(home, a_store_of_before_has_none)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/golden/format-1/store", TESTDATA);
	unit_copy_tree(path, unit_path("old"));
	cr_assert_eq(home_of("old"), HOME_HERE);
}

/* ---- what cannot be looked at ------------------------------------------ */

static const struct {
	int error;
	bool known; /* another one is there, or none */
} looks[] = {
    {ENOENT, true},
    {ENOTDIR, true},
    {EACCES, true},
    {ELOOP, true},
    {EIO, false},
    {ENOMEM, false},
};

Test(home, what_cannot_be_looked_at_is_no_other_place)
{
	struct store *s;
	struct error err;
	bool here;
	size_t i;

	make("s");
	s = open_store("s");
	for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		int r;

		here = true;
		failing_begin("stat64", 1, looks[i].error);
		r = store_is_at(s, unit_path("s"), &here, &err);
		cr_assert(failing_end());
		cr_assert_eq(r == TOKENWARD_OK, looks[i].known, "%zu", i);
		cr_assert(r || !here);
		cr_assert(!r || strstr(err.text, "cannot look at "));
	}
	failing_begin("fstat64", 1, EIO);
	assert_fails(store_is_at(s, unit_path("s"), &here, &err), err,
	    TOKENWARD_FAILED, "/s: Input/output error");
	cr_assert(failing_end());
	assert_ok(store_is_at(s, unit_path("s"), &here, &err), err);
	cr_assert(here);
	assert_ok(store_is_at(s, unit_dir(), &here, &err), err);
	cr_assert_not(here);
	store_close(s);
}

Test(home, a_home_that_is_not_found_out_is_not_guessed)
{
	enum home home;
	struct store *s;
	struct error err;

	make("s");
	copy("s", "copy");
	s = open_store("copy");
	failing_begin("stat64", 1, EIO);
	assert_fails(store_home(s, &home, &err), err, TOKENWARD_FAILED,
	    "cannot look at ");
	cr_assert(failing_end());
	failing_begin("realpath", 1, EIO);
	assert_fails(store_make_home(s, master, &err), err, TOKENWARD_FAILED,
	    "cannot find out where the store ");
	cr_assert(failing_end());
	cr_assert_eq(home_of_store(s), HOME_COPY);
	store_close(s);
}

Test(home, a_home_that_is_gone_shares_nothing)
{
	struct header more = {.next_slot = 1};
	struct store *s;

	make("s");
	rename_store("s", "moved");
	add_slot(&more, 1);
	s = open_store("moved");
	cr_assert_not(store_home_has(s, &more.slots[0]));
	store_close(s);
	header_free(&more);
}

/* The slot that is looked for may stand anywhere among them. */
Test(home, every_slot_of_the_other_is_looked_at)
{
	struct header h = {.next_slot = 1};
	struct store *s;
	struct error err;
	size_t i;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	for (i = 0; i < 3; i++)
		add_slot(&h, (unsigned char)(i + 1));
	assert_ok(
	    store_create(unit_path("s"), &h, master, NULL, &s, &err), err);
	store_close(s);
	copy("s", "copy");
	s = open_store("copy");
	for (i = 0; i < 3; i++)
		cr_assert(store_home_has(s, &h.slots[i]));
	h.slots[0].salt[SLOT_SALT_LEN - 1] ^= 1;
	cr_assert_not(store_home_has(s, &h.slots[0]));
	store_close(s);
	header_free(&h);
}

Test(home, another_device_is_another_place)
{
	struct store *s;
	struct error err;
	bool here = true;

	make("s");
	s = open_store("s");
	assert_ok(store_is_at(s, "/proc", &here, &err), err);
	cr_assert_not(here);
	store_close(s);
}
