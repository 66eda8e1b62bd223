/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For authors of modules.  A module is a program that does one job for the
 * store: a way to unlock it (key), a place for its records (store), somebody
 * to tell (notify).  It is started in an empty environment with one socket
 * as standard input and speaks frames over it, tokenward-modules(7).  In C
 * that is one constant descriptor and one line:
 *
 *     static const struct tokenward_module me = {
 *             .size = sizeof(me), .abi = TOKENWARD_MODULE_ABI,
 *             .kind = "key", .name = "example", .version = "1",
 *             .summary = "a key kept under the doormat",
 *             .key = {.enroll = enroll, .open = open_slot},
 *     };
 *     TOKENWARD_MODULE_MAIN(me)
 *
 * Link with -ltokenward-module.  Operations get `self`, made by start(); a
 * module that needs no state leaves start and stop out.
 */
#ifndef TOKENWARD_MODULE_H
#define TOKENWARD_MODULE_H

#include <tokenward/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOKENWARD_MODULE_ABI 1u

enum tokenward_module_result {
	TOKENWARD_MODULE_OK,
	TOKENWARD_MODULE_NONE,     /* nothing here for this store or key */
	TOKENWARD_MODULE_ASK,      /* a human must answer: put "prompt" */
	TOKENWARD_MODULE_AWAY,     /* what it needs is not here now */
	TOKENWARD_MODULE_DENIED,   /* wrong key, PIN, policy */
	TOKENWARD_MODULE_CONFLICT, /* somebody else changed it */
	TOKENWARD_MODULE_BROKEN,   /* what is stored is damaged */
	TOKENWARD_MODULE_FAILED,   /* anything else */
	TOKENWARD_MODULE_RESULT_MAX
};

/*
 * A frame: what is asked, or what is answered.  Keys as in the protocol: at
 * most 64 of [a-z0-9_.-]; a key may repeat.  The bytes lie in locked memory.
 */
struct tokenward_message;
/* The first of that key; NULL: absent.  Lives until the operation returns. */
const void *tokenward_message_get(
    const struct tokenward_message *m, const char *key, size_t *ret_len);
/* The same as text; NULL with a NUL inside as well. */
const char *tokenward_message_text(
    const struct tokenward_message *m, const char *key);
int64_t tokenward_message_number(
    const struct tokenward_message *m, const char *key, int64_t fallback);
/* Walks all fields: 1 a field, 0 the end.  *at starts as 0; key holds 65. */
int tokenward_message_next(const struct tokenward_message *m, size_t *at,
    char *ret_key, const void **ret_value, size_t *ret_len);
/* Failures stick and become the result failed.  What was put goes out with
   ok and ask only. */
void tokenward_message_put(struct tokenward_message *m, const char *key,
    const void *value, size_t len);
void tokenward_message_put_text(
    struct tokenward_message *m, const char *key, const char *text);
void tokenward_message_put_number(
    struct tokenward_message *m, const char *key, int64_t number);
/* Room for a value of len bytes, to be written at once (a secret need not
   lie elsewhere); good until the next put.  NULL: no memory. */
void *tokenward_message_room(
    struct tokenward_message *m, const char *key, size_t len);
/* The sentence of a result that is not ok; never a secret. */
void tokenward_message_say(struct tokenward_message *m, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

enum tokenward_option_type {
	TOKENWARD_OPTION_TEXT,
	TOKENWARD_OPTION_NUMBER,
	TOKENWARD_OPTION_DURATION, /* seconds, written 90s 15m 8h */
	TOKENWARD_OPTION_FLAG,     /* yes or no */
};

struct tokenward_option {
	const char *name;
	enum tokenward_option_type type;
	const char *fallback; /* as text; NULL: none */
	int required;
	int secret; /* never shown */
	const char *help;
};

typedef int (*tokenward_operation)(void *self,
    const struct tokenward_message *request, struct tokenward_message *reply);

/*
 * Every request has "time": the milliseconds that are left for it.
 *
 * kind "key".  Every request has "store" (32 hex digits, of this store
 * alone), "path" (its directory), "system" ("1": the system's store), "slot"
 * (a number), "salt" (16 random bytes of this slot) and, except enroll, the
 * slot's parameters under "param.NAME" (text, not secret: they are stored).
 *   enroll  "arg" when the user gave one (--key NAME=ARG); puts "kek"
 *           (32 bytes) and what open will need, "param.NAME" (at most 16 of
 *           4096 bytes), and any number of "note": a line for the user
 *   open    puts "kek"
 *   forget  the slot is removed: clears what enroll left elsewhere
 * A module that needs a human returns ASK with "prompt" ("confirm" "1" for a
 * new secret) and, where somebody can be asked, is asked again with "answer".
 * When the answer is wrong it may return ASK again: that happens three times.
 * One that has a dialog of its own returns ASK without a prompt and, where
 * a dialog is no surprise, is asked again with "human" "1": then two minutes
 * are left for it.
 */
struct tokenward_key_operations {
	tokenward_operation enroll;
	tokenward_operation open;
	tokenward_operation forget;
};

/*
 * kind "store".  A record is opaque bytes under an opaque "key" (text, at
 * most 128 of [a-z0-9/.-]).  "store" and "path" as above; the records of two
 * stores never meet.
 *   get     puts "record" and, where it has one, its "version" (text); NONE
 *   put     "key", "record"; acknowledged means durable.  With "version" only
 *           over that version ("" only when there is no record), else CONFLICT
 *   remove  "key"; acknowledged means durable; absent is OK
 *   each    puts "key" for each record in any order, at most 1000; "cursor"
 *           when there are more: the next request brings it along, perhaps
 *           in another process.  Asked
 *           with "prefix" only keys that begin so
 */
struct tokenward_store_operations {
	tokenward_operation get;
	tokenward_operation put;
	tokenward_operation remove;
	tokenward_operation each;
};

/* kind "notify".  send: "event", "time-of-event" (seconds since 1970) and the
   event's own as "field.NAME", tokenward-modules(7).  OK: handed over. */
struct tokenward_notify_operations {
	tokenward_operation send;
};

struct tokenward_module {
	size_t size;  /* sizeof of this struct */
	unsigned abi; /* TOKENWARD_MODULE_ABI */
	const char *kind;
	const char *name; /* ^[a-z][a-z0-9-]{0,31}$, the program's own */
	const char *version;
	const char *summary;
	const char *capabilities; /* words, may be NULL: "asks" "readonly";
				     "slow": the kernel may keep its key */
	const char *const *environment; /* variables it needs; NULL ends.  Given
					   when the host has and allows them */
	const struct tokenward_option *options; /* a NULL name ends */
	int (*start)(void **ret_self, const struct tokenward_message *options,
	    struct tokenward_message *reply);
	void (*stop)(void *self);
	struct tokenward_key_operations key;
	struct tokenward_store_operations store;
	struct tokenward_notify_operations notify;
};

/* Serves until the host closes; returns the exit status. */
int tokenward_module_main(
    const struct tokenward_module *module, int argc, char **argv);
/* One program that is a module of several kinds: the one of kind argv[1]. */
int tokenward_modules_main(
    const struct tokenward_module *const *modules, int argc, char **argv);
#define TOKENWARD_MODULE_MAIN(module)                                \
	int main(int argc, char **argv)                              \
	{                                                            \
		return tokenward_module_main(&(module), argc, argv); \
	}

#ifdef __cplusplus
}
#endif
#endif
