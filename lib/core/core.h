/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handle and what the files of this folder share.  get.c is the product
 * on one screen; the rest is one file per thing an administrator does.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <pthread.h>
#include <sys/stat.h>
#include <tokenward/tokenward.h>
#include "base/error.h"
#include "module/module.h"
#include "provider/provider.h"
#include "record/record.h"
#include "store/store.h"
#include "token/token.h"

/* A token given out lately, so that asking again is one fstatat. */
struct memo {
	char *name;
	char *shape;
	struct store_mark mark;
	int64_t warn_at; /* from then on its secret's end is told; 0: never */
	struct token token;
	struct tokenward_token *object;
};

struct tokenward {
	pthread_mutex_t mutex;
	struct error err;
	struct error unopened; /* why there is no store */
	bool broken;           /* nor can one be made: open failed early */
	bool only_looks;       /* the call under way: raises no event */
	struct store *store;
	char *path;
	bool explicit_path;
	unsigned flags;
	int64_t timeout_ms;
	int64_t deadline_ms; /* of the call under way, CLOCK_BOOTTIME */
	int64_t clock_offset;
	struct key_context keys;
	tokenward_ask_fn ask; /* behind keys.ask, which keeps the time */
	void *ask_data;
	tokenward_warn_fn warn;
	void *warn_data;
	tokenward_show_fn show;
	void *show_data;
	char *libexec;
	char *module_dir;
	char *stack_file; /* in place of the machine's; NULL */
	struct stack stack;
	bool has_stack;
	struct strlist provider_dirs;
	struct memo memo;
	struct tokenward_token *given; /* the last one, where no memo is */
	unsigned depth;   /* of calls: a callback may make others */
	int cancel_state; /* of the caller's thread */
	unsigned jitter;  /* 0 to 999, for this handle's life */
	bool opened;      /* a record or a key, in the call under way */
	bool told_shared; /* that its records are another store's, too */
};

/* Every public call stands between these two; the first sets its deadline. */
void call_begin(struct tokenward *tw);
int call_end(struct tokenward *tw, int result);
/* What a call must be given is NULL, the handle perhaps: TOKENWARD_USAGE. */
int null_argument(struct tokenward *tw);
/* Of a handle that could not be made: what tokenward_open() said. */
int why_broken(struct tokenward *tw);
/* One of many is done: the next has the whole time again. */
void call_goes_on(struct tokenward *tw);

/* location.c */
char *default_store_path(unsigned flags, struct error *err);
bool default_provider_dirs(struct tokenward *tw, const char *first);
/* The user's own stack.conf; NULL: it is not for this store.  False: no
   memory. */
bool own_stack_file(const struct tokenward *tw, char **ret);
/* "tokenward", "tokenward --system": how a message spells the command. */
const char *command_name(const struct tokenward *tw);

/* master.c */
/* The store is there and its keys are; else the sentence why not. */
int need_keys(struct tokenward *tw, bool with_credentials, struct error *err);
/* The master key, KEY_LEN bytes of the locked arena. */
int find_master(struct tokenward *tw, unsigned char *ret_master,
    struct key_opened *ret, struct error *err);

/* handle.c */
/* What a store needs of its handle. */
void use_store(struct tokenward *tw);
void handle_warn(struct tokenward *tw, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void handle_now(const struct tokenward *tw, struct now *ret);
/* modules.c: the stack in force, read once; lives as long as the handle. */
int handle_stack(
    struct tokenward *tw, const struct stack **ret, struct error *err);
int need_name(const char *name, struct error *err);

/* migrate.c: the header may keep this as a place for records.  A secret
   option is refused, or left to the stack. */
int check_where(struct tokenward *tw, struct where *to, bool leave_secrets,
    struct error *err);

/* init.c: tokenward_init_store(), within another call. */
int init_store(struct tokenward *tw, const char *const *keys, unsigned flags,
    int *ret_created, char **ret_text, struct error *err);

/* home.c: the keys, to change credentials; where another store has the same
   records that is said, once. */
int need_change(struct tokenward *tw, struct error *err);

/* keys.c */
/* What stands in the header now, with the store's lock held. */
int lock_header(struct tokenward *tw, const unsigned char *master,
    int *ret_lock, struct header *ret, struct error *err);
const struct key_slot *find_slot(const struct header *h, unsigned slot);
int no_slot(const struct tokenward *tw, unsigned slot, struct error *err);
/* It is there, locked or not; else the sentence why not. */
int need_store(struct tokenward *tw, struct error *err);
/* Appends a line for a human. */
void put_line(struct buf *text, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int text_result(const struct buf *text, char **ret_text, struct error *err);
/* After a failure there is no text; returns r. */
int text_end(int r, char **ret_text);

/* records.c: reading and changing records, the locks included */
int tokens_load(struct tokenward *tw, const char *name, struct tokens *ret,
    struct error *err);
/* change() returns a result; not TOKENWARD_OK: nothing is written. */
typedef int (*tokens_change_fn)(
    void *data, struct tokens *t, struct error *err);
int tokens_change(struct tokenward *tw, const char *name, bool durable,
    tokens_change_fn change, void *data, struct error *err);
/* The same under a record lock that the caller holds already. */
int tokens_change_locked(struct tokenward *tw, const char *name, bool durable,
    tokens_change_fn change, void *data, struct error *err);
int credential_load(struct tokenward *tw, const char *name,
    struct credential **ret, struct error *err);
/* Writes it; the record lock is held.  Generation 0: a new one. */
int credential_save(
    struct tokenward *tw, struct credential *c, struct error *err);
/* The same, its dates as they are. */
int credential_put(
    struct tokenward *tw, struct credential *c, struct error *err);
/* The names that match one of the globs (NULL or none: all), sorted; those
   that cannot be read are told and counted. */
struct unread {
	unsigned n;
	struct error worst; /* or the first of these */
};
/* Adds "and N more" where there are more. */
int unread_say(const struct unread *u, const char *path, struct error *err);
int credential_names(struct tokenward *tw, const char *const *globs,
    struct strlist *ret, struct unread *ret_unread, struct error *err);
/* Each of the globs matches one of them; else TOKENWARD_NOT_FOUND. */
int check_named(const struct tokenward *tw, const struct strlist *names,
    const char *const *globs, struct error *err);
enum settle {
	SETTLE_NOTHING, /* a note: tokens and gates mean what they meant */
	SETTLE_GATES,   /* a new secret: old refusals say nothing */
	SETTLE_ALL,     /* other terms: tokens bought on the old ones go too */
};
/* What a changed credential means for its tokens record; lock held. */
int credential_settle(struct tokenward *tw, const struct credential *c,
    const struct provider *p, enum settle what, struct error *err);
/* The same where the process that changed it was killed before; lock held. */
int credential_finish(struct tokenward *tw, const struct credential *c,
    const struct provider *p, enum settle what, struct error *err);
/* Something in it cannot simply be bought again. */
bool tokens_must_last(const struct tokens *t);
/* Drops what was bought; lock held. */
int tokens_forget(struct tokenward *tw, const char *name, struct error *err);
/* Remembers the secret's end where a cached token can warn of it. */
void tokens_note_end(
    struct tokens *t, const struct credential *c, const struct provider *p);
/* How long before a secret's end to warn, seconds. */
int64_t version_warn(const struct credential *c, const struct secret_version *v,
    const struct provider *p);
/* How long a lock is waited for: never past the call's deadline, or hardly. */
int64_t lock_deadline(const struct tokenward *tw);
int lock_record(
    struct tokenward *tw, const char *name, int *ret_lock, struct error *err);
int provider_load(struct tokenward *tw, const char *id, struct provider **ret,
    struct buf *ret_text, struct error *err);

/* purchase.c: one token from the provider */
struct purchase {
	struct tokenward *tw;
	struct credential *credential;
	struct provider *provider;
	struct buf provider_text;
	struct secret_version *version; /* of credential */
	const struct shape *shape;
	const char *shape_key;
	struct now asked;
	unsigned tries;
	bool exchange;
	struct fetch fetch;
	struct reply reply;
};
#define PURCHASE_INIT                                    \
	{                                                \
		.fetch = FETCH_INIT, .reply = REPLY_INIT \
	}
/* Loads credential and provider. */
int purchase_prepare(struct purchase *p, const char *name, struct error *err);
/* Milliseconds until the call's deadline, not more than a request may take. */
int64_t purchase_time(const struct purchase *p);
/*
 * One request within the call's deadline; TOKENWARD_OK with p->reply,
 * whatever its outcome.
 */
int purchase_run(struct purchase *p, struct error *err);
/* Handle, shape and the like stay: it can be prepared anew. */
void purchase_free(struct purchase *p);
#define cleanup_purchase __attribute__((cleanup(purchase_free)))
/* Which version, client id, method and URL a refusal would be about. */
int purchase_binding(const struct purchase *p, const struct secret_version *v,
    struct buf *ret, struct error *err);
/* The previous version may still stand in for the current one. */
bool version_may_stand_in(const struct purchase *p, const struct now *now);
bool version_is_past_end(const struct secret_version *v, const struct now *now);
/* The token of a good reply, into a tokens record. */
struct token *purchase_store(const struct purchase *p, struct tokens *t);

/* sentence.c: what failed, on what, why, and the cure */
void sentence_reason(struct buf *out, const struct purchase *p);
int sentence_gate(struct tokenward *tw, const char *name,
    const struct tokens *t, const struct gate *g, const struct purchase *p,
    const struct now *now, struct error *err);
/* neighbours.c: how many other credentials of that origin are refused now;
   at most a few hundred are looked at. */
unsigned refused_neighbours(
    struct tokenward *tw, const struct credential *c, const struct now *now);
void sentence_when(struct buf *out, int64_t when, const struct now *now);

/* token_object.c */
struct tokenward_token *token_object_new(
    const struct token *t, bool cached, const char *warning);
struct tokenward_token *token_object_ref(struct tokenward_token *object);
/* False in a forked child, where secrets read as zeros. */
bool token_object_is_whole(const struct tokenward_token *object);

/* credential_object.c */
struct tokenward_credential {
	struct credential *rec;
	struct secret_version given; /* client id, secrets, dates to store */
	struct strlist set;          /* names of the fields that were given */
	int64_t lifetime;            /* seconds, NEVER, or UNKNOWN: not given */
	struct strmap text;          /* derived fields, for reading */
};
bool object_has(const struct tokenward_credential *c, const char *field);
/* tokenward_credential_set() and its like, within another call. */
int object_set(struct tokenward *tw, struct tokenward_credential *c,
    const char *field, const char *value, struct error *err);
int object_set_secret(struct tokenward_credential *c, const char *name,
    const void *data, size_t len, bool verbatim, struct error *err);
/* tokenward_add_credential(), within another call. */
int credential_add(struct tokenward *tw, const char *name,
    const struct tokenward_credential *given, unsigned flags,
    enum tokenward_change *ret, struct error *err);
/* Copies the given plain fields over those of rec. */
int object_apply(const struct tokenward_credential *c, struct credential *rec,
    struct error *err);
/* Client id, secrets and dates into a version. */
int object_apply_version(const struct tokenward_credential *c,
    const struct provider *p, const struct now *now, struct secret_version *v,
    struct error *err);
/* The end of a version from what was given and what the file assumes. */
void version_dates(const struct tokenward_credential *c,
    const struct provider *p, const struct now *now, struct secret_version *v);
bool object_has_dates(const struct tokenward_credential *c);
/* Same client id (if given) and same secrets as v. */
bool object_is_version(
    const struct tokenward_credential *c, const struct secret_version *v);

/* credential_set.c: *to becomes a copy of value. */
int set_text(char **to, const char *value, struct error *err);

/* status.c: fills the derived fields */
int object_describe(struct tokenward *tw, struct tokenward_credential *c,
    const struct tokens *t, const struct provider *p, const struct now *now);

/* rotate/rotate.c */
int rotate_in(struct credential *c, const struct tokenward_credential *new,
    const struct provider *p, const struct now *now, struct error *err);

#endif
