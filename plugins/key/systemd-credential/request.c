/* SPDX-License-Identifier: BSD-2-Clause */
/* What requests say, and what is made from what a credential holds. */
#include <stdio.h>
#include <string.h>
#include <sodium.h>
#include "credential.h"

#define SPARE_MS 500 /* to say that systemd-creds was late */

_Static_assert(SALT_LEN == crypto_generichash_blake2b_SALTBYTES, "salt");

bool
name_ok(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_LONGEST && name[0] != '.' &&
	       name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

int64_t
time_of(const struct tokenward_message *request)
{
	int64_t ms = tokenward_message_number(request, "time", 5000);

	return ms > 2 * SPARE_MS ? ms - SPARE_MS : ms / 2;
}

static void
derive(const struct content *c, const void *salt, const char *purpose,
    unsigned char *ret, size_t len)
{
	unsigned char personal[crypto_generichash_blake2b_PERSONALBYTES] = {0};

	memcpy(personal, purpose, strnlen(purpose, sizeof(personal)));
	crypto_generichash_blake2b_salt_personal(
	    ret, len, c->data, c->len, NULL, 0, salt, personal);
}

int
put_kek(const struct content *c, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	size_t len;
	const void *salt = tokenward_message_get(request, "salt", &len);
	unsigned char *kek = tokenward_message_room(reply, "kek", KEK_LEN);

	if (!salt || len != SALT_LEN || !kek)
		return TOKENWARD_MODULE_FAILED;
	derive(c, salt, "tokenward kek", kek, KEK_LEN);
	return TOKENWARD_MODULE_OK;
}

/* Of this slot of this store. */
void
make_tag(const struct content *c, const struct tokenward_message *request,
    char ret[TAG_TEXT])
{
	static const unsigned char none[SALT_LEN];
	const char *store = tokenward_message_text(request, "store");
	unsigned char key[KEK_LEN], tag[TAG_LEN];
	char text[96];

	snprintf(text, sizeof(text), "%.32s-%lld", store ? store : "",
	    (long long)tokenward_message_number(request, "slot", 0));
	derive(c, none, "tokenward made", key, sizeof(key));
	crypto_generichash(tag, sizeof(tag), (const unsigned char *)text,
	    strlen(text), key, sizeof(key));
	sodium_bin2hex(ret, TAG_TEXT, tag, sizeof(tag));
	sodium_memzero(key, sizeof(key));
}

int
refuse(struct tokenward_message *reply, const char *why)
{
	tokenward_message_say(reply, "%s", why);
	return TOKENWARD_MODULE_FAILED;
}
