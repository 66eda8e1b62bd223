/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward apply: many credentials, from lines of JSON. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/json_write.h"
#include "cli.h"

static struct {
	bool dry_run;
} given;

const struct option_row apply_options[] = {
    {"dry-run", 0, OPTION_FLAG, &given.dry_run, NULL,
	"say what would be done, write nothing"},
    {NULL},
};

static const char *const words[] = {
    [TOKENWARD_UNCHANGED] = "unchanged",
    [TOKENWARD_CHANGED] = "changed",
    [TOKENWARD_CREATED] = "created",
};

static void
put_json(const struct tokenward_applied *a)
{
	json_open(&cli.out, NULL, '{');
	json_put_num(&cli.out, "line", a->line);
	json_put_str(&cli.out, "name", a->name);
	json_put_str(&cli.out, "result",
	    a->result ? tokenward_result_name(a->result) : words[a->change]);
	json_put_num(&cli.out, "exit", a->result);
	json_put_str(&cli.out, "message", a->error);
	json_close(&cli.out, '}');
	buf_put_str(&cli.out, "\n");
}

/* A line at once for each line: what was said to be done is done. */
static int
applied(void *data, const struct tokenward_applied *a)
{
	(void)data;
	if (cli.json)
		put_json(a);
	else if (a->result)
		say_failure(a->error);
	else if (!cli.quiet || a->change != TOKENWARD_UNCHANGED)
		buf_printf(&cli.out, "%-9s  %s\n", words[a->change], a->name);
	return out_flush();
}

static int
apply(int fd)
{
	return library_result(tokenward_apply(cli.tw, fd,
	    given.dry_run ? TOKENWARD_APPLY_DRY_RUN : 0, applied, NULL));
}

int
cmd_apply(void)
{
	const char *path = cli.args[0];
	cleanup_close int fd = -1;

	cli.name = NULL;
	if (strcmp(path, "-") == 0)
		return apply(STDIN_FILENO);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return error_errno(&cli.error,
		    errno == ENOENT ? TOKENWARD_USAGE
				    : error_code_of_errno(errno),
		    "cannot open %s", clean(path));
	warn_if_open(fd, path);
	return apply(fd);
}
