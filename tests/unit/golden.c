/* SPDX-License-Identifier: BSD-2-Clause */
/* Stores of every format there was open for ever (tests/golden/README). */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/secret.h"
#include "base/str.h"
#include "key/methods.h"
#include "record/record.h"
#include "store/store.h"
#include "small_store.h"
#include "unit.h"

TestSuite(golden, .fini = unit_cleanup);

static char from[512];

/* A copy, since version control keeps no modes. */
static struct store *
open_copy(const char *format)
{
	struct buf key = BUF_INIT;
	struct store *s = NULL;
	struct error err;
	char path[600];

	snprintf(from, sizeof(from), "%s/golden/%s", TESTDATA, format);
	snprintf(path, sizeof(path), "%s/store", from);
	unit_copy_tree(path, unit_path("s"));
	snprintf(path, sizeof(path), "%s/key", from);
	unit_read(path, &key);
	unit_write(unit_path("key"), key.data, key.len);
	buf_free(&key);
	assert_ok(store_open(unit_path("s"), &s, &err), err);
	return s;
}

/* The slot names the place where the key file was, not where it is now. */
static void
unlock_with_file(struct store *s)
{
	const struct header *h = store_header(s);
	unsigned char *kek = secret_alloc(KEY_LEN);
	unsigned char *master = secret_alloc(KEY_LEN);
	struct error err;

	cr_assert_str_eq(h->slots[0].kind, "keyfile");
	assert_ok(keyfile_read(unit_path("key"), h->slots[0].salt,
		      TOKENWARD_LOCKED, kek, &err),
	    err);
	assert_ok(
	    slot_unwrap(&h->slots[0], h->store_id, kek, master, &err), err);
	assert_ok(store_unlock(s, master, true, &err), err);
	secret_free(kek);
	secret_free(master);
}

static void
check_content(enum record_kind kind, const struct buf *plain)
{
	cleanup_tokens struct tokens t = {0};
	cleanup_credential struct credential *c = NULL;
	struct error err;

	if (kind == RECORD_TOKENS)
		assert_ok(
		    tokens_decode(plain->data, plain->len, &t, &err), err);
	else
		assert_ok(
		    credential_decode(plain->data, plain->len, &c, &err), err);
}

static void
check_line(struct store *s, char *line)
{
	struct buf plain = BUF_SECRET_INIT, hex = BUF_INIT;
	const char *word = strsep(&line, " "), *name = strsep(&line, " ");
	uint64_t want = strtoull(strsep(&line, " "), NULL, 10), got;
	enum record_kind kind =
	    strcmp(word, "tokens") == 0 ? RECORD_TOKENS : RECORD_CREDENTIAL;
	struct error err;

	assert_ok(store_read(s, kind, name, &plain, &got, &err), err);
	cr_assert_eq(got, want);
	hex_put(&hex, plain.data, plain.len);
	cr_assert_str_eq(buf_str(&hex), line, "%s", name);
	check_content(kind, &plain);
	buf_free(&plain);
	buf_free(&hex);
}

static int
check_expected(struct store *s)
{
	struct buf b = BUF_INIT;
	char path[600], *rest, *line;
	int n = 0;

	snprintf(path, sizeof(path), "%s/expected", from);
	unit_read(path, &b);
	for (rest = (char *)b.data; (line = strsep(&rest, "\n")) && *line; n++)
		check_line(s, line);
	buf_free(&b);
	return n;
}

static long
say(void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	const struct buf *words = data;

	(void)q;
	cr_assert(words->len <= cap);
	memcpy(to, words->data, words->len);
	return (long)words->len;
}

Test(golden, format_1_with_its_key_file)
{
	struct store *s = open_copy("format-1");

	unlock_with_file(s);
	cr_assert_eq(check_expected(s), 4);
	store_close(s);
}

Test(golden, format_1_with_its_passphrase)
{
	struct store *s = open_copy("format-1");
	struct buf words = BUF_INIT;
	struct key_context ctx = {
	    .ask = say, .ask_data = &words, .store_path = store_path(s)};
	unsigned char *master = secret_alloc(KEY_LEN);
	struct key_opened by;
	struct error err;
	char path[600];

	snprintf(path, sizeof(path), "%s/passphrase", from);
	unit_read(path, &words);
	words.len--; /* its newline */
	assert_ok(unlock_master(store_header(s), &ctx, master, &by, &err), err);
	cr_assert_str_eq(by.kind, "passphrase");
	cr_assert(by.human);
	assert_ok(store_unlock(s, master, true, &err), err);
	secret_free(master);
	buf_free(&words);
	cr_assert_eq(check_expected(s), 4);
	store_close(s);
}

static void
rekeyed(const char *format, bool half)
{
	struct store *s = open_copy(format);
	const struct header *h = store_header(s);

	unlock_with_file(s);
	cr_assert_eq(check_expected(s), 4);
	cr_assert_eq(h->epoch, 2);
	cr_assert(h->kept[KEPT_INDEX_KEY].there);
	cr_assert_eq(store_is_rekeyed(s), half);
	store_close(s);
}

Test(golden, format_1_with_a_new_master_key)
{
	rekeyed("format-1-rekeyed", false);
}

Test(golden, format_1_on_the_way_to_a_new_master_key)
{
	struct store *s;
	struct error err;
	size_t done;

	rekeyed("format-1-half", true);
	assert_ok(store_open(unit_path("s"), &s, &err), err);
	unlock_with_file(s);
	assert_ok(store_rekey_records(s, &done, &err), err);
	cr_assert_eq(done, 3);
	cr_assert_eq(check_expected(s), 4);
	store_close(s);
}

/* Written on by today's program, it is still of its format. */
Test(golden, format_1_is_written_as_it_is)
{
	struct store *s = open_copy("format-1"), *again = NULL;
	struct buf plain = BUF_SECRET_INIT;
	uint64_t generation;
	struct error err;

	unlock_with_file(s);
	assert_ok(
	    store_read(s, RECORD_CREDENTIAL, "wide", &plain, &generation, &err),
	    err);
	assert_ok(store_write(s, RECORD_CREDENTIAL, "wide", &plain, generation,
		      true, &err),
	    err);
	store_close(s);
	assert_ok(store_open(unit_path("s"), &again, &err), err);
	unlock_with_file(again);
	cr_assert_eq(store_header(again)->format, 1);
	assert_ok(store_read(again, RECORD_CREDENTIAL, "wide", &plain,
		      &generation, &err),
	    err);
	cr_assert_eq(generation, 2);
	buf_free(&plain);
	store_close(again);
}

Test(golden, format_1_header_before_the_last)
{
	struct store *s = open_copy("format-1");
	struct error err;

	cr_assert_eq(store_header(s)->sequence, 2);
	store_close(s);
	assert_ok(small_repair(unit_path("s"), &err), err);
	assert_ok(store_open(unit_path("s"), &s, &err), err);
	cr_assert_eq(store_header(s)->sequence, 1);
	unlock_with_file(s);
	cr_assert_eq(check_expected(s), 4);
	store_close(s);
}
