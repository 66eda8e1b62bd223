/* SPDX-License-Identifier: BSD-2-Clause */
/* What was tampered with, damaged or left out is refused, and named. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "small_store.h"
#include "unit.h"

TestSuite(store_damage, .fini = unit_cleanup);

Test(store_damage, every_bit_of_three_records_and_the_header)
{
	struct store *s = small_make_three("s");
	const char *path = unit_path("s");
	size_t i, j, bit;
	int fd;

	for (i = 0; i < 3; i++) {
		struct buf b = BUF_INIT;

		unit_read(
		    small_file_of(s, small_three[i].kind, small_three[i].name),
		    &b);
		fd = open(
		    small_file_of(s, small_three[i].kind, small_three[i].name),
		    O_WRONLY);
		for (bit = 0; bit < b.len * 8; bit++) {
			b.data[bit / 8] ^= 1u << bit % 8;
			cr_assert_eq(
			    pwrite(fd, &b.data[bit / 8], 1, (off_t)bit / 8), 1);
			for (j = 0; j < 3; j++)
				if (j == i || bit % 64 == 0)
					small_check(s, small_three[j].kind,
					    small_three[j].name,
					    small_three[j].text, j != i);
			b.data[bit / 8] ^= 1u << bit % 8;
			cr_assert_eq(
			    pwrite(fd, &b.data[bit / 8], 1, (off_t)bit / 8), 1);
		}
		close(fd);
		buf_free(&b);
	}
	store_close(s);

	struct buf b = BUF_INIT;
	struct error err;

	unit_read(unit_path("s/header"), &b);
	fd = open(unit_path("s/header"), O_WRONLY);
	for (bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= 1u << bit % 8;
		cr_assert_eq(
		    pwrite(fd, b.data + bit / 8, 1, (off_t)bit / 8), 1);
		cr_assert_neq(
		    small_reopen(path, &s, &err), TOKENWARD_OK, "bit %zu", bit);
		b.data[bit / 8] ^= 1u << bit % 8;
		cr_assert_eq(
		    pwrite(fd, b.data + bit / 8, 1, (off_t)bit / 8), 1);
	}
	close(fd);
	buf_free(&b);
	assert_ok(small_reopen(path, &s, &err), err);
	store_close(s);
}

Test(store_damage, a_record_cut_anywhere)
{
	struct store *s = small_make_three("s");
	const char *file = small_file_of(s, RECORD_CREDENTIAL, "a");
	struct buf b = BUF_INIT;
	size_t len;

	unit_read(file, &b);
	for (len = b.len; len-- > 0;) {
		cr_assert_eq(truncate(file, (off_t)len), 0);
		small_check(s, RECORD_CREDENTIAL, "a", "one", false);
	}
	unit_write(file, b.data, b.len);
	small_check(s, RECORD_CREDENTIAL, "a", "one", true);
	cr_assert_eq(truncate(file, 1ll << 40), 0, "sparse, 1 TiB");
	small_check(s, RECORD_CREDENTIAL, "a", "one", false);
	buf_free(&b);
	store_close(s);
}

Test(store_damage, swapped_and_foreign_records)
{
	struct store *s = small_make_three("s"),
		     *other = small_make_three("other");
	char a[1024], b[1024], t[1024];
	struct buf one = BUF_INIT, two = BUF_INIT, foreign = BUF_INIT;

	strcpy(a, small_file_of(s, RECORD_CREDENTIAL, "a"));
	strcpy(b, small_file_of(s, RECORD_CREDENTIAL, "b"));
	strcpy(t, small_file_of(s, RECORD_TOKENS, "a"));
	unit_read(a, &one);
	unit_read(b, &two);
	unit_read(small_file_of(other, RECORD_CREDENTIAL, "a"), &foreign);
	unit_write(a, two.data, two.len);
	unit_write(b, one.data, one.len);
	small_check(s, RECORD_CREDENTIAL, "a", "one", false);
	small_check(s, RECORD_CREDENTIAL, "b", "two", false);
	unit_write(t, one.data, one.len);
	small_check(s, RECORD_TOKENS, "a", "token", false);
	unit_write(a, foreign.data, foreign.len);
	small_check(s, RECORD_CREDENTIAL, "a", "one", false);
	unit_write(a, one.data, one.len);
	small_check(s, RECORD_CREDENTIAL, "a", "one", true);
	buf_free(&one);
	buf_free(&two);
	buf_free(&foreign);
	store_close(s);
	store_close(other);
}

Test(store_damage, odd_files_instead_of_records)
{
	struct store *s = small_make_three("s");
	const char *file = small_file_of(s, RECORD_CREDENTIAL, "a");
	const char *real = small_file_of(s, RECORD_CREDENTIAL, "b");
	struct error err;

	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(symlink(real, file), 0);
	small_check(s, RECORD_CREDENTIAL, "a", "one", false);
	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(mkfifo(file, 0600), 0);
	small_check(s, RECORD_CREDENTIAL, "a", "one", false);
	assert_ok(small_put(s, RECORD_CREDENTIAL, "a", "new", 0, &err), err);
	small_expect(s, RECORD_CREDENTIAL, "a", "new", 1);
	store_close(s);
}

Test(store_damage, a_damaged_tokens_record_is_written_over)
{
	struct store *s = small_make_three("s");
	const char *file = small_file_of(s, RECORD_TOKENS, "a");
	struct buf b = BUF_INIT, plain = BUF_SECRET_INIT;
	uint64_t generation;
	struct error err;

	unit_read(file, &b);
	b.data[b.len - 1] ^= 1;
	unit_write(file, b.data, b.len);
	assert_fails(
	    small_get(s, RECORD_TOKENS, "a", &plain, &generation, &err), err,
	    TOKENWARD_DAMAGED, "tokens record of a is damaged");
	assert_ok(
	    small_put(s, RECORD_TOKENS, "a", "new", generation, &err), err);
	small_expect(s, RECORD_TOKENS, "a", "new", 2);
	unit_write(file, "", 0);
	cr_assert_eq(
	    small_get(s, RECORD_TOKENS, "a", &plain, &generation, &err),
	    TOKENWARD_DAMAGED);
	assert_ok(
	    small_put(s, RECORD_TOKENS, "a", "new", generation, &err), err);
	small_expect(s, RECORD_TOKENS, "a", "new", 1);
	buf_free(&b);
	store_close(s);
}

Test(store_damage, a_damaged_credential_says_what_to_do)
{
	struct store *s = small_make_three("s");
	struct buf plain = BUF_SECRET_INIT;
	struct error err;

	unit_write(small_file_of(s, RECORD_CREDENTIAL, "b"), "rubbish", 7);
	assert_fails(small_get(s, RECORD_CREDENTIAL, "b", &plain, NULL, &err),
	    err, TOKENWARD_DAMAGED, "cut short; bring the file back");
	store_close(s);
}

Test(store_damage, a_folder_left_out_of_a_backup)
{
	struct store *s = small_make("s");
	struct error err;

	cr_assert_eq(rmdir(unit_path("s/tokens")), 0);
	assert_ok(small_put(s, RECORD_TOKENS, "a", "t", 0, &err), err);
	small_expect(s, RECORD_TOKENS, "a", "t", 1);
	store_close(s);
}

Test(store_damage, each_gives_all_and_the_damaged)
{
	struct store *s = small_make_three("s");
	struct small_seen seen = {0};
	struct error err;

	unit_write(unit_path("s/credentials/leftover.new"), "x", 1);
	assert_ok(store_each(s, small_see, &seen, &err), err);
	cr_assert_eq(seen.whole, 2);
	cr_assert_eq(seen.damaged, 0);
	unit_write(small_file_of(s, RECORD_CREDENTIAL, "b"), "rubbish", 7);
	seen = (struct small_seen){0};
	assert_ok(store_each(s, small_see, &seen, &err), err);
	cr_assert_eq(seen.whole, 1);
	cr_assert_eq(seen.damaged, 1);
	cr_assert_not(seen.other);
	store_close(s);
}
