/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is logged in how often: RUN/sessions/UID, root's alone, locked while
 * it is changed and while the store is opened or locked on its account.  A
 * session whose process is gone has crashed and does not count; nor does one
 * from before the machine was started.  The file is one page, written at
 * once; one that is not ours, or not whole, counts as empty.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "pam.h"

#define MAGIC "twpam\0\0\1"
#define POLL_NS 5000000

_Static_assert(sizeof(struct session_file) <= 4096, "one page");

/* ---- small files of the kernel ----------------------------------------- */

static bool
read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return true;
}

static void
read_boot_id(char ret[40])
{
	memset(ret, 0, 40);
	if (!read_text("/proc/sys/kernel/random/boot_id", ret, 40))
		strcpy(ret, "unknown");
}

/* Its name, in brackets, may hold anything; 19 words after it. */
static uint64_t
parse_start(const char *stat, char *ret_state)
{
	const char *at = strrchr(stat, ')');

	if (!at || at[1] != ' ')
		return 0;
	*ret_state = at[2];
	at++;
	for (int i = 0; at && i < 19; i++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

/* 0: it is gone, or a zombie. */
static uint64_t
start_of(int64_t pid)
{
	char path[48], text[1024], state = 0;
	uint64_t start;

	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	if (!read_text(path, text, sizeof(text)))
		return 0;
	start = parse_start(text, &state);
	return state == 'Z' || state == 'X' ? 0 : start;
}

/* ---- the file ---------------------------------------------------------- */

static bool
is_ours(int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if ((st.st_mode & S_IFMT) == type && st.st_uid == geteuid() &&
	    !(st.st_mode & 077) && (type == S_IFDIR || st.st_nlink == 1))
		return true;
	errno = EPERM;
	return false;
}

/* Made for us alone, whatever the host's umask is. */
static int
open_dir(int at, const char *name)
{
	bool made = mkdirat(at, name, 0700) == 0;
	int fd;

	if (!made && errno != EEXIST)
		return -1;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && made)
		fchmod(fd, 0700);
	if (fd >= 0 && !is_ours(fd, S_IFDIR)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
open_file(const char *run, uid_t uid)
{
	int base = open_dir(AT_FDCWD, run), dir = -1, fd = -1;
	char name[24];

	if (base >= 0)
		dir = open_dir(base, "sessions");
	snprintf(name, sizeof(name), "%lu", (unsigned long)uid);
	if (dir >= 0)
		fd = openat(dir, name,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC |
			O_NOCTTY,
		    0600);
	if (fd >= 0 && !is_ours(fd, S_IFREG)) {
		close(fd);
		fd = -1;
	}
	if (base >= 0)
		close(base);
	if (dir >= 0)
		close(dir);
	return fd;
}

/* Such locks have no timed wait. */
static bool
lock(int fd, int64_t deadline_ms)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct timespec pause = {.tv_nsec = POLL_NS};

	while (fcntl(fd, F_OFD_SETLK, &l) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return false;
		if (clock_ms() >= deadline_ms) {
			errno = ETIMEDOUT;
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return true;
}

static void
keep_living(struct session_file *f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n; i++)
		if (f->v[i].started && start_of(f->v[i].pid) == f->v[i].started)
			f->v[n++] = f->v[i];
	memset(&f->v[n], 0, sizeof(f->v[0]) * (SESSIONS_MAX - n));
	f->n = n;
}

static void
read_file(int fd, struct session_file *f)
{
	char boot_id[40];

	read_boot_id(boot_id);
	if (pread(fd, f, sizeof(*f), 0) != (ssize_t)sizeof(*f) ||
	    memcmp(f->magic, MAGIC, sizeof(f->magic)) != 0 ||
	    memcmp(f->boot_id, boot_id, sizeof(boot_id)) != 0 ||
	    f->n > SESSIONS_MAX) {
		memset(f, 0, sizeof(*f));
		memcpy(f->magic, MAGIC, sizeof(f->magic));
		memcpy(f->boot_id, boot_id, sizeof(boot_id));
	}
	keep_living(f);
}

bool
sessions_open(
    const char *run, uid_t uid, int64_t deadline_ms, struct sessions *ret)
{
	int e;

	ret->fd = open_file(run, uid);
	if (ret->fd >= 0 && lock(ret->fd, deadline_ms)) {
		read_file(ret->fd, &ret->f);
		return true;
	}
	e = errno;
	sessions_close(ret);
	errno = e;
	return false;
}

bool
sessions_add(struct sessions *s, uint64_t *ret_id)
{
	struct session new = {.pid = getpid()};

	new.started = start_of(new.pid);
	if (s->f.n == SESSIONS_MAX || !new.started) {
		errno = s->f.n == SESSIONS_MAX ? ENOSPC : ENOENT;
		return false;
	}
	do
		if (getrandom(&new.id, sizeof(new.id), 0) != sizeof(new.id))
			return false;
	while (new.id == 0);
	s->f.v[s->f.n++] = new;
	*ret_id = new.id;
	return true;
}

void
sessions_remove(struct sessions *s, uint64_t id)
{
	struct session *v = s->f.v;
	int64_t pid = getpid();

	for (uint32_t i = 0; i < s->f.n; i++)
		if (id ? v[i].id == id : v[i].pid == pid) {
			v[i] = v[--s->f.n];
			v[s->f.n] = (struct session){0};
			return;
		}
}

bool
sessions_write(struct sessions *s)
{
	return pwrite(s->fd, &s->f, sizeof(s->f), 0) == (ssize_t)sizeof(s->f);
}

void
sessions_close(struct sessions *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
