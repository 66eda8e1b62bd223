/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A module of every kind that does what its options tell: the stacks are
 * proved with it, and it passes the contracts when nothing is told.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <tokenward/module.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"

extern char **environ;

static const char *const results[] = {"ok", "none", "ask", "away", "denied",
    "conflict", "broken", "failed", "beyond", NULL};

static const char *const environment[] = {
    "HOME", "DBUS_SESSION_BUS_ADDRESS", NULL};

static const struct tokenward_option options[] = {
    {.name = "result",
	.type = TOKENWARD_OPTION_TEXT,
	.fallback = "ok",
	.help = "what every operation returns"},
    {.name = "start",
	.type = TOKENWARD_OPTION_TEXT,
	.fallback = "ok",
	.help = "what starting returns"},
    {.name = "say",
	.type = TOKENWARD_OPTION_TEXT,
	.help = "the sentence with it"},
    {.name = "wait",
	.type = TOKENWARD_OPTION_NUMBER,
	.fallback = "0",
	.help = "milliseconds before an answer"},
    {.name = "ask",
	.type = TOKENWARD_OPTION_FLAG,
	.fallback = "no",
	.help = "ask a human first"},
    {.name = "dialog",
	.type = TOKENWARD_OPTION_NUMBER,
	.fallback = "0",
	.help = "milliseconds of a dialog of its own, if it may show one"},
    {.name = "report",
	.type = TOKENWARD_OPTION_FLAG,
	.fallback = "no",
	.help = "put what is found around it"},
    {.name = "log",
	.type = TOKENWARD_OPTION_TEXT,
	.help = "a file that gets a line for each operation"},
    {.name = "fields",
	.type = TOKENWARD_OPTION_FLAG,
	.fallback = "no",
	.help = "log the fields of an event with it"},
    {.name = "directory",
	.type = TOKENWARD_OPTION_TEXT,
	.fallback = ".",
	.help = "where the store keeps its records"},
    {.name = "nonsense",
	.type = TOKENWARD_OPTION_TEXT,
	.help = "a store's answers are: keys, case, rounds, empty, long, "
		"version, nul, more, kind, folder, longer, shorter, digit, "
		"page, cursor; "
		"a key's: short, zeros, nothing, many, name, "
		"noname, value, nul, twice, notes"},
    {.name = "quota",
	.type = TOKENWARD_OPTION_TEXT,
	.help = "a file that says how many records the store may have"},
    {.name = "pin", .type = TOKENWARD_OPTION_TEXT, .secret = 1},
    {.name = "life", .type = TOKENWARD_OPTION_DURATION},
    {NULL},
};

struct debug {
	int result;
	int wait_ms, dialog_ms;
	bool ask, report, fields;
	char *say, *log, *directory, *quota, *nonsense;
};

static int
result_of(const char *word)
{
	int i;

	for (i = 0; results[i]; i++)
		if (strcmp(results[i], word) == 0)
			return i;
	return TOKENWARD_MODULE_FAILED;
}

static char *
copy(const struct tokenward_message *m, const char *key)
{
	const char *text = tokenward_message_text(m, key);

	return text ? strdup(text) : NULL;
}

static bool
flag(const struct tokenward_message *m, const char *key)
{
	return strcmp(tokenward_message_text(m, key), "yes") == 0;
}

static int
start(void **ret_self, const struct tokenward_message *given,
    struct tokenward_message *reply)
{
	struct debug *d = calloc(1, sizeof(*d));

	if (!d)
		return TOKENWARD_MODULE_FAILED;
	d->result = result_of(tokenward_message_text(given, "result"));
	d->wait_ms = (int)tokenward_message_number(given, "wait", 0);
	d->dialog_ms = (int)tokenward_message_number(given, "dialog", 0);
	d->ask = flag(given, "ask");
	d->report = flag(given, "report");
	d->fields = flag(given, "fields");
	d->say = copy(given, "say");
	d->log = copy(given, "log");
	d->directory = copy(given, "directory");
	d->quota = copy(given, "quota");
	d->nonsense = copy(given, "nonsense");
	if (d->say)
		tokenward_message_say(reply, "%s", d->say);
	*ret_self = d;
	return result_of(tokenward_message_text(given, "start"));
}

static void
stop(void *self)
{
	struct debug *d = self;

	free(d->say);
	free(d->log);
	free(d->directory);
	free(d->quota);
	free(d->nonsense);
	free(d);
}

/* ---- what it finds around it ------------------------------------------- */

static void
put_descriptors(struct buf *b)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && atoi(e->d_name) != dirfd(dir))
			buf_printf(b, " %s", e->d_name);
	if (dir)
		closedir(dir);
}

static void
put_limit(struct buf *b, const char *name, int resource)
{
	struct rlimit rl = {0};

	getrlimit((__rlimit_resource_t)resource, &rl);
	buf_printf(b, " %s=%lld", name, (long long)rl.rlim_max);
}

static void
put_report(struct tokenward_message *reply)
{
	cleanup_buf struct buf b = BUF_INIT;
	cleanup_free char *cwd = getcwd(NULL, 0);
	mode_t mask = umask(077);
	char **e;

	umask(mask);
	for (e = environ; *e; e++)
		tokenward_message_put_text(reply, "report.environment", *e);
	buf_printf(&b, "cwd=%s umask=%03o dumpable=%d own-group=%d", cwd, mask,
	    prctl(PR_GET_DUMPABLE), getpgrp() == getpid());
	put_limit(&b, "core", RLIMIT_CORE);
	put_limit(&b, "data", RLIMIT_DATA);
	put_limit(&b, "nofile", RLIMIT_NOFILE);
	buf_put_str(&b, " descriptors");
	put_descriptors(&b);
	tokenward_message_put_text(reply, "report.process", buf_str(&b));
}

static void
write_log(const struct debug *d, const char *operation)
{
	FILE *f = d->log ? fopen(d->log, "a") : NULL;

	if (!f)
		return;
	fprintf(f, "%s\n", operation);
	fclose(f);
}

static bool
may_show(const struct tokenward_message *request)
{
	return tokenward_message_number(request, "human", 0) == 1;
}

/* Whether the operation goes on: nothing else was told. */
static bool
as_told(const struct debug *d, const char *operation,
    const struct tokenward_message *request, struct tokenward_message *reply,
    int *ret)
{
	write_log(d, operation);
	if (d->wait_ms > 0)
		usleep((useconds_t)d->wait_ms * 1000);
	if (d->report)
		put_report(reply);
	if (d->say)
		tokenward_message_say(reply, "%s", d->say);
	*ret = d->result;
	if (d->dialog_ms > 0 && !may_show(request))
		*ret = TOKENWARD_MODULE_ASK;
	else if (d->dialog_ms > 0)
		usleep((useconds_t)d->dialog_ms * 1000);
	if (d->ask && (d->result == TOKENWARD_MODULE_ASK ||
			  !tokenward_message_get(request, "answer", NULL))) {
		tokenward_message_put_text(reply, "prompt", "Say friend: ");
		*ret = TOKENWARD_MODULE_ASK;
	}
	return *ret == TOKENWARD_MODULE_OK;
}

/* ---- key --------------------------------------------------------------- */

static bool
is_told(const struct debug *d, const char *nonsense)
{
	return d->nonsense && strcmp(d->nonsense, nonsense) == 0;
}

static void
put_odd_params(const struct debug *d, struct tokenward_message *reply)
{
	static char value[4098], name[] = "param.a23456789012345678901234"
					  "5678901234";
	char key[32];
	int i;

	memset(value, 'v', 4097);
	for (i = 0; is_told(d, "many") && i < 17; i++) {
		snprintf(key, sizeof(key), "param.p%d", i);
		tokenward_message_put_text(reply, key, "v");
	}
	if (is_told(d, "name"))
		tokenward_message_put_text(reply, name, "v");
	if (is_told(d, "noname"))
		tokenward_message_put_text(reply, "param.", "v");
	if (is_told(d, "value"))
		tokenward_message_put_text(reply, "param.v", value);
	if (is_told(d, "nul"))
		tokenward_message_put(reply, "param.n", "a\0b", 3);
	for (i = 0; is_told(d, "twice") && i < 2; i++)
		tokenward_message_put_text(reply, "param.t", "v");
	for (i = 0; is_told(d, "notes") && i < 2; i++)
		tokenward_message_put_text(
		    reply, "note", i ? "two\nlines" : "one");
}

/* What no way to a key would say; true: that is all. */
static bool
key_nonsense(const struct debug *d, struct tokenward_message *reply)
{
	static const unsigned char zeros[32];

	if (is_told(d, "short"))
		tokenward_message_put(reply, "kek",
		    "31 bytes are one too few"
		    " for it",
		    31);
	else if (is_told(d, "zeros"))
		tokenward_message_put(reply, "kek", zeros, sizeof(zeros));
	else if (!is_told(d, "nothing")) {
		put_odd_params(d, reply);
		return false;
	}
	return true;
}

/* No secret at all: made of what it is asked. */
static int
put_key(
    const struct tokenward_message *request, struct tokenward_message *reply)
{
	size_t salt_len, store_len, i;
	const unsigned char *salt =
	    tokenward_message_get(request, "salt", &salt_len);
	const unsigned char *store =
	    tokenward_message_get(request, "store", &store_len);
	unsigned char *kek = tokenward_message_room(reply, "kek", 32);

	if (!salt || !store || !kek || salt_len == 0 || store_len == 0)
		return TOKENWARD_MODULE_FAILED;
	for (i = 0; i < 32; i++)
		kek[i] = salt[i % salt_len] ^ store[i % store_len];
	return TOKENWARD_MODULE_OK;
}

static int
key_enroll(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	const char *arg = tokenward_message_text(request, "arg");
	int r;

	if (!as_told(self, "enroll", request, reply, &r))
		return r;
	if (key_nonsense(self, reply))
		return r;
	tokenward_message_put_text(reply, "param.arg", arg ? arg : "");
	return put_key(request, reply);
}

static int
key_open(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	int r;

	if (!as_told(self, "open", request, reply, &r))
		return r;
	if (!tokenward_message_text(request, "param.arg"))
		return TOKENWARD_MODULE_NONE;
	return key_nonsense(self, reply) ? r : put_key(request, reply);
}

static int
key_forget(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	int r;

	as_told(self, "forget", request, reply, &r);
	return r;
}

/* ---- store ------------------------------------------------------------- */

/* "r-STORE-": stores do not meet, whatever stands there. */
static void
prefix_of(const struct tokenward_message *request, struct buf *ret)
{
	const char *store = tokenward_message_text(request, "store");

	buf_put_str(ret, "r-");
	hex_put(ret, (const unsigned char *)(store ? store : ""),
	    store ? strlen(store) / 4 : 0);
	buf_put_str(ret, "-");
}

/* A file for each record: its key in hex, its version the first byte. */
static void
path_of(const struct debug *d, const struct tokenward_message *request,
    struct buf *ret)
{
	size_t len = 0;
	const unsigned char *key = tokenward_message_get(request, "key", &len);

	buf_printf(ret, "%s/", d->directory);
	prefix_of(request, ret);
	hex_put(ret, key, key ? len : 0);
}

static bool
read_record(const struct buf *path, struct buf *ret)
{
	return file_read_at(AT_FDCWD, buf_str(path), 8u << 20, false, ret) ==
		   0 &&
	       ret->len > 0;
}

/* What no store would say; true: it was said. */
static bool
get_nonsense(const struct debug *d, struct tokenward_message *reply)
{
	char version[5000];

	if (is_told(d, "empty"))
		return true;
	if (is_told(d, "version")) {
		memset(version, 'v', sizeof(version));
		tokenward_message_put(reply, "record", "r", 1);
		tokenward_message_put(
		    reply, "version", version, sizeof(version));
		return true;
	}
	if (is_told(d, "nul")) {
		tokenward_message_put(reply, "record", "r", 1);
		tokenward_message_put(reply, "version", "1\0002", 3);
		return true;
	}
	return is_told(d, "long") &&
	       tokenward_message_room(reply, "record", (4u << 20) - 4096);
}

/* Keys that are nearly right, and more than there may be. */
static void
each_odd(
    const struct debug *d, const char *hex, struct tokenward_message *reply)
{
	static char cursor[4098];
	char key[200];
	int i;

	snprintf(key, sizeof(key), "tokens/%s", hex);
	if (is_told(d, "kind"))
		tokenward_message_put_text(reply, "key", key);
	snprintf(key, sizeof(key), "credentials/%s%s", hex,
	    is_told(d, "longer") ? "0" : "");
	if (is_told(d, "shorter"))
		key[strlen(key) - 1] = '\0';
	if (is_told(d, "digit"))
		key[strlen(key) - 1] = 'g';
	if (is_told(d, "folder"))
		key[0] = 'C';
	if (is_told(d, "longer") || is_told(d, "shorter") ||
	    is_told(d, "digit") || is_told(d, "folder"))
		tokenward_message_put_text(reply, "key", key);
	for (i = 0; is_told(d, "page") && i < 1001; i++)
		tokenward_message_put_text(reply, "key", key);
	if (!is_told(d, "cursor"))
		return;
	memset(cursor, 'c', 4097);
	tokenward_message_put_text(reply, "key", key);
	tokenward_message_put_text(reply, "cursor", cursor);
}

static bool
each_nonsense(const struct debug *d, struct tokenward_message *reply)
{
	static const char hex[] = "0123456789abcdef0123456789abcdef"
				  "0123456789abcdef0123456789abcdef";
	char key[200];

	if (is_told(d, "keys"))
		tokenward_message_put_text(reply, "key", "credentials/../x");
	if (is_told(d, "case")) {
		snprintf(key, sizeof(key), "credentials/%s", hex);
		key[22] = 'A';
		tokenward_message_put_text(reply, "key", key);
	}
	if (is_told(d, "rounds")) {
		snprintf(key, sizeof(key), "credentials/%s", hex);
		tokenward_message_put_text(reply, "key", key);
		tokenward_message_put_text(reply, "cursor", "again");
	}
	if (is_told(d, "more"))
		tokenward_message_put_text(reply, "cursor", "of none");
	each_odd(d, hex, reply);
	return d->nonsense != NULL;
}

static int
store_get(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	cleanup_buf struct buf path = BUF_INIT, record = BUF_INIT;
	int r;

	if (!as_told(self, "get", request, reply, &r))
		return r;
	if (get_nonsense(self, reply))
		return TOKENWARD_MODULE_OK;
	path_of(self, request, &path);
	if (!read_record(&path, &record))
		return TOKENWARD_MODULE_NONE;
	tokenward_message_put(reply, "record", record.data + 1, record.len - 1);
	tokenward_message_put_number(reply, "version", record.data[0]);
	return TOKENWARD_MODULE_OK;
}

static bool
may_replace(const struct tokenward_message *request, const struct buf *old)
{
	const char *version = tokenward_message_text(request, "version");

	if (!version)
		return true;
	if (!*version)
		return old->len == 0;
	return old->len > 0 && atoi(version) == old->data[0];
}

/* One more than there are. */
static bool
is_full(const struct debug *d, struct tokenward_message *reply)
{
	cleanup_fclose FILE *f = d->quota ? fopen(d->quota, "r") : NULL;
	char text[16] = "";
	struct dirent *e;
	DIR *dir;
	int n = 0;

	if (!f || !fgets(text, sizeof(text), f))
		return false;
	dir = opendir(d->directory);
	while (dir && (e = readdir(dir)))
		n += e->d_name[0] == 'r';
	if (dir)
		closedir(dir);
	if (n < atoi(text))
		return false;
	tokenward_message_say(
	    reply, "there is room for no more than %d records", n);
	return true;
}

static int
store_put(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	cleanup_buf struct buf path = BUF_INIT, old = BUF_INIT, new = BUF_INIT;
	size_t len;
	const void *record = tokenward_message_get(request, "record", &len);
	int r;

	if (!as_told(self, "put", request, reply, &r))
		return r;
	path_of(self, request, &path);
	read_record(&path, &old);
	if (!record)
		return TOKENWARD_MODULE_FAILED;
	if (!may_replace(request, &old))
		return TOKENWARD_MODULE_CONFLICT;
	if (old.len == 0 && is_full(self, reply))
		return TOKENWARD_MODULE_FAILED;
	buf_put_byte(&new, old.len ? (unsigned char)(old.data[0] + 1) : 1);
	buf_put(&new, record, len);
	return file_replace_at(
		   AT_FDCWD, buf_str(&path), new.data, new.len, FILE_SYNC)
		   ? TOKENWARD_MODULE_FAILED
		   : TOKENWARD_MODULE_OK;
}

static int
store_remove(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	cleanup_buf struct buf path = BUF_INIT;
	int r;

	if (!as_told(self, "remove", request, reply, &r))
		return r;
	path_of(self, request, &path);
	return file_remove_at(AT_FDCWD, buf_str(&path), FILE_SYNC)
		   ? TOKENWARD_MODULE_FAILED
		   : TOKENWARD_MODULE_OK;
}

/* Small pages, so that a few records prove the cursor. */
#define PAGE 3

static bool
read_name(const char *name, const char *start, char key[129])
{
	size_t len = strlen(name), skip = strlen(start);

	if (len <= skip || len > skip + 2 * 128 || !str_prefix(name, start) ||
	    !hex_get(name + skip, (unsigned char *)key, (len - skip) / 2))
		return false;
	key[(len - skip) / 2] = '\0';
	return true;
}

static int
store_each(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	const struct debug *d = self;
	const char *prefix = tokenward_message_text(request, "prefix");
	int64_t skip = tokenward_message_number(request, "cursor", 0), at = 0;
	cleanup_buf struct buf start_of = BUF_INIT;
	struct dirent **v;
	char key[129];
	int i, n, r;

	if (!as_told(d, "each", request, reply, &r))
		return r;
	if (each_nonsense(d, reply))
		return TOKENWARD_MODULE_OK;
	prefix_of(request, &start_of);
	n = scandir(d->directory, &v, NULL, alphasort);
	for (i = 0; i < n; i++) {
		if (read_name(v[i]->d_name, buf_str(&start_of), key) &&
		    (!prefix || str_prefix(key, prefix)) && at++ >= skip &&
		    at <= skip + PAGE)
			tokenward_message_put_text(reply, "key", key);
		free(v[i]);
	}
	if (n >= 0)
		free(v);
	if (at > skip + PAGE)
		tokenward_message_put_number(reply, "cursor", skip + PAGE);
	return TOKENWARD_MODULE_OK;
}

/* ---- notify ------------------------------------------------------------ */

static int
notify_send(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	const struct debug *d = self;
	const char *event = tokenward_message_text(request, "event");
	cleanup_buf struct buf line = BUF_INIT;
	char key[65];
	const void *value;
	size_t len, at = 0;
	int r;

	buf_put_str(&line, event ? event : "?");
	while (d->fields &&
	       tokenward_message_next(request, &at, key, &value, &len))
		if (str_prefix(key, "field."))
			buf_printf(&line, "\t%s=%s", key + strlen("field."),
			    (const char *)value);
	as_told(self, buf_str(&line), request, reply, &r);
	return r;
}

#define MODULE(kind_word, ...)                                             \
	{                                                                  \
		.size = sizeof(struct tokenward_module),                   \
		.abi = TOKENWARD_MODULE_ABI, .kind = kind_word,            \
		.name = "debug", .version = "1",                           \
		.summary = "does what it is told", .capabilities = "asks", \
		.environment = environment, .options = options,            \
		.start = start, .stop = stop, __VA_ARGS__                  \
	}

static const struct tokenward_module key = MODULE("key",
    .key = {.enroll = key_enroll, .open = key_open, .forget = key_forget});
static const struct tokenward_module store =
    MODULE("store", .store = {.get = store_get,
			.put = store_put,
			.remove = store_remove,
			.each = store_each});
static const struct tokenward_module notify =
    MODULE("notify", .notify = {.send = notify_send});

int
main(int argc, char **argv)
{
	static const struct tokenward_module *const modules[] = {
	    &key, &store, &notify, NULL};

	return tokenward_modules_main(modules, argc, argv);
}
