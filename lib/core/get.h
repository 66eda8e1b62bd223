/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request for a token under way: what its stations share.
 *
 *   get.c    the whole, on one screen     look.c  what the record says
 *   buy.c    the purchase, and what came of it, kept for everybody
 *   serve.c  out: the token, a warning, or the sentence why not
 *   memo.c   asked again in one process: one fstatat
 */
#ifndef CORE_GET_H
#define CORE_GET_H

#include "core/core.h"

enum decision {
	SERVE,          /* what is cached */
	SERVE_OR_RENEW, /* the same, and one process may renew it */
	FETCH,          /* a new one is needed; the cached one may be valid */
	GIVE_UP,        /* a gate is closed and nothing is valid */
};

struct get {
	struct tokenward *tw;
	const char *name;
	unsigned flags;
	int64_t min_valid;
	struct shape shape;
	struct strlist resources;
	char *key;
	struct now began;
	struct purchase purchase;
	struct tokens tokens;
	const struct token *token; /* of tokens, valid; or NULL */
	const struct gate *gate;   /* of tokens, closed; or NULL */
	enum decision decision;
	char *warning;
	bool fetched;
};

/* Reads the tokens record and decides. */
int look(struct get *g, struct error *err);
/* The version of the secret to ask with, NULL: gates forbid every one. */
int open_version(const struct get *g, const struct purchase *p,
    const struct now *now, struct secret_version **ret, struct error *err);
/* --rejected: what is cached is dead for everybody. */
int reject_cached(struct get *g, struct error *err);
/* Asks the provider, the flight being ours, and keeps the outcome. */
int buy(struct get *g, unsigned tries, struct error *err);
/* Gives out g->token; or says why there is none. */
int serve(struct get *g, struct tokenward_token **ret, struct error *err);
int out(struct get *g, struct tokenward_token **ret, struct error *err);
/* The flight is somebody else's, or cannot be had. */
int serve_without_flight(struct get *g, enum flight f,
    struct tokenward_token **ret, struct error *err);
/* The purchase failed: what is still valid serves, with a warning. */
int serve_in_spite(
    struct get *g, int result, struct tokenward_token **ret, struct error *err);
struct tokenward_token *memo_get(struct get *g);
void memo_put(struct get *g, const struct store_mark *mark);

#endif
