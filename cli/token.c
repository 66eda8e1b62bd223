/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tokenward token: the command that scripts run every minute.  The raw token
 * goes from the library's memory to standard output by one system call.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/json_write.h"
#include "cli.h"

static struct {
	const char *scope;
	const char *audience;
	struct strlist resources;
	int64_t min_valid;
	bool new;
	bool retry;
	bool rejected;
	const char *format;
} given;

const struct option_row token_options[] = {
    {"scope", 0, OPTION_TEXT, &given.scope, "S", "of this scope"},
    {"audience", 0, OPTION_TEXT, &given.audience, "A", "for this audience"},
    {"resource", 0, OPTION_LIST, &given.resources, "URI",
	"for this resource (RFC 8707)"},
    {"min-valid", 0, OPTION_DURATION, &given.min_valid, "DUR",
	"that lives at least so long"},
    {"new", 0, OPTION_FLAG, &given.new, NULL, "a new one, whatever is cached"},
    {"retry", 0, OPTION_FLAG, &given.retry, NULL,
	"ask even where the provider refused or said later"},
    {"rejected", 0, OPTION_FLAG, &given.rejected, NULL,
	"the cached one was refused by the API"},
    {"format", 0, OPTION_TEXT, &given.format, "raw|json|header|curl",
	"what to print (raw: the token and a newline)"},
    {NULL},
};

int
token_get(const char *name, unsigned flags, struct tokenward_token **ret)
{
	struct tokenward_token_params p = {.size = sizeof p, .flags = flags};
	cleanup_free const char **resources = NULL;
	const char *warning;
	int r;

	p.scope = given.scope;
	p.audience = given.audience;
	p.min_valid = given.min_valid;
	if (given.resources.n > 0) {
		resources = calloc(given.resources.n + 1, sizeof *resources);
		if (!resources)
			return error_memory(&cli.error);
		memcpy(resources, given.resources.v,
		    given.resources.n * sizeof *resources);
		p.resources = resources;
	}
	r = tokenward_get_token(cli.tw, name, &p, ret);
	if (r)
		return library_result(r);
	warning = tokenward_token_warning(*ret);
	if (warning)
		say_warning(warning);
	return TOKENWARD_OK;
}

static int
put_raw(const struct tokenward_token *t)
{
	const char *value = tokenward_token_value(t);
	struct iovec iov[] = {
	    {(void *)value, strlen(value)}, {(void *)"\n", 1}};

	return out_direct(iov, 2);
}

static int
write_secret(const struct buf *b)
{
	struct iovec iov = {b->data, b->len};

	return b->failed ? error_memory(&cli.error) : out_direct(&iov, 1);
}

static int
put_header(const struct tokenward_token *t)
{
	cleanup_buf struct buf b = BUF_SECRET_INIT;
	const char *name = tokenward_token_header_name(t), *more;

	if (!name)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "%s: this provider's token goes into the query parameter "
		    "%s, not into a header",
		    cli.name, clean(tokenward_token_query_name(t)));
	buf_put_str(&b, name);
	buf_put_str(&b, ": ");
	buf_put_str(&b, tokenward_token_header_value(t));
	buf_put_str(&b, "\n");
	for (size_t i = 0; (more = tokenward_token_extra_header(t, i)); i++) {
		buf_put_str(&b, more);
		buf_put_str(&b, "\n");
	}
	return write_secret(&b);
}

static void
put_escaped(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_put_byte(b, '\\');
		buf_put_byte(b, (unsigned char)*s);
	}
}

static void
put_setting(struct buf *b, const char *option, const char *first,
    const char *middle, const char *second)
{
	buf_put_str(b, option);
	buf_put_str(b, " = \"");
	put_escaped(b, first);
	buf_put_str(b, middle);
	put_escaped(b, second);
	buf_put_str(b, "\"\n");
}

/* Lines for curl --config; b is a secret buffer. */
void
token_put_curl(struct buf *b, const struct tokenward_token *t)
{
	const char *name = tokenward_token_header_name(t), *more;

	if (name)
		put_setting(
		    b, "header", name, ": ", tokenward_token_header_value(t));
	else
		put_setting(b, "url-query", tokenward_token_query_name(t), "=",
		    tokenward_token_value(t));
	for (size_t i = 0; (more = tokenward_token_extra_header(t, i)); i++)
		put_setting(b, "header", more, "", "");
}

static int
put_curl(const struct tokenward_token *t)
{
	cleanup_buf struct buf b = BUF_SECRET_INIT;

	token_put_curl(&b, t);
	return write_secret(&b);
}

static void
json_place(struct buf *b, const struct tokenward_token *t)
{
	const char *name = tokenward_token_header_name(t);

	if (!name) {
		json_put_null(b, "header");
		json_open(b, "query", '{');
		json_put_str(b, "name", tokenward_token_query_name(t));
		json_close(b, '}');
		return;
	}
	json_open(b, "header", '{');
	json_put_str(b, "name", name);
	json_put_str(b, "value", tokenward_token_header_value(t));
	json_close(b, '}');
}

static void
json_expiry(struct buf *b, int64_t t)
{
	cleanup_buf struct buf text = BUF_INIT;

	if (t == TOKENWARD_TIME_NEVER || t == TOKENWARD_TIME_UNKNOWN) {
		json_put_null(b, "expires_at");
		json_put_null(b, "expires_at_unix");
		return;
	}
	time_put(&text, t);
	b->failed |= text.failed;
	json_put_str(b, "expires_at", buf_str(&text));
	json_put_num(b, "expires_at_unix", t);
}

static int
put_json(const struct tokenward_token *t)
{
	cleanup_buf struct buf b = BUF_SECRET_INIT;

	json_open(&b, NULL, '{');
	json_put_str(&b, "name", cli.name);
	json_put_str(&b, "access_token", tokenward_token_value(t));
	json_put_str(&b, "token_type", tokenward_token_type(t));
	json_expiry(&b, tokenward_token_expires_at(t));
	json_put_str(&b, "scope", tokenward_token_scope(t));
	json_place(&b, t);
	json_put_str(
	    &b, "source", tokenward_token_is_cached(t) ? "cache" : "fetched");
	json_put_str(&b, "warning", tokenward_token_warning(t));
	json_close(&b, '}');
	buf_put_str(&b, "\n");
	return write_secret(&b);
}

static const struct format {
	const char *name;
	int (*put)(const struct tokenward_token *);
} formats[] = {
    {"raw", put_raw},
    {"json", put_json},
    {"header", put_header},
    {"curl", put_curl},
};

static const struct format *
find_format(void)
{
	const char *name = given.format;

	if (!name)
		name = cli.json ? "json" : "raw";
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	error_set(&cli.error, TOKENWARD_USAGE,
	    "token: --format is raw, json, header or curl, not \"%s\"",
	    clean(name));
	return NULL;
}

int
cmd_token(void)
{
	struct tokenward_token *t;
	const struct format *format = find_format();
	int r;

	if (!format)
		return cli.error.code;
	if (strcmp(format->name, "json") == 0)
		cli.json = true;
	r = token_get(cli.args[0],
	    (given.new ? TOKENWARD_TOKEN_NEW : 0u) |
		(given.retry ? TOKENWARD_TOKEN_RETRY : 0u) |
		(given.rejected ? TOKENWARD_TOKEN_REJECTED : 0u),
	    &t);
	if (r)
		return r;
	r = format->put(t);
	tokenward_token_free(t);
	return r;
}
