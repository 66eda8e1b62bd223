/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PAM module of the tests, for any phase:
 *
 *     token=FILE   the password is in FILE, each byte XOR 0x5a, so that no
 *     old=FILE     copy of it lies about; old: the one before
 *     scan=FILE    how often that password is in this process's memory: a
 *                  line is added to FILE
 *     gate=FIFO    a session begins when something was written to it
 *     user=NAME    from now on the login is NAME's
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <security/pam_modules.h>

#define MASK 0x5a
#define WORD_MAX 512

struct word {
	unsigned char masked[WORD_MAX];
	size_t len;
};

static const char *
value(int argc, const char **argv, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], name, len) == 0)
			return argv[i] + len;
	return NULL;
}

static int
read_word(const char *path, struct word *w)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n = fd < 0 ? -1 : read(fd, w->masked, sizeof(w->masked));

	if (fd >= 0)
		close(fd);
	w->len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static void
set_item(pam_handle_t *pamh, int item, const char *path)
{
	char plain[WORD_MAX + 1];
	struct word w;

	if (!read_word(path, &w))
		return;
	for (size_t i = 0; i < w.len; i++)
		plain[i] = (char)(w.masked[i] ^ MASK);
	plain[w.len] = '\0';
	pam_set_item(pamh, item, plain);
	explicit_bzero(plain, sizeof(plain));
}

/* ---- the memory of this process ---------------------------------------- */

static int
matches(const unsigned char *at, const struct word *w)
{
	for (size_t i = 0; i < w->len; i++)
		if ((at[i] ^ MASK) != w->masked[i])
			return 0;
	return 1;
}

static long
scan_range(int mem, unsigned long from, unsigned long to, const struct word *w)
{
	static unsigned char page[1 << 16];
	long found = 0;

	while (from < to) {
		size_t want =
		    to - from < sizeof(page) ? to - from : sizeof(page);
		ssize_t n = pread(mem, page, want, (off_t)from);

		if (n < (ssize_t)w->len)
			break;
		for (size_t i = 0; i + w->len <= (size_t)n; i++)
			found += matches(page + i, w);
		if ((size_t)n < sizeof(page))
			break;
		from += (size_t)n - w->len + 1;
	}
	explicit_bzero(page, sizeof(page));
	return found;
}

static void
scan(const char *path, const struct word *w)
{
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	FILE *maps = fopen("/proc/self/maps", "re"), *out;
	unsigned long from, to;
	char line[512], mode[5];
	long found = 0;

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) == 3 &&
		    mode[0] == 'r' && !strstr(line, "[v"))
			found += scan_range(mem, from, to, w);
	if (maps)
		fclose(maps);
	close(mem);
	out = fopen(path, "ae");
	if (out) {
		fprintf(out, "%ld\n", found);
		fclose(out);
	}
}

/* ---- every phase ------------------------------------------------------- */

static void
wait_at(const char *gate)
{
	char byte;
	int fd = open(gate, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, &byte, 1) >= 0)
		close(fd);
}

static int
phase(pam_handle_t *pamh, int argc, const char **argv, int begins)
{
	const char *scanned = value(argc, argv, "scan=");
	const char *token = value(argc, argv, "token=");
	const char *gate = value(argc, argv, "gate=");
	const char *user = value(argc, argv, "user=");
	struct word w;

	if (scanned && read_word(token, &w))
		scan(scanned, &w);
	else if (token)
		set_item(pamh, PAM_AUTHTOK, token);
	set_item(pamh, PAM_OLDAUTHTOK, value(argc, argv, "old="));
	if (user)
		pam_set_item(pamh, PAM_USER, user);
	if (gate && begins)
		wait_at(gate);
	return PAM_SUCCESS;
}

#define PHASE(name, begins)                                             \
	__attribute__((visibility("default"))) int name(                \
	    pam_handle_t *pamh, int flags, int argc, const char **argv) \
	{                                                               \
		(void)flags;                                            \
		return phase(pamh, argc, argv, begins);                 \
	}

PHASE(pam_sm_authenticate, 0)
PHASE(pam_sm_setcred, 0)
PHASE(pam_sm_acct_mgmt, 0)
PHASE(pam_sm_open_session, 1)
PHASE(pam_sm_close_session, 0)
PHASE(pam_sm_chauthtok, 0)
