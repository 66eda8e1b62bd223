/* SPDX-License-Identifier: BSD-2-Clause */
/* store/export: what is written can be read; nothing else is taken for it. */
#include <errno.h>
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
#include "store/seal.h"
#include "failing.h"
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

static void
put_u32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

/* What the file says of itself is judged before it is believed. */
static void
refuses_size(struct buf *whole, size_t at, uint32_t size, const char *words)
{
	cleanup_buf struct buf names = BUF_INIT;
	uint32_t was = get_u32(whole->data + at);

	put_u32(whole->data + at, size);
	unit_write(path, whole->data, whole->len);
	assert_fails(read_all(&names), err, TOKENWARD_DAMAGED, words);
	put_u32(whole->data + at, was);
}

Test(export, sizes_have_limits)
{
	cleanup_buf struct buf whole = BUF_INIT;
	size_t record;

	write_three();
	unit_read(path, &whole);
	record = record_at(&whole, 0);
	refuses_size(&whole, record, 1, "the size of a record");
	refuses_size(&whole, record, 32, "the size of a record");
	refuses_size(&whole, record, 33, "a record was changed");
	refuses_size(&whole, record, 32 + SEAL_MAX + 1, "the size of a record");
	refuses_size(&whole, record, 32 + SEAL_MAX, "it is cut short");
	refuses_size(&whole, record, UINT32_MAX, "the size of a record");
	refuses_size(&whole, record, 0, "its checksum");
	refuses_size(&whole, 8, HEADER_MAX + 1, "the size of its header");
	refuses_size(&whole, 8, HEADER_MAX, "it is cut short");
	refuses_size(&whole, 8, 0, "header is damaged");
	buf_put_byte(&whole, 0);
	unit_write(path, whole.data, whole.len);
	assert_fails(
	    read_all(&whole), err, TOKENWARD_DAMAGED, "something follows");
}

Test(export, what_is_interrupted_is_read_on)
{
	cleanup_buf struct buf names = BUF_INIT;
	unsigned n;
	bool hit = true;

	write_three();
	for (n = 1; hit; n++) {
		errno = EINTR; /* of something before */
		failing_begin("read", n, EINTR);
		assert_ok(read_all(&names), err);
		hit = failing_end();
		cr_assert_str_eq(buf_str(&names), "a:10 b:10 c:10 ");
	}
	cr_assert(n > 10);
	failing_begin("read", 1, 0);
	assert_ok(read_all(&names), err);
	cr_assert(failing_end());
	cr_assert_str_eq(buf_str(&names), "a:10 b:10 c:10 ");
}

Test(export, a_name_that_came_first_is_another_files)
{
	struct export_writer *w;

	assert_ok(export_check_new(path, &err), err);
	failing_begin("renameat2", 1, EINVAL); /* of an old file system */
	write_three();
	cr_assert(failing_end());
	cr_assert_neq(access(unit_path("x.new"), F_OK), 0);
	assert_fails(export_check_new(path, &err), err, TOKENWARD_EXISTS,
	    "never takes the place");
	cr_assert_eq(unlink(path), 0);
	assert_ok(export_create(path, &head, master, &w, &err), err);
	put(w, "a", 0);
	unit_write(path, "mine", 4);
	failing_begin("renameat2", 1, ENOSYS);
	assert_fails(export_finish(w, &err), err, TOKENWARD_EXISTS,
	    "never takes the place");
	cr_assert(failing_end());
	export_abandon(w);
	cr_assert_neq(access(unit_path("x.new"), F_OK), 0);
}

Test(export, a_name_without_a_directory_is_one_here)
{
	cleanup_buf struct buf names = BUF_INIT;

	cr_assert_eq(chdir(unit_dir()), 0);
	path = "here";
	write_three();
	assert_ok(read_all(&names), err);
	cr_assert_str_eq(buf_str(&names), "a:10 b:10 c:10 ");
}

static int
stop_at_b(
    void *data, const char *name, const struct buf *plain, struct error *e)
{
	++*(int *)data;
	(void)plain;
	return name[0] == 'b' ? error_set(e, TOKENWARD_EXISTS, "enough") : 0;
}

Test(export, a_walk_ends_when_told_and_can_begin_again)
{
	cleanup_buf struct buf names = BUF_INIT;
	struct export_reader *r;
	int n = 0;

	write_three();
	assert_ok(export_open(path, &r, &err), err);
	cr_assert_eq(
	    memcmp(export_header(r)->store_id, head.store_id, STORE_ID_LEN), 0);
	assert_ok(export_unlock(r, master, &err), err);
	assert_fails(export_each(r, stop_at_b, &n, &err), err, TOKENWARD_EXISTS,
	    "enough");
	cr_assert_eq(n, 2);
	assert_ok(export_each(r, gather, &names, &err), err);
	assert_ok(export_each(r, gather, &names, &err), err);
	cr_assert_str_eq(buf_str(&names), "a:10 b:10 c:10 a:10 b:10 c:10 ");
	export_close(r);
	export_close(NULL);
	export_abandon(NULL);
}

/* The name inside is the one the record is for. */
Test(export, a_record_of_another_name_is_refused)
{
	static const struct {
		const char *key, *name;
		size_t len;
	} rows[] = {{"name", "b", 1}, {"nome", "a", 1}, {"name", "", 0},
	    {"name", "a\0b", 3}};
	struct export_writer *w;
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_clear(&plain);
		frame_put(&plain, rows[i].key, rows[i].name, rows[i].len);
		assert_ok(export_create(path, &head, master, &w, &err), err);
		assert_ok(export_put(w, "a", &plain, &err), err);
		assert_ok(export_finish(w, &err), err);
		export_abandon(w);
		assert_fails(read_all(&plain), err, TOKENWARD_DAMAGED,
		    "a record's name");
		cr_assert_eq(unlink(path), 0);
	}
	assert_ok(export_create(path, &head, master, &w, &err), err);
	put(w, "a", 0);
	put(w, "a", 0);
	assert_ok(export_finish(w, &err), err);
	export_abandon(w);
	assert_fails(
	    read_all(&plain), err, TOKENWARD_DAMAGED, "a record's name");
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

/* A host may have closed its standard input. */
Test(export, descriptor_0_is_as_good_as_any_and_given_back)
{
	cleanup_buf struct buf names = BUF_INIT;
	struct export_writer *w;

	close(0);
	write_three();
	cr_assert_eq(fcntl(0, F_GETFD), -1);
	assert_ok(read_all(&names), err);
	cr_assert_eq(fcntl(0, F_GETFD), -1);
	unlink(path);
	assert_ok(export_create(path, &head, master, &w, &err), err);
	export_abandon(w);
	cr_assert_eq(fcntl(0, F_GETFD), -1);
	cr_assert_eq(access(unit_path("x.new"), F_OK), -1);
}

static const struct {
	const char *call;
	int error;
	const char *words;
} troubles[] = {
    {"unlinkat", EIO, "cannot remove "},
    {"openat", EIO, "cannot open "},
    {"flock", EWOULDBLOCK, "is in the way"},
    {"fstat64", EIO, "is in the way"},
    {"pread64", EIO, "is in the way"},
};

Test(export, what_was_left_and_cannot_be_taken_away_is_told)
{
	struct export_writer *w;
	size_t i;
	int r;

	for (i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		unit_write(unit_path("x.new"), "", 0);
		failing_begin(troubles[i].call, 1, troubles[i].error);
		r = export_create(path, &head, master, &w, &err);
		cr_assert(failing_end(), "%s", troubles[i].call);
		cr_assert_neq(r, TOKENWARD_OK);
		cr_assert(strstr(err.text, troubles[i].words), "%s: %s",
		    troubles[i].call, err.text);
	}
}

static const struct {
	const char *bytes;
	size_t len;
	bool ours;
} leftovers[] = {
    {"", 0, true},
    {"\x89TWX", 4, true},
    {"\0\0\0\0", 4, true}, /* the power failed */
    {"\x89T\0\0\r\n", 6, true},
    {"\x89TWX\r\n\x1a\n", 8, true},
    {"\x89TWX\r\n\x1a\0", 8, true},
    {"\x89TWX\r\n\x1a\nmore", 12, true},
    {"\x89TWX\r\n\x1a\0more", 12, false},
    {"\x89TWY", 4, false},
    {"x", 1, false},
};

Test(export, what_was_left_is_known_by_its_first_bytes)
{
	struct export_writer *w = NULL;
	size_t i;

	for (i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++) {
		int r;

		unit_write(
		    unit_path("x.new"), leftovers[i].bytes, leftovers[i].len);
		r = export_create(path, &head, master, &w, &err);
		cr_assert_eq(r == TOKENWARD_OK, leftovers[i].ours, "%zu", i);
		if (r == TOKENWARD_OK)
			export_abandon(w);
	}
}

Test(export, what_was_left_must_be_a_file_of_ours)
{
	struct export_writer *w;

	cr_assert_eq(symlink("/nowhere", unit_path("x.new")), 0);
	assert_fails(export_create(path, &head, master, &w, &err), err,
	    TOKENWARD_EXISTS, "x.new is in the way");
	cr_assert_eq(unlink(unit_path("x.new")), 0);
	cr_assert_eq(mkdir(unit_path("x.new"), 0700), 0);
	assert_fails(export_create(path, &head, master, &w, &err), err,
	    TOKENWARD_EXISTS, "x.new is in the way");
	cr_assert_eq(rmdir(unit_path("x.new")), 0);
	unit_write(unit_path("x.new"), "", 0);
	failing_owner(true, geteuid() + 1);
	assert_fails(export_create(path, &head, master, &w, &err), err,
	    TOKENWARD_EXISTS, "x.new is in the way");
	failing_owner(false, 0);
}

Test(export, only_regular_files_are_read)
{
	struct export_reader *r;

	cr_assert_eq(export_open(unit_path("none"), &r, &err), TOKENWARD_USAGE);
	cr_assert_eq(export_open("/dev/null", &r, &err), TOKENWARD_USAGE);
	cr_assert_eq(export_open("/", &r, &err), TOKENWARD_USAGE);
	unit_write(path, "\x89TWX\r\n\x1a\n", 8);
	assert_fails(export_open(path, &r, &err), err, TOKENWARD_USAGE,
	    "is no export of tokenward");
	unit_write(path, "text", 4);
	cr_assert_eq(export_open(path, &r, &err), TOKENWARD_USAGE);
}

Test(export, a_record_that_is_no_list_is_refused)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	struct export_writer *w;

	buf_put_str(&plain, "\4name, but it ends too early");
	assert_ok(export_create(path, &head, master, &w, &err), err);
	assert_ok(export_put(w, "a", &plain, &err), err);
	assert_ok(export_finish(w, &err), err);
	export_abandon(w);
	assert_fails(
	    read_all(&plain), err, TOKENWARD_DAMAGED, "a record's name");
}

/* The key was proved by a header that must be the one the MAC is over. */
Test(export, one_that_changes_while_it_is_read_is_refused)
{
	cleanup_buf struct buf whole = BUF_INIT, names = BUF_INIT;
	struct export_reader *r;

	write_three();
	unit_read(path, &whole);
	assert_ok(export_open(path, &r, &err), err);
	assert_ok(export_unlock(r, master, &err), err);
	assert_ok(export_each(r, gather, &names, &err), err);
	whole.data[record_at(&whole, 0) - 1] ^= 1;
	unit_write(path, whole.data, whole.len);
	buf_clear(&names);
	assert_fails(export_each(r, gather, &names, &err), err,
	    TOKENWARD_DAMAGED, "it is being changed");
	cr_assert_eq(names.len, 0);
	export_close(r);
}
