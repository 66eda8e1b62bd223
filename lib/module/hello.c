/* SPDX-License-Identifier: BSD-2-Clause */
/* A descriptor as a frame, and the operations by name. */
#include <string.h>
#include "module/message.h"

const char *const message_types[] = {
    [TOKENWARD_OPTION_TEXT] = "text",
    [TOKENWARD_OPTION_NUMBER] = "number",
    [TOKENWARD_OPTION_DURATION] = "duration",
    [TOKENWARD_OPTION_FLAG] = "flag",
    NULL,
};

static void
put_option(struct buf *out, const struct tokenward_option *o)
{
	size_t mark = frame_begin(out, FIELD_OPTION);

	frame_put_str(out, "name", o->name);
	frame_put_str(out, "type", message_types[o->type]);
	if (o->fallback)
		frame_put_str(out, "default", o->fallback);
	frame_put_num(out, "required", o->required != 0);
	frame_put_num(out, "secret", o->secret != 0);
	frame_put_str(out, "help", o->help ? o->help : "");
	frame_end(out, mark);
}

/* Each word of a text with blanks. */
static void
put_words(struct buf *out, const char *key, const char *text)
{
	size_t len;

	for (; text && *text; text += len) {
		text += strspn(text, " ");
		len = strcspn(text, " ");
		if (len)
			frame_put(out, key, text, len);
	}
}

bool
hello_encode(const struct tokenward_module *m, struct buf *out)
{
	const struct tokenward_option *o;
	const char *const *name;

	if (m->size < sizeof(*m) || !m->kind || !m->name)
		return false;
	frame_put_num(out, "abi", m->abi);
	frame_put_str(out, "kind", m->kind);
	frame_put_str(out, "name", m->name);
	frame_put_str(out, "version", m->version ? m->version : "");
	frame_put_str(out, "summary", m->summary ? m->summary : "");
	put_words(out, "capability", m->capabilities);
	for (name = m->environment; name && *name; name++)
		frame_put_str(out, FIELD_ENVIRONMENT, *name);
	for (o = m->options; o && o->name; o++)
		put_option(out, o);
	return !out->failed;
}

#define OPERATION(kind, name)                                               \
	{                                                                   \
#kind, #name, offsetof(struct tokenward_module, kind.name), \
	}

static const struct {
	const char *kind, *name;
	size_t at;
} operations[] = {
    OPERATION(key, enroll),
    OPERATION(key, open),
    OPERATION(key, forget),
    OPERATION(store, get),
    OPERATION(store, put),
    OPERATION(store, remove),
    OPERATION(store, each),
    OPERATION(notify, send),
};

tokenward_operation
message_operation(
    const struct tokenward_module *module, const char *name, size_t len)
{
	tokenward_operation op;
	size_t i;

	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(operations[i].kind, module->kind) == 0 &&
		    strlen(operations[i].name) == len &&
		    memcmp(operations[i].name, name, len) == 0) {
			memcpy(&op, (const char *)module + operations[i].at,
			    sizeof(op));
			return op;
		}
	return NULL;
}
