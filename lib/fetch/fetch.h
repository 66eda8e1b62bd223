/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request and its normalised answer, as they cross the boundary to the
 * fetch helper (libexec/fetch).  The library makes the plan and reads the
 * reply; only the helper opens a socket and parses what a server sent.
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "fetch/helper.h"

#define FETCH_ANSWER_MAX (1u << 20) /* bytes of body read at most */

enum outcome {
	OUTCOME_OK,
	OUTCOME_BAD_CREDENTIALS,
	OUTCOME_SECRET_EXPIRED,
	OUTCOME_BLOCKED,
	OUTCOME_BAD_REQUEST,
	OUTCOME_BAD_SCOPE,
	OUTCOME_RATE_LIMITED,
	OUTCOME_TEMPORARY, /* 5xx, transport, an answer that is no answer */
	OUTCOME_USE_NONCE,
	OUTCOME_UNTRUSTED, /* the peer's certificate was not accepted */
	OUTCOME_MAX
};
/* "ok", "bad_credentials", ...: the words of provider files and frames. */
extern const char *const outcome_names[OUTCOME_MAX];
/* OUTCOME_MAX when it is none of them. */
enum outcome outcome_parse(const char *s, size_t len);

struct plan {
	char *method; /* "POST", "GET" */
	char *url;
	struct buf headers;   /* secret: a frame list of header name -> value */
	struct buf body;      /* secret */
	char *origin;         /* canonical "https://host:port", the only one */
	char *ca;             /* PEM, NULL: the system's */
	char *proxy;          /* NULL: none */
	bool plain_http;      /* sealed permission for http beyond loopback */
	int64_t timeout_ms;   /* for everything, retries included */
	unsigned tries;       /* at most; transport errors before an answer */
	struct buf provider;  /* text of the provider file, for the answer */
	struct buf redact;    /* secret: frame list "v" of what to blank out */
	bool need_landlock;   /* without it nothing is sent (--strict) */
	bool exchange;        /* report the exchange, redacted (try) */
	int64_t clock_offset; /* seconds, tests only */
};
#define PLAN_INIT                                                    \
	{                                                            \
		.headers = BUF_SECRET_INIT, .body = BUF_SECRET_INIT, \
		.redact = BUF_SECRET_INIT                            \
	}

#define LIFE_UNKNOWN (-1)
#define LIFE_NEVER INT64_MAX

struct reply {
	enum outcome outcome;
	int status;         /* HTTP, 0: none came */
	struct buf token;   /* secret; visible ASCII, checked on both sides */
	struct buf refresh; /* secret */
	char *type;
	char *scope;
	int64_t life; /* seconds from before the request; LIFE_UNKNOWN: the
			 answer said nothing and the file assumes nothing */
	bool life_assumed;
	struct strmap keep;
	int64_t retry_after; /* seconds, -1: not said */
	char *error_code;    /* cleaned, redacted, at most 128 bytes */
	char *error_message; /* likewise, at most 512 */
	char *stage;         /* "resolve" "connect" "proxy" "tls" "send"
				 "receive" "deadline" "size" "redirect"
				 "answer"; "plan" "fence" "landlock" "option"
				 "memory": nothing was sent; NULL */
	int64_t skew;        /* server's Date - ours, seconds; 0 if not said */
	unsigned attempts;
	char *exchange; /* with plan.exchange: redacted text, or NULL */
	bool landlock;  /* the helper was fenced by Landlock too */
};
#define REPLY_INIT                                                    \
	{                                                             \
		.token = BUF_SECRET_INIT, .refresh = BUF_SECRET_INIT, \
		.life = LIFE_UNKNOWN, .retry_after = -1               \
	}

void plan_free(struct plan *p);
void reply_free(struct reply *r);
#define cleanup_plan __attribute__((cleanup(plan_free)))
#define cleanup_reply __attribute__((cleanup(reply_free)))

/* Frames (lib/fetch/plan.c, reply.c); decoding checks every limit. */
int plan_encode(const struct plan *p, struct buf *out, struct error *err);
int plan_decode(
    const void *data, size_t len, struct plan *ret, struct error *err);
int reply_encode(const struct reply *r, struct buf *out, struct error *err);
int reply_decode(
    const void *data, size_t len, struct reply *ret, struct error *err);

/*
 * The helper libexec_dir/fetch: own process, empty environment, no descriptor
 * but a socket, killed when its time is up (by pidfd; works with SIGCHLD
 * ignored and never disturbs other children).
 */
struct fetch {
	struct helper helper;
};
#define FETCH_INIT                    \
	{                             \
		.helper = HELPER_INIT \
	}
/*
 * One plan, one helper.  Returns TOKENWARD_OK with a reply, whatever its outcome says; a helper that is
 * missing is TOKENWARD_CONFIG, one that crashes, hangs or babbles
 * TOKENWARD_UNAVAILABLE, each with a sentence.
 */
int fetch_run(struct fetch *f, const char *libexec_dir, const struct plan *p,
    struct reply *ret, struct error *err);
/* The helper, which was ending while the reply was made use of, is gone. */
void fetch_end(struct fetch *f);
#define cleanup_fetch __attribute__((cleanup(fetch_end)))

/* The stage of a plan that needs Landlock where there is none. */
#define FETCH_NO_LANDLOCK "landlock"
/* A method that makes the helper fence itself, answer and go. */
#define FETCH_PROBE "probe"
/* Can the helper work here, and is Landlock part of its fence? (doctor) */
int fetch_probe(const char *libexec_dir, bool *ret_landlock, struct error *err);

#endif
