/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests in, answers out, on libmicrohttpd driven by our own loop. A
 * delayed request is suspended, so it holds up nobody else. Nothing of a
 * request is interpreted here: vendors see it as it was sent.
 */
#include <arpa/inet.h>
#include <json-c/json.h>
#include <limits.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tokend.h"

#define MAX_CONNECTIONS 4096U
#define MAX_BODY (1024 * 1024)
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

static struct MHD_Daemon *daemon_;
static char *tls_key, *tls_cert;
static bool stopping;

static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *conn)
{
	struct request *req = xcalloc(1, sizeof(*req));
	size_t path_len = strcspn(uri, "?");

	(void)cls;
	req->conn = conn;
	req->uri = xstrdup(uri);
	req->path = xstrdup(uri);
	req->path[path_len] = '\0';
	if (uri[path_len] == '?')
		req->query = req->uri + path_len + 1;
	req->answer.truncate = req->answer.pad_to = -1;
	return req;
}

static enum MHD_Result
on_header(
    void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct request *req = cls;

	(void)kind;
	pairs_add(&req->headers, name, strlen(name), value,
	    value == NULL ? 0 : strlen(value));
	return MHD_YES;
}

static int
peer_port(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info;
	const struct sockaddr_in *in;

	info =
	    MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	in = info == NULL ? NULL : (const void *)info->client_addr;
	return in == NULL ? 0 : ntohs(in->sin_port);
}

static void
begin(struct request *req, const char *method)
{
	req->begun = true;
	req->method = xstrdup(method);
	req->port = peer_port(req->conn);
	MHD_get_connection_values(req->conn, MHD_HEADER_KIND, on_header, req);
}

static enum MHD_Result
drop(struct request *req)
{
	const union MHD_ConnectionInfo *info;
	struct linger now_ = {.l_onoff = 1};

	info = MHD_get_connection_info(
	    req->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (req->answer.reset && info != NULL)
		setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &now_,
		    sizeof(now_));
	return MHD_NO;
}

static enum MHD_Result
send_answer(struct request *req)
{
	struct MHD_Response *res;
	enum MHD_Result ok;

	if (req->answer.drop || req->answer.reset)
		return drop(req);
	answer_date(req);
	res = reader_response(req);
	for (size_t i = 0; i < req->answer.headers.n; i++) {
		const struct pair *h = &req->answer.headers.item[i];

		if (MHD_add_response_header(res, h->name, h->value) != MHD_YES)
			fprintf(
			    stderr, "tokend: header %s not sent\n", h->name);
	}
	ok = MHD_queue_response(
	    req->conn, (unsigned int)req->answer.status, res);
	MHD_destroy_response(res);
	return ok;
}

static void
not_found(struct request *req)
{
	answer_text(req, 404, "text/plain", "no such path\n");
}

static enum MHD_Result
finish(struct request *req)
{
	if (req->route == NULL)
		not_found(req);
	else if (!script_replaces(req->step))
		req->route->handle(req);
	if (req->step != NULL)
		script_apply(req->step, req);
	count_answered(req);
	log_answered(req);
	return send_answer(req);
}

static void
resume(void *arg)
{
	struct request *req = arg;

	MHD_resume_connection(req->conn);
}

/* The whole request is here. True: it has to wait. */
static bool
receive(struct request *req)
{
	long long delay;

	req->received = true;
	bytes_add(&req->body, "", 0);
	req->route = route_find(req->path, &req->vendor);
	req->claimed = claimed_id(req);
	req->step = script_take(req);
	count_received(req);
	log_received(req);
	delay = script_delay(req->step);
	if (req->vendor != NULL)
		delay += req->vendor->set.delay_ms;
	if (delay <= 0)
		return false;
	MHD_suspend_connection(req->conn);
	timer_start(&req->timer, delay, resume, req);
	return true;
}

static void
take_body(struct request *req, const char *data, size_t len)
{
	if (req->body.len + len > MAX_BODY)
		req->too_big = true;
	else
		bytes_add(&req->body, data, len);
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *conn, const char *url,
    const char *method, const char *version, const char *data, size_t *len,
    void **con_cls)
{
	struct request *req = *con_cls;

	(void)cls;
	(void)conn;
	(void)url;
	(void)version;
	if (stopping || req == NULL)
		return MHD_NO;
	if (!req->begun) {
		begin(req, method);
		return MHD_YES;
	}
	if (*len > 0) {
		take_body(req, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (!req->received) {
		bytes_add(&req->body, "", 0);
		if (control_handle(req))
			return send_answer(req);
		if (receive(req))
			return MHD_YES;
	}
	return finish(req);
}

static void
on_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
    enum MHD_RequestTerminationCode code)
{
	struct request *req = *con_cls;

	(void)cls;
	(void)conn;
	if (req == NULL)
		return;
	*con_cls = NULL;
	if (req->received && code != MHD_REQUEST_TERMINATED_COMPLETED_OK)
		count_aborted(req);
	timer_stop(&req->timer);
	script_release(req->step);
	json_object_put(req->entry);
	free(req->method);
	free(req->uri);
	free(req->path);
	free(req->claimed);
	pairs_free(&req->headers);
	pairs_free(&req->answer.headers);
	bytes_free(&req->body);
	bytes_free(&req->answer.body);
	free(req);
}

static void
on_connection(void *cls, struct MHD_Connection *conn, void **socket_cls,
    enum MHD_ConnectionNotificationCode code)
{
	(void)cls;
	(void)conn;
	(void)socket_cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		count_connection();
}

static char *
read_pem(const char *dir, const char *name)
{
	char *path = text("%s/%s", dir, name);
	struct bytes all = {0};
	char part[4096];
	size_t n;
	FILE *f;

	f = fopen(path, "re");
	if (f == NULL) {
		fprintf(stderr, "tokend: %s: %m; make it with mkpki\n", path);
		free(path);
		return NULL;
	}
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		bytes_add(&all, part, n);
	fclose(f);
	free(path);
	return all.data;
}

static bool
read_pki(const char *dir)
{
	if (dir == NULL)
		return true;
	tls_key = read_pem(dir, "server.key");
	tls_cert = read_pem(dir, "server.pem");
	return tls_key != NULL && tls_cert != NULL;
}

int
http_start(int listener, const char *tls_dir)
{
	struct MHD_OptionItem tls[] = {
	    {MHD_OPTION_HTTPS_MEM_KEY, 0, NULL},
	    {MHD_OPTION_HTTPS_MEM_CERT, 0, NULL},
	    {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES},
	    {MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;

	if (!read_pki(tls_dir))
		return -1;
	tls[0].ptr_value = tls_key;
	tls[1].ptr_value = tls_cert;
	daemon_ = MHD_start_daemon(flags | (tls_dir != NULL ? MHD_USE_TLS : 0),
	    0, NULL, NULL, on_request, NULL, MHD_OPTION_LISTEN_SOCKET, listener,
	    MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_URI_LOG_CALLBACK,
	    on_uri, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL, MHD_OPTION_ARRAY,
	    tls_dir != NULL ? tls : none, MHD_OPTION_END);
	return daemon_ == NULL ? -1 : 0;
}

int
http_poll_fd(void)
{
	return MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

long long
http_timeout(void)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(daemon_, &ms) != MHD_YES)
		return -1;
	return ms > INT_MAX ? INT_MAX : (long long)ms;
}

void
http_run(void)
{
	MHD_run(daemon_);
}

bool
http_stopping(void)
{
	return stopping;
}

/* Suspended connections must be let go before the daemon may stop. */
void
http_stop(void)
{
	stopping = true;
	if (daemon_ != NULL) {
		timer_flush();
		MHD_stop_daemon(daemon_);
	}
	free(tls_key);
	free(tls_cert);
}
