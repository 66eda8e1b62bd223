/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a module says of itself, the options of a line against it, and its
 * messages as the other side reads them.  The input is the options, a line
 * each (their names are checked before, by lib/module/stack_line.c), an
 * empty line, and a list.
 */
#include "base/cleanup.h"
#include "fuzz.h"
#include "module/host.h"

static void
check_info(const struct module_info *info)
{
	REQUIRE(info->kind < MODULE_KIND_MAX);
	REQUIRE(info->name && info->version && info->summary);
	REQUIRE(fuzz_is_line(info->summary, strlen(info->summary)));
	REQUIRE(info->options_n <= 64 && info->environment.n <= 64);
	for (size_t i = 0; i < info->options_n; i++)
		REQUIRE(module_is_name(info->options[i].name));
	for (size_t i = 0; i < info->environment.n; i++)
		REQUIRE(!strchr(info->environment.v[i], '=') &&
			strncmp(info->environment.v[i], "LD_", 3) != 0);
}

static int
check_options(const struct module_info *info, const struct strmap *given)
{
	struct stack_line line = {
	    .kind = info->kind, .module = info->name, .options = *given};
	struct strmap options = {0};
	struct error err = {0};
	int r;

	faults_on();
	r = module_options(info, &line, &options, &err);
	faults_off();
	if (r)
		fuzz_error(&err, r);
	else
		REQUIRE(options.n <= info->options_n);
	strmap_free(&options);
	return r;
}

static void
check_message(const struct buf *list)
{
	cleanup_message struct tokenward_message m = MESSAGE_INIT;
	const void *value;
	size_t at = 0, len;
	char key[65];
	bool good;

	faults_on();
	good = message_read(&m, list->data, list->len, NULL);
	faults_off();
	REQUIRE(faults_hit() || good == frame_valid(list->data, list->len));
	while (good && tokenward_message_next(&m, &at, key, &value, &len)) {
		REQUIRE(strcmp(key, "id") != 0);
		REQUIRE(((const char *)value)[len] == '\0');
		REQUIRE(tokenward_message_get(&m, key, &len));
		tokenward_message_text(&m, key);
		tokenward_message_number(&m, key, 0);
	}
}

static void
read_options(struct input *in, struct strmap *ret)
{
	char *line, *value;

	while ((line = input_line(in)) && *line) {
		value = strchr(line, '=');
		if (value)
			*value++ = '\0';
		if (module_is_name(line))
			REQUIRE(strmap_set(ret, line, value ? value : "yes"));
		free(line);
	}
	free(line);
}

static int
decode(const struct buf *list, const struct strmap *given)
{
	struct module_info info;
	struct error err = {0};
	int r;

	faults_on();
	r = module_info_decode(list, &info, &err);
	faults_off();
	if (r) {
		fuzz_error(&err, r);
		REQUIRE(!info.name && !info.options);
		return r;
	}
	check_info(&info);
	r = check_options(&info, given);
	module_info_free(&info);
	return r;
}

static int
once(struct input in)
{
	cleanup_buf struct buf list = BUF_INIT;
	struct strmap given = {0};
	int r;

	read_options(&in, &given);
	buf_put(&list, in.at, in.left);
	r = decode(&list, &given);
	check_message(&list);
	strmap_free(&given);
	return r;
}

FUZZ(hello)
{
	return fuzz_run(once, data, len);
}
