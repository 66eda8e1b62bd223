/* SPDX-License-Identifier: BSD-2-Clause */
/* A store of few records, for the tests of the store. */
#include <stdio.h>
#include <string.h>
#include <sodium.h>
#include "small_store.h"
#include "unit.h"

const unsigned char small_master[KEY_LEN] = "the master key, thirty-two bytes";

struct store *
small_make_with(const char *path, const unsigned char *key)
{
	struct header h = {.created_at = 1700000000};
	struct store *s = NULL;
	struct error err;

	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(store_create(path, &h, key, NULL, &s, &err), err);
	assert_ok(store_unlock(s, key, true, &err), err);
	header_free(&h);
	return s;
}

struct store *
small_make(const char *name)
{
	return small_make_with(unit_path(name), small_master);
}

int
small_put(struct store *s, enum record_kind kind, const char *name,
    const char *text, uint64_t generation, struct error *err)
{
	struct buf plain = BUF_SECRET_INIT;
	int r;

	buf_put_str(&plain, text);
	r = store_write(s, kind, name, &plain, generation, true, err);
	buf_free(&plain);
	return r;
}

int
small_get(struct store *s, enum record_kind kind, const char *name,
    struct buf *plain, uint64_t *generation, struct error *err)
{
	buf_clear(plain);
	return store_read(s, kind, name, plain, generation, err);
}

void
small_expect(struct store *s, enum record_kind kind, const char *name,
    const char *text, uint64_t generation)
{
	struct buf plain = BUF_SECRET_INIT;
	uint64_t got;
	struct error err;

	assert_ok(small_get(s, kind, name, &plain, &got, &err), err);
	cr_assert_str_eq(buf_str(&plain), text);
	cr_assert_eq(got, generation);
	buf_free(&plain);
}

const char *
small_file_of(struct store *s, enum record_kind kind, const char *name)
{
	static char path[4][1024];
	static unsigned turn;
	unsigned char index_key[32], index[32];
	char hex[65];
	char *p = path[turn++ % 4];

	crypto_kdf_derive_from_key(index_key, 32, 1, "tw-index", small_master);
	crypto_generichash(index, 32, (const unsigned char *)name, strlen(name),
	    index_key, 32);
	sodium_bin2hex(hex, sizeof(hex), index, 32);
	snprintf(p, sizeof(path[0]), "%s/%s/%s", store_path(s),
	    kind == RECORD_TOKENS ? "tokens" : "credentials", hex);
	return p;
}

int
small_reopen(const char *path, struct store **s, struct error *err)
{
	int r = store_open(path, s, err);

	if (r == TOKENWARD_OK && store_unlock(*s, small_master, true, err)) {
		store_close(*s);
		r = err->code;
	}
	return r;
}

const struct small_record small_three[] = {{RECORD_CREDENTIAL, "a", "one"},
    {RECORD_CREDENTIAL, "b", "two"}, {RECORD_TOKENS, "a", "token"}};

struct store *
small_make_three(const char *name)
{
	struct store *s = small_make(name);
	struct error err;
	size_t i;

	for (i = 0; i < 3; i++)
		assert_ok(small_put(s, small_three[i].kind, small_three[i].name,
			      small_three[i].text, 0, &err),
		    err);
	return s;
}

int
small_see(void *data, const struct buf *plain, uint64_t generation,
    const struct error *damage)
{
	struct small_seen *seen = data;

	(void)generation;
	if (damage)
		seen->damaged++;
	else if (strcmp(buf_str(plain), "one") == 0 ||
		 strcmp(buf_str(plain), "two") == 0)
		seen->whole++;
	else
		seen->other = true;
	return 0;
}

void
small_check(struct store *s, enum record_kind kind, const char *name,
    const char *text, bool whole)
{
	struct buf plain = BUF_SECRET_INIT;
	struct error err;
	int r = small_get(s, kind, name, &plain, NULL, &err);

	cr_assert_eq(r, whole ? TOKENWARD_OK : TOKENWARD_DAMAGED, "%s", name);
	if (whole)
		cr_assert_str_eq(buf_str(&plain), text);
	else
		cr_assert_eq(plain.len, 0);
	buf_free(&plain);
}

int
small_repair(const char *path, struct error *err)
{
	struct header copy;
	int r = store_read_copy(path, &copy, err);

	if (r != TOKENWARD_OK)
		return r;
	r = store_repair_header(path, &copy, NULL, err);
	header_free(&copy);
	return r;
}
