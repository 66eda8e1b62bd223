/* SPDX-License-Identifier: BSD-2-Clause */
/* Grades and states: what check and list say of a credential. */
#include <string.h>
#include "core/core.h"
#include "unit.h"
#include "world.h"

#define DAY 86400

TestSuite(status, .init = world_make, .fini = world_end, .timeout = 30);

static void
add(const char *provider, const char *field, const char *value)
{
	struct tokenward *tw = world_open(0);
	struct tokenward_credential *c = world_bag(
	    tw, "s", "provider", provider, "client_id", "client", NULL);

	if (field)
		assert_ok(
		    tokenward_credential_set(tw, c, field, value), tw->err);
	assert_ok(tokenward_add_credential(tw, "n", c, 0, NULL), tw->err);
	tokenward_credential_free(c);
	tokenward_close(tw);
}

static const char *
field_at(int64_t offset, const char *field)
{
	struct tokenward *tw = world_open(offset);
	const char *text = world_field(tw, "n", field);

	tokenward_close(tw);
	return text;
}

static int
grade_at(int64_t offset, int64_t warn, int64_t critical, const char **word)
{
	struct tokenward *tw = world_open(offset);
	struct tokenward_credential *c;
	int grade;

	assert_ok(tokenward_get_credential(tw, "n", &c), tw->err);
	grade = tokenward_grade_credential(c, warn, critical, word);
	tokenward_credential_free(c);
	tokenward_close(tw);
	return grade;
}

static void
assert_grade(
    int64_t offset, int64_t warn, int64_t critical, int grade, const char *word)
{
	const char *is;

	cr_assert_eq(grade_at(offset, warn, critical, &is), grade, "%lld: %s",
	    (long long)offset, is);
	cr_assert_str_eq(is, word);
}

Test(status, grades_follow_the_distance_to_the_end)
{
	add("loop", "lifetime", "100d");
	assert_grade(0, -1, -1, 0, "ok");
	assert_grade(85 * DAY, -1, -1, 0, "ok");
	assert_grade(87 * DAY, -1, -1, 1, "warning");
	assert_grade(96 * DAY, -1, -1, 2, "critical");
	assert_grade(100 * DAY - 10, -1, -1, 2, "critical");
	assert_grade(100 * DAY, -1, -1, 2, "expired");
	assert_grade(900 * DAY, -1, -1, 2, "expired");
}

Test(status, a_short_life_is_warned_about_in_its_last_third)
{
	add("loop", "lifetime", "72h");
	assert_grade(0, -1, -1, 0, "ok");
	assert_grade(47 * 3600, -1, -1, 0, "ok");
	assert_grade(49 * 3600, -1, -1, 1, "warning");
	assert_grade(65 * 3600, -1, -1, 2, "critical");
}

Test(status, the_caller_may_say_how_early)
{
	add("loop", "lifetime", "100d");
	assert_grade(0, 101 * DAY, 0, 1, "warning");
	assert_grade(0, 101 * DAY, 100 * DAY + 5, 2, "critical");
	assert_grade(99 * DAY, 0, 0, 0, "ok");
	assert_grade(99 * DAY, 2 * DAY, 3600, 1, "warning");
}

Test(status, the_credential_may_say_how_early)
{
	struct tokenward *tw;
	struct tokenward_credential *c;

	add("loop", "lifetime", "100d");
	tw = world_open(0);
	c = world_bag(tw, NULL, "warn", "50d", "critical", "40d", NULL);
	assert_ok(tokenward_edit_credential(tw, "n", c, 0, NULL), tw->err);
	tokenward_credential_free(c);
	tokenward_close(tw);
	assert_grade(49 * DAY, -1, -1, 0, "ok");
	assert_grade(51 * DAY, -1, -1, 1, "warning");
	assert_grade(61 * DAY, -1, -1, 2, "critical");
}

Test(status, no_recorded_end_is_unknown)
{
	add("loop", NULL, NULL);
	assert_grade(0, -1, -1, 3, "unknown");
	cr_assert(strstr(field_at(0, "secret.help"), "--expires-at") != NULL);
	cr_assert_str_eq(field_at(0, "secret.expires_at"), "");
}

Test(status, a_stated_never_and_a_file_without_end_are_ok)
{
	world_provider("loop", "endless", "{\"assume\": 300}",
	    "{\"assume\": 300},\n  \"secret\": {\"lifetime\": null}");
	add("endless", NULL, NULL);
	assert_grade(9000 * (int64_t)DAY, -1, -1, 0, "ok");
	cr_assert_str_eq(field_at(0, "secret.basis"), "none");
	cr_assert_str_eq(field_at(0, "secret.expires_at"), "never");
}

Test(status, the_files_lifetime_is_assumed_until_somebody_states_another)
{
	struct tokenward *tw;
	struct tokenward_credential *c;

	world_provider("loop", "dated", "{\"assume\": 300}",
	    "{\"assume\": 300},\n  \"secret\": {\"lifetime\": 259200,\n"
	    "    \"warn\": 86400, \"renew_help\": \"press Generate\"}");
	add("dated", "issued_at", "now");
	cr_assert_str_eq(field_at(0, "secret.basis"), "assumed");
	assert_grade(47 * 3600, -1, -1, 0, "ok");
	assert_grade(49 * 3600, -1, -1, 1, "warning");
	assert_grade(71 * 3600, -1, -1, 2, "critical");
	assert_grade(73 * 3600, -1, -1, 2, "expired");
	cr_assert(strstr(field_at(73 * 3600, "secret.help"), "press Generate"));
	tw = world_open(0);
	c = world_bag(tw, NULL, "lifetime", "30d", NULL);
	assert_ok(tokenward_edit_credential(tw, "n", c, 0, NULL), tw->err);
	tokenward_credential_free(c);
	tokenward_close(tw);
	cr_assert_str_eq(field_at(0, "secret.basis"), "stated");
	assert_grade(73 * 3600, -1, -1, 0, "ok");
}

static int
get_at(int64_t offset, const char *script)
{
	struct tokenward *tw = world_open(offset);
	int r;

	world_script(script);
	r = world_get(tw, "n", 0);
	tokenward_close(tw);
	return r;
}

Test(status, states_tell_what_is_the_matter)
{
	add("loop", "lifetime", "100d");
	cr_assert_str_eq(field_at(0, "state"), "ready");
	cr_assert_eq(get_at(0, "life=600"), TOKENWARD_OK);
	cr_assert_str_eq(field_at(1, "state"), "cached");
	cr_assert_str_eq(field_at(700, "state"), "ready");
	cr_assert_str_eq(field_at(700, "token.expires_at"), "");
	cr_assert_str_eq(field_at(90 * DAY, "state"), "expiring");
	cr_assert_str_eq(field_at(101 * DAY, "state"), "expired");
	cr_assert_neq(get_at(1000, "outcome=temporary"), TOKENWARD_OK);
	cr_assert_str_eq(field_at(1000, "state"), "trouble");
	cr_assert_str_eq(field_at(1000, "gate.kind"), "backoff");
	cr_assert_str_eq(field_at(2000, "state"), "ready");
	cr_assert_neq(
	    get_at(2000, "outcome=rate_limited retry=60"), TOKENWARD_OK);
	cr_assert_str_eq(field_at(2010, "state"), "limited");
	cr_assert_neq(
	    get_at(3000, "outcome=bad_credentials error=no"), TOKENWARD_OK);
	cr_assert_str_eq(field_at(3000, "state"), "refused");
	cr_assert(strstr(field_at(3000, "gate.reason"), "(no)") != NULL);
	cr_assert_str_neq(field_at(3000, "gate.until"), "");
	/* until something changes, whether or not the gate is closed */
	cr_assert_str_eq(field_at(30000, "state"), "refused");
}

Test(status, numbers_are_there_beside_the_text)
{
	struct tokenward *tw;
	struct tokenward_credential *c;

	add("loop", "expires_at", "2030-01-01");
	tw = world_open(0);
	assert_ok(tokenward_get_credential(tw, "n", &c), tw->err);
	cr_assert_str_eq(tokenward_credential_get(c, "secret.expires_at", 0),
	    "2030-01-01T00:00:00Z");
	cr_assert_eq(
	    tokenward_credential_number(c, "secret.expires_at", 0), 1893456000);
	cr_assert_eq(tokenward_credential_number(c, "secret.version", 0), 1);
	cr_assert_eq(tokenward_credential_number(c, "nothing", 77), 77);
	cr_assert(tokenward_credential_get(c, "nothing", 0) == NULL);
	cr_assert(tokenward_credential_get(c, "client_secret", 0) == NULL);
	tokenward_credential_free(c);
	tokenward_close(tw);
}

/* Who says --warn alone does not mean the critical of another warning. */
Test(status, critical_is_a_third_of_the_warning_that_counts)
{
	add("loop", "lifetime", "90d");
	assert_grade(80 * DAY, -1, -1, 1, "warning");
	assert_grade(87 * DAY, -1, -1, 2, "critical");
	assert_grade(87 * DAY, DAY, -1, 0, "ok");
	assert_grade(89 * DAY + DAY / 2, DAY, -1, 1, "warning");
	assert_grade(90 * DAY - 60, DAY, -1, 2, "critical");
}
