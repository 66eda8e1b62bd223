/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk over cache and slots: order, sentences, nothing trusted early. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sodium.h>
#include "base/secret.h"
#include "key/methods.h"
#include "store/store.h"
#include "unit.h"

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static struct header h;
static int asked;

static void
setup(void)
{
	h = (struct header){.format = 1,
	    .min_reader = 1,
	    .suite = 1,
	    .epoch = 1,
	    .sequence = 1,
	    .next_slot = 1};
	cr_assert(sodium_init() >= 0);
	randombytes_buf(h.store_id, sizeof(h.store_id));
}

static void
teardown(void)
{
	keyring_forget(h.store_id, 1);
	header_free(&h);
	unit_cleanup();
}

TestSuite(unlock, .init = setup, .fini = teardown);

static long
answer(void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	(void)q;
	(void)cap;
	asked++;
	if (!data)
		return -1;
	memcpy(to, data, strlen(data));
	return (long)strlen(data);
}

static struct key_context
context(const char *says)
{
	return (struct key_context){.ask = says ? answer : NULL,
	    .ask_data = (void *)(uintptr_t)says,
	    .store_path = "/the/store"};
}

static struct key_slot *
new_slot(const char *kind)
{
	struct key_slot *s = &h.slots[h.slots_n++];

	s->id = h.next_slot++;
	s->kind = strdup(kind);
	return s;
}

static void
add_keyfile(const char *path)
{
	struct key_slot *s = new_slot("keyfile");
	struct key_context ctx = context(NULL);
	unsigned char kek[KEY_LEN];
	struct error err;

	assert_ok(
	    keyfile_method.enroll(&keyfile_method, &ctx, path, s, kek, &err),
	    err);
	assert_ok(slot_wrap(s, h.store_id, kek, master, &err), err);
}

/* As cheap as may be read back. */
static void
add_passphrase(const char *words)
{
	struct key_slot *s = new_slot("passphrase");
	unsigned char kek[KEY_LEN];
	struct error err;

	strmap_set(&s->params, "memory", "67108864");
	strmap_set(&s->params, "passes", "3");
	randombytes_buf(s->salt, sizeof(s->salt));
	cr_assert_eq(crypto_pwhash(kek, KEY_LEN, words, strlen(words), s->salt,
			 3, 67108864, crypto_pwhash_ALG_ARGON2ID13),
	    0);
	assert_ok(slot_wrap(s, h.store_id, kek, master, &err), err);
}

static void
finish(void)
{
	struct buf b = BUF_INIT;
	struct header fresh;
	struct error err;

	assert_ok(header_encode(&h, master, &b, &err), err);
	assert_ok(header_decode(b.data, b.len, &fresh, &err), err);
	header_free(&h);
	h = fresh;
	buf_free(&b);
}

static int
unlock(const char *says, const char **kind, struct error *err)
{
	struct key_context ctx = context(says);
	unsigned char *got = secret_alloc(KEY_LEN);
	struct key_opened by;
	int r = unlock_master(&h, &ctx, got, &by, err);

	if (r == TOKENWARD_OK)
		*kind = by.kind;
	if (r == TOKENWARD_OK)
		cr_assert_eq(memcmp(got, master, KEY_LEN), 0);
	else
		cr_assert(sodium_is_zero(got, KEY_LEN));
	secret_free(got);
	cr_assert_eq(secret_in_use(), 0, "nothing secret is left");
	return r;
}

Test(unlock, cache_before_file_before_passphrase)
{
	const char *kind = NULL;
	struct error err;

	add_passphrase("correct horse");
	add_keyfile(unit_path("key"));
	finish();
	assert_ok(unlock("correct horse", &kind, &err), err);
	cr_assert_str_eq(kind, "keyfile");
	cr_assert_eq(asked, 0);
	if (keyring_put(h.store_id, 1, master, 60)) {
		cr_assert_eq(unlink(unit_path("key")), 0);
		assert_ok(unlock("correct horse", &kind, &err), err);
		cr_assert_str_eq(kind, "keyring-cache");
		cr_assert_eq(asked, 0);
		keyring_forget(h.store_id, 1);
	}
	unlink(unit_path("key"));
	assert_ok(unlock("correct horse", &kind, &err), err);
	cr_assert_str_eq(kind, "passphrase");
	cr_assert_eq(asked, 1);
}

Test(unlock, a_cached_key_of_no_use_is_forgotten)
{
	unsigned char other[KEY_LEN] = {1}, got[KEY_LEN];
	const char *kind = NULL;
	struct error err;

	add_keyfile(unit_path("key"));
	finish();
	if (!keyring_put(h.store_id, 1, other, 60))
		cr_skip("no kernel keyring here");
	assert_ok(unlock(NULL, &kind, &err), err);
	cr_assert_str_eq(kind, "keyfile");
	cr_assert_not(keyring_get(h.store_id, 1, got));
}

Test(unlock, says_what_failed_and_the_cure)
{
	const char *kind = NULL;
	struct error err;

	add_keyfile(unit_path("key"));
	add_keyfile(unit_path("other"));
	add_passphrase("correct horse");
	finish();
	unlink(unit_path("key"));
	unlink(unit_path("other"));
	unit_write(unit_path("other"), "not the thirty-two bytes it had.", 32);
	assert_fails(unlock(NULL, &kind, &err), err, TOKENWARD_LOCKED,
	    "the store /the/store is locked: key file");
	cr_assert(strstr(err.text, "key: No such file or directory; "));
	cr_assert(strstr(err.text, "other does not fit key slot 2; "));
	cr_assert(strstr(err.text, "nobody can be asked"));
	cr_assert(strstr(err.text, "\"tokenward unlock\""));
	assert_fails(unlock("wrong", &kind, &err), err, TOKENWARD_LOCKED,
	    "the passphrase does not fit key slot 3");
	cr_assert_eq(asked, 1);
}

Test(unlock, several_passphrases_one_question)
{
	const char *kind = NULL;
	struct error err;

	add_passphrase("one");
	add_passphrase("two");
	finish();
	assert_ok(unlock("two", &kind, &err), err);
	cr_assert_eq(asked, 1);
}

Test(unlock, a_wrong_mode_is_not_allowed)
{
	const char *kind = NULL;
	struct error err;

	add_keyfile(unit_path("key"));
	finish();
	cr_assert_eq(chmod(unit_path("key"), 0644), 0);
	assert_fails(
	    unlock(NULL, &kind, &err), err, TOKENWARD_NOT_ALLOWED, "chmod 600");
}

Test(unlock, the_right_key_does_not_excuse_a_changed_header)
{
	const char *kind = NULL;
	struct error err;

	add_keyfile(unit_path("key"));
	finish();
	h.bytes.data[h.bytes.len - 1] ^= 1;
	assert_fails(unlock(NULL, &kind, &err), err, TOKENWARD_DAMAGED,
	    "doctor --repair");
}

Test(unlock, unknown_and_absent_slots)
{
	const char *kind = NULL;
	struct error err;

	finish();
	assert_fails(
	    unlock("x", &kind, &err), err, TOKENWARD_LOCKED, "no key slot");
	new_slot("tpm2");
	finish();
	assert_fails(unlock("x", &kind, &err), err, TOKENWARD_LOCKED,
	    "no key module \"tpm2\"");
}

Test(unlock, unattended_means_without_a_human)
{
	struct key_context ctx = context("correct horse");

	add_passphrase("correct horse");
	finish();
	cr_assert_null(unlock_unattended(&h, &ctx));
	add_keyfile(unit_path("key"));
	finish();
	cr_assert_str_eq(unlock_unattended(&h, &ctx), "keyfile");
	unlink(unit_path("key"));
	cr_assert_null(unlock_unattended(&h, &ctx));
	cr_assert_eq(asked, 0);
	cr_assert_eq(secret_in_use(), 0);
}

Test(unlock, methods_by_name)
{
	cr_assert_eq(key_method_find("keyfile"), &keyfile_method);
	cr_assert_eq(key_method_find("passphrase"), &passphrase_method);
	cr_assert_null(key_method_find("tpm2"));
}
