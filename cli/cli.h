/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command: what its files share.  One process runs one command, so what
 * was said on the command line is one object, `cli`.
 *
 *   main.c     the table of commands, from start to exit status
 *   options.c  the command line     help.c  help and suggestions
 *   start.c    safety of the process     message.c  standard error
 *   out.c, table.c  standard output      child.c  starting programs
 *   ask.c, askpass.c, secret_input.c     what people type, secrets that
 *                                        come in
 *   pinentry.c, assuan.c                 a program that asks, its protocol
 *   fields.c   options of a credential   and a file per command
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tokenward/tokenward.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/near.h"
#include "base/str.h"

/* ---- options ----------------------------------------------------------- */

enum option_kind {
	OPTION_FLAG,     /* bool */
	OPTION_TEXT,     /* const char *, of argv */
	OPTION_DURATION, /* int64_t, seconds */
	OPTION_LIST,     /* struct strlist */
	OPTION_FIELD     /* a field of the credential, `into` is its name */
};

struct option_row {
	const char *name; /* without dashes; NULL ends a table */
	char letter;
	enum option_kind kind;
	void *into;
	const char *argument; /* for the help; NULL: takes none */
	const char *help;     /* NULL: not shown */
};

/* ---- commands ---------------------------------------------------------- */

#define NEEDS_STORE 0x01u    /* a handle on a store that is there */
#define NEEDS_HANDLE 0x02u   /* a handle; the store need not open */
#define TAKES_FIELDS 0x04u   /* --scope, --owner, ... of a credential */
#define TAKES_COMMAND 0x08u  /* words after -- are somebody else's */
#define CRON_QUIET 0x10u     /* warns only on a terminal or when asked */
#define FAILS_WITH_125 0x20u /* own failures, as env(1) */
#define FAILS_WITH_3 0x40u   /* own failures, as monitoring plugins */

#define COMMAND_TABLES 3
struct command {
	const char *name;
	int (*run)(void); /* 0, or the exit status */
	unsigned flags;
	int min, max; /* words after the command; max -1: any number */
	const struct option_row *tables[COMMAND_TABLES + 1];
	const char *usage; /* "NAME [OPTION]..." */
	const char *help;  /* one line */
};

extern const struct command commands[]; /* ends with a NULL name */
const struct command *command_find(const char *name);

/* ---- what was said ----------------------------------------------------- */

struct field_value {
	const char *field;
	const char *value; /* NULL: empty it */
};

struct cli {
	const char *store;
	bool system;
	int64_t timeout;
	bool no_input;
	bool quiet;
	bool verbose;
	bool json;
	bool strict;
	bool help;
	const char *askpass;
	const char *pinentry;
	const char *libexec_dir;
	const char *provider_dir;
	const char *clock_offset;
	const char *stack_file;

	const struct command *command;
	const char **args; /* words of the command, NULL-terminated */
	int args_n;
	char **rest; /* what stands after --, NULL-terminated */
	bool has_rest;
	struct field_value *fields; /* in the order given */
	size_t fields_n;

	struct tokenward *tw;
	const char *name;   /* the credential, for messages */
	struct error error; /* the failure; code 0: none */
	int status;         /* exit status of a failure, 0: by its code */
	struct buf out;     /* standard output, not yet written */
};
extern struct cli cli;

/* ---- options.c, help.c ------------------------------------------------ */

extern const struct option_row global_options[];
int options_parse(int argc, char **argv);
int help_general(void);
int help_command(const struct command *command);
/* Runs libexec's tokenward-WORD, or says which command is near. */
int external_run(int argc, char **argv, int at);

/* ---- start.c ----------------------------------------------------------- */

int start_safely(int argc);
/* In a child, or before exec: signals and limits as they were. */
void start_undo(void);

/* ---- message.c --------------------------------------------------------- */

/* A line for people on standard error; nothing with --quiet. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_warning(const char *sentence);
/* One of several; also with --quiet. */
void say_failure(const char *sentence);
/* Several lines. */
void say_text(const char *text);
/* For tokenward_open(). */
void message_warn(void *data, const char *sentence);
/* Keeps the sentence of a failed library call; returns r. */
int library_result(int r);
/* The last line about a failure, in the form asked for. */
void message_failure(int status);
/* Warns when others can read the regular file. */
void warn_if_open(int fd, const char *path);
/* s made fit for a terminal, in a buffer that the next calls reuse. */
const char *clean(const char *s);

/* ---- out.c, table.c ---------------------------------------------------- */

/* Writes what has gathered in cli.out; a failure is told and remembered. */
int out_flush(void);
/* The same when there is enough of it. */
int out_some(void);
/* Text and newline; foreign text cleaned. */
int out_line(const char *s);
/* A JSON array: before each item, and at its end.  Where a failure came
   before the first one there is no array at all. */
void out_item(size_t *shown);
void out_items_end(size_t shown, int failure);
/* Bytes of the library straight to standard output, unbuffered. */
struct iovec;
int out_direct(struct iovec *iov, int n);
/* A word, or JSON, for what a change did. */
int out_change(const char *word);
bool out_is_terminal(void);
bool out_colours(void);

enum colour {
	COLOUR_NONE,
	COLOUR_BOLD,
	COLOUR_RED,
	COLOUR_GREEN,
	COLOUR_YELLOW,
	COLOUR_DIM
};
const char *colour_on(enum colour colour);  /* "" without colours */
const char *colour_off(enum colour colour); /* likewise */
enum colour colour_of_grade(const char *grade);

#define TABLE_COLUMNS 8
struct table {
	struct buf cells; /* colour byte, text, NUL; row by row */
	size_t columns;
	size_t n; /* cells */
	size_t width[TABLE_COLUMNS];
};
void table_cell(struct table *t, enum colour colour, const char *text);
/* The same of a text that was put together, if it could be. */
void table_cell_buf(
    struct table *t, enum colour colour, const struct buf *text);
int table_row_end(struct table *t);
int table_flush(struct table *t);
size_t text_width(const char *s, size_t len);
/* [####------] of an age between issued and expires; nothing if unknown. */
void bar_put(struct buf *b, int64_t issued, int64_t expires, int64_t now);
/* "in 3d 4h", "2h ago"; "" for no time. */
void relative_put(struct buf *b, int64_t t, int64_t now);

/* ---- child.c ----------------------------------------------------------- */

struct child {
	char *const *argv;
	bool search;      /* in PATH */
	int in, out, err; /* -1: mine */
	const int *keep;  /* further descriptors, ended by -1; or NULL */
};
/* Returns the pid, or -1 with errno of the fork or of the exec. */
int child_start(const struct child *c);
/* Waits; exit status as a shell has it, the raw one in *ret_raw. */
int child_wait(int pid, int *ret_raw);

/* ---- ask.c, askpass.c, pinentry.c, secret_input.c ---------------------------------- */

/* A terminal or a program is there, and may be used. */
bool ask_possible(void);
long ask(void *data, const struct tokenward_question *question, char *answer,
    size_t cap);
long askpass_ask(const char *prompt, char *answer, size_t cap);
/* One was named, or there is a desktop and the usual one. */
bool pinentry_possible(void);
long pinentry_ask(const char *prompt, char *answer, size_t cap);

extern const struct option_row secret_options[];
/* With echo, for what is no secret; the line without its end. */
long ask_openly(const char *prompt, char *answer, size_t cap);

/* Every secret that was named, else the one that is asked for. */
int secret_input(struct tokenward_credential *c, const char *name);
/* Whether options name a secret. */
bool secret_given(void);
/* From standard input or, on a terminal, from a prompt. */
int secret_read(const char *prompt, const char *what, struct buf *ret);

/* ---- recovery.c -------------------------------------------------------- */

/* Room for one, before there is one: it must not be lost. */
int recovery_prepare(void);
/* For tokenward_open(): keeps a new recovery code until it is shown. */
void recovery_take(void *data, const char *text);
bool recovery_taken(void);
void recovery_tell(void); /* on standard error */
int recovery_print(void); /* on standard output */
int recovery_print_json(const char *result, unsigned slot); /* 0: no slot */

/* ---- fields.c ---------------------------------------------------------- */

extern const struct option_row version_options[]; /* client id, dates */
/* What an option said, or NULL. */
const char *field_given(const char *field);
int field_remember(const char *field, const char *value);
int fields_apply(struct tokenward_credential *c);
/* A credential with what the options say. */
int fields_credential(struct tokenward_credential **ret);
void credential_json(struct buf *b, const struct tokenward_credential *c);
void cleanup_credential_object(struct tokenward_credential **c);
void cleanup_text_object(char **text);
#define cleanup_object __attribute__((cleanup(cleanup_credential_object)))
#define cleanup_text __attribute__((cleanup(cleanup_text_object)))

/* ---- curl_relay.c ------------------------------------------------------ */

struct channel {
	int from, to; /* from -1: at its end */
	struct buf held;
};
/* curl's first run: what it says is held back while the answer is a 401. */
struct relay {
	struct channel out, err;
	int headers; /* curl's --dump-header, or -1 at its end */
	char line[64];
	size_t line_len;
	int status;      /* of the latest answer, 0: none yet */
	bool other_good; /* another answer was a success */
	bool too_much;   /* no longer held back */
};
/* Passes on until curl closed everything. */
int relay_run(struct relay *r);
int relay_release(struct relay *r);
void relay_free(struct relay *r);

/* ---- the commands ------------------------------------------------------ */

extern const struct option_row init_options[], add_options[], rotate_options[],
    token_options[], list_options[], show_options[], edit_options[],
    remove_options[], check_options[], unlock_options[], doctor_options[],
    key_options[], apply_options[], export_options[], import_options[],
    store_options[];
int cmd_init(void);
int cmd_add(void);
int cmd_apply(void);
int cmd_rotate(void);
int cmd_token(void);
int cmd_exec(void);
int cmd_curl(void);
int cmd_reject(void);
int cmd_try(void);
int cmd_export(void);
int cmd_import(void);
int cmd_store(void);
int cmd_list(void);
int cmd_show(void);
int cmd_edit(void);
int cmd_rename(void);
int cmd_remove(void);
int cmd_check(void);
int cmd_unlock(void);
int cmd_lock(void);
int cmd_key(void);
int cmd_provider(void);
int cmd_module(void);
int cmd_doctor(void);
int cmd_version(void);
int cmd_help(void);

/* What one command's file lends to others. */
int imported(void *data, const struct tokenward_imported *i); /* import.c */
extern size_t imported_changes;
/* An option's values, NULL-terminated; NULL: no memory. */
const char **list_words(const struct strlist *l); /* init.c */
void say_secret_end(const char *name);            /* add.c */
int try_credential(const char *name);             /* reject.c */
void secret_age_put(struct buf *b, const struct tokenward_credential *c);
int walk_credentials(tokenward_each_fn each); /* list.c */
int token_get(const char *name, unsigned flags, struct tokenward_token **ret);
void token_put_curl(struct buf *b, const struct tokenward_token *token);

#endif
