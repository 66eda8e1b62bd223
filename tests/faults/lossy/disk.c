/* SPDX-License-Identifier: BSD-2-Clause */
/* What is there at the beginning, and what is left after a loss of power. */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lossy.h"

/* ---- load -------------------------------------------------------------- */

static void
load_file(struct node *f, int fd, const char *path)
{
	unsigned char data[65536];
	size_t at = 0;
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) > 0) {
		journal_data(NULL, f, (off_t)at, data, (size_t)n);
		tree_write(f, at, data, (size_t)n);
		at += (size_t)n;
	}
	if (n < 0)
		err(2, "%s", path);
}

static void
load_entry(struct node *dir, const char *name, const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct node *n;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		err(2, "%s", path);
	n = tree_new(st.st_mode);
	journal(NULL, "new %lu %lu %o %s", dir->ino, n->ino, st.st_mode, name);
	tree_name(dir, name, n);
	if (S_ISDIR(st.st_mode))
		disk_load(n, path);
	else
		load_file(n, fd, path);
	tree_sync(n, false);
	n->changed = st.st_mtim;
	close(fd);
}

void
disk_load(struct node *dir, const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char *below;

	if (!d)
		err(2, "%s", path);
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (asprintf(&below, "%s/%s", path, e->d_name) < 0)
			err(2, "memory");
		load_entry(dir, e->d_name, below);
		free(below);
	}
	closedir(d);
	tree_sync(dir, false);
}

/* ---- save -------------------------------------------------------------- */

static void
save_file(const struct content *c, const char *path)
{
	int fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, c->mode & 07777);

	if (fd < 0 || write(fd, c->data, c->len) != (ssize_t)c->len ||
	    fchmod(fd, c->mode & 07777) < 0 || close(fd) < 0)
		err(2, "%s", path);
}

void
disk_save(const struct node *dir, enum view view, const char *path)
{
	const struct content *c = &dir->view[view];
	const struct node *n;
	char *below;
	size_t i;

	if (mkdir(path, 0700) < 0)
		err(2, "%s", path);
	for (i = 0; i < c->entries_n; i++) {
		n = c->entries[i].node;
		if (asprintf(&below, "%s/%s", path, c->entries[i].name) < 0)
			err(2, "memory");
		if (S_ISDIR(n->view[view].mode))
			disk_save(n, view, below);
		else
			save_file(&n->view[view], below);
		free(below);
	}
	if (chmod(path, c->mode & 07777) < 0)
		err(2, "%s", path);
}
