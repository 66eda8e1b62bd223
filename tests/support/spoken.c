/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random ids, secrets and tokens, and what the command makes of them in the
 * languages of others, for others to read.
 *
 *     spoken pairs N SEED    id and secret in hexadecimal, the Authorization
 *                            header, the body of a form; a line each
 *     spoken tokens N SEED   the token in hexadecimal, and its line for curl
 *
 * A seed gives the same random bytes in every run.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "cli/cli.h"
#include "core/core.h"
#include "provider/provider.h"
#include "tests/support/dice.h"

#undef main /* the command's has another name in this program */

#define LONGEST 40

static const char file_text[] =
    "{\"schema\":1,\"id\":\"x\",\"token\":{\"url\":\"https://a.example/t\","
    "\"auth\":[\"client_secret_basic\",\"client_secret_post\"]}}";

static struct error failure;

static void
must(int r)
{
	if (r)
		errx(2, "%s", failure.text);
}

/* ---- what may be ------------------------------------------------------- */

/* Often those that mean something to somebody. */
static size_t
put_character(char *to)
{
	static const char *const odd[] = {":", "%", "+", "&", "=", " ", "/",
	    "\"", "\\", "'", "~", "*", "-", "_", ".", "$", "`", "%3A", "%25",
	    "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x94\x91", "\xe2\x80\x94"};
	const char *s = odd[randombytes_uniform(sizeof(odd) / sizeof(*odd))];

	if (randombytes_uniform(2)) {
		*to = (char)(0x21 + randombytes_uniform(0x7f - 0x21));
		return 1;
	}
	memcpy(to, s, strlen(s));
	return strlen(s);
}

static void
make_text(char text[4 * LONGEST + 1])
{
	size_t n = 1 + randombytes_uniform(LONGEST), len = 0;

	while (n--)
		len += put_character(text + len);
	text[len] = '\0';
}

static void
make_token(char text[LONGEST + 1])
{
	size_t n = 1 + randombytes_uniform(LONGEST);

	for (size_t i = 0; i < n; i++)
		text[i] = (char)(0x21 + randombytes_uniform(0x7f - 0x21));
	text[n] = '\0';
}

static void
print_hex(const char *s, char end)
{
	for (; *s; s++)
		printf("%02x", (unsigned char)*s);
	putchar(end);
}

/* ---- pairs ------------------------------------------------------------- */

static struct credential *
make_credential(const struct provider *p)
{
	struct credential *c = credential_new();
	char id[4 * LONGEST + 1], secret[4 * LONGEST + 1];
	struct secret_version *v;

	make_text(id);
	make_text(secret);
	c->name = strdup("x");
	v = credential_add_version(c);
	v->state = VERSION_CURRENT;
	v->client_id = strdup(id);
	if (!version_set_secret(v, "client_secret", secret, strlen(secret)))
		errx(2, "no memory");
	c->auth = strdup("basic");
	must(provider_accept(p, c, &failure));
	must(provider_origins(p, c, &c->origins, &failure));
	print_hex(id, ' ');
	print_hex(secret, ' ');
	return c;
}

static void
print_header(const struct plan *plan)
{
	struct frame_field f;

	if (!frame_find(
		plan->headers.data, plan->headers.len, "authorization", &f))
		errx(2, "no header");
	printf("%.*s ", (int)(f.len - strlen("Basic ")),
	    (const char *)f.value + strlen("Basic "));
}

static void
print_pair(const struct provider *p)
{
	struct credential *c = make_credential(p);
	cleanup_plan struct plan basic = PLAN_INIT, post = PLAN_INIT;

	must(provider_apply(p, c, &c->versions[0], NULL, &basic, &failure));
	print_header(&basic);
	free(c->auth);
	c->auth = strdup("post");
	must(provider_apply(p, c, &c->versions[0], NULL, &post, &failure));
	printf("%s\n", buf_str(&post.body));
	credential_free(c);
}

static void
print_pairs(long n)
{
	struct provider *p = NULL;

	must(provider_read(
	    file_text, strlen(file_text), "x.json", &p, &failure));
	while (n-- > 0)
		print_pair(p);
	provider_free(p);
}

/* ---- tokens ------------------------------------------------------------ */

static void
print_token(long number)
{
	char text[LONGEST + 1], name[32];
	cleanup_buf struct buf line = BUF_SECRET_INIT;
	struct token t = {.value = BUF_SECRET_INIT,
	    .use_in = (char *)"header",
	    .use_name = name,
	    .use_format = (char *)"Bearer {token}"};
	struct tokenward_token *o;

	make_token(text);
	snprintf(name, sizeof(name), "X-%ld", number);
	buf_put_str(&t.value, text);
	o = token_object_new(&t, true, NULL);
	if (!o || t.value.failed)
		errx(2, "no memory");
	print_hex(tokenward_token_value(o), ' ');
	token_put_curl(&line, o);
	printf("%s", buf_str(&line));
	tokenward_token_free(o);
	buf_free(&t.value);
}

int
main(int argc, char **argv)
{
	long n = argc == 4 ? atol(argv[2]) : 0;

	dice_begin(argc == 4 ? strtoull(argv[3], NULL, 10) : 0);
	dice_use();
	if (n <= 0 || sodium_init() < 0)
		errx(2, "usage: spoken pairs|tokens N SEED");
	if (strcmp(argv[1], "pairs") == 0)
		print_pairs(n);
	for (long i = 0; strcmp(argv[1], "tokens") == 0 && i < n; i++)
		print_token(i);
	return fflush(stdout) == 0 ? 0 : 2;
}
