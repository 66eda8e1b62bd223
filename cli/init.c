/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward init: makes a store. */
#include <stdlib.h>
#include "base/cleanup.h"
#include "cli.h"

static struct {
	struct strlist keys;
	bool if_missing;
	bool no_recovery;
} given;

const struct option_row init_options[] = {
    {"key", 0, OPTION_LIST, &given.keys, "MODULE[=ARG]",
	"keyfile, keyfile=PATH, passphrase, ...; more than once: any opens"},
    {"if-missing", 0, OPTION_FLAG, &given.if_missing, NULL,
	"leave a store that is there alone"},
    {"no-recovery", 0, OPTION_FLAG, &given.no_recovery, NULL,
	"make no recovery code"},
    {NULL},
};

int
cmd_init(void)
{
	cleanup_free const char **keys = NULL;
	cleanup_text char *text = NULL;
	unsigned flags = 0;
	int created = 0, r;

	keys = calloc(given.keys.n + 1, sizeof *keys);
	if (!keys)
		return error_memory(&cli.error);
	for (size_t i = 0; i < given.keys.n; i++)
		keys[i] = given.keys.v[i];
	if (given.if_missing)
		flags |= TOKENWARD_INIT_IF_MISSING;
	if (given.no_recovery)
		flags |= TOKENWARD_INIT_NO_RECOVERY;
	r = tokenward_init_store(
	    cli.tw, given.keys.n ? keys : NULL, flags, &created, &text);
	if (r)
		return library_result(r);
	say("the store is %s", tokenward_store_path(cli.tw));
	if (text && *text)
		say_text(text);
	if (recovery_taken() && cli.json)
		return recovery_print_json("created", 0);
	if (recovery_taken())
		recovery_tell();
	return out_change(created ? "created" : "unchanged");
}
