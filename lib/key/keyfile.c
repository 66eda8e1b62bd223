/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of random bytes.  Its path stands in the header, which anybody who
 * can write the store may change, so the file is judged by its descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"
#include "key/methods.h"

#define CHUNK 16384u

static const unsigned char person[crypto_generichash_blake2b_PERSONALBYTES] = {
    't', 'o', 'k', 'e', 'n', 'w', 'a', 'r', 'd', 'k', 'e', 'y', 'f', 'i', 'l',
    'e'};
_Static_assert(SLOT_SALT_LEN == crypto_generichash_blake2b_SALTBYTES, "salt");

static int
check_file(
    const char *path, const struct stat *st, int fault, struct error *err)
{
	if (!S_ISREG(st->st_mode))
		return error_set(
		    err, fault, "key file %s: not a regular file", path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return error_set(err, TOKENWARD_NOT_ALLOWED,
		    "key file %s belongs to uid %u: it must be root's or "
		    "yours (uid %u)",
		    path, st->st_uid, geteuid());
	if (st->st_mode & 077)
		return error_set(err, TOKENWARD_NOT_ALLOWED,
		    "key file %s may be used by others (mode %04o): chmod 600 "
		    "%s",
		    path, st->st_mode & 07777, path);
	if (st->st_size < KEYFILE_MIN || st->st_size > KEYFILE_MAX)
		return error_set(err, fault,
		    "key file %s has %lld bytes: it must have %d to %u", path,
		    (long long)st->st_size, KEYFILE_MIN, KEYFILE_MAX);
	return TOKENWARD_OK;
}

/* Reads what fstat promised, no more; 0 or errno. */
static int
hash_file(
    int fd, size_t size, const unsigned char *salt, unsigned char *ret_kek)
{
	cleanup_buf struct buf b = BUF_SECRET_INIT;
	size_t chunk = size < CHUNK ? size : CHUNK;
	unsigned char *room = buf_room(&b, chunk);
	crypto_generichash_blake2b_state st;
	ssize_t n = 0;

	if (!room)
		return ENOMEM;
	crypto_generichash_blake2b_init_salt_personal(
	    &st, NULL, 0, KEY_LEN, salt, person);
	while (size > 0) {
		n = read(fd, room, size < chunk ? size : chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		crypto_generichash_blake2b_update(&st, room, (size_t)n);
		size -= (size_t)n;
	}
	crypto_generichash_blake2b_final(&st, ret_kek, KEY_LEN);
	wipe(&st, sizeof(st));
	wipe(room, chunk);
	return n < 0 ? errno : size > 0 ? EIO : 0;
}

/* A store whose key cannot be read is locked; one in the making is not. */
static int
trouble(int fault, int e)
{
	return fault == TOKENWARD_LOCKED ? fault : error_code_of_errno(e);
}

/* path is for sentences. */
static int
read_at(int dir, const char *name, const char *path, const unsigned char *salt,
    int fault, unsigned char *ret_kek, struct error *err)
{
	cleanup_close int fd = file_open(
	    dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return error_set(
		    err, fault, "key file %s: a symbolic link", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(
		    err, trouble(fault, errno), "key file %s", path);
	if (check_file(path, &st, fault, err) != TOKENWARD_OK)
		return err->code;
	errno = hash_file(fd, (size_t)st.st_size, salt, ret_kek);
	if (errno)
		return error_errno(
		    err, trouble(fault, errno), "key file %s", path);
	return TOKENWARD_OK;
}

int
keyfile_read(const char *path, const unsigned char *salt, int fault,
    unsigned char *ret_kek, struct error *err)
{
	return read_at(AT_FDCWD, path, path, salt, fault, ret_kek, err);
}

/*
 * One of ours that was there already may be that of another store: a time
 * of change in 1970 tells destroy to leave it.
 */
static void
note_shared(int dir, const char *name, const struct stat *st)
{
	static const struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT}, {.tv_sec = 0}};

	if (S_ISREG(st->st_mode) && st->st_size == KEYFILE_MIN &&
	    st->st_uid == geteuid())
		utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW);
}

/* The file that is there, or a new one. */
static int
have_file(int dir, const char *name, const char *path, struct error *err)
{
	struct stat st;
	int e;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		note_shared(dir, name, &st);
		e = keyfile_settle(dir, name);
	} else {
		e = errno == ENOENT ? keyfile_make(dir, name) : errno;
	}
	errno = e;
	return e ? error_errno(err, error_code_of_errno(e),
		       "cannot put the key file %s on the disk", path)
		 : TOKENWARD_OK;
}

static int
keyfile_enroll(const struct key_method *self, const struct key_context *ctx,
    const char *arg, struct key_slot *slot, unsigned char *ret_kek,
    struct error *err)
{
	cleanup_free char *path = NULL;
	cleanup_close int dir = -1;
	const char *name;

	(void)self;
	if (sodium_init() < 0)
		return error_set(err, TOKENWARD_FAILED,
		    "the system gives no random numbers");
	if (keyfile_choose(ctx, arg, &path, err) != TOKENWARD_OK ||
	    keyfile_place(path, &dir, &name, err) != TOKENWARD_OK ||
	    have_file(dir, name, path, err) != TOKENWARD_OK)
		return err->code;
	randombytes_buf(slot->salt, SLOT_SALT_LEN);
	if (!strmap_set(&slot->params, "path", path))
		return error_memory(err);
	return read_at(
	    dir, name, path, slot->salt, TOKENWARD_USAGE, ret_kek, err);
}

static int
keyfile_open(const struct key_method *self, const struct key_context *ctx,
    const struct key_slot *slot, unsigned char *ret_kek, struct error *err)
{
	const char *path = strmap_get(&slot->params, "path");

	(void)self;
	(void)ctx;
	if (!path || !keyfile_path_ok(path))
		return error_set(err, TOKENWARD_DAMAGED,
		    "key slot %u (keyfile) has no usable path", slot->id);
	return keyfile_read(path, slot->salt, TOKENWARD_LOCKED, ret_kek, err);
}

const struct key_method keyfile_method = {
    .name = "keyfile",
    .enroll = keyfile_enroll,
    .open = keyfile_open,
};
