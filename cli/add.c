/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward add, and what add and rotate say about the end of a secret. */
#include <unistd.h>
#include "base/cleanup.h"
#include "cli.h"

static struct {
	bool update;
	bool try;
} given;

const struct option_row add_options[] = {
    {"update", 0, OPTION_FLAG, &given.update, NULL,
	"change what is there, make what is not"},
    {"try", 0, OPTION_FLAG, &given.try, NULL,
	"prove it afterwards by one real request"},
    {NULL},
};

static int
look_for_provider(void)
{
	cleanup_text char *text = NULL;
	cleanup_text char *path = NULL;
	const char *id = field_given("provider");

	return id ? library_result(
			tokenward_read_provider(cli.tw, id, &text, &path))
		  : TOKENWARD_OK;
}

/* Nobody likes to paste a secret and hear then that the name was taken. */
static int
look_before_asking(const char *name)
{
	cleanup_object struct tokenward_credential *old = NULL;
	int r;

	if (secret_given() || !isatty(STDIN_FILENO))
		return TOKENWARD_OK;
	r = look_for_provider();
	if (r || given.update)
		return r;
	r = tokenward_get_credential(cli.tw, name, &old);
	if (r == TOKENWARD_OK)
		return error_set(&cli.error, TOKENWARD_EXISTS,
		    "%s is there already; \"tokenward rotate %s\" takes a new "
		    "secret, \"tokenward add --update\" changes the rest",
		    name, name);
	return r == TOKENWARD_NOT_FOUND ? TOKENWARD_OK : library_result(r);
}

static int
provider_is_named(const char *name)
{
	if (field_given("provider") || given.update)
		return TOKENWARD_OK;
	return error_set(&cli.error, TOKENWARD_USAGE,
	    "add: %s needs a --provider; \"tokenward provider list\" has "
	    "them, \"generic\" is any RFC 6749 server",
	    clean(name));
}

/* A date that was guessed is said to be one, with the way to mend it. */
void
say_secret_end(const char *name)
{
	cleanup_object struct tokenward_credential *c = NULL;
	const char *end, *basis;

	if (cli.quiet || tokenward_get_credential(cli.tw, name, &c) != 0)
		return;
	end = tokenward_credential_get(c, "secret.expires_at", 0);
	basis = tokenward_credential_get(c, "secret.basis", 0);
	if (end && str_equal(end, "never") && str_equal(basis, "none"))
		say("%s: the provider states no end of its secrets; if this "
		    "one has one: tokenward edit %s --expires-at T",
		    name, name);
	else if (end && str_equal(end, "never"))
		say("%s: the secret has no end, as stated", name);
	else if (end && str_equal(basis, "assumed"))
		say("%s: the secret is assumed to end %s, the provider's "
		    "usual; if that is wrong: tokenward edit %s "
		    "--expires-at T",
		    name, end, name);
	else if (end)
		say("%s: the secret ends %s, as stated", name, end);
	else
		say("%s: no end of the secret is known; if it has one: "
		    "tokenward edit %s --expires-at T",
		    name, name);
}

int
cmd_add(void)
{
	static const char *const words[] = {"unchanged", "changed", "created"};
	cleanup_object struct tokenward_credential *c = NULL;
	enum tokenward_change change = TOKENWARD_UNCHANGED;
	const char *name = cli.args[0];
	int r;

	r = provider_is_named(name);
	if (r == TOKENWARD_OK)
		r = fields_credential(&c);
	if (r == TOKENWARD_OK)
		r = look_before_asking(name);
	if (r == TOKENWARD_OK)
		r = secret_input(c, name);
	if (r)
		return r;
	r = tokenward_add_credential(
	    cli.tw, name, c, given.update ? TOKENWARD_ADD_UPDATE : 0, &change);
	if (r)
		return library_result(r);
	if (change != TOKENWARD_UNCHANGED)
		say_secret_end(name);
	r = out_change(words[change]);
	return r || !given.try ? r : try_credential(name);
}
