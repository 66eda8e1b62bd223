/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fetch helper that asks nobody.  It answers by the file "script" in its
 * own directory (a helper has no environment), notes what it was asked in
 * "requests" there, and counts in "uses" how often each line was used.
 *
 * A line of the script is a rule, words and key=value, blanks between:
 *   when=TEXT    only for requests that contain it (see requests)
 *   times=N      N times at most
 *   delay=MS     before the answer
 *   crash hang silent garbage    instead of an answer
 *   unfenced     as where there is no Landlock
 *   outcome=WORD token=TEXT life=SECONDS retry=SECONDS status=N stage=WORD
 *   error=TEXT scope=TEXT refresh=TEXT type=TEXT
 * The first rule that fits answers.  Without a token, an accepted request
 * number N gets "token-N".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/frame.h"
#include "fetch/fetch.h"

#define RULES_MAX 32

struct rule {
	char *words[24];
	int n;
};

static int dir = -1;

static const char *
said(const struct rule *r, const char *key)
{
	size_t len = strlen(key);
	int i;

	for (i = 0; i < r->n; i++)
		if (strncmp(r->words[i], key, len) == 0 &&
		    (r->words[i][len] == '=' || r->words[i][len] == '\0'))
			return r->words[i][len] ? r->words[i] + len + 1 : "";
	return NULL;
}

static int64_t
number(const struct rule *r, const char *key, int64_t otherwise)
{
	const char *s = said(r, key);

	return s ? strtoll(s, NULL, 10) : otherwise;
}

static void
open_own_directory(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		_exit(9);
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		_exit(9);
}

/* "Basic aWQ6c2VjcmV0" as "id:secret", anything else as it is. */
static void
put_authorization(struct buf *out, const struct frame_field *f)
{
	unsigned char plain[4096];
	size_t n = 0;

	if (f->len > 6 && memcmp(f->value, "Basic ", 6) == 0 &&
	    sodium_base642bin(plain, sizeof(plain), (const char *)f->value + 6,
		f->len - 6, NULL, &n, NULL,
		sodium_base64_VARIANT_ORIGINAL) == 0)
		buf_put(out, plain, n);
	else
		buf_put(out, f->value, f->len);
}

static void
describe(const struct plan *p, struct buf *out)
{
	struct frame_reader r;
	struct frame_field f;

	buf_printf(out, "%s %s timeout=%lld tries=%u%s auth=", p->method,
	    p->url, (long long)p->timeout_ms, p->tries,
	    p->need_landlock ? " need-landlock" : "");
	frame_open(&r, p->headers.data, p->headers.len);
	while (frame_next(&r, &f) == 1)
		if (frame_key_is(&f, "authorization"))
			put_authorization(out, &f);
	buf_put_str(out, " body=");
	buf_put(out, p->body.data, p->body.len);
}

static int
read_rules(struct buf *text, struct rule *rules)
{
	char *line, *next, *word, *save;
	int n = 0;

	if (file_read_at(dir, "script", 65536, false, text) != 0)
		return 0;
	for (line = (char *)text->data; line && *line && n < RULES_MAX;
	     line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		rules[n] = (struct rule){.n = 0};
		for (word = strtok_r(line, " ", &save); word;
		     word = strtok_r(NULL, " ", &save))
			rules[n].words[rules[n].n++] = word;
		n++;
	}
	return n;
}

/* Under the lock: the number of this request, and the rule for it. */
static const struct rule *
choose(const struct rule *rules, int n, const char *request, unsigned *ret_no)
{
	unsigned uses[RULES_MAX + 1] = {0};
	int fd = openat(dir, "uses", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	const char *when;
	int i;

	flock(fd, LOCK_EX);
	if (pread(fd, uses, sizeof(uses), 0) < 0)
		_exit(9);
	for (i = 0; i < n; i++) {
		when = said(&rules[i], "when");
		if ((!when || strstr(request, when)) &&
		    uses[i] < number(&rules[i], "times", 1000000))
			break;
	}
	uses[i]++;
	*ret_no = ++uses[RULES_MAX];
	if (pwrite(fd, uses, sizeof(uses), 0) < 0)
		_exit(9);
	close(fd);
	return i < n ? &rules[i] : NULL;
}

static void
note(const char *request, size_t len)
{
	int fd = openat(
	    dir, "requests", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (write_all(fd, request, len) != 0)
		_exit(9);
	close(fd);
}

static char *
copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

static void
fill(struct reply *reply, const struct rule *r, unsigned no)
{
	const char *outcome = said(r, "outcome"), *token = said(r, "token");
	const char *refresh = said(r, "refresh");

	reply->attempts = 1;
	reply->outcome =
	    outcome ? outcome_parse(outcome, strlen(outcome)) : OUTCOME_OK;
	reply->status = (int)number(r, "status", reply->outcome ? 400 : 200);
	reply->retry_after = number(r, "retry", -1);
	reply->stage = copy(said(r, "stage"));
	reply->error_code = copy(said(r, "error"));
	reply->scope = copy(said(r, "scope"));
	reply->type = copy(said(r, "type"));
	reply->life = number(r, "life", 600);
	if (reply->outcome != OUTCOME_OK)
		return;
	if (token)
		buf_put_str(&reply->token, token);
	else
		buf_printf(&reply->token, "token-%u", no);
	buf_put_str(&reply->refresh, refresh ? refresh : "");
}

static void
send_reply(const struct reply *reply)
{
	struct buf out = BUF_SECRET_INIT;
	struct error err;

	if (reply_encode(reply, &out, &err) != 0 ||
	    frame_send(0, &out, clock_boot_ms() + 5000, &err) != 0)
		_exit(9);
}

static void
misbehave(const struct rule *r)
{
	if (said(r, "crash"))
		__builtin_trap();
	if (said(r, "silent"))
		_exit(0);
	if (said(r, "hang"))
		for (;;)
			pause();
	if (said(r, "garbage")) {
		if (write_all(0, "\0\0\0\5hello", 9) != 0)
			_exit(9);
		_exit(0);
	}
}

static void
answer(const struct plan *p)
{
	cleanup_buf struct buf text = BUF_INIT, request = BUF_INIT;
	struct rule rules[RULES_MAX];
	struct reply reply = REPLY_INIT;
	const struct rule *r;
	unsigned no;
	int n = read_rules(&text, rules);

	describe(p, &request);
	r = choose(rules, n, buf_str(&request), &no);
	buf_put_byte(&request, '\n');
	note(buf_str(&request), request.len);
	if (!r) {
		reply.outcome = OUTCOME_TEMPORARY;
		reply.error_code = copy("no-rule-of-the-script-fits");
	} else {
		clock_sleep_ms(number(r, "delay", 0));
		misbehave(r);
		if (p->need_landlock && said(r, "unfenced")) {
			reply.outcome = OUTCOME_TEMPORARY;
			reply.stage = copy(FETCH_NO_LANDLOCK);
		} else {
			fill(&reply, r, no);
		}
	}
	send_reply(&reply);
}

int
main(void)
{
	struct buf frame = BUF_SECRET_INIT;
	struct reply probe = REPLY_INIT;
	struct plan p = PLAN_INIT;
	struct error err;

	open_own_directory();
	if (frame_recv(0, FRAME_MAX, &frame, clock_boot_ms() + 5000, &err) !=
		1 ||
	    plan_decode(frame.data, frame.len, &p, &err) != 0)
		_exit(8);
	if (strcmp(p.method, FETCH_PROBE) == 0) {
		probe.outcome = OUTCOME_TEMPORARY;
		probe.stage = copy(FETCH_PROBE);
		probe.landlock = true;
		send_reply(&probe);
	} else
		answer(&p);
	_exit(0);
}
