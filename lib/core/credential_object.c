/* SPDX-License-Identifier: BSD-2-Clause */
/* The bag of fields that callers fill and read, driven by the field table. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/core.h"

int
tokenward_credential_new(struct tokenward_credential **ret)
{
	struct tokenward_credential *c;

	if (!ret)
		return TOKENWARD_USAGE;
	c = calloc(1, sizeof(*c));
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

#define PUBLIC_MAX 64 /* unit/credential_set.c sees that it is enough */

static struct tokenward_field public_fields[PUBLIC_MAX + 1];

static void
make_public_fields(void)
{
	const struct field *f = credential_fields;
	struct tokenward_field *to = public_fields;

	for (; f < credential_fields + credential_fields_n; f++)
		if (f->option && to < public_fields + PUBLIC_MAX)
			*to++ = (struct tokenward_field){f->name, f->option,
			    f->argument,
			    f->kind == FIELD_LIST || f->kind == FIELD_MAP,
			    f->help};
}

const struct tokenward_field *
tokenward_fields(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_public_fields);
	return public_fields;
}

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
		field_empty(f, to);
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
