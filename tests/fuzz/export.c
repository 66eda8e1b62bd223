/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Export files.  The first byte says how: 0, the rest is such a file as it
 * may come from anybody; else it is the number of records that are written
 * here, and the rest changes the file: a place of two bytes and a byte that
 * is put there, as often as there are three.  Nothing but what was written
 * comes out, and of a changed file never the whole of it.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/secret.h"
#include "base/str.h"
#include "fuzz.h"
#include "store/export.h"

#define RECORDS_MAX 4

static unsigned char *master;

struct given {
	unsigned records;
	char last[8];
};

static int
take(void *data, const char *name, const struct buf *plain, struct error *err)
{
	struct given *g = data;

	(void)err;
	REQUIRE(str_is_name(name) && plain->len > 0);
	REQUIRE(strlen(name) == 2 && strcmp(g->last, name) < 0);
	memcpy(g->last, name, 3);
	g->records++;
	return TOKENWARD_OK;
}

/* The whole way of a reader. */
static int
read_file(int fd, struct given *ret)
{
	struct export_reader *reader = NULL;
	struct error err = {0};
	char path[32];
	int r;

	*ret = (struct given){0};
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	faults_on();
	r = export_open(path, &reader, &err);
	faults_off();
	if (r == TOKENWARD_OK)
		r = export_unlock(reader, master, &err);
	faults_on();
	if (r == TOKENWARD_OK)
		r = export_each(reader, take, ret, &err);
	faults_off();
	export_close(reader);
	if (r)
		fuzz_error(&err, r);
	return r;
}

static void
write_records(struct export_writer *w, unsigned n)
{
	struct error err;
	char name[3] = "r0";

	for (; n > 0; n--, name[1]++) {
		cleanup_buf struct buf plain = BUF_SECRET_INIT;

		frame_put_str(&plain, "name", name);
		REQUIRE(export_put(w, name, &plain, &err) == TOKENWARD_OK);
	}
	REQUIRE(export_finish(w, &err) == TOKENWARD_OK);
}

/* The bytes of a good one; made once for each number. */
static const struct buf *
good_file(unsigned n)
{
	static struct buf files[RECORDS_MAX + 1];
	struct header h = {.format = FORMAT_VERSION,
	    .min_reader = FORMAT_VERSION,
	    .suite = 1,
	    .epoch = 1,
	    .sequence = 1,
	    .next_slot = 1};
	char dir[] = "/dev/shm/tokenward-fuzz-XXXXXX", path[64];
	struct export_writer *w;
	struct error err;

	if (files[n].len)
		return &files[n];
	REQUIRE(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/x", dir);
	REQUIRE(export_create(path, &h, master, &w, &err) == TOKENWARD_OK);
	write_records(w, n);
	export_abandon(w);
	REQUIRE(file_read_at(AT_FDCWD, path, 1 << 20, false, &files[n]) == 0);
	unlink(path);
	rmdir(dir);
	return &files[n];
}

static int
check_changed(int fd, struct input *in, unsigned n)
{
	const struct buf *good = good_file(n);
	cleanup_buf struct buf b = BUF_INIT;
	struct given g;
	int r;

	buf_put(&b, good->data, good->len);
	while (in->left >= 3) {
		size_t at = (size_t)input_byte(in) << 8;

		at = (at | input_byte(in)) % b.len;
		b.data[at] = input_byte(in);
	}
	if (in->left == 1) /* cut, or longer */
		b.len -= *in->at % b.len;
	else if (in->left == 2)
		buf_put(&b, in->at, 2);
	REQUIRE(!b.failed && write_all(fd, b.data, b.len) == 0);
	r = read_file(fd, &g);
	REQUIRE(g.records <= n);
	REQUIRE(r != TOKENWARD_OK || buf_equal(&b, good));
	REQUIRE(r == TOKENWARD_OK || faults_hit() || !buf_equal(&b, good));
	REQUIRE(r != TOKENWARD_OK || g.records == n);
	return r;
}

static int
once(struct input in)
{
	cleanup_close int fd = memfd_create("export", MFD_CLOEXEC);
	unsigned n = input_byte(&in);
	struct given g;
	int r;

	master = secret_alloc(KEY_LEN);
	REQUIRE(fd >= 0 && master);
	memset(master, 7, KEY_LEN);
	if (n) {
		r = check_changed(fd, &in, 1 + n % RECORDS_MAX);
	} else {
		REQUIRE(write_all(fd, in.at, in.left) == 0);
		r = read_file(fd, &g);
		REQUIRE(r != TOKENWARD_OK);
	}
	secret_free(master);
	return r;
}

FUZZ(export)
{
	return fuzz_run(once, data, len);
}
