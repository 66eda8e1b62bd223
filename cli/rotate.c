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

int
cmd_rotate(void)
{
	cleanup_object struct tokenward_credential *c = NULL;
	cleanup_object struct tokenward_credential *old = NULL;
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
	if (r)
		return library_result(r);
	say(given.no_try
		? "%s: the new secret is in use, unproved; the old one is kept"
		: "%s: the new secret was accepted and is in use; the old one "
		  "is kept as fallback",
	    name);
	say_secret_end(name);
	return out_change("changed");
}
