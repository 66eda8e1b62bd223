/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After lock no byte of a master key, a passphrase or a recovery code is left
 * in a process that goes on: its whole memory is searched for any eight bytes
 * of them, which are themselves kept only as their complements.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sodium.h>
#include "base/secret.h"
#include "core/core.h"
#include "unit.h"
#include "world.h"

#define WINDOW 8
#define CHUNK (1u << 20)
#define MAP_MAX (1ul << 30) /* beyond is a sanitizer's own */

TestSuite(forgotten, .init = world_make, .fini = world_end, .timeout = 180);

struct needle {
	unsigned char flipped[64];
	size_t len;
};

static void
take(struct needle *n, const void *secret, size_t len)
{
	const unsigned char *s = secret;
	size_t i;

	cr_assert_leq(len, sizeof(n->flipped));
	for (i = 0; i < len; i++)
		n->flipped[i] = (unsigned char)~s[i];
	n->len = len;
}

static bool
stands_at(const struct needle *n, size_t from, const unsigned char *at)
{
	size_t i;

	for (i = 0; i < WINDOW; i++)
		if ((at[i] ^ n->flipped[from + i]) != 0xff)
			return false;
	return true;
}

static bool
has_piece(const struct needle *n, const unsigned char *data, size_t len)
{
	static const unsigned char zeros[WINDOW];
	bool first[256] = {false};
	size_t i, from;

	for (from = 0; from + WINDOW <= n->len; from++)
		first[n->flipped[from] ^ 0xff] = true;
	for (i = 0; i + WINDOW <= len; i++) {
		/* Most of memory is zeros, and many a key has one zero. */
		if (!first[data[i]] || memcmp(data + i, zeros, WINDOW) == 0)
			continue;
		for (from = 0; from + WINDOW <= n->len; from++)
			if (stands_at(n, from, data + i))
				return true;
	}
	return false;
}

/* The buffer is a map of its own and not looked into. */
static bool
is_in_map(int mem, const struct needle *n, unsigned long start,
    unsigned long end, unsigned char *buffer)
{
	unsigned long at = start;
	ssize_t got;

	if (start <= (unsigned long)(uintptr_t)buffer &&
	    (unsigned long)(uintptr_t)buffer < end)
		return false;
	while (at < end) {
		got = pread(mem, buffer, end - at < CHUNK ? end - at : CHUNK,
		    (off_t)at);
		if (got <= 0)
			return false;
		if (has_piece(n, buffer, (size_t)got))
			return true;
		at += (unsigned long)got;
		if (at < end)
			at -= WINDOW;
	}
	return false;
}

static bool
is_in_memory(const struct needle *n)
{
	unsigned char *buffer = mmap(
	    NULL, 3 * CHUNK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[512], mode[8];
	bool found = false;

	/* Guards beside it keep the kernel from joining it to another map. */
	cr_assert_neq(buffer, MAP_FAILED);
	cr_assert_eq(
	    mprotect(buffer + CHUNK, CHUNK, PROT_READ | PROT_WRITE), 0);
	cr_assert(mem >= 0 && maps);
	while (!found && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) == 3 &&
		    mode[1] == 'w' && !strstr(line, "[v") &&
		    end - start <= MAP_MAX)
			found = is_in_map(mem, n, start, end, buffer + CHUNK);
	fclose(maps);
	close(mem);
	munmap(buffer, 3 * CHUNK);
	return found;
}

/* ---- the secrets ------------------------------------------------------- */

static struct needle words, code;

static long
answer(void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	const struct needle *n = data;
	size_t i;

	(void)q;
	cr_assert_leq(n->len, cap);
	for (i = 0; i < n->len; i++)
		to[i] = (char)~n->flipped[i];
	return (long)n->len;
}

static void
show(void *data, const char *text)
{
	(void)data;
	take(&code, text, strlen(text));
}

static struct tokenward *
open_store(const char *path, struct needle *says)
{
	struct tokenward_open_params p = {.size = sizeof(p),
	    .store = path,
	    .flags = TOKENWARD_OPEN_NEW,
	    .timeout = 30,
	    .ask = answer,
	    .ask_data = says,
	    .show = show};
	struct tokenward *tw;

	cr_assert_eq(
	    tokenward_open(&p, &tw), TOKENWARD_OK, "%s", tokenward_error(tw));
	return tw;
}

static void
make_words(void)
{
	unsigned char random[40];
	size_t i;

	randombytes_buf(random, sizeof(random));
	for (i = 0; i < sizeof(random); i++)
		words.flipped[i] = (unsigned char)~('a' + random[i] % 26);
	words.len = sizeof(random);
}

static void
take_master(struct tokenward *tw, struct needle *ret)
{
	unsigned char *master = secret_alloc(KEY_LEN);
	struct key_opened by;
	struct error err;

	assert_ok(find_master(tw, master, &by, &err), err);
	take(ret, master, KEY_LEN);
	secret_free(master);
}

static void
make_store(struct tokenward *tw, const char *first, const char *second)
{
	const char *keys[] = {first, second, NULL};
	char *text = NULL;
	int created;

	assert_ok(tokenward_init_store(tw, keys, 0, &created, &text), tw->err);
	tokenward_text_free(text);
}

static void
use(struct tokenward *tw)
{
	struct tokenward_credential *c;

	cr_assert_eq(
	    tokenward_get_credential(tw, "n", &c), TOKENWARD_NOT_FOUND);
}

static void
lock(struct tokenward *tw)
{
	char *text = NULL;

	assert_ok(tokenward_lock(tw, &text), tw->err);
	tokenward_text_free(text);
}

/* ---- the tests --------------------------------------------------------- */

Test(forgotten, the_search_finds_what_is_there)
{
	unsigned char *plain = malloc(100);
	struct needle n;

	cr_assert(plain);
	make_words();
	n = words;
	cr_assert_not(is_in_memory(&n));
	answer(&n, NULL, (char *)plain + 7, 90);
	cr_assert(is_in_memory(&n));
	wipe(plain, 100);
	answer(&n, NULL, (char *)plain, 90);
	wipe(plain, 24);
	cr_assert(is_in_memory(&n), "the last sixteen bytes");
	wipe(plain, 100);
	cr_assert_not(is_in_memory(&n));
	free(plain);
}

Test(forgotten, a_master_key_of_a_key_file_is_nowhere_even_while_it_is_open)
{
	struct tokenward *tw = world_open(0);
	struct needle master;

	world_add(tw, "other", "s");
	take_master(tw, &master);
	use(tw);
	cr_assert_not(is_in_memory(&master), "in use");
	lock(tw);
	cr_assert_not(is_in_memory(&master), "locked");
	use(tw);
	tokenward_close(tw);
	cr_assert_not(is_in_memory(&master), "closed");
}

Test(forgotten, a_passphrase_and_its_master_key_after_lock)
{
	struct needle master;
	struct tokenward *tw;

	make_words();
	tw = open_store(world_path("locked"), &words);
	make_store(tw, "passphrase", NULL);
	cr_assert_not(is_in_memory(&words), "made");
	lock(tw);
	use(tw);
	take_master(tw, &master);
	cr_assert_not(is_in_memory(&words), "in use");
	lock(tw);
	cr_assert_not(is_in_memory(&words), "locked");
	cr_assert_not(is_in_memory(&master), "locked");
	tokenward_close(tw);
	cr_assert_not(is_in_memory(&words), "closed");
	cr_assert_eq(secret_in_use(), 0);
}

Test(forgotten, a_recovery_code_after_it_was_shown_and_typed)
{
	struct needle key;
	struct tokenward *tw = open_store(world_path("paper"), &code);

	make_store(tw, "recovery", NULL);
	cr_assert_eq(code.len, 34);
	cr_assert_not(is_in_memory(&code), "shown");
	lock(tw);
	use(tw);
	take_master(tw, &key);
	lock(tw);
	cr_assert_not(is_in_memory(&code), "typed");
	cr_assert_not(is_in_memory(&key), "locked");
	tokenward_close(tw);
}

Test(forgotten, both_master_keys_after_a_rekey)
{
	struct needle old, new;
	struct tokenward *tw;
	char *text = NULL;

	make_words();
	tw = open_store(world_path("renewed"), &words);
	make_store(tw, "passphrase", NULL);
	take_master(tw, &old);
	assert_ok(tokenward_rekey(tw, 0, &text), tw->err);
	tokenward_text_free(text);
	use(tw);
	take_master(tw, &new);
	lock(tw);
	cr_assert_not(is_in_memory(&old), "the old one");
	cr_assert_not(is_in_memory(&new), "the new one");
	cr_assert_not(is_in_memory(&words), "the passphrase");
	tokenward_close(tw);
}
