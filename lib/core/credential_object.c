/* SPDX-License-Identifier: BSD-2-Clause */
/* The bag of fields that callers fill and read, driven by the field table. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "core/core.h"

#define TEXT_MAX 4096u
#define CA_MAX (256u * 1024)

int
tokenward_credential_new(struct tokenward_credential **ret)
{
	struct tokenward_credential *c = calloc(1, sizeof(*c));

	if (c)
		c->rec = credential_new();
	if (!c || !c->rec) {
		free(c);
		return TOKENWARD_FAILED;
	}
	c->lifetime = TOKENWARD_TIME_UNKNOWN;
	c->given.issued_at = c->given.expires_at = TOKENWARD_TIME_UNKNOWN;
	*ret = c;
	return TOKENWARD_OK;
}

void
tokenward_credential_free(struct tokenward_credential *c)
{
	size_t i;

	if (!c)
		return;
	for (i = 0; i < c->given.secrets_n; i++) {
		free(c->given.secrets[i].name);
		buf_free(&c->given.secrets[i].value);
	}
	free(c->given.secrets);
	free(c->given.client_id);
	credential_free(c->rec);
	strlist_free(&c->set);
	strmap_free(&c->text);
	free(c);
}

bool
object_has(const struct tokenward_credential *c, const char *field)
{
	return strlist_has(&c->set, field);
}

/* ---- the table, as callers see it -------------------------------------- */

static struct tokenward_field *public_fields;

static void
make_public_fields(void)
{
	const struct field *f = credential_fields;
	struct tokenward_field *to;

	public_fields = calloc(credential_fields_n + 1, sizeof(*to));
	if (!public_fields)
		return;
	for (to = public_fields; f < credential_fields + credential_fields_n;
	     f++)
		if (f->option)
			*to++ = (struct tokenward_field){f->name, f->option,
			    f->argument,
			    f->kind == FIELD_LIST || f->kind == FIELD_MAP,
			    f->help};
}

const struct tokenward_field *
tokenward_fields(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static const struct tokenward_field none;

	pthread_once(&once, make_public_fields);
	return public_fields ? public_fields : &none;
}

static const struct field *
find_field(const char *name)
{
	size_t i;

	for (i = 0; i < credential_fields_n; i++)
		if (strcmp(credential_fields[i].name, name) == 0)
			return &credential_fields[i];
	return NULL;
}

/* ---- setting ----------------------------------------------------------- */

static int
check_text(const char *field, const char *value, struct error *err)
{
	size_t i, len = strlen(value);

	if (len > TEXT_MAX)
		return error_set(err, TOKENWARD_USAGE,
		    "%s is too long (%zu bytes, at most %u)", field, len,
		    TEXT_MAX);
	for (i = 0; i < len; i++)
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return error_set(err, TOKENWARD_USAGE,
			    "%s contains a control character", field);
	if (!str_is_utf8(value, len))
		return error_set(
		    err, TOKENWARD_USAGE, "%s is not valid UTF-8", field);
	return TOKENWARD_OK;
}

static int
set_pair(
    struct strmap *m, const char *field, const char *value, struct error *err)
{
	const char *eq = strchr(value, '=');
	cleanup_free char *key = NULL;

	if (!eq || eq == value)
		return error_set(err, TOKENWARD_USAGE,
		    "%s takes NAME=VALUE, not \"%s\"", field, value);
	key = strndup(value, (size_t)(eq - value));
	if (!key || !strmap_set(m, key, eq + 1))
		return error_memory(err);
	return TOKENWARD_OK;
}

static int
set_text(char **to, const char *value, struct error *err)
{
	char *copy = strdup(value);

	if (!copy)
		return error_memory(err);
	free(*to);
	*to = copy;
	return TOKENWARD_OK;
}

static void
empty_field(const struct field *f, void *at)
{
	if (f->kind == FIELD_TEXT) {
		free(*(char **)at);
		*(char **)at = NULL;
	} else if (f->kind == FIELD_LIST)
		strlist_free(at);
	else if (f->kind == FIELD_MAP)
		strmap_free(at);
	else if (f->kind == FIELD_FLAG)
		*(bool *)at = false;
	else
		*(int64_t *)at = 0;
}

static int
set_flag(bool *to, const char *field, const char *value, struct error *err)
{
	bool yes = strcmp(value, "true") == 0;

	if (!yes && strcmp(value, "false") != 0)
		return error_set(
		    err, TOKENWARD_USAGE, "%s is true or false", field);
	*to = yes;
	return TOKENWARD_OK;
}

static int
set_field(const struct field *f, void *at, const char *value, struct error *err)
{
	int r = check_text(f->option, value, err);

	if (r != TOKENWARD_OK)
		return r;
	if (f->kind == FIELD_TEXT)
		return set_text(at, value, err);
	if (f->kind == FIELD_MAP)
		return set_pair(at, f->option, value, err);
	if (f->kind == FIELD_LIST)
		return strlist_add(at, value) ? TOKENWARD_OK
					      : error_memory(err);
	if (f->kind == FIELD_FLAG)
		return set_flag(at, f->option, value, err);
	if (!duration_parse(value, at))
		return error_set(err, TOKENWARD_USAGE,
		    "--%s takes a duration such as 90s, 15m, 72h or 30d, not "
		    "\"%s\"",
		    f->option, value);
	return TOKENWARD_OK;
}

/* A path becomes the content of the file: the record stands alone. */
static int
set_ca(char **to, const char *value, struct error *err)
{
	cleanup_buf struct buf pem = BUF_INIT;
	int e = 0;

	if (str_prefix(value, "-----BEGIN"))
		buf_put_str(&pem, value);
	else
		e = file_read_at(AT_FDCWD, value, CA_MAX, true, &pem);
	if (e != 0) {
		errno = e;
		return error_errno(err, TOKENWARD_USAGE, "--ca-file %s", value);
	}
	if (!strstr(buf_str(&pem), "-----BEGIN CERTIFICATE-----") ||
	    strlen(buf_str(&pem)) != pem.len)
		return error_set(err, TOKENWARD_USAGE,
		    "--ca-file %s holds no PEM certificate",
		    str_prefix(value, "-----") ? "" : value);
	return set_text(to, buf_str(&pem), err);
}

/* ./FILE is remembered by its full path: jobs run elsewhere. */
static int
set_provider(char **to, const char *value, struct error *err)
{
	cleanup_free char *path = NULL;

	if (!strchr(value, '/'))
		return set_text(to, value, err);
	path = realpath(value, NULL);
	if (!path)
		return error_errno(
		    err, TOKENWARD_CONFIG, "--provider %s", value);
	return set_text(to, path, err);
}

static int
set_time(struct tokenward *tw, int64_t *to, const char *option,
    const char *value, struct error *err)
{
	if (strcmp(option, "expires-at") == 0 && strcmp(value, "never") == 0)
		*to = TOKENWARD_TIME_NEVER;
	else if (!time_parse(value, tokenward_now(tw), to))
		return error_set(err, TOKENWARD_USAGE,
		    "--%s takes a time such as 2026-12-31, "
		    "2026-12-31T08:00:00Z, now or @EPOCH, not \"%s\"",
		    option, value);
	return TOKENWARD_OK;
}

static int
set_lifetime(int64_t *to, const char *value, struct error *err)
{
	if (strcmp(value, "never") == 0)
		*to = TOKENWARD_TIME_NEVER;
	else if (!duration_parse(value, to) || *to == 0)
		return error_set(err, TOKENWARD_USAGE,
		    "--lifetime takes a duration such as 72h, or never, not "
		    "\"%s\"",
		    value);
	return TOKENWARD_OK;
}

static int
set_client_id(char **to, const char *value, struct error *err)
{
	int r = check_text("the client id", value, err);

	if (r == TOKENWARD_OK && !value[0])
		return error_set(
		    err, TOKENWARD_USAGE, "the client id is empty");
	return r ? r : set_text(to, value, err);
}

static int
set_special(struct tokenward *tw, struct tokenward_credential *c,
    const char *field, const char *value, struct error *err)
{
	if (strcmp(field, "client_id") == 0)
		return set_client_id(&c->given.client_id, value, err);
	if (strcmp(field, "issued_at") == 0)
		return set_time(
		    tw, &c->given.issued_at, "issued-at", value, err);
	if (strcmp(field, "expires_at") == 0)
		return set_time(
		    tw, &c->given.expires_at, "expires-at", value, err);
	if (strcmp(field, "lifetime") == 0)
		return set_lifetime(&c->lifetime, value, err);
	return error_set(
	    err, TOKENWARD_USAGE, "there is no field \"%s\"", field);
}

static int
set_any(struct tokenward *tw, struct tokenward_credential *c, const char *field,
    const char *value, struct error *err)
{
	const struct field *f = find_field(field);
	void *at = f ? (char *)c->rec + f->offset : NULL;

	if (!f || !f->option)
		return value ? set_special(tw, c, field, value, err)
			     : error_set(err, TOKENWARD_USAGE,
				   "\"%s\" cannot be emptied", field);
	if (!object_has(c, field))
		empty_field(f, at);
	if (!value)
		return TOKENWARD_OK;
	if (strcmp(field, "ca") == 0)
		return set_ca(at, value, err);
	if (strcmp(field, "provider") == 0)
		return set_provider(at, value, err);
	return set_field(f, at, value, err);
}

int
tokenward_credential_set(struct tokenward *tw, struct tokenward_credential *c,
    const char *field, const char *value)
{
	int r;

	call_begin(tw);
	r = set_any(tw, c, field, value, &tw->err);
	if (r == TOKENWARD_OK && !object_has(c, field) &&
	    !strlist_add(&c->set, field))
		r = error_memory(&tw->err);
	return call_end(tw, r);
}

/* ---- applying ---------------------------------------------------------- */

static bool
copy_field(const struct field *f, void *to, const void *from)
{
	const char *text = *(char *const *)from;

	if (f->kind == FIELD_LIST)
		return strlist_copy(to, from);
	if (f->kind == FIELD_MAP)
		return strmap_copy(to, from);
	if (f->kind == FIELD_FLAG)
		*(bool *)to = *(const bool *)from;
	else if (f->kind != FIELD_TEXT)
		*(int64_t *)to = *(const int64_t *)from;
	else {
		empty_field(f, to);
		*(char **)to = text ? strdup(text) : NULL;
		return !text || *(char **)to;
	}
	return true;
}

int
object_apply(const struct tokenward_credential *c, struct credential *rec,
    struct error *err)
{
	const struct field *f;
	size_t i;

	for (i = 0; i < credential_fields_n; i++) {
		f = &credential_fields[i];
		if (object_has(c, f->name) &&
		    !copy_field(
			f, (char *)rec + f->offset, (char *)c->rec + f->offset))
			return error_memory(err);
	}
	return TOKENWARD_OK;
}

bool
object_has_dates(const struct tokenward_credential *c)
{
	return object_has(c, "issued_at") || object_has(c, "expires_at") ||
	       object_has(c, "lifetime");
}

static int64_t
add_life(int64_t from, int64_t life)
{
	return life == TOKENWARD_TIME_NEVER || life > INT64_MAX / 2 - from
		   ? TOKENWARD_TIME_NEVER
		   : from + life;
}

void
version_dates(const struct tokenward_credential *c, const struct provider *p,
    const struct now *now, struct secret_version *v)
{
	int64_t from;

	if (!v->added_at)
		v->added_at = now->wall_ms / 1000;
	if (object_has(c, "issued_at"))
		v->issued_at = c->given.issued_at;
	from =
	    v->issued_at != TOKENWARD_TIME_UNKNOWN ? v->issued_at : v->added_at;
	if (object_has(c, "expires_at")) {
		v->expires_at = c->given.expires_at;
		v->basis = BASIS_STATED;
	} else if (object_has(c, "lifetime")) {
		v->expires_at = add_life(from, c->lifetime);
		v->basis = BASIS_STATED;
	} else if (p->secret_lifetime > 0 && v->basis != BASIS_STATED) {
		v->expires_at = add_life(from, p->secret_lifetime);
		v->basis = BASIS_ASSUMED;
	} else if (p->secret_lifetime_said && v->basis != BASIS_STATED) {
		v->expires_at = TOKENWARD_TIME_NEVER;
		v->basis = BASIS_NONE;
	}
}

int
object_apply_version(const struct tokenward_credential *c,
    const struct provider *p, const struct now *now, struct secret_version *v,
    struct error *err)
{
	const struct named_secret *s;
	size_t i;
	int r = TOKENWARD_OK;

	if (c->given.client_id)
		r = set_text(&v->client_id, c->given.client_id, err);
	for (i = 0; r == TOKENWARD_OK && i < c->given.secrets_n; i++) {
		s = &c->given.secrets[i];
		if (!version_set_secret(
			v, s->name, s->value.data, s->value.len))
			r = error_memory(err);
	}
	version_dates(c, p, now, v);
	return r;
}

bool
object_is_version(
    const struct tokenward_credential *c, const struct secret_version *v)
{
	const struct named_secret *s;
	const struct buf *there;
	size_t i;

	if (c->given.client_id && !str_equal(c->given.client_id, v->client_id))
		return false;
	for (i = 0; i < c->given.secrets_n; i++) {
		s = &c->given.secrets[i];
		there = version_secret(v, s->name);
		if (!there || !buf_equal(there, &s->value))
			return false;
	}
	return true;
}

/* ---- reading ----------------------------------------------------------- */

static const char *
item_of(
    const struct field *f, const struct tokenward_credential *c, size_t index)
{
	const void *at = (const char *)c->rec + f->offset;
	const struct strlist *l = at;

	if (f->kind == FIELD_TEXT)
		return index == 0 ? *(char *const *)at : NULL;
	if (f->kind == FIELD_LIST)
		return index < l->n ? l->v[index] : NULL;
	if (f->kind == FIELD_FLAG)
		return index == 0 ? (*(const bool *)at ? "true" : "false")
				  : NULL;
	return NULL;
}

const char *
tokenward_credential_get(
    const struct tokenward_credential *c, const char *field, size_t index)
{
	const struct field *f = find_field(field);
	const char *text;
	char numbered[80];

	if (index == 0 && (text = strmap_get(&c->text, field)))
		return text;
	snprintf(numbered, sizeof(numbered), "%s#%zu", field, index);
	text = strmap_get(&c->text, numbered);
	return text || !f ? text : item_of(f, c, index);
}

int64_t
tokenward_credential_number(
    const struct tokenward_credential *c, const char *field, int64_t fallback)
{
	char key[80];
	const char *text;
	char *end;
	long long v;

	snprintf(key, sizeof(key), "%s!", field);
	text = strmap_get(&c->text, key);
	if (!text)
		return fallback;
	v = strtoll(text, &end, 10);
	return *end ? fallback : (int64_t)v;
}
