/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of apply: an object whose members have the names of add's
 * options, with "_" for "-".  What is not known is refused, and so is a value
 * of another kind than the option's.
 */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/json_read.h"
#include "base/json_scan.h"
#include "base/near.h"
#include "core/apply_reading.h"

#define NAME_MAX_LEN 64
#define FIELDS_MAX 32

int
apply_wrong_kind(const char *member, const char *want,
    const struct json_value *v, struct error *err)
{
	return error_set(err, TOKENWARD_USAGE, "\"%s\" is %s, not %s", member,
	    want, json_kind_word(json_kind(v)));
}

bool
apply_is(const struct json_value *v, enum json_kind kind)
{
	return json_kind(v) == kind;
}

/* ---- values by the kind of their field --------------------------------- */

static int
set_string(struct apply_reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	cleanup_buf struct buf text = BUF_SECRET_INIT;

	if (apply_is(v, JSON_NULL))
		return object_set(r->tw, r->line->c, field, NULL, err);
	if (!apply_is(v, JSON_STRING))
		return apply_wrong_kind(member, "a string", v, err);
	json_get_string(v, &text);
	if (text.failed)
		return error_memory(err);
	return object_set(
	    r->tw, r->line->c, field, text.len ? buf_str(&text) : NULL, err);
}

static int
set_flag(struct apply_reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	if (!apply_is(v, JSON_TRUE) && !apply_is(v, JSON_FALSE) &&
	    !apply_is(v, JSON_NULL))
		return apply_wrong_kind(member, "true or false", v, err);
	return object_set(r->tw, r->line->c, field,
	    apply_is(v, JSON_TRUE) ? "true" : NULL, err);
}

static int
set_list(struct apply_reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	struct json_value walk, item;
	int res;

	if (!apply_is(v, JSON_ARRAY))
		return set_string(r, field, member, v, err);
	res = object_set(r->tw, r->line->c, field, NULL, err);
	walk = json_inside(v);
	while (res == TOKENWARD_OK && json_next_item(&walk, &item))
		res = apply_is(&item, JSON_STRING)
			  ? set_string(r, field, member, &item, err)
			  : apply_wrong_kind(
				member, "an array of strings", &item, err);
	return res;
}

/* As the option has it, NAME=VALUE. */
static int
set_pair(struct apply_reading *r, const char *field, const char *member,
    const struct json_value *name, const struct json_value *v,
    struct error *err)
{
	cleanup_buf struct buf pair = BUF_SECRET_INIT;

	if (!apply_is(v, JSON_STRING))
		return apply_wrong_kind(member, "an object of strings", v, err);
	json_get_string(name, &pair);
	if (pair.failed)
		return error_memory(err);
	if (strchr(buf_str(&pair), '=') || !pair.len)
		return error_set(err, TOKENWARD_USAGE,
		    "\"%s\": the name of a value is empty or has a \"=\"",
		    member);
	buf_put_byte(&pair, '=');
	json_get_string(v, &pair);
	return pair.failed
		   ? error_memory(err)
		   : object_set(r->tw, r->line->c, field, buf_str(&pair), err);
}

static int
set_map(struct apply_reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	struct json_value walk, name, item;
	int res;

	if (apply_is(v, JSON_NULL))
		return object_set(r->tw, r->line->c, field, NULL, err);
	if (!apply_is(v, JSON_OBJECT))
		return apply_wrong_kind(member, "an object of strings", v, err);
	res = object_set(r->tw, r->line->c, field, NULL, err);
	walk = json_inside(v);
	while (res == TOKENWARD_OK && json_next_member(&walk, &name, &item))
		res = set_pair(r, field, member, &name, &item, err);
	return res;
}

typedef int (*set_fn)(struct apply_reading *r, const char *field,
    const char *member, const struct json_value *v, struct error *err);

static const set_fn setters[] = {
    [FIELD_TEXT] = set_string,
    [FIELD_LIST] = set_list,
    [FIELD_MAP] = set_map,
    [FIELD_FLAG] = set_flag,
    [FIELD_DURATION] = set_string,
    [FIELD_TIME] = set_string,
};

/* ---- members that are no plain field ----------------------------------- */

static int
take_name(struct apply_reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)field;
	if (!apply_is(v, JSON_STRING))
		return apply_wrong_kind(member, "a string", v, err);
	json_get_string(v, &text);
	if (text.failed)
		return error_memory(err);
	if (need_name(buf_str(&text), err) != TOKENWARD_OK)
		return err->code;
	r->line->name = strdup(buf_str(&text));
	return r->line->name ? TOKENWARD_OK : error_memory(err);
}

static int
take_verbatim(struct apply_reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	(void)field;
	if (!apply_is(v, JSON_TRUE) && !apply_is(v, JSON_FALSE))
		return apply_wrong_kind(member, "true or false", v, err);
	r->verbatim = apply_is(v, JSON_TRUE);
	return TOKENWARD_OK;
}

/* Looked at when the whole line was understood. */
static int
take_secret(struct apply_reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	if (!apply_is(v, JSON_STRING) && !apply_is(v, JSON_OBJECT))
		return apply_wrong_kind(
		    member, "a string, or an object of them", v, err);
	*(strcmp(field, "secret") == 0 ? &r->secret : &r->secret_file) = *v;
	return TOKENWARD_OK;
}

static const struct {
	const char *member;
	set_fn set;
} specials[] = {
    {"name", take_name},
    {"secret", take_secret},
    {"secret_file", take_secret},
    {"verbatim", take_verbatim},
    {"client_id", set_string},
    {"issued_at", set_string},
    {"expires_at", set_string},
    {"lifetime", set_string},
};
#define SPECIALS (sizeof(specials) / sizeof(specials[0]))

/* An option's name as a member: "token-url" is "token_url". */
static void
member_name(const char *option, char *ret)
{
	size_t i;

	for (i = 0; option[i] && i < NAME_MAX_LEN - 1; i++)
		ret[i] = option[i] == '-' ? '_' : option[i];
	ret[i] = '\0';
}

static int
unknown_member(const char *member, struct error *err)
{
	cleanup_buf struct buf shown = BUF_INIT;
	char names[FIELDS_MAX][NAME_MAX_LEN];
	struct near n;
	size_t i;

	near_begin(&n, member);
	for (i = 0; i < SPECIALS; i++)
		near_try(&n, specials[i].member);
	for (i = 0; i < credential_fields_n && i < FIELDS_MAX; i++)
		if (credential_fields[i].option) {
			member_name(credential_fields[i].option, names[i]);
			near_try(&n, names[i]);
		}
	if (!n.best && strstr(member, "secret"))
		n.best = "secret";
	str_clean(&shown, member, strlen(member), 64);
	return error_set(err, TOKENWARD_USAGE,
	    "there is no member \"%s\"%s%s%s", buf_str(&shown),
	    n.best ? "; did you mean \"" : "", n.best ? n.best : "",
	    n.best ? "\"?" : "");
}

static int
take_member(struct apply_reading *r, const char *member,
    const struct json_value *v, struct error *err)
{
	const struct field *f;
	char name[NAME_MAX_LEN];
	size_t i;

	for (i = 0; i < SPECIALS; i++)
		if (strcmp(specials[i].member, member) == 0)
			return specials[i].set(r, member, member, v, err);
	for (i = 0; i < credential_fields_n; i++) {
		f = &credential_fields[i];
		if (!f->option)
			continue;
		member_name(f->option, name);
		if (strcmp(name, member) == 0)
			return setters[f->kind](r, f->name, member, v, err);
	}
	return unknown_member(member, err);
}

/* ---- the line ---------------------------------------------------------- */

/* The name first, so that messages have it wherever it stands. */
static int
take_members(struct apply_reading *r, const struct json_value *object,
    bool names, struct error *err)
{
	struct json_value walk = json_inside(object), name, v;
	int res = TOKENWARD_OK;

	while (res == TOKENWARD_OK && json_next_member(&walk, &name, &v)) {
		cleanup_buf struct buf member = BUF_INIT;

		json_get_string(&name, &member);
		if (member.failed)
			return error_memory(err);
		if ((strcmp(buf_str(&member), "name") == 0) == names)
			res = take_member(r, buf_str(&member), &v, err);
	}
	return res;
}

static int
read_object(
    struct apply_reading *r, const struct json_value *object, struct error *err)
{
	int res = take_members(r, object, true, err);

	if (res == TOKENWARD_OK && !r->line->name)
		res = error_set(err, TOKENWARD_USAGE, "\"name\" is missing");
	if (res == TOKENWARD_OK)
		res = take_members(r, object, false, err);
	if (res == TOKENWARD_OK && object_has(r->line->c, "expires_at") &&
	    object_has(r->line->c, "lifetime"))
		res = error_set(err, TOKENWARD_USAGE,
		    "\"expires_at\" and \"lifetime\" exclude each other");
	return res ? res : apply_secrets(r, err);
}

int
apply_line_read(struct tokenward *tw, const char *text, size_t len,
    struct apply_line *ret, struct error *err)
{
	struct apply_reading r = {.tw = tw, .line = ret};
	struct json_fault fault = {0};
	struct json_value v;

	*ret = (struct apply_line){0};
	if (json_scan(text, len, &fault) != 0)
		return fault.no_memory ? error_memory(err)
				       : error_set(err, TOKENWARD_USAGE,
					     "it is no JSON: %s (each line is "
					     "an object of its own)",
					     fault.what);
	v = json_begin(text, len);
	if (!apply_is(&v, JSON_OBJECT))
		return error_set(err, TOKENWARD_USAGE,
		    "each line is an object, this is %s",
		    json_kind_word(json_kind(&v)));
	if (tokenward_credential_new(&ret->c) != TOKENWARD_OK)
		return error_memory(err);
	return read_object(&r, &v, err);
}

void
apply_line_free(struct apply_line *l)
{
	tokenward_credential_free(l->c);
	free(l->name);
	*l = (struct apply_line){0};
}
