/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules and stacks, the host's side (design of tokenward-modules(7)).
 *
 *   find.c        a name -> a program in the one directory, checked; those
 *                 that are built in (builtin.c)
 *   info.c        what a module says of itself
 *   options.c     option texts against a module's own table
 *   run.c         a module under way, from its start to its end
 *   start.c       its hello, its options    talk.c  one request, one reply
 *   function.c    the same of one that is built in
 *   stack_file.c  stack.conf: files, include, replacement
 *   stack_line.c  one line of it
 *   stack.c       the walk over results: pure
 *   main.c        the module's side, libtokenward-module
 */
#ifndef MODULE_MODULE_H
#define MODULE_MODULE_H

#include <stdbool.h>
#include <sys/types.h>
#include <tokenward/module.h>
#include <tokenward/tokenward.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

enum module_kind {
	MODULE_KEY,   /* "unlock" lines */
	MODULE_STORE, /* "store" lines */
	MODULE_NOTIFY,
	MODULE_KIND_MAX
};

enum control {
	CONTROL_REQUIRED,
	CONTROL_REQUISITE,
	CONTROL_SUFFICIENT,
	CONTROL_OPTIONAL,
	CONTROL_MAX
};

extern const char *const module_result_names[TOKENWARD_MODULE_RESULT_MAX];
extern const char *const module_kind_names[MODULE_KIND_MAX]; /* "key" */
extern const char *const stack_kind_names[MODULE_KIND_MAX];  /* "unlock" */
extern const char *const control_names[CONTROL_MAX];

/* What a result means for the command: TOKENWARD_OK, _LOCKED, ... */
int module_result_code(enum tokenward_module_result r);

/* ---- stacks ------------------------------------------------------------ */

struct stack_line {
	enum module_kind kind;
	enum control control;
	char *module;          /* NULL: unreadable, see fault */
	struct strmap options; /* as written; a word without "=" is "yes" */
	char *file;            /* for messages; NULL: from no file */
	unsigned line;
	char *fault; /* an unreadable line: an entry that must fail */
};

struct stack {
	struct stack_line *v;
	size_t n;
};

/* Where stacks are read from; a NULL is left out. */
struct stack_files {
	const char *shared;  /* /usr/share/tokenward/stack.conf */
	const char *machine; /* /etc/tokenward/stack.conf */
	const char *own;     /* the user's */
	uid_t store_owner;   /* (uid_t)-1: there is no store */
};

/*
 * The stack in force: shared, machine, own; per kind the later file replaces,
 * notify appends.  own is read only when real uid = effective uid = its
 * owner = store_owner.  No file at all: the built-in default.  A fault of a
 * file or line is a line that must fail; errors are memory alone.
 */
int stack_load(
    const struct stack_files *files, struct stack *ret, struct error *err);
void stack_free(struct stack *s);
void stack_line_free(struct stack_line *line);
/* The next line of a kind after prev (NULL: the first); NULL: no more. */
const struct stack_line *stack_next(const struct stack *s,
    enum module_kind kind, const struct stack_line *prev);
/* "a store line (FILE:LINE) must fail: ...", TOKENWARD_CONFIG. */
int stack_fault_said(const struct stack_line *line, struct error *err);
/* Of a store line: "readonly", but for "readonly=no". */
bool stack_is_readonly(const struct stack_line *line);
/* " (FILE:LINE)" for a message, nothing for a line from no file. */
void stack_where(struct buf *out, const struct stack_line *line);

/*
 * The walk of the table, control x result.  run() is called for each line
 * of the kind that is reached and readable; the return is the stack's
 * result, *ret_line the line that decided it (or NULL).  A key stack ends
 * with the first ok, and so does looking for a record.
 */
typedef enum tokenward_module_result (*stack_run_fn)(
    void *data, const struct stack_line *line);
enum tokenward_module_result stack_walk(const struct stack *s,
    enum module_kind kind, stack_run_fn run, void *data,
    const struct stack_line **ret_line);

/* ---- what a module says of itself -------------------------------------- */

struct module_option {
	char *name;
	enum tokenward_option_type type;
	char *fallback;
	bool required;
	bool secret;
	char *help;
};

struct module_info {
	enum module_kind kind;
	char *name;
	char *version;
	char *summary;
	struct strlist capabilities;
	struct strlist environment;
	struct module_option *options;
	size_t options_n;
	bool built_in;
};
void module_info_free(struct module_info *info);

/*
 * The options of a line against the module's table, with what the table has
 * for those that are not given; numbers and durations as plain numbers,
 * flags as "yes" or "no".  A fault is TOKENWARD_CONFIG and names the line.
 */
int module_options(const struct module_info *info,
    const struct stack_line *line, struct strmap *ret, struct error *err);

/*
 * The same for a built-in module, which may be used without being started;
 * the line of a program is fit as far as is known here.
 */
int module_check_built_in(const struct stack_line *line, struct error *err);
/* Puts "the key module NAME (FILE:LINE): " before the sentence; its code. */
int module_blame(const struct stack_line *line, struct error *err);

/* ---- running ----------------------------------------------------------- */

struct module; /* one process, or a built-in descriptor */

bool module_is_name(const char *name); /* ^[a-z][a-z0-9-]{0,31}$ */
/* A descriptor that is built in; NULL: there is none. */
const struct tokenward_module *module_built_in(
    enum module_kind kind, const char *name);
/* What NAME in dir (or built in) says of itself, without starting its work. */
int module_ask_info(const char *dir, const struct stack_line *line,
    int64_t deadline_ms, struct module_info *ret, struct error *err);
/* Every name: built in, then the files of dir. */
int module_names(const char *dir, struct strlist *ret, struct error *err);

/*
 * Starts the line's module from dir (or finds it built in), checks what it
 * says of itself, gives it its options and the variables it declared.
 * Missing: TOKENWARD_CONFIG; every misbehaviour has a sentence that names
 * module and line.  A line of one's own (kind, module, options) will do
 * where no stack is concerned.  line and dir must outlive the module.
 */
int module_start(const char *dir, const struct stack_line *line,
    int64_t deadline_ms, struct module **ret, struct error *err);
const struct module_info *module_info(const struct module *m);
/*
 * One operation: "open", "get", ...  request: the operation's fields (NULL:
 * none).  reply is cleared first and takes the reply's fields, in secret
 * memory (give a BUF_SECRET).  A result that is not OK has its sentence in
 * err, with the code of module_result_code().  After a misbehaviour (result
 * FAILED) the module is ended and every further call fails.
 */
enum tokenward_module_result module_call(struct module *m,
    const char *operation, const struct buf *request, struct buf *reply,
    int64_t deadline_ms, struct error *err);
/*
 * The same with somebody to ask: on ASK the module's prompt goes to ask()
 * (NULL: nobody) and its answer back to the module, three times at most.
 * Each of the calls may take timeout_ms, and none goes past *deadline_ms
 * (NULL: none), which ask() puts off by the time at the prompt.
 */
enum tokenward_module_result module_call_asking(struct module *m,
    const char *operation, const struct buf *request, struct buf *reply,
    int64_t timeout_ms, const int64_t *deadline_ms, tokenward_ask_fn ask,
    void *ask_data, struct error *err);
/* Its last answer was one, and not ok: what was asked has left nothing. */
bool module_has_refused(const struct module *m);
void module_end(struct module *m); /* NULL is allowed */

#endif
