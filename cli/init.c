/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward init: makes a store. */
#include <stdlib.h>
#include "base/cleanup.h"
#include "cli.h"

static struct {
	struct strlist keys;
	bool if_missing;
	bool no_recovery;
	const char *from;
	const char *from_key;
} given;

const struct option_row init_options[] = {
    {"key", 0, OPTION_LIST, &given.keys, "MODULE[=ARG]",
	"keyfile, keyfile=PATH, passphrase, ...; more than once: any opens"},
    {"if-missing", 0, OPTION_FLAG, &given.if_missing, NULL,
	"leave a store that is there alone"},
    {"from", 0, OPTION_TEXT, &given.from, "F",
	"fill it from F, which \"tokenward export\" made"},
    {"from-key", 0, OPTION_TEXT, &given.from_key, "MODULE[=ARG]",
	"how F opens, if not as it says itself"},
    {"no-recovery", 0, OPTION_FLAG, &given.no_recovery, NULL,
	"make no recovery code"},
    {NULL},
};

const char **
list_words(const struct strlist *l)
{
	const char **words = calloc(l->n + 1, sizeof *words);

	for (size_t i = 0; words && i < l->n; i++)
		words[i] = l->v[i];
	return words;
}

/* What an export holds is told as import tells it. */
static int
init_from(const char *const *keys, unsigned flags, int *created, char **text)
{
	struct tokenward_import_params p = {.size = sizeof p,
	    .path = given.from,
	    .key = given.from_key,
	    .each = imported};

	if (given.if_missing)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "--from and --if-missing exclude each other");
	return tokenward_init_store_from(
	    cli.tw, keys, flags, &p, created, text);
}

int
cmd_init(void)
{
	cleanup_free const char **keys = NULL;
	cleanup_text char *text = NULL;
	unsigned flags = 0;
	int created = 0, r;

	keys = list_words(&given.keys);
	if (!keys || recovery_prepare() != TOKENWARD_OK)
		return error_memory(&cli.error);
	if (given.if_missing)
		flags |= TOKENWARD_INIT_IF_MISSING;
	if (given.no_recovery)
		flags |= TOKENWARD_INIT_NO_RECOVERY;
	if (given.from)
		r = init_from(keys, flags, &created, &text);
	else
		r = tokenward_init_store(cli.tw, keys, flags, &created, &text);
	if (r && recovery_taken()) /* the store is half made, and has it */
		recovery_tell();
	if (r)
		return library_result(r);
	say("the store is %s", tokenward_store_path(cli.tw));
	if (text && *text)
		say_text(text);
	if (recovery_taken() && cli.json)
		return recovery_print_json("created", 0);
	if (recovery_taken())
		recovery_tell();
	if (imported_changes && !created)
		return out_change("changed");
	return out_change(created ? "created" : "unchanged");
}
