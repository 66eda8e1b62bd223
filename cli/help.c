/* SPDX-License-Identifier: BSD-2-Clause */
/* Help, made from the tables that the parser uses. */
#include <string.h>
#include "cli.h"

static void
put_option(
    char letter, const char *name, const char *argument, const char *help)
{
	size_t start = cli.out.len, width;

	buf_put_str(&cli.out, "  ");
	if (letter)
		buf_printf(&cli.out, "-%c, ", letter);
	else
		buf_put_str(&cli.out, "    ");
	buf_printf(&cli.out, "--%s", name);
	if (argument)
		buf_printf(&cli.out, " %s", argument);
	width = cli.out.len - start;
	buf_printf(
	    &cli.out, "%*s%s\n", width < 30 ? (int)(30 - width) : 2, "", help);
}

static void
put_table(const struct option_row *row)
{
	for (; row && row->name; row++)
		if (row->help)
			put_option(
			    row->letter, row->name, row->argument, row->help);
}

static void
put_fields(void)
{
	for (const struct tokenward_field *f = tokenward_fields(); f->name; f++)
		if (f->option)
			put_option('\0', f->option, f->argument, f->help);
}

int
help_general(void)
{
	buf_put_str(&cli.out,
	    "usage: tokenward COMMAND [OPTION]...\n"
	    "Keeps OAuth 2.0 client credentials sealed and gives out working\n"
	    "tokens by name.\n\n");
	for (const struct command *c = commands; c->name; c++)
		buf_printf(&cli.out, "  %-10s%s\n", c->name, c->help);
	buf_put_str(&cli.out, "\nOptions, before or after the command:\n");
	put_table(global_options);
	buf_put_str(&cli.out,
	    "\n\"tokenward COMMAND --help\" has the options of a command,\n"
	    "tokenward(1) and tokenward-tutorial(7) the whole story.\n");
	return out_flush();
}

int
help_command(const struct command *c)
{
	bool any = c->flags & TAKES_FIELDS;

	buf_printf(&cli.out, "usage: tokenward %s%s%s\n%s\n", c->name,
	    *c->usage ? " " : "", c->usage, c->help);
	for (int i = 0; i < COMMAND_TABLES; i++)
		any |= c->tables[i] != NULL;
	if (any)
		buf_put_str(&cli.out, "\n");
	for (int i = 0; i < COMMAND_TABLES; i++)
		put_table(c->tables[i]);
	if (c->flags & TAKES_FIELDS)
		put_fields();
	buf_printf(&cli.out,
	    "\nBesides, the options of every command: \"tokenward --help\".\n");
	return out_flush();
}

static int
unknown_command(const char *word)
{
	struct near n;

	near_begin(&n, word);
	for (const struct command *c = commands; c->name; c++)
		near_try(&n, c->name);
	if (n.best)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "there is no command \"%s\"; did you mean \"%s\"?",
		    clean(word), n.best);
	return error_set(&cli.error, TOKENWARD_USAGE,
	    "there is no command \"%s\"; \"tokenward --help\" lists them",
	    clean(word));
}

int
cmd_help(void)
{
	const struct command *c;

	if (cli.args_n == 0)
		return help_general();
	c = command_find(cli.args[0]);
	return c ? help_command(c) : unknown_command(cli.args[0]);
}

int
cmd_version(void)
{
	if (!cli.json)
		return out_line("tokenward " TOKENWARD_VERSION_STRING);
	buf_put_str(&cli.out,
	    "{\"name\":\"tokenward\",\"version\":\"" TOKENWARD_VERSION_STRING
	    "\"}\n");
	return out_flush();
}
