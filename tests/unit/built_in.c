/* SPDX-License-Identifier: BSD-2-Clause */
/* The modules that are part of the library, asked as any module is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "base/frame.h"
#include "base/secret.h"
#include "key/methods.h"
#include "module/built_in.h"
#include "module/message.h"
#include "store/store.h"
#include "failing.h"
#include "unit.h"

static const unsigned char master[KEY_LEN] = "the master key, thirty-two bytes";
static const unsigned char salt[SLOT_SALT_LEN] = "sixteen bytes..";
static struct buf list = BUF_INIT; /* what is asked next */
static struct tokenward_message reply = MESSAGE_INIT;

static void
setup(void)
{
	cr_assert(sodium_init() >= 0);
}

static void
teardown(void)
{
	message_free(&reply);
	buf_free(&list);
	unit_cleanup();
}

TestSuite(built_in, .init = setup, .fini = teardown);

static void
text(const char *key, const char *value)
{
	frame_put_str(&list, key, value);
}

/* What stands in the list, and nothing of it any more. */
static int
ask(tokenward_operation operation)
{
	struct tokenward_message request = MESSAGE_INIT;
	int r;

	message_free(&reply);
	reply = (struct tokenward_message)MESSAGE_INIT;
	cr_assert(message_read(&request, list.data, list.len, NULL));
	r = operation(NULL, &request, &reply);
	message_free(&request);
	buf_clear(&list);
	return r;
}

/* A text of the answer; static, "" when there is none. */
static const char *
answer(const char *key)
{
	static char text[4][300];
	static unsigned turn;
	char *to = text[turn++ % 4];
	struct frame_field f;

	to[0] = '\0';
	if (frame_find(reply.list.data, reply.list.len, key, &f))
		snprintf(to, sizeof(text[0]), "%.*s", (int)f.len, f.value);
	return to;
}

static bool
answers_kek(unsigned char *ret)
{
	struct frame_field f;

	if (!frame_find(reply.list.data, reply.list.len, "kek", &f))
		return false;
	cr_assert_eq(f.len, KEY_LEN);
	memcpy(ret, f.value, KEY_LEN);
	return true;
}

/* ---- key --------------------------------------------------------------- */

static void
begin_slot(void)
{
	text("path", unit_path("s"));
	text("slot", "3");
	frame_put(&list, "salt", salt, sizeof(salt));
}

static void
take_salt(unsigned char *ret)
{
	struct frame_field f;

	cr_assert(frame_find(reply.list.data, reply.list.len, "salt", &f));
	cr_assert_eq(f.len, SLOT_SALT_LEN);
	memcpy(ret, f.value, SLOT_SALT_LEN);
}

Test(built_in, a_key_file_is_made_and_opens_with_what_was_kept)
{
	unsigned char made[KEY_LEN], got[KEY_LEN], used[SLOT_SALT_LEN];
	const char *path = unit_path("key");

	begin_slot();
	text("arg", path);
	cr_assert_eq(ask(keyfile_module.key.enroll), TOKENWARD_MODULE_OK);
	cr_assert(answers_kek(made));
	cr_assert_str_eq(answer("param.path"), path);
	take_salt(used);
	text("path", unit_path("s"));
	frame_put(&list, "salt", used, sizeof(used));
	text("param.path", path);
	cr_assert_eq(ask(keyfile_module.key.open), TOKENWARD_MODULE_OK);
	cr_assert(answers_kek(got));
	cr_assert_eq(memcmp(made, got, KEY_LEN), 0);
	cr_assert_str_eq(answer("salt"), "", "that is the host's already");
	cr_assert_str_eq(answer("param.path"), "");
	cr_assert_eq(secret_in_use(), reply.list.cap);
}

Test(built_in, a_key_file_that_is_gone_is_away_and_a_bad_one_denied)
{
	unsigned char got[KEY_LEN];

	begin_slot();
	text("param.path", unit_path("gone"));
	cr_assert_eq(ask(keyfile_module.key.open), TOKENWARD_MODULE_AWAY);
	cr_assert(strstr(reply.said, "No such file") != NULL);
	unit_write(unit_path("file"), "x", 1);
	begin_slot();
	text("param.path", unit_path("file/key"));
	cr_assert_eq(ask(keyfile_module.key.open), TOKENWARD_MODULE_AWAY);
	begin_slot();
	text("param.path", unit_path("file"));
	cr_assert_eq(ask(keyfile_module.key.open), TOKENWARD_MODULE_DENIED);
	cr_assert(strstr(reply.said, "has 1 bytes") != NULL);
	cr_assert_not(answers_kek(got));
	begin_slot();
	cr_assert_eq(ask(keyfile_module.key.open), TOKENWARD_MODULE_BROKEN);
	cr_assert(strstr(reply.said, "slot 3 (keyfile)") != NULL);
	cr_assert_eq(chmod(unit_path("file"), 0644), 0);
	begin_slot();
	text("param.path", unit_path("file"));
	cr_assert_eq(ask(keyfile_module.key.open), TOKENWARD_MODULE_FAILED);
	cr_assert(strstr(reply.said, "chmod 600") != NULL);
}

/* Nobody knows whether it is there. */
Test(built_in, a_key_file_that_cannot_be_looked_for_is_not_away)
{
	cr_assert_eq(symlink("loop", unit_path("loop")), 0);
	begin_slot();
	text("param.path", unit_path("loop/key"));
	cr_assert_eq(ask(keyfile_module.key.open), TOKENWARD_MODULE_DENIED);
	cr_assert(strstr(reply.said, "/loop/key: ") != NULL, "%s", reply.said);
}

static int
open_without_memory(unsigned n, bool *hit)
{
	struct tokenward_message request = MESSAGE_INIT;
	int r;

	begin_slot();
	text("param.path", unit_path("key"));
	message_free(&reply);
	reply = (struct tokenward_message)MESSAGE_INIT;
	cr_assert(message_read(&request, list.data, list.len, NULL));
	failing_begin("memory", n, ENOMEM);
	r = keyfile_module.key.open(NULL, &request, &reply);
	*hit = failing_end();
	message_free(&request);
	buf_clear(&list);
	return r;
}

Test(built_in, a_key_file_for_which_there_is_no_memory_is_not_denied)
{
	unsigned char kek[KEY_LEN];
	unsigned n, failed = 0;
	bool hit = true;
	int r;

	unit_write(
	    unit_path("key"), "thirty-two bytes and a few more.....", 36);
	for (n = 1; hit; n++) {
		r = open_without_memory(n, &hit);
		failed += r == TOKENWARD_MODULE_FAILED;
		cr_assert(r == TOKENWARD_MODULE_OK ||
			      (hit && r == TOKENWARD_MODULE_FAILED),
		    "%u: %d %s", n, r, reply.said);
		cr_assert(n > 2 || r == TOKENWARD_MODULE_FAILED,
		    "nothing is begun with half a slot");
		cr_assert(r != TOKENWARD_MODULE_OK || reply.list.failed ||
			  answers_kek(kek));
		cr_assert_eq(secret_in_use(), reply.list.cap);
	}
	cr_assert_geq(failed, 4);
}

Test(built_in, a_slot_that_is_half_told_is_not_opened)
{
	static const char long_salt[SLOT_SALT_LEN + 1] = "";

	unit_write(
	    unit_path("key"), "thirty-two bytes and a few more.....", 36);
	text("slot", "3");
	text("param.path", unit_path("key"));
	cr_assert_eq(ask(keyfile_module.key.open), TOKENWARD_MODULE_FAILED);
	text("param.path", unit_path("key"));
	frame_put(&list, "salt", long_salt, sizeof(long_salt));
	cr_assert_eq(ask(keyfile_module.key.open), TOKENWARD_MODULE_FAILED);
	begin_slot();
	frame_put(&list, "param.path", "/k\0x", 4);
	cr_assert_eq(ask(keyfile_module.key.open), TOKENWARD_MODULE_FAILED);
	begin_slot();
	text("param.path", unit_path("key"));
	cr_assert_eq(ask(keyfile_module.key.open), TOKENWARD_MODULE_OK);
	cr_assert_eq(secret_in_use(), reply.list.cap);
}

Test(built_in, the_systems_key_file_has_its_own_place)
{
	begin_slot();
	text("system", "1");
	text("arg", "relative/../s/key");
	cr_assert_eq(chdir(unit_dir()), 0);
	cr_assert_eq(ask(keyfile_module.key.enroll), TOKENWARD_MODULE_FAILED);
	cr_assert(
	    strstr(reply.said, "inside the store") != NULL, "%s", reply.said);
}

Test(built_in, a_users_key_file_is_at_home)
{
	setenv("HOME", unit_path("home"), 1);
	unsetenv("XDG_CONFIG_HOME");
	begin_slot();
	cr_assert_eq(ask(keyfile_module.key.enroll), TOKENWARD_MODULE_OK);
	cr_assert_str_eq(
	    answer("param.path"), unit_path("home/.config/tokenward/key"));
	begin_slot();
	text("system", "0");
	cr_assert_eq(ask(keyfile_module.key.enroll), TOKENWARD_MODULE_OK);
	cr_assert_str_eq(
	    answer("param.path"), unit_path("home/.config/tokenward/key"));
}

Test(built_in, a_passphrase_is_asked_for_and_then_taken)
{
	unsigned char made[KEY_LEN], got[KEY_LEN], used[SLOT_SALT_LEN];
	char memory[32], passes[32];

	begin_slot();
	cr_assert_eq(ask(passphrase_module.key.enroll), TOKENWARD_MODULE_ASK);
	cr_assert(strstr(answer("prompt"), "New passphrase for the store "));
	cr_assert_str_eq(answer("confirm"), "1");
	begin_slot();
	text("answer", "correct horse");
	cr_assert_eq(ask(passphrase_module.key.enroll), TOKENWARD_MODULE_OK);
	cr_assert(answers_kek(made));
	take_salt(used);
	snprintf(memory, sizeof(memory), "%s", answer("param.memory"));
	snprintf(passes, sizeof(passes), "%s", answer("param.passes"));
	frame_put(&list, "salt", used, sizeof(used));
	text("param.memory", memory);
	text("param.passes", passes);
	cr_assert_eq(ask(passphrase_module.key.open), TOKENWARD_MODULE_ASK);
	cr_assert_str_eq(answer("confirm"), "0");
	frame_put(&list, "salt", used, sizeof(used));
	text("param.memory", memory);
	text("param.passes", passes);
	text("answer", "correct horse");
	cr_assert_eq(ask(passphrase_module.key.open), TOKENWARD_MODULE_OK);
	cr_assert(answers_kek(got));
	cr_assert_eq(memcmp(made, got, KEY_LEN), 0);
}

Test(built_in, an_answer_that_is_too_long_is_not_asked_for_again)
{
	static char longest[PASSPHRASE_MAX + 2];

	memset(longest, 'x', PASSPHRASE_MAX + 1);
	begin_slot();
	text("param.memory", "67108864");
	text("param.passes", "3");
	text("answer", longest);
	cr_assert_eq(ask(passphrase_module.key.open), TOKENWARD_MODULE_DENIED);
	begin_slot();
	text("param.memory", "1");
	text("param.passes", "3");
	text("answer", "x");
	cr_assert_eq(ask(passphrase_module.key.open), TOKENWARD_MODULE_BROKEN);
}

Test(built_in, the_modules_are_what_they_say)
{
	const struct tokenward_module *const *m;
	const struct tokenward_option *o;
	size_t n = 0;

	for (m = built_in_modules; *m; m++, n++) {
		cr_assert_eq((*m)->abi, TOKENWARD_MODULE_ABI);
		cr_assert_eq((*m)->size, sizeof(**m));
		cr_assert((*m)->summary[0]);
		for (o = (*m)->options; o && o->name; o++)
			cr_assert_not(o->required, "%s", (*m)->name);
	}
	cr_assert_eq(n, 6);
	cr_assert_str_eq(keyring_cache_module.name, "keyring-cache");
	cr_assert_str_eq(keyring_cache_module.options[0].name, "timeout");
	cr_assert_str_eq(keyring_cache_module.options[0].fallback, "8h");
	cr_assert_null(keyring_cache_module.options[1].name);
}

/* ---- store ------------------------------------------------------------- */

#define HEX_62 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"
#define KEY "tokens/" HEX_62 "ef"

static void
make_store(void)
{
	struct header h = {.created_at = 1700000000};
	struct store *s = NULL;
	struct error err;

	assert_ok(
	    store_create(unit_path("s"), &h, master, NULL, &s, &err), err);
	store_close(s);
	header_free(&h);
}

static void
begin_record(const char *key)
{
	text("path", unit_path("s"));
	text("key", key);
}

Test(built_in, a_record_is_put_got_and_removed)
{
	make_store();
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.get), TOKENWARD_MODULE_NONE);
	begin_record(KEY);
	text("record", "bytes");
	cr_assert_eq(ask(files_module.store.put), TOKENWARD_MODULE_OK);
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.get), TOKENWARD_MODULE_OK);
	cr_assert_str_eq(answer("record"), "bytes");
	cr_assert_eq(strlen(answer("version")), 32);
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.remove), TOKENWARD_MODULE_OK);
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.remove), TOKENWARD_MODULE_OK);
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.get), TOKENWARD_MODULE_NONE);
}

static int
put_over(const char *version, const char *record)
{
	begin_record(KEY);
	text("version", version);
	text("record", record);
	return ask(files_module.store.put);
}

Test(built_in, a_record_is_put_over_the_version_that_was_seen)
{
	char first[40], second[40];

	make_store();
	cr_assert_eq(put_over("x", "one"), TOKENWARD_MODULE_CONFLICT);
	cr_assert_eq(put_over("", "one"), TOKENWARD_MODULE_OK);
	cr_assert_eq(put_over("", "two"), TOKENWARD_MODULE_CONFLICT);
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.get), TOKENWARD_MODULE_OK);
	cr_assert_str_eq(answer("record"), "one");
	snprintf(first, sizeof(first), "%s", answer("version"));
	cr_assert_eq(put_over(first, "two"), TOKENWARD_MODULE_OK);
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.get), TOKENWARD_MODULE_OK);
	snprintf(second, sizeof(second), "%s", answer("version"));
	cr_assert_str_neq(first, second);
	cr_assert_eq(put_over(first, "three"), TOKENWARD_MODULE_CONFLICT);
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.put), TOKENWARD_MODULE_FAILED,
	    "without a record");
}

Test(built_in, no_other_key_is_a_records)
{
	static const char *const odd[] = {"", "header", "tokens", "tokens/",
	    "tokens/x", HEX_62 "ef", "/" HEX_62 "ef", "lock/" HEX_62 "ef",
	    "tokens/" HEX_62 "e", "tokens/" HEX_62 "eff", "tokens/" HEX_62 "eF",
	    "tokens/" HEX_62 "eg", "tokens//" HEX_62 "ef",
	    "../s/tokens/" HEX_62 "ef", "tokens/../header",
	    "tokensx" HEX_62 "ef"};
	size_t i;

	make_store();
	for (i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		begin_record(odd[i]);
		text("record", "x");
		cr_assert_eq(ask(files_module.store.put),
		    TOKENWARD_MODULE_FAILED, "%s", odd[i]);
		cr_assert_str_eq(reply.said, "this is no key of a record");
	}
	text("path", unit_path("s"));
	cr_assert_eq(ask(files_module.store.get), TOKENWARD_MODULE_FAILED);
	text("key", KEY);
	cr_assert_eq(ask(files_module.store.get), TOKENWARD_MODULE_FAILED);
	cr_assert_str_eq(reply.said, "the request has no path");
	begin_record("credentials/" HEX_62 "ef");
	text("record", "x");
	cr_assert_eq(ask(files_module.store.put), TOKENWARD_MODULE_OK);
}

Test(built_in, a_store_that_is_not_there_is_away_and_an_open_one_denied)
{
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.get), TOKENWARD_MODULE_AWAY);
	cr_assert(strstr(reply.said, "there is no store") != NULL);
	text("path", unit_path("s"));
	cr_assert_eq(ask(files_module.store.each), TOKENWARD_MODULE_AWAY);
	make_store();
	cr_assert_eq(chmod(unit_path("s"), 0755), 0);
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.get), TOKENWARD_MODULE_DENIED);
	cr_assert_eq(chmod(unit_path("s"), 0700), 0);
	cr_assert_eq(mkdir(unit_path("s/" KEY), 0700), 0);
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.get), TOKENWARD_MODULE_FAILED);
	cr_assert(strstr(reply.said, "cannot be read") != NULL);
	begin_record(KEY);
	cr_assert_eq(ask(files_module.store.remove), TOKENWARD_MODULE_FAILED);
	cr_assert_eq(put_over("", "x"), TOKENWARD_MODULE_CONFLICT);
	begin_record(KEY);
	text("record", "x");
	cr_assert_eq(ask(files_module.store.put), TOKENWARD_MODULE_FAILED);
}

/* Keys of one answer, which go up, to the number of them. */
static unsigned
count_keys(char *last)
{
	struct frame_reader r;
	struct frame_field f;
	unsigned n = 0;

	frame_open(&r, reply.list.data, reply.list.len);
	while (frame_next(&r, &f) == 1)
		if (frame_key_is(&f, "key")) {
			cr_assert(f.len < 100);
			cr_assert(
			    strncmp(last, (const char *)f.value, f.len) < 0);
			memcpy(last, f.value, f.len);
			last[f.len] = '\0';
			n++;
		}
	return n;
}

Test(built_in, records_are_listed_a_thousand_at_a_time)
{
	char path[160], last[100] = "", cursor[100];
	unsigned i, n;

	make_store();
	for (i = 0; i < 2001; i++) {
		snprintf(path, sizeof(path), "s/%s/%.60s%04x",
		    i < 1500 ? "credentials" : "tokens", HEX_62, i);
		unit_write(unit_path(path), "x", 1);
	}
	text("path", unit_path("s"));
	cr_assert_eq(ask(files_module.store.each), TOKENWARD_MODULE_OK);
	cr_assert_eq(count_keys(last), 1000);
	snprintf(cursor, sizeof(cursor), "%s", answer("cursor"));
	cr_assert_str_eq(cursor, last);
	text("path", unit_path("s"));
	text("cursor", cursor);
	cr_assert_eq(ask(files_module.store.each), TOKENWARD_MODULE_OK);
	cr_assert_eq(count_keys(last), 1000);
	snprintf(cursor, sizeof(cursor), "%s", answer("cursor"));
	text("path", unit_path("s"));
	text("cursor", cursor);
	cr_assert_eq(ask(files_module.store.each), TOKENWARD_MODULE_OK);
	cr_assert_eq(count_keys(last), 1);
	cr_assert_str_eq(answer("cursor"), "");
	text("path", unit_path("s"));
	text("prefix", "tokens/");
	cr_assert_eq(ask(files_module.store.each), TOKENWARD_MODULE_OK);
	last[0] = '\0';
	n = count_keys(last);
	cr_assert_eq(n, 501, "%u", n);
	snprintf(path, sizeof(path), "s/credentials/%.60s%04x", HEX_62, 0);
	cr_assert_eq(unlink(unit_path(path)), 0);
	for (i = 1500; i < 2001; i++) {
		snprintf(path, sizeof(path), "s/tokens/%.60s%04x", HEX_62, i);
		cr_assert_eq(unlink(unit_path(path)), 0);
	}
	text("path", unit_path("s"));
	cr_assert_eq(ask(files_module.store.each), TOKENWARD_MODULE_OK);
	last[0] = '\0';
	cr_assert_eq(count_keys(last), 1000);
	text("path", unit_path("s"));
	text("cursor", last);
	cr_assert_eq(ask(files_module.store.each), TOKENWARD_MODULE_OK);
	cr_assert_eq(count_keys(last), 499);
	cr_assert_eq(rmdir(unit_path("s/tokens")), 0);
	unit_write(unit_path("s/tokens"), "x", 1);
	text("path", unit_path("s"));
	cr_assert_eq(ask(files_module.store.each), TOKENWARD_MODULE_FAILED);
}
