/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frames of modules, for both sides.
 *
 *   hello    module to host: abi, kind, name, version, summary, capability*,
 *            environment*, option* (a list: name, type, default, required,
 *            secret, help)
 *   request  id, operation, and the operation's fields; the first, id 0, is
 *            start: option.NAME*, environment* (NAME=VALUE)
 *   reply    id, result (a word), message, and the operation's fields
 */
#ifndef MODULE_MESSAGE_H
#define MODULE_MESSAGE_H

#include <stdbool.h>
#include <tokenward/module.h>
#include "base/buf.h"
#include "base/frame.h"

#define HELLO_MAX (64u << 10)
#define SAID_MAX 512

#define FIELD_ID "id"
#define FIELD_OPERATION "operation"
#define FIELD_RESULT "result"
#define FIELD_MESSAGE "message"
#define FIELD_TIME "time" /* milliseconds that are left */
#define FIELD_ENVIRONMENT "environment"
#define FIELD_OPTION "option" /* in a hello */
#define OPTION_PREFIX "option."
#define OPERATION_START "start"

struct tokenward_message {
	struct buf fields; /* to read: length, key, u32 length, value, NUL */
	struct buf list;   /* to write: a list as it is sent */
	char said[SAID_MAX];
};
#define MESSAGE_INIT                                               \
	{                                                          \
		.fields = BUF_SECRET_INIT, .list = BUF_SECRET_INIT \
	}
void message_free(struct tokenward_message *m);
#define cleanup_message __attribute__((cleanup(message_free)))

/*
 * The fields of a list, id and operation left out; with a prefix only those
 * that have it, without it.  False: malformed, or no memory.
 */
bool message_read(struct tokenward_message *m, const void *list, size_t len,
    const char *prefix);

extern const char *const message_types[]; /* of options, by their number */
bool hello_encode(const struct tokenward_module *module, struct buf *out);

/* A failure gives its sentence and nothing else; half an answer is none. */
bool message_may_have_fields(int result);

/* The operation of that name; NULL: the module has none. */
tokenward_operation message_operation(
    const struct tokenward_module *module, const char *name, size_t len);

#endif
