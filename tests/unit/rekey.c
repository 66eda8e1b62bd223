/* SPDX-License-Identifier: BSD-2-Clause */
/* A new master key under readers and writers, and cut short. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include "base/clock.h"
#include "base/secret.h"
#include "store/store.h"
#include "unit.h"

TestSuite(rekey, .fini = unit_cleanup);

static const unsigned char first[KEY_LEN] = "the master key, thirty-two bytes";
static const unsigned char second[KEY_LEN] = "another key, of thirty-two bytes";
static const unsigned char third[KEY_LEN] = "the third key, thirty-two bytes.";

static struct store *
make(void)
{
	struct header h = {.created_at = 1700000000};
	struct store *s = NULL;
	struct error err;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(store_create(unit_path("s"), &h, first, NULL, &s, &err), err);
	assert_ok(store_unlock(s, first, true, &err), err);
	header_free(&h);
	return s;
}

static struct store *
open_with(const unsigned char *master)
{
	struct store *s = NULL;
	struct error err;

	assert_ok(store_open(unit_path("s"), &s, &err), err);
	assert_ok(store_unlock(s, master, true, &err), err);
	return s;
}

static void
put(struct store *s, enum record_kind kind, const char *name, const char *text,
    uint64_t generation)
{
	struct buf plain = BUF_SECRET_INIT;
	struct error err;

	buf_put_str(&plain, text);
	assert_ok(
	    store_write(s, kind, name, &plain, generation, true, &err), err);
	buf_free(&plain);
}

static void
expect(struct store *s, enum record_kind kind, const char *name,
    const char *text, uint64_t generation)
{
	struct buf plain = BUF_SECRET_INIT;
	uint64_t got;
	struct error err;

	assert_ok(store_read(s, kind, name, &plain, &got, &err), err);
	cr_assert_str_eq(buf_str(&plain), text);
	cr_assert_eq(got, generation);
	buf_free(&plain);
}

static void
begin(struct store *s, const unsigned char *old, const unsigned char *fresh)
{
	const struct header *now = store_header(s);
	struct header h;
	struct error err;

	assert_ok(
	    header_decode(now->bytes.data, now->bytes.len, &h, &err), err);
	assert_ok(store_rekey_begin(s, &h, old, fresh, &err), err);
	header_free(&h);
}

static size_t
records(struct store *s)
{
	struct error err;
	size_t n = 0;

	assert_ok(store_rekey_records(s, &n, &err), err);
	return n;
}

static void
end(struct store *s, const unsigned char *fresh)
{
	struct error err;

	assert_ok(store_rekey_end(s, fresh, &err), err);
	cr_assert_not(store_is_rekeyed(s));
}

static struct store *
filled(void)
{
	struct store *s = make();

	put(s, RECORD_CREDENTIAL, "a", "one", 0);
	put(s, RECORD_CREDENTIAL, "a", "two", 1);
	put(s, RECORD_TOKENS, "a", "token", 0);
	put(s, RECORD_CREDENTIAL, "b", "bee", 0);
	return s;
}

/* What opens with a key that another handle might ask for. */
struct renewal {
	struct store *s;
	const unsigned char *master;
	int n;
};

static int
renew(void *data, bool with_credentials, struct error *err)
{
	struct renewal *r = data;

	r->n++;
	return store_unlock(r->s, r->master, with_credentials, err);
}

static bool
same_files(const char *a, const char *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool same;

	unit_read(a, &x);
	unit_read(b, &y);
	same = buf_equal(&x, &y);
	buf_free(&x);
	buf_free(&y);
	return same;
}

Test(rekey, everything_opens_at_every_stage)
{
	struct store *s = filled(), *other;

	begin(s, first, second);
	cr_assert(store_is_rekeyed(s));
	cr_assert(same_files(unit_path("s/header"), unit_path("s/header.old")));
	expect(s, RECORD_CREDENTIAL, "a", "two", 2);
	put(s, RECORD_CREDENTIAL, "b", "boo", 1); /* with the new key */
	other = open_with(second);
	expect(other, RECORD_CREDENTIAL, "a", "two", 2);
	expect(other, RECORD_CREDENTIAL, "b", "boo", 2);
	expect(other, RECORD_TOKENS, "a", "token", 1);
	store_close(other);
	cr_assert_eq(records(s), 2);
	cr_assert_eq(records(s), 0);
	end(s, second);
	expect(s, RECORD_CREDENTIAL, "a", "two", 2);
	store_close(s);
	s = open_with(second);
	expect(s, RECORD_CREDENTIAL, "a", "two", 2);
	expect(s, RECORD_CREDENTIAL, "b", "boo", 2);
	expect(s, RECORD_TOKENS, "a", "token", 1);
	cr_assert_eq(store_header(s)->epoch, 2);
	cr_assert(same_files(unit_path("s/header"), unit_path("s/header.old")));
	store_close(s);
	cr_assert_eq(secret_in_use(), 0);
}

Test(rekey, the_old_key_is_worth_nothing_then)
{
	struct store *s = filled(), *old = NULL;
	struct buf header = BUF_INIT, plain = BUF_SECRET_INIT;
	uint64_t generation;
	struct error err;

	unit_read(unit_path("s/header"), &header);
	begin(s, first, second);
	records(s);
	end(s, second);
	store_close(s);
	assert_ok(store_open(unit_path("s"), &old, &err), err);
	assert_fails(store_unlock(old, first, true, &err), err,
	    TOKENWARD_LOCKED, "not that of the store");
	store_close(old);
	unit_write(unit_path("s/header"), header.data, header.len);
	old = open_with(first);
	assert_fails(
	    store_read(old, RECORD_CREDENTIAL, "a", &plain, &generation, &err),
	    err, TOKENWARD_DAMAGED, "another master key");
	store_close(old);
	buf_free(&header);
}

Test(rekey, twice_and_names_stay)
{
	struct store *s = filled();
	struct stat before, after;

	cr_assert(store_stamp(s, RECORD_CREDENTIAL, "a", &before));
	begin(s, first, second);
	records(s);
	end(s, second);
	begin(s, second, third);
	cr_assert_eq(records(s), 3);
	end(s, third);
	cr_assert(store_stamp(s, RECORD_CREDENTIAL, "a", &after));
	store_close(s);
	s = open_with(third);
	expect(s, RECORD_CREDENTIAL, "a", "two", 2);
	store_close(s);
}

Test(rekey, a_reader_goes_on)
{
	struct store *s = filled(), *reader = open_with(first);
	struct renewal r = {.s = reader, .master = second};

	store_on_rekey(reader, renew, &r);
	begin(s, first, second);
	expect(reader, RECORD_CREDENTIAL, "a", "two", 2);
	cr_assert_eq(r.n, 0, "not yet sealed anew: no need to know");
	records(s);
	expect(reader, RECORD_CREDENTIAL, "a", "two", 2);
	cr_assert_eq(r.n, 1);
	end(s, second);
	expect(reader, RECORD_TOKENS, "a", "token", 1);
	cr_assert_eq(r.n, 1);
	store_close(reader);
	store_close(s);
}

Test(rekey, a_writer_writes_with_the_new_key)
{
	struct store *s = filled(), *writer = open_with(first);
	struct renewal r = {.s = writer, .master = second};

	store_on_rekey(writer, renew, &r);
	begin(s, first, second);
	records(s);
	end(s, second);
	put(writer, RECORD_CREDENTIAL, "new", "late", 0);
	cr_assert_eq(r.n, 1);
	expect(s, RECORD_CREDENTIAL, "new", "late", 1);
	store_close(writer);
	store_close(s);
}

Test(rekey, who_cannot_get_the_new_key_is_told)
{
	struct store *s = filled(), *other = open_with(first);
	struct buf plain = BUF_SECRET_INIT;
	struct error err;

	begin(s, first, second);
	buf_put_str(&plain, "lost?");
	assert_fails(
	    store_write(other, RECORD_CREDENTIAL, "c", &plain, 0, true, &err),
	    err, TOKENWARD_LOCKED, "new master key");
	buf_free(&plain);
	cr_assert_not(store_is_unlocked(other, false));
	store_close(other);
	store_close(s);
}

Test(rekey, killed_at_any_record_it_goes_on)
{
	struct store *s = filled();
	size_t done;

	begin(s, first, second);
	store_close(s); /* as if killed */
	s = open_with(second);
	cr_assert(store_is_rekeyed(s));
	expect(s, RECORD_CREDENTIAL, "b", "bee", 1);
	put(s, RECORD_CREDENTIAL, "b", "boo", 1);
	done = records(s);
	cr_assert_eq(done, 2);
	end(s, second);
	expect(s, RECORD_CREDENTIAL, "b", "boo", 2);
	store_close(s);
}

/* A file of one kind; they have one record each here. */
static void
path_of(struct store *s, enum record_kind kind, const char *name, char *ret)
{
	unsigned char key[32], index[32];
	char hex[65];

	crypto_kdf_derive_from_key(key, 32, 1, "tw-index", first);
	crypto_generichash(
	    index, 32, (const unsigned char *)name, strlen(name), key, 32);
	sodium_bin2hex(hex, sizeof(hex), index, 32);
	snprintf(ret, 1024, "%s/%s/%s", store_path(s),
	    kind == RECORD_TOKENS ? "tokens" : "credentials", hex);
}

static void
spoil(struct store *s, enum record_kind kind, const char *name)
{
	struct buf b = BUF_INIT;
	char path[1024];

	path_of(s, kind, name, path);
	unit_read(path, &b);
	b.data[b.len - 1] ^= 1;
	unit_write(path, b.data, b.len);
	buf_free(&b);
}

Test(rekey, damage_does_not_cost_the_old_key)
{
	struct store *s = filled();
	struct buf whole = BUF_INIT;
	struct error err;
	char path[1024];
	size_t done;

	path_of(s, RECORD_CREDENTIAL, "b", path);
	unit_read(path, &whole);
	spoil(s, RECORD_CREDENTIAL, "b");
	spoil(s, RECORD_TOKENS, "a");
	begin(s, first, second);
	assert_fails(store_rekey_records(s, &done, &err), err,
	    TOKENWARD_DAMAGED, "1 record could not be sealed anew");
	cr_assert(store_is_rekeyed(s));
	expect(s, RECORD_CREDENTIAL, "a", "two", 2);
	/* tokens can be bought again */
	path_of(s, RECORD_TOKENS, "a", path);
	cr_assert_neq(access(path, F_OK), 0);
	/* from a backup, sealed with the old key */
	path_of(s, RECORD_CREDENTIAL, "b", path);
	unit_write(path, whole.data, whole.len);
	cr_assert_eq(records(s), 1);
	end(s, second);
	expect(s, RECORD_CREDENTIAL, "b", "bee", 1);
	buf_free(&whole);
	store_close(s);
}

/* What the header keeps is bound to store, epoch and purpose. */
Test(rekey, kept_keys_are_bound)
{
	struct header h = {.epoch = 2};
	unsigned char *got = secret_alloc(KEY_LEN);
	struct error err;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(header_keep(&h, KEPT_INDEX_KEY, second, first, &err), err);
	cr_assert(header_kept(&h, KEPT_INDEX_KEY, second, got));
	cr_assert_eq(memcmp(got, first, KEY_LEN), 0);
	cr_assert_not(header_kept(&h, KEPT_INDEX_KEY, first, got));
	cr_assert_not(header_kept(&h, KEPT_OLD_MASTER, second, got));
	h.kept[KEPT_OLD_MASTER] = h.kept[KEPT_INDEX_KEY];
	cr_assert_not(header_kept(&h, KEPT_OLD_MASTER, second, got));
	h.epoch = 3;
	cr_assert_not(header_kept(&h, KEPT_INDEX_KEY, second, got));
	h.epoch = 2;
	h.store_id[0] ^= 1;
	cr_assert_not(header_kept(&h, KEPT_INDEX_KEY, second, got));
	secret_free(got);
}

/* ---- others, and what cannot be sealed --------------------------------- */

Test(rekey, a_reader_without_the_new_key_is_told)
{
	struct store *s = filled(), *reader = open_with(first);
	struct store *late = open_with(first);
	struct buf plain = BUF_SECRET_INIT;
	struct error err;

	begin(s, first, second);
	records(s);
	assert_fails(
	    store_read(reader, RECORD_CREDENTIAL, "a", &plain, NULL, &err), err,
	    TOKENWARD_LOCKED, "got a new master key meanwhile");
	assert_fails(
	    store_read(late, RECORD_CREDENTIAL, "none", &plain, NULL, &err),
	    err, TOKENWARD_LOCKED, "got a new master key meanwhile");
	cr_assert_eq(plain.len, 0);
	store_close(late);
	store_close(reader);
	store_close(s);
}

Test(rekey, a_record_of_a_header_that_cannot_be_read_is_not_opened)
{
	struct store *s = filled(), *reader = open_with(first);
	struct buf plain = BUF_SECRET_INIT;
	struct error err;

	begin(s, first, second);
	records(s);
	unit_write(unit_path("s/header"), "rubbish", 7);
	assert_fails(
	    store_read(reader, RECORD_CREDENTIAL, "a", &plain, NULL, &err), err,
	    TOKENWARD_DAMAGED, "header is damaged");
	cr_assert_eq(plain.len, 0);
	store_close(reader);
	store_close(s);
}

/* At every look there is yet another key. */
struct chase {
	struct store *reader, *s;
	const unsigned char *now, *next;
	int n;
};

static int
renew_and_change(void *data, bool with_credentials, struct error *err)
{
	struct chase *c = data;
	const unsigned char *was = c->now;

	assert_ok(store_unlock(c->reader, was, with_credentials, err), *err);
	begin(c->s, was, c->next);
	records(c->s);
	end(c->s, c->next);
	c->now = c->next;
	c->next = was;
	c->n++;
	return TOKENWARD_OK;
}

Test(rekey, a_writer_does_not_run_after_keys_for_ever)
{
	struct chase c = {.s = filled(), .now = second, .next = third};
	struct buf plain = BUF_SECRET_INIT;
	struct error err;

	c.reader = open_with(first);
	store_on_rekey(c.reader, renew_and_change, &c);
	begin(c.s, first, second);
	records(c.s);
	end(c.s, second);
	buf_put_str(&plain, "late");
	assert_fails(store_write(c.reader, RECORD_CREDENTIAL, "c", &plain, 0,
			 true, &err),
	    err, TOKENWARD_EXISTS, "is being changed; try again");
	cr_assert_gt(c.n, 1);
	buf_clear(&plain);
	cr_assert_eq(
	    store_read(c.s, RECORD_CREDENTIAL, "c", &plain, NULL, &err),
	    TOKENWARD_NOT_FOUND);
	store_close(c.reader);
	store_close(c.s);
	buf_free(&plain);
}

Test(rekey, what_could_not_be_sealed_is_counted_and_the_first_is_named)
{
	struct store *s = filled();
	struct error err;
	size_t done;

	spoil(s, RECORD_CREDENTIAL, "a");
	spoil(s, RECORD_CREDENTIAL, "b");
	begin(s, first, second);
	assert_fails(store_rekey_records(s, &done, &err), err,
	    TOKENWARD_DAMAGED, "2 records could not be sealed anew: the ");
	cr_assert_eq(done, 1);
	cr_assert(store_is_rekeyed(s));
	store_close(s);
}

/* The name of a file may be any: its lock is one of a record all the same. */
Test(rekey, tokens_under_a_name_of_zeros_go_as_any_that_do_not_open)
{
	struct store *s = filled();
	char path[100] = "s/tokens/";
	size_t at = strlen(path);

	memset(path + at, '0', 64);
	path[at + 64] = '\0';
	unit_write(unit_path(path), "x", 1);
	begin(s, first, second);
	cr_assert_eq(records(s), 4);
	cr_assert_eq(access(unit_path(path), F_OK), -1);
	end(s, second);
	expect(s, RECORD_TOKENS, "a", "token", 1);
	store_close(s);
}
