/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libtokenward: OAuth 2.0 client credentials kept sealed, and the tokens
 * they buy, by name.
 *
 *     struct tokenward *tw;
 *     struct tokenward_token *token;
 *
 *     if (tokenward_open(NULL, &tw) == 0 &&
 *         tokenward_get_token(tw, "billing", NULL, &token) == 0) {
 *             use(tokenward_token_header_value(token));
 *             tokenward_token_free(token);
 *     } else
 *             warnx("%s", tokenward_error(tw));
 *     tokenward_close(tw);
 *
 * Every call returns an enum tokenward_result.  After a failure
 * tokenward_error() has the sentence, good until the next call on the same
 * handle.  A handle may be used from several threads, and by a callback of
 * its own; strings that a call returns from an object live as long as the
 * object.
 *
 * The library never prints, exits, changes signals, limits or environment.
 * Times are seconds since 1970 UTC, durations seconds, sizes bytes.
 *
 * CAVEATS.  Programs of the same uid that may open the store are trusted.
 * A forked child must not use a handle of its parent: its keys are gone.
 * The store must not lie on a file system without locks (old NFS).
 */
#ifndef TOKENWARD_H
#define TOKENWARD_H

#include <tokenward/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOKENWARD_VERSION_STRING "0.1.0"
/* The version of the library in use. */
const char *tokenward_version(void);
/* "ok", "failed", "usage", ...: a short stable word for a result. */
const char *tokenward_result_name(int result);

/* ---- the handle -------------------------------------------------------- */

struct tokenward;

/* A question for a human.  The answer goes into memory of ours. */
struct tokenward_question {
	const char *prompt; /* "Passphrase for the store /home/a/...: " */
	int confirm;        /* ask twice: a new passphrase is being set */
};
/*
 * Writes at most cap bytes without a NUL, returns their number, or -1 when
 * nobody can be asked; with errno ENOMEM when memory was lacking.
 */
typedef long (*tokenward_ask_fn)(void *data,
    const struct tokenward_question *question, char *answer, size_t cap);
/*
 * A new recovery code, to be shown to a human once and kept nowhere; wiped
 * after the call.
 */
typedef void (*tokenward_show_fn)(void *data, const char *code);
/* A warning the caller may show; never holds a secret. */
typedef void (*tokenward_warn_fn)(void *data, const char *sentence);

#define TOKENWARD_OPEN_SYSTEM 0x1u /* the system's store, not mine */
#define TOKENWARD_OPEN_STRICT 0x2u /* refuse where a protection is missing */
#define TOKENWARD_OPEN_NEW 0x4u    /* no store there yet is no error */

struct tokenward_open_params {
	size_t size;       /* sizeof of this struct */
	const char *store; /* directory; NULL: TOKENWARD_STORE, else default */
	unsigned flags;    /* TOKENWARD_OPEN_* */
	int64_t timeout;   /* seconds for each call, at most a day; 0: 30 */
	tokenward_ask_fn ask; /* NULL: nobody is asked */
	void *ask_data;
	tokenward_warn_fn warn;
	void *warn_data;
	const char *libexec_dir;  /* for tests and the build tree; NULL */
	const char *provider_dir; /* likewise: searched first; NULL */
	int64_t clock_offset;     /* seconds, for tests; 0 */
	const char *stack_file;   /* for tests: in place of /etc's; NULL */
	tokenward_show_fn show;   /* NULL: no recovery codes are made */
	void *show_data;
};

/*
 * Finds the store; reads no key yet.  params may be NULL.  On failure *ret
 * is a handle for tokenward_error() all the same (NULL: out of memory);
 * close it in every case.
 */
int tokenward_open(
    const struct tokenward_open_params *params, struct tokenward **ret);
/* Wipes the keys.  NULL is allowed. */
void tokenward_close(struct tokenward *tw);
/* The sentence of the last failure, "" after a success. */
const char *tokenward_error(const struct tokenward *tw);
/* When the last failure may be over, or TOKENWARD_TIME_UNKNOWN. */
int64_t tokenward_retry_at(const struct tokenward *tw);
/* The directory of the store. */
const char *tokenward_store_path(const struct tokenward *tw);
/* The time as this handle sees it. */
int64_t tokenward_now(const struct tokenward *tw);

/* ---- tokens (RFC 6749, 4.4 and 5) -------------------------------------- */

struct tokenward_token;

#define TOKENWARD_TOKEN_NEW 0x1u      /* buy one, whatever is cached */
#define TOKENWARD_TOKEN_RETRY 0x2u    /* ask in spite of a closed gate */
#define TOKENWARD_TOKEN_REJECTED 0x4u /* reject the cached one first */

struct tokenward_token_params {
	size_t size;
	const char *scope;    /* space-separated, NULL: the credential's */
	const char *audience; /* NULL: the credential's */
	const char *const *resources; /* RFC 8707, NULL-terminated; or NULL */
	int64_t min_valid; /* seconds it must still live, 0: by default */
	unsigned flags;    /* TOKENWARD_TOKEN_* */
};

/*
 * A token that works, from the cache or the provider.  At most one process
 * asks the provider at a time; the others wait for its outcome.  params may
 * be NULL.  The caller frees *ret, which is set on success only.
 */
int tokenward_get_token(struct tokenward *tw, const char *name,
    const struct tokenward_token_params *params, struct tokenward_token **ret);
void tokenward_token_free(struct tokenward_token *token); /* wipes */
const char *tokenward_token_value(const struct tokenward_token *token);
const char *tokenward_token_type(const struct tokenward_token *token);
/* NULL when the server named none. */
const char *tokenward_token_scope(const struct tokenward_token *token);
/* Seconds since 1970, or TOKENWARD_TIME_NEVER. */
int64_t tokenward_token_expires_at(const struct tokenward_token *token);
/* How to present it: "Authorization", "Bearer ...".  NULL name: in query. */
const char *tokenward_token_header_name(const struct tokenward_token *token);
const char *tokenward_token_header_value(const struct tokenward_token *token);
/* Name of the query parameter, where the provider wants one; else NULL. */
const char *tokenward_token_query_name(const struct tokenward_token *token);
/* Further headers the provider wants on API calls: "Name: value", by index
   from 0; NULL ends. */
const char *tokenward_token_extra_header(
    const struct tokenward_token *token, size_t index);
/* 1 from the cache, 0 fetched by this call. */
int tokenward_token_is_cached(const struct tokenward_token *token);
/* A sentence when something is wrong though the token is good; or NULL. */
const char *tokenward_token_warning(const struct tokenward_token *token);

/*
 * The API answered 401 to this token (RFC 6750, 3.1): if it is still the
 * cached one, it is not given out again.  Asks nobody.  value of len bytes.
 */
int tokenward_reject_token(
    struct tokenward *tw, const char *name, const char *value, size_t len);
/* The same for a token object got from this store. */
int tokenward_reject(struct tokenward *tw, const char *name,
    const struct tokenward_token *token);

/* ---- credentials ------------------------------------------------------- */

/*
 * A bag of named fields: what to store, or what is stored and how it fares.
 * tokenward_fields() lists those that can be set.  Readable besides, after
 * tokenward_get_credential() or from a list:
 *   name origin client_id state created_at changed_at
 *   secret.version secret.issued_at secret.expires_at secret.basis
 *   secret.age secret.grade (ok warning critical expired unknown)
 *   secret.help     what to do about the secret, a sentence
 *   previous.version previous.client_id
 *   warning         a sentence: the secret travels over plain http
 *   token.expires_at gate.kind gate.since gate.until gate.reason
 * state is one of: ready cached expiring expired refused limited trouble
 * Times read as RFC 3339, "never" or nothing at all (NULL).
 */
struct tokenward_credential;

struct tokenward_field {
	const char *name;     /* "scope" */
	const char *option;   /* "scope" of --scope; NULL: no option */
	const char *argument; /* "S"; NULL: a flag */
	int repeats;          /* may be given more than once */
	const char *help;
};
/* The table of settable fields, ended by a NULL name. */
const struct tokenward_field *tokenward_fields(void);

int tokenward_credential_new(struct tokenward_credential **ret);
void tokenward_credential_free(struct tokenward_credential *c); /* wipes */
/*
 * Sets a field from text, adds to it where it repeats ("K=V" for maps; the
 * first call replaces what is stored).  value NULL empties it.  A flag is
 * "true" or "false"; ca takes a path, whose content is kept, or PEM text.
 * Besides the table: client_id issued_at expires_at lifetime ("72h",
 * "never").
 */
int tokenward_credential_set(struct tokenward *tw,
    struct tokenward_credential *c, const char *field, const char *value);
/*
 * The secret; name is NULL for client_secret.  Refuses what copying
 * and pasting spoils: empty, NUL, control characters, a BOM, UTF-16, more
 * than 64 KiB; blanks at the ends unless verbatim.
 */
int tokenward_credential_set_secret(struct tokenward *tw,
    struct tokenward_credential *c, const char *name, const void *data,
    size_t len, int verbatim);
/* Text of a field, item index of one that repeats; NULL: none. */
const char *tokenward_credential_get(
    const struct tokenward_credential *c, const char *field, size_t index);
/* The same as a number (times, durations, versions); else fallback. */
int64_t tokenward_credential_number(
    const struct tokenward_credential *c, const char *field, int64_t fallback);

#define TOKENWARD_ADD_UPDATE 0x1u    /* an existing name is changed */
#define TOKENWARD_EDIT_REBIND 0x2u   /* a new origin, secret given again */
#define TOKENWARD_ROTATE_NO_TRY 0x4u /* do not prove the new secret */
#define TOKENWARD_ADD_DRY_RUN 0x8u   /* add, edit: only say what would be */

enum tokenward_change {
	TOKENWARD_UNCHANGED,
	TOKENWARD_CHANGED,
	TOKENWARD_CREATED
};

/*
 * Stores a credential.  With TOKENWARD_ADD_UPDATE an existing one takes the
 * given fields; the same secret keeps its dates, another one is rotated in.
 */
int tokenward_add_credential(struct tokenward *tw, const char *name,
    const struct tokenward_credential *c, unsigned flags,
    enum tokenward_change *ret_change);
/* Changes the given fields only. */
int tokenward_edit_credential(struct tokenward *tw, const char *name,
    const struct tokenward_credential *c, unsigned flags,
    enum tokenward_change *ret_change);
/*
 * A new client id and secret (and their dates): staged, proved by a real
 * token request, switched; the old version is kept as fallback.  Saying it
 * again after an interruption finishes it.
 */
int tokenward_rotate_credential(struct tokenward *tw, const char *name,
    const struct tokenward_credential *c, unsigned flags);
/*
 * Many at once, from lines of JSON on a descriptor (tokenward-apply(1)): each
 * is stored as with TOKENWARD_ADD_UPDATE, or refused as a whole, and told.
 * A result of each() that is not 0 ends it and is returned; else the result
 * is that of the worst line.
 */
#define TOKENWARD_APPLY_DRY_RUN 0x1u /* nothing is written */
struct tokenward_applied {
	size_t size;      /* sizeof of this struct */
	unsigned line;    /* from 1 */
	const char *name; /* NULL: the line has none */
	int result;
	enum tokenward_change change; /* when the result is 0 */
	const char *error;            /* else the sentence */
};
typedef int (*tokenward_applied_fn)(
    void *data, const struct tokenward_applied *applied);
int tokenward_apply(struct tokenward *tw, int fd, unsigned flags,
    tokenward_applied_fn each, void *data);
int tokenward_rename_credential(
    struct tokenward *tw, const char *old_name, const char *new_name);
int tokenward_remove_credential(struct tokenward *tw, const char *name);
int tokenward_get_credential(
    struct tokenward *tw, const char *name, struct tokenward_credential **ret);
/*
 * Every credential whose name matches one of the globs (NULL or none: all),
 * sorted by name, one at a time; a result that is not 0 ends the walk and
 * is returned.  The object is freed after the call.
 */
typedef int (*tokenward_each_fn)(
    void *data, const struct tokenward_credential *c);
int tokenward_list_credentials(struct tokenward *tw, const char *const *globs,
    tokenward_each_fn each, void *data);
/*
 * Grades every credential for check: 0 ok, 1 warning, 2 critical or
 * expired, 3 unknown; warn and critical are seconds before the end, -1: the
 * credential's own.  Reads fields secret.grade and secret.help afterwards.
 */
int tokenward_grade_credential(const struct tokenward_credential *c,
    int64_t warn, int64_t critical, const char **ret_word);

/* One real token request; the text is the redacted exchange, set after a
   refusal as well, NULL if there was none; tokenward_text_free().  Nothing
   is cached, a gate is not asked. */
int tokenward_try_credential(
    struct tokenward *tw, const char *name, char **ret_text);
void tokenward_text_free(char *text);

/* ---- the store --------------------------------------------------------- */

#define TOKENWARD_INIT_IF_MISSING 0x1u  /* an existing store is left alone */
#define TOKENWARD_INIT_NO_RECOVERY 0x2u /* no recovery code by itself */

/*
 * Makes a store.  keys: "keyfile", "keyfile=PATH", "passphrase", "recovery"
 * or a key module, NULL-terminated; NULL: what this machine offers best.
 * Where only this machine could open it a recovery code is added.
 * *ret_created is 0 when the store was there.  *ret_text says what was
 * chosen, what it protects against and what will still fail
 * (tokenward_text_free()).
 */
int tokenward_init_store(struct tokenward *tw, const char *const *keys,
    unsigned flags, int *ret_created, char **ret_text);

/*
 * The credentials that match one of the globs (NULL or none: all), every
 * secret version and date of them, into a new sealed file at path.  keys say
 * how it opens: "passphrase", "keyfile=PATH", "recovery", NULL-terminated.
 * Tokens and gates stay.  *ret_text says what was done
 * (tokenward_text_free()).
 */
int tokenward_export(struct tokenward *tw, const char *const *globs,
    const char *const *keys, const char *path, char **ret_text);

#define TOKENWARD_IMPORT_UPDATE 0x1u  /* the file's takes the store's place */
#define TOKENWARD_IMPORT_KEEP 0x2u    /* the store's stays */
#define TOKENWARD_IMPORT_DRY_RUN 0x4u /* nothing is written */
struct tokenward_imported {
	size_t size; /* sizeof of this struct */
	const char *name;
	enum tokenward_change change;
	int kept; /* another one was there and stays */
};
typedef int (*tokenward_imported_fn)(
    void *data, const struct tokenward_imported *imported);
struct tokenward_import_params {
	size_t size;
	const char *path;
	const char *key; /* how the file opens: "passphrase", "keyfile=PATH"
			    where its key file lies now; NULL: as it says */
	unsigned flags;
	tokenward_imported_fn each; /* NULL: nobody is told */
	void *data;
};
/*
 * The credentials of an export.  It is checked whole before anything is
 * written; a name that is there and differs: TOKENWARD_EXISTS, unless a flag
 * says what to do.  Saying it again finishes what was cut short.
 */
int tokenward_import(
    struct tokenward *tw, const struct tokenward_import_params *params);
/* The same into a store that is made first, by tokenward_init_store(). */
int tokenward_init_store_from(struct tokenward *tw, const char *const *keys,
    unsigned flags, const struct tokenward_import_params *params,
    int *ret_created, char **ret_text);
/* Opens the store and keeps the key in the kernel for seconds (0: 8 h). */
int tokenward_unlock(struct tokenward *tw, int64_t seconds);
/* Forgets it; *ret_text warns when the next call will unlock by itself. */
int tokenward_lock(struct tokenward *tw, char **ret_text);

/* ---- looking after a store --------------------------------------------- */

/* Something in the store's directory that is not as it should be; the
   strings live as long as the call. */
struct tokenward_store_file {
	size_t size;       /* sizeof of this struct */
	const char *path;  /* under the directory */
	const char *state; /* damaged foreign older orphan missing; and, where
			      nothing is wrong: behind temporary strange
			      astray open unfinished missing */
	const char *name;  /* of the credential, where it is known; or NULL */
	const char *why;   /* a sentence, as is the next */
	const char *cure;
	int harmless;
};
typedef int (*tokenward_store_file_fn)(
    void *data, const struct tokenward_store_file *file);
/*
 * Reads every record.  TOKENWARD_DAMAGED when one of the findings is not
 * harmless.  *ret_text says what could be read (tokenward_text_free()).
 */
int tokenward_verify_store(struct tokenward *tw, tokenward_store_file_fn each,
    void *data, char **ret_text);
/* adopted 0: there was no need. */
typedef int (*tokenward_adopted_fn)(void *data, const char *name, int adopted);
/*
 * Accepts credentials (NULL or none: all) that are older than their tokens
 * record knows, because a backup was put back on purpose.  Without globs a
 * store that was moved also belongs where it is now: each() gets its path.
 */
int tokenward_adopt(struct tokenward *tw, const char *const *globs,
    tokenward_adopted_fn each, void *data);
/* Into the newest format. */
int tokenward_upgrade_store(
    struct tokenward *tw, enum tokenward_change *ret_change, char **ret_text);
/*
 * Moves the records: to is "files", or a store module with options as in a
 * line of the stack, "secret-service=[label=my tokens]".  Cut short, the
 * place there was still counts, and the same again finishes it.  *ret_text
 * is what a human should read, or NULL (tokenward_text_free()).
 */
int tokenward_migrate_store(struct tokenward *tw, const char *to,
    enum tokenward_change *ret_change, char **ret_text);
/*
 * The end of the store: the kernel's cache, what key modules keep elsewhere,
 * the key file that was made for it, every file.  It need not open, but for
 * what lies elsewhere, and may ask for its key then.  Records in a store
 * module that cannot be removed (TOKENWARD_LOCKED without the key, or as the
 * module says) end it before anything is changed, but for KEEP_RECORDS.
 * Killed, it is finished by saying it again.  *ret_text, set after a failure
 * as well or NULL, says what is left (tokenward_text_free()).
 */
#define TOKENWARD_DESTROY_KEEP_KEY_FILE 0x1u
#define TOKENWARD_DESTROY_KEEP_RECORDS 0x2u
int tokenward_destroy_store(
    struct tokenward *tw, unsigned flags, char **ret_text);
/* The key files that would go with it, one a line; or NULL. */
int tokenward_own_key_files(struct tokenward *tw, char **ret_text);

/* ---- key slots --------------------------------------------------------- */

/* One way to open the store; the strings live as long as the call. */
struct tokenward_key {
	size_t size;        /* sizeof of this struct */
	unsigned slot;      /* its number, never used again */
	const char *kind;   /* "keyfile", "passphrase", ... */
	const char *detail; /* "/etc/tokenward/key"; or NULL */
	int64_t created_at;
	int needs_human;
	const char *grade; /* "strong", "fair" or "weak" */
	const char *why;   /* the grade, a sentence */
};
typedef int (*tokenward_key_fn)(void *data, const struct tokenward_key *key);
/* As the header says, which is proved only once the store was opened. */
int tokenward_list_keys(
    struct tokenward *tw, tokenward_key_fn each, void *data);
/*
 * One more way to open the store: "keyfile=PATH", "passphrase" and so on, as
 * for tokenward_init_store().  *ret_text, here and below, is what a human
 * should know (tokenward_text_free()).
 */
int tokenward_add_key(
    struct tokenward *tw, const char *key, unsigned *ret_slot, char **ret_text);
/*
 * Never the last one.  Of one that was removed before what its module still
 * keeps elsewhere is removed; TOKENWARD_UNAVAILABLE when that cannot be now.
 */
int tokenward_remove_key(struct tokenward *tw, unsigned slot, char **ret_text);
/* Opens that slot for real. */
int tokenward_test_key(struct tokenward *tw, unsigned slot, char **ret_text);
/*
 * A new master key; every record is sealed anew while others go on working.
 * Every slot must open for it; those that cannot are an error, unless they
 * are to be dropped.  Saying it again after an interruption finishes it.
 */
#define TOKENWARD_REKEY_DROP_OTHERS 0x1u
int tokenward_rekey(struct tokenward *tw, unsigned flags, char **ret_text);

/* ---- providers --------------------------------------------------------- */

typedef int (*tokenward_provider_fn)(
    void *data, const char *id, const char *name, const char *path);
int tokenward_list_providers(
    struct tokenward *tw, tokenward_provider_fn each, void *data);
/* The file's text, for show; id or path.  tokenward_text_free(). */
int tokenward_read_provider(
    struct tokenward *tw, const char *id, char **ret_text, char **ret_path);
/* Checks a file: the sentence of the first fault, with line and member. */
int tokenward_check_provider(struct tokenward *tw, const char *path);

/* ---- modules and stacks, tokenward-modules(7) --------------------------- */

struct tokenward_module_info {
	const char *kind; /* "key", "store", "notify" */
	const char *name;
	const char *version; /* NULL: it cannot be asked */
	const char *summary; /* likewise */
	const char *options; /* a line for each that it has, NULL: none */
	const char *path;    /* its program; NULL: built in */
	const char *fault;   /* why it cannot be used; NULL: it can */
};
typedef int (*tokenward_module_fn)(
    void *data, const struct tokenward_module_info *module);
/* Every module there is.  Programs are started to be asked their names. */
int tokenward_list_modules(
    struct tokenward *tw, tokenward_module_fn each, void *data);

struct tokenward_stack_line {
	const char *kind;    /* "unlock", "store", "notify" */
	const char *control; /* "required", ...; NULL: unreadable */
	const char *module;  /* NULL: unreadable */
	const char *options; /* as written; secret values as "..." */
	const char *file;    /* NULL: the built-in default */
	unsigned line;       /* 0: the file as a whole */
	const char *path;    /* the module's program; NULL: built in */
	const char *fault;   /* why the line must fail; NULL: it is good */
	const char *note;    /* what else is to be known, which is no fault */
};
typedef int (*tokenward_stack_fn)(
    void *data, const struct tokenward_stack_line *line);
/* Every line of the stacks in force; TOKENWARD_CONFIG when one must fail. */
int tokenward_check_stacks(
    struct tokenward *tw, tokenward_stack_fn each, void *data);

/* ---- doctor ------------------------------------------------------------ */

/* grade: "ok", "strong", "fair", "weak" or "bad"; what; the cure or NULL. */
typedef void (*tokenward_finding_fn)(
    void *data, const char *grade, const char *what, const char *cure);
#define TOKENWARD_DOCTOR_REPAIR 0x1u /* may restore the header's old copy */
/* name may be NULL: the store only.  Fails when a finding is "bad". */
int tokenward_doctor(struct tokenward *tw, const char *name, unsigned flags,
    tokenward_finding_fn finding, void *data);

#ifdef __cplusplus
}
#endif
#endif
