/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk: each cell of the table alone, then every stack of up to four
 * lines against a model that is written from the table's words.
 */
#include <string.h>
#include "module/module.h"
#include "unit.h"

#define FAULT TOKENWARD_MODULE_RESULT_MAX /* the line cannot be read */
#define BEYOND (FAULT + 1)                /* a result that there is not */
#define RESULTS (BEYOND + 1)
#define LINES_MAX 4

struct script {
	const struct stack_line *first;
	int results[LINES_MAX];
	unsigned ran;
};

static enum tokenward_module_result
play(void *data, const struct stack_line *line)
{
	struct script *s = data;
	int r = s->results[line - s->first];

	s->ran++;
	return (enum tokenward_module_result)(r == BEYOND ? 77 : r);
}

static char fault[] = "cannot be read";

static enum tokenward_module_result
walk(enum module_kind kind, const enum control *controls, const int *results,
    size_t n, struct script *s, const struct stack_line **ret)
{
	static struct stack_line lines[LINES_MAX];
	struct stack stack = {.v = lines, .n = n};
	size_t i;

	for (i = 0; i < n; i++) {
		lines[i] = (struct stack_line){.kind = kind,
		    .control = controls[i],
		    .line = (unsigned)i + 1,
		    .fault = results[i] == FAULT ? fault : NULL};
		s->results[i] = results[i];
	}
	s->first = lines;
	s->ran = 0;
	return stack_walk(&stack, kind, play, s, ret);
}

/* ---- each cell --------------------------------------------------------- */

/* What a cell says: g good go on, G good and stop, i ignore, r ignore and
   remember, b bad go on, B bad and stop. */
static const char *const cells[CONTROL_MAX] = {
    /*                      o n a a d c b f, as the results are counted */
    [CONTROL_REQUIRED] = "gibbbbbb",
    [CONTROL_REQUISITE] = "giBBBBBB",
    [CONTROL_SUFFICIENT] = "Girrrrrr",
    [CONTROL_OPTIONAL] = "girrrrrr",
};

static void
check_good(enum control c, char cell)
{
	struct script s;
	enum control after[2] = {c, CONTROL_REQUIRED};
	int denied[2] = {TOKENWARD_MODULE_OK, TOKENWARD_MODULE_DENIED};

	cr_assert_eq(walk(MODULE_NOTIFY, after, denied, 2, &s, NULL),
	    cell == 'G' ? TOKENWARD_MODULE_OK : TOKENWARD_MODULE_DENIED);
	cr_assert_eq(s.ran, cell == 'G' ? 1 : 2);
}

static void
check_ignored(enum control c, int r, char cell)
{
	struct script s;
	enum control two[2] = {c, CONTROL_REQUIRED};
	int good[2] = {r, TOKENWARD_MODULE_OK};
	int nothing[2] = {r, TOKENWARD_MODULE_NONE};

	cr_assert_eq(
	    walk(MODULE_NOTIFY, two, good, 2, &s, NULL), TOKENWARD_MODULE_OK);
	cr_assert_eq(s.ran, 2);
	cr_assert_eq(walk(MODULE_NOTIFY, two, nothing, 2, &s, NULL),
	    cell == 'r' ? (enum tokenward_module_result)r
			: TOKENWARD_MODULE_NONE);
}

static void
check_bad(enum control c, int r, char cell)
{
	struct script s;
	enum control two[2] = {c, CONTROL_REQUIRED};
	int good[2] = {r, TOKENWARD_MODULE_OK};

	cr_assert_eq((int)walk(MODULE_NOTIFY, two, good, 2, &s, NULL), r);
	cr_assert_eq(s.ran, cell == 'B' ? 1 : 2);
}

static void
check_cell(enum control c, int r)
{
	char cell = cells[c][r];

	if (cell == 'g' || cell == 'G')
		check_good(c, cell);
	else if (cell == 'i' || cell == 'r')
		check_ignored(c, r, cell);
	else
		check_bad(c, r, cell);
}

Test(stack, every_cell)
{
	int c, r;

	for (c = 0; c < CONTROL_MAX; c++)
		for (r = 0; r < TOKENWARD_MODULE_RESULT_MAX; r++)
			check_cell((enum control)c, r);
}

Test(stack, one_line_alone)
{
	struct script s;
	const struct stack_line *line;
	int c, r;

	for (c = 0; c < CONTROL_MAX; c++)
		for (r = 0; r < TOKENWARD_MODULE_RESULT_MAX; r++) {
			enum control control = (enum control)c;

			cr_assert_eq(
			    (int)walk(MODULE_KEY, &control, &r, 1, &s, &line),
			    r);
			cr_assert(line && line->line == 1);
		}
}

Test(stack, no_line_is_none)
{
	struct script s;
	const struct stack_line *line = (const struct stack_line *)1;

	cr_assert_eq(
	    walk(MODULE_KEY, NULL, NULL, 0, &s, &line), TOKENWARD_MODULE_NONE);
	cr_assert_eq(line, NULL);
}

/* ---- every stack ------------------------------------------------------- */

struct outcome {
	int result;
	unsigned ran;
	unsigned line;
};

static unsigned
first_with(const int *seen, unsigned n, int result)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (seen[i] == result)
			return i + 1;
	return 0;
}

static void
conclude(const int *seen, unsigned n, bool good, bool bad, struct outcome *out)
{
	static const int order[] = {TOKENWARD_MODULE_BROKEN,
	    TOKENWARD_MODULE_FAILED, TOKENWARD_MODULE_DENIED,
	    TOKENWARD_MODULE_CONFLICT, TOKENWARD_MODULE_ASK,
	    TOKENWARD_MODULE_AWAY, TOKENWARD_MODULE_NONE};
	size_t i;

	out->result = TOKENWARD_MODULE_OK;
	out->line = first_with(seen, n, TOKENWARD_MODULE_OK);
	if (good && !bad)
		return;
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		out->result = order[i];
		out->line = first_with(seen, n, order[i]);
		if (out->line)
			return;
	}
}

static void
model(enum module_kind kind, const enum control *controls, const int *results,
    unsigned n, struct outcome *out)
{
	bool good = false, bad = false;
	int seen[LINES_MAX];
	unsigned i = 0;
	char cell = 0;

	*out = (struct outcome){0};
	while (i < n && cell != 'B' && cell != '.') {
		seen[i] =
		    results[i] >= FAULT ? TOKENWARD_MODULE_FAILED : results[i];
		out->ran += results[i] != FAULT;
		cell = cells[controls[i]][seen[i]];
		good |= cell == 'g' || cell == 'G';
		bad |= cell == 'b' || cell == 'B';
		if (!bad &&
		    (cell == 'G' || (cell == 'g' && kind != MODULE_NOTIFY)))
			cell = '.';
		i++;
	}
	conclude(seen, i, good, bad, out);
}

static void
compare(enum module_kind kind, const enum control *controls, const int *results,
    unsigned n)
{
	const struct stack_line *line;
	struct outcome want;
	struct script s;
	int got = (int)walk(kind, controls, results, n, &s, &line);

	model(kind, controls, results, n, &want);
	if (got != want.result || s.ran != want.ran ||
	    (line ? line->line : 0) != want.line)
		cr_assert_fail("%u lines: %d/%d %d/%d %d/%d %d/%d: got %d by "
			       "line %u after %u, want %d by %u after %u",
		    n, controls[0], results[0], controls[1], results[1],
		    controls[2], results[2], controls[3], results[3], got,
		    line ? line->line : 0, s.ran, want.result, want.line,
		    want.ran);
}

static void
every_stack(enum module_kind kind, unsigned n)
{
	unsigned long all = 1, number, rest;
	enum control controls[LINES_MAX] = {0};
	int results[LINES_MAX] = {0};
	unsigned i;

	for (i = 0; i < n; i++)
		all *= CONTROL_MAX * RESULTS;
	for (number = 0; number < all; number++) {
		rest = number;
		for (i = 0; i < n; i++) {
			controls[i] = (enum control)(rest % CONTROL_MAX);
			rest /= CONTROL_MAX;
			results[i] = (int)(rest % RESULTS);
			rest /= RESULTS;
		}
		compare(kind, controls, results, n);
	}
}

Test(stack, every_stack_of_up_to_four_lines, .timeout = 120)
{
	unsigned n;

	for (n = 1; n <= LINES_MAX; n++)
		every_stack(MODULE_NOTIFY, n);
}

Test(stack, every_stack_that_ends_with_the_first_ok, .timeout = 120)
{
	unsigned n;

	for (n = 1; n <= LINES_MAX; n++) {
		every_stack(MODULE_KEY, n);
		every_stack(MODULE_STORE, n);
	}
}

/* ---- promises in words ------------------------------------------------- */

Test(stack, the_first_ok_opens_and_nothing_after_it_is_run)
{
	static const enum control c[] = {CONTROL_SUFFICIENT, CONTROL_OPTIONAL,
	    CONTROL_REQUIRED, CONTROL_REQUIRED};
	static const int r[] = {TOKENWARD_MODULE_AWAY, TOKENWARD_MODULE_OK,
	    TOKENWARD_MODULE_BROKEN, TOKENWARD_MODULE_OK};
	const struct stack_line *line;
	struct script s;

	cr_assert_eq(walk(MODULE_KEY, c, r, 4, &s, &line), TOKENWARD_MODULE_OK);
	cr_assert_eq(s.ran, 2);
	cr_assert_eq(line->line, 2);
}

Test(stack, a_line_that_cannot_be_read_is_never_run_and_never_passed_over)
{
	static const enum control c[] = {CONTROL_REQUIRED, CONTROL_SUFFICIENT};
	static const int r[] = {FAULT, TOKENWARD_MODULE_OK};
	const struct stack_line *line;
	struct script s;

	cr_assert_eq(
	    walk(MODULE_KEY, c, r, 2, &s, &line), TOKENWARD_MODULE_FAILED);
	cr_assert_eq(line->line, 1);
	cr_assert_str_eq(line->fault, fault);
}

Test(stack, other_kinds_are_not_run)
{
	struct stack_line lines[] = {
	    {.kind = MODULE_NOTIFY, .control = CONTROL_REQUIRED},
	    {.kind = MODULE_KEY, .control = CONTROL_REQUIRED},
	    {.kind = MODULE_STORE, .control = CONTROL_REQUIRED}};
	struct stack stack = {.v = lines, .n = 3};
	struct script s = {.first = lines,
	    .results = {TOKENWARD_MODULE_BROKEN, TOKENWARD_MODULE_OK,
		TOKENWARD_MODULE_BROKEN}};

	cr_assert_eq(stack_walk(&stack, MODULE_KEY, play, &s, NULL),
	    TOKENWARD_MODULE_OK);
	cr_assert_eq(s.ran, 1);
	cr_assert_eq(stack_next(&stack, MODULE_STORE, NULL), &lines[2]);
	cr_assert_eq(stack_next(&stack, MODULE_STORE, &lines[2]), NULL);
}
