/* SPDX-License-Identifier: BSD-2-Clause */
/* What a pinentry program says, which may be anything. */
#include "cli/assuan.h"
#include "fuzz.h"

#define CAP 64

struct peer {
	struct input in;
	uint8_t step; /* so much at a time */
	bool human;   /* was waited for */
};

static long
peer_read(void *data, bool human, void *bytes, size_t len)
{
	struct peer *p = data;
	size_t n, most = 1 + p->step % 32u;
	const uint8_t *from = input_bytes(&p->in, most < len ? most : len, &n);
	const uint8_t *end = memchr(from, '\n', n);

	REQUIRE(len > 0);
	if (end && p->step & 0x40) { /* a line at a time, as it should */
		p->in.left += n - (size_t)(end + 1 - from);
		p->in.at = end + 1;
		n = (size_t)(end + 1 - from);
	}
	p->human = p->human || human;
	memcpy(bytes, from, n);
	return n > 0 || p->step & 0x80 ? (long)n : -1;
}

/* Whole lines, and short ones. */
static bool
peer_write(void *data, const void *bytes, size_t len)
{
	const char *line = bytes;

	(void)data;
	REQUIRE(len > 0 && len <= 1000 && line[len - 1] == '\n');
	REQUIRE(fuzz_is_line(line, len - 1));
	return true;
}

static int
once(struct input in)
{
	struct peer p = {.step = input_byte(&in), .in = in};
	struct assuan_io io = {peer_read, peer_write, &p};
	struct assuan_question q = {
	    .text = "What?\n100 %", .terminal = "/dev/tty", .seconds = 120};
	char answer[CAP];
	enum assuan_result r;
	size_t len = 1, i;

	memset(answer, 'x', sizeof(answer));
	faults_on();
	r = assuan_ask(&io, &q, answer, sizeof(answer), &len);
	faults_off();
	REQUIRE(r < ASSUAN_RESULT_MAX && assuan_meanings[r]);
	REQUIRE((r == ASSUAN_ANSWERED) == (len > 0));
	REQUIRE(len <= sizeof(answer) && (len == 0 || p.human));
	for (i = 0; i < len; i++)
		REQUIRE(answer[i] != '\0');
	for (i = 0; len == 0 && i < sizeof(answer); i++)
		REQUIRE(answer[i] == '\0');
	return r == ASSUAN_ANSWERED ? TOKENWARD_OK : TOKENWARD_FAILED;
}

FUZZ(assuan)
{
	return fuzz_run(once, data, len);
}
