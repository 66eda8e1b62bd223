/* SPDX-License-Identifier: BSD-2-Clause */
/* What is hidden of an exchange that people see. */
#include <stdlib.h>
#include <string.h>
#include "base/json_scan.h"
#include "fetch/exchange.h"
#include "unit.h"

static char *
hidden(struct http_try *t, const char *pointer)
{
	char *pointers[] = {(char *)(uintptr_t)pointer};
	struct provider p = {.token_at = {.v = pointers, .n = 1}};
	struct reply r = REPLY_INIT;
	struct redact hide = {0};
	struct buf out = BUF_INIT;

	exchange_hide(&p, t, &r, &hide);
	redact_put(&hide, &out, "x not-a-real-token y", 20);
	redact_free(&hide);
	return (char *)out.data;
}

Test(fetch_exchange, a_header_is_found_whatever_its_case)
{
	static const char *const pointers[] = {
	    "header:X-Token", "header:x-token", "header:X-TOKEN"};
	struct http_try t = {0};
	size_t i;

	cr_assert(strmap_set(&t.headers, "x-token", "not-a-real-token"));
	for (i = 0; i < 3; i++) {
		char *text = hidden(&t, pointers[i]);

		cr_assert_null(strstr(text, "not-a-real"), "%s", text);
		free(text);
	}
	strmap_free(&t.headers);
}

Test(fetch_exchange, a_deep_document_is_looked_through)
{
	struct http_try t = {.body = BUF_INIT};
	char *text;
	int i;

	for (i = 0; i < JSON_DEPTH; i++)
		buf_put_byte(&t.body, '[');
	buf_put_str(&t.body, "\"not-a-real-token\"");
	for (i = 0; i < JSON_DEPTH; i++)
		buf_put_byte(&t.body, ']');
	text = hidden(&t, "/nowhere");
	cr_assert_null(strstr(text, "not-a-real"), "%s", text);
	free(text);
	buf_free(&t.body);
}
