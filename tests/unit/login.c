/* SPDX-License-Identifier: BSD-2-Clause */
/* What a login may do to a store with the passphrases it knows. */
#include <stdio.h>
#include <string.h>
#include <tokenward/tokenward.h>
#include "core/core.h"
#include "core/login.h"
#include "unit.h"

static const char first[] = "tangerine orbit", second[] = "walnut harbour";

TestSuite(login, .fini = unit_cleanup, .timeout = 60);

static long
answer(void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	size_t len = strlen(data);

	(void)q;
	if (len > cap)
		return -1;
	memcpy(to, data, len);
	return (long)len;
}

static struct tokenward *
handle(const char *says, unsigned flags, const char *stack)
{
	struct tokenward_open_params p = {.size = sizeof(p),
	    .store = unit_path("store"),
	    .flags = flags,
	    .ask = says ? answer : NULL,
	    .ask_data = (void *)(uintptr_t)says,
	    .stack_file = stack};
	struct tokenward *tw;

	cr_assert_eq(
	    tokenward_open(&p, &tw), TOKENWARD_OK, "%s", tokenward_error(tw));
	return tw;
}

static struct tokenward *
make(const char *key, const char *more)
{
	const char *keys[] = {key, more, NULL};
	struct tokenward *tw = handle(first, TOKENWARD_OPEN_NEW, NULL);
	char *text = NULL;
	int created;

	cr_assert_eq(tokenward_init_store(tw, keys, 0, &created, &text),
	    TOKENWARD_OK, "%s", tokenward_error(tw));
	tokenward_text_free(text);
	tokenward_close(tw);
	tw = handle(NULL, 0, NULL);
	cr_assert_eq(login_lock(tw), TOKENWARD_OK);
	return tw;
}

static bool
has_key(struct tokenward *tw)
{
	const struct header *h = store_header(tw->store);
	unsigned char key[KEY_LEN];

	return keyring_get(h->store_id, h->epoch, key);
}

static int
open_with(struct tokenward *tw, const char *words)
{
	struct buf b = BUF_SECRET_INIT;
	int r;

	buf_put_str(&b, words);
	r = login_open(tw, &b);
	buf_free(&b);
	return r;
}

static int
change(struct tokenward *tw, const char *old, const char *new)
{
	struct buf a = BUF_SECRET_INIT, b = BUF_SECRET_INIT;
	int r;

	buf_put_str(&a, old);
	buf_put_str(&b, new);
	r = login_change(tw, &a, &b);
	buf_free(&a);
	buf_free(&b);
	return r;
}

Test(login, opens_for_a_while_and_locks)
{
	struct tokenward *tw = make("passphrase", NULL);

	cr_assert_eq(open_with(tw, second), TOKENWARD_LOCKED);
	cr_assert_not(has_key(tw));
	cr_assert_eq(open_with(tw, ""), TOKENWARD_LOCKED);
	if (keyring_usable()) {
		cr_assert_eq(open_with(tw, first), TOKENWARD_OK, "%s",
		    tokenward_error(tw));
		cr_assert(has_key(tw));
		cr_assert_eq(open_with(tw, second), TOKENWARD_OK, "open");
		cr_assert_eq(login_lock(tw), TOKENWARD_OK);
		cr_assert_not(has_key(tw));
	}
	tokenward_close(tw);
}

Test(login, leaves_a_store_that_opens_by_itself)
{
	char key[300];
	struct tokenward *tw;

	snprintf(key, sizeof(key), "keyfile=%s", unit_path("key"));
	tw = make(key, NULL);
	cr_assert_eq(open_with(tw, first), TOKENWARD_OK);
	cr_assert_not(has_key(tw));
	cr_assert_eq(change(tw, first, second), TOKENWARD_NOT_FOUND);
	tokenward_close(tw);
}

Test(login, keeps_to_the_stack)
{
	static const char *const stacks[] = {
	    "unlock sufficient keyring-cache\n", "unlock required passphrase\n",
	    ("unlock nonsense\nunlock sufficient keyring-cache\n"
	     "unlock required passphrase\n")};
	struct tokenward *tw = make("passphrase", NULL);
	size_t i;

	for (i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		tokenward_close(tw);
		unit_write(unit_path("stack"), stacks[i], strlen(stacks[i]));
		tw = handle(NULL, 0, unit_path("stack"));
		cr_assert_neq(open_with(tw, first), TOKENWARD_OK);
		cr_assert_not(has_key(tw), "%s", stacks[i]);
	}
	tokenward_close(tw);
}

Test(login, a_new_passphrase_takes_the_place_of_the_old)
{
	struct tokenward *tw = make("passphrase", NULL);
	const struct header *h = store_header(tw->store);
	uint32_t id = h->slots[0].id, next = h->next_slot;
	struct buf before = BUF_INIT, after = BUF_INIT;

	unit_read(unit_path("store/header"), &before);
	cr_assert_eq(change(tw, second, "else"), TOKENWARD_LOCKED);
	cr_assert_eq(change(tw, first, ""), TOKENWARD_LOCKED);
	unit_read(unit_path("store/header"), &after);
	cr_assert(buf_equal(&before, &after), "nothing was changed");

	cr_assert_eq(
	    change(tw, first, second), TOKENWARD_OK, "%s", tokenward_error(tw));
	cr_assert_eq(h->slots_n, 1);
	cr_assert_eq(h->slots[0].id, id);
	cr_assert_eq(h->next_slot, next);
	cr_assert_eq(change(tw, first, second), TOKENWARD_LOCKED);
	cr_assert_eq(change(tw, second, first), TOKENWARD_OK);
	buf_free(&before);
	buf_free(&after);
	tokenward_close(tw);
}

Test(login, no_store_is_an_error_as_anywhere)
{
	struct tokenward *tw = handle(NULL, TOKENWARD_OPEN_NEW, NULL);

	cr_assert_neq(open_with(tw, first), TOKENWARD_OK);
	cr_assert_neq(change(tw, first, second), TOKENWARD_OK);
	cr_assert_neq(login_lock(tw), TOKENWARD_OK);
	tokenward_close(tw);
}
