/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of apply: an object whose members have the names of add's
 * options, with "_" for "-".  What is not known is refused, and so is a value
 * of another kind than the option's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/json_scan.h"
#include "base/near.h"
#include "core/apply.h"

#define NAME_MAX_LEN 64
#define FIELDS_MAX 32

struct reading {
	struct tokenward *tw;
	struct apply_line *line;
	struct json_value secret, secret_file; /* at NULL: not there */
	bool verbatim;
};

static int
wrong_kind(const char *member, const char *want, const struct json_value *v,
    struct error *err)
{
	return error_set(err, TOKENWARD_USAGE, "\"%s\" is %s, not %s", member,
	    want, json_kind_word(json_kind(v)));
}

static bool
is(const struct json_value *v, enum json_kind kind)
{
	return json_kind(v) == kind;
}

/* ---- values by the kind of their field --------------------------------- */

static int
set_string(struct reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	cleanup_buf struct buf text = BUF_SECRET_INIT;

	if (is(v, JSON_NULL))
		return object_set(r->tw, r->line->c, field, NULL, err);
	if (!is(v, JSON_STRING))
		return wrong_kind(member, "a string", v, err);
	json_get_string(v, &text);
	if (text.failed)
		return error_memory(err);
	return object_set(
	    r->tw, r->line->c, field, text.len ? buf_str(&text) : NULL, err);
}

static int
set_flag(struct reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	if (!is(v, JSON_TRUE) && !is(v, JSON_FALSE) && !is(v, JSON_NULL))
		return wrong_kind(member, "true or false", v, err);
	return object_set(
	    r->tw, r->line->c, field, is(v, JSON_TRUE) ? "true" : NULL, err);
}

static int
set_list(struct reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	struct json_value walk, item;
	int res;

	if (!is(v, JSON_ARRAY))
		return set_string(r, field, member, v, err);
	res = object_set(r->tw, r->line->c, field, NULL, err);
	walk = json_inside(v);
	while (res == TOKENWARD_OK && json_next_item(&walk, &item))
		res =
		    is(&item, JSON_STRING)
			? set_string(r, field, member, &item, err)
			: wrong_kind(member, "an array of strings", &item, err);
	return res;
}

/* As the option has it, NAME=VALUE. */
static int
set_pair(struct reading *r, const char *field, const char *member,
    const struct json_value *name, const struct json_value *v,
    struct error *err)
{
	cleanup_buf struct buf pair = BUF_SECRET_INIT;

	if (!is(v, JSON_STRING))
		return wrong_kind(member, "an object of strings", v, err);
	json_get_string(name, &pair);
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
set_map(struct reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	struct json_value walk, name, item;
	int res;

	if (is(v, JSON_NULL))
		return object_set(r->tw, r->line->c, field, NULL, err);
	if (!is(v, JSON_OBJECT))
		return wrong_kind(member, "an object of strings", v, err);
	res = object_set(r->tw, r->line->c, field, NULL, err);
	walk = json_inside(v);
	while (res == TOKENWARD_OK && json_next_member(&walk, &name, &item))
		res = set_pair(r, field, member, &name, &item, err);
	return res;
}

typedef int (*set_fn)(struct reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err);

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
take_name(struct reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	(void)field;
	if (!is(v, JSON_STRING))
		return wrong_kind(member, "a string", v, err);
	json_get_string(v, &text);
	if (need_name(buf_str(&text), err) != TOKENWARD_OK)
		return err->code;
	r->line->name = strdup(buf_str(&text));
	return r->line->name ? TOKENWARD_OK : error_memory(err);
}

static int
take_verbatim(struct reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	(void)field;
	if (!is(v, JSON_TRUE) && !is(v, JSON_FALSE))
		return wrong_kind(member, "true or false", v, err);
	r->verbatim = is(v, JSON_TRUE);
	return TOKENWARD_OK;
}

/* Looked at when the whole line was understood. */
static int
take_secret(struct reading *r, const char *field, const char *member,
    const struct json_value *v, struct error *err)
{
	if (!is(v, JSON_STRING) && !is(v, JSON_OBJECT))
		return wrong_kind(
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
take_member(struct reading *r, const char *member, const struct json_value *v,
    struct error *err)
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

/* ---- secrets ----------------------------------------------------------- */

/* One end of line is the editor's, not the secret's. */
static void
drop_newline(struct buf *b)
{
	if (b->len && b->data[b->len - 1] == '\n')
		b->len--;
	if (b->len && b->data[b->len - 1] == '\r')
		b->len--;
}

static void
warn_if_open(struct tokenward *tw, int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (st.st_mode & (S_IRGRP | S_IROTH)))
		handle_warn(tw,
		    "%s can be read by others; remove it, or \"chmod 600\" it",
		    path);
}

/* Messages leave the path out: somebody may have put the secret there. */
static int
read_secret_file(
    struct tokenward *tw, const char *path, struct buf *ret, struct error *err)
{
	cleanup_close int fd =
	    file_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	int e = fd < 0 ? errno : file_read_fd(fd, RECORD_SECRET_MAX + 2, ret);

	if (e == EFBIG)
		return error_set(err, TOKENWARD_USAGE,
		    "the file of \"secret_file\" has more than 64 KiB, that "
		    "is no secret");
	errno = e;
	if (e)
		return error_errno(err,
		    e == EACCES || e == EPERM ? TOKENWARD_NOT_ALLOWED
					      : TOKENWARD_USAGE,
		    "cannot read the file of \"secret_file\"");
	warn_if_open(tw, fd, path);
	drop_newline(ret);
	return TOKENWARD_OK;
}

/* name: NULL for the client secret; value: the secret, or its file's path. */
static int
set_secret(struct reading *r, const struct json_value *name,
    const struct json_value *value, bool by_file, struct error *err)
{
	cleanup_buf struct buf text = BUF_SECRET_INIT, file = BUF_SECRET_INIT;
	cleanup_buf struct buf key = BUF_INIT;
	struct buf *b = &text;
	int res = TOKENWARD_OK;

	if (!is(value, JSON_STRING))
		return wrong_kind(by_file ? "secret_file" : "secret",
		    "an object of strings", value, err);
	json_get_string(value, &text);
	if (name)
		json_get_string(name, &key);
	if (text.failed || key.failed)
		return error_memory(err);
	if (by_file) {
		res = read_secret_file(r->tw, buf_str(&text), &file, err);
		b = &file;
	}
	return res ? res
		   : object_set_secret(r->line->c, name ? buf_str(&key) : NULL,
			 buf_str(b), b->len, r->verbatim, err);
}

static int
set_secrets(struct reading *r, const struct json_value *v, bool by_file,
    struct error *err)
{
	struct json_value walk, name, item;
	int res = TOKENWARD_OK;

	if (!v->at)
		return TOKENWARD_OK;
	if (is(v, JSON_STRING))
		return set_secret(r, NULL, v, by_file, err);
	walk = json_inside(v);
	while (res == TOKENWARD_OK && json_next_member(&walk, &name, &item))
		res = set_secret(r, &name, &item, by_file, err);
	return res;
}

static int
take_secrets(struct reading *r, struct error *err)
{
	int res;

	if (r->secret.at && r->secret_file.at)
		return error_set(err, TOKENWARD_USAGE,
		    "\"secret\" and \"secret_file\" exclude each other");
	res = set_secrets(r, &r->secret, false, err);
	return res ? res : set_secrets(r, &r->secret_file, true, err);
}

/* ---- the line ---------------------------------------------------------- */

/* The name first, so that messages have it wherever it stands. */
static int
take_members(struct reading *r, const struct json_value *object, bool names,
    struct error *err)
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
    struct reading *r, const struct json_value *object, struct error *err)
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
	return res ? res : take_secrets(r, err);
}

int
apply_line_read(struct tokenward *tw, const char *text, size_t len,
    struct apply_line *ret, struct error *err)
{
	struct reading r = {.tw = tw, .line = ret};
	struct json_fault fault;
	struct json_value v;

	*ret = (struct apply_line){0};
	if (json_scan(text, len, &fault) != 0)
		return error_set(err, TOKENWARD_USAGE,
		    "it is no JSON: %s (each line is an object of its own)",
		    fault.what);
	v = json_begin(text, len);
	if (!is(&v, JSON_OBJECT))
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
