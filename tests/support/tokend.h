/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tokend, the token server of the tests and of the first run: what its files
 * share, grouped by the file that defines it. One thread does everything, so
 * nothing here is locked. Memory running out ends the program.
 */
#ifndef TOKEND_H
#define TOKEND_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;
struct MHD_Connection;
struct request;

/* util.c: memory, text, bytes, time */

struct bytes {
	char *data; /* always followed by a NUL that is not counted */
	size_t len;
};

void *xcalloc(size_t n, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *s);
char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void bytes_add(struct bytes *b, const void *data, size_t len);
void bytes_free(struct bytes *b);
char *random_hex(size_t n);
char *base64_of(const void *data, size_t len, bool url);
bool base64_read(const char *s, struct bytes *ret);
bool has_word(const char *list, const char *word);
bool is_utf8(const char *s, size_t len);
/* Seconds since the epoch by the server's clock, which tests may move. */
long long now(void);
void clock_move(long long offset);
long long clock_offset(void);
long long mono_ms(void);

/* pairs.c: ordered names and values: headers, forms, flat JSON objects */

struct pair {
	char *name;
	char *value;
	size_t len; /* of value, which may hold NULs */
};

struct pairs {
	struct pair *item;
	size_t n;
};

void pairs_add(struct pairs *p, const char *name, size_t name_len,
    const char *value, size_t value_len);
void pairs_free(struct pairs *p);
/* The first value, NULL if there is none or it is empty. */
const char *pairs_get(const struct pairs *p, const char *name);
size_t pairs_count(const struct pairs *p, const char *name);
/* Header names and, at one vendor, parameters ignore case. */
const char *pairs_get_nocase(const struct pairs *p, const char *name);
size_t pairs_count_nocase(const struct pairs *p, const char *name);

/* timer.c: call a function later, in the same thread */

struct timer {
	struct timer *next;
	long long due; /* mono_ms() */
	void (*fire)(void *arg);
	void *arg;
	bool armed;
};

void timer_start(
    struct timer *t, long long ms, void (*fire)(void *), void *arg);
void timer_stop(struct timer *t);
void timer_run(void);
/* Everything that waits, now: the end of the program. */
void timer_flush(void);
/* Milliseconds until the next one is due; -1: none is waiting. */
long long timer_next(void);

/* members.c: reading the JSON objects of the control interface */

enum member_kind {
	MEMBER_BOOL,   /* bool */
	MEMBER_INT,    /* long long */
	MEMBER_TEXT,   /* char *, owned by the struct */
	MEMBER_JSON,   /* struct json_object *, a reference */
	MEMBER_BYTES,  /* struct bytes, from a string */
	MEMBER_BASE64, /* struct bytes, from base64 */
};

struct member {
	const char *name;
	enum member_kind kind;
	size_t offset;
};

/* NULL, or an allocated sentence: unknown member or wrong type. */
char *members_read(
    const struct member *table, struct json_object *from, void *into);
void members_free(const struct member *table, void *into);

/* vendors: one file each, one table in vendors.c */

struct token;

struct route {
	const char *path; /* a last '*' stands for any rest */
	const char *kind; /* "token", "api", "revoke", "introspect" */
	void (*handle)(struct request *);
};

struct builtin {
	const char *id, *secret, *method, *scopes;
};

struct settings {
	char *vendor;
	long long delay_ms, expires_in, renews_below, grace;
	bool expires_as_string, keep_refresh;
	char *reissue; /* NULL or "new", "same", "extends", "replaces" */
	char *token;   /* always hand out this value */
	struct json_object *omit;  /* array of member names */
	struct json_object *extra; /* members that replace or add */
};

struct vendor {
	const char *name;
	const char *token_type;
	long long expires_in;
	long long refresh_lifetime; /* seconds, 0: no refresh tokens */
	long long secret_lifetime;  /* seconds, 0: no end */
	bool hides_scope;
	const struct route *routes;
	const struct builtin *clients;
	char *(*mint)(const struct token *);
	/* An error in the vendor's own shape; why may be NULL. */
	void (*refuse)(struct request *, int status, const char *why);
	struct settings set;
};

extern struct vendor cliquify, myparcel, tiki, netwrix, generic;
extern struct vendor *const vendors[]; /* ends with NULL */

struct vendor *vendor_find(const char *name);
const struct route *route_find(const char *path, struct vendor **ret_vendor);
/* The flat answer with a token in it. */
void answer_token(struct request *, const struct token *);
/* What every protected path says to a good token. */
void answer_hello(struct request *, const struct token *);
/* The handler of POST /_/config; NULL or an allocated sentence. */
char *settings_change(struct json_object *);
void settings_reset(void);

/* clients.c */

enum verdict {
	CLIENT_OK,
	CLIENT_UNKNOWN,
	CLIENT_WRONG,
	CLIENT_EXPIRED,
	CLIENT_DISABLED
};

struct client {
	struct client *next;
	struct vendor *owner;
	char *vendor, *id, *secret, *also, *method, *scopes;
	bool disabled, remove;
	long long issued_at, lifetime;
};

void clients_reset(void);
void clients_free(void);
char *clients_change(struct json_object *);
struct json_object *clients_json(void);
const struct client *client_find(const struct vendor *v, const char *id);
enum verdict client_check(const struct vendor *v, const char *id,
    const char *secret, const struct client **ret);
/* Whether every word of want is one of the client's scopes. */
bool client_may(const struct client *c, const char *want);

/* tokens.c */

struct token {
	struct token *next;
	const struct vendor *vendor;
	char *value, *refresh, *client_id, *scope, *resource;
	long long issued, expires, dies, refresh_ends;
	bool revoked;
};

/* A token by the vendor's rule of reissue; valid until tokens_free(). */
struct token *token_get(struct vendor *v, const char *client_id,
    const char *scope, const char *resource);
struct token *token_find(const struct vendor *v, const char *value);
struct token *token_find_refresh(const struct vendor *v, const char *value);
bool token_live(const struct token *t);
bool token_revoke(const char *value);
void tokens_free(void);
/* The flat answer of RFC 6749 5.1, shaped by the settings. */
struct json_object *token_json(struct vendor *v, const struct token *t);
char *token_jwt(const struct token *t);

/* form.c: reading what a client sent */

enum form_fault { FORM_OK, FORM_BAD, FORM_TWICE, FORM_TYPE };

/* repeatable: the one name that may come more than once, or NULL. */
enum form_fault form_read(
    const struct bytes *body, const char *repeatable, struct pairs *ret);
/* A JSON object's members; anything but strings is FORM_TYPE. */
enum form_fault form_from_json(const struct bytes *body, struct pairs *ret);
bool type_is(const struct request *, const char *type);

enum basic { BASIC_NONE, BASIC_OK, BASIC_BAD };

/* The Authorization header of RFC 7617; strict: RFC 6749 2.3.1 on top. */
enum basic basic_read(
    const struct request *, bool strict, char **ret_id, char **ret_secret);
/* Who says to be asking, for the counters; NULL: nobody. */
char *claimed_id(const struct request *);

enum bearer { BEARER_OK, BEARER_NONE, BEARER_BAD, BEARER_DEAD };

/* The live token a protected call came with. */
enum bearer bearer_read(
    const struct request *, const struct vendor *, struct token **ret);

/* http.c: requests in, answers out */

struct answer {
	int status;
	struct pairs headers;
	struct bytes body;
	long long pad_to, truncate; /* -1: as it is */
	long long trickle_ms;
	bool drop, reset, chunked;
};

struct step;

struct request {
	struct MHD_Connection *conn;
	char *method, *uri, *path, *query; /* as sent; query may be NULL */
	char *claimed;
	struct pairs headers;
	struct bytes body;
	bool begun, received, too_big, waiting;
	int port;
	struct vendor *vendor; /* NULL: no vendor's path */
	const struct route *route;
	struct step *step;
	struct json_object *entry; /* its line of the log */
	struct timer timer;
	struct answer answer;
};

int http_start(int listener, const char *tls_dir);
int http_poll_fd(void);
/* Milliseconds until it wants to be run again; -1: nothing to wait for. */
long long http_timeout(void);
void http_run(void);
void http_stop(void);
bool http_stopping(void);

/* answer.c */

void answer_header(struct request *, const char *name, const char *value);
void answer_text(
    struct request *, int status, const char *type, const char *body);
/* Takes obj. */
void answer_json(struct request *, int status, struct json_object *obj);
void answer_json_as(
    struct request *, int status, const char *type, struct json_object *obj);
/* The time by the server's clock, unless a script has said another. */
void answer_date(struct request *);
/* Sends 405 in the vendor's shape and says false unless it is the method. */
bool method_is(struct request *, const char *method);

/* reader.c: sends a body in the ways a script asks for */

struct MHD_Response;
struct MHD_Response *reader_response(struct request *);

/* script.c */

char *script_add(struct json_object *);
void script_reset(void);
struct step *script_take(const struct request *);
void script_release(struct step *);
long long script_delay(const struct step *);
/* Whether the ordinary answer is not wanted at all. */
bool script_replaces(const struct step *);
void script_apply(const struct step *, struct request *);

/* count.c: the truth about requests */

void count_reset(void);
void count_free(void);
void count_connection(void);
void count_received(struct request *);
void count_issued(const struct vendor *v, const char *client_id);
void count_answered(struct request *);
void count_aborted(struct request *);
struct json_object *count_json(void);

/* log.c: the last requests as they came */

void log_open(const char *state_dir);
void log_received(struct request *);
void log_answered(struct request *);
struct json_object *log_json(void);
void log_reset(void);
void log_close(void);

/* control.c: everything under /_/ */

bool control_handle(struct request *);

/* second.c: a port that only notes what it is sent */

int second_start(void);
int second_port(void);
int second_poll_fd(void);
void second_run(void);
struct json_object *second_json(void);
void second_reset(void);
void second_stop(void);

/* listen.c */

/* A listener on 127.0.0.1; port 0: the kernel's choice, told back. */
int listen_loopback(int *port);

#endif
