/* SPDX-License-Identifier: BSD-2-Clause */
/* libcurl's many codes, and our few words. */
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "failure.h"
#include "lack.h"

#define MESSAGE_MAX 512u

enum detail {
	NO_DETAIL,
	WORDS, /* libcurl's or OpenSSL's */
	ERRNO, /* the system's */
};

struct row {
	CURLcode code;
	const char *stage; /* NULL: as far as it came */
	enum outcome outcome;
	bool retry;
	enum detail detail;
	const char *text;
};

static const char not_http[] = "it does not speak HTTP/1.1";

static const struct row rows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "resolve", OUTCOME_TEMPORARY, true, NO_DETAIL,
	NULL},
    {CURLE_COULDNT_RESOLVE_PROXY, "proxy", OUTCOME_TEMPORARY, true, NO_DETAIL,
	"its address was not found"},
    {CURLE_COULDNT_CONNECT, "connect", OUTCOME_TEMPORARY, true, ERRNO, NULL},
    {CURLE_PROXY, "proxy", OUTCOME_TEMPORARY, true, WORDS, NULL},
    {CURLE_PEER_FAILED_VERIFICATION, "tls", OUTCOME_UNTRUSTED, false, WORDS,
	NULL},
    {CURLE_SSL_ISSUER_ERROR, "tls", OUTCOME_UNTRUSTED, false, WORDS, NULL},
    {CURLE_SSL_INVALIDCERTSTATUS, "tls", OUTCOME_UNTRUSTED, false, WORDS, NULL},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, "tls", OUTCOME_UNTRUSTED, false, WORDS,
	NULL},
    {CURLE_SSL_CERTPROBLEM, "tls", OUTCOME_UNTRUSTED, false, WORDS, NULL},
    {CURLE_SSL_CRL_BADFILE, "tls", OUTCOME_UNTRUSTED, false, WORDS, NULL},
    {CURLE_SSL_CACERT_BADFILE, "tls", OUTCOME_UNTRUSTED, false, WORDS,
	"no usable certificates to trust, see --ca-file or the package "
	"ca-certificates"},
    {CURLE_SSL_CONNECT_ERROR, "tls", OUTCOME_TEMPORARY, true, WORDS, NULL},
    {CURLE_SSL_CIPHER, "tls", OUTCOME_TEMPORARY, false, WORDS, NULL},
    {CURLE_SEND_ERROR, "send", OUTCOME_TEMPORARY, true, WORDS, NULL},
    {CURLE_GOT_NOTHING, "receive", OUTCOME_TEMPORARY, true, NO_DETAIL,
	"it closed the connection without an answer"},
    {CURLE_RECV_ERROR, "receive", OUTCOME_TEMPORARY, true, WORDS, NULL},
    {CURLE_PARTIAL_FILE, "receive", OUTCOME_TEMPORARY, true, NO_DETAIL,
	"it closed the connection in the middle"},
    {CURLE_UNSUPPORTED_PROTOCOL, "answer", OUTCOME_TEMPORARY, false, NO_DETAIL,
	not_http},
    {CURLE_WEIRD_SERVER_REPLY, "answer", OUTCOME_TEMPORARY, false, WORDS,
	not_http},
    {CURLE_HTTP2, "answer", OUTCOME_TEMPORARY, false, NO_DETAIL, not_http},
    {CURLE_FILESIZE_EXCEEDED, "size", OUTCOME_TEMPORARY, false, NO_DETAIL,
	"more than 1 MiB"},
    {CURLE_OUT_OF_MEMORY, LACK_STAGE, OUTCOME_TEMPORARY, false, NO_DETAIL,
	LACK_WORDS},
};

static const struct row other = {
    .outcome = OUTCOME_TEMPORARY, .retry = true, .detail = WORDS};

static const struct row *
row_of(CURLcode code)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code)
			return &rows[i];
	return &other;
}

bool
failure_retry(const struct http_try *t)
{
	if (t->any || t->limit || t->proxy_status >= 300 || t->out_of_time ||
	    lack_noted())
		return false;
	return t->code == CURLE_OPERATION_TIMEDOUT || row_of(t->code)->retry;
}

void
failure_set(struct reply *r, enum outcome outcome, const char *stage,
    const char *fmt, ...)
{
	cleanup_buf struct buf clean = BUF_INIT;
	char text[2 * MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_clean(&clean, text, strlen(text), MESSAGE_MAX);
	free(r->error_message);
	free(r->stage);
	r->outcome = outcome;
	r->error_message = clean.len ? strdup(buf_str(&clean)) : NULL;
	r->stage = stage ? strdup(stage) : NULL;
	if ((stage && !r->stage) || (*text && !r->error_message))
		lack_note();
}

void
failure_lack(struct reply *r)
{
	struct reply fresh = REPLY_INIT;

	lack_note();
	fresh.attempts = r->attempts;
	fresh.landlock = r->landlock;
	reply_free(r);
	*r = fresh;
	failure_set(r, OUTCOME_TEMPORARY, LACK_STAGE, LACK_WORDS);
}

/* What stood before the reason only says again that it is about TLS. */
static const char *
reason(const char *words)
{
	static const char *const heads[] = {
	    "SSL certificate problem: ", "SSL: "};
	size_t i;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (str_prefix(words, heads[i]))
			return words + strlen(heads[i]);
	return words;
}

static const char *
detail_of(const struct row *row, const struct http_try *t)
{
	const char *s = NULL;

	if (row->detail == ERRNO && t->os_errno)
		s = strerrordesc_np(t->os_errno);
	else if (row->detail != NO_DETAIL)
		s = reason(t->words);
	return s && *s ? s : NULL;
}

static const char *
doing(const char *stage)
{
	static const char *const table[][2] = {
	    {"resolve", "while its name was looked up"},
	    {"connect", "while connecting"},
	    {"tls", "in the TLS handshake"},
	    {"send", "while sending"},
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i][0], stage) == 0)
			return table[i][1];
	return NULL;
}

static void
report_timeout(const struct plan *p, const struct http_try *t, struct reply *r)
{
	const char *where = doing(t->reached);

	if (!where)
		where = t->any ? "in the middle of its answer"
			       : "waiting for its answer";
	if (t->out_of_time)
		failure_set(r, OUTCOME_TEMPORARY, "deadline", "%lld s, %s",
		    (long long)(p->timeout_ms + 999) / 1000, where);
	else
		failure_set(r, OUTCOME_TEMPORARY, t->reached, "timed out");
}

static void
report_row(const struct row *row, const struct http_try *t, struct reply *r)
{
	const char *detail = detail_of(row, t);

	failure_set(r, row->outcome, row->stage ? row->stage : t->reached,
	    "%s%s%s", row->text ? row->text : "",
	    row->text && detail ? ": " : "", detail ? detail : "");
}

void
failure_report(const struct plan *p, const struct http_try *t, struct reply *r)
{
	if (lack_noted())
		failure_lack(r);
	else if (strcmp(t->reached, "option") == 0)
		failure_set(r, OUTCOME_TEMPORARY, "option",
		    "this libcurl refuses %s", t->limit);
	else if (t->limit)
		failure_set(
		    r, OUTCOME_TEMPORARY, t->limit_stage, "%s", t->limit);
	else if (t->proxy_status >= 300)
		failure_set(r, OUTCOME_TEMPORARY, "proxy", "it said HTTP %d",
		    t->proxy_status);
	else if (t->code == CURLE_OPERATION_TIMEDOUT)
		report_timeout(p, t, r);
	else
		report_row(row_of(t->code), t, r);
}
