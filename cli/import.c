/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward import: credentials from a file that export made. */
#include "base/json_write.h"
#include "cli.h"

static struct {
	bool update;
	bool keep;
	bool dry_run;
	const char *key;
} given;

const struct option_row import_options[] = {
    {"update", 0, OPTION_FLAG, &given.update, NULL,
	"a name that is there takes what the file has"},
    {"keep", 0, OPTION_FLAG, &given.keep, NULL,
	"a name that is there stays as it is"},
    {"dry-run", 0, OPTION_FLAG, &given.dry_run, NULL,
	"say what would be done, write nothing"},
    {"key", 0, OPTION_TEXT, &given.key, "MODULE[=ARG]",
	"how the file opens, if not as it says itself"},
    {NULL},
};

static const char *
word_of(const struct tokenward_imported *i)
{
	static const char *const words[] = {
	    [TOKENWARD_UNCHANGED] = "unchanged",
	    [TOKENWARD_CHANGED] = "changed",
	    [TOKENWARD_CREATED] = "created",
	};

	return i->kept ? "kept" : words[i->change];
}

size_t imported_changes;

int
imported(void *data, const struct tokenward_imported *i)
{
	(void)data;
	imported_changes += i->change != TOKENWARD_UNCHANGED;
	if (cli.json) {
		json_open(&cli.out, NULL, '{');
		json_put_str(&cli.out, "name", i->name);
		json_put_str(&cli.out, "result", word_of(i));
		json_close(&cli.out, '}');
		buf_put_str(&cli.out, "\n");
	} else if (!cli.quiet || i->change != TOKENWARD_UNCHANGED)
		buf_printf(&cli.out, "%-9s  %s\n", word_of(i), i->name);
	return out_flush();
}

int
cmd_import(void)
{
	struct tokenward_import_params p = {.size = sizeof p,
	    .path = cli.args[0],
	    .key = given.key,
	    .each = imported};

	cli.name = NULL;
	p.flags |= given.update ? TOKENWARD_IMPORT_UPDATE : 0;
	p.flags |= given.keep ? TOKENWARD_IMPORT_KEEP : 0;
	p.flags |= given.dry_run ? TOKENWARD_IMPORT_DRY_RUN : 0;
	return library_result(tokenward_import(cli.tw, &p));
}
