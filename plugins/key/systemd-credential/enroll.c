/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new slot: the credential that the service has, or the sealed file that is
 * named and there, or else a new one.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include "credential.h"

/* As systemd-creds: the name is that of the file. */
static bool
choose_name(const struct self *self, const char *path, char *ret)
{
	const char *base = path ? strrchr(path, '/') + 1 : DEFAULT_NAME;
	size_t len = strlen(base);

	if (self->name[0])
		base = self->name, len = strlen(base);
	else if (len > 5 && strcmp(base + len - 5, ".cred") == 0)
		len -= 5;
	if (len > NAME_LONGEST)
		return false;
	snprintf(ret, NAME_LONGEST + 1, "%.*s", (int)len, base);
	return name_ok(ret);
}

static void
put_notes(const char *name, const char *path, bool made,
    struct tokenward_message *reply)
{
	char note[PATH_LONGEST + NAME_LONGEST + 128];

	snprintf(note, sizeof(note),
	    made ? "A new key is sealed to this machine in %s. The unit of a "
		   "service that is to open the store needs the line"
		 : "The key is the one that is sealed in %s. The unit of a "
		   "service that is to open the store needs the line",
	    path);
	tokenward_message_put_text(reply, "note", note);
	snprintf(
	    note, sizeof(note), "LoadCredentialEncrypted=%s:%s", name, path);
	tokenward_message_put_text(reply, "note", note);
}

static int
take_given(struct self *self, const char *name,
    const struct tokenward_message *request, struct tokenward_message *reply)
{
	char note[NAME_LONGEST + 128];

	snprintf(note, sizeof(note),
	    "The store opens with the credential %s of this service.", name);
	tokenward_message_put_text(reply, "note", note);
	tokenward_message_put_text(reply, "param.name", name);
	return put_kek(&self->content, request, reply);
}

static int
make(struct self *self, const char *name, const char *path,
    const struct tokenward_message *request, struct tokenward_message *reply)
{
	char tag[TAG_TEXT];
	int r;

	self->content.len = CONTENT_MIN;
	randombytes_buf(self->content.data, CONTENT_MIN);
	make_tag(&self->content, request, tag);
	r = sealed_make(
	    path, name, self->with, time_of(request), &self->content, reply);
	if (r == TOKENWARD_MODULE_OK)
		tokenward_message_put_text(reply, "param.made", tag);
	return r;
}

static int
take_sealed(struct self *self, const char *name, const char *path,
    const struct tokenward_message *request, struct tokenward_message *reply)
{
	bool made = access(path, F_OK) < 0;
	int r = made ? make(self, name, path, request, reply)
		     : sealed_read(
			   path, name, time_of(request), &self->content, reply);

	if (r != TOKENWARD_MODULE_OK)
		return r;
	if (!made)
		sealed_share(path);
	put_notes(name, path, made, reply);
	tokenward_message_put_text(reply, "param.name", name);
	tokenward_message_put_text(reply, "param.path", path);
	return put_kek(&self->content, request, reply);
}

int
enroll(void *data, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	struct self *self = data;
	const char *path = tokenward_message_text(request, "arg");
	char name[NAME_LONGEST + 1], chosen[PATH_LONGEST];
	int r;

	if (path && !sealed_path_ok(path))
		return refuse(reply,
		    "systemd-credential=PATH wants an absolute path of "
		    "letters, digits and . _ + @ -, which a unit file takes "
		    "as it is");
	if (!choose_name(self, path, name))
		return refuse(reply,
		    "the file's name is no name for a credential: letters, "
		    "digits, . _ and - are");
	r = path ? TOKENWARD_MODULE_NONE
		 : directory_read(name, &self->content, reply);
	if (r == TOKENWARD_MODULE_OK)
		return take_given(self, name, request, reply);
	if (r != TOKENWARD_MODULE_NONE && r != TOKENWARD_MODULE_AWAY)
		return r;
	if (geteuid() != 0)
		return refuse(reply,
		    "only root may seal a credential, and there is none in "
		    "$CREDENTIALS_DIRECTORY: say it as root, or in a service "
		    "whose unit has LoadCredentialEncrypted=");
	snprintf(chosen, sizeof(chosen), "%s", path ? path : DEFAULT_DIRECTORY);
	if (!path)
		snprintf(chosen, sizeof(chosen), DEFAULT_DIRECTORY "/%s", name);
	return take_sealed(self, name, chosen, request, reply);
}
