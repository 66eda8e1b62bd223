/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a new key file lies, and making it. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/way.h"
#include "key/methods.h"

#define PATH_LEN_MAX 1024u

/* Absolute, and fit to be printed. */
bool
keyfile_path_ok(const char *path)
{
	size_t len = strlen(path);

	return path[0] == '/' && len <= PATH_LEN_MAX && str_is_clean(path, len);
}

static char *
join(const char *dir, const char *rest)
{
	char *path;

	return asprintf(&path, "%s%s", dir, rest) < 0 ? NULL : path;
}

/* HOME, else the password file; NULL when neither knows, or ENOMEM. */
static char *
home_dir(void)
{
	const char *home = secure_getenv("HOME");
	struct passwd pw, *found = NULL;
	char text[4096];
	int e;

	if (home && home[0] == '/')
		return strdup(home);
	e = getpwuid_r(geteuid(), &pw, text, sizeof(text), &found);
	if (e == 0 && found && found->pw_dir[0] == '/')
		return strdup(found->pw_dir);
	errno = e == ENOMEM ? e : 0;
	return NULL;
}

static char *
default_path(const struct key_context *ctx)
{
	const char *config = secure_getenv("XDG_CONFIG_HOME");
	cleanup_free char *home = NULL;

	if (ctx->system)
		return strdup(SYSCONFDIR "/key");
	if (config && config[0] == '/')
		return join(config, "/tokenward/key");
	home = home_dir();
	return home ? join(home, "/.config/tokenward/key") : NULL;
}

static char *
absolute(const char *path)
{
	cleanup_free char *cwd = NULL, *slash = NULL;

	if (path[0] == '/')
		return strdup(path);
	cwd = getcwd(NULL, 0);
	slash = cwd ? join(cwd, "/") : NULL;
	return slash ? join(slash, path) : NULL;
}

/* With links resolved as far as the path exists; NULL: errno. */
static char *
resolved(const char *path)
{
	cleanup_free char *head = strdup(path), *real = NULL;
	char *slash;

	while (head && !(real = realpath(head, NULL))) {
		if (errno != ENOENT && errno != ENOTDIR)
			return NULL;
		slash = strrchr(head, '/');
		if (!slash || slash == head)
			return strdup(path);
		*slash = '\0';
	}
	return head ? join(real, path + strlen(head)) : NULL;
}

/* 0 or errno: then it is not known. */
static int
look_inside(const char *path, const char *dir, bool *ret)
{
	cleanup_free char *a = resolved(path), *where = a ? absolute(dir) : a;
	cleanup_free char *b = where ? resolved(where) : NULL;
	size_t len = b ? strlen(b) : 0;

	if (!b)
		return errno;
	while (len > 0 && b[len - 1] == '/')
		len--;
	*ret = strstr(a, "/../") ||
	       (strncmp(a, b, len) == 0 && (a[len] == '/' || a[len] == '\0'));
	return 0;
}

int
keyfile_choose(const struct key_context *ctx, const char *arg, char **ret,
    struct error *err)
{
	cleanup_free char *path = NULL;
	bool inside = false;

	errno = 0;
	path = arg ? absolute(arg) : default_path(ctx);
	if (!path && arg)
		return error_read(err, TOKENWARD_USAGE,
		    "%s: the directory that this path begins in is not known "
		    "(%s): name it in full, --key keyfile=/PATH",
		    arg, strerrordesc_np(errno));
	if (!path)
		return error_read(err, TOKENWARD_USAGE,
		    "there is no home directory to keep a key file in: name "
		    "one, --key keyfile=/PATH");
	if ((arg && !*arg) || !keyfile_path_ok(path))
		return error_set(err, TOKENWARD_USAGE,
		    "the path of the key file must be of printable "
		    "characters, at most %u",
		    PATH_LEN_MAX);
	errno =
	    ctx->store_path ? look_inside(path, ctx->store_path, &inside) : 0;
	if (errno)
		return error_errno(err, error_code_of_errno(errno),
		    "where the key file %s would lie", path);
	if (inside)
		return error_set(err, TOKENWARD_USAGE,
		    "the key file %s would lie inside the store: a copy of "
		    "the store would hold its key too; choose another place",
		    path);
	*ret = take_ptr(path);
	return TOKENWARD_OK;
}

/* ---- the temporary file ------------------------------------------------ */

/* Still of that name, ours alone, and nobody else writes it; 0 or errno. */
static int
is_free(int fd, int dir, const char *temp, bool *ret)
{
	struct stat st, named;

	*ret = false;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return errno;
	if (fstatat(dir, temp, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : errno;
	*ret = st.st_ino == named.st_ino && st.st_dev == named.st_dev &&
	       S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       st.st_nlink == 1;
	return 0;
}

/* Always the same name, so that what was left by one who was killed is used
   up by the next; *ret_fd is -1 when it is not to be had.  0 or errno. */
static int
open_usual(int dir, const char *temp, int *ret_fd)
{
	cleanup_close int fd = file_open(dir, temp,
	    O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	bool ours = false;
	int e = fd < 0 ? 0 : is_free(fd, dir, temp, &ours);

	if (e == 0 && ours && ftruncate(fd, 0) < 0)
		e = errno;
	if (e == 0 && ours)
		*ret_fd = take_fd(fd);
	return e;
}

static char *
temporary_name(const char *name, uint32_t number)
{
	char *temp = NULL;

	return asprintf(&temp, "%s.new-%08x", name, number) < 0 ? NULL : temp;
}

/* The name is for who calls to free; 0 or errno. */
static int
open_temporary(int dir, const char *name, char **ret_temp, int *ret_fd)
{
	int e = ENOMEM;

	*ret_temp = temporary_name(name, 0);
	if (*ret_temp)
		e = open_usual(dir, *ret_temp, ret_fd);
	if (e || *ret_fd >= 0)
		return e;
	free(*ret_temp);
	*ret_temp = temporary_name(name, randombytes_random());
	if (!*ret_temp)
		return ENOMEM;
	*ret_fd = file_open(
	    dir, *ret_temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	return *ret_fd < 0 ? errno : 0;
}

/* 32 random bytes, whole and durable; 0 or errno. */
static int
write_key(int fd)
{
	unsigned char *key = secret_alloc(KEYFILE_MIN);
	int e;

	if (!key)
		return ENOMEM;
	randombytes_buf(key, KEYFILE_MIN);
	e = fchmod(fd, 0600) < 0 ? errno : file_write_fd(fd, key, KEYFILE_MIN);
	secret_free(key);
	return e ? e : file_sync_fd(fd);
}

/* ---- making ------------------------------------------------------------ */

/*
 * One that was there already may be of somebody who was killed, or had no
 * time yet, before it was durable; what cannot be opened its reader tells.
 */
int
keyfile_settle(int dir, const char *name)
{
	cleanup_close int fd = file_open(
	    dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	int e = fd < 0 ? 0 : file_sync_fd(fd);

	if (e == 0)
		e = way_sync(dir);
	/* another's directory, read-only ground, no file of a disk */
	return e == EROFS || e == EINVAL ? 0 : e;
}

/* The name appears with the content; a file that came first stays. */
int
keyfile_make(int dir, const char *name)
{
	cleanup_free char *temp = NULL;
	cleanup_close int fd = -1;
	int e;

	e = open_temporary(dir, name, &temp, &fd);
	if (e)
		return e;
	e = write_key(fd);
	if (e == 0)
		e = file_name_new_at(dir, temp, name);
	if (e)
		unlinkat(dir, temp, 0);
	return e && e != EEXIST ? e : way_sync(dir);
}

/* ---- the directory it is in -------------------------------------------- */

static int
no_place(
    const char *path, int e, const struct way_fault *fault, struct error *err)
{
	if (e == EPERM && fault->mode)
		return error_set(err, TOKENWARD_NOT_ALLOWED,
		    "root keeps no key file at %s: others may rename a "
		    "directory above it (uid %u, mode %04o)",
		    path, fault->uid, fault->mode & 07777);
	errno = e;
	return error_errno(
	    err, error_code_of_errno(e), "cannot make the key file %s", path);
}

/* Others there could put another key in the place of root's. */
int
keyfile_place(
    const char *path, int *ret_dir, const char **ret_name, struct error *err)
{
	const char *name = strrchr(path, '/') + 1;
	cleanup_free char *parent = strndup(path, (size_t)(name - path));
	cleanup_close int dir = -1;
	struct way_fault fault = {0};
	int e;

	if (!parent)
		return error_memory(err);
	e = way_make(parent, 0700, &dir, &fault);
	if (e == 0)
		e = way_above(dir, true, &fault);
	if (e)
		return no_place(path, e, &fault, err);
	*ret_dir = take_fd(dir);
	*ret_name = name;
	return TOKENWARD_OK;
}
