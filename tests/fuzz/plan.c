/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request plan as the fetch helper gets it, and where it says it goes: our
 * parser of URLs and libcurl's come to the same place, or it goes nowhere.
 */
#include "base/cleanup.h"
#include "fetch/target.h"
#include "fuzz.h"

static void
check_codec(const struct plan *p)
{
	cleanup_buf struct buf one = BUF_SECRET_INIT, two = BUF_SECRET_INIT;
	cleanup_plan struct plan back = PLAN_INIT;
	struct error err;

	REQUIRE(plan_encode(p, &one, &err) == TOKENWARD_OK);
	REQUIRE(plan_decode(one.data, one.len, &back, &err) == TOKENWARD_OK);
	REQUIRE(plan_encode(&back, &two, &err) == TOKENWARD_OK);
	REQUIRE(buf_equal(&one, &two));
}

static void
check_target(const struct plan *p)
{
	cleanup_target struct target t = TARGET_INIT;
	struct error err = {0};
	int r = target_check(p, &t, &err);
	char *host = NULL;

	if (r) {
		fuzz_error(&err, r);
		return;
	}
	REQUIRE(curl_url_get(t.url, CURLUPART_HOST, &host, 0) == CURLUE_OK);
	REQUIRE(strcasestr(p->origin, host));
	REQUIRE(t.ports[0] > 0 || p->proxy);
	curl_free(host);
}

static int
once(struct input in)
{
	cleanup_plan struct plan p = PLAN_INIT;
	struct error err = {0};
	int r;

	faults_on();
	r = plan_decode(in.at, in.left, &p, &err);
	faults_off();
	if (r) {
		fuzz_error(&err, r);
		REQUIRE(!p.url && !p.body.data);
		return r;
	}
	REQUIRE(p.method && p.url && p.origin);
	check_codec(&p);
	check_target(&p);
	return r;
}

FUZZ(plan)
{
	return fuzz_run(once, data, len);
}
