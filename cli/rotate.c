/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward rotate: a new client id and secret, proved, then used. */
#include "base/cleanup.h"
#include "cli.h"

static struct {
	bool no_try;
} given;

const struct option_row rotate_options[] = {
    {"no-try", 0, OPTION_FLAG, &given.no_try, NULL,
	"switch without proving the new secret"},
    {NULL},
};

static bool
same(const struct tokenward_credential *a, const struct tokenward_credential *b,
    const char *field)
{
	const char *x = tokenward_credential_get(a, field, 0);
	const char *y = tokenward_credential_get(b, field, 0);

	return x && y ? str_equal(x, y) : x == y;
}

/* The very secret that was in use: nothing was asked and nothing switched. */
static int
tell_again(const struct tokenward_credential *old,
    const struct tokenward_credential *new, const char *name)
{
	bool dates = !same(old, new, "secret.issued_at") ||
		     !same(old, new, "secret.expires_at") ||
		     !same(old, new, "secret.basis");

	say(dates ? "%s: this secret is in use already; the dates were changed"
		  : "%s: this secret is in use already",
	    name);
	if (dates)
		say_secret_end(name);
	return out_change(dates ? "changed" : "unchanged");
}

int
cmd_rotate(void)
{
	cleanup_object struct tokenward_credential *c = NULL;
	cleanup_object struct tokenward_credential *old = NULL;
	cleanup_object struct tokenward_credential *new = NULL;
	const char *name = cli.args[0];
	int r;

	r = library_result(tokenward_get_credential(cli.tw, name, &old));
	if (r == TOKENWARD_OK)
		r = fields_credential(&c);
	if (r == TOKENWARD_OK)
		r = secret_input(c, name);
	if (r)
		return r;
	r = tokenward_rotate_credential(
	    cli.tw, name, c, given.no_try ? TOKENWARD_ROTATE_NO_TRY : 0);
	if (r == TOKENWARD_OK)
		r = tokenward_get_credential(cli.tw, name, &new);
	if (r)
		return library_result(r);
	if (same(old, new, "secret.version"))
		return tell_again(old, new, name);
	say(given.no_try
		? "%s: the new secret is in use, unproved; the old one is kept"
		: "%s: the new secret was accepted and is in use; the old one "
		  "is kept as fallback",
	    name);
	say_secret_end(name);
	return out_change("changed");
}
