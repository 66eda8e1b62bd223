/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is stored: a credential, and the tokens record that goes with it.
 * Both are plain structs in memory and lists of base/frame.h in the store.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"

#define RECORD_SECRET_MAX 65536u /* bytes of one secret or token */
#define RECORD_TOKENS_MAX 32u    /* tokens of one credential, oldest out */
#define RECORD_VERSIONS_MAX 16u
#define CREDENTIAL_ID_LEN 16

enum version_state {
	VERSION_STAGED,
	VERSION_CURRENT,
	VERSION_PREVIOUS, /* the fallback after a rotation */
	VERSION_STATE_MAX
};

enum date_basis {
	BASIS_NONE,    /* no end is recorded, the provider states none */
	BASIS_STATED,  /* by a person or the server */
	BASIS_ASSUMED, /* the provider file's default */
	BASIS_MAX
};

struct named_secret {
	char *name; /* "client_secret", or another name of the provider file */
	struct buf value; /* secret */
};

struct secret_version {
	int64_t number; /* from 1, never used twice */
	enum version_state state;
	char *client_id; /* NULL where the provider has none */
	struct named_secret *secrets;
	size_t secrets_n;
	int64_t added_at;   /* when we got it */
	int64_t issued_at;  /* TOKENWARD_TIME_UNKNOWN: not known */
	int64_t expires_at; /* _UNKNOWN, or _NEVER */
	enum date_basis basis;
};

struct credential {
	unsigned char id[CREDENTIAL_ID_LEN]; /* random, for life */
	char *name;
	char *provider; /* an id, or an absolute path */
	struct strmap vars;
	char *auth; /* registered method name, never NULL once stored */
	char *scope;
	char *audience;
	struct strlist resources;
	struct strmap params;
	char *token_url; /* replaces the file's */
	char *ca;        /* PEM text, NULL: the system's */
	char *proxy;
	bool plain_http;
	char *owner;
	char *note;
	int64_t warn;           /* seconds before the end, 0: by default */
	int64_t critical;       /* likewise */
	struct strlist origins; /* sealed: "https://host:port" */
	struct secret_version *versions;
	size_t versions_n;
	int64_t next_number;
	int64_t created_at;
	int64_t changed_at;
	uint64_t generation; /* of the sealed record, not encoded */
};

/* A request's own wishes; empty members mean the credential's defaults. */
struct shape {
	const char *scope;
	const char *audience;
	const struct strlist *resources;
};

enum reissue {
	REISSUE_NEW,
	REISSUE_SAME,
	REISSUE_EXTENDS,
	REISSUE_REPLACES,
	REISSUE_MAX
};

#define TOKEN_LIFE_NEVER INT64_MAX

struct token {
	char *shape;        /* shape_key() of the request that bought it */
	struct buf value;   /* secret */
	struct buf refresh; /* secret, often empty */
	char *type;
	char *scope;      /* what the server said it granted, or NULL */
	int64_t version;  /* the secret version that bought it */
	struct now asked; /* just before the request was sent */
	int64_t life;     /* seconds from asked; TOKEN_LIFE_NEVER */
	bool assumed;     /* the life is the provider file's guess */
	bool rejected;    /* the API said 401 */
	bool successor;   /* bought for somebody whose token was rejected */
	enum reissue reissue;
	int64_t renews_below; /* seconds, for REISSUE_SAME; 0: not known */
	char *use_in;         /* "header" or "query" */
	char *use_name;       /* "Authorization" */
	char *use_format;     /* "Bearer {token}" */
	struct strmap keep;   /* values of the answer handed to the caller */
	struct strmap use_headers; /* further headers of API calls */
	int64_t tried_at_ms;       /* last advisory try, wall; 0: none */
};

enum gate_kind {
	GATE_NONE,
	GATE_RATE,    /* Retry-After, 429 */
	GATE_BACKOFF, /* 5xx, timeouts, transport */
	GATE_REFUSED, /* bad credentials, blocked: closed for the version */
	GATE_REQUEST, /* bad scope or request: that shape only */
	GATE_MAX
};

struct gate {
	enum gate_kind kind;
	int code;         /* enum tokenward_result to give out */
	char *key;        /* GATE_REQUEST: the shape; GATE_REFUSED: binding,
	                     that is version, client id, method and URL */
	struct now since; /* the first failure of this row */
	struct now last;  /* the latest */
	int64_t wait_ms;  /* closed until `last` is this old */
	unsigned failures;
	char *reason; /* cleaned sentence part, no secret */
};

/* The flight under way, so that waiters know when its holder is late. */
struct flight_mark {
	struct now started;
	int64_t deadline_ms; /* CLOCK_BOOTTIME; 0: none under way */
};

struct tokens {
	struct token *v;
	size_t n;
	struct gate *gates;
	size_t gates_n;
	struct flight_mark flight;
	int64_t credential_generation; /* the newest this record has seen */
	int64_t secret_ends_at; /* of the current version, 0: not known */
	int64_t secret_warn_at;
	struct now last_ok; /* the last accepted request; wall_ms 0: never */
	int64_t last_ok_version;
	uint64_t generation; /* of the sealed record, not encoded */
	bool damaged;        /* what lies there is to be written over */
};

/* Lifecycle.  The free functions wipe, take NULL and half-built objects. */
struct credential *credential_new(void);
void credential_free(struct credential *c);
void cleanup_credential_p(struct credential **c);
#define cleanup_credential __attribute__((cleanup(cleanup_credential_p)))
struct secret_version *credential_version(const struct credential *c,
    enum version_state state); /* NULL when there is none */
struct secret_version *credential_add_version(struct credential *c);
/* Wipes v and closes the gap; pointers to later versions move. */
void credential_drop_version(struct credential *c, struct secret_version *v);
bool version_set_secret(
    struct secret_version *v, const char *name, const void *data, size_t len);
const struct buf *version_secret(
    const struct secret_version *v, const char *name); /* or NULL */

void tokens_free(struct tokens *t); /* content; the struct is zeroed */
#define cleanup_tokens __attribute__((cleanup(tokens_free)))
struct token *tokens_find(const struct tokens *t, const char *shape);
/* Room for a new token of that shape: replaces one, or drops the oldest. */
struct token *tokens_put(struct tokens *t, const char *shape);
void token_free(struct token *t);
struct gate *tokens_gate(
    const struct tokens *t, enum gate_kind kind, const char *shape);
struct gate *tokens_set_gate(
    struct tokens *t, enum gate_kind kind, const char *shape);
void tokens_drop_gates(struct tokens *t, enum gate_kind kind);

/* "" for all defaults; else 32 hex digits.  Caller frees, NULL: no memory. */
char *shape_key(const struct shape *shape);

/* Codec.  Encoding needs a secret buffer.  Decoding checks every limit. */
int credential_encode(
    const struct credential *c, struct buf *out, struct error *err);
int credential_decode(
    const void *data, size_t len, struct credential **ret, struct error *err);
int tokens_encode(const struct tokens *t, struct buf *out, struct error *err);
int tokens_decode(
    const void *data, size_t len, struct tokens *ret, struct error *err);

/* The one table of a credential's plain fields: CLI, codec, show, manual. */
enum field_kind {
	FIELD_TEXT,
	FIELD_LIST,     /* strlist */
	FIELD_MAP,      /* strmap */
	FIELD_FLAG,     /* bool */
	FIELD_DURATION, /* int64_t seconds */
	FIELD_TIME
};
struct field {
	const char *name;   /* in the record, in show --get */
	const char *option; /* of add and edit, without dashes; or NULL */
	const char *argument;
	enum field_kind kind;
	size_t offset; /* into struct credential */
	const char *help;
};
extern const struct field credential_fields[];
extern const size_t credential_fields_n;
const struct field *field_find(const char *name); /* or NULL */
/* at: the field within a credential.  Frees, then empty, false or 0. */
void field_empty(const struct field *f, void *at);

#endif
