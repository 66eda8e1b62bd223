/* SPDX-License-Identifier: BSD-2-Clause */
/* Input and runs of the fuzzers. */
#include <sodium.h>
#include "base/secret.h"
#include "base/frame.h"
#include "base/str.h"
#include "fuzz.h"
#include "module/module.h"
#include "tests/support/dice.h"

void
fuzz_broken(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: not true%s: %s\n", file, line,
	    fuzz_is_plain() ? "" : " (under faults)", condition);
	abort();
}

/* ---- the input --------------------------------------------------------- */

uint8_t
input_byte(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

uint64_t
input_u64(struct input *in)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | input_byte(in);
	return v;
}

const uint8_t *
input_bytes(struct input *in, size_t len, size_t *ret_len)
{
	const uint8_t *at = in->at;

	*ret_len = len < in->left ? len : in->left;
	in->at += *ret_len;
	in->left -= *ret_len;
	return at;
}

char *
input_until(struct input *in, const char *stops, size_t n)
{
	size_t len = 0;
	char *s;

	if (in->left == 0)
		return NULL;
	while (len < in->left && !memchr(stops, in->at[len], n))
		len++;
	s = malloc(len + 1);
	REQUIRE(s);
	memcpy(s, in->at, len);
	s[len] = '\0';
	len += len < in->left;
	in->at += len;
	in->left -= len;
	return s;
}

char *
input_line(struct input *in)
{
	return input_until(in, "\n", 2); /* and a NUL */
}

char *
input_text(struct input *in)
{
	char *s = input_until(in, "", 1);

	s = s ? s : strdup("");
	REQUIRE(s);
	return s;
}

/* A program that the input names as a command is not started. */
int __wrap_external_run(int argc, char **argv, int at);

int
__wrap_external_run(int argc, char **argv, int at)
{
	REQUIRE(at > 0 && at < argc && argv[at]);
	return TOKENWARD_USAGE;
}

/* No module is started: place.c answers for one. */
int __wrap_module_start(const char *dir, const struct stack_line *line,
    int64_t deadline_ms, struct module **ret, struct error *err);
enum tokenward_module_result __wrap_module_call(struct module *m,
    const char *operation, const struct buf *request, struct buf *reply,
    int64_t deadline_ms, struct error *err);
void __wrap_module_end(struct module *m);
__attribute__((weak)) enum tokenward_module_result fuzz_module(
    const char *operation, struct buf *reply, struct error *err);

int
__wrap_module_start(const char *dir, const struct stack_line *line,
    int64_t deadline_ms, struct module **ret, struct error *err)
{
	static char some;

	REQUIRE(dir && line->module && deadline_ms > 0);
	if (!fuzz_module)
		return error_set(err, TOKENWARD_CONFIG, "there is no module");
	*ret = (struct module *)(void *)&some;
	return TOKENWARD_OK;
}

enum tokenward_module_result
__wrap_module_call(struct module *m, const char *operation,
    const struct buf *request, struct buf *reply, int64_t deadline_ms,
    struct error *err)
{
	REQUIRE(m && deadline_ms > 0);
	REQUIRE(!request || frame_valid(request->data, request->len));
	return fuzz_module(operation, reply, err);
}

void
__wrap_module_end(struct module *m)
{
	(void)m;
}

/* ---- running ----------------------------------------------------------- */

static bool plain = true;

bool
fuzz_is_plain(void)
{
	return plain;
}

static int
run(fuzz_once once, struct input in)
{
	size_t before = secret_in_use();
	int r;

	dice_begin(1);
	r = once(in);
	faults_off();
	REQUIRE(secret_in_use() == before);
	return r;
}

int
fuzz_run(fuzz_once once, const uint8_t *data, size_t len)
{
	struct input in = {len ? data : (const uint8_t *)"", len};
	uint8_t low = input_byte(&in), high = input_byte(&in);
	unsigned at = low | (unsigned)(high >> 1) << 8;
	int expected, got;

	dice_use();
	REQUIRE(sodium_init() >= 0);
	expected = run(once, in);
	if (at == 0)
		return 0;
	plain = false;
	faults_arm(at, high & 1);
	got = run(once, in);
	if (got != expected && !(faults_hit() && got == TOKENWARD_FAILED)) {
		fprintf(stderr, "result %d under faults, %d without\n", got,
		    expected);
		abort();
	}
	faults_disarm();
	plain = true;
	return 0;
}

bool
fuzz_is_line(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return true;
}

void
fuzz_error(const struct error *err, int code)
{
	size_t len = strnlen(err->text, sizeof(err->text));

	REQUIRE(code > TOKENWARD_OK && code < TOKENWARD_RESULT_MAX);
	REQUIRE(err->code == code);
	REQUIRE(len > 0 && len < sizeof(err->text));
	REQUIRE(fuzz_is_line(err->text, len));
}
