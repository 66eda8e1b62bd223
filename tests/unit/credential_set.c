/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields set from text: what is taken, what is refused, what stays. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/core.h"
#include "unit.h"
#include "world.h"

static struct tokenward *tw;
static struct tokenward_credential *bag;

static void
start(void)
{
	world_make();
	tw = world_open(0);
	cr_assert_eq(tokenward_credential_new(&bag), 0);
}

static void
stop(void)
{
	tokenward_credential_free(bag);
	tokenward_close(tw);
	world_end();
}

TestSuite(credential_set, .init = start, .fini = stop, .timeout = 30);

static int
set(const char *field, const char *value)
{
	return tokenward_credential_set(tw, bag, field, value);
}

/* Everything that an option can set, as the command line knows it. */
Test(credential_set, the_public_table_names_what_can_be_set)
{
	const struct tokenward_field *f;
	size_t n = 0, i;

	for (f = tokenward_fields(); f->name; f++, n++) {
		cr_assert(f->option && f->help, "%s", f->name);
		cr_assert(field_find(f->name) != NULL);
	}
	for (i = 0; i < credential_fields_n; i++)
		n -= credential_fields[i].option != NULL;
	cr_assert_eq(n, 0, "the table has no room for all of them");
	cr_assert(tokenward_fields() == tokenward_fields());
}

/* O1: whatever could end a line, turn it or hide in it. */
Test(credential_set, no_text_field_takes_what_cannot_be_shown)
{
	static const char *const bad[] = {"a\nb", "a\rb", "\x1b[2J", "a\x7f",
	    "a\tb",
	    "\xc2\x9b"
	    "31m",
	    "a\xe2\x80\xa8"
	    "b",
	    "a\xe2\x80\xae"
	    "b",
	    "a\xe2\x80\x8b"
	    "b",
	    "\xef\xbb\xbf"
	    "a",
	    "\xc0\xaf", "\xff", "\xed\xa0\x80"};
	static const char *const fields[] = {"provider", "auth", "scope",
	    "audience", "resources", "token_url", "proxy", "owner", "note",
	    "client_id", "warn", "critical", "plain_http", "ca", "issued_at",
	    "expires_at", "lifetime"};
	size_t i, k;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		for (k = 0; k < sizeof(bad) / sizeof(*bad); k++) {
			cr_assert_eq(set(fields[i], bad[k]), TOKENWARD_USAGE,
			    "%s %zu", fields[i], k);
			cr_assert(strpbrk(tokenward_error(tw),
				      "\n\r\t\x1b\x7f") == NULL,
			    "%s", tokenward_error(tw));
			cr_assert(!object_has(bag, fields[i]));
		}
}

Test(credential_set, a_proxy_is_a_place_and_no_password)
{
	static const char *const good[] = {"http://proxy.example:3128",
	    "https://proxy.example", "socks5://127.0.0.1:1080",
	    "socks5h://[::1]:1080", "http://proxy.example:3128/",
	    "proxy.example:3128"};
	static const char *const bad[] = {"ftp://proxy.example",
	    "http://user:s3cret@proxy.example:3128", "user@proxy.example",
	    "http://", "http://proxy.example/path", "http://a b",
	    "socks4://proxy.example", "http://proxy.example:99999",
	    "http://proxy.example?x"};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cr_assert_eq(
		    set("proxy", bad[i]), TOKENWARD_USAGE, "%s", bad[i]);
		cr_assert(strstr(tokenward_error(tw), "--proxy") != NULL);
		cr_assert(strstr(tokenward_error(tw), "s3cret") == NULL);
		cr_assert(!object_has(bag, "proxy"));
	}
	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_ok(set("proxy", good[i]), tw->err);
	assert_ok(set("proxy", NULL), tw->err);
}

Test(credential_set, no_pair_takes_it_either)
{
	static const char *const bad[] = {
	    "k=a\nb", "k\n=v", "k=\x1b[2J", "\xff=v", "novalue", "=v", ""};
	size_t k;

	for (k = 0; k < sizeof(bad) / sizeof(*bad); k++) {
		cr_assert_eq(set("vars", bad[k]), TOKENWARD_USAGE, "%zu", k);
		cr_assert_eq(set("params", bad[k]), TOKENWARD_USAGE, "%zu", k);
	}
	assert_ok(set("params", "k=v=w"), tw->err);
	cr_assert_str_eq(strmap_get(&bag->rec->params, "k"), "v=w");
	assert_ok(set("params", "empty="), tw->err);
	cr_assert_str_eq(strmap_get(&bag->rec->params, "empty"), "");
}

Test(credential_set, no_byte_below_a_blank_gets_in)
{
	char text[] = "a?b";
	int c;

	for (c = 1; c < 256; c++) {
		text[1] = (char)c;
		cr_assert_eq(set("note", text) == TOKENWARD_OK,
		    c >= 0x20 && c < 0x7f, "%d", c);
	}
	assert_ok(set("note", "gr\xc3\xbc\xc3\x9f dich"), tw->err);
	assert_ok(set("note", "%0a is three letters"), tw->err);
}

Test(credential_set, text_has_a_limit)
{
	char text[4098];

	memset(text, 'x', sizeof(text));
	text[4096] = '\0';
	assert_ok(set("note", text), tw->err);
	text[4096] = 'x';
	text[4097] = '\0';
	assert_fails(set("note", text), tw->err, TOKENWARD_USAGE, "too long");
}

Test(credential_set, what_repeats_adds_and_what_does_not_replaces)
{
	assert_ok(set("resources", "https://a/"), tw->err);
	assert_ok(set("resources", "https://b/"), tw->err);
	assert_ok(set("note", "one"), tw->err);
	assert_ok(set("note", "two"), tw->err);
	cr_assert_str_eq(
	    tokenward_credential_get(bag, "resources", 1), "https://b/");
	cr_assert(tokenward_credential_get(bag, "resources", 2) == NULL);
	cr_assert_str_eq(tokenward_credential_get(bag, "note", 0), "two");
	cr_assert(tokenward_credential_get(bag, "note", 1) == NULL);
	cr_assert(tokenward_credential_get(bag, "owner", 0) == NULL);
	assert_ok(set("note", NULL), tw->err);
	cr_assert(tokenward_credential_get(bag, "note", 0) == NULL);
}

Test(credential_set, sealed_and_unknown_fields_cannot_be_set)
{
	static const char *const fields[] = {"name", "origins", "next_number",
	    "created_at", "changed_at", "id", "version", "secret.version",
	    "secret", "client_secret", ""};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		assert_fails(set(fields[i], "1"), tw->err, TOKENWARD_USAGE,
		    "there is no field");
		cr_assert_eq(set(fields[i], NULL), TOKENWARD_USAGE);
	}
	cr_assert_eq(set("client_id", NULL), TOKENWARD_USAGE);
	cr_assert_eq(set("client_id", ""), TOKENWARD_USAGE);
}

Test(credential_set, durations_flags_and_times_are_checked)
{
	static const struct {
		const char *field, *value;
		bool ok;
	} rows[] = {
	    {"warn", "3d", true},
	    {"warn", "3", false},
	    {"critical", "-1d", false},
	    {"plain_http", "true", true},
	    {"plain_http", "false", true},
	    {"plain_http", "yes", false},
	    {"issued_at", "2026-01-01", true},
	    {"issued_at", "now", true},
	    {"issued_at", "yesterday", false},
	    {"issued_at", "never", false},
	    {"expires_at", "never", true},
	    {"expires_at", "@1900000000", true},
	    {"expires_at", "1969-01-01", false},
	    {"expires_at", "72h", false},
	    {"lifetime", "72h", true},
	    {"lifetime", "never", true},
	    {"lifetime", "0s", false},
	    {"lifetime", "2026-01-01", false},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_assert_eq(set(rows[i].field, rows[i].value),
		    rows[i].ok ? TOKENWARD_OK : TOKENWARD_USAGE, "%s %s: %s",
		    rows[i].field, rows[i].value, tokenward_error(tw));
}

Test(credential_set, the_content_of_a_ca_file_is_kept)
{
	static const char pem[] = "-----BEGIN CERTIFICATE-----\nAAAA\n"
				  "-----END CERTIFICATE-----\n";
	const char *path = world_path("ca.pem");

	unit_write(path, pem, strlen(pem));
	assert_ok(set("ca", path), tw->err);
	cr_assert_str_eq(tokenward_credential_get(bag, "ca", 0), pem);
	assert_ok(set("ca", pem), tw->err);
	unit_write(path, "no certificate", 14);
	assert_fails(set("ca", path), tw->err, TOKENWARD_USAGE, "no PEM");
	unit_write(path, "-----BEGIN CERTIFICATE-----\0x", 29);
	assert_fails(set("ca", path), tw->err, TOKENWARD_USAGE, "no PEM");
	assert_fails(set("ca", world_path("nothing")), tw->err, TOKENWARD_USAGE,
	    "No such file");
	cr_assert_eq(set("ca", "/dev/zero"), TOKENWARD_USAGE);
	cr_assert_str_eq(tokenward_credential_get(bag, "ca", 0), pem,
	    "a failure changes nothing");
}

Test(credential_set, a_provider_file_is_remembered_by_its_full_path)
{
	const char *path = world_path("providers/loop.json");
	char *real = realpath(path, NULL);

	assert_ok(set("provider", path), tw->err);
	cr_assert_str_eq(tokenward_credential_get(bag, "provider", 0), real);
	assert_ok(set("provider", "loop"), tw->err);
	cr_assert_str_eq(tokenward_credential_get(bag, "provider", 0), "loop");
	assert_fails(set("provider", "./no/such.json"), tw->err,
	    TOKENWARD_CONFIG, "No such file");
	free(real);
}
