/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world for tests of the whole library: a store with a key file, provider
 * files, and a fetch helper that answers by a script (fakefetch.c), all in a
 * directory of their own.  Without Criterion, so that a plain program can
 * use it too: what goes wrong here ends the process.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <tokenward/tokenward.h>

/* Makes it, and makes the environment point nowhere else. */
void world_make(void);
void world_end(void);
/* A path in it; static memory of 16 turns. */
const char *world_path(const char *name);
/* Copies tests/unit/fixtures/ID.json to the provider files, as NEW.json with
   each FROM replaced (NULL: as it is). */
void world_provider(
    const char *id, const char *new_id, const char *from, const char *to);

/* A handle whose clock is offset seconds ahead; jitter 0, deadline 15 s. */
struct tokenward *world_open(int64_t offset);
struct tokenward *world_open_flags(int64_t offset, unsigned flags);
/* What the handle's warnings said since the last call, joined. */
const char *world_warnings(void);

/* The script from now on; forgets how often its lines were used. */
void world_script(const char *script);
unsigned world_requests(void);
/* The last request. */
const char *world_request(void);

/* A bag: the secret (NULL: none), then field, value, ..., NULL. */
struct tokenward_credential *world_bag(
    struct tokenward *tw, const char *secret, ...);
/* Adds NAME with provider "loop", client id "client", that secret. */
void world_add(struct tokenward *tw, const char *name, const char *secret);
/* A field of a stored credential, static; "" when there is none. */
const char *world_field(
    struct tokenward *tw, const char *name, const char *field);

/* The result; the token's value, cachedness and warning are kept here. */
struct world_token {
	char value[200];
	bool cached;
	char warning[1024];
	int64_t expires_at;
};
extern struct world_token world_token;
int world_get(struct tokenward *tw, const char *name, unsigned flags);
int world_get_params(struct tokenward *tw, const char *name,
    const struct tokenward_token_params *params);

#endif
