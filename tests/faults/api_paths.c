/* SPDX-License-Identifier: BSD-2-Clause */
/* The paths: every function of tokenward.h is called on one of them. */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include "api.h"

/* ---- tokens ------------------------------------------------------------ */

static void
answer_token(const struct tokenward_token *t)
{
	const char *extra = tokenward_token_extra_header(t, 0);
	const char *query = tokenward_token_query_name(t);
	const char *warning = tokenward_token_warning(t);
	const char *scope = tokenward_token_scope(t);

	answer("%s %s %s\n%s: %s\n%s %s %s %s\n%s\n", tokenward_token_value(t),
	    tokenward_token_type(t), scope ? scope : "-",
	    tokenward_token_header_name(t), tokenward_token_header_value(t),
	    query ? query : "-", extra ? extra : "-", warning ? warning : "-",
	    tokenward_token_is_cached(t) ? "cached" : "fetched",
	    tokenward_token_expires_at(t) > 0 ? "it ends" : "it ended");
}

static int
get_token(struct tokenward *tw, const char *name, unsigned flags)
{
	struct tokenward_token_params p = {.size = sizeof(p), .flags = flags};
	struct tokenward_token *t;
	int r = tokenward_get_token(tw, name, flags ? &p : NULL, &t);

	if (r != TOKENWARD_OK)
		return r;
	answer_token(t);
	tokenward_token_free(t);
	return TOKENWARD_OK;
}

static int
token(struct tokenward *tw, char **args)
{
	return get_token(tw, args[0], 0);
}

/* The second comes from the handle's own memory. */
static int
token_twice(struct tokenward *tw, char **args)
{
	int r = get_token(tw, args[0], 0);

	return r ? r : get_token(tw, args[0], 0);
}

static int
token_new(struct tokenward *tw, char **args)
{
	return get_token(tw, args[0], TOKENWARD_TOKEN_NEW);
}

static int
reject(struct tokenward *tw, char **args)
{
	struct tokenward_token *t;
	int r = tokenward_get_token(tw, args[0], NULL, &t);

	if (r != TOKENWARD_OK)
		return r;
	r = tokenward_reject(tw, args[0], t);
	tokenward_token_free(t);
	return r;
}

static int
reject_token(struct tokenward *tw, char **args)
{
	return tokenward_reject_token(tw, args[0], args[1], strlen(args[1]));
}

static int
try(struct tokenward *tw, char **args)
{
	char *text;
	int r = tokenward_try_credential(tw, args[0], &text);

	tokenward_text_free(text);
	return r;
}

/* ---- credentials ------------------------------------------------------- */

/* With fields as given, "field=value", and "secret=..." for the secret. */
static int
fill(struct tokenward *tw, struct tokenward_credential *c, char **args)
{
	char field[32];
	const char *value;
	int r = TOKENWARD_OK;

	for (; r == TOKENWARD_OK && *args; args++) {
		value = strchr(*args, '=');
		if (!value || (size_t)(value - *args) >= sizeof(field))
			return TOKENWARD_USAGE;
		memcpy(field, *args, (size_t)(value - *args));
		field[value++ - *args] = '\0';
		r = strcmp(field, "secret") == 0
			? tokenward_credential_set_secret(
			      tw, c, NULL, value, strlen(value), 0)
			: tokenward_credential_set(tw, c, field, value);
	}
	return r;
}

static int
add_it(struct tokenward *tw, const char *name,
    const struct tokenward_credential *c)
{
	enum tokenward_change change;

	return tokenward_add_credential(
	    tw, name, c, TOKENWARD_ADD_UPDATE, &change);
}

static int
edit_it(struct tokenward *tw, const char *name,
    const struct tokenward_credential *c)
{
	enum tokenward_change change;

	return tokenward_edit_credential(tw, name, c, 0, &change);
}

static int
rotate_it(struct tokenward *tw, const char *name,
    const struct tokenward_credential *c)
{
	return tokenward_rotate_credential(tw, name, c, 0);
}

static int
with_fields(struct tokenward *tw, char **args,
    int (*use)(
	struct tokenward *, const char *, const struct tokenward_credential *))
{
	struct tokenward_credential *c;
	int r = tokenward_credential_new(&c);

	if (r != TOKENWARD_OK)
		return r;
	r = fill(tw, c, args + 1);
	if (r == TOKENWARD_OK)
		r = use(tw, args[0], c);
	tokenward_credential_free(c);
	return r;
}

static int
add(struct tokenward *tw, char **args)
{
	return with_fields(tw, args, add_it);
}

static int
edit(struct tokenward *tw, char **args)
{
	return with_fields(tw, args, edit_it);
}

static int
rotate(struct tokenward *tw, char **args)
{
	return with_fields(tw, args, rotate_it);
}

static int
rename_one(struct tokenward *tw, char **args)
{
	return tokenward_rename_credential(tw, args[0], args[1]);
}

static int
remove_one(struct tokenward *tw, char **args)
{
	return tokenward_remove_credential(tw, args[0]);
}

static int
answer_credential(void *data, const struct tokenward_credential *c)
{
	const struct tokenward_field *f;
	const char *value, *grade = "";
	size_t i;

	(void)data;
	for (f = tokenward_fields(); f->name; f++)
		for (i = 0;
		     (value = tokenward_credential_get(c, f->name, i)) != NULL;
		     i++)
			answer("%s %s\n", f->name, value);
	tokenward_grade_credential(c, -1, -1, &grade);
	answer("%s %s version %d\n", tokenward_credential_get(c, "name", 0),
	    grade, (int)tokenward_credential_number(c, "secret.version", -1));
	return TOKENWARD_OK;
}

static int
get(struct tokenward *tw, char **args)
{
	struct tokenward_credential *c;
	int r = tokenward_get_credential(tw, args[0], &c);

	if (r != TOKENWARD_OK)
		return r;
	answer_credential(NULL, c);
	tokenward_credential_free(c);
	return TOKENWARD_OK;
}

static int
list(struct tokenward *tw, char **args)
{
	return tokenward_list_credentials(
	    tw, (const char *const *)args, answer_credential, NULL);
}

static int
applied(void *data, const struct tokenward_applied *a)
{
	(void)data;
	answer("line %u: %s\n", a->line, a->name ? a->name : "-");
	return TOKENWARD_OK;
}

static int
apply(struct tokenward *tw, char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);
	int r = tokenward_apply(tw, fd, 0, applied, NULL);

	close(fd);
	return r;
}

/* ---- the store --------------------------------------------------------- */

static const char *const keyfile[] = {"keyfile", NULL};

static int
init(struct tokenward *tw, char **args)
{
	char *text = NULL;
	int created;
	int r = tokenward_init_store(
	    tw, *args ? keyfile : NULL, 0, &created, &text);

	tokenward_text_free(text);
	return r;
}

static int
imported(void *data, const struct tokenward_imported *i)
{
	(void)data;
	answer("%s\n", i->name);
	return TOKENWARD_OK;
}

static struct tokenward_import_params
import_params(char **args)
{
	return (struct tokenward_import_params){
	    .size = sizeof(struct tokenward_import_params),
	    .path = args[0],
	    .flags = TOKENWARD_IMPORT_UPDATE,
	    .each = imported};
}

static int
init_from(struct tokenward *tw, char **args)
{
	struct tokenward_import_params p = import_params(args);
	char *text = NULL;
	int created;
	int r = tokenward_init_store_from(
	    tw, keyfile, TOKENWARD_INIT_IF_MISSING, &p, &created, &text);

	tokenward_text_free(text);
	return r;
}

static int
import(struct tokenward *tw, char **args)
{
	struct tokenward_import_params p = import_params(args);

	return tokenward_import(tw, &p);
}

static int export(struct tokenward *tw, char **args)
{
	const char *keys[] = {args[0], NULL};
	char *text = NULL;
	int r = tokenward_export(tw, NULL, keys, args[1], &text);

	tokenward_text_free(text);
	return r;
}

static int
unlock(struct tokenward *tw, char **args)
{
	char *text;
	int r = tokenward_unlock(tw, 60);

	(void)args;
	if (r != TOKENWARD_OK)
		return r;
	r = tokenward_lock(tw, &text);
	if (r == TOKENWARD_OK)
		answer_text(text);
	return r;
}

static int
store_file(void *data, const struct tokenward_store_file *f)
{
	(void)data;
	answer("%s %s\n", f->path, f->state);
	return TOKENWARD_OK;
}

static int
verify(struct tokenward *tw, char **args)
{
	char *text = NULL;
	int r = tokenward_verify_store(tw, store_file, NULL, &text);

	(void)args;
	answer_text(text);
	return r;
}

static int
adopted(void *data, const char *name, int was)
{
	(void)data;
	(void)name;
	(void)was;
	return TOKENWARD_OK;
}

static int
adopt(struct tokenward *tw, char **args)
{
	(void)args;
	return tokenward_adopt(tw, NULL, adopted, NULL);
}

static int
upgrade(struct tokenward *tw, char **args)
{
	enum tokenward_change change;
	char *text;
	int r = tokenward_upgrade_store(tw, &change, &text);

	(void)args;
	if (r == TOKENWARD_OK)
		answer_text(text);
	return r;
}

static int
migrate(struct tokenward *tw, char **args)
{
	enum tokenward_change change;
	char *text;
	int r = tokenward_migrate_store(tw, args[0], &change, &text);

	if (r == TOKENWARD_OK)
		tokenward_text_free(text);
	return r;
}

static int
destroy(struct tokenward *tw, char **args)
{
	char *text = NULL;
	int r = tokenward_own_key_files(tw, &text);

	(void)args;
	if (r != TOKENWARD_OK)
		return r;
	tokenward_text_free(text);
	text = NULL;
	r = tokenward_destroy_store(tw, 0, &text);
	tokenward_text_free(text);
	return r;
}

/* ---- keys -------------------------------------------------------------- */

static int
answer_key(void *data, const struct tokenward_key *key)
{
	(void)data;
	answer("%u %s %s %s\n", key->slot, key->kind, key->grade, key->why);
	return TOKENWARD_OK;
}

static int
keys(struct tokenward *tw, char **args)
{
	char *text;
	int r = tokenward_list_keys(tw, answer_key, NULL);

	(void)args;
	if (r == TOKENWARD_OK)
		r = tokenward_test_key(tw, 1, &text);
	if (r == TOKENWARD_OK)
		answer_text(text);
	return r;
}

static int
key_add(struct tokenward *tw, char **args)
{
	unsigned slot;
	char *text;
	int r = tokenward_add_key(tw, args[0], &slot, &text);

	if (r == TOKENWARD_OK)
		tokenward_text_free(text);
	return r;
}

static int
key_remove(struct tokenward *tw, char **args)
{
	char *text;
	int r = tokenward_remove_key(tw, 2, &text);

	(void)args;
	if (r == TOKENWARD_OK)
		tokenward_text_free(text);
	return r;
}

static int
rekey(struct tokenward *tw, char **args)
{
	char *text;
	int r = tokenward_rekey(tw, 0, &text);

	(void)args;
	if (r == TOKENWARD_OK)
		tokenward_text_free(text);
	return r;
}

/* ---- what there is besides --------------------------------------------- */

static int
provider(void *data, const char *id, const char *name, const char *path)
{
	(void)data;
	answer("%s %s %s\n", id, name, path);
	return TOKENWARD_OK;
}

static int
providers(struct tokenward *tw, char **args)
{
	char *text, *path;
	int r = tokenward_list_providers(tw, provider, NULL);

	if (r == TOKENWARD_OK)
		r = tokenward_check_provider(tw, args[0]);
	if (r == TOKENWARD_OK)
		r = tokenward_read_provider(tw, args[1], &text, &path);
	if (r != TOKENWARD_OK)
		return r;
	answer_text(path);
	answer_text(text);
	return TOKENWARD_OK;
}

static int
module(void *data, const struct tokenward_module_info *m)
{
	(void)data;
	answer("%s %s %s\n%s\n", m->kind, m->name, m->summary,
	    m->fault ? m->fault : "good");
	return TOKENWARD_OK;
}

static int
stack_line(void *data, const struct tokenward_stack_line *l)
{
	(void)data;
	answer("%s %s %s %s\n", l->kind, l->control, l->module,
	    l->fault ? l->fault : "good");
	return TOKENWARD_OK;
}

static int
modules(struct tokenward *tw, char **args)
{
	int r = tokenward_list_modules(tw, module, NULL);

	(void)args;
	return r ? r : tokenward_check_stacks(tw, stack_line, NULL);
}

static void
finding(void *data, const char *grade, const char *what, const char *cure)
{
	(void)data;
	answer("%s: %s, %s\n", grade, what, cure ? cure : "-");
}

static int
doctor(struct tokenward *tw, char **args)
{
	return tokenward_doctor(
	    tw, args[0], TOKENWARD_DOCTOR_REPAIR, finding, NULL);
}

/* A handle of its own, as most programs open it. */
static int
open_plainly(struct tokenward *tw, char **args)
{
	struct tokenward *own;
	int r = tokenward_open(NULL, &own);
	bool now = tokenward_now(own) > 0;
	bool never = tokenward_retry_at(own) == TOKENWARD_TIME_UNKNOWN;

	(void)tw;
	(void)args;
	answer("%s: %s, %s: %s, %s\n", tokenward_version(),
	    tokenward_store_path(own), tokenward_result_name(r),
	    tokenward_error(own), now && never ? "now" : "never");
	if (r != TOKENWARD_OK)
		answer_failure(tokenward_error(own));
	tokenward_close(own);
	return r;
}

/* ---- the table --------------------------------------------------------- */

const struct path paths[] = {
    {"open", open_plainly, 0},
    {"token", token, 0},
    {"token-twice", token_twice, 0},
    {"token-new", token_new, 0},
    {"reject", reject, 0},
    {"reject-token", reject_token, 0},
    {"try", try, 0},
    {"add", add, 0},
    {"edit", edit, 0},
    {"rotate", rotate, 0},
    {"rename", rename_one, TOKENWARD_NOT_FOUND},
    {"remove", remove_one, TOKENWARD_NOT_FOUND},
    {"get", get, 0},
    {"list", list, 0},
    {"apply", apply, 0},
    {"init", init, TOKENWARD_EXISTS},
    {"init-from", init_from, 0},
    {"import", import, 0},
    {"export", export, TOKENWARD_EXISTS},
    {"unlock", unlock, 0},
    {"verify", verify, 0},
    {"adopt", adopt, 0},
    {"upgrade", upgrade, 0},
    {"migrate", migrate, 0},
    {"destroy", destroy, TOKENWARD_CONFIG},
    {"keys", keys, 0},
    {"key-add", key_add, TOKENWARD_EXISTS},
    {"key-remove", key_remove, TOKENWARD_NOT_FOUND},
    {"rekey", rekey, 0},
    {"providers", providers, 0},
    {"modules", modules, 0},
    {"doctor", doctor, 0},
    {NULL, NULL, 0},
};
