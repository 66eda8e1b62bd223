/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Damages the files of a store in every small way, one at a time, and looks
 * at what the library makes of it.
 *
 *     damage STORE STEP NAME...
 *     damage STORE COUNTxSEED NAME...
 *
 * Of each file every STEP-th byte has each of its bits turned, and the file
 * is cut there; one byte is added as well.  Or COUNT times a file is changed
 * by chance, in pieces: written over, put in, taken out, moved, doubled,
 * taken from another file.  The names have valid tokens in
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

/* ---- chance ------------------------------------------------------------ */

static unsigned long dice;

static size_t
below(size_t n)
{
	dice = dice * 6364136223846793005ul + 1442695040888963407ul;
	return n ? (size_t)(dice >> 33) % n : 0;
}

struct text {
	unsigned char data[2 * LONGEST];
	size_t len;
};

static void
load(const char *file, struct text *ret)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, ret->data, LONGEST);

	if (len < 0)
		err(2, "%s", file);
	ret->len = (size_t)len;
	close(fd);
}

static void
put_in(struct text *t, size_t at, const unsigned char *from, size_t n)
{
	n = n < sizeof(t->data) - t->len ? n : sizeof(t->data) - t->len;
	memmove(t->data + at + n, t->data + at, t->len - at);
	memcpy(t->data + at, from, n);
	t->len += n;
}

static void
take_out(struct text *t, size_t at, size_t n)
{
	n = n < t->len - at ? n : t->len - at;
	memmove(t->data + at, t->data + at + n, t->len - at - n);
	t->len -= n;
}

/* One change; which, in how. */
static void
change(struct text *t, const struct text *other, char how[64])
{
	static const char *const kinds[] = {"written over", "put in",
	    "taken out", "moved", "doubled", "of another file", "zeroed",
	    "a number more"};
	unsigned char piece[64];
	size_t kind = below(8), n = 1 + below(sizeof(piece));
	size_t at = below(t->len + 1), from = below(t->len);

	for (size_t i = 0; i < n; i++)
		piece[i] = (unsigned char)below(256);
	if (kind == 3 || kind == 4)
		memcpy(piece, t->data + from,
		    n = n < t->len - from ? n : t->len - from);
	if (kind == 3)
		take_out(t, from, n);
	if (kind == 5 && other->len) {
		from = below(other->len);
		n = n < other->len - from ? n : other->len - from;
		memcpy(piece, other->data + from, n);
	}
	if (kind == 6)
		memset(piece, below(2) ? 0 : 0xff, n);
	at = at < t->len ? at : t->len;
	if (kind == 7 && at < t->len)
		t->data[at] = (unsigned char)(t->data[at] + 1);
	else if (kind == 2)
		take_out(t, at, n);
	else if (kind != 7) {
		if (kind == 0 || kind == 5 || kind == 6)
			take_out(t, at, n);
		put_in(t, at, piece, n);
	}
	snprintf(how, 64, "%zu bytes at %zu %s", n, at, kinds[kind]);
}

static void
mutate(void)
{
	static struct text was, now, other;
	const char *file = files[below((size_t)files_n)];
	int fd = open(file, O_RDWR | O_CLOEXEC);
	char how[64];

	if (fd < 0)
		err(2, "%s", file);
	load(file, &was);
	load(files[below((size_t)files_n)], &other);
	memcpy(now.data, was.data, now.len = was.len);
	for (size_t n = 1 + below(3); n > 0; n--)
		change(&now, &other, how);
	if (now.len != was.len || memcmp(now.data, was.data, now.len) != 0) {
		put(fd, now.data, now.len);
		expect(file, how);
		put(fd, was.data, was.len);
	}
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
	const char *seed = argc > 3 ? strchr(argv[2], 'x') : NULL;
	struct seen s;
	int i;

	if (step == 0 || argc - 3 > NAMES)
		errx(2, "usage: damage STORE STEP|COUNTxSEED NAME...");
	store = argv[1];
	for (names_n = 0; names_n < argc - 3; names_n++) {
		names[names_n] = argv[3 + names_n];
		remember(names_n);
	}
	if (nftw(store, found, 8, FTW_PHYS) != 0 || files_n == 0)
		err(2, "%s", store);
	dice = seed ? strtoul(seed + 1, NULL, 10) : 0;
	for (size_t n = 0; seed && n < step; n++)
		mutate();
	for (i = 0; !seed && i < files_n; i++)
		damage(files[i], step);
	s = look();
	if (s.served != names_n || s.shown != names_n)
		fault(files[0], "at the end", "the store is not what it was");
	printf("%ld cases, %ld faults\n", cases, faults);
	return faults != 0;
}
