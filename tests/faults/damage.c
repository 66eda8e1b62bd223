/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Damages the files of a store in every small way, one at a time, and looks
 * at what the library makes of it.
 *
 *     damage STORE STEP NAME...
 *
 * Of each file every STEP-th byte has each of its bits turned, and the file
 * is cut there; one byte is added as well.  The names have valid tokens in
 * the cache; no helper is there to buy others.  Afterwards each file is as it
 * was.  What must not be is printed, a line each; the last line counts.
 */
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tokenward/tokenward.h>
#include <unistd.h>

#define NAMES 8
#define FILES 32
#define LONGEST 65536

static const char *store;
static const char *names[NAMES];
static char *tokens[NAMES];
static int names_n;
static char *files[FILES];
static int files_n;
static long cases, faults;

static void
fault(const char *file, const char *how, const char *what)
{
	if (++faults <= 40)
		printf("%s, %s: %s\n", file + strlen(store) + 1, how, what);
}

/* ---- what the library says --------------------------------------------- */

/* 1 the token, 0 refused with a sentence, -1 neither. */
static int
served(struct tokenward *tw, int i)
{
	struct tokenward_token *t = NULL;
	int r = tokenward_get_token(tw, names[i], NULL, &t), same;

	if (r != TOKENWARD_OK)
		return *tokenward_error(tw) ? 0 : -1;
	same = strcmp(tokenward_token_value(t), tokens[i]) == 0;
	tokenward_token_free(t);
	return same ? 1 : -1;
}

static int
shown(struct tokenward *tw, int i)
{
	struct tokenward_credential *c = NULL;
	int r = tokenward_get_credential(tw, names[i], &c), same;
	const char *id;

	if (r != TOKENWARD_OK)
		return *tokenward_error(tw) ? 0 : -1;
	id = tokenward_credential_get(c, "name", 0);
	same = id && strcmp(id, names[i]) == 0;
	tokenward_credential_free(c);
	return same ? 1 : -1;
}

struct seen {
	int served, shown, wrong;
};

static struct seen
look(void)
{
	static const char nowhere[] = "/nonexistent";
	struct tokenward_open_params p = {
	    .size = sizeof(p), .store = store, .libexec_dir = nowhere};
	struct seen s = {0};
	struct tokenward *tw = NULL;
	int i, got;

	(void)tokenward_open(&p, &tw);
	for (i = 0; tw && i < names_n; i++) {
		got = served(tw, i);
		s.served += got > 0;
		s.wrong += got < 0;
		got = shown(tw, i);
		s.shown += got > 0;
		s.wrong += got < 0;
	}
	tokenward_close(tw);
	cases++;
	return s;
}

/* A damaged header: nothing.  A record: the others, and not its own. */
static void
expect(const char *file, const char *how)
{
	struct seen s = look();
	int token = strstr(file, "/tokens/") != NULL;
	int credential = strstr(file, "/credentials/") != NULL;
	int all = token || credential ? names_n : 0;

	if (s.wrong)
		fault(file, how, "a wrong answer, or no sentence");
	if (s.served != all - token)
		fault(file, how,
		    s.served > all - token ? "a token in spite of it"
					   : "another token is gone");
	if (s.shown != all - credential)
		fault(file, how,
		    s.shown > all - credential ? "a credential in spite of it"
					       : "another credential is gone");
}

/* ---- damage ------------------------------------------------------------ */

static void
put(int fd, const unsigned char *data, size_t len)
{
	if (pwrite(fd, data, len, 0) != (ssize_t)len ||
	    ftruncate(fd, (off_t)len) != 0)
		err(2, "writing");
}

static void
flip(const char *file, int fd, unsigned char *data, size_t at)
{
	char how[64];
	int bit;

	for (bit = 0; bit < 8; bit++) {
		unsigned char other = data[at] ^ (unsigned char)(1 << bit);

		snprintf(how, sizeof(how), "byte %zu, bit %d", at, bit);
		if (pwrite(fd, &other, 1, (off_t)at) != 1)
			err(2, "writing");
		expect(file, how);
	}
	if (pwrite(fd, data + at, 1, (off_t)at) != 1)
		err(2, "writing");
}

static void
cut(const char *file, int fd, const unsigned char *data, size_t len, size_t at)
{
	char how[64];

	snprintf(how, sizeof(how), "cut to %zu bytes", at);
	put(fd, data, at);
	expect(file, how);
	put(fd, data, len);
}

static void
damage(const char *file, size_t step)
{
	static unsigned char data[LONGEST];
	int fd = open(file, O_RDWR | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : pread(fd, data, sizeof(data) - 1, 0);
	size_t at;

	if (len <= 0)
		err(2, "%s", file);
	for (at = (size_t)files_n % step; at < (size_t)len; at += step) {
		flip(file, fd, data, at);
		cut(file, fd, data, (size_t)len, at);
	}
	cut(file, fd, data, (size_t)len, 0);
	data[len] = 0;
	put(fd, data, (size_t)len + 1);
	expect(file, "a byte more");
	put(fd, data, (size_t)len);
	close(fd);
}

/* ---- the rest ---------------------------------------------------------- */

static int
found(const char *path, const struct stat *st, int type, struct FTW *at)
{
	const char *name = path + at->base;

	(void)st;
	if (type == FTW_F && strcmp(name, "lock") != 0 &&
	    strcmp(name, "header.old") != 0 && files_n < FILES)
		files[files_n++] = strdup(path);
	return 0;
}

static void
remember(int i)
{
	struct tokenward_open_params p = {.size = sizeof(p), .store = store};
	struct tokenward_token *t = NULL;
	struct tokenward *tw = NULL;

	if (tokenward_open(&p, &tw) ||
	    tokenward_get_token(tw, names[i], NULL, &t))
		errx(2, "%s", tw ? tokenward_error(tw) : "no memory");
	tokens[i] = strdup(tokenward_token_value(t));
	tokenward_token_free(t);
	tokenward_close(tw);
}

int
main(int argc, char **argv)
{
	size_t step = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct seen s;
	int i;

	if (step == 0 || argc - 3 > NAMES)
		errx(2, "usage: damage STORE STEP NAME...");
	store = argv[1];
	for (names_n = 0; names_n < argc - 3; names_n++) {
		names[names_n] = argv[3 + names_n];
		remember(names_n);
	}
	if (nftw(store, found, 8, FTW_PHYS) != 0 || files_n == 0)
		err(2, "%s", store);
	for (i = 0; i < files_n; i++)
		damage(files[i], step);
	s = look();
	if (s.served != names_n || s.shown != names_n)
		fault(files[0], "at the end", "the store is not what it was");
	printf("%ld cases, %ld faults\n", cases, faults);
	return faults != 0;
}
