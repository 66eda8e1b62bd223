/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key module systemd-credential: what its files share.  Functions say
 * in the reply why they failed and return a module's result.
 */
#ifndef SYSTEMD_CREDENTIAL_H
#define SYSTEMD_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tokenward/module.h>

#define CONTENT_MIN 32u
#define CONTENT_MAX 4096u
#define SEALED_MAX 65536u
#define NAME_LONGEST 128u
#define PATH_LONGEST 1024u
#define KEK_LEN 32
#define SALT_LEN 16
#define TAG_LEN 16
#define TAG_TEXT (2 * TAG_LEN + 1)
#define DEFAULT_NAME "tokenward.key"
#define DEFAULT_DIRECTORY "/etc/credstore.encrypted"

/* What a credential holds; in locked memory. */
struct content {
	size_t len;
	unsigned char data[CONTENT_MAX + 1];
};

struct self {
	struct content content;
	char name[NAME_LONGEST + 1]; /* the option's, or nothing */
	char with[16];
};

/* ---- request.c --------------------------------------------------------- */

bool name_ok(const char *name);
/* How long systemd-creds may take. */
int64_t time_of(const struct tokenward_message *request);
/* The key from the content and the request's salt. */
int put_kek(const struct content *c, const struct tokenward_message *request,
    struct tokenward_message *reply);
/* Of this slot of this store. */
void make_tag(const struct content *c, const struct tokenward_message *request,
    char ret[TAG_TEXT]);

/* Says why; FAILED. */
int refuse(struct tokenward_message *reply, const char *why);

/* ---- enroll.c ---------------------------------------------------------- */

int enroll(void *data, const struct tokenward_message *request,
    struct tokenward_message *reply);

/* ---- directory.c: what the service manager gave ------------------------ */

/* NONE: no such credential; AWAY: no directory. */
int directory_read(
    const char *name, struct content *ret, struct tokenward_message *reply);

/* ---- program.c: systemd-creds ------------------------------------------ */

struct program {
	const char *const *argv;
	int in;              /* its standard input */
	void *out;           /* what it printed */
	size_t out_max;      /* more is a failure */
	size_t out_len;      /* set */
	int64_t ms;          /* then it is killed */
	char complaint[200]; /* set: its first line on standard error */
};
/* 0 it succeeded; -1 it was not started (errno), 1 it failed, 2 it is late. */
int program_run(struct program *p);

/* ---- sealed.c: the file that systemd-creds made ------------------------ */

/* Absolute, and of letters that a unit file takes as they are. */
bool sealed_path_ok(const char *path);
/* NONE: there is no such file. */
int sealed_read(const char *path, const char *name, int64_t ms,
    struct content *ret, struct tokenward_message *reply);
/* Another slot is made with it, so none takes it away: a time of change in
   1970 says so, as with key files. */
void sealed_share(const char *path);
bool sealed_is_shared(const char *path);
/* Durable, and never over a file that is there. */
int sealed_make(const char *path, const char *name, const char *with,
    int64_t ms, const struct content *content, struct tokenward_message *reply);
int sealed_remove(const char *path, struct tokenward_message *reply);

#endif
