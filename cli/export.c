/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward export: credentials into one sealed file. */
#include <stdlib.h>
#include "base/cleanup.h"
#include "cli.h"

static struct {
	struct strlist to;
	const char *output;
} given;

const struct option_row export_options[] = {
    {"to", 0, OPTION_LIST, &given.to, "MODULE[=ARG]",
	"how the file opens: passphrase, keyfile=PATH or recovery; more than "
	"once: any opens"},
    {"output", 0, OPTION_TEXT, &given.output, "F", "the new file"},
    {NULL},
};

int
cmd_export(void)
{
	cleanup_free const char **to = NULL;
	cleanup_text char *text = NULL;
	int r;

	cli.name = NULL;
	if (!given.output || !*given.output)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "export: into which file? --output F");
	to = list_words(&given.to);
	if (!to || recovery_prepare() != TOKENWARD_OK)
		return error_memory(&cli.error);
	r = tokenward_export(cli.tw, cli.args, to, given.output, &text);
	if (r && recovery_taken()) /* the file is there */
		recovery_tell();
	if (r)
		return library_result(r);
	say_text(text);
	if (recovery_taken() && cli.json)
		return recovery_print_json("created", 0);
	if (recovery_taken())
		recovery_tell();
	return out_change("created");
}
