/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of apply: a line that is taken is JSON to json-c as well, has a name
 * that may be one and fields that can be shown; a secret in it stays out of
 * every sentence.  Files are not read: which there are is another matter.
 */
#include <json-c/json.h>
#include "base/cleanup.h"
#include "base/str.h"
#include "core/apply.h"
#include "fuzz.h"

/* Members whose values are names of files. */
static bool
names_a_file(const char *text)
{
	struct json_object *root = json_tokener_parse(text);
	bool names = json_object_object_get(root, "ca_file") ||
		     json_object_object_get(root, "secret_file");

	json_object_put(root);
	return names;
}

static void
check_fields(struct tokenward_credential *c)
{
	const struct tokenward_field *f;
	const char *v;

	for (f = tokenward_fields(); f->name; f++)
		for (size_t i = 0;
		     (v = tokenward_credential_get(c, f->name, i)); i++)
			REQUIRE(str_is_utf8(v, strlen(v)) &&
				fuzz_is_line(v, strlen(v)));
}

/* json-c keeps the last of two, so it agrees only where there is one. */
static void
check_name(const char *text, const char *name)
{
	struct json_object *root = json_tokener_parse(text), *v = NULL;

	REQUIRE(root && json_object_object_get_ex(root, "name", &v));
	REQUIRE(strcmp(json_object_get_string(v), name) == 0);
	json_object_put(root);
}

static int
once(struct input in)
{
	static struct tokenward tw = {.mutex = PTHREAD_MUTEX_INITIALIZER};
	cleanup_buf struct buf text = BUF_SECRET_INIT;
	struct apply_line line = {0};
	struct error err = {0};
	int r;

	buf_put(&text, in.at, in.left);
	REQUIRE(!text.failed);
	if (names_a_file(buf_str(&text)))
		return TOKENWARD_OK;
	faults_on();
	r = apply_line_read(&tw, buf_str(&text), text.len, &line, &err);
	faults_off();
	REQUIRE(!line.name || str_is_name(line.name));
	if (r) {
		fuzz_error(&err, r);
	} else {
		REQUIRE(line.name && line.c);
		check_fields(line.c);
		check_name(buf_str(&text), line.name);
	}
	apply_line_free(&line);
	return r;
}

FUZZ(apply)
{
	return fuzz_run(once, data, len);
}
