/* SPDX-License-Identifier: BSD-2-Clause */
/* The header of a store that is open: a new one, a lost one, a foreign one. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "failing.h"
#include "small_store.h"
#include "unit.h"

TestSuite(store_header, .fini = unit_cleanup);

static struct header
next_header(struct store *s)
{
	const struct buf *b = &store_header(s)->bytes;
	struct header h;
	struct error err;

	assert_ok(header_decode(b->data, b->len, &h, &err), err);
	h.created_at++;
	return h;
}

Test(store_header, a_new_header_keeps_the_old_one)
{
	struct store *s = small_make("s"), *t;
	struct buf before = BUF_INIT, old = BUF_INIT;
	struct header h;
	struct error err;

	assert_ok(small_reopen(unit_path("s"), &t, &err), err);
	unit_read(unit_path("s/header"), &before);
	h = next_header(s);
	assert_ok(store_write_header(s, &h, small_master, &err), err);
	cr_assert_eq(store_header(s)->sequence, 2);
	unit_read(unit_path("s/header.old"), &old);
	cr_assert(buf_equal(&before, &old));
	assert_fails(store_write_header(t, &h, small_master, &err), err,
	    TOKENWARD_EXISTS, "another process");
	assert_ok(store_reload(t, &err), err);
	cr_assert_eq(store_header(t)->sequence, 2);
	cr_assert(store_is_unlocked(t, true));
	header_free(&h);
	buf_free(&before);
	buf_free(&old);
	store_close(s);
	store_close(t);
}

Test(store_header, reload_refuses_a_header_without_its_key)
{
	struct store *s = small_make("s");
	struct buf b = BUF_INIT;
	struct error err;

	unit_read(unit_path("s/header"), &b);
	b.data[b.len - 1] ^= 1;
	unit_write(unit_path("s/header"), b.data, b.len);
	assert_fails(
	    store_reload(s, &err), err, TOKENWARD_DAMAGED, "doctor --repair");
	store_close(s);
	assert_fails(small_reopen(unit_path("s"), &s, &err), err,
	    TOKENWARD_LOCKED, "not that of the store");
	assert_ok(small_repair(unit_path("s"), &err), err);
	assert_ok(small_reopen(unit_path("s"), &s, &err), err);
	store_close(s);
	buf_free(&b);
}

Test(store_header, a_lost_header_is_repaired_and_never_made_anew)
{
	struct store *s = small_make_three("s");
	struct header h = {0};
	struct error err;

	store_close(s);
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	assert_fails(store_open(unit_path("s"), &s, &err), err,
	    TOKENWARD_DAMAGED, "doctor --repair");
	assert_fails(
	    store_create(unit_path("s"), &h, small_master, NULL, &s, &err), err,
	    TOKENWARD_DAMAGED, "doctor --repair");
	header_free(&h);
	assert_ok(small_repair(unit_path("s"), &err), err);
	assert_ok(small_reopen(unit_path("s"), &s, &err), err);
	small_check(s, RECORD_CREDENTIAL, "a", "one", true);
	store_close(s);
}

Test(store_header, records_without_a_header_are_not_built_over)
{
	struct store *s = small_make_three("s");
	struct header h = {0};
	struct error err;

	store_close(s);
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	cr_assert_eq(unlink(unit_path("s/header.old")), 0);
	assert_fails(
	    store_create(unit_path("s"), &h, small_master, NULL, &s, &err), err,
	    TOKENWARD_DAMAGED, "backup");
	header_free(&h);
}

Test(store_header, a_foreign_header_opens_nothing)
{
	unsigned char other_key[KEY_LEN] = "another master key of 32 bytes!";
	struct store *s = small_make_three("s");
	struct buf b = BUF_INIT;
	struct error err;

	store_close(s);
	store_close(small_make_with(unit_path("other"), other_key));
	unit_read(unit_path("other/header"), &b);
	unit_write(unit_path("s/header"), b.data, b.len);
	assert_ok(store_open(unit_path("s"), &s, &err), err);
	cr_assert_eq(
	    store_unlock(s, small_master, true, &err), TOKENWARD_LOCKED);
	assert_ok(store_unlock(s, other_key, true, &err), err);
	struct buf plain = BUF_SECRET_INIT;
	cr_assert_eq(small_get(s, RECORD_CREDENTIAL, "a", &plain, NULL, &err),
	    TOKENWARD_NOT_FOUND, "the index is another one too");
	struct small_seen seen = {0};
	assert_ok(store_each(s, small_see, &seen, &err), err);
	cr_assert_eq(seen.damaged, 2);
	buf_free(&b);
	store_close(s);
}

/* Whoever was asked has seen the copy as it was. */
Test(store_header, a_copy_that_changed_meanwhile_repairs_nothing)
{
	struct store *s = small_make("s");
	struct buf bad = BUF_INIT;
	struct header copy, h = next_header(s);
	struct error err;

	assert_ok(store_read_copy(unit_path("s"), &copy, &err), err);
	assert_ok(store_write_header(s, &h, small_master, &err), err);
	assert_ok(store_write_header(s, &h, small_master, &err), err);
	unit_write(unit_path("s/header"), "rubbish", 7);
	assert_fails(store_repair_header(unit_path("s"), &copy, NULL, &err),
	    err, TOKENWARD_EXISTS, "was changed by another process meanwhile");
	unit_read(unit_path("s/header"), &bad);
	cr_assert_str_eq(buf_str(&bad), "rubbish");
	buf_free(&bad);
	header_free(&copy);
	header_free(&h);
	store_close(s);
}

Test(store_header, what_cannot_be_kept_is_not_replaced)
{
	struct error err;

	store_close(small_make("s"));
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	cr_assert_eq(mkdir(unit_path("s/header"), 0700), 0);
	failing_begin("renameat", 1, EIO);
	assert_fails(small_repair(unit_path("s"), &err), err, TOKENWARD_FAILED,
	    "cannot keep ");
	cr_assert(failing_end());
	cr_assert_eq(access(unit_path("s/header.bad"), F_OK), -1);
	assert_ok(small_repair(unit_path("s"), &err), err);
	cr_assert_eq(rmdir(unit_path("s/header.bad")), 0, "moved away");
	cr_assert_eq(unlink(unit_path("s/header")), 0);
	assert_ok(small_repair(unit_path("s"), &err), err);
	cr_assert_eq(access(unit_path("s/header.bad"), F_OK), -1);
	cr_assert_eq(access(unit_path("s/header"), F_OK), 0);
}
