/* SPDX-License-Identifier: BSD-2-Clause */
/* Passphrases: one real Argon2id, all else is refused before it runs. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sodium.h>
#include "key/methods.h"
#include "failing.h"
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

#ifndef __SANITIZE_ADDRESS__ /* which needs memory of its own */
/* Who answers leaves no memory for what is to be done with it. */
static long
answer_and_take_all(
    void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = 0;
	cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
	return answer(data, q, to, cap);
}

Test(passphrase, the_memory_that_it_needs_is_said)
{
	struct human h = {.says = "correct horse"};
	struct key_context ctx = context(&h);
	struct key_slot slot = {.id = 1};
	unsigned char kek[KEY_LEN];
	struct rlimit limit;
	struct error err;

	cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
	ctx.ask = answer_and_take_all;
	strmap_set(&slot.params, "memory", "134217728");
	strmap_set(&slot.params, "passes", "3");
	passphrase_method.open(&passphrase_method, &ctx, &slot, kek, &err);
	cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
	assert_fails(err.code, err, TOKENWARD_FAILED,
	    "the passphrase needs 128 MiB of memory, which this process");
	strmap_free(&slot.params);
}
#endif

Test(passphrase, a_library_that_cannot_begin_opens_nothing)
{
	struct human h = {.says = "correct horse"};
	struct error err;

	failing_begin("sodium_init", 1, EIO);
	assert_fails(open_with("67108864", "3", &h, &err), err,
	    TOKENWARD_FAILED, "needs 64 MiB of memory");
	cr_assert(failing_end());
}

/* Nobody is there, so that what comes after the question does not come. */
Test(passphrase, without_memory_nobody_is_blamed)
{
	struct key_context ctx = {.store_path = "/s"};
	bool hit = true;
	struct error err;
	unsigned n;

	for (n = 1; hit; n++) {
		struct key_slot slot = {.id = 1};
		unsigned char kek[KEY_LEN];
		int r;

		failing_begin("memory", n, ENOMEM);
		r = passphrase_method.enroll(
		    &passphrase_method, &ctx, NULL, &slot, kek, &err);
		hit = failing_end();
		cr_assert_eq(r, hit ? TOKENWARD_FAILED : TOKENWARD_LOCKED);
		cr_assert(strstr(err.text,
			      hit ? "out of memory" : "nobody can be asked"),
		    "%u: %s", n, err.text);
		strmap_free(&slot.params);
	}
	cr_assert_gt(n, 5);
}
