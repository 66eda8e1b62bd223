/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A key module: the store's key is wrapped with a credential of a systemd
 * service, systemd.exec(5).  A service finds it in $CREDENTIALS_DIRECTORY;
 * root, at a terminal, opens the sealed file as the service manager does.
 * The file that a slot made goes with the slot: a tag, which only the key can
 * make, says that it did.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include <tokenward/tokenward.h>
#include "credential.h"

static const struct tokenward_option options[] = {
    {.name = "name",
	.type = TOKENWARD_OPTION_TEXT,
	.help = "the credential of a new slot, if not " DEFAULT_NAME
		" or as its file"},
    {.name = "with-key",
	.type = TOKENWARD_OPTION_TEXT,
	.fallback = "auto",
	.help = "what a new one is sealed with: auto, host, tpm2, host+tpm2"},
    {NULL},
};

static const char *const environment[] = {"CREDENTIALS_DIRECTORY", NULL};

/* ---- options ----------------------------------------------------------- */

static bool
with_ok(const char *with)
{
	static const char *const all[] = {"auto", "host", "tpm2", "host+tpm2"};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i], with) == 0)
			return true;
	return false;
}

static int
start(void **ret_self, const struct tokenward_message *given,
    struct tokenward_message *reply)
{
	const char *name = tokenward_message_text(given, "name");
	const char *with = tokenward_message_text(given, "with-key");
	struct self *self;

	if (name && !name_ok(name)) {
		tokenward_message_say(reply,
		    "name=: a credential's name is 1 to %u letters, digits, "
		    ". _ and -",
		    NAME_LONGEST);
		return TOKENWARD_MODULE_FAILED;
	}
	if (!with || !with_ok(with)) {
		tokenward_message_say(
		    reply, "with-key= must be auto, host, tpm2 or host+tpm2");
		return TOKENWARD_MODULE_FAILED;
	}
	self = sodium_init() < 0 ? NULL : sodium_malloc(sizeof(*self));
	if (!self)
		return TOKENWARD_MODULE_FAILED;
	snprintf(self->name, sizeof(self->name), "%s", name ? name : "");
	snprintf(self->with, sizeof(self->with), "%s", with);
	signal(SIGPIPE, SIG_IGN);
	*ret_self = self;
	return TOKENWARD_MODULE_OK;
}

static void
stop(void *self)
{
	sodium_free(self);
}

/* ---- open, forget ------------------------------------------------------ */

/* What the header says may be anybody's. */
static int
read_params(const struct tokenward_message *request, const char **ret_name,
    const char **ret_path, struct tokenward_message *reply)
{
	*ret_name = tokenward_message_text(request, "param.name");
	*ret_path = tokenward_message_text(request, "param.path");
	if (*ret_name && name_ok(*ret_name) &&
	    (!*ret_path || sealed_path_ok(*ret_path)))
		return TOKENWARD_MODULE_OK;
	tokenward_message_say(reply,
	    "the slot names no credential, or one that cannot be: it was "
	    "changed by somebody else");
	return TOKENWARD_MODULE_BROKEN;
}

static int
open_slot(void *data, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct self *self = data;
	const char *name, *path;
	int r = read_params(request, &name, &path, reply);

	if (r != TOKENWARD_MODULE_OK)
		return r;
	r = directory_read(name, &self->content, reply);
	if ((r == TOKENWARD_MODULE_AWAY || r == TOKENWARD_MODULE_NONE) &&
	    path && geteuid() == 0)
		r = sealed_read(
		    path, name, time_of(request), &self->content, reply);
	if (r == TOKENWARD_MODULE_NONE)
		r = TOKENWARD_MODULE_AWAY; /* there is a slot for it */
	return r == TOKENWARD_MODULE_OK
		   ? put_kek(&self->content, request, reply)
		   : r;
}

/* Only what this slot made: the parameters alone prove nothing. */
static int
forget(void *data, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	const char *made = tokenward_message_text(request, "param.made");
	const char *name, *path;
	char tag[TAG_TEXT];
	struct self *self = data;
	int r;

	/* Also of a slot that came to nothing and has no parameters: what was
	   sealed for it is what the next one takes. */
	if (!made || !tokenward_message_text(request, "param.path"))
		return TOKENWARD_MODULE_NONE;
	r = read_params(request, &name, &path, reply);
	if (r != TOKENWARD_MODULE_OK)
		return r;
	if (access(path, F_OK) < 0)
		return TOKENWARD_MODULE_OK;
	if (geteuid() != 0)
		return refuse(reply, "its sealed file is root's to remove");
	r = sealed_read(path, name, time_of(request), &self->content, reply);
	if (r != TOKENWARD_MODULE_OK)
		return r;
	make_tag(&self->content, request, tag);
	if (strcmp(made, tag) != 0 || sealed_is_shared(path)) {
		tokenward_message_say(reply, "%s stays: the key in it is %s",
		    path,
		    strcmp(made, tag) != 0 ? "not this slot's"
					   : "another slot's, too");
		return TOKENWARD_MODULE_CONFLICT;
	}
	return sealed_remove(path, reply);
}

static const struct tokenward_module systemd_credential = {
    .size = sizeof(systemd_credential),
    .abi = TOKENWARD_MODULE_ABI,
    .kind = "key",
    .name = "systemd-credential",
    .version = TOKENWARD_VERSION_STRING,
    .summary = "a credential of a systemd service",
    .environment = environment,
    .options = options,
    .start = start,
    .stop = stop,
    .key = {.enroll = enroll, .open = open_slot, .forget = forget},
};

TOKENWARD_MODULE_MAIN(systemd_credential)
