/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Providers are data: a JSON file says how a token endpoint is asked and
 * how its answer is read (tokenward-provider(5)).
 *
 *   read.c    text -> struct provider; unknown members are errors
 *   find.c    id or path -> text, in the order of the search path
 *   accept.c  what a credential brings, checked before it is stored
 *   apply.c   provider + credential + shape -> plan
 *   answer.c  status, headers, body -> reply (runs in the fetch helper)
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "fetch/fetch.h"
#include "record/record.h"

#define PROVIDER_FILE_MAX 65536u

enum plain_http {
	PLAIN_HTTP_NEVER, /* loopback given explicitly is always allowed */
	PLAIN_HTTP_LOOPBACK,
	PLAIN_HTTP_ALLOWED
};

enum body_kind { BODY_FORM, BODY_JSON, BODY_NONE };

enum basic_encode {
	BASIC_FORM, /* RFC 6749, 2.3.1 */
	BASIC_RAW,
	BASIC_BASE64
};

struct provider_var {
	char *name;
	char *pattern;         /* anchored POSIX extended, or NULL */
	struct strlist values; /* enum */
	char *fallback;        /* default, or NULL: must be given */
	char *about;
};

enum expires_as {
	EXPIRES_SECONDS,
	EXPIRES_MILLISECONDS,
	EXPIRES_EPOCH,
	EXPIRES_EPOCH_MS,
	EXPIRES_RFC3339
};

struct expires_rule {
	char *at; /* JSON Pointer, or "header:Name" */
	enum expires_as as;
};

struct outcome_rule {
	int *status;
	size_t status_n;
	char *at;              /* pointer, or NULL: the status alone */
	struct strlist in;     /* values as JSON text: 14000, "x", false */
	struct strlist not_in; /* likewise */
	char *contains;
	enum outcome is;
};

struct provider {
	char *id;
	char *name;
	struct strlist docs;
	char *verified;
	struct provider_var *vars;
	size_t vars_n;
	struct strlist secrets; /* default: client_secret */

	char *url;
	char *method;
	enum body_kind body;
	char *content_type;
	char *accept;
	char *user_agent;
	struct strlist auth; /* several: the app's registration decides */
	char *auth_default;  /* of several, NULL: must be said */
	enum basic_encode basic_encode;
	char *client_id_name;     /* NULL: not sent */
	char *client_secret_name; /* likewise */
	char *grant_type_name;    /* likewise */
	char *grant;
	struct strmap params;
	struct strlist bare; /* params that are numbers or booleans */
	struct strmap query;
	struct strmap headers; /* names in lower case */
	char *scope_name;
	char *scope_separator;
	char *scope_default;
	bool scope_required;
	enum plain_http plain_http;

	struct strlist token_at;
	struct strlist type_at;
	char *type_default;
	struct strlist refresh_at;
	struct strlist scope_at;
	struct expires_rule *expires;
	size_t expires_n;
	bool jwt_exp;
	int64_t assume;     /* seconds; LIFE_NEVER for null */
	struct strmap keep; /* name -> pointer */

	struct outcome_rule *outcomes;
	size_t outcomes_n;
	struct strlist error_code_at;
	struct strlist error_message_at;

	bool use_said; /* the file says how, so any token type will do */
	char *use_in;
	char *use_name;
	char *use_format;
	struct strmap use_headers; /* templates, see provider_use_headers() */

	enum reissue reissue;
	int64_t renews_below; /* seconds */
	int64_t grace;

	bool secret_lifetime_said; /* the member is there, even if null */
	int64_t secret_lifetime;   /* seconds, 0: no stated end */
	int64_t secret_warn;       /* seconds, 0: by default */
	char *renew_help;
	bool id_changes; /* the client id changes with the secret */
	int64_t overlap; /* seconds the old secret lives on; 0: not known */
};

/* label is what messages call the text: a path, or an id. */
int provider_read(const char *text, size_t len, const char *label,
    struct provider **ret, struct error *err);
void provider_free(struct provider *p);
void cleanup_provider_p(struct provider **p);
#define cleanup_provider __attribute__((cleanup(cleanup_provider_p)))
const struct provider_var *provider_var(
    const struct provider *p, const char *name);
/* By its pattern or its list; a value is at most 1024 plain characters.  A
   lack of memory is told by errno alone. */
bool provider_var_takes(const struct provider_var *var, const char *value);
/* The words of token.auth; lib/auth has a method for each. */
extern const char *const provider_auth_words[];
extern const char *const provider_grant_words[]; /* likewise lib/grant */
bool provider_is_id(const char *s);              /* ^[a-z0-9][a-z0-9-]{0,63}$ */
/* Whether a request needs a client id, or the URL a --token-url. */
bool provider_wants_client_id(const struct provider *p);
bool provider_wants_token_url(const struct provider *p);

/* The directories searched, first match wins (dirs from core/handle). */
struct provider_file {
	struct buf text;
	char *path;
};
void provider_file_free(struct provider_file *f);
/* id_or_path: an absolute path is read as it is; an id is looked up. */
int provider_find(const struct strlist *dirs, const char *id_or_path,
    struct provider_file *ret, struct error *err);
/* Calls back for every file NAME.json, shadowed ones left out, by id. */
int provider_each(const struct strlist *dirs,
    int (*each)(void *data, const char *id, const char *path), void *data,
    struct error *err);

/*
 * Checks the values a credential brings (vars, auth, scope, params) before
 * it is stored, and fills what the file fills: auth when the file has one
 * only.  The messages name the variable and what it may be.
 */
int provider_accept(
    const struct provider *p, struct credential *c, struct error *err);
/* The origins that will see the secret, canonical, for pinning. */
int provider_origins(const struct provider *p, const struct credential *c,
    struct strlist *ret, struct error *err);
/*
 * The plan for one token request.  Refuses (TOKENWARD_CONFIG) when the
 * URL's origin is not among c->origins, or plain http is not permitted.
 * Fills method, url, headers, body, origin, ca, proxy, plain_http, redact.
 */
int provider_apply(const struct provider *p, const struct credential *c,
    const struct secret_version *v, const struct shape *shape, struct plan *ret,
    struct error *err);

/* use.headers with this credential's values: what goes beside a token. */
int provider_use_headers(const struct provider *p, const struct credential *c,
    const struct secret_version *v, struct strmap *ret, struct error *err);

/* One HTTP answer, as the helper saw it. */
struct http_answer {
	int status;
	struct strmap headers; /* names in lower case */
	const char *body;
	size_t len;
	int64_t sent_at; /* wall seconds, before the request was sent */
	int64_t date;    /* of the Date header, 0: none */
};
/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7); false: anything else. */
bool http_date(const char *s, int64_t *ret);
/*
 * Reads an answer: token or named outcome, life, scope, errors.  What cannot
 * be understood is an outcome with a stage.  ret comes as REPLY_INIT;
 * attempts, exchange and the stages of transport are not set.  False: memory
 * lacked, and the reply says so as far as it could.
 */
bool provider_answer(
    const struct provider *p, const struct http_answer *a, struct reply *ret);

#endif
