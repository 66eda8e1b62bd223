/* SPDX-License-Identifier: BSD-2-Clause */
/* A normalised answer: lifecycle and frame. */
#include <stdlib.h>
#include "base/frame.h"
#include "fetch/fetch.h"
#include "fetch/members.h"
#include "record/record.h"

#define AT(name) offsetof(struct reply, name)
static const struct member table[] = {
    {"outcome", &member_word, AT(outcome), 1, 32},
    {"status", &member_int, AT(status), 0, 999},
    {"token", &member_token, AT(token), 0, RECORD_SECRET_MAX},
    {"refresh", &member_token, AT(refresh), 0, RECORD_SECRET_MAX},
    {"type", &member_clean, AT(type), 0, 128},
    {"scope", &member_line, AT(scope), 0, 65536},
    {"life", &member_num, AT(life), LIFE_UNKNOWN, LIFE_NEVER},
    {"life-assumed", &member_flag, AT(life_assumed), 0, 1},
    {"keep", &member_map, AT(keep), 0, 64},
    {"retry-after", &member_num, AT(retry_after), -1, INT64_MAX},
    {"error-code", &member_clean, AT(error_code), 0, 128},
    {"error-message", &member_clean, AT(error_message), 0, 512},
    {"stage", &member_clean, AT(stage), 0, 16},
    {"skew", &member_num, AT(skew), INT64_MIN, INT64_MAX},
    {"attempts", &member_int, AT(attempts), 0, 64},
    {"exchange", &member_lines, AT(exchange), 0, 256 * 1024},
    {"landlock", &member_flag, AT(landlock), 0, 1},
};

void
reply_free(struct reply *r)
{
	buf_free(&r->token);
	buf_free(&r->refresh);
	strmap_free(&r->keep);
	free(r->type);
	free(r->scope);
	free(r->error_code);
	free(r->error_message);
	free(r->stage);
	free(r->exchange);
	*r = (struct reply)REPLY_INIT;
}

int
reply_encode(const struct reply *r, struct buf *out, struct error *err)
{
	return members_encode(table, sizeof(table) / sizeof(table[0]),
	    "the answer of the fetch helper", r, out, err);
}

/* An answer that contradicts itself is as bad as a malformed one. */
static int
check(const struct reply *r, struct error *err)
{
	if ((r->outcome == OUTCOME_OK) == (r->token.len > 0))
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_UNAVAILABLE,
	    "the answer of the fetch helper: %s",
	    r->token.len ? "a token with a failure" : "no token");
}

int
reply_decode(const void *data, size_t len, struct reply *ret, struct error *err)
{
	int r = members_decode(table, sizeof(table) / sizeof(table[0]),
	    "the answer of the fetch helper", data, len, ret, err);

	r = r ? r : check(ret, err);
	if (r)
		reply_free(ret);
	return r;
}
