/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tokenward exec: runs a command with fresh tokens in its environment.  The
 * one place where a secret enters an environment, because the user says so;
 * it is built for the new program and this one never has it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "cli.h"

struct want {
	const char *var;
	size_t var_len;
	const char *name;
	struct buf entry; /* "VAR=token" */
};

static bool
is_variable(const char *s, size_t len)
{
	if (len == 0 || (*s >= '0' && *s <= '9'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
			    "yz0123456789_",
			s[i]))
			return false;
	return true;
}

static int
read_want(const char *word, struct want *w)
{
	const char *equals = strchr(word, '=');

	w->entry = (struct buf)BUF_SECRET_INIT;
	w->var = equals ? word : "ACCESS_TOKEN";
	w->var_len = equals ? (size_t)(equals - word) : strlen(w->var);
	w->name = equals ? equals + 1 : word;
	if (!equals && cli.args_n > 1)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "exec: with several names each says where its token goes: "
		    "VAR=%s",
		    clean(word));
	if (!is_variable(w->var, w->var_len))
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "exec: \"%s\": that is no name of a variable", clean(word));
	return TOKENWARD_OK;
}

static bool
same_variable(const struct want *w, const char *entry)
{
	return strncmp(w->var, entry, w->var_len) == 0 &&
	       entry[w->var_len] == '=';
}

static int
refuse_twice(const struct want *w, int n)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; k < i; k++)
			if (w[i].var_len == w[k].var_len &&
			    !strncmp(w[i].var, w[k].var, w[i].var_len))
				return error_set(&cli.error, TOKENWARD_USAGE,
				    "exec: two tokens for one variable: %s",
				    clean(cli.args[i]));
	return TOKENWARD_OK;
}

static int
fetch(struct want *w)
{
	struct tokenward_token *t;
	int r;

	cli.name = w->name;
	r = token_get(w->name, 0, &t);
	if (r)
		return r;
	buf_put(&w->entry, w->var, w->var_len);
	buf_put_str(&w->entry, "=");
	buf_put_str(&w->entry, tokenward_token_value(t));
	tokenward_token_free(t);
	return w->entry.failed ? error_memory(&cli.error) : TOKENWARD_OK;
}

static bool
replaced(const struct want *w, int n, const char *entry)
{
	for (int i = 0; i < n; i++)
		if (same_variable(&w[i], entry))
			return true;
	return false;
}

static char **
build_environment(struct want *w, int n)
{
	size_t have = 0, k = 0;
	char **env;

	while (environ && environ[have])
		have++;
	env = calloc(have + (size_t)n + 1, sizeof *env);
	if (!env)
		return NULL;
	for (size_t i = 0; i < have; i++)
		if (!replaced(w, n, environ[i]))
			env[k++] = environ[i];
	for (int i = 0; i < n; i++)
		env[k++] = (char *)w[i].entry.data;
	return env;
}

static int
run_command(struct want *w, int n)
{
	cleanup_free char **env = build_environment(w, n);

	if (!env)
		return error_memory(&cli.error);
	start_undo();
	execvpe(cli.rest[0], cli.rest, env);
	cli.status = errno == ENOENT ? 127 : 126;
	return error_errno(&cli.error, TOKENWARD_FAILED, "exec: cannot run %s",
	    clean(cli.rest[0]));
}

int
cmd_exec(void)
{
	int n = cli.args_n, r = TOKENWARD_OK;
	struct want *w;

	if (!cli.has_rest || !cli.rest[0])
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "exec: which command? tokenward exec NAME -- COMMAND");
	w = calloc((size_t)n, sizeof *w);
	if (!w)
		return error_memory(&cli.error);
	for (int i = 0; r == TOKENWARD_OK && i < n; i++)
		r = read_want(cli.args[i], &w[i]);
	if (r == TOKENWARD_OK)
		r = refuse_twice(w, n);
	for (int i = 0; r == TOKENWARD_OK && i < n; i++)
		r = fetch(&w[i]);
	if (r == TOKENWARD_OK)
		r = run_command(w, n);
	for (int i = 0; i < n; i++)
		buf_free(&w[i].entry);
	free(w);
	return r;
}
