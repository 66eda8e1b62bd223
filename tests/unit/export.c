/* SPDX-License-Identifier: BSD-2-Clause */
/* store/export: what is written can be read; nothing else is taken for it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/frame.h"
#include "base/secret.h"
#include "base/str.h"
#include "store/export.h"
#include "unit.h"

static unsigned char *master;
static struct header head;
static struct error err;
static const char *path;

static void
start(void)
{
	master = secret_alloc(KEY_LEN);
	memset(master, 7, KEY_LEN);
	head = (struct header){.format = FORMAT_VERSION,
	    .min_reader = FORMAT_VERSION,
	    .suite = 1,
	    .epoch = 1,
	    .sequence = 1,
	    .next_slot = 1};
	memset(head.store_id, 3, STORE_ID_LEN);
	path = unit_path("x");
}

static void
stop(void)
{
	secret_free(master);
	unit_cleanup();
}

TestSuite(export, .init = start, .fini = stop, .timeout = 60);

static void
put(struct export_writer *w, const char *name, size_t more)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	frame_put_str(&plain, "name", name);
	while (more--)
		buf_put_byte(&plain, 0);
	assert_ok(export_put(w, name, &plain, &err), err);
}

static void
write_three(void)
{
	struct export_writer *w;

	assert_ok(export_create(path, &head, master, &w, &err), err);
	put(w, "a", 0);
	put(w, "b", 0);
	put(w, "c", 0);
	assert_ok(export_finish(w, &err), err);
	export_abandon(w);
}

static int
gather(void *data, const char *name, const struct buf *plain, struct error *e)
{
	(void)e;
	buf_printf(data, "%s:%zu ", name, plain->len);
	return TOKENWARD_OK;
}

/* The whole way of a reader; what was given stands in names. */
static int
read_all(struct buf *names)
{
	struct export_reader *r;
	int result = export_open(path, &r, &err);

	buf_clear(names);
	if (result != TOKENWARD_OK)
		return result;
	result = export_unlock(r, master, &err);
	if (result == TOKENWARD_OK)
		result = export_each(r, gather, names, &err);
	export_close(r);
	return result;
}

static void
refuses(const char *what, size_t at)
{
	cleanup_buf struct buf names = BUF_INIT;

	cr_assert_neq(read_all(&names), TOKENWARD_OK, "%s %zu", what, at);
}

Test(export, what_was_put_comes_out_in_order)
{
	cleanup_buf struct buf names = BUF_INIT;
	struct stat st;

	write_three();
	assert_ok(read_all(&names), err);
	cr_assert_str_eq(buf_str(&names), "a:10 b:10 c:10 ");
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
	cr_assert_neq(access(unit_path("x.new"), F_OK), 0);
}

Test(export, an_empty_one_is_one)
{
	cleanup_buf struct buf names = BUF_INIT;
	struct export_writer *w;

	assert_ok(export_create(path, &head, master, &w, &err), err);
	assert_ok(export_finish(w, &err), err);
	export_abandon(w);
	assert_ok(read_all(&names), err);
	cr_assert_eq(names.len, 0);
}

Test(export, every_bit_counts)
{
	cleanup_buf struct buf whole = BUF_INIT;
	unsigned char changed;
	int bit, fd;
	size_t i;

	write_three();
	unit_read(path, &whole);
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (i = 0; i < whole.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			changed = whole.data[i] ^ (unsigned char)(1 << bit);
			cr_assert_eq(pwrite(fd, &changed, 1, (off_t)i), 1);
			refuses("bit of byte", i);
		}
		cr_assert_eq(pwrite(fd, &whole.data[i], 1, (off_t)i), 1);
	}
	close(fd);
	assert_ok(read_all(&whole), err);
}

Test(export, every_end_that_comes_early_is_found)
{
	cleanup_buf struct buf whole = BUF_INIT;
	size_t i;

	write_three();
	unit_read(path, &whole);
	cr_assert_eq(truncate(path, (off_t)whole.len + 1), 0);
	refuses("a byte more", 0);
	for (i = whole.len; i-- > 0;) {
		cr_assert_eq(truncate(path, (off_t)i), 0);
		refuses("end at", i);
	}
}

/* Records: u32 length, then that many bytes. */
static size_t
record_at(const struct buf *b, unsigned n)
{
	size_t at = 12 + get_u32(b->data + 8);

	while (n--)
		at += 4 + get_u32(b->data + at);
	return at;
}

Test(export, records_are_not_moved_doubled_or_left_out)
{
	cleanup_buf struct buf whole = BUF_INIT, other = BUF_INIT;
	size_t at[4], i;

	write_three();
	unit_read(path, &whole);
	for (i = 0; i < 4; i++)
		at[i] = record_at(&whole, (unsigned)i);
	cr_assert_eq(at[1] - at[0], at[2] - at[1]);

	buf_put(&other, whole.data, at[0]); /* b a c */
	buf_put(&other, whole.data + at[1], at[2] - at[1]);
	buf_put(&other, whole.data + at[0], at[1] - at[0]);
	buf_put(&other, whole.data + at[2], whole.len - at[2]);
	unit_write(path, other.data, other.len);
	refuses("moved", 0);

	buf_clear(&other); /* a a b c */
	buf_put(&other, whole.data, at[1]);
	buf_put(&other, whole.data + at[0], whole.len - at[0]);
	unit_write(path, other.data, other.len);
	refuses("doubled", 0);

	buf_clear(&other); /* a b */
	buf_put(&other, whole.data, at[2]);
	buf_put(&other, whole.data + at[3], whole.len - at[3]);
	unit_write(path, other.data, other.len);
	refuses("left out", 0);
}

Test(export, names_must_go_up)
{
	struct export_writer *w;

	assert_ok(export_create(path, &head, master, &w, &err), err);
	put(w, "b", 0);
	put(w, "a", 0);
	assert_ok(export_finish(w, &err), err);
	export_abandon(w);
	refuses("order", 0);
}

Test(export, another_key_opens_nothing)
{
	cleanup_buf struct buf names = BUF_INIT;

	write_three();
	master[0] ^= 1;
	cr_assert_eq(read_all(&names), TOKENWARD_LOCKED);
	cr_assert_eq(names.len, 0);
}

Test(export, no_other_file_is_written_over)
{
	struct export_writer *w;

	unit_write(path, "mine", 4);
	cr_assert_eq(
	    export_create(path, &head, master, &w, &err), TOKENWARD_EXISTS);
	unlink(path);
	assert_ok(export_create(path, &head, master, &w, &err), err);
	unit_write(path, "mine", 4);
	cr_assert_eq(export_finish(w, &err), TOKENWARD_EXISTS);
	export_abandon(w);
	cr_assert_neq(access(unit_path("x.new"), F_OK), 0);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink("/nowhere", path), 0);
	cr_assert_eq(
	    export_create(path, &head, master, &w, &err), TOKENWARD_EXISTS);
}

Test(export, what_a_killed_writer_left_is_written_over)
{
	cleanup_buf struct buf names = BUF_INIT;

	unit_write(unit_path("x.new"), "", 0);
	write_three();
	unlink(path);
	unit_write(unit_path("x.new"), "\x89TWX\r\n\x1a\nhalf", 12);
	write_three();
	assert_ok(read_all(&names), err);
}

Test(export, what_somebody_else_left_is_not)
{
	struct export_writer *w;
	int fd;

	unit_write(unit_path("x.new"), "a letter", 8);
	cr_assert_eq(
	    export_create(path, &head, master, &w, &err), TOKENWARD_EXISTS);
	unit_write(unit_path("x.new"), "", 0);
	fd = open(unit_path("x.new"), O_RDONLY | O_CLOEXEC);
	cr_assert_eq(flock(fd, LOCK_EX), 0);
	cr_assert_eq(
	    export_create(path, &head, master, &w, &err), TOKENWARD_EXISTS);
	close(fd);
}

Test(export, only_regular_files_are_read)
{
	struct export_reader *r;

	cr_assert_eq(export_open(unit_path("none"), &r, &err), TOKENWARD_USAGE);
	cr_assert_eq(export_open("/dev/null", &r, &err), TOKENWARD_USAGE);
	cr_assert_eq(export_open("/", &r, &err), TOKENWARD_USAGE);
	unit_write(path, "text", 4);
	cr_assert_eq(export_open(path, &r, &err), TOKENWARD_USAGE);
}
