/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that are programs of their own: tokenward FOO is tokenward-FOO. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "cli.h"
#include "fetch/helper.h"

static bool
is_command_word(const char *s)
{
	return *s >= 'a' && *s <= 'z' && strlen(s) <= 32 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s);
}

static int
unknown(const char *word)
{
	cli.args[0] = word;
	cli.args_n = 1;
	return cmd_help();
}

/* Owner and mode as of a helper: where nobody else may write, the name that
   was checked is the one that runs. */
static int
check(const char *dir, const char *name)
{
	cleanup_close int fd = helper_find(dir, name, &cli.error);

	return fd < 0 ? cli.error.code : TOKENWARD_OK;
}

/* Options before the command move behind it. */
int
external_run(int argc, char **argv, int at)
{
	const char *dir = cli.libexec_dir ? cli.libexec_dir : LIBEXECDIR;
	cleanup_buf struct buf path = BUF_INIT;
	const char *word = argv[at];

	if (!is_command_word(word))
		return unknown(word);
	buf_printf(&path, "%s/tokenward-%s", dir, word);
	if (path.failed)
		return error_memory(&cli.error);
	if (access(buf_str(&path), X_OK) != 0)
		return unknown(word);
	if (check(dir, strrchr(buf_str(&path), '/') + 1) != TOKENWARD_OK)
		return cli.error.code;
	memmove(argv + at, argv + at + 1, (size_t)(argc - at) * sizeof *argv);
	argv[0] = (char *)path.data;
	start_undo();
	execv(argv[0], argv);
	return error_errno(&cli.error, TOKENWARD_FAILED, "cannot run %s",
	    clean(buf_str(&path)));
}
