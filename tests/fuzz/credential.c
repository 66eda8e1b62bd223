/* SPDX-License-Identifier: BSD-2-Clause */
/* The plain text of a credential: what is read is written the same again. */
#include "base/cleanup.h"
#include "base/frame.h"
#include "fuzz.h"
#include "record/record.h"

static void
encode(const struct credential *c, struct buf *out)
{
	struct error err;

	REQUIRE(credential_encode(c, out, &err) == TOKENWARD_OK);
}

static void
check(const struct credential *c)
{
	cleanup_buf struct buf one = BUF_SECRET_INIT, two = BUF_SECRET_INIT;
	cleanup_credential struct credential *back = NULL;
	struct error err;

	REQUIRE(str_is_name(c->name));
	REQUIRE(c->provider);
	encode(c, &one);
	REQUIRE(
	    credential_decode(one.data, one.len, &back, &err) == TOKENWARD_OK);
	encode(back, &two);
	REQUIRE(buf_equal(&one, &two));
}

/* Reading again what was written may be too much where a default is said. */
static bool
fits(const struct credential *c)
{
	cleanup_buf struct buf out = BUF_SECRET_INIT;
	struct error err;
	int r = credential_encode(c, &out, &err);

	REQUIRE(r == TOKENWARD_OK || r == TOKENWARD_USAGE);
	return r == TOKENWARD_OK;
}

static int
once(struct input in)
{
	cleanup_credential struct credential *c = NULL;
	struct error err = {0};
	int r;

	faults_on();
	r = credential_decode(in.at, in.left, &c, &err);
	faults_off();
	if (r)
		fuzz_error(&err, r);
	REQUIRE(!r == !!c);
	if (c && fits(c))
		check(c);
	return r;
}

FUZZ(credential)
{
	return fuzz_run(once, data, len);
}
