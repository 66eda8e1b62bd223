/* SPDX-License-Identifier: BSD-2-Clause */
/* Key files, slots and unlocking when one call fails. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/secret.h"
#include "key/methods.h"
#include "key/slots.h"
#include "store/header.h"
#include "failing.h"
#include "trial.h"
#include "unit.h"

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static struct header h;
static unsigned turn;

static void
setup(void)
{
	struct key_context ctx = {.store_path = unit_path("s")};
	struct key_slot *s = &h.slots[0];
	unsigned char kek[KEY_LEN];
	struct header fresh;
	struct buf b = BUF_INIT;
	struct error err;

	h = (struct header){.format = 1,
	    .min_reader = 1,
	    .suite = 1,
	    .epoch = 1,
	    .sequence = 1,
	    .next_slot = 2,
	    .slots_n = 1};
	randombytes_buf(h.store_id, sizeof(h.store_id));
	s->id = 1;
	assert_ok(key_enroll(&ctx, "keyfile", s, kek, &err), err);
	assert_ok(slot_wrap(s, h.store_id, kek, master, &err), err);
	assert_ok(header_encode(&h, master, &b, &err), err);
	assert_ok(header_decode(b.data, b.len, &fresh, &err), err);
	header_free(&h);
	h = fresh;
	buf_free(&b);
}

static void
set_home(void)
{
	setenv("HOME", unit_path("home"), 1);
	unsetenv("XDG_CONFIG_HOME");
	setup();
}

static void
teardown(void)
{
	keyring_forget(h.store_id, 1);
	header_free(&h);
	unit_cleanup();
}

TestSuite(key_failing, .init = set_home, .fini = teardown);

static const char *
path_of_turn(void)
{
	char name[32];

	snprintf(name, sizeof(name), "d%u/key", turn);
	return unit_path(name);
}

static int
enroll(struct error *err)
{
	struct key_context ctx = {.store_path = unit_path("s")};
	struct key_slot slot = {.id = 1};
	unsigned char kek[KEY_LEN];
	char text[1100];
	int r;

	snprintf(text, sizeof(text), "keyfile=%s", path_of_turn());
	r = key_enroll(&ctx, text, &slot, kek, err);
	slot_free(&slot);
	return r;
}

/* But for the one that the next who makes a key file there uses up. */
static unsigned
files_in(const char *name)
{
	DIR *d = opendir(unit_path(name));
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.' && !strstr(e->d_name, ".new-00000000");
	if (d)
		closedir(d);
	return n;
}

/* A key file is whole under its name; besides there is nothing. */
static void
check_made(int r, const struct error *err)
{
	struct stat st;
	char name[32];
	bool there = stat(path_of_turn(), &st) == 0;

	trial_is_told(r, err);
	cr_assert(there || r != TOKENWARD_OK);
	if (there) {
		cr_assert_eq(st.st_size, KEYFILE_MIN);
		cr_assert_eq(st.st_mode & 07777, 0600);
	}
	snprintf(name, sizeof(name), "d%u", turn);
	cr_assert_eq(files_in(name), there ? 1 : 0);
	turn++;
}

Test(key_failing, a_key_file_is_made_whole_or_not_at_all)
{
	trial_all(&(struct trial){enroll, check_made});
}

static int
enroll_default(struct error *err)
{
	struct key_context ctx = {.store_path = unit_path("s")};
	struct key_slot slot = {.id = 1};
	unsigned char kek[KEY_LEN];
	int r = key_enroll(&ctx, "keyfile", &slot, kek, err);

	slot_free(&slot);
	return r;
}

static void
check_told(int r, const struct error *err)
{
	trial_is_told(r, err);
}

Test(key_failing, a_key_file_that_is_there_is_not_made_again)
{
	struct error err;

	assert_ok(enroll_default(&err), err);
	trial_all(&(struct trial){enroll_default, check_told});
	cr_assert_eq(files_in("home/.config/tokenward"), 1);
}

/* ---- opening ----------------------------------------------------------- */

static unsigned char got[KEY_LEN];

static int
open_slot(struct error *err)
{
	struct key_context ctx = {.store_path = unit_path("s")};
	unsigned char kek[KEY_LEN];

	memset(got, 0, sizeof(got));
	return key_slot_open(&h, &h.slots[0], &ctx, kek, got, err);
}

/* Locked is right for what cannot be read; a wrong key it is not. */
static void
check_slot(int r, const struct error *err)
{
	cr_assert(
	    r == TOKENWARD_OK || r == TOKENWARD_LOCKED || r == TOKENWARD_FAILED,
	    "%d: %s", r, err->text);
	cr_assert_eq(r == TOKENWARD_OK, memcmp(got, master, KEY_LEN) == 0);
	cr_assert(strstr(err->text, "does not fit") == NULL, "%s", err->text);
	cr_assert(r == TOKENWARD_OK || strstr(err->text, "Input/output") ||
		      strstr(err->text, "memory"),
	    "%s", err->text);
}

Test(key_failing, a_key_that_cannot_be_read_is_not_a_wrong_one)
{
	trial_all(&(struct trial){open_slot, check_slot});
}

static int
unlock(struct error *err)
{
	struct key_context ctx = {.store_path = unit_path("s")};
	struct key_opened by;
	unsigned char *key = secret_alloc(KEY_LEN);
	int r =
	    key ? unlock_master(&h, &ctx, key, &by, err) : error_memory(err);

	memset(got, 0, sizeof(got));
	if (key)
		memcpy(got, key, KEY_LEN);
	secret_free(key);
	return r;
}

static void
check_unlocked(int r, const struct error *err)
{
	static const unsigned char none[KEY_LEN];

	check_slot(r, err);
	cr_assert(r == TOKENWARD_OK || memcmp(got, none, KEY_LEN) == 0,
	    "nothing of a key is given out");
}

Test(key_failing, a_store_that_is_not_unlocked_says_why)
{
	trial_some(&(struct trial){unlock, check_unlocked}, "system");
}

/* ---- slots and headers in memory --------------------------------------- */

static int
recode(struct error *err)
{
	struct buf b = BUF_INIT;
	struct header back;
	int r = header_encode(&h, master, &b, err);

	if (r == TOKENWARD_OK)
		r = header_decode(b.data, b.len, &back, err);
	if (r == TOKENWARD_OK) {
		cr_assert_eq(back.slots_n, 1);
		cr_assert_str_eq(back.slots[0].kind, "keyfile");
		header_free(&back);
	}
	buf_free(&b);
	return r;
}

Test(key_failing, a_header_for_which_there_is_no_memory_is_not_damaged)
{
	trial_some(&(struct trial){recode, check_told}, "memory");
}

static int
wrap_slot(struct error *err)
{
	struct key_slot s = {.id = 2, .kind = strdup("keyfile")};
	unsigned char kek[KEY_LEN] = {1}, back[KEY_LEN];
	int r = s.kind && strmap_set(&s.params, "path", "/k")
		    ? slot_wrap(&s, h.store_id, kek, master, err)
		    : error_memory(err);

	if (r == TOKENWARD_OK)
		r = slot_unwrap(&s, h.store_id, kek, back, err);
	cr_assert(r != TOKENWARD_OK || memcmp(back, master, KEY_LEN) == 0);
	slot_free(&s);
	return r;
}

Test(key_failing, a_slot_for_which_there_is_no_memory_is_not_a_wrong_key)
{
	trial_some(&(struct trial){wrap_slot, check_told}, "memory");
}

/* ---- codes and passphrases --------------------------------------------- */

static char code[64];

static long
say_code(void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	(void)data;
	(void)q;
	cr_assert(strlen(code) <= cap);
	memcpy(to, code, strlen(code));
	return (long)strlen(code);
}

static int
use_code(struct error *err)
{
	struct buf made = BUF_SECRET_INIT;
	struct key_context ctx = {
	    .store_path = "/s", .code = &made, .ask = say_code};
	struct key_slot s = {.id = 2};
	unsigned char a[KEY_LEN], b[KEY_LEN];
	int r = key_enroll(&ctx, "recovery", &s, a, err);

	snprintf(code, sizeof(code), "%s", buf_str(&made));
	if (r == TOKENWARD_OK)
		r = recovery_method.open(&recovery_method, &ctx, &s, b, err);
	cr_assert(r != TOKENWARD_OK || memcmp(a, b, KEY_LEN) == 0);
	slot_free(&s);
	buf_free(&made);
	return r;
}

Test(key_failing, a_code_for_which_there_is_no_memory_is_not_mistyped)
{
	trial_all(&(struct trial){use_code, check_told});
}
