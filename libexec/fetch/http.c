/* SPDX-License-Identifier: BSD-2-Clause */
/* Driving libcurl, and taking in what comes within limits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "http.h"
#include "lack.h"
#include "verify.h"

#define HEADER_BYTES_MAX 65536u
#define HEADER_LINES_MAX 128u
#define STATUS_LINE_MAX 200u
#define LOOK_UP_MS 1000      /* at most this long without asking the clock */
#define CURL_LEAST 0x075800u /* 7.88.0 */

void
http_try_free(struct http_try *t)
{
	free(t->status_line);
	strmap_free(&t->headers);
	buf_free(&t->body);
	*t = (struct http_try)HTTP_TRY_INIT;
}

int
http_check(struct error *err)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	if (v->version_num < CURL_LEAST)
		return error_set(err, TOKENWARD_FAILED,
		    "libcurl %s is too old: 7.88 is needed", v->version);
	if (!v->ssl_version || strncmp(v->ssl_version, "OpenSSL/", 8) != 0)
		return error_set(err, TOKENWARD_FAILED,
		    "libcurl uses %s: OpenSSL is needed",
		    v->ssl_version ? v->ssl_version : "no TLS library");
	if (!(v->features & CURL_VERSION_ASYNCHDNS))
		return error_set(err, TOKENWARD_FAILED,
		    "libcurl cannot resolve names within a deadline");
	return TOKENWARD_OK;
}

/* Returning nothing taken makes libcurl stop. */
static size_t
stop(struct http_try *t, const char *stage, const char *what)
{
	t->limit_stage = stage;
	t->limit = what;
	return 0;
}

/* A new status line: an interim answer (1xx) came before. */
static bool
begin_answer(struct http_try *t, const char *line, size_t len)
{
	free(t->status_line);
	t->status_line =
	    strndup(line, len < STATUS_LINE_MAX ? len : STATUS_LINE_MAX);
	strmap_free(&t->headers);
	return t->status_line;
}

static void
lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

/* The first of a name counts: a second one cannot change it. */
static bool
keep_header(struct http_try *t, char *line)
{
	char *colon = strchr(line, ':');

	if (!colon)
		return true;
	*colon = '\0';
	lower(line);
	colon += 1 + strspn(colon + 1, " \t");
	return strmap_get(&t->headers, line) ||
	       strmap_set(&t->headers, line, colon);
}

static bool
keep_line(struct http_try *t, const char *data, size_t n)
{
	cleanup_free char *line = strndup(data, n);

	return line && keep_header(t, line);
}

/* Likewise, for want of memory. */
static size_t
taken(bool good, size_t n)
{
	if (!good)
		lack_note();
	return good ? n : 0;
}

static size_t
take_header(char *data, size_t one, size_t len, void *user)
{
	struct http_try *t = user;
	size_t n = one * len;

	t->any = true;
	t->header_bytes += n;
	if (t->header_bytes > HEADER_BYTES_MAX ||
	    ++t->header_lines > HEADER_LINES_MAX)
		return stop(t, "size", "its headers");
	while (n && (data[n - 1] == '\r' || data[n - 1] == '\n' ||
			data[n - 1] == ' '))
		n--;
	if (n > 5 && memcmp(data, "HTTP/", 5) == 0)
		return taken(begin_answer(t, data, n), one * len);
	if (memchr(data, 0, n))
		return stop(t, "answer", "a NUL byte in its headers");
	return taken(keep_line(t, data, n), one * len);
}

static size_t
take_body(char *data, size_t one, size_t len, void *user)
{
	struct http_try *t = user;

	t->any = true;
	if (len * one > FETCH_ANSWER_MAX - t->body.len)
		return stop(t, "size", "more than 1 MiB");
	buf_put(&t->body, data, len * one);
	return taken(!t->body.failed, len * one);
}

/*
 * The last word before anything is sent.  Where memory lacks libcurl reads no
 * subjectAltName, takes its peer's CN for the name it did not find, and goes
 * on within one call.
 */
static int
may_send(void *user, char *peer, char *local, int peer_port, int local_port)
{
	(void)user;
	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	return lack_noted() ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static CURLcode
set_sinks(CURL *easy, struct http_try *t)
{
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->words);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, may_send);
	if (!code)
		code =
		    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	return code;
}

/* Until it is done, the time is up or nobody waits for it any more. */
static CURLcode
drive(CURLM *multi, int64_t deadline_ms)
{
	struct curl_waitfd parent = {
	    .fd = HTTP_PARENT, .events = CURL_WAIT_POLLIN};
	int64_t left;
	int running = 1, n;
	CURLMsg *done;

	for (;;) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return CURLE_FAILED_INIT;
		if (!running)
			break;
		if (lack_noted())
			return CURLE_OUT_OF_MEMORY;
		left = deadline_ms - clock_boot_ms();
		if (left <= 0)
			return CURLE_OPERATION_TIMEDOUT;
		parent.revents = 0;
		if (curl_multi_poll(multi, &parent, 1,
			left < LOOK_UP_MS ? (int)left : LOOK_UP_MS,
			&n) != CURLM_OK)
			return CURLE_FAILED_INIT;
		if (parent.revents)
			_exit(1);
	}
	done = curl_multi_info_read(multi, &n);
	return done && done->msg == CURLMSG_DONE ? done->data.result
						 : CURLE_FAILED_INIT;
}

static bool
past(CURL *easy, CURLINFO info)
{
	curl_off_t t = 0;

	return curl_easy_getinfo(easy, info, &t) == CURLE_OK && t > 0;
}

/* The time of connecting is not told before TLS is through as well. */
static bool
has_peer(CURL *easy)
{
	char *peer = NULL;

	return curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &peer) ==
		   CURLE_OK &&
	       peer && *peer;
}

static const char *
reached(CURL *easy, const struct plan *p, const struct http_try *t)
{
	if (t->any)
		return "receive";
	if (!past(easy, CURLINFO_NAMELOOKUP_TIME_T))
		return "resolve";
	if (strncmp(p->origin, "https", 5) == 0 &&
	    !past(easy, CURLINFO_APPCONNECT_TIME_T) && has_peer(easy))
		return "tls";
	if (!past(easy, CURLINFO_CONNECT_TIME_T))
		return "connect";
	return past(easy, CURLINFO_PRETRANSFER_TIME_T) ? "receive" : "send";
}

static void
ask(CURL *easy, const struct plan *p, struct http_try *t)
{
	long status = 0, os_errno = 0, proxy = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_errno);
	curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy);
	/* libcurl takes the time of a closed connection for a first byte. */
	if (t->code != CURLE_GOT_NOTHING &&
	    past(easy, CURLINFO_STARTTRANSFER_TIME_T))
		t->any = true;
	t->reached = reached(easy, p, t);
	t->status = (int)status;
	t->os_errno = (int)os_errno;
	t->proxy_status = (int)proxy;
	/* libcurl says "out of memory" of a line that is longer than it takes */
	if (t->code == CURLE_OUT_OF_MEMORY && t->any && !lack_noted())
		stop(t, "size", "a line of its headers");
	/* It takes a peer's alert about certificates for a verdict of ours. */
	if (t->code == CURLE_PEER_FAILED_VERIFICATION && !verify_fault() &&
	    verify_alert()) {
		t->code = CURLE_SSL_CONNECT_ERROR;
		snprintf(
		    t->words, sizeof(t->words), "alert %s", verify_alert());
	}
	if (verify_fault() && t->code != CURLE_OK) {
		t->code = CURLE_PEER_FAILED_VERIFICATION;
		snprintf(t->words, sizeof(t->words), "%s", verify_fault());
	}
}

static void
perform(CURLM *multi, CURL *easy, const struct plan *p,
    const struct target *target, struct curl_slist *headers,
    int64_t deadline_ms, struct http_try *t)
{
	int64_t left = deadline_ms - clock_boot_ms();

	t->code = set_sinks(easy, t);
	t->code = t->code ? t->code : verify_watch(easy);
	if (!t->code)
		t->code =
		    options_set(easy, p, target, headers, left > 1 ? left : 1);
	if (t->code) { /* sent nothing: a libcurl that lacks something */
		t->limit = options_failed();
		t->reached = "option";
		return;
	}
	if (curl_multi_add_handle(multi, easy) != CURLM_OK) {
		t->code = CURLE_FAILED_INIT;
		return;
	}
	t->code = drive(multi, deadline_ms);
	t->out_of_time = t->code == CURLE_OPERATION_TIMEDOUT &&
			 clock_boot_ms() >= deadline_ms - 20;
	ask(easy, p, t);
	curl_multi_remove_handle(multi, easy);
}

void
http_perform(const struct plan *p, const struct target *target,
    int64_t deadline_ms, struct http_try *ret)
{
	CURLM *multi = curl_multi_init();
	CURL *easy = curl_easy_init();
	struct curl_slist *headers = NULL;
	struct now now;

	clock_now(p->clock_offset, &now);
	ret->sent_at = now.wall_ms / 1000;
	ret->code =
	    multi && easy ? headers_make(p, &headers) : CURLE_OUT_OF_MEMORY;
	ret->reached = "resolve";
	if (!ret->code)
		perform(multi, easy, p, target, headers, deadline_ms, ret);
	clock_now(p->clock_offset, &now);
	ret->answered_at = now.wall_ms / 1000;
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	curl_multi_cleanup(multi);
}
