/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a secret comes in: from a file, a descriptor, a prompt or standard
 * input; never from an argument or the environment.  The rules for what a
 * secret may be are the library's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"
#include "cli.h"

#define INPUT_MAX 65536
#define SECRET_NAME_MAX 64
#define ANSWER_MAX 8192

static struct {
	struct strlist files;
	struct strlist fds;
	bool verbatim;
} from;

const struct option_row secret_options[] = {
    {"secret-file", 0, OPTION_LIST, &from.files, "[NAME=]F",
	"read the secret from file F"},
    {"secret-fd", 0, OPTION_LIST, &from.fds, "[NAME=]N",
	"read the secret from descriptor N"},
    {"verbatim", 0, OPTION_FLAG, &from.verbatim, NULL,
	"keep blanks at the ends of the secret"},
    {NULL},
};

bool
secret_given(void)
{
	return from.files.n > 0 || from.fds.n > 0;
}

static size_t
characters(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += (b->data[i] & 0xc0) != 0x80;
	return n;
}

/* One end of line is the editor's, not the secret's. */
static void
drop_newline(struct buf *b)
{
	if (b->len > 0 && b->data[b->len - 1] == '\n') {
		b->len--;
		if (b->len > 0 && b->data[b->len - 1] == '\r')
			b->len--;
	}
}

static int
read_secret(int fd, const char *where, struct buf *ret)
{
	int e = file_read_fd(fd, INPUT_MAX + 2, ret);

	if (e == EFBIG)
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "%s: more than 64 KiB, that is no secret", clean(where));
	errno = e;
	if (e)
		return error_errno(&cli.error,
		    e == EBADF ? TOKENWARD_USAGE : error_code_of_errno(e),
		    "cannot read %s", clean(where));
	drop_newline(ret);
	return TOKENWARD_OK;
}

static int
read_prompt(const char *prompt, const char *what, struct buf *ret)
{
	struct tokenward_question q = {.prompt = prompt};
	unsigned char *room = buf_room(ret, ANSWER_MAX);
	long n;

	if (!room)
		return error_memory(&cli.error);
	n = ask(NULL, &q, (char *)room, ANSWER_MAX);
	if (n < 0)
		return error_set(&cli.error, TOKENWARD_LOCKED,
		    "%s is needed and nobody could be asked; give it on "
		    "standard input or by file",
		    what);
	ret->len += (size_t)n;
	return TOKENWARD_OK;
}

int
secret_read(const char *prompt, const char *what, struct buf *ret)
{
	return isatty(STDIN_FILENO)
		   ? read_prompt(prompt, what, ret)
		   : read_secret(STDIN_FILENO, "standard input", ret);
}

static int
set_secret(
    struct tokenward_credential *c, const char *name, const struct buf *b)
{
	size_t n = characters(b);
	int r = tokenward_credential_set_secret(cli.tw, c, name,
	    b->data ? b->data : (const void *)"", b->len, from.verbatim);

	if (r == TOKENWARD_OK)
		say("%zu character%s read", n, n == 1 ? "" : "s");
	return library_result(r);
}

/* "NAME=" in front, where that can be the name of a secret. */
static const char *
split_name(const char *word, char name[SECRET_NAME_MAX])
{
	size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_");

	name[0] = '\0';
	if (len == 0 || len >= SECRET_NAME_MAX || word[len] != '=')
		return word;
	memcpy(name, word, len);
	name[len] = '\0';
	return word + len + 1;
}

static bool
read_number(const char *s, int *ret)
{
	size_t len = strlen(s);

	if (len == 0 || len > 6 || strspn(s, "0123456789") != len)
		return false;
	*ret = atoi(s);
	return true;
}

/*
 * Files that stand for an open descriptor: this process must not be traced,
 * so /proc refuses it its own ones.
 */
static bool
names_descriptor(const char *path, int *ret)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};

	*ret = STDIN_FILENO;
	if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0)
		return true;
	for (size_t i = 0; i < 2; i++)
		if (str_prefix(path, folders[i]))
			return read_number(path + strlen(folders[i]), ret);
	return false;
}

void
warn_if_open(int fd, const char *path)
{
	char sentence[PATH_MAX + 80];
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    !(st.st_mode & (S_IRGRP | S_IROTH)))
		return;
	snprintf(sentence, sizeof sentence,
	    "%s can be read by others; remove it, or \"chmod 600\" it", path);
	say_warning(sentence);
}

static int
read_file(const char *path, struct buf *ret)
{
	cleanup_close int own = -1;
	int fd;

	if (names_descriptor(path, &fd))
		return read_secret(fd, path, ret);
	own = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (own < 0)
		return error_errno(&cli.error,
		    errno == ENOENT ? TOKENWARD_USAGE
				    : error_code_of_errno(errno),
		    "cannot open %s", clean(path));
	warn_if_open(own, path);
	return read_secret(own, path, ret);
}

static int
read_descriptor(const char *word, struct buf *ret)
{
	char where[32];
	int fd;

	if (!read_number(word, &fd))
		return error_set(&cli.error, TOKENWARD_USAGE,
		    "--secret-fd wants the number of an open descriptor");
	snprintf(where, sizeof where, "descriptor %d", fd);
	return read_secret(fd, where, ret);
}

static int
take_each(struct tokenward_credential *c, const struct strlist *words,
    int (*take)(const char *, struct buf *))
{
	for (size_t i = 0; i < words->n; i++) {
		cleanup_buf struct buf b = BUF_SECRET_INIT;
		char name[SECRET_NAME_MAX];
		const char *word = split_name(words->v[i], name);
		int r = take(word, &b);

		if (r == TOKENWARD_OK)
			r = set_secret(c, *name ? name : NULL, &b);
		if (r)
			return r;
	}
	return TOKENWARD_OK;
}

int
secret_input(struct tokenward_credential *c, const char *name)
{
	cleanup_buf struct buf b = BUF_SECRET_INIT;
	char prompt[200];
	int r;

	r = take_each(c, &from.files, read_file);
	if (r == TOKENWARD_OK)
		r = take_each(c, &from.fds, read_descriptor);
	if (r || secret_given())
		return r;
	snprintf(prompt, sizeof prompt, "Client secret for %s: ", name);
	r = secret_read(prompt, "the client secret", &b);
	return r ? r : set_secret(c, /* name= */ NULL, &b);
}
