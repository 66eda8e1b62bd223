/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward remove: the tokens first, then the credential. */
#include "cli.h"

static struct {
	bool if_present;
} given;

const struct option_row remove_options[] = {
    {"if-present", 0, OPTION_FLAG, &given.if_present, NULL,
	"a name that is not there is no failure"},
    {NULL},
};

int
cmd_remove(void)
{
	int r = tokenward_remove_credential(cli.tw, cli.args[0]);

	if (r == TOKENWARD_NOT_FOUND && given.if_present)
		return out_change("unchanged");
	return r ? library_result(r) : out_change("removed");
}
