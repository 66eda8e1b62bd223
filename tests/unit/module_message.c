/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames as a module sees them. */
#include <string.h>
#include "base/cleanup.h"
#include "module/message.h"
#include "unit.h"

static struct tokenward_message in = MESSAGE_INIT;

static void
take(const struct buf *list, const char *prefix)
{
	message_free(&in);
	in = (struct tokenward_message)MESSAGE_INIT;
	cr_assert(message_read(&in, list->data, list->len, prefix));
}

Test(module_message, fields_are_read)
{
	cleanup_buf struct buf b = BUF_INIT;
	size_t len = 99;

	frame_put_num(&b, "id", 7);
	frame_put_str(&b, "operation", "open");
	frame_put_str(&b, "slot", "-12");
	frame_put(&b, "salt", "a\0b", 3);
	frame_put_str(&b, "key", "one");
	frame_put_str(&b, "key", "two");
	frame_put_str(&b, "empty", "");
	take(&b, NULL);
	cr_assert_eq(tokenward_message_get(&in, "id", NULL), NULL);
	cr_assert_eq(tokenward_message_get(&in, "operation", NULL), NULL);
	cr_assert_eq(tokenward_message_get(&in, "slo", &len), NULL);
	cr_assert_eq(len, 99);
	cr_assert_eq(tokenward_message_number(&in, "slot", 1), -12);
	cr_assert_eq(tokenward_message_number(&in, "salt", 1), 1);
	cr_assert_eq(tokenward_message_number(&in, "absent", -5), -5);
	cr_assert_eq(tokenward_message_text(&in, "salt"), NULL);
	cr_assert_eq(
	    memcmp(tokenward_message_get(&in, "salt", &len), "a\0b", 4), 0,
	    "a NUL behind it");
	cr_assert_eq(len, 3);
	cr_assert_str_eq(tokenward_message_text(&in, "key"), "one");
	cr_assert_str_eq(tokenward_message_text(&in, "empty"), "");
	cr_assert_eq(tokenward_message_text(&in, "absent"), NULL);
}

Test(module_message, one_field_after_the_other)
{
	cleanup_buf struct buf b = BUF_INIT;
	const char *want[] = {"a", "b", "a"};
	char key[65], long_key[65];
	const void *value;
	size_t at = 0, len, i;

	memset(long_key, 'k', 64);
	long_key[64] = '\0';
	for (i = 0; i < 3; i++)
		frame_put_str(&b, want[i], want[i]);
	frame_put_str(&b, long_key, "");
	take(&b, NULL);
	for (i = 0; i < 3; i++) {
		cr_assert_eq(
		    tokenward_message_next(&in, &at, key, &value, &len), 1);
		cr_assert_str_eq(key, want[i]);
		cr_assert_str_eq((const char *)value, want[i]);
	}
	cr_assert_eq(tokenward_message_next(&in, &at, key, &value, &len), 1);
	cr_assert_str_eq(key, long_key);
	cr_assert_eq(len, 0);
	cr_assert_eq(tokenward_message_next(&in, &at, key, &value, &len), 0);
	cr_assert_eq(tokenward_message_next(&in, &at, key, &value, &len), 0);
}

Test(module_message, a_prefix_is_left_out)
{
	cleanup_buf struct buf b = BUF_INIT;

	frame_put_str(&b, "option.id", "x");
	frame_put_str(&b, "option.", "y");
	frame_put_str(&b, "options", "z");
	frame_put_str(&b, "id", "0");
	take(&b, "option.");
	cr_assert_str_eq(tokenward_message_text(&in, "id"), "x");
	cr_assert_eq(tokenward_message_get(&in, "options", NULL), NULL);
	cr_assert_eq(tokenward_message_get(&in, "", NULL), NULL);
}

Test(module_message, every_cut_is_refused)
{
	cleanup_buf struct buf b = BUF_INIT;
	size_t n, whole;

	frame_put_str(&b, "one", "1");
	whole = b.len;
	frame_put_str(&b, "two", "2");
	for (n = 0; n <= b.len; n++) {
		cleanup_message struct tokenward_message m = MESSAGE_INIT;

		cr_assert_eq(message_read(&m, b.data, n, NULL),
		    n == 0 || n == whole || n == b.len, "%zu", n);
	}
}

Test(module_message, what_is_put_can_be_read)
{
	cleanup_message struct tokenward_message out = MESSAGE_INIT;
	unsigned char *room;
	size_t len;

	tokenward_message_put(&out, "a", "x\0y", 3);
	tokenward_message_put_text(&out, "b", "text");
	tokenward_message_put_number(&out, "c", INT64_MIN);
	room = tokenward_message_room(&out, "kek", 32);
	cr_assert_neq(room, NULL);
	memset(room, 7, 32);
	tokenward_message_put_text(&out, "d", "after");
	cr_assert_not(out.list.failed);
	take(&out.list, NULL);
	cr_assert_eq(tokenward_message_number(&in, "c", 0), INT64_MIN);
	cr_assert_eq(((const unsigned char *)tokenward_message_get(
			 &in, "kek", &len))[31],
	    7);
	cr_assert_eq(len, 32);
	cr_assert_str_eq(tokenward_message_text(&in, "d"), "after");
}

Test(module_message, the_protocols_own_fields_are_not_to_be_put)
{
	static const char *const keys[] = {
	    "id", "result", "message", "Upper", "", "with blank"};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		cleanup_message struct tokenward_message out = MESSAGE_INIT;

		tokenward_message_put_text(&out, keys[i], "x");
		cr_assert(out.list.failed, "%s", keys[i]);
		tokenward_message_put_text(&out, "good", "x");
		cr_assert(out.list.failed, "failures stick");
		cr_assert_eq(tokenward_message_room(&out, "good", 1), NULL);
	}
}

Test(module_message, a_sentence_is_cut_not_overrun)
{
	cleanup_message struct tokenward_message out = MESSAGE_INIT;
	char text[2 * SAID_MAX];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	tokenward_message_say(&out, "%s", text);
	cr_assert_eq(strlen(out.said), SAID_MAX - 1);
	tokenward_message_say(&out, "%d", 5);
	cr_assert_str_eq(out.said, "5");
}

Test(module_message, operations_by_name)
{
	static const struct tokenward_module m = {.kind = "store"};

	cr_assert_eq(message_operation(&m, "get", 3), NULL, "not given");
	cr_assert_eq(message_operation(&m, "getx", 4), NULL);
	cr_assert_eq(message_operation(&m, "open", 4), NULL, "of a key");
	cr_assert_eq(message_operation(&m, "", 0), NULL);
}
