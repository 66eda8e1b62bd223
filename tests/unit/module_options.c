/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a line against a module's table. */
#include <string.h>
#include "module/host.h"
#include "unit.h"

static char text_name[] = "text", number_name[] = "number",
	    duration_name[] = "life", flag_name[] = "flag", pin_name[] = "pin",
	    must_name[] = "must", eight[] = "8h", help[] = "what must be said",
	    module_name[] = "example", file[] = "/etc/stack.conf";

static struct module_option table[] = {
    {.name = text_name, .type = TOKENWARD_OPTION_TEXT},
    {.name = number_name, .type = TOKENWARD_OPTION_NUMBER},
    {.name = duration_name,
	.type = TOKENWARD_OPTION_DURATION,
	.fallback = eight},
    {.name = flag_name, .type = TOKENWARD_OPTION_FLAG},
    {.name = pin_name, .type = TOKENWARD_OPTION_NUMBER, .secret = true},
    {.name = must_name, .required = true, .help = help},
};

static struct strmap got;

static int
check(enum module_kind kind, const char *key, const char *value, bool must,
    struct error *err)
{
	struct module_info info = {
	    .kind = kind, .options = table, .options_n = must ? 6 : 5};
	struct stack_line line = {
	    .kind = kind, .module = module_name, .file = file, .line = 3};
	int r;

	strmap_free(&got);
	error_clear(err);
	if (key)
		strmap_set(&line.options, key, value);
	r = module_options(&info, &line, &got, err);
	strmap_free(&line.options);
	return r;
}

static void
becomes(const char *key, const char *value, const char *want)
{
	struct error err = {0};

	assert_ok(check(MODULE_KEY, key, value, false, &err), err);
	cr_assert_str_eq(strmap_get(&got, key), want);
}

static void
refused(const char *key, const char *value, const char *words)
{
	struct error err = {0};

	assert_fails(check(MODULE_KEY, key, value, false, &err), err,
	    TOKENWARD_CONFIG, words);
	cr_assert(strstr(err.text, "the key module example "
				   "(/etc/stack.conf:3): "),
	    "%s", err.text);
}

Test(module_options, values)
{
	becomes("text", "", "");
	becomes("text", "a b", "a b");
	becomes("number", "-7", "-7");
	becomes("number", "007", "7");
	becomes("life", "15m", "900");
	becomes("life", "30d", "2592000");
	becomes("flag", "yes", "yes");
	becomes("flag", "no", "no");
}

Test(module_options, values_that_are_none)
{
	refused("number", "", "a whole number");
	refused("number", "0x10", "a whole number");
	refused("number", "99999999999999999999", "a whole number");
	refused("life", "yes", "a duration");
	refused("life", "-3s", "a duration");
	refused("flag", "true", "yes or no");
	refused("flag", "", "yes or no");
	refused("other", "x",
	    "no option \"other\"; it has text, number, "
	    "life, flag, pin");
	refused("readonly", "yes", "no option");
	refused("events", "x", "no option");
}

Test(module_options, a_secret_is_not_told)
{
	struct error err = {0};

	cr_assert_eq(
	    check(MODULE_KEY, "pin", "hunter", false, &err), TOKENWARD_CONFIG);
	cr_assert_eq(strstr(err.text, "hunter"), NULL, "%s", err.text);
	cr_assert(strstr(err.text, "\"...\""));
}

Test(module_options, what_is_not_given)
{
	struct error err = {0};

	assert_ok(check(MODULE_KEY, NULL, NULL, false, &err), err);
	cr_assert_eq(got.n, 1);
	cr_assert_str_eq(strmap_get(&got, "life"), "28800");
	assert_fails(check(MODULE_KEY, NULL, NULL, true, &err), err,
	    TOKENWARD_CONFIG, "option must is missing: what must be said");
	assert_ok(check(MODULE_KEY, "must", "x", true, &err), err);
}

Test(module_options, the_hosts_own)
{
	struct error err = {0};

	assert_ok(check(MODULE_STORE, "readonly", "yes", false, &err), err);
	assert_ok(check(MODULE_NOTIFY, "events", "a,b*", false, &err), err);
	cr_assert_eq(strmap_get(&got, "events"), NULL);
	cr_assert_eq(
	    check(MODULE_STORE, "events", "x", false, &err), TOKENWARD_CONFIG);
}

Test(module_options, a_default_that_does_not_fit_is_a_fault)
{
	struct error err = {0};

	table[0].fallback = help;
	table[0].type = TOKENWARD_OPTION_FLAG;
	assert_fails(check(MODULE_KEY, NULL, NULL, false, &err), err,
	    TOKENWARD_CONFIG, "option text wants yes or no");
}
