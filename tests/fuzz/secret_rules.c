/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be a secret: what is taken is kept as it is, what is refused is
   not repeated in the sentence. */
#include "base/cleanup.h"
#include "core/core.h"
#include "fuzz.h"

static void
check_taken(
    const struct tokenward_credential *c, struct input in, bool verbatim)
{
	const struct buf *kept = version_secret(&c->given, "client_secret");
	const char *s = (const char *)in.at;

	REQUIRE(kept && kept->len == in.left);
	REQUIRE(memcmp(kept->data, in.at, in.left) == 0);
	REQUIRE(in.left > 0 && in.left <= RECORD_SECRET_MAX);
	REQUIRE(fuzz_is_line(s, in.left) && str_is_utf8(s, in.left));
	REQUIRE(verbatim || (s[0] != ' ' && s[in.left - 1] != ' '));
}

static int
once(struct input in)
{
	struct tokenward tw = {.mutex = PTHREAD_MUTEX_INITIALIZER};
	struct tokenward_credential *c = NULL;
	bool verbatim = input_byte(&in) & 1;
	int r;

	REQUIRE(tokenward_credential_new(&c) == TOKENWARD_OK);
	faults_on();
	r = tokenward_credential_set_secret(
	    &tw, c, NULL, in.at, in.left, verbatim);
	faults_off();
	if (r == TOKENWARD_OK) {
		check_taken(c, in, verbatim);
	} else {
		fuzz_error(&tw.err, r);
		REQUIRE(in.left < 8 || !memmem(tw.err.text, strlen(tw.err.text),
					   in.at, in.left));
	}
	tokenward_credential_free(c);
	return r;
}

FUZZ(secret_rules)
{
	return fuzz_run(once, data, len);
}
