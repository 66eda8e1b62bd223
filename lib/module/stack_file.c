/* SPDX-License-Identifier: BSD-2-Clause */
/* stack.conf: the files of a stack, their includes, what replaces what. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "module/stack_file.h"

#define FILE_SIZE_MAX 65536u
#define LINE_MAX_LEN 1024u
#define DEPTH_MAX 8
#define LINES_MAX 256u

const char stack_default_text[] = "unlock sufficient keyring-cache timeout=8h\n"
				  "unlock sufficient systemd-credential\n"
				  "unlock sufficient keyfile\n"
				  "unlock sufficient secret-service\n"
				  "unlock sufficient tpm2\n"
				  "unlock required passphrase\n"
				  "store required files\n"
				  "notify optional syslog\n";

struct layer {
	struct stack lines;
	bool own; /* the user's: only if the user's */
	bool absent;
	uid_t store_owner;
	int depth;
	bool full; /* said that there are too many lines */
};

static bool read_file(struct layer *l, const char *path);

/* ---- text -------------------------------------------------------------- */

/* A name beside the file that has the line, never a path. */
static bool
include(struct layer *l, const char *name, const char *file, unsigned number)
{
	const char *slash = file ? strrchr(file, '/') : NULL;
	cleanup_buf struct buf path = BUF_INIT;

	if (!slash || strchr(name, '/') || name[0] == '.' || !*name)
		return stack_fault_all(&l->lines, file, number,
		    "include wants the name of a file in the same directory");
	if (l->depth >= DEPTH_MAX)
		return stack_fault_all(&l->lines, file, number,
		    "files include one another too deeply");
	buf_put(&path, file, (size_t)(slash + 1 - file));
	buf_put_str(&path, name);
	if (path.failed || !read_file(l, buf_str(&path)))
		return false;
	if (!l->absent)
		return true;
	l->absent = false;
	return stack_fault_all(
	    &l->lines, file, number, "the file it includes is not there");
}

static bool
read_line(struct layer *l, const char *text, size_t len, const char *file,
    unsigned number)
{
	cleanup_buf struct buf line = BUF_INIT, included = BUF_INIT;
	size_t i;

	if (len > LINE_MAX_LEN || !str_is_utf8(text, len))
		return stack_fault_all(&l->lines, file, number,
		    "the line is too long, or no UTF-8");
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\t')
			return stack_fault_all(&l->lines, file, number,
			    "the line has control characters");
	buf_put(&line, text, len);
	if (line.failed || !stack_read_line(&l->lines, buf_str(&line), file,
			       number, &included))
		return false;
	return included.len == 0 ||
	       include(l, buf_str(&included), file, number);
}

static bool
too_many(struct layer *l, const char *file, unsigned number)
{
	if (l->full)
		return true;
	l->full = true;
	return stack_fault_all(
	    &l->lines, file, number, "there are too many lines");
}

static bool
read_text(struct layer *l, const char *text, size_t len, const char *file)
{
	const char *end;
	unsigned number = 0;
	size_t n;
	bool good = true;

	while (good && len > 0 && !l->full) {
		end = memchr(text, '\n', len);
		n = end ? (size_t)(end - text) : len;
		number++;
		good = l->lines.n >= LINES_MAX
			   ? too_many(l, file, number)
			   : read_line(l, text, n, file, number);
		text += end ? n + 1 : n;
		len -= end ? n + 1 : n;
	}
	return good;
}

/* ---- files ------------------------------------------------------------- */

static bool
is_the_users(const struct layer *l, const struct stat *st)
{
	return getuid() == geteuid() && st->st_uid == geteuid() &&
	       (l->store_owner == (uid_t)-1 || l->store_owner == geteuid());
}

static const char *
fault_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "this is no regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "the file must belong to root or to you";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "the file may be written by others (chmod go-w)";
	return st->st_size > (off_t)FILE_SIZE_MAX ? "the file is too large"
						  : NULL;
}

static bool
read_open_file(struct layer *l, int fd, const char *path)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct stat st;
	const char *fault;
	bool good;

	if (fstat(fd, &st) < 0)
		return stack_fault_all(
		    &l->lines, path, 0, strerrordesc_np(errno));
	if (l->own && !is_the_users(l, &st)) {
		l->absent = true;
		return true;
	}
	fault = fault_of(&st);
	if (!fault) {
		buf_room(&text, (size_t)st.st_size + 1);
		errno = file_read_fd(fd, FILE_SIZE_MAX, &text);
		if (errno == ENOMEM)
			return false;
		fault = errno ? strerrordesc_np(errno) : NULL;
	}
	if (fault)
		return stack_fault_all(&l->lines, path, 0, fault);
	l->depth++;
	good = read_text(l, buf_str(&text), text.len, path);
	l->depth--;
	return good;
}

/* An absent file is no fault here; false: no memory. */
static bool
read_file(struct layer *l, const char *path)
{
	cleanup_close int fd =
	    file_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	l->absent = false;
	if (fd >= 0)
		return read_open_file(l, fd, path);
	l->absent = errno == ENOENT || errno == ENOTDIR;
	/* A directory that is closed to us is not ours to read from. */
	if (l->own && errno == EACCES)
		l->absent = true;
	return l->absent ||
	       stack_fault_all(&l->lines, path, 0, strerrordesc_np(errno));
}

/* ---- layers ------------------------------------------------------------ */

static bool
has_kind(const struct stack *s, enum module_kind kind)
{
	return stack_next(s, kind, NULL) != NULL;
}

static void
drop_kind(struct stack *s, enum module_kind kind)
{
	size_t i, kept = 0;

	for (i = 0; i < s->n; i++)
		if (s->v[i].kind == kind)
			stack_line_free(&s->v[i]);
		else
			s->v[kept++] = s->v[i];
	s->n = kept;
}

/* The later replaces, per kind; whom to tell is added. */
static bool
put_over(struct stack *s, struct stack *later)
{
	struct stack_line *v;
	int kind;

	for (kind = 0; kind < MODULE_KIND_MAX; kind++)
		if (kind != MODULE_NOTIFY &&
		    has_kind(later, (enum module_kind)kind))
			drop_kind(s, (enum module_kind)kind);
	if (later->n == 0)
		return true;
	v = reallocarray(s->v, s->n + later->n, sizeof(*v));
	if (!v)
		return false;
	s->v = v;
	memcpy(v + s->n, later->v, later->n * sizeof(*v));
	s->n += later->n;
	later->n = 0;
	return true;
}

static bool
add_layer(struct stack *s, const char *path, bool own, uid_t store_owner,
    bool *ret_absent)
{
	struct layer l = {.own = own, .store_owner = store_owner};
	bool good = read_file(&l, path) && put_over(s, &l.lines);

	*ret_absent = l.absent;
	stack_free(&l.lines);
	return good;
}

static bool
add_default(struct stack *s)
{
	struct layer l = {0};
	bool good = read_text(&l, stack_default_text,
			strlen(stack_default_text), NULL) &&
		    put_over(s, &l.lines);

	stack_free(&l.lines);
	return good;
}

/* ---- rules of a kind --------------------------------------------------- */

static bool
judge_notify(struct stack_line *line)
{
	if (line->fault || line->control == CONTROL_REQUIRED ||
	    line->control == CONTROL_OPTIONAL)
		return true;
	return stack_fault(
	    line, "a notify line is required or optional, nothing else");
}

/* Where would a record be written? */
static bool
judge_store(struct stack *s)
{
	struct stack_line *line, *writable = NULL;
	bool fault = false;
	size_t i;

	for (i = 0; i < s->n; i++) {
		line = &s->v[i];
		fault |= line->kind == MODULE_STORE && line->fault;
		if (line->kind != MODULE_STORE || line->fault ||
		    stack_is_readonly(line))
			continue;
		if (writable && !stack_fault(line,
				    "one store line only may be without "
				    "readonly, and line %u is",
				    writable->line))
			return false;
		if (!writable)
			writable = line;
	}
	if (writable || fault)
		return true;
	line = stack_add(s, MODULE_STORE, NULL, 0);
	return line && stack_fault(line, "no store line is without readonly");
}

static bool
judge(struct stack *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].kind == MODULE_NOTIFY && !judge_notify(&s->v[i]))
			return false;
	return judge_store(s);
}

static bool
load(const struct stack_files *files, struct stack *s)
{
	bool absent = true;

	if (files->shared &&
	    !add_layer(s, files->shared, false, (uid_t)-1, &absent))
		return false;
	if (absent && !add_default(s))
		return false;
	if (files->machine &&
	    !add_layer(s, files->machine, false, (uid_t)-1, &absent))
		return false;
	return !files->own ||
	       add_layer(s, files->own, true, files->store_owner, &absent);
}

int
stack_load(
    const struct stack_files *files, struct stack *ret, struct error *err)
{
	*ret = (struct stack){0};
	if (load(files, ret) && judge(ret))
		return TOKENWARD_OK;
	stack_free(ret);
	return error_memory(err);
}
