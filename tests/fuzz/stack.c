/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack.conf: up to three files with NULs between them (shared, machine,
 * own).  No line is left out: what cannot be read is an entry that fails,
 * and no walk comes past one with a good end.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "fuzz.h"
#include "module/module.h"

#define FILES 3

struct written {
	int fd;
	char path[32];
	char *text;
};

static void
file_write(struct written *w, char *text)
{
	size_t len = text ? strlen(text) : 0;

	*w = (struct written){.fd = -1, .text = text};
	if (!text)
		return;
	w->fd = memfd_create("stack.conf", MFD_CLOEXEC);
	REQUIRE(w->fd >= 0 && fchmod(w->fd, 0600) == 0);
	REQUIRE(write(w->fd, text, len) == (ssize_t)len);
	snprintf(w->path, sizeof(w->path), "/proc/self/fd/%d", w->fd);
}

static void
file_free(struct written *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->text);
}

static const char *
path_of(const struct written *w)
{
	return w->fd >= 0 ? w->path : NULL;
}

/* ---- no line is left out ----------------------------------------------- */

static bool
is_there(const struct stack *s, const struct written *w, unsigned number)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].line == number && s->v[i].file &&
		    strcmp(s->v[i].file, w->path) == 0)
			return true;
	return false;
}

static bool
is_too_many(const struct stack *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].fault && strstr(s->v[i].fault, "too many lines"))
			return true;
	return false;
}

/* Of one file alone: nothing replaces its lines. */
static void
check_lines(const struct stack *s, const struct written *w)
{
	const char *line = w->text;
	unsigned number = 1;

	for (; *line && !is_too_many(s); number++) {
		size_t len = strcspn(line, "\n");
		size_t blank = strspn(line, " \t");

		if (blank < len && line[blank] != '#')
			REQUIRE(is_there(s, w, number));
		line += len + (line[len] == '\n');
	}
}

/* ---- walks ------------------------------------------------------------- */

static enum tokenward_module_result
give(void *data, const struct stack_line *line)
{
	struct input *in = data;

	REQUIRE(!line->fault && line->module);
	REQUIRE(module_is_name(line->module));
	return input_byte(in) % (TOKENWARD_MODULE_RESULT_MAX + 1);
}

static void
walk(const struct stack *s, enum module_kind kind, struct input in)
{
	const struct stack_line *by = NULL, *first = stack_next(s, kind, NULL);
	cleanup_buf struct buf where = BUF_INIT;
	enum tokenward_module_result r = stack_walk(s, kind, give, &in, &by);

	REQUIRE(r < TOKENWARD_MODULE_RESULT_MAX);
	REQUIRE(r != TOKENWARD_MODULE_OK || (by && !by->fault));
	if (first && first->fault)
		REQUIRE(r != TOKENWARD_MODULE_OK);
	if (by)
		stack_where(&where, by);
}

static void
check_stack(const struct stack *s, struct input in)
{
	unsigned writable = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct stack_line *l = &s->v[i];

		REQUIRE(l->kind < MODULE_KIND_MAX);
		REQUIRE(l->control < CONTROL_MAX);
		REQUIRE(l->fault || l->module);
		REQUIRE(!l->fault || l->control == CONTROL_REQUIRED);
		writable += l->kind == MODULE_STORE && !l->fault &&
			    !stack_is_readonly(l);
	}
	REQUIRE(writable <= 1);
	for (int kind = 0; kind < MODULE_KIND_MAX; kind++)
		walk(s, (enum module_kind)kind, in);
}

static int
once(struct input in)
{
	struct written w[FILES];
	struct stack_files files = {.store_owner = geteuid()};
	struct input all = in;
	struct stack s;
	struct error err = {0};
	int r;

	for (int i = 0; i < FILES; i++)
		file_write(&w[i], input_until(&in, "", 1));
	files.shared = path_of(&w[0]);
	files.machine = path_of(&w[1]);
	files.own = path_of(&w[2]);
	faults_on();
	r = stack_load(&files, &s, &err);
	faults_off();
	if (r == TOKENWARD_OK) {
		check_stack(&s, all);
		if (w[0].text && !w[1].text && !faults_hit())
			check_lines(&s, &w[0]);
		stack_free(&s);
	} else {
		fuzz_error(&err, r);
	}
	for (int i = 0; i < FILES; i++)
		file_free(&w[i]);
	return r;
}

FUZZ(stack)
{
	return fuzz_run(once, data, len);
}
