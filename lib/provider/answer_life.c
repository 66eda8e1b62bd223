/* SPDX-License-Identifier: BSD-2-Clause */
/* How long a token lives, in every way an answer may say it. */
#include <string.h>

#include "base/base64.h"
#include "base/cleanup.h"
#include "provider/answer.h"
#include "provider/doc.h"

#define TEN_YEARS INT64_C(315360000)
#define COUNT_MAX (INT64_C(1) << 60) /* and no LIFE_NEVER by chance */

/* A point in time is set against the server's clock where it told it. */
static int64_t
server_now(const struct http_answer *http)
{
	return http->date ? http->date : http->sent_at;
}

static const char *
skip_digits(const char *s)
{
	return s + strspn(s, "0123456789");
}

/* "3600", "3599.5", "1e+300": the whole part, at most COUNT_MAX. */
static bool
count(const char *s, int64_t *ret)
{
	const char *end = skip_digits(s);
	int64_t v = 0;

	if (end == s)
		return false;
	for (; s < end; s++)
		v = v > COUNT_MAX / 16 ? COUNT_MAX : v * 10 + (*s - '0');
	if (*end == '.')
		end = skip_digits(end + 1);
	if ((*end == 'e' || *end == 'E') && end[1] == '+' &&
	    skip_digits(end + 2) > end + 2) {
		end = skip_digits(end + 2);
		v = COUNT_MAX;
	}
	*ret = v;
	return *end == '\0';
}

/* RFC 3339 alone; the words that people may use are not for servers. */
static bool
instant(const char *s, int64_t *ret)
{
	return strlen(s) >= 20 && strchr("Tt ", s[10]) && time_parse(s, 0, ret);
}

static int64_t
life_of(const struct http_answer *http, enum expires_as as, const char *s)
{
	int64_t v;

	if (as == EXPIRES_RFC3339)
		return instant(s, &v) ? v - server_now(http) : 0;
	if (!count(s, &v) || v == 0)
		return 0;
	if (as == EXPIRES_MILLISECONDS || as == EXPIRES_EPOCH_MS)
		v = v < 1000 ? 1 : v / 1000;
	if (as == EXPIRES_EPOCH || as == EXPIRES_EPOCH_MS)
		v -= server_now(http);
	return v;
}

/* The first way that gives a life wins. */
static int64_t
stated(const struct answer *a)
{
	const struct provider *p = a->provider;
	int64_t life = 0;

	for (size_t i = 0; i < p->expires_n && life <= 0; i++) {
		cleanup_buf struct buf text = BUF_INIT;

		if (answer_get(a, p->expires[i].at, &text) != FOUND_NONE)
			life =
			    life_of(a->http, p->expires[i].as, buf_str(&text));
	}
	return life > 0 ? life : 0;
}

static bool
number_at(const struct answer *a, struct json_object *root, const char *at,
    int64_t *ret)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json_object *v;
	bool found = doc_at(root, at, &v, a->failed) && doc_text(v, &text);

	*a->failed |= text.failed;
	return found && count(buf_str(&text), ret);
}

/*
 * What a JSON Web Token says of itself, unverified; 0: nothing.  Where it
 * says when it was made, no clock is needed.
 */
static int64_t
jwt_life(const struct answer *a, const struct buf *token)
{
	cleanup_buf struct buf payload = BUF_SECRET_INIT;
	const char *dot = strchr(buf_str(token), '.');
	struct json_fault fault = {0};
	struct json_object *root;
	int64_t exp = 0, iat = 0;
	bool good = dot && strchr(dot + 1, '.') &&
		    base64url_get(&payload, dot + 1, strcspn(dot + 1, "."));

	*a->failed |= payload.failed;
	if (!good)
		return 0;
	root = doc_parse(buf_str(&payload), payload.len, &fault);
	*a->failed |= fault.no_memory;
	if (!number_at(a, root, "/exp", &exp))
		exp = 0;
	if (!number_at(a, root, "/iat", &iat) || iat == 0)
		iat = server_now(a->http);
	doc_free(root);
	return exp > iat ? exp - iat : 0;
}

int64_t
answer_life(const struct answer *a, const struct buf *token, bool *ret_assumed)
{
	const struct provider *p = a->provider;
	int64_t life = stated(a), hint;

	*ret_assumed = life == 0;
	if (life == 0)
		life = p->assume;
	hint = p->jwt_exp ? jwt_life(a, token) : 0;
	if (hint > 0 && hint < life) {
		life = hint;
		*ret_assumed = false;
	}
	return life != LIFE_NEVER && life > TEN_YEARS ? TEN_YEARS : life;
}
