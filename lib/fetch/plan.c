/* SPDX-License-Identifier: BSD-2-Clause */
/* A request plan: lifecycle and frame. */
#include <stdlib.h>
#include "base/frame.h"
#include "fetch/fetch.h"
#include "fetch/members.h"

#define KIB INT64_C(1024)
#define HOUR_MS INT64_C(3600000)
#define CENTURY INT64_C(3155760000)

#define AT(name) offsetof(struct plan, name)
static const struct member table[] = {
    {"method", &member_line, AT(method), 1, 16},
    {"url", &member_line, AT(url), 1, 64 * KIB},
    {"headers", &member_list, AT(headers), 0, 256 * KIB},
    {"body", &member_bytes, AT(body), 0, 256 * KIB},
    {"origin", &member_line, AT(origin), 1, 512},
    {"ca", &member_string, AT(ca), 0, 1024 * KIB},
    {"proxy", &member_line, AT(proxy), 0, 2 * KIB},
    {"plain-http", &member_flag, AT(plain_http), 0, 1},
    {"timeout-ms", &member_num, AT(timeout_ms), 1, HOUR_MS},
    {"tries", &member_int, AT(tries), 1, 16},
    {"provider", &member_bytes, AT(provider), 0, 64 * KIB},
    {"redact", &member_list, AT(redact), 0, 1024 * KIB},
    {"need-landlock", &member_flag, AT(need_landlock), 0, 1},
    {"exchange", &member_flag, AT(exchange), 0, 1},
    {"clock-offset", &member_num, AT(clock_offset), -CENTURY, CENTURY},
};

void
plan_free(struct plan *p)
{
	free(p->method);
	free(p->url);
	free(p->origin);
	free(p->ca);
	free(p->proxy);
	buf_free(&p->headers);
	buf_free(&p->body);
	buf_free(&p->provider);
	buf_free(&p->redact);
	*p = (struct plan)PLAN_INIT;
}

int
plan_encode(const struct plan *p, struct buf *out, struct error *err)
{
	return members_encode(table, sizeof(table) / sizeof(table[0]),
	    "the request", p, out, err);
}

int
plan_decode(const void *data, size_t len, struct plan *ret, struct error *err)
{
	int r = members_decode(table, sizeof(table) / sizeof(table[0]),
	    "the request", data, len, ret, err);

	if (r)
		plan_free(ret);
	return r;
}
