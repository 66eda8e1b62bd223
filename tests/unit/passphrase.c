/* SPDX-License-Identifier: BSD-2-Clause */
/* Passphrases: one real Argon2id, all else is refused before it runs. */
#include <string.h>
#include <sodium.h>
#include "key/methods.h"
#include "unit.h"

struct human {
	const char *says; /* NULL: is not there */
	int asked, confirmed;
	char prompt[256];
};

static long
answer(void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	struct human *h = data;

	h->asked++;
	h->confirmed += q->confirm;
	snprintf(h->prompt, sizeof(h->prompt), "%s", q->prompt);
	if (!h->says)
		return -1;
	memcpy(to, h->says, strlen(h->says) < cap ? strlen(h->says) : cap);
	return (long)strlen(h->says);
}

static struct key_context
context(struct human *h)
{
	return (struct key_context){
	    .ask = answer, .ask_data = h, .store_path = "/s"};
}

Test(passphrase, round_trip)
{
	struct human h = {.says = "correct horse"};
	struct key_context ctx = context(&h);
	struct key_slot slot = {.id = 1};
	unsigned char a[KEY_LEN], b[KEY_LEN];
	struct error err;

	assert_ok(passphrase_method.enroll(
		      &passphrase_method, &ctx, NULL, &slot, a, &err),
	    err);
	cr_assert_eq(h.confirmed, 1);
	cr_assert_str_eq(strmap_get(&slot.params, "memory"), "268435456");
	cr_assert_str_eq(strmap_get(&slot.params, "passes"), "3");
	assert_ok(
	    passphrase_method.open(&passphrase_method, &ctx, &slot, b, &err),
	    err);
	cr_assert_eq(h.confirmed, 1);
	cr_assert_str_eq(h.prompt, "Passphrase for the store /s: ");
	cr_assert_eq(memcmp(a, b, KEY_LEN), 0);
	strmap_free(&slot.params);
}

static int
open_with(
    const char *memory, const char *passes, struct human *h, struct error *err)
{
	struct key_context ctx = context(h);
	struct key_slot slot = {.id = 1};
	unsigned char kek[KEY_LEN];
	int r;

	if (memory)
		strmap_set(&slot.params, "memory", memory);
	if (passes)
		strmap_set(&slot.params, "passes", passes);
	r = passphrase_method.open(&passphrase_method, &ctx, &slot, kek, err);
	strmap_free(&slot.params);
	return r;
}

/* A stranger who writes the header must not make guessing cheap, nor take
   all memory. */
Test(passphrase, too_cheap_and_too_dear_are_refused_unasked)
{
	static const char *const odd[][2] = {{"67107840", "3"},
	    {"67108864", "2"}, {"8192", "1"}, {"1073742848", "3"},
	    {"268435456", "5"}, {"268435456", "0"}, {"-268435456", "3"},
	    {"9223372036854775807", "3"}, {"268435456x", "3"}, {NULL, "3"},
	    {"268435456", NULL}};
	struct human h = {.says = "correct horse"};
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_fails(open_with(odd[i][0], odd[i][1], &h, &err), err,
		    TOKENWARD_DAMAGED, "changed by somebody else");
	cr_assert_eq(h.asked, 0);
}

Test(passphrase, empty_long_and_absent_answers)
{
	static char longest[PASSPHRASE_MAX + 2];
	struct human h = {.says = ""};
	struct error err;

	assert_fails(open_with("67108864", "3", &h, &err), err,
	    TOKENWARD_LOCKED, "empty");
	h.says = memset(longest, 'x', PASSPHRASE_MAX + 1);
	assert_fails(open_with("67108864", "3", &h, &err), err,
	    TOKENWARD_LOCKED, "too long");
	h.says = NULL;
	assert_fails(open_with("67108864", "3", &h, &err), err,
	    TOKENWARD_LOCKED, "nobody can be asked");
}

Test(passphrase, never_an_argument)
{
	struct human h = {.says = "x"};
	struct key_context ctx = context(&h);
	struct key_slot slot = {0};
	unsigned char kek[KEY_LEN];
	struct error err;

	assert_fails(passphrase_method.enroll(
			 &passphrase_method, &ctx, "hunter2", &slot, kek, &err),
	    err, TOKENWARD_USAGE, "takes no value");
	cr_assert(strstr(err.text, "hunter2") == NULL);
}
