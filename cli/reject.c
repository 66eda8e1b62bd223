/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward reject and tokenward try: what came of a token or a secret. */
#include <string.h>
#include "base/cleanup.h"
#include "cli.h"

int
cmd_reject(void)
{
	cleanup_buf struct buf b = BUF_SECRET_INIT;
	int r = secret_read("The refused token: ", "the refused token", &b);

	if (r)
		return r;
	if (b.len == 0)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "reject: no token on standard input");
	return library_result(tokenward_reject_token(
	    cli.tw, cli.args[0], (const char *)b.data, b.len));
}

/* The library redacted the text; lines are kept, the rest is cleaned. */
static void
put_text(const char *text)
{
	const char *end;

	for (; *text; text = *end ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		str_clean(&cli.out, text, (size_t)(end - text), 4096);
		buf_put_str(&cli.out, "\n");
	}
}

int
try_credential(const char *name)
{
	cleanup_text char *text = NULL;
	int r = tokenward_try_credential(cli.tw, name, &text), failed;

	library_result(r);
	if (text)
		put_text(text);
	failed = out_flush();
	return r ? r : failed;
}

int
cmd_try(void)
{
	return try_credential(cli.args[0]);
}
