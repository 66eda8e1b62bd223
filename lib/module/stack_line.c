/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of a stack.conf: kind, control, module, options.  What cannot be
 * read becomes a line that must fail: never is a line left out.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "module/stack_file.h"

#define BLANKS " \t"
#define WORD_MAX 512

/* ---- lines that must fail ---------------------------------------------- */

static bool
fill(struct stack_line *line, enum module_kind kind, const char *file,
    unsigned number)
{
	*line = (struct stack_line){.kind = kind, .line = number};
	line->file = file ? strdup(file) : NULL;
	return line->file || !file;
}

struct stack_line *
stack_add(
    struct stack *s, enum module_kind kind, const char *file, unsigned number)
{
	struct stack_line *v = reallocarray(s->v, s->n + 1, sizeof(*v));

	if (!v)
		return NULL;
	s->v = v;
	v += s->n++;
	return fill(v, kind, file, number) ? v : NULL;
}

bool
stack_fault(struct stack_line *line, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return false;
	free(line->fault);
	line->fault = text;
	line->control = CONTROL_REQUIRED;
	return true;
}

/* Which kind it is of is not known: it fails each. */
bool
stack_fault_all(
    struct stack *s, const char *file, unsigned number, const char *text)
{
	struct stack_line *line;
	int kind;

	for (kind = 0; kind < MODULE_KIND_MAX; kind++) {
		line = stack_add(s, (enum module_kind)kind, file, number);
		if (!line || !stack_fault(line, "%s", text))
			return false;
	}
	return true;
}

/* ---- words ------------------------------------------------------------- */

/* "[...]", with "\]" for a bracket, as in PAM: may hold blanks. */
static bool
bracketed(const char **p, struct buf *word)
{
	const char *s = *p + 1;

	for (; *s && *s != ']'; s++) {
		if (s[0] == '\\' && (s[1] == ']' || s[1] == '\\'))
			s++;
		buf_put(word, s, 1);
	}
	if (*s != ']' || !strchr(BLANKS, s[1]))
		return false;
	*p = s + 1;
	return true;
}

/* 1 a word, 0 the end, -1 unreadable, or no memory, and that for good. */
static int
next_word(const char **p, struct buf *word)
{
	size_t len;

	if (word->failed)
		return -1;
	buf_clear(word);
	*p += strspn(*p, BLANKS);
	if (**p == '\0' || **p == '#')
		return 0;
	if (**p == '[')
		return bracketed(p, word) && word->len <= WORD_MAX &&
			       !word->failed
			   ? 1
			   : -1;
	len = strcspn(*p, BLANKS);
	buf_put(word, *p, len);
	*p += len;
	return len <= WORD_MAX && !word->failed ? 1 : -1;
}

static int
find(const char *const *names, int n, const char *word)
{
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(names[i], word) == 0)
			return i;
	return -1;
}

/* ---- a line ------------------------------------------------------------ */

struct reading {
	const char *at;
	struct buf word;
	struct stack_line *line;
};

static bool
take_control(struct reading *r)
{
	int control = next_word(&r->at, &r->word) == 1
			  ? find(control_names, CONTROL_MAX, buf_str(&r->word))
			  : -1;

	if (control < 0)
		return stack_fault(r->line, "the second word must be required, "
					    "requisite, sufficient "
					    "or optional") &&
		       false;
	r->line->control = (enum control)control;
	return true;
}

static bool
take_module(struct reading *r)
{
	if (next_word(&r->at, &r->word) != 1 ||
	    !module_is_name(buf_str(&r->word)))
		return stack_fault(r->line,
			   "the third word must be the name of a module") &&
		       false;
	r->line->module = strdup(buf_str(&r->word));
	return r->line->module != NULL;
}

static bool
take_option(struct reading *r)
{
	char *word = (char *)r->word.data, *equals = strchr(word, '=');
	const char *value = equals ? equals + 1 : "yes";

	if (equals)
		*equals = '\0';
	if (!module_is_name(word))
		return stack_fault(r->line,
			   "what follows the module must be options") &&
		       false;
	if (strmap_get(&r->line->options, word))
		return stack_fault(
			   r->line, "the option %s stands twice", word) &&
		       false;
	return strmap_set(&r->line->options, word, value);
}

static bool
take_options(struct reading *r)
{
	int got;

	while ((got = next_word(&r->at, &r->word)) == 1)
		if (!take_option(r))
			return false;
	return got == 0 ||
	       (stack_fault(r->line, "a word is too long or its bracket "
				     "does not close") &&
		   false);
}

/* False without a fault: no memory. */
static bool
read_line(struct reading *r)
{
	return take_control(r) && take_module(r) && take_options(r);
}

bool
stack_read_line(struct stack *s, const char *text, const char *file,
    unsigned number, struct buf *ret_include)
{
	struct reading r = {.at = text};
	bool good = true;
	int kind;

	if (next_word(&r.at, &r.word) == 0)
		goto out;
	kind = find(stack_kind_names, MODULE_KIND_MAX, buf_str(&r.word));
	if (strcmp(buf_str(&r.word), "include") == 0) {
		if (next_word(&r.at, ret_include) != 1 ||
		    ret_include->len == 0 || next_word(&r.at, &r.word) != 0) {
			r.word.failed |= ret_include->failed;
			buf_clear(ret_include);
			good = stack_fault_all(s, file, number,
			    "include wants the name of one file");
		}
	} else if (kind < 0) {
		good = stack_fault_all(s, file, number,
		    "the first word must be unlock, store, notify or "
		    "include");
	} else {
		r.line = stack_add(s, (enum module_kind)kind, file, number);
		good = r.line && (read_line(&r) || r.line->fault);
	}
out:
	good = good && !r.word.failed; /* nobody knows what it says */
	buf_free(&r.word);
	return good;
}
