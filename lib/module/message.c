/* SPDX-License-Identifier: BSD-2-Clause */
/* A frame as a module sees it: fields to read, or fields to put. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "module/message.h"

#define KEY_SIZE 65

void
message_free(struct tokenward_message *m)
{
	buf_free(&m->fields);
	buf_free(&m->list);
}

bool
message_may_have_fields(int result)
{
	return result == TOKENWARD_MODULE_OK || result == TOKENWARD_MODULE_ASK;
}

/* ---- reading ----------------------------------------------------------- */

static void
keep_field(struct buf *b, const struct frame_field *f, size_t skip)
{
	buf_put_byte(b, (unsigned char)(f->key_len - skip));
	buf_put(b, f->key + skip, f->key_len - skip);
	buf_put_u32(b, (uint32_t)f->len);
	buf_put(b, f->value, f->len);
	buf_put_byte(b, 0);
}

static bool
wanted(const struct frame_field *f, const char *prefix)
{
	size_t len = prefix ? strlen(prefix) : 0;

	if (!prefix)
		return !frame_key_is(f, FIELD_ID) &&
		       !frame_key_is(f, FIELD_OPERATION);
	return f->key_len > len && memcmp(f->key, prefix, len) == 0;
}

bool
message_read(struct tokenward_message *m, const void *list, size_t len,
    const char *prefix)
{
	struct frame_reader r;
	struct frame_field f;
	int got;

	buf_clear(&m->fields);
	buf_room(&m->fields, len + len / 8 + 64);
	frame_open(&r, list, len);
	while ((got = frame_next(&r, &f)) == 1)
		if (wanted(&f, prefix))
			keep_field(&m->fields, &f, prefix ? strlen(prefix) : 0);
	return got == 0 && !m->fields.failed;
}

/* The field at *at, which moves on; false at the end. */
static bool
next(const struct tokenward_message *m, size_t *at, struct frame_field *ret)
{
	const unsigned char *p = m->fields.data + *at;

	if (*at >= m->fields.len)
		return false;
	ret->key = (const char *)p + 1;
	ret->key_len = p[0];
	ret->len = get_u32(p + 1 + p[0]);
	ret->value = p + 1 + p[0] + 4;
	*at += 1 + ret->key_len + 4 + ret->len + 1;
	return true;
}

const void *
tokenward_message_get(
    const struct tokenward_message *m, const char *key, size_t *ret_len)
{
	struct frame_field f;
	size_t at = 0;

	while (next(m, &at, &f))
		if (frame_key_is(&f, key)) {
			if (ret_len)
				*ret_len = f.len;
			return f.value;
		}
	return NULL;
}

const char *
tokenward_message_text(const struct tokenward_message *m, const char *key)
{
	size_t len;
	const char *text = tokenward_message_get(m, key, &len);

	return text && strlen(text) == len ? text : NULL;
}

int64_t
tokenward_message_number(
    const struct tokenward_message *m, const char *key, int64_t fallback)
{
	struct frame_field f;
	int64_t v;

	f.value = tokenward_message_get(m, key, &f.len);
	return f.value && frame_num(&f, &v) ? v : fallback;
}

int
tokenward_message_next(const struct tokenward_message *m, size_t *at,
    char *ret_key, const void **ret_value, size_t *ret_len)
{
	struct frame_field f;

	if (!next(m, at, &f))
		return 0;
	snprintf(ret_key, KEY_SIZE, "%.*s", (int)f.key_len, f.key);
	*ret_value = f.value;
	*ret_len = f.len;
	return 1;
}

/* ---- writing ----------------------------------------------------------- */

static bool
may_put(struct tokenward_message *m, const char *key)
{
	if (strcmp(key, FIELD_ID) == 0 || strcmp(key, FIELD_RESULT) == 0 ||
	    strcmp(key, FIELD_MESSAGE) == 0)
		m->list.failed = true; /* the protocol's own */
	return !m->list.failed;
}

void
tokenward_message_put(
    struct tokenward_message *m, const char *key, const void *value, size_t len)
{
	if (may_put(m, key))
		frame_put(&m->list, key, value, len);
}

void
tokenward_message_put_text(
    struct tokenward_message *m, const char *key, const char *text)
{
	tokenward_message_put(m, key, text, strlen(text));
}

void
tokenward_message_put_number(
    struct tokenward_message *m, const char *key, int64_t number)
{
	if (may_put(m, key))
		frame_put_num(&m->list, key, number);
}

void *
tokenward_message_room(struct tokenward_message *m, const char *key, size_t len)
{
	unsigned char *room;
	size_t mark;

	if (!may_put(m, key))
		return NULL;
	mark = frame_begin(&m->list, key);
	room = buf_room(&m->list, len);
	if (!room)
		return NULL;
	memset(room, 0, len + 1);
	m->list.len += len;
	frame_end(&m->list, mark);
	return m->list.failed ? NULL : room;
}

void
tokenward_message_say(struct tokenward_message *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->said, sizeof(m->said), fmt, ap);
	va_end(ap);
}
