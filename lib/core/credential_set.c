/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of a credential set from text, each checked by its kind. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "core/core.h"
#include "provider/url.h"

#define TEXT_MAX 4096u
#define CA_MAX (256u * 1024)

static int
check_text(const char *field, const char *value, struct error *err)
{
	cleanup_buf struct buf shown = BUF_INIT;
	size_t len = strlen(value);

	if (len > TEXT_MAX)
		return error_set(err, TOKENWARD_USAGE,
		    "%s is too long (%zu bytes, at most %u)", field, len,
		    TEXT_MAX);
	if (!str_is_utf8(value, len))
		return error_set(
		    err, TOKENWARD_USAGE, "%s is not valid UTF-8", field);
	str_clean(&shown, value, len, 5 * TEXT_MAX);
	if (shown.failed)
		return error_memory(err);
	if (strcmp(buf_str(&shown), value) != 0)
		return error_set(err, TOKENWARD_USAGE,
		    "%s contains a control character, or one that cannot be "
		    "seen",
		    field);
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

int
set_text(char **to, const char *value, struct error *err)
{
	char *copy = strdup(value);

	if (!copy)
		return error_memory(err);
	free(*to);
	*to = copy;
	return TOKENWARD_OK;
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

static bool
is_pem(const char *value)
{
	return str_prefix(value, "-----BEGIN");
}

/* A path becomes the content of the file: the record stands alone. */
static int
set_ca(char **to, const char *value, struct error *err)
{
	cleanup_buf struct buf pem = BUF_INIT;
	int e = 0;

	if (is_pem(value))
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

/*
 * A password in it would be seen in the list of processes now, and by show
 * for ever.
 */
static int
set_proxy(char **to, const char *value, struct error *err)
{
	static const char *const schemes[] = {
	    "http://", "https://", "socks5://", "socks5h://"};
	cleanup_buf struct buf url = BUF_INIT, origin = BUF_INIT;
	const char *host = strstr(value, "://") ? NULL : value, *path;
	struct error why = {0};
	size_t i;

	if (strchr(value, '@'))
		return error_set(err, TOKENWARD_USAGE,
		    "--proxy takes no user and no password: everybody would "
		    "see them");
	for (i = 0; !host && i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (str_prefix(value, schemes[i]))
			host = value + strlen(schemes[i]);
	buf_printf(&url, "http://%s", host ? host : "");
	path = host ? strpbrk(host, "/?") : NULL;
	if (host && (!path || strcmp(path, "/") == 0) &&
	    url_origin(buf_str(&url), &origin, &why) == TOKENWARD_OK)
		return set_text(to, value, err);
	return error_set(err, TOKENWARD_USAGE,
	    "--proxy takes http://HOST:PORT, or https, socks5 or socks5h in "
	    "the place of http%s%s",
	    why.code ? ": " : "", why.code ? why.text : "");
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
	if (!value[0])
		return error_set(
		    err, TOKENWARD_USAGE, "the client id is empty");
	return set_text(to, value, err);
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
	const struct field *f = field_find(field);
	void *at = f ? (char *)c->rec + f->offset : NULL;

	if (!f || !f->option)
		return value ? set_special(tw, c, field, value, err)
			     : error_set(err, TOKENWARD_USAGE,
				   "\"%s\" cannot be emptied", field);
	if (!value || !object_has(c, field))
		field_empty(f, at);
	if (!value)
		return TOKENWARD_OK;
	if (strcmp(field, "ca") == 0)
		return set_ca(at, value, err);
	if (strcmp(field, "provider") == 0)
		return set_provider(at, value, err);
	if (strcmp(field, "proxy") == 0)
		return set_proxy(at, value, err);
	return set_field(f, at, value, err);
}

int
object_set(struct tokenward *tw, struct tokenward_credential *c,
    const char *field, const char *value, struct error *err)
{
	int r = TOKENWARD_OK;

	if (value && !(strcmp(field, "ca") == 0 && is_pem(value)))
		r = check_text(field, value, err);
	if (r == TOKENWARD_OK)
		r = set_any(tw, c, field, value, err);
	if (r == TOKENWARD_OK && !object_has(c, field) &&
	    !strlist_add(&c->set, field))
		r = error_memory(err);
	return r;
}

int
tokenward_credential_set(struct tokenward *tw, struct tokenward_credential *c,
    const char *field, const char *value)
{
	if (!tw || !c || !field)
		return null_argument(tw);
	call_begin(tw);
	return call_end(tw, object_set(tw, c, field, value, &tw->err));
}
