/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be found in a store that should not be there, and what helps. */
#include <string.h>
#include "base/cleanup.h"
#include "core/verify.h"

static const struct {
	const char *word;
	bool harmless;
	const char *cure; /* @: the command */
} states[] = {
    [STATE_DAMAGED] = {"damaged", false,
	"bring the file back from a backup, or get the credential from an "
	"export (\"@ import F --update\"), or remove the file and add the "
	"credential again"},
    [STATE_DAMAGED_TOKENS] = {"damaged", false,
	"nothing is lost for good: it counts as empty, and the next token "
	"that is asked for writes it anew"},
    [STATE_DAMAGED_COPY] = {"damaged", false,
	"the next change of the key slots writes it anew (\"@ key rekey\")"},
    [STATE_FOREIGN] = {"foreign", false,
	"it was sealed for another store, another name or another master "
	"key: bring back the right one from a backup, or remove it"},
    [STATE_OLDER] = {"older", false,
	"if a backup was put back on purpose, say \"@ store adopt\" with its "
	"name; else enter it again"},
    [STATE_ORPHAN] = {"orphan", false,
	"bring the credential of the same file name back from a backup, or "
	"remove the file"},
    [STATE_MISSING_LOCK] = {"missing", false,
	"make it: an empty file, mode 0600"},
    [STATE_MISSING_COPY] = {"missing", true,
	"\"@ init --if-missing\" makes it"},
    [STATE_UNFINISHED] = {"unfinished", true, "say \"@ key rekey\" again"},
    [STATE_BEHIND] = {"behind", true,
	"none is needed; \"@ token\" with its name and --new buys a token "
	"on the present terms"},
    [STATE_TEMPORARY] = {"temporary", true,
	"none is needed: the next write takes its place; it may be removed "
	"when no tokenward runs"},
    [STATE_STRANGE] = {"strange", true,
	"move it elsewhere: nothing but the store belongs there"},
    [STATE_ASTRAY] = {"astray", true,
	"none is needed; if it is newer than what is in use, move it elsewhere "
	"and look whose it is, else remove it"},
    [STATE_MOVING] = {"unfinished", true,
	"say \"@ store migrate\" again as it was said"},
    [STATE_COPY] = {"copy", true,
	"none is needed: what both have elsewhere stays with the other; "
	"\"@ store destroy\" removes the copy alone"},
    [STATE_MOVED] = {"moved", true,
	"if it was moved here, say \"@ store adopt\""},
    [STATE_OPEN] = {"open", true, "chmod 600"},
};

/* The command's name stands where the "@" is. */
static void
put_cure(struct buf *b, const char *text, const char *command)
{
	const char *at = strchr(text, '@');

	if (!at) {
		buf_put_str(b, text);
		return;
	}
	buf_put(b, text, (size_t)(at - text));
	buf_put_str(b, command);
	buf_put_str(b, at + 1);
}

int
verify_find(struct verify *v, enum verify_state state, const char *path,
    const char *name, const char *why)
{
	cleanup_buf struct buf cure = BUF_INIT;
	struct tokenward_store_file f = {.size = sizeof(f),
	    .path = path,
	    .state = states[state].word,
	    .name = name,
	    .why = why,
	    .harmless = states[state].harmless};

	put_cure(&cure, states[state].cure, command_name(v->tw));
	if (cure.failed)
		return error_memory(v->err);
	f.cure = buf_str(&cure);
	*(f.harmless ? &v->notes : &v->bad) += 1;
	return v->each ? v->each(v->data, &f) : TOKENWARD_OK;
}
