/* SPDX-License-Identifier: BSD-2-Clause */
/* A credential in memory: made, freed, its secret versions. */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include <tokenward/types.h>
#include "base/cleanup.h"
#include "record/record.h"

struct credential *
credential_new(void)
{
	struct credential *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	randombytes_buf(c->id, sizeof(c->id));
	c->next_number = 1;
	return c;
}

static void
version_free(struct secret_version *v)
{
	size_t i;

	for (i = 0; i < v->secrets_n; i++) {
		free(v->secrets[i].name);
		buf_free(&v->secrets[i].value);
	}
	free(v->secrets);
	free(v->client_id);
}

void
credential_free(struct credential *c)
{
	size_t i;

	if (!c)
		return;
	for (i = 0; i < credential_fields_n; i++)
		field_empty(&credential_fields[i],
		    (char *)c + credential_fields[i].offset);
	for (i = 0; i < c->versions_n; i++)
		version_free(&c->versions[i]);
	free(c->versions);
	free(c);
}

void
cleanup_credential_p(struct credential **c)
{
	credential_free(*c);
}

struct secret_version *
credential_version(const struct credential *c, enum version_state state)
{
	size_t i;

	for (i = 0; i < c->versions_n; i++)
		if (c->versions[i].state == state)
			return &c->versions[i];
	return NULL;
}

struct secret_version *
credential_add_version(struct credential *c)
{
	struct secret_version *v;

	if (c->versions_n >= RECORD_VERSIONS_MAX)
		return NULL;
	v = reallocarray(c->versions, c->versions_n + 1, sizeof(*v));
	if (!v)
		return NULL;
	c->versions = v;
	v += c->versions_n++;
	*v = (struct secret_version){.number = c->next_number++,
	    .issued_at = TOKENWARD_TIME_UNKNOWN,
	    .expires_at = TOKENWARD_TIME_UNKNOWN};
	return v;
}

void
credential_drop_version(struct credential *c, struct secret_version *v)
{
	size_t at = (size_t)(v - c->versions);

	version_free(v);
	memmove(v, v + 1, (c->versions_n - at - 1) * sizeof(*v));
	c->versions_n--;
}

const struct buf *
version_secret(const struct secret_version *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->secrets_n; i++)
		if (strcmp(v->secrets[i].name, name) == 0)
			return &v->secrets[i].value;
	return NULL;
}

bool
version_set_secret(
    struct secret_version *v, const char *name, const void *data, size_t len)
{
	struct buf *old = (struct buf *)version_secret(v, name);
	struct named_secret *all, *s;

	if (old) {
		buf_set(old, data, len);
		return !old->failed;
	}
	all = reallocarray(v->secrets, v->secrets_n + 1, sizeof(*all));
	if (!all)
		return false;
	v->secrets = all;
	s = &all[v->secrets_n];
	*s = (struct named_secret){
	    .name = strdup(name), .value = BUF_SECRET_INIT};
	buf_set(&s->value, data, len);
	if (!s->name || s->value.failed) {
		free(s->name);
		buf_free(&s->value);
		return false;
	}
	v->secrets_n++;
	return true;
}
