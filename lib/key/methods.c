/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways to a wrapping key, and how well each protects. */
#include <string.h>
#include "base/str.h"
#include "key/methods.h"

const struct key_method *const key_methods[] = {
    &keyfile_method,
    &passphrase_method,
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

bool
key_needs_human(const char *kind)
{
	const struct key_method *m = key_method_find(kind);

	return m && m->needs_human;
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
	*ret_why = "of a module that this tokenward does not know";
	return "fair";
}
