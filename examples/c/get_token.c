/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fetches a token by name and says on standard error how long it lives.
 *
 *     cc get_token.c $(pkg-config --cflags --libs tokenward) -o get_token
 *     ./get_token shop
 */
#include <stdio.h>
#include <time.h>
#include <tokenward/tokenward.h>

/* Only a build tree has its helpers elsewhere. */
#ifndef EXAMPLE_LIBEXEC_DIR
#define EXAMPLE_LIBEXEC_DIR NULL
#endif

static void
print_expiry(const struct tokenward_token *token)
{
	time_t end = (time_t)tokenward_token_expires_at(token);
	char text[sizeof "2026-12-31T23:59:59Z"];
	struct tm utc;

	if (tokenward_token_expires_at(token) == TOKENWARD_TIME_NEVER)
		fputs("does not expire\n", stderr);
	else if (gmtime_r(&end, &utc) != NULL &&
		 strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0)
		fprintf(stderr, "expires %s (%s)\n", text,
		    tokenward_token_is_cached(token) ? "cached" : "fetched");
}

int
main(int argc, char **argv)
{
	struct tokenward_open_params params = {
	    .size = sizeof params,
	    .libexec_dir = EXAMPLE_LIBEXEC_DIR,
	};
	struct tokenward_token *token = NULL;
	struct tokenward *tw;
	int result;

	if (argc != 2) {
		fprintf(stderr, "usage: get_token NAME\n");
		return TOKENWARD_USAGE;
	}
	result = tokenward_open(&params, &tw);
	if (result == TOKENWARD_OK)
		result = tokenward_get_token(tw, argv[1], NULL, &token);
	if (result == TOKENWARD_OK) {
		puts(tokenward_token_value(token));
		print_expiry(token);
	} else {
		fprintf(stderr, "get_token: %s\n", tokenward_error(tw));
	}
	tokenward_token_free(token);
	tokenward_close(tw);
	return result;
}
