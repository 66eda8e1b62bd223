/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a new key file lies, and making it. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"
#include "key/methods.h"

#define PATH_LEN_MAX 1024u

/* Absolute, and fit to be printed. */
bool
keyfile_path_ok(const char *path)
{
	cleanup_buf struct buf clean = BUF_INIT;
	size_t len = strlen(path);

	if (path[0] != '/' || len > PATH_LEN_MAX)
		return false;
	str_clean(&clean, path, len, PATH_LEN_MAX);
	return !clean.failed && strcmp(buf_str(&clean), path) == 0;
}

static char *
join(const char *dir, const char *rest)
{
	char *path;

	return asprintf(&path, "%s%s", dir, rest) < 0 ? NULL : path;
}

/* HOME, else the password file; NULL when neither knows. */
static char *
home_dir(void)
{
	const char *home = secure_getenv("HOME");
	struct passwd pw, *found = NULL;
	char text[4096];

	if (home && home[0] == '/')
		return strdup(home);
	if (getpwuid_r(geteuid(), &pw, text, sizeof(text), &found) != 0 ||
	    !found || found->pw_dir[0] != '/')
		return NULL;
	return strdup(found->pw_dir);
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

/* With links resolved as far as the path exists. */
static char *
resolved(const char *path)
{
	cleanup_free char *head = strdup(path), *real = NULL;
	char *slash;

	while (head && !(real = realpath(head, NULL))) {
		slash = strrchr(head, '/');
		if (!slash || slash == head)
			return strdup(path);
		*slash = '\0';
	}
	return head ? join(real, path + strlen(head)) : NULL;
}

static bool
is_inside(const char *path, const char *dir)
{
	cleanup_free char *a = resolved(path), *where = absolute(dir);
	cleanup_free char *b = where ? resolved(where) : NULL;
	size_t len = b ? strlen(b) : 0;

	while (len > 0 && b[len - 1] == '/')
		len--;
	return !a || !b || strstr(a, "/../") ||
	       (strncmp(a, b, len) == 0 && (a[len] == '/' || a[len] == '\0'));
}

int
keyfile_choose(const struct key_context *ctx, const char *arg, char **ret,
    struct error *err)
{
	cleanup_free char *path = arg ? absolute(arg) : default_path(ctx);

	if (!path)
		return error_set(err, TOKENWARD_USAGE,
		    "there is no home directory to keep a key file in: name "
		    "one, --key keyfile=/PATH");
	if ((arg && !*arg) || !keyfile_path_ok(path))
		return error_set(err, TOKENWARD_USAGE,
		    "the path of the key file must be of printable "
		    "characters, at most %u",
		    PATH_LEN_MAX);
	if (ctx->store_path && is_inside(path, ctx->store_path))
		return error_set(err, TOKENWARD_USAGE,
		    "the key file %s would lie inside the store: a copy of "
		    "the store would hold its key too; choose another place",
		    path);
	*ret = take_ptr(path);
	return TOKENWARD_OK;
}

static int
sync_parent(const char *path)
{
	cleanup_free char *parent = strdup(path);
	cleanup_close int fd = -1;

	if (!parent)
		return ENOMEM;
	strrchr(parent, '/')[1] = '\0';
	fd = file_open(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? errno : file_sync_fd(fd);
}

/* 32 random bytes, whole and durable; 0 or errno. */
static int
write_key(const char *temp)
{
	cleanup_close int fd = file_open(
	    AT_FDCWD, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	unsigned char *key = secret_alloc(KEYFILE_MIN);
	int e;

	if (fd < 0 || !key) {
		e = fd < 0 ? errno : ENOMEM;
		secret_free(key);
		return e;
	}
	randombytes_buf(key, KEYFILE_MIN);
	e = fchmod(fd, 0600) < 0 ? errno : file_write_fd(fd, key, KEYFILE_MIN);
	secret_free(key);
	return e ? e : file_sync_fd(fd);
}

/* Never over a file that is there; or errno. */
static int
give_name(const char *temp, const char *path)
{
	if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	if (link(temp, path) < 0)
		return errno;
	return unlink(temp) < 0 ? errno : 0;
}

/* The name appears with the content; a file that came first stays. */
int
keyfile_make(const char *path)
{
	cleanup_free char *parent = strdup(path), *temp = NULL;
	int e;

	if (!parent ||
	    asprintf(&temp, "%s.new-%08x", path, randombytes_random()) < 0)
		return ENOMEM;
	strrchr(parent, '/')[0] = '\0';
	e = parent[0] ? file_make_dirs(parent, 0700) : 0;
	if (e)
		return e;
	e = write_key(temp);
	if (e == 0)
		e = give_name(temp, path);
	if (e)
		unlink(temp);
	return e && e != EEXIST ? e : sync_parent(path);
}
