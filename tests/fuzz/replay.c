/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every corpus through its harness, without a fuzzer: each input as it is,
 * then with its first allocations failing, one by one and from one on.
 * usage: replay [-f NUMBER-OF-FAULTS] [-v] [HARNESS]...
 */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "fuzz.h"

#undef main /* the command's has another name in this program */

#define INPUT_MAX (1u << 20)

#define HARNESSES(X)    \
	X(answer)       \
	X(apply)        \
	X(assuan)       \
	X(clean)        \
	X(credential)   \
	X(encode)       \
	X(exchange)     \
	X(export)       \
	X(frame)        \
	X(frame_io)     \
	X(header)       \
	X(hello)        \
	X(http_date)    \
	X(json)         \
	X(options)      \
	X(pattern)      \
	X(place)        \
	X(plan)         \
	X(provider)     \
	X(recovery)     \
	X(redact)       \
	X(reply)        \
	X(seal)         \
	X(secret_rules) \
	X(stack)        \
	X(time)         \
	X(tokens)       \
	X(url)          \
	X(where)

#ifdef HAVE_TPM2
#define MORE(X) X(tpm2_slot)
#else
#define MORE(X)
#endif

#define DECLARE(name) int fuzz_##name(const uint8_t *data, size_t len);
HARNESSES(DECLARE)
MORE(DECLARE)

#define ROW(name) {#name, fuzz_##name},
static const struct {
	const char *name;
	int (*run)(const uint8_t *data, size_t len);
} table[] = {HARNESSES(ROW) MORE(ROW)};
#define TABLE (sizeof(table) / sizeof(table[0]))

static unsigned faults = 24;

/* In memory of its own size, so that reading beyond it is seen. */
static void
run_copy(size_t which, const struct buf *input)
{
	uint8_t *copy = malloc(input->len ? input->len : 1);

	REQUIRE(copy);
	if (input->len)
		memcpy(copy, input->data, input->len);
	table[which].run(copy, input->len);
	free(copy);
}

static void
run_input(size_t which, struct buf *input)
{
	run_copy(which, input);
	while (input->len < 2)
		buf_put_byte(input, 0);
	for (unsigned at = 1; at <= faults; at++)
		for (unsigned after = 0; after <= 1; after++) {
			input->data[0] = at & 0xff;
			input->data[1] = (unsigned char)(at >> 8 << 1 | after);
			run_copy(which, input);
		}
}

/* Says which input it is, should it be the last. */
static void
announce(const char *name, const char *file)
{
	char line[512];
	int n = snprintf(line, sizeof(line), "# %s/%s\n", name, file);

	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		abort();
}

static unsigned
run_corpus(size_t which, DIR *d, bool verbose)
{
	struct dirent *e;
	unsigned n = 0;

	while ((e = readdir(d))) {
		cleanup_buf struct buf input = BUF_INIT;

		if (e->d_name[0] == '.')
			continue;
		if (verbose)
			announce(table[which].name, e->d_name);
		REQUIRE(file_read_at(
			    dirfd(d), e->d_name, INPUT_MAX, true, &input) == 0);
		run_input(which, &input);
		n++;
	}
	return n;
}

static bool
replay(size_t which, bool verbose)
{
	cleanup_free char *dir = NULL;
	unsigned n = 0;
	DIR *d;

	REQUIRE(asprintf(&dir, CORPUS "/%s", table[which].name) > 0);
	d = opendir(dir);
	if (d) {
		n = run_corpus(which, d, verbose);
		closedir(d);
	}
	printf("%sok %zu - %s: %u inputs\n", n ? "" : "not ", which + 1,
	    table[which].name, n);
	fflush(stdout);
	return n > 0;
}

/* None are said: all. */
static bool
is_wanted(size_t which, char **names)
{
	if (!*names)
		return true;
	while (*names && strcmp(*names, table[which].name) != 0)
		names++;
	return *names;
}

int
main(int argc, char **argv)
{
	bool verbose = false, good = true;
	int option;

	while ((option = getopt(argc, argv, "f:v")) != -1)
		if (option == 'f')
			faults = (unsigned)atoi(optarg);
		else if (option == 'v')
			verbose = true;
		else
			return 2;
	for (size_t i = 0; i < TABLE; i++)
		if (is_wanted(i, argv + optind))
			good &= replay(i, verbose);
	if (optind == argc)
		printf("1..%zu\n", TABLE);
	return good ? 0 : 1;
}
