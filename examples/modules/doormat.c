/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An example of a key module, tokenward-modules(7): the store's key is
 * wrapped with 32 random bytes that lie in a directory of the user's choice,
 * a USB stick perhaps.
 *
 *     cc doormat.c $(pkg-config --cflags --libs tokenward-module) -o doormat
 *     install doormat "$(pkg-config --variable=moduledir tokenward-module)"
 *
 * and in stack.conf
 *
 *     unlock  sufficient  doormat  directory=/media/stick
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <tokenward/module.h>

#define KEY_LEN 32

struct doormat {
	int dir;
};

static const struct tokenward_option options[] = {
    {.name = "directory",
	.type = TOKENWARD_OPTION_TEXT,
	.required = 1,
	.help = "where the keys lie"},
    {NULL},
};

/* Not there is no fault: a stick comes and goes. */
static int
start(void **ret_self, const struct tokenward_message *given,
    struct tokenward_message *reply)
{
	const char *path = tokenward_message_text(given, "directory");
	struct doormat *d = malloc(sizeof(*d));

	if (!d)
		return TOKENWARD_MODULE_FAILED;
	d->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dir < 0) {
		tokenward_message_say(reply, "%s: %s", path, strerror(errno));
		free(d);
		return TOKENWARD_MODULE_AWAY;
	}
	*ret_self = d;
	return TOKENWARD_MODULE_OK;
}

static void
stop(void *self)
{
	struct doormat *d = self;

	close(d->dir);
	free(d);
}

/* One file for each slot of each store. */
static void
file_name(const struct tokenward_message *request, char *name, size_t size)
{
	const char *store = tokenward_message_text(request, "store");

	snprintf(name, size, "%.32s-%lld", store ? store : "",
	    (long long)tokenward_message_number(request, "slot", 0));
}

static int
fail(struct tokenward_message *reply, const char *name, int result)
{
	tokenward_message_say(reply, "%s: %s", name, strerror(errno));
	return result;
}

/* What was enrolled must be there after a power cut; what failed must not. */
static int
write_key(const struct doormat *d, const char *name, const void *key)
{
	int fd =
	    openat(d->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int good, e;

	if (fd < 0)
		return 0;
	good = write(fd, key, KEY_LEN) == KEY_LEN && fsync(fd) == 0 &&
	       fsync(d->dir) == 0;
	e = errno;
	close(fd);
	if (!good)
		unlinkat(d->dir, name, 0);
	errno = e;
	return good;
}

/* The key is made in the reply: it lies nowhere else. */
static int
enroll(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	char name[64];
	void *key = tokenward_message_room(reply, "kek", KEY_LEN);

	file_name(request, name, sizeof(name));
	if (!key || getrandom(key, KEY_LEN, 0) != KEY_LEN)
		return TOKENWARD_MODULE_FAILED;
	if (!write_key(self, name, key))
		return fail(reply, name, TOKENWARD_MODULE_FAILED);
	tokenward_message_put_text(reply, "param.file", name);
	return TOKENWARD_MODULE_OK;
}

/* Others may have written what comes back as a parameter: no paths. */
static int
open_slot(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	const struct doormat *d = self;
	const char *name = tokenward_message_text(request, "param.file");
	void *key = tokenward_message_room(reply, "kek", KEY_LEN);
	int fd;
	ssize_t n;

	if (!name || strchr(name, '/'))
		return TOKENWARD_MODULE_BROKEN;
	fd = openat(d->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(reply, name,
		    errno == ENOENT ? TOKENWARD_MODULE_NONE
				    : TOKENWARD_MODULE_DENIED);
	n = key ? read(fd, key, KEY_LEN) : -1;
	close(fd);
	return n == KEY_LEN ? TOKENWARD_MODULE_OK : TOKENWARD_MODULE_BROKEN;
}

/* For good, also if a removal before this one was cut short. */
static int
forget(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	const struct doormat *d = self;
	char name[64];

	file_name(request, name, sizeof(name));
	if ((unlinkat(d->dir, name, 0) < 0 && errno != ENOENT) ||
	    fsync(d->dir) < 0)
		return fail(reply, name, TOKENWARD_MODULE_FAILED);
	return TOKENWARD_MODULE_OK;
}

static const struct tokenward_module doormat = {
    .size = sizeof(doormat),
    .abi = TOKENWARD_MODULE_ABI,
    .kind = "key",
    .name = "doormat",
    .version = "1",
    .summary = "a key kept under the doormat",
    .options = options,
    .start = start,
    .stop = stop,
    .key = {.enroll = enroll, .open = open_slot, .forget = forget},
};

TOKENWARD_MODULE_MAIN(doormat)
