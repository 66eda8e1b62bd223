/* SPDX-License-Identifier: BSD-2-Clause */
/* What a module says of itself: foreign bytes, so checked in every part. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "module/host.h"

#define TEXT_MAX 256
#define LIST_MAX 64

/* The variables a module may ask for: how to reach the user's session, and
   where the service manager put credentials. */
static const char *const variables[] = {
    "CREDENTIALS_DIRECTORY",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "HOME",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    NULL,
};

struct hello {
	struct module_info *info;
	struct error *err;
	int64_t abi;
};

static void
option_free(struct module_option *o)
{
	free(o->name);
	free(o->fallback);
	free(o->help);
}

void
module_info_free(struct module_info *info)
{
	while (info->options_n > 0)
		option_free(&info->options[--info->options_n]);
	free(info->options);
	free(info->name);
	free(info->version);
	free(info->summary);
	strlist_free(&info->capabilities);
	strlist_free(&info->environment);
	*info = (struct module_info){0};
}

static int
malformed(struct error *err, const char *what)
{
	return error_read(err, TOKENWARD_CONFIG,
	    "what it says of itself is malformed: %s", what);
}

static bool
is_plain(const char *s)
{
	return str_is_clean(s, strlen(s));
}

/* Text for people, once. */
static int
take_text(const struct frame_field *f, char **ret, struct error *err)
{
	char *text = f->len <= TEXT_MAX && !*ret ? frame_dup(f) : NULL;

	if (!text || !is_plain(text)) {
		free(text);
		return malformed(err, "a text");
	}
	*ret = text;
	return TOKENWARD_OK;
}

static int
take_word(const struct frame_field *f, struct strlist *ret, struct error *err)
{
	cleanup_free char *text = NULL;

	if (take_text(f, &text, err) != TOKENWARD_OK)
		return err->code;
	if (ret->n >= LIST_MAX)
		return malformed(err, "too many words");
	return strlist_add(ret, text) ? TOKENWARD_OK : error_memory(err);
}

static bool
one_of(const char *const *words, const char *word)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

static int
take_variable(const struct frame_field *f, struct hello *h)
{
	struct strlist *l = &h->info->environment;

	if (take_word(f, l, h->err) != TOKENWARD_OK)
		return h->err->code;
	if (one_of(variables, l->v[l->n - 1]))
		return TOKENWARD_OK;
	return error_set(h->err, TOKENWARD_CONFIG,
	    "it asks for the variable %s, which no module gets",
	    l->v[l->n - 1]);
}

/* ---- options ----------------------------------------------------------- */

static bool
take_type(const struct frame_field *f, struct module_option *o)
{
	size_t i;

	for (i = 0; message_types[i]; i++)
		if (strlen(message_types[i]) == f->len &&
		    memcmp(message_types[i], f->value, f->len) == 0) {
			o->type = (enum tokenward_option_type)i;
			return true;
		}
	return false;
}

static bool
take_flag(const struct frame_field *f, bool *ret)
{
	int64_t v;

	if (!frame_num(f, &v) || v < 0 || v > 1)
		return false;
	*ret = v;
	return true;
}

static bool
take_option_field(
    const struct frame_field *f, struct module_option *o, struct error *err)
{
	if (frame_key_is(f, "name"))
		return take_text(f, &o->name, err) == TOKENWARD_OK;
	if (frame_key_is(f, "type"))
		return take_type(f, o);
	if (frame_key_is(f, "default"))
		return take_text(f, &o->fallback, err) == TOKENWARD_OK;
	if (frame_key_is(f, "required"))
		return take_flag(f, &o->required);
	if (frame_key_is(f, "secret"))
		return take_flag(f, &o->secret);
	if (frame_key_is(f, "help"))
		return take_text(f, &o->help, err) == TOKENWARD_OK;
	return true;
}

static bool
take_option_fields(
    const struct frame_field *f, struct module_option *o, struct error *err)
{
	struct frame_reader r;
	struct frame_field part;
	int got;

	frame_open(&r, f->value, f->len);
	while ((got = frame_next(&r, &part)) == 1)
		if (!take_option_field(&part, o, err))
			return false;
	return got == 0 && o->name && module_is_name(o->name);
}

static int
take_option(const struct frame_field *f, struct hello *h)
{
	struct module_info *info = h->info;
	struct module_option *v;
	size_t i;

	v = reallocarray(info->options, info->options_n + 1, sizeof(*v));
	if (!v)
		return error_memory(h->err);
	info->options = v;
	v += info->options_n++;
	*v = (struct module_option){0};
	if (info->options_n > LIST_MAX || !take_option_fields(f, v, h->err))
		return malformed(h->err, "an option");
	for (i = 0; i + 1 < info->options_n; i++)
		if (strcmp(info->options[i].name, v->name) == 0)
			return malformed(h->err, "an option twice");
	return TOKENWARD_OK;
}

/* ---- the fields -------------------------------------------------------- */

static int
take_abi(const struct frame_field *f, struct hello *h)
{
	return frame_num(f, &h->abi) ? TOKENWARD_OK : malformed(h->err, "abi");
}

static int
take_kind(const struct frame_field *f, struct hello *h)
{
	int i, most = h->info->kind == MODULE_KIND_MAX ? MODULE_KIND_MAX : 0;

	for (i = 0; i < most; i++)
		if (strlen(module_kind_names[i]) == f->len &&
		    memcmp(module_kind_names[i], f->value, f->len) == 0) {
			h->info->kind = (enum module_kind)i;
			return TOKENWARD_OK;
		}
	return malformed(h->err, "kind");
}

static int
take_name(const struct frame_field *f, struct hello *h)
{
	return take_text(f, &h->info->name, h->err);
}

static int
take_version(const struct frame_field *f, struct hello *h)
{
	return take_text(f, &h->info->version, h->err);
}

static int
take_summary(const struct frame_field *f, struct hello *h)
{
	return take_text(f, &h->info->summary, h->err);
}

static int
take_capability(const struct frame_field *f, struct hello *h)
{
	return take_word(f, &h->info->capabilities, h->err);
}

static const struct {
	const char *key;
	int (*take)(const struct frame_field *f, struct hello *h);
} fields[] = {
    {"abi", take_abi},
    {"kind", take_kind},
    {"name", take_name},
    {"version", take_version},
    {"summary", take_summary},
    {"capability", take_capability},
    {FIELD_ENVIRONMENT, take_variable},
    {FIELD_OPTION, take_option},
};

/* Fields of a later protocol are let pass. */
static int
take(const struct frame_field *f, struct hello *h)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (frame_key_is(f, fields[i].key))
			return fields[i].take(f, h);
	return TOKENWARD_OK;
}

static int
take_all(const struct buf *list, struct hello *h)
{
	struct frame_reader r;
	struct frame_field f;
	int got;

	h->info->kind = MODULE_KIND_MAX;
	frame_open(&r, list->data, list->len);
	while ((got = frame_next(&r, &f)) == 1)
		if (take(&f, h) != TOKENWARD_OK)
			return h->err->code;
	if (got < 0 || h->info->kind == MODULE_KIND_MAX || !h->info->name ||
	    !h->info->version || !h->info->summary)
		return malformed(h->err, "something is missing");
	return TOKENWARD_OK;
}

int
module_info_decode(
    const struct buf *list, struct module_info *ret, struct error *err)
{
	struct hello h = {.info = ret, .err = err};
	struct frame_field f;

	*ret = (struct module_info){0};
	errno = 0;
	/* The rest of another protocol may mean anything. */
	if (frame_find(list->data, list->len, "abi", &f) &&
	    frame_num(&f, &h.abi) && h.abi != TOKENWARD_MODULE_ABI)
		return error_set(err, TOKENWARD_CONFIG,
		    "it is made for version %lld of the module protocol, and "
		    "this tokenward speaks version %u",
		    (long long)h.abi, TOKENWARD_MODULE_ABI);
	if (take_all(list, &h) == TOKENWARD_OK && h.abi == TOKENWARD_MODULE_ABI)
		return TOKENWARD_OK;
	module_info_free(ret);
	return err->code ? err->code : malformed(err, "abi");
}
