/* SPDX-License-Identifier: BSD-2-Clause */
/* A world for tests of the whole library. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "core/core.h"
#include "world.h"

static char dir[512];
static pid_t owner;
static char warnings[4096];
struct world_token world_token;

static void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)))
__attribute__((noreturn));

static void
fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

const char *
world_path(const char *name)
{
	static _Thread_local char paths[16][2048];
	static _Thread_local unsigned turn;
	char *path = paths[turn++ % 16];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
world_end(void)
{
	if (dir[0] && owner == getpid())
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	dir[0] = '\0';
}

static void
write_file(const char *path, const void *data, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write_all(fd, data, len) != 0 || fchmod(fd, mode) < 0)
		fail("%s: %s", path, strerror(errno));
	close(fd);
}

static void
read_file(const char *path, struct buf *out)
{
	if (file_read_at(AT_FDCWD, path, 256u << 20, true, out) != 0)
		fail("cannot read %s", path);
}

/* The helper stands beside this very program. */
static void
copy_helper(void)
{
	cleanup_buf struct buf program = BUF_INIT;
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 20);

	if (n <= 0)
		fail("/proc/self/exe: %s", strerror(errno));
	path[n] = '\0';
	strcpy(strrchr(path, '/') + 1, "fakefetch");
	read_file(path, &program);
	write_file(
	    world_path("libexec/fetch"), program.data, program.len, 0755);
}

static void
put_replaced(struct buf *out, const char *s, const char *from, const char *to)
{
	const char *at;

	for (; from && (at = strstr(s, from)); s = at + strlen(from)) {
		buf_put(out, s, (size_t)(at - s));
		buf_put_str(out, to);
	}
	buf_put_str(out, s);
}

void
world_provider(
    const char *id, const char *new_id, const char *from, const char *to)
{
	cleanup_buf struct buf text = BUF_INIT, named = BUF_INIT,
			       out = BUF_INIT;
	char path[1024], old_word[100], new_word[100];

	snprintf(path, sizeof(path), "%s/unit/fixtures/%s.json", TESTDATA, id);
	read_file(path, &text);
	snprintf(old_word, sizeof(old_word), "\"id\": \"%s\"", id);
	snprintf(new_word, sizeof(new_word), "\"id\": \"%s\"", new_id);
	put_replaced(&named, buf_str(&text), old_word, new_word);
	put_replaced(&out, buf_str(&named), from, to);
	snprintf(path, sizeof(path), "providers/%s.json", new_id);
	write_file(world_path(path), out.data, out.len, 0600);
}

static void
collect_warning(void *data, const char *sentence)
{
	size_t n = strlen(warnings);

	(void)data;
	snprintf(warnings + n, sizeof(warnings) - n, "%s\n", sentence);
}

const char *
world_warnings(void)
{
	static char given[sizeof(warnings)];

	memcpy(given, warnings, sizeof(given));
	warnings[0] = '\0';
	return given;
}

struct tokenward *
world_open_flags(int64_t offset, unsigned flags)
{
	struct tokenward_open_params p = {.size = sizeof(p),
	    .store = world_path("store"),
	    .flags = flags,
	    .timeout = 15,
	    .warn = collect_warning,
	    .libexec_dir = world_path("libexec"),
	    .provider_dir = world_path("providers"),
	    .clock_offset = offset};
	struct tokenward *tw;

	if (tokenward_open(&p, &tw) != TOKENWARD_OK)
		fail("open: %s", tokenward_error(tw));
	tw->jitter = 0;
	return tw;
}

struct tokenward *
world_open(int64_t offset)
{
	return world_open_flags(offset, 0);
}

static void
make_store(void)
{
	char key[1100];
	const char *keys[] = {key, NULL};
	struct tokenward *tw = world_open_flags(0, TOKENWARD_OPEN_NEW);
	char *text = NULL;
	int created = 0;

	snprintf(key, sizeof(key), "keyfile=%s", world_path("key"));
	if (tokenward_init_store(tw, keys, 0, &created, &text) != 0 || !created)
		fail("init: %s", tokenward_error(tw));
	tokenward_text_free(text);
	tokenward_close(tw);
}

void
world_make(void)
{
	static const char *const variables[] = {"TOKENWARD_STORE",
	    "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"};
	const char *top = getenv("TMPDIR");
	size_t i;

	umask(022);
	snprintf(dir, sizeof(dir), "%s/tokenward-world-XXXXXX",
	    top && top[0] == '/' ? top : "/tmp");
	if (!mkdtemp(dir) || mkdir(world_path("libexec"), 0700) < 0 ||
	    mkdir(world_path("providers"), 0700) < 0)
		fail("%s: %s", dir, strerror(errno));
	owner = getpid();
	atexit(world_end);
	for (i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		unsetenv(variables[i]);
	setenv("HOME", dir, 1);
	copy_helper();
	world_provider("loop", "loop", NULL, NULL);
	world_script("");
	make_store();
}

/* ---- the script -------------------------------------------------------- */

void
world_script(const char *script)
{
	write_file(world_path("libexec/script"), script, strlen(script), 0600);
	unlink(world_path("libexec/uses"));
}

static void
read_requests(struct buf *out)
{
	if (access(world_path("libexec/requests"), R_OK) == 0)
		read_file(world_path("libexec/requests"), out);
}

unsigned
world_requests(void)
{
	cleanup_buf struct buf all = BUF_INIT;
	unsigned n = 0;
	size_t i;

	read_requests(&all);
	for (i = 0; i < all.len; i++)
		n += all.data[i] == '\n';
	return n;
}

const char *
world_request(void)
{
	static char last[4096];
	cleanup_buf struct buf all = BUF_INIT;
	char *at;

	read_requests(&all);
	if (all.len == 0)
		return "";
	all.data[--all.len] = '\0';
	at = strrchr((char *)all.data, '\n');
	snprintf(last, sizeof(last), "%s", at ? at + 1 : buf_str(&all));
	return last;
}

/* ---- credentials ------------------------------------------------------- */

struct tokenward_credential *
world_bag(struct tokenward *tw, const char *secret, ...)
{
	struct tokenward_credential *c;
	const char *field;
	va_list ap;

	if (tokenward_credential_new(&c) != 0)
		fail("no memory");
	va_start(ap, secret);
	while ((field = va_arg(ap, const char *)))
		if (tokenward_credential_set(
			tw, c, field, va_arg(ap, const char *)) != 0)
			fail("%s: %s", field, tokenward_error(tw));
	va_end(ap);
	if (secret && tokenward_credential_set_secret(
			  tw, c, NULL, secret, strlen(secret), 0) != 0)
		fail("%s", tokenward_error(tw));
	return c;
}

void
world_add(struct tokenward *tw, const char *name, const char *secret)
{
	struct tokenward_credential *c = world_bag(
	    tw, secret, "provider", "loop", "client_id", "client", NULL);

	if (tokenward_add_credential(tw, name, c, 0, NULL) != 0)
		fail("add %s: %s", name, tokenward_error(tw));
	tokenward_credential_free(c);
}

const char *
world_field(struct tokenward *tw, const char *name, const char *field)
{
	static char text[8][1024];
	static unsigned turn;
	char *to = text[turn++ % 8];
	struct tokenward_credential *c;
	const char *value;

	if (tokenward_get_credential(tw, name, &c) != 0)
		fail("get %s: %s", name, tokenward_error(tw));
	value = tokenward_credential_get(c, field, 0);
	snprintf(to, sizeof(text[0]), "%s", value ? value : "");
	tokenward_credential_free(c);
	return to;
}

/* ---- tokens ------------------------------------------------------------ */

int
world_get_params(struct tokenward *tw, const char *name,
    const struct tokenward_token_params *params)
{
	struct tokenward_token *t = NULL;
	const char *warning;
	int r;

	/* Of two events within one millisecond none is the later. */
	if (params && params->flags & TOKENWARD_TOKEN_NEW)
		clock_sleep_ms(2);
	r = tokenward_get_token(tw, name, params, &t);
	world_token = (struct world_token){0};
	if ((r == 0) != (t != NULL))
		fail("result %d with token %p", r, (void *)t);
	if (r != 0)
		return r;
	warning = tokenward_token_warning(t);
	snprintf(world_token.value, sizeof(world_token.value), "%s",
	    tokenward_token_value(t));
	snprintf(world_token.warning, sizeof(world_token.warning), "%s",
	    warning ? warning : "");
	world_token.cached = tokenward_token_is_cached(t);
	world_token.expires_at = tokenward_token_expires_at(t);
	tokenward_token_free(t);
	return r;
}

int
world_get(struct tokenward *tw, const char *name, unsigned flags)
{
	struct tokenward_token_params p = {.size = sizeof(p), .flags = flags};

	return world_get_params(tw, name, &p);
}
