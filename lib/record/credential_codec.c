/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A credential as a list: the plain fields by their table, then the secret
 * versions.  Unknown keys are an error: a newer program's record must not
 * be cut down by an older one (the store's format says who may write).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "record/record.h"

static const char *const state_names[VERSION_STATE_MAX] = {
    [VERSION_STAGED] = "staged",
    [VERSION_CURRENT] = "current",
    [VERSION_PREVIOUS] = "previous",
};
static const char *const basis_names[BASIS_MAX] = {
    [BASIS_NONE] = "none",
    [BASIS_STATED] = "stated",
    [BASIS_ASSUMED] = "assumed",
};

static void
put_text(struct buf *out, const char *key, const char *s)
{
	if (s)
		frame_put_str(out, key, s);
}

static void
put_list(struct buf *out, const char *key, const struct strlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		frame_put_str(out, key, l->v[i]);
}

static void
put_field(struct buf *out, const struct field *f, const struct credential *c)
{
	const void *at = (const char *)c + f->offset;

	if (f->kind == FIELD_TEXT)
		put_text(out, f->name, *(char *const *)at);
	else if (f->kind == FIELD_LIST)
		put_list(out, f->name, at);
	else if (f->kind == FIELD_MAP)
		frame_put_map(out, f->name, at);
	else if (f->kind == FIELD_FLAG)
		frame_put_num(out, f->name, *(const bool *)at);
	else
		frame_put_num(out, f->name, *(const int64_t *)at);
}

static void
put_secret(struct buf *out, const struct named_secret *s)
{
	size_t mark = frame_begin(out, "secret");

	frame_put_str(out, "name", s->name);
	frame_put(out, "value", s->value.data, s->value.len);
	frame_end(out, mark);
}

static void
put_version(struct buf *out, const struct secret_version *v)
{
	size_t i, mark = frame_begin(out, "version");

	frame_put_num(out, "number", v->number);
	frame_put_str(out, "state", state_names[v->state]);
	put_text(out, "client_id", v->client_id);
	frame_put_num(out, "added_at", v->added_at);
	frame_put_num(out, "issued_at", v->issued_at);
	frame_put_num(out, "expires_at", v->expires_at);
	frame_put_str(out, "basis", basis_names[v->basis]);
	for (i = 0; i < v->secrets_n; i++)
		put_secret(out, &v->secrets[i]);
	frame_end(out, mark);
}

int
credential_encode(
    const struct credential *c, struct buf *out, struct error *err)
{
	size_t i;

	frame_put(out, "id", c->id, sizeof(c->id));
	for (i = 0; i < credential_fields_n; i++)
		put_field(out, &credential_fields[i], c);
	for (i = 0; i < c->versions_n; i++)
		put_version(out, &c->versions[i]);
	if (out->failed)
		return error_memory(err);
	if (!frame_valid(out->data, out->len))
		return error_set(err, TOKENWARD_USAGE,
		    "the credential is too large to be stored");
	return TOKENWARD_OK;
}

/* ---- reading: each returns false on anything that should not be there -- */

static bool
get_text(const struct frame_field *f, char **ret)
{
	char *s = *ret ? NULL : frame_dup(f);

	if (!s)
		return false;
	*ret = s;
	return true;
}

static bool
get_item(const struct frame_field *f, struct strlist *l)
{
	cleanup_free char *s = frame_dup(f);

	return s && strlist_add(l, s);
}

static bool
get_flag(const struct frame_field *f, bool *ret)
{
	int64_t v;

	if (!frame_num(f, &v) || v < 0 || v > 1)
		return false;
	*ret = v == 1;
	return true;
}

static bool
get_field(
    const struct frame_field *f, const struct field *row, struct credential *c)
{
	void *at = (char *)c + row->offset;

	if (row->kind == FIELD_TEXT)
		return get_text(f, at);
	if (row->kind == FIELD_LIST)
		return get_item(f, at);
	if (row->kind == FIELD_MAP)
		return frame_get_pair(f, at);
	if (row->kind == FIELD_FLAG)
		return get_flag(f, at);
	return frame_num(f, at);
}

static bool
get_word(const struct frame_field *f, const char *const *words, int n, int *ret)
{
	int i;

	for (i = 0; i < n; i++)
		if (strlen(words[i]) == f->len &&
		    memcmp(words[i], f->value, f->len) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

static bool
get_secret(const struct frame_field *f, struct secret_version *v)
{
	struct frame_field name, value;
	cleanup_free char *text = NULL;

	if (!frame_valid(f->value, f->len) ||
	    !frame_find(f->value, f->len, "name", &name) ||
	    !frame_find(f->value, f->len, "value", &value) ||
	    value.len > RECORD_SECRET_MAX)
		return false;
	text = frame_dup(&name);
	return text && version_set_secret(v, text, value.value, value.len);
}

static bool
get_version_field(const struct frame_field *f, struct secret_version *v)
{
	int word;

	if (frame_key_is(f, "secret"))
		return get_secret(f, v);
	if (frame_key_is(f, "client_id"))
		return get_text(f, &v->client_id);
	if (frame_key_is(f, "number"))
		return frame_num(f, &v->number);
	if (frame_key_is(f, "added_at"))
		return frame_num(f, &v->added_at);
	if (frame_key_is(f, "issued_at"))
		return frame_num(f, &v->issued_at);
	if (frame_key_is(f, "expires_at"))
		return frame_num(f, &v->expires_at);
	if (frame_key_is(f, "state") &&
	    get_word(f, state_names, VERSION_STATE_MAX, &word)) {
		v->state = (enum version_state)word;
		return true;
	}
	if (frame_key_is(f, "basis") &&
	    get_word(f, basis_names, BASIS_MAX, &word)) {
		v->basis = (enum date_basis)word;
		return true;
	}
	return false;
}

static bool
get_version(const struct frame_field *f, struct credential *c)
{
	int64_t next = c->next_number;
	struct secret_version *v = credential_add_version(c);
	struct frame_reader r;
	struct frame_field part;
	int got;

	c->next_number = next;
	if (!v)
		return false;
	frame_open(&r, f->value, f->len);
	while ((got = frame_next(&r, &part)) == 1)
		if (!get_version_field(&part, v))
			return false;
	return got == 0;
}

static bool
get_any(const struct frame_field *f, struct credential *c)
{
	size_t i;

	if (frame_key_is(f, "version"))
		return get_version(f, c);
	if (frame_key_is(f, "id")) {
		if (f->len != sizeof(c->id))
			return false;
		memcpy(c->id, f->value, f->len);
		return true;
	}
	for (i = 0; i < credential_fields_n; i++)
		if (frame_key_is(f, credential_fields[i].name))
			return get_field(f, &credential_fields[i], c);
	return false;
}

int
credential_decode(
    const void *data, size_t len, struct credential **ret, struct error *err)
{
	cleanup_credential struct credential *c = credential_new();
	struct frame_reader r;
	struct frame_field f;
	int got;

	if (!c)
		return error_memory(err);
	errno = 0;
	frame_open(&r, data, len);
	while ((got = frame_next(&r, &f)) == 1)
		if (!get_any(&f, c))
			return error_read(err, TOKENWARD_DAMAGED,
			    "the credential record does not make sense "
			    "at \"%.*s\"",
			    (int)f.key_len, f.key);
	if (got < 0 || !c->name || !str_is_name(c->name) || !c->provider)
		return error_set(err, TOKENWARD_DAMAGED,
		    "the credential record does not make sense");
	*ret = take_ptr(c);
	return TOKENWARD_OK;
}
