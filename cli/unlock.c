/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward unlock and tokenward lock: the key in the kernel's keeping. */
#include "base/cleanup.h"
#include "cli.h"

static struct {
	int64_t seconds;
} given;

const struct option_row unlock_options[] = {
    {"for", 0, OPTION_DURATION, &given.seconds, "DUR",
	"forget the key after DUR (8h)"},
    {NULL},
};

int
cmd_unlock(void)
{
	return library_result(tokenward_unlock(cli.tw, given.seconds));
}

int
cmd_lock(void)
{
	cleanup_text char *text = NULL;
	int r = tokenward_lock(cli.tw, &text);

	if (r == TOKENWARD_OK && text && *text)
		say_warning(text);
	return library_result(r);
}
