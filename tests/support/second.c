/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second port that answers nothing and notes who came and what was sent:
 * where a redirect points that must not be followed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tokend.h"

#define KEEP_BYTES 65536
#define PATIENCE_MS 2000

struct visit {
	struct visit *next;
	int fd; /* -1: over */
	int port;
	long long total;
	struct bytes got;
	struct timer timer;
};

static int listener = -1, epoll = -1, port;
static struct visit *first;

int
second_start(void)
{
	struct epoll_event ev = {.events = EPOLLIN};

	listener = listen_loopback(&port);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (listener < 0 || epoll < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev) != 0)
		return -1;
	return 0;
}

int
second_port(void)
{
	return port;
}

int
second_poll_fd(void)
{
	return epoll;
}

static void
finish(void *arg)
{
	struct visit *v = arg;

	timer_stop(&v->timer);
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
}

static void
welcome(void)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	struct epoll_event ev = {.events = EPOLLIN};
	int fd;

	while ((fd = accept4(listener, (struct sockaddr *)&from, &len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct visit *v = xcalloc(1, sizeof(*v));

		v->fd = fd;
		v->port = ntohs(from.sin_port);
		v->next = first;
		first = v;
		ev.data.ptr = v;
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
		timer_start(&v->timer, PATIENCE_MS, finish, v);
	}
}

static void
take(struct visit *v)
{
	char part[4096];
	ssize_t n;

	while (v->fd >= 0 && (n = recv(v->fd, part, sizeof(part), 0)) != 0) {
		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR)
				finish(v);
			return;
		}
		v->total += n;
		if (v->got.len < KEEP_BYTES)
			bytes_add(&v->got, part, (size_t)n);
	}
	finish(v);
}

void
second_run(void)
{
	struct epoll_event ev[64];
	int n = epoll_wait(epoll, ev, 64, 0);

	for (int i = 0; i < n; i++) {
		if (ev[i].data.ptr == NULL)
			welcome();
		else
			take(ev[i].data.ptr);
	}
}

static struct json_object *
visit_json(const struct visit *v)
{
	struct json_object *obj = json_object_new_object();
	char *coded = base64_of(v->got.data, v->got.len, false);

	json_object_object_add(obj, "port", json_object_new_int(v->port));
	json_object_object_add(obj, "bytes", json_object_new_int64(v->total));
	json_object_object_add(
	    obj, "data_base64", json_object_new_string(coded));
	free(coded);
	return obj;
}

struct json_object *
second_json(void)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *list = json_object_new_array();
	long long total = 0;

	if (epoll >= 0)
		second_run();
	for (const struct visit *v = first; v != NULL; v = v->next) {
		json_object_array_add(list, visit_json(v));
		total += v->total;
	}
	json_object_object_add(obj, "port", json_object_new_int(port));
	json_object_object_add(obj, "connections",
	    json_object_new_int64((long)json_object_array_length(list)));
	json_object_object_add(obj, "bytes", json_object_new_int64(total));
	json_object_object_add(obj, "visits", list);
	return obj;
}

void
second_reset(void)
{
	while (first != NULL) {
		struct visit *v = first;

		first = v->next;
		finish(v);
		bytes_free(&v->got);
		free(v);
	}
}

void
second_stop(void)
{
	second_reset();
	if (listener >= 0)
		close(listener);
	if (epoll >= 0)
		close(epoll);
}
