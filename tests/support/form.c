/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what a client sent: forms, flat JSON, Basic and Bearer headers. */
#include <ctype.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tokend.h"

static int
hex(char c)
{
	const char *digits = "0123456789abcdef", *at;

	at = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));
	return at == NULL ? -1 : (int)(at - digits);
}

/* RFC 6749 appendix B. NUL and anything that is not UTF-8 is a fault. */
static bool
decode(const char *s, size_t len, struct bytes *ret)
{
	bytes_add(ret, "", 0);
	for (size_t i = 0; i < len; i++) {
		char c = s[i] == '+' ? ' ' : s[i];

		if (s[i] == '%') {
			if (len - i < 3 || hex(s[i + 1]) < 0 ||
			    hex(s[i + 2]) < 0)
				return false;
			c = (char)(hex(s[i + 1]) << 4 | hex(s[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return false;
		bytes_add(ret, &c, 1);
	}
	return is_utf8(ret->data, ret->len);
}

static enum form_fault
field(const char *s, size_t len, const char *repeatable, struct pairs *ret)
{
	const char *eq = memchr(s, '=', len);
	size_t name_len = eq == NULL ? len : (size_t)(eq - s);
	struct bytes name = {0}, value = {0};
	enum form_fault fault = FORM_BAD;

	if (decode(s, name_len, &name) &&
	    (eq == NULL || decode(eq + 1, len - name_len - 1, &value))) {
		fault = FORM_OK;
		if (pairs_count(ret, name.data) > 0 &&
		    (repeatable == NULL || strcmp(name.data, repeatable) != 0))
			fault = FORM_TWICE;
		pairs_add(ret, name.data, name.len, value.data, value.len);
	}
	bytes_free(&name);
	bytes_free(&value);
	return fault;
}

enum form_fault
form_read(const struct bytes *body, const char *repeatable, struct pairs *ret)
{
	enum form_fault fault = FORM_OK;
	size_t at = 0;

	while (at < body->len && fault == FORM_OK) {
		const char *s = body->data + at;
		const char *end = memchr(s, '&', body->len - at);
		size_t len = end == NULL ? body->len - at : (size_t)(end - s);

		if (len > 0)
			fault = field(s, len, repeatable, ret);
		at += len + 1;
	}
	return fault;
}

enum form_fault
form_from_json(const struct bytes *body, struct pairs *ret)
{
	struct json_tokener *tok = json_tokener_new_ex(8);
	struct json_object *obj;
	enum form_fault fault = FORM_OK;

	json_tokener_set_flags(
	    tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	obj = json_tokener_parse_ex(
	    tok, body->len > 0 ? body->data : "", (int)body->len + 1);
	if (!json_object_is_type(obj, json_type_object)) {
		fault = FORM_BAD;
	} else {
		json_object_object_foreach(obj, name, value)
		{
			if (!json_object_is_type(value, json_type_string))
				fault = FORM_TYPE;
			else
				pairs_add(ret, name, strlen(name),
				    json_object_get_string(value),
				    (size_t)json_object_get_string_len(value));
		}
	}
	json_object_put(obj);
	json_tokener_free(tok);
	return fault;
}

bool
type_is(const struct request *req, const char *type)
{
	const char *have = pairs_get_nocase(&req->headers, "Content-Type");
	size_t n = strlen(type);

	if (have == NULL || strncasecmp(have, type, n) != 0)
		return false;
	have += n;
	have += strspn(have, " \t");
	return *have == '\0' || *have == ';';
}

/* After the scheme, blanks skipped; NULL if it is another scheme. */
static const char *
credentials(const char *header, const char *scheme)
{
	size_t n = strlen(scheme);

	if (header == NULL || strncasecmp(header, scheme, n) != 0 ||
	    header[n] != ' ')
		return NULL;
	header += n;
	return header + strspn(header, " ");
}

/* What form-encoding leaves, so a raw character is told from an encoded one */
static bool
is_encoded(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)s[i]) &&
		    (s[i] == '\0' || strchr("*-._~+%", s[i]) == NULL))
			return false;
	}
	return true;
}

static bool
part(const char *s, size_t len, bool strict, char **ret)
{
	struct bytes out = {0};

	if (strict) {
		if (!is_encoded(s, len) || !decode(s, len, &out)) {
			bytes_free(&out);
			return false;
		}
	} else {
		bytes_add(&out, s, len);
	}
	*ret = out.data;
	return true;
}

static enum basic
basic_split(
    const struct bytes *raw, bool strict, char **ret_id, char **ret_secret)
{
	const char *colon = memchr(raw->data, ':', raw->len);
	char *id = NULL, *secret = NULL;

	if (colon == NULL || memchr(raw->data, '\0', raw->len) != NULL ||
	    !part(raw->data, (size_t)(colon - raw->data), strict, &id) ||
	    !part(colon + 1, raw->len - (size_t)(colon + 1 - raw->data), strict,
		&secret)) {
		free(id);
		free(secret);
		return BASIC_BAD;
	}
	*ret_id = id;
	*ret_secret = secret;
	return BASIC_OK;
}

enum basic
basic_read(
    const struct request *req, bool strict, char **ret_id, char **ret_secret)
{
	const char *header = pairs_get_nocase(&req->headers, "Authorization");
	const char *value = credentials(header, "Basic");
	struct bytes raw = {0};
	enum basic result = BASIC_BAD;

	if (header == NULL)
		return BASIC_NONE;
	if (value != NULL &&
	    pairs_count_nocase(&req->headers, "Authorization") == 1 &&
	    base64_read(value, &raw))
		result = basic_split(&raw, strict, ret_id, ret_secret);
	bytes_free(&raw);
	return result;
}

char *
claimed_id(const struct request *req)
{
	struct pairs form = {0};
	char *id = NULL, *secret = NULL;

	if (basic_read(req, true, &id, &secret) == BASIC_OK ||
	    basic_read(req, false, &id, &secret) == BASIC_OK) {
		free(secret);
		return id;
	}
	if (req->body.len > 0 && req->body.data[0] == '{')
		(void)form_from_json(&req->body, &form);
	else
		(void)form_read(&req->body, NULL, &form);
	id = xstrdup(pairs_get_nocase(&form, "client_id"));
	pairs_free(&form);
	return id;
}

enum bearer
bearer_read(
    const struct request *req, const struct vendor *v, struct token **ret)
{
	const char *header = pairs_get_nocase(&req->headers, "Authorization");
	const char *value = credentials(header, "Bearer");

	*ret = NULL;
	if (value == NULL)
		return BEARER_NONE;
	if (pairs_count_nocase(&req->headers, "Authorization") != 1)
		return BEARER_BAD;
	*ret = token_find(v, value);
	if (*ret != NULL && token_live(*ret))
		return BEARER_OK;
	*ret = NULL;
	return BEARER_DEAD;
}
