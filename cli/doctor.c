/* SPDX-License-Identifier: BSD-2-Clause */
/* tokenward doctor: what is weak or broken, and what helps. */
#include <string.h>
#include "base/json_write.h"
#include "cli.h"

static struct {
	bool repair;
} given;

const struct option_row doctor_options[] = {
    {"repair", 0, OPTION_FLAG, &given.repair, NULL,
	"mend what can be mended without a loss"},
    {NULL},
};

static size_t shown;

static void
finding_json(const char *grade, const char *what, const char *cure)
{
	out_item(&shown);
	json_open(&cli.out, NULL, '{');
	json_put_str(&cli.out, "grade", grade);
	json_put_str(&cli.out, "what", what);
	json_put_str(&cli.out, "cure", cure);
	json_close(&cli.out, '}');
}

static void
finding_text(const char *grade, const char *what, const char *cure)
{
	enum colour colour = colour_of_grade(grade);

	buf_printf(
	    &cli.out, "%s%-8s%s", colour_on(colour), grade, colour_off(colour));
	str_clean(&cli.out, what, strlen(what), 1024);
	if (cure && *cure) {
		buf_put_str(&cli.out, "\n        cure: ");
		str_clean(&cli.out, cure, strlen(cure), 1024);
	}
	buf_put_str(&cli.out, "\n");
}

static void
finding(void *data, const char *grade, const char *what, const char *cure)
{
	(void)data;
	if (cli.quiet &&
	    (strcmp(grade, "ok") == 0 || strcmp(grade, "strong") == 0))
		return;
	(cli.json ? finding_json : finding_text)(grade, what, cure);
	if (!cli.json)
		out_flush(); /* a slow finding must not hide the ones before */
}

int
cmd_doctor(void)
{
	int r;

	r = tokenward_doctor(cli.tw, cli.args_n ? cli.args[0] : NULL,
	    given.repair ? TOKENWARD_DOCTOR_REPAIR : 0, finding, NULL);
	if (cli.json)
		out_items_end(shown, r);
	library_result(r);
	return r ? r : out_flush();
}
