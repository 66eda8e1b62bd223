/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways to a wrapping key, and how well each protects. */
#include <errno.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/str.h"
#include "key/methods.h"

const struct key_method *const key_methods[] = {
    &keyfile_method,
    &passphrase_method,
    &recovery_method,
    NULL,
};

const struct key_method *
key_method_find(const char *name)
{
	const struct key_method *const *m;

	for (m = key_methods; *m; m++)
		if (strcmp((*m)->name, name) == 0)
			return *m;
	return NULL;
}

static void
put_prompt(struct buf *b, const struct key_context *ctx, const char *what,
    const struct key_slot *slot, bool confirm)
{
	buf_put_str(b, ctx->question && !confirm ? ctx->question : what);
	if (ctx->one_slot && slot->id)
		buf_printf(b, " of key slot %u", slot->id);
	if (ctx->label)
		buf_printf(b, " for the export %s: ", ctx->label);
	else
		buf_printf(b, " for the store %s: ",
		    ctx->store_path ? ctx->store_path : "");
}

/* "Recovery code" is "the recovery code" in a sentence. */
static int
no_answer(
    const char *before, const char *what, const char *after, struct error *err)
{
	return error_set(err, TOKENWARD_LOCKED, "%sthe %c%s%s", before,
	    what[0] | 0x20, what + 1, after);
}

int
method_ask(const struct key_context *ctx, const char *what,
    const struct key_slot *slot, bool confirm, size_t max, struct buf *answer,
    struct error *err)
{
	cleanup_buf struct buf prompt = BUF_INIT;
	struct tokenward_question q = {.confirm = confirm};
	unsigned char *room = buf_room(answer, max);
	long n;

	put_prompt(&prompt, ctx, what, slot, confirm);
	if (!room || prompt.failed)
		return error_memory(err);
	q.prompt = buf_str(&prompt);
	errno = 0;
	n = ctx->ask ? ctx->ask(ctx->ask_data, &q, (char *)room, max) : -1;
	if (n < 0 && errno == ENOMEM)
		return error_memory(err);
	if (n < 0)
		return no_answer("nobody can be asked for ", what, "", err);
	if (n == 0 || n > (long)max)
		return no_answer(
		    "", what, n ? " is too long" : " is empty", err);
	answer->len += (size_t)n;
	return TOKENWARD_OK;
}

bool
key_needs_human(const char *kind)
{
	const struct key_method *m = key_method_find(kind);

	return m && m->needs_human;
}

/* Of a module only its slot may know: "pin". */
bool
key_slot_needs_human(const struct key_slot *slot)
{
	const char *pin = strmap_get(&slot->params, "pin");

	return key_needs_human(slot->kind) ||
	       (!key_method_find(slot->kind) && pin && strcmp(pin, "yes") == 0);
}

void
key_slot_name(const struct key_slot *slot, struct buf *out)
{
	const char *path = strmap_get(&slot->params, "path");

	str_clean(out, slot->kind, strlen(slot->kind), 32);
	if (path) {
		buf_put_byte(out, ' ');
		str_clean(out, path, strlen(path), 1024);
	}
}

static const struct {
	const char *kind, *grade, *why;
} grades[] = {
    {"keyfile", "fair", "who can read it and the store reads everything"},
    {"passphrase", "strong", "as hard to guess as its words"},
    {"systemd-credential", "fair",
	"sealed to this machine: root here opens it, without a TPM a copy of "
	"the whole disk, too"},
    {"secret-service", "strong",
	"as safe as the password that opens the keyring, and open to every "
	"program of yours while it is unlocked"},
    {"tpm2", "strong",
	"sealed to this machine's TPM: no copy of the disk opens it"},
    {"recovery", "strong", "130 random bits, as safe as the paper"},
};

const char *
key_grade(const struct key_slot *slot, const char **ret_why)
{
	size_t i;

	for (i = 0; i < sizeof(grades) / sizeof(grades[0]); i++)
		if (strcmp(grades[i].kind, slot->kind) == 0) {
			*ret_why = grades[i].why;
			return grades[i].grade;
		}
	*ret_why = "how well it is kept is the module's affair";
	return "fair";
}
