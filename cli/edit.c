/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward edit and tokenward rename: changes that keep the secret. */
#include "base/cleanup.h"
#include "cli.h"

static struct {
	bool rebind;
} given;

const struct option_row edit_options[] = {
    {"rebind", 0, OPTION_FLAG, &given.rebind, NULL,
	"send the secret to a new origin; it is asked for again"},
    {NULL},
};

int
cmd_edit(void)
{
	cleanup_object struct tokenward_credential *c = NULL;
	enum tokenward_change change = TOKENWARD_UNCHANGED;
	const char *name = cli.args[0];
	int r;

	if (secret_given() && !given.rebind)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "edit: a new secret is taken by \"tokenward rotate %s\"; "
		    "edit needs it only for --rebind",
		    clean(name));
	r = fields_credential(&c);
	if (r == TOKENWARD_OK && given.rebind)
		r = secret_input(c, name);
	if (r)
		return r;
	r = tokenward_edit_credential(
	    cli.tw, name, c, given.rebind ? TOKENWARD_EDIT_REBIND : 0, &change);
	if (r)
		return library_result(r);
	return out_change(
	    change == TOKENWARD_UNCHANGED ? "unchanged" : "changed");
}

int
cmd_rename(void)
{
	return library_result(
	    tokenward_rename_credential(cli.tw, cli.args[0], cli.args[1]));
}
