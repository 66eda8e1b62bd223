/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store module that answers what it likes: the input is a byte for each
 * operation, its result and which one it is, and its reply, a list with its
 * length in two bytes before it.  Keys are of the kind that was asked for,
 * records within their size, and no walk goes on for ever.
 */
#include "base/cleanup.h"
#include "fuzz.h"
#include "key/key.h"
#include "module/module.h"
#include "store/front.h"
#include "store/places.h"

#define OPERATIONS_MAX 64
#define KEYS_MAX 100000 /* that it may name within that time */

static struct input *script;
static unsigned operations;

/* In fuzz.c, in place of a program. */
enum tokenward_module_result
fuzz_module(const char *operation, struct buf *reply, struct error *err)
{
	int result = input_byte(script) % TOKENWARD_MODULE_RESULT_MAX;
	size_t len = (size_t)input_byte(script) << 8;
	const uint8_t *data;

	REQUIRE(*operation && reply->secret | 1);
	len |= input_byte(script);
	data = input_bytes(script, len, &len);
	buf_clear(reply);
	if (result == TOKENWARD_MODULE_OK && frame_valid(data, len))
		buf_put(reply, data, len);
	if (operations++ == OPERATIONS_MAX)
		result = TOKENWARD_MODULE_FAILED;
	if (result != TOKENWARD_MODULE_OK)
		error_set(err, TOKENWARD_UNAVAILABLE, "the module says no");
	return (enum tokenward_module_result)result;
}

static int
no_stack(void *data, const struct stack **ret, struct error *err)
{
	static const struct stack none;

	(void)data;
	(void)err;
	*ret = &none;
	return TOKENWARD_OK;
}

static int
count(void *data, const unsigned char *index)
{
	unsigned *n = data;

	REQUIRE(index && ++*n <= KEYS_MAX);
	return 0;
}

static int
operate(struct records *r, unsigned which, struct error *err)
{
	static const char key[] = "tokens/00112233445566778899aabbccddeeff"
				  "00112233445566778899aabbccddeeff";
	cleanup_buf struct buf b = BUF_SECRET_INIT;
	unsigned n = 0;
	int result;

	switch (which % 4) {
	case 0:
		result = r->ops->get(r, key, &b, err);
		REQUIRE(b.len <= SEAL_MAX);
		return result;
	case 1:
		buf_put_str(&b, "a record");
		return r->ops->put(r, key, &b, true, err);
	case 2:
		return r->ops->drop(r, key, err);
	default:
		return r->ops->each(r, RECORD_TOKENS, count, &n, err);
	}
}

static int
once(struct input in)
{
	struct key_context ctx = {.modules = "/nowhere", .stack = no_stack};
	struct store s = {
	    .files = {.path = (char *)"/a/store"}, .modules = &ctx};
	struct where where = {.module = (char *)"shelf"};
	struct records r;
	struct error err;
	int result = TOKENWARD_OK, got;

	script = &in;
	operations = 0;
	records_open(&r, &s, &where);
	while (in.left && operations < OPERATIONS_MAX) {
		unsigned which = input_byte(&in);

		error_clear(&err);
		faults_on();
		got = operate(&r, which, &err);
		faults_off();
		if (got && got != TOKENWARD_NOT_FOUND)
			fuzz_error(&err, got);
		result = got ? got : result;
	}
	records_close(&r);
	return faults_hit() ? TOKENWARD_FAILED : result;
}

FUZZ(place)
{
	return fuzz_run(once, data, len);
}
