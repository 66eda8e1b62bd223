/* SPDX-License-Identifier: BSD-2-Clause */
/* The command tokenward: a table of commands, and the way from start to end. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

struct cli cli;

const struct command commands[] = {
    {"init", cmd_init, NEEDS_HANDLE, 0, 0, {init_options}, "[OPTION]...",
	"make a store"},
    {"add", cmd_add, NEEDS_STORE | TAKES_FIELDS, 1, 1,
	{add_options, version_options, secret_options},
	"NAME --provider ID|./FILE [OPTION]...", "store a credential"},
    {"apply", cmd_apply, NEEDS_STORE, 1, 1, {apply_options}, "F|- [--dry-run]",
	"store many credentials, from lines of JSON"},
    {"rotate", cmd_rotate, NEEDS_STORE, 1, 1,
	{rotate_options, version_options, secret_options}, "NAME [OPTION]...",
	"take a new client secret, prove it, switch to it"},
    {"token", cmd_token, NEEDS_STORE | CRON_QUIET, 1, 1, {token_options},
	"NAME [OPTION]...", "print a token that works"},
    {"exec", cmd_exec,
	NEEDS_STORE | TAKES_COMMAND | CRON_QUIET | FAILS_WITH_125, 1, -1,
	{NULL}, "[VAR=]NAME... -- COMMAND [ARG]...",
	"run a command with fresh tokens in its environment"},
    {"curl", cmd_curl,
	NEEDS_STORE | TAKES_COMMAND | CRON_QUIET | FAILS_WITH_125, 1, 1, {NULL},
	"NAME -- CURL-ARG...", "call an API, with one retry after 401"},
    {"reject", cmd_reject, NEEDS_STORE, 1, 1, {NULL}, "NAME <TOKEN",
	"say that the API refused the token on standard input"},
    {"try", cmd_try, NEEDS_STORE, 1, 1, {NULL}, "NAME",
	"make one real request and show the exchange"},
    {"list", cmd_list, NEEDS_STORE, 0, -1, {list_options}, "[GLOB]...",
	"list credentials and how they fare"},
    {"show", cmd_show, NEEDS_STORE, 1, 1, {show_options}, "NAME [--get FIELD]",
	"show one credential, never its secret"},
    {"edit", cmd_edit, NEEDS_STORE | TAKES_FIELDS, 1, 1,
	{edit_options, version_options, secret_options}, "NAME [OPTION]...",
	"change what is stored, the secret excepted"},
    {"rename", cmd_rename, NEEDS_STORE, 2, 2, {NULL}, "OLD NEW",
	"give a credential another name"},
    {"remove", cmd_remove, NEEDS_STORE, 1, 1, {remove_options},
	"NAME [--if-present]", "remove a credential and its tokens"},
    {"check", cmd_check, NEEDS_STORE | FAILS_WITH_3, 0, -1, {check_options},
	"[GLOB]... [OPTION]...",
	"say whose secret ends soon, as a monitoring plugin"},
    {"export", cmd_export, NEEDS_STORE, 0, -1, {export_options},
	"[NAME]... --to MODULE[=ARG] --output F",
	"put credentials into one sealed file"},
    {"import", cmd_import, NEEDS_STORE, 1, 1, {import_options},
	"F [--update | --keep] [--dry-run]",
	"take credentials from such a file"},
    {"store", cmd_store, NEEDS_HANDLE, 1, -1, {store_options},
	"verify | upgrade | adopt [NAME]... | destroy [--yes]",
	"look after the store, or end it"},
    {"unlock", cmd_unlock, NEEDS_STORE, 0, 0, {unlock_options}, "[--for DUR]",
	"open the store and keep its key in the kernel"},
    {"lock", cmd_lock, NEEDS_STORE, 0, 0, {NULL}, "", "forget that key"},
    {"key", cmd_key, NEEDS_STORE, 1, 2, {key_options},
	"list | add MODULE[=ARG] | remove SLOT | test SLOT | rekey",
	"look at and change the ways to open the store"},
    {"provider", cmd_provider, NEEDS_HANDLE, 1, 2, {NULL},
	"list | show ID | check FILE", "look at provider files"},
    {"module", cmd_module, NEEDS_HANDLE, 1, 1, {NULL}, "list | check",
	"look at modules and at the stacks that name them"},
    {"doctor", cmd_doctor, NEEDS_HANDLE, 0, 1, {doctor_options},
	"[NAME] [--repair]", "look for what is weak or broken"},
    {"version", cmd_version, 0, 0, 0, {NULL}, "", "print the version"},
    {"help", cmd_help, 0, 0, 1, {NULL}, "[COMMAND]", "say what a command does"},
    {NULL},
};

const struct command *
command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static int
read_offset(int64_t *ret)
{
	char *end;
	long long v;

	if (!cli.clock_offset)
		return TOKENWARD_OK;
	v = strtoll(cli.clock_offset, &end, 10);
	if (*end || end == cli.clock_offset || v > INT32_MAX || v < INT32_MIN)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "--clock-offset wants a number of seconds, not \"%s\"",
		    clean(cli.clock_offset));
	*ret = v;
	return TOKENWARD_OK;
}

static int
open_handle(unsigned flags)
{
	struct tokenward_open_params p = {
	    .size = sizeof p,
	    .store = cli.store,
	    .timeout = cli.timeout,
	    .ask = ask_possible() ? ask : NULL,
	    .warn = message_warn,
	    .show = recovery_take,
	    .libexec_dir = cli.libexec_dir,
	    .provider_dir = cli.provider_dir,
	    .stack_file = cli.stack_file,
	};
	int r;

	if (cli.store && cli.system)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "--store and --system exclude each other");
	if (cli.system)
		p.flags |= TOKENWARD_OPEN_SYSTEM;
	if (cli.strict)
		p.flags |= TOKENWARD_OPEN_STRICT;
	if (flags & NEEDS_HANDLE)
		p.flags |= TOKENWARD_OPEN_NEW;
	if (read_offset(&p.clock_offset) != 0)
		return cli.error.code;
	r = tokenward_open(&p, &cli.tw);
	return cli.tw && flags & NEEDS_HANDLE ? TOKENWARD_OK
					      : library_result(r);
}

static int
run(void)
{
	const struct command *c = cli.command;
	int r = 0;

	if (cli.help)
		return c ? help_command(c) : help_general();
	if (!c)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "which command? \"tokenward --help\" lists them");
	if (c->flags & (NEEDS_STORE | NEEDS_HANDLE))
		r = open_handle(c->flags);
	return r ? r : c->run();
}

/* A failure was written down where it was found; here it gets its number. */
static int
failure_status(void)
{
	unsigned flags = cli.command ? cli.command->flags : 0;

	if (cli.status)
		return cli.status;
	if (flags & FAILS_WITH_125)
		return 125;
	if (flags & FAILS_WITH_3)
		return 3;
	return cli.error.code;
}

int
main(int argc, char **argv)
{
	int status;

	status = start_safely(argc);
	if (status == 0)
		status = options_parse(argc, argv);
	if (status == 0)
		status = run();
	out_flush();
	if (cli.error.code) {
		status = failure_status();
		message_failure(status);
	}
	tokenward_close(cli.tw);
	buf_free(&cli.out);
	return status;
}
