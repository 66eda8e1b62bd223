/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs operations of one module as the host does, for the tests:
 *
 *     drive [-d DIR] [-t MS] [-l FILE:LINE] [-a ANSWER] KIND MODULE
 *           [OPTION=VALUE]... [-- OPERATION [KEY=VALUE]...]...
 *
 * VALUE may be @FILE.  One line of JSON for starting and for each operation:
 * result, code, message, milliseconds, fields (pairs, values in hex).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/json_write.h"
#include "module/module.h"

static const char *dir = "libexec/fetch/modules";
static int64_t timeout_ms = 5000;
static const char *answer;

static void
usage(const char *what)
{
	fprintf(stderr, "drive: %s\n", what);
	exit(64);
}

static long
give_answer(
    void *data, const struct tokenward_question *question, char *to, size_t cap)
{
	size_t len = strlen(answer);

	(void)data;
	fprintf(stderr, "asked: %s%s\n", question->prompt,
	    question->confirm ? "(confirm)" : "");
	if (len > cap)
		return -1;
	memcpy(to, answer, len);
	return (long)len;
}

static void
put_fields(struct buf *out, const struct buf *reply)
{
	struct frame_reader r;
	struct frame_field f;
	bool first = true;

	buf_put_str(out, ", \"fields\": [");
	frame_open(&r, reply->data, reply->len);
	while (frame_next(&r, &f) == 1) {
		buf_printf(out, "%s[\"%.*s\", \"", first ? "" : ", ",
		    (int)f.key_len, f.key);
		hex_put(out, f.value, f.len);
		buf_put_str(out, "\"]");
		first = false;
	}
	buf_put_str(out, "]");
}

static void
print(const char *operation, const char *result, const struct error *err,
    int64_t start, const struct buf *reply)
{
	cleanup_buf struct buf out = BUF_INIT;
	cleanup_buf struct buf text = BUF_INIT;

	json_put_str(&text, NULL, err->code ? err->text : "");
	buf_printf(&out,
	    "{\"operation\": \"%s\", \"result\": \"%s\", \"code\": %d, "
	    "\"ms\": %lld, \"message\": %s",
	    operation, result, err->code, (long long)(clock_boot_ms() - start),
	    buf_str(&text));
	if (reply)
		put_fields(&out, reply);
	printf("%s}\n", buf_str(&out));
	fflush(stdout);
}

static void
put_field(struct buf *request, char *word)
{
	cleanup_buf struct buf content = BUF_INIT;
	char *equals = strchr(word, '=');

	if (!equals)
		usage("KEY=VALUE");
	*equals = '\0';
	if (equals[1] != '@')
		frame_put_str(request, word, equals + 1);
	else if (file_read_at(AT_FDCWD, equals + 2, 8u << 20, true, &content) ==
		 0)
		frame_put(request, word, content.data, content.len);
	else
		usage("no such file");
}

/* From the word after one "--" to the next, or the end. */
static char **
operate(struct module *m, char **words)
{
	cleanup_buf struct buf request = BUF_INIT, reply = BUF_SECRET_INIT;
	const char *operation = *words++;
	int64_t start = clock_boot_ms();
	struct error err = {0};
	enum tokenward_module_result r;

	while (*words && strcmp(*words, "--") != 0)
		put_field(&request, *words++);
	r = module_call_asking(m, operation, &request, &reply, timeout_ms, NULL,
	    answer ? give_answer : NULL, NULL, &err);
	print(operation, module_result_names[r], &err, start, &reply);
	return words;
}

static void
take_option(struct stack_line *line, char *word)
{
	char *equals = strchr(word, '=');

	if (equals)
		*equals = '\0';
	strmap_set(&line->options, word, equals ? equals + 1 : "yes");
}

static enum module_kind
kind_of(const char *word)
{
	int i;

	for (i = 0; i < MODULE_KIND_MAX; i++)
		if (strcmp(module_kind_names[i], word) == 0)
			return (enum module_kind)i;
	usage("KIND is key, store or notify");
	return MODULE_KEY;
}

static int
run(struct stack_line *line, char **words)
{
	int64_t start = clock_boot_ms();
	struct error err = {0};
	struct module *m;
	int r = module_start(dir, line, clock_boot_ms() + timeout_ms, &m, &err);

	print("start", r ? "-" : "ok", &err, start, NULL);
	while (r == TOKENWARD_OK && *words && words[1])
		words = operate(m, words + 1);
	start = clock_boot_ms();
	module_end(m);
	error_clear(&err);
	print("end", "ok", &err, start, NULL);
	return 0;
}

static void
take_place(struct stack_line *line, char *place)
{
	char *colon = strrchr(place, ':');

	if (!colon)
		usage("-l FILE:LINE");
	*colon = '\0';
	line->file = place;
	line->line = (unsigned)atoi(colon + 1);
}

int
main(int argc, char **argv)
{
	struct stack_line line = {.control = CONTROL_REQUIRED};
	int c, r;

	while ((c = getopt(argc, argv, "+d:t:l:a:")) != -1)
		if (c == 'd')
			dir = optarg;
		else if (c == 't')
			timeout_ms = atoi(optarg);
		else if (c == 'l')
			take_place(&line, optarg);
		else if (c == 'a')
			answer = optarg;
		else
			usage("see the source");
	if (argc - optind < 2)
		usage("KIND MODULE");
	argv += optind;
	line.kind = kind_of(argv[0]);
	line.module = argv[1];
	for (argv += 2; *argv && strcmp(*argv, "--") != 0; argv++)
		take_option(&line, *argv);
	r = run(&line, argv);
	strmap_free(&line.options);
	return r;
}
