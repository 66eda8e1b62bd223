/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways to the master key.  A slot of the header wraps the master key with a
 * key that a key method makes: from a passphrase, from a key file.  The
 * kernel keyring is a cache of the master key, not a slot.
 *
 *   slots.c          wrapping and opening one slot, the slots' codec
 *   passphrase.c     Argon2id          keyfile.c   a file of random bytes
 *   keyring_cache.c  the kernel keyring
 *   recovery.c       a code on paper
 *   methods.c        the table of these
 *   module_slot.c    slots of modules that are programs
 *   enroll.c         new slots, slots opened one at a time
 *   unlock.c         walks the unlock stack until the header's MAC agrees:
 *                    walk_line.c a line of it, walk_report.c why it failed
 */
#ifndef KEY_KEY_H
#define KEY_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include <tokenward/tokenward.h>

#define KEY_LEN 32
#define SLOTS_MAX 16
#define SLOT_SALT_LEN 16
#define SLOT_NONCE_LEN 24
#define SLOT_WRAPPED_LEN 48
#define SLOT_COMMIT_LEN 32

struct key_slot {
	uint32_t id; /* from 1, never used twice in one store */
	char *kind;  /* the method's name: "passphrase", "keyfile" */
	int64_t created_at;
	struct strmap params; /* "path"; "memory" (bytes), "passes" */
	unsigned char salt[SLOT_SALT_LEN];
	unsigned char nonce[SLOT_NONCE_LEN];
	unsigned char wrapped[SLOT_WRAPPED_LEN];
	unsigned char commitment[SLOT_COMMIT_LEN];
};

struct stack; /* module/module.h */
struct stack_line;
/* The stack in force; it belongs to whoever gives it. */
typedef int (*key_stack_fn)(
    void *data, const struct stack **ret, struct error *err);

/* What a method needs from outside. */
struct key_context {
	tokenward_ask_fn ask; /* NULL: no human */
	void *ask_data;
	bool dialogs;                  /* nor need a module be shy to ask one */
	int64_t *deadline_ms;          /* of modules, put off by a dialog */
	const char *store_path;        /* for prompts and default paths */
	const char *label;             /* an export's path, where it is none */
	bool system;                   /* the system's store */
	const unsigned char *store_id; /* STORE_ID_LEN, for modules */
	const char *modules;           /* directory; NULL: none */
	key_stack_fn stack;            /* NULL: the default one */
	void *stack_data;
	bool one_slot;        /* questions say which slot they are for */
	const char *question; /* in place of what a method asks for */
	struct buf *note;     /* enroll: lines for its user; may be NULL */
	struct buf *code;     /* enroll: a secret to be shown, or NULL */
};

struct key_method {
	const char *name;
	bool needs_human;
	/*
	 * New slot: checks arg (or NULL), fills params and salt, makes the
	 * wrapping key (KEY_LEN bytes of the locked arena).
	 */
	int (*enroll)(const struct key_method *self,
	    const struct key_context *ctx, const char *arg,
	    struct key_slot *slot, unsigned char *ret_kek, struct error *err);
	/* The wrapping key of a slot there is. */
	int (*open)(const struct key_method *self,
	    const struct key_context *ctx, const struct key_slot *slot,
	    unsigned char *ret_kek, struct error *err);
};
extern const struct key_method *const key_methods[]; /* NULL ends */
const struct key_method *key_method_find(const char *name);

/*
 * What somebody asked for: "keyfile", "keyfile=PATH".  Fills kind, params and
 * salt of the slot (freed by the caller, on failure too) and its wrapping
 * key.  Not yet its number.
 */
int key_enroll(const struct key_context *ctx, const char *text,
    struct key_slot *slot, unsigned char *ret_kek, struct error *err);
struct header; /* store/header.h */
/* Opens one slot for real; the header is not verified. */
int key_slot_open(const struct header *h, const struct key_slot *slot,
    const struct key_context *ctx, unsigned char *ret_kek,
    unsigned char *ret_master, struct error *err);
/* The same with the stack's line for its kind; *ret_slow: the module says
   that it is. */
int key_slot_open_by(const struct header *h, const struct key_slot *slot,
    const struct key_context *ctx, const struct stack_line *line,
    unsigned char *ret_kek, unsigned char *ret_master, bool *ret_slow,
    struct error *err);
/* What a removed slot left elsewhere. */
int key_slot_forget(const struct header *h, const struct key_slot *slot,
    const struct key_context *ctx, struct error *err);
/* There is such a module, fit or not. */
bool key_has_program(const struct key_context *ctx, const char *kind);
/* Of no built-in method: a program's, which is told the slot's number. */
bool key_is_program(const char *text);
bool key_needs_human(const char *kind);
bool key_slot_needs_human(const struct key_slot *slot);
/* "keyfile /etc/tokenward/key", fit to be printed; appends. */
void key_slot_name(const struct key_slot *slot, struct buf *out);
/* "strong", "fair" or "weak", and why; static. */
const char *key_grade(const struct key_slot *slot, const char **ret_why);

/* store_id is the header's 16 bytes: a slot opens in its own store only. */
int slot_wrap(struct key_slot *slot, const unsigned char *store_id,
    const unsigned char *kek, const unsigned char *master, struct error *err);
/* TOKENWARD_LOCKED when the key is not this slot's. */
int slot_unwrap(const struct key_slot *slot, const unsigned char *store_id,
    const unsigned char *kek, unsigned char *ret_master, struct error *err);
void slot_free(struct key_slot *slot);

/*
 * The cache, by store and epoch of its master key.  Absent, forbidden and
 * expired keyrings are all "no key": get returns false.  put: false when
 * nothing could be kept.  timeout in seconds, absolute.
 */
bool keyring_get(
    const unsigned char *store_id, int64_t epoch, unsigned char *ret_master);
bool keyring_put(const unsigned char *store_id, int64_t epoch,
    const unsigned char *master, int64_t timeout);
/* True: it was there. */
bool keyring_forget(const unsigned char *store_id, int64_t epoch);
bool keyring_usable(void);

/* What gave the master key. */
struct key_opened {
	const char *kind; /* "keyring-cache", "keyfile"; the header's life */
	uint32_t slot;    /* 0: none, the cache */
	bool human;       /* somebody was asked */
	int64_t keep;     /* seconds the kernel may keep it; 0: it may not */
};
/*
 * The master key of a header: from the kernel's keyring, else by the lines
 * of the unlock stack.  A cached key that does not verify this header is
 * forgotten.  ret_master is KEY_LEN bytes of the locked arena.  Wrong or
 * missing keys: TOKENWARD_LOCKED with a sentence on each.
 */
int unlock_master(const struct header *h, const struct key_context *ctx,
    unsigned char *ret_master, struct key_opened *ret, struct error *err);
/*
 * Which slot would open without a human, NULL: none: lock warns, caching is
 * left out.  Without slow, modules that are programs are not tried.  False:
 * there is no memory to find out.
 */
bool unlock_unattended(const struct header *h, const struct key_context *ctx,
    bool slow, const char **ret);
/* How long the stack lets the kernel keep a key; 0: not at all. */
int unlock_keep(
    const struct key_context *ctx, int64_t *ret_seconds, struct error *err);

#endif
