/* SPDX-License-Identifier: BSD-2-Clause */
/* stack.conf: lines good and bad, includes, what replaces what, whose file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "module/stack_file.h"
#include "unit.h"

static struct stack s;

static void
write_text(const char *name, const char *text)
{
	unit_write(unit_path(name), text, strlen(text));
}

static void
load(const char *shared, const char *machine, const char *own)
{
	struct stack_files files = {.shared = shared,
	    .machine = machine,
	    .own = own,
	    .store_owner = geteuid()};
	struct error err = {0};

	assert_ok(stack_load(&files, &s, &err), err);
}

/* The stack of one kind as text: "control module a=b; ...", "!" for faults. */
static const char *
text_of(enum module_kind kind)
{
	static struct buf b;
	const struct stack_line *line = NULL;
	size_t i;

	buf_clear(&b);
	while ((line = stack_next(&s, kind, line))) {
		if (b.len)
			buf_put_str(&b, "; ");
		if (line->fault) {
			buf_printf(&b, "!%u", line->line);
			continue;
		}
		buf_printf(
		    &b, "%s %s", control_names[line->control], line->module);
		for (i = 0; i < line->options.n; i++)
			buf_printf(&b, " %s=%s", line->options.v[i].key,
			    line->options.v[i].value);
	}
	return buf_str(&b);
}

/* One machine file over no other; its key lines. */
static const char *
keys_of(const char *text)
{
	stack_free(&s);
	write_text("one.conf", text);
	load("/nowhere/stack.conf", unit_path("one.conf"), NULL);
	return text_of(MODULE_KEY);
}

static const char *
fault_of(const char *text)
{
	const struct stack_line *line = NULL;

	keys_of(text);
	while ((line = stack_next(&s, MODULE_KEY, line)))
		if (line->fault)
			return line->fault;
	return "";
}

#define DEFAULT_KEYS                                          \
	"sufficient keyring-cache timeout=8h; "               \
	"sufficient systemd-credential; sufficient keyfile; " \
	"sufficient secret-service; sufficient tpm2; "        \
	"required passphrase"

Test(stack_file, without_a_file_the_default)
{
	load("/nowhere/a", "/nowhere/b", "/nowhere/c");
	cr_assert_str_eq(text_of(MODULE_KEY), DEFAULT_KEYS);
	cr_assert_str_eq(text_of(MODULE_STORE), "required files");
	cr_assert_str_eq(text_of(MODULE_NOTIFY), "optional syslog");
	cr_assert_eq(s.v[0].file, NULL);
	stack_free(&s);
	load(NULL, NULL, NULL);
	cr_assert_str_eq(text_of(MODULE_KEY), DEFAULT_KEYS);
	stack_free(&s);
}

Test(stack_file, the_shipped_file_is_the_default)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct stack built_in;
	size_t i;

	load(NULL, NULL, NULL);
	built_in = s;
	/* A copy: a checkout may be writable by the group. */
	cr_assert_eq(file_read_at(AT_FDCWD, TESTDATA "/../data/stack.conf",
			 65536, true, &text),
	    0);
	write_text("shipped.conf", buf_str(&text));
	load(unit_path("shipped.conf"), NULL, NULL);
	cr_assert_eq(s.n, built_in.n);
	for (i = 0; i < s.n; i++) {
		cr_assert_eq(s.v[i].fault, NULL);
		cr_assert_eq(s.v[i].kind, built_in.v[i].kind);
		cr_assert_eq(s.v[i].control, built_in.v[i].control);
		cr_assert_str_eq(s.v[i].module, built_in.v[i].module);
		cr_assert_eq(s.v[i].options.n, built_in.v[i].options.n);
	}
}

Test(stack_file, words_blanks_and_comments)
{
	cr_assert_str_eq(
	    keys_of("# all about keys\n"
		    "\n"
		    "  \t \n"
		    "\tunlock   sufficient\tkeyfile  # why\n"
		    "unlock required tpm2 pcrs=7,11 flag path=/a#b\n"
		    "unlock optional a-1"),
	    "sufficient keyfile; required tpm2 pcrs=7,11 flag=yes path=/a#b; "
	    "optional a-1");
	cr_assert_eq(s.v[0].kind, MODULE_STORE, "the default's");
	cr_assert_eq(stack_next(&s, MODULE_KEY, NULL)->line, 4);
	cr_assert_str_eq(
	    stack_next(&s, MODULE_KEY, NULL)->file, unit_path("one.conf"));
}

Test(stack_file, values_with_blanks)
{
	cr_assert_str_eq(
	    keys_of("unlock required x [label=my \\] key # 1] b=\n"),
	    "required x label=my ] key # 1 b=");
	cr_assert_str_eq(keys_of("unlock required x [label=my key\n"), "!1");
	cr_assert_str_eq(keys_of("unlock required x [a=b]c\n"), "!1");
}

Test(stack_file, unreadable_lines_fail_and_are_told)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
	    {"unlock\n", "the second word"},
	    {"unlock required\n", "the third word"},
	    {"unlock Required keyfile\n", "the second word"},
	    {"unlock [success=ok] keyfile\n", "the second word"},
	    {"unlock required ../keyfile\n", "the third word"},
	    {"unlock required Keyfile\n", "the third word"},
	    {"unlock required # keyfile\n", "the third word"},
	    {"unlock required keyfile A=b\n", "must be options"},
	    {"unlock required keyfile =b\n", "must be options"},
	    {"unlock required keyfile ../x\n", "must be options"},
	    {"unlock required keyfile a=b a=c\n", "stands twice"},
	    {"unlock required keyfile \\\n", "must be options"},
	    {"Unlock required keyfile\n", "the first word"},
	    {"auth required keyfile\n", "the first word"},
	    {"-unlock required keyfile\n", "the first word"},
	    {"unlock required key\1file\n", "control characters"},
	    {"unlock required keyfile\r\n", "control characters"},
	    {"unlock required key\xff\n", "no UTF-8"},
	    {"include\n", "one file"},
	    {"include a b\n", "one file"},
	    {"include ../one.conf\n", "the same directory"},
	    {"include .hidden\n", "the same directory"},
	    {"include none\n", "not there"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert(strstr(fault_of(cases[i].line), cases[i].words),
		    "%s: %s", cases[i].line, fault_of(cases[i].line));
}

Test(stack_file, a_bad_line_does_not_hide_the_good_ones_nor_the_reverse)
{
	cr_assert_str_eq(keys_of("unlock sufficient keyfile\n"
				 "unlock sufficent tpm2\n"
				 "unlock required passphrase\n"),
	    "sufficient keyfile; !2; required passphrase");
	cr_assert_eq(stack_next(&s, MODULE_KEY, &s.v[0]) != NULL, true);
}

/* Nobody knows which kind it was to be of. */
Test(stack_file, a_line_of_no_kind_fails_each_kind)
{
	keys_of("unlok sufficient keyfile\n");
	cr_assert_str_eq(text_of(MODULE_KEY), "!1");
	cr_assert_str_eq(text_of(MODULE_STORE), "!1");
	cr_assert_str_eq(text_of(MODULE_NOTIFY), "optional syslog; !1");
}

Test(stack_file, a_nul_is_a_fault)
{
	static const char text[] = "unlock required keyfile\0 x\n";

	unit_write(unit_path("one.conf"), text, sizeof(text) - 1);
	load(NULL, unit_path("one.conf"), NULL);
	cr_assert_str_eq(text_of(MODULE_KEY), "!1");
}

Test(stack_file, limits)
{
	cleanup_buf struct buf b = BUF_INIT;
	unsigned i;

	buf_put_str(&b, "unlock required x a=");
	for (i = 0; i < 600; i++)
		buf_put_str(&b, "a");
	cr_assert(strstr(fault_of(buf_str(&b)), "too long"));
	for (i = 0; i < 600; i++)
		buf_put_str(&b, "a");
	cr_assert(strstr(fault_of(buf_str(&b)), "too long"));
	buf_clear(&b);
	for (i = 0; i < 300; i++)
		buf_put_str(&b, "unlock required x\n");
	cr_assert(strstr(fault_of(buf_str(&b)), "too many lines"));
	cr_assert_lt(s.n, 270);
	buf_clear(&b);
	for (i = 0; i < 70000; i++)
		buf_put_str(&b, "#");
	cr_assert(strstr(fault_of(buf_str(&b)), "too large"));
}

Test(stack_file, include_splices)
{
	write_text("more", "unlock sufficient tpm2\nnotify optional mail\n");
	cr_assert_str_eq(keys_of("unlock sufficient keyfile\n"
				 "include more # and so on\n"
				 "unlock required passphrase\n"),
	    "sufficient keyfile; sufficient tpm2; required passphrase");
	cr_assert_str_eq(
	    text_of(MODULE_NOTIFY), "optional syslog; optional mail");
	cr_assert_str_eq(
	    stack_next(&s, MODULE_KEY, stack_next(&s, MODULE_KEY, NULL))->file,
	    unit_path("more"));
}

Test(stack_file, include_of_itself_ends)
{
	cr_assert(strstr(fault_of("include one.conf\n"), "too deeply"));
	write_text("two.conf", "include one.conf\n"
			       "include one.conf\n");
	cr_assert(strstr(fault_of("include two.conf\n"
				  "include two.conf\n"),
	    "too "));
	cr_assert_lt(s.n, 1000);
}

Test(stack_file, later_files_replace_by_kind_and_notify_is_added)
{
	write_text("shared", "unlock required a\nstore required files\n"
			     "notify optional n1\n");
	write_text("machine", "unlock sufficient b\nunlock required c\n"
			      "notify required n2\n");
	write_text("own", "store required vault\nstore optional files "
			  "readonly\nnotify optional n3\n");
	load(unit_path("shared"), unit_path("machine"), unit_path("own"));
	cr_assert_str_eq(text_of(MODULE_KEY), "sufficient b; required c");
	cr_assert_str_eq(text_of(MODULE_STORE),
	    "required vault; optional files readonly=yes");
	cr_assert_str_eq(
	    text_of(MODULE_NOTIFY), "optional n1; required n2; optional n3");
}

Test(stack_file, an_empty_file_replaces_nothing)
{
	write_text("machine", "# nothing\n");
	load(NULL, unit_path("machine"), NULL);
	cr_assert_str_eq(text_of(MODULE_KEY), DEFAULT_KEYS);
}

/* ---- rules of a kind --------------------------------------------------- */

Test(stack_file, one_store_line_is_written_to)
{
	keys_of("store required files\nstore optional vault\n");
	cr_assert_str_eq(text_of(MODULE_STORE), "required files; !2");
	keys_of("store required files readonly\n");
	cr_assert_str_eq(
	    text_of(MODULE_STORE), "required files readonly=yes; !0");
	keys_of("store required files readonly=no\n"
		"store optional vault readonly\n");
	cr_assert_str_eq(text_of(MODULE_STORE),
	    "required files readonly=no; optional vault readonly=yes");
}

Test(stack_file, notify_is_required_or_optional)
{
	keys_of("notify sufficient syslog\nnotify requisite syslog\n"
		"notify required syslog\n");
	cr_assert_str_eq(
	    text_of(MODULE_NOTIFY), "optional syslog; !1; !2; required syslog");
}

/* ---- whose file -------------------------------------------------------- */

static void
load_own_of(uid_t store_owner)
{
	struct stack_files files = {
	    .own = unit_path("own"), .store_owner = store_owner};
	struct error err = {0};

	stack_free(&s);
	assert_ok(stack_load(&files, &s, &err), err);
}

Test(stack_file, the_users_file_is_for_the_users_store)
{
	write_text("own", "unlock required mine\n");
	load_own_of(geteuid());
	cr_assert_str_eq(text_of(MODULE_KEY), "required mine");
	load_own_of((uid_t)-1);
	cr_assert_str_eq(text_of(MODULE_KEY), "required mine");
	load_own_of(geteuid() + 1);
	cr_assert_str_eq(text_of(MODULE_KEY), DEFAULT_KEYS);
}

Test(stack_file, root_does_not_read_a_users_file)
{
	write_text("own", "unlock required mine\n");
	if (geteuid() != 0 || chown(unit_path("own"), 12345, 12345) < 0)
		cr_skip_test("needs root to give a file away");
	load_own_of(0);
	cr_assert_str_eq(text_of(MODULE_KEY), DEFAULT_KEYS);
	/* The machine's own file must be root's. */
	load(NULL, unit_path("own"), NULL);
	cr_assert_str_eq(text_of(MODULE_KEY), "!0");
}

Test(stack_file, a_user_with_borrowed_rights_does_not_read_his_own)
{
	write_text("own", "unlock required mine\n");
	cr_assert_eq(chmod(unit_dir(), 0755), 0);
	if (geteuid() != 0 || chown(unit_path("own"), 12345, 12345) < 0)
		cr_skip_test("needs root to take another uid");
	cr_assert_eq(seteuid(12345), 0);
	load_own_of(12345);
	cr_assert_str_eq(text_of(MODULE_KEY), DEFAULT_KEYS);
	cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(setresuid(12345, 12345, 0), 0);
	load_own_of(12345);
	cr_assert_str_eq(text_of(MODULE_KEY), "required mine");
	cr_assert_eq(setresuid(0, 0, 0), 0);
}

Test(stack_file, a_file_that_others_may_write_fails_everything)
{
	static const mode_t modes[] = {0660, 0606, 0622};
	size_t i;

	for (i = 0; i < 3; i++) {
		keys_of("unlock required keyfile\n");
		cr_assert_eq(chmod(unit_path("one.conf"), modes[i]), 0);
		stack_free(&s);
		load(NULL, unit_path("one.conf"), NULL);
		cr_assert_str_eq(text_of(MODULE_KEY), "!0");
		cr_assert_str_eq(text_of(MODULE_STORE), "!0");
		cr_assert_str_eq(text_of(MODULE_NOTIFY), "optional syslog; !0");
		unlink(unit_path("one.conf"));
	}
	write_text("own", "unlock required mine\n");
	cr_assert_eq(chmod(unit_path("own"), 0666), 0);
	load_own_of(geteuid());
	cr_assert_str_eq(text_of(MODULE_KEY), "!0");
}

Test(stack_file, an_included_file_is_looked_at_as_well)
{
	write_text("more", "unlock sufficient tpm2\n");
	cr_assert_eq(chmod(unit_path("more"), 0666), 0);
	cr_assert_str_eq(keys_of("include more\n"), "!0");
}

Test(stack_file, no_regular_file)
{
	cr_assert_eq(mkdir(unit_path("folder"), 0700), 0);
	load(NULL, unit_path("folder"), NULL);
	cr_assert_str_eq(text_of(MODULE_KEY), "!0");
	stack_free(&s);
	cr_assert_eq(mkfifo(unit_path("pipe"), 0600), 0);
	load(NULL, unit_path("pipe"), NULL);
	cr_assert_str_eq(text_of(MODULE_KEY), "!0");
}
