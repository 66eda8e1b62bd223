/* SPDX-License-Identifier: BSD-2-Clause */
/* What a module says of itself: what is built in, and what is malformed. */
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "module/built_in.h"
#include "module/host.h"
#include "unit.h"

static struct module_info info;

static int
decode(const struct buf *b, struct error *err)
{
	module_info_free(&info);
	error_clear(err);
	return module_info_decode(b, &info, err);
}

/* A good hello without the field that is named; then what the case adds. */
static void
hello(struct buf *b, const char *without)
{
	static const char *const fields[][2] = {{"abi", "1"}, {"kind", "key"},
	    {"name", "example"}, {"version", "1.2"}, {"summary", "ä key"}};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!without || strcmp(without, fields[i][0]) != 0)
			frame_put_str(b, fields[i][0], fields[i][1]);
}

Test(module_info, what_is_built_in_says_so)
{
	const struct tokenward_module *const *m;
	struct error err = {0};

	for (m = built_in_modules; *m; m++) {
		assert_ok(module_info_of(*m, &info, &err), err);
		cr_assert(info.built_in);
		cr_assert_str_eq(info.name, (*m)->name);
		cr_assert(module_is_name(info.name));
		cr_assert_str_eq(module_kind_names[info.kind], (*m)->kind);
		cr_assert_eq(module_built_in(info.kind, info.name), *m);
		module_info_free(&info);
	}
	cr_assert_eq(module_built_in(MODULE_KEY, "files"), NULL);
}

Test(module_info, a_good_hello)
{
	cleanup_buf struct buf b = BUF_INIT;
	struct error err = {0};
	size_t mark;

	hello(&b, NULL);
	frame_put_str(&b, "capability", "asks");
	frame_put_str(&b, "capability", "news");
	frame_put_str(&b, "environment", "XDG_RUNTIME_DIR");
	frame_put_str(&b, "of-a-later-version", "\1\2");
	mark = frame_begin(&b, "option");
	frame_put_str(&b, "name", "pcrs");
	frame_put_str(&b, "type", "duration");
	frame_put_str(&b, "default", "8h");
	frame_put_str(&b, "required", "0");
	frame_put_str(&b, "secret", "1");
	frame_put_str(&b, "help", "which");
	frame_put_str(&b, "later", "x");
	frame_end(&b, mark);
	assert_ok(decode(&b, &err), err);
	cr_assert_eq(info.kind, MODULE_KEY);
	cr_assert_str_eq(info.name, "example");
	cr_assert_str_eq(info.version, "1.2");
	cr_assert_str_eq(info.summary, "ä key");
	cr_assert_eq(info.capabilities.n, 2);
	cr_assert_str_eq(info.environment.v[0], "XDG_RUNTIME_DIR");
	cr_assert_eq(info.options_n, 1);
	cr_assert_eq(info.options[0].type, TOKENWARD_OPTION_DURATION);
	cr_assert(info.options[0].secret && !info.options[0].required);
}

Test(module_info, each_part_must_be_there_once)
{
	static const char *const parts[] = {
	    "abi", "kind", "name", "version", "summary"};
	struct error err = {0};
	size_t i;

	for (i = 0; i < 5; i++) {
		cleanup_buf struct buf b = BUF_INIT, twice = BUF_INIT;

		hello(&b, parts[i]);
		assert_fails(
		    decode(&b, &err), err, TOKENWARD_CONFIG, "malformed");
		hello(&twice, NULL);
		frame_put_str(&twice, parts[i], "x");
		cr_assert_eq(decode(&twice, &err), TOKENWARD_CONFIG);
		buf_clear(&twice);
		hello(&twice, NULL);
		hello(&twice, NULL);
		cr_assert_eq(decode(&twice, &err), TOKENWARD_CONFIG);
	}
}

Test(module_info, every_cut_is_refused)
{
	cleanup_buf struct buf b = BUF_INIT;
	struct buf cut;
	struct error err = {0};

	hello(&b, NULL);
	for (cut = b, cut.len = 0; cut.len < b.len; cut.len++)
		cr_assert_eq(
		    decode(&cut, &err), TOKENWARD_CONFIG, "%zu", cut.len);
	cr_assert_eq(decode(&b, &err), TOKENWARD_OK);
}

Test(module_info, another_protocol_is_told_as_such)
{
	cleanup_buf struct buf b = BUF_INIT;
	struct error err = {0};

	frame_put_str(&b, "kind", "what is new");
	frame_put_num(&b, "abi", 2);
	assert_fails(
	    decode(&b, &err), err, TOKENWARD_CONFIG, "made for version 2");
}

static void
refused(const char *key, const char *value, size_t len, const char *words)
{
	cleanup_buf struct buf b = BUF_INIT;
	struct error err = {0};

	hello(&b, key);
	frame_put(&b, key, value, len);
	assert_fails(decode(&b, &err), err, TOKENWARD_CONFIG, words);
}

Test(module_info, hostile_values)
{
	char text[300];

	memset(text, 'x', sizeof(text));
	refused("kind", "keys", 4, "kind");
	refused("kind", "", 0, "kind");
	refused("abi", "one", 3, "abi");
	refused("name", "a\0b", 3, "a text");
	refused("summary", "\x1b[31m", 5, "a text");
	refused("summary", "\xff", 1, "a text");
	refused("summary", text, sizeof(text), "a text");
	refused("version", "1\n2", 3, "a text");
	refused("environment", "LD_PRELOAD", 10, "LD_PRELOAD, which no");
	refused("environment", "PATH", 4, "PATH, which no");
	refused("environment", "HOME=/x", 7, "no module gets");
	refused("capability", "\1", 1, "a text");
	refused("option", "zz", 2, "an option");
	refused("option", "", 0, "an option");
}

static void
option_refused(const char *key, const char *value)
{
	cleanup_buf struct buf b = BUF_INIT;
	struct error err = {0};
	size_t mark;

	hello(&b, NULL);
	mark = frame_begin(&b, "option");
	if (strcmp(key, "name") != 0)
		frame_put_str(&b, "name", "good");
	frame_put_str(&b, key, value);
	frame_end(&b, mark);
	assert_fails(decode(&b, &err), err, TOKENWARD_CONFIG, "an option");
}

Test(module_info, hostile_options)
{
	option_refused("name", "Upper");
	option_refused("name", "with blank");
	option_refused("name", "");
	option_refused("type", "colour");
	option_refused("required", "2");
	option_refused("secret", "yes");
	option_refused("help", "\x1b");
}

Test(module_info, too_many)
{
	cleanup_buf struct buf options = BUF_INIT, words = BUF_INIT,
			       twice = BUF_INIT;
	struct error err = {0};
	char name[16];
	size_t mark;
	int i;

	hello(&options, NULL);
	hello(&words, NULL);
	for (i = 0; i < 65; i++) {
		mark = frame_begin(&options, "option");
		snprintf(name, sizeof(name), "o%d", i);
		frame_put_str(&options, "name", name);
		frame_end(&options, mark);
		frame_put_str(&words, "capability", "w");
	}
	assert_fails(
	    decode(&options, &err), err, TOKENWARD_CONFIG, "an option");
	assert_fails(decode(&words, &err), err, TOKENWARD_CONFIG, "too many");
	hello(&twice, NULL);
	for (i = 0; i < 2; i++) {
		mark = frame_begin(&twice, "option");
		frame_put_str(&twice, "name", "same");
		frame_end(&twice, mark);
	}
	assert_fails(decode(&twice, &err), err, TOKENWARD_CONFIG, "twice");
}

Test(module_info, names)
{
	static const char *const bad[] = {"", "-a", "1a", "A", "a_b", "a.b",
	    "a/b", "../a", "a b", "a\n", "\xc3\xa4", "a;b",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	char name[2] = "";
	size_t i;
	int c;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_not(module_is_name(bad[i]), "%s", bad[i]);
	cr_assert(module_is_name("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	cr_assert(module_is_name("a-1-"));
	for (c = 1; c < 256; c++) {
		name[0] = (char)c;
		cr_assert_eq(module_is_name(name), c >= 'a' && c <= 'z');
	}
}
