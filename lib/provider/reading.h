/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a provider file: tables of members, one row each, say what a
 * member is called, what kind it is and where it goes.
 *
 *   read.c           the file, its defaults, its end
 *   read_report.c    how faults are told
 *   read_kinds.c     the kinds
 *   read_vars.c      "vars" and "secrets"; pattern.c: their patterns
 *   read_token.c     "token"
 *   read_response.c  "response"
 *   read_outcome.c   "outcome"
 *   read_use.c       "use", "reissue" and "secret"
 *   read_check.c     what no single member can know
 */
#ifndef PROVIDER_READING_H
#define PROVIDER_READING_H

#include <json-c/json.h>
#include <stddef.h>
#include "provider/provider.h"

struct reading {
	const char *text, *label;
	size_t len;
	struct provider *provider;
	struct buf path; /* JSON Pointer of the member under way */
	struct error *err;
};

struct member {
	const char *name;
	/* at is the place of the offset */
	int (*read)(struct reading *r, const struct member *m,
	    struct json_object *v, void *at);
	size_t offset;
	const void *more; /* what the kind wants, see there */
};

/*
 * "LABEL line 7: ..." for the member under way; TOKENWARD_CONFIG.  Foreign
 * words in the arguments must be clean: see reading_quote().
 */
int reading_fail(struct reading *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* `"token.url"`: the member under way, for a sentence. */
const char *reading_name(struct reading *r, char room[160]);
/* Foreign text, cleaned and cut. */
const char *reading_quote(const char *s, char room[160]);
/* Steps into a member and back: begin, ..., end with what begin gave. */
size_t reading_begin(struct reading *r, const char *name);
void reading_end(struct reading *r, size_t mark);

/* Every member of o by a row of the table, unknown ones refused. */
int read_members(struct reading *r, const struct member *table,
    struct json_object *o, void *base);

/* The kinds.  "at" is of the type in the comment; `more` as it says. */
int read_object(struct reading *r, const struct member *m,
    struct json_object *v, void *at); /* more: table; rows from at */
int read_text(struct reading *r, const struct member *m, struct json_object *v,
    void *at); /* char *, never empty */
int read_nullable(struct reading *r, const struct member *m,
    struct json_object *v, void *at); /* char *, null is NULL */
int read_texts(struct reading *r, const struct member *m, struct json_object *v,
    void *at); /* strlist; one string or several */
int read_word(struct reading *r, const struct member *m, struct json_object *v,
    void *at); /* unsigned; more: words, NULL ends */
int read_word_text(struct reading *r, const struct member *m,
    struct json_object *v, void *at); /* char *; likewise */
int read_words(struct reading *r, const struct member *m, struct json_object *v,
    void *at); /* strlist; likewise, no repeats */
int read_flag(struct reading *r, const struct member *m, struct json_object *v,
    void *at); /* bool */
int read_seconds(struct reading *r, const struct member *m,
    struct json_object *v, void *at); /* int64_t, from 1 to ten years */
int read_map(struct reading *r, const struct member *m, struct json_object *v,
    void *at); /* strmap; strings only */
int read_pointers(struct reading *r, const struct member *m,
    struct json_object *v, void *at); /* strlist; one or several */
int read_headers(struct reading *r, const struct member *m,
    struct json_object *v, void *at); /* strmap; names in lower case */
int read_pointer(struct reading *r, const struct member *m,
    struct json_object *v, void *at); /* char * */
int read_vars(struct reading *r, const struct member *m, struct json_object *v,
    void *at); /* struct provider, as all below */
int read_secrets(struct reading *r, const struct member *m,
    struct json_object *v, void *at); /* strlist */
int read_outcomes(
    struct reading *r, const struct member *m, struct json_object *v, void *at);

int read_reissue(
    struct reading *r, const struct member *m, struct json_object *v, void *at);
int read_use(
    struct reading *r, const struct member *m, struct json_object *v, void *at);

extern const struct member token_members[];
extern const struct member response_members[];
extern const struct member error_members[];
extern const struct member secret_members[];

bool is_pointer(const char *s);
/* "LABEL: ..." for what stands on no line. */
int reading_lacks(struct reading *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int reading_must_be(struct reading *r, const char *what);
int reading_unknown(struct reading *r, const struct member *table,
    const char *name, size_t parent);
/* What no single member can know; the last word on a file. */
int read_check(struct reading *r);

#endif
