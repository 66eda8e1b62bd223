/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events as lines of the system's log.  Not by syslog(3): that belongs to
 * the process we are a guest in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>
#include <tokenward/tokenward.h>
#include "base/cleanup.h"
#include "base/str.h"
#include "module/built_in.h"

#define LINE_MAX_LEN 1000u
#define VALUE_MAX 256u
#define FIELD_PREFIX "field."
#define SOCKET "/dev/log"

static const struct {
	const char *name;
	int facility;
} facilities[] = {
    {"user", LOG_USER},
    {"daemon", LOG_DAEMON},
    {"auth", LOG_AUTH},
    {"authpriv", LOG_AUTHPRIV},
    {"local0", LOG_LOCAL0},
    {"local1", LOG_LOCAL1},
    {"local2", LOG_LOCAL2},
    {"local3", LOG_LOCAL3},
    {"local4", LOG_LOCAL4},
    {"local5", LOG_LOCAL5},
    {"local6", LOG_LOCAL6},
    {"local7", LOG_LOCAL7},
};

struct logging {
	int facility;
	struct sockaddr_un address;
};

static const struct tokenward_option options[] = {
    {.name = "facility",
	.type = TOKENWARD_OPTION_TEXT,
	.fallback = "user",
	.help = "user, daemon, auth, authpriv, local0 to local7"},
    {.name = "socket",
	.type = TOKENWARD_OPTION_TEXT,
	.fallback = SOCKET,
	.help = "where the system's log listens"},
    {NULL},
};

static bool
set_facility(struct logging *l, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(facilities) / sizeof(facilities[0]); i++)
		if (strcmp(facilities[i].name, name) == 0) {
			l->facility = facilities[i].facility;
			return true;
		}
	return false;
}

static int
start(void **ret_self, const struct tokenward_message *given,
    struct tokenward_message *reply)
{
	const char *socket_path = tokenward_message_text(given, "socket");
	struct logging *l = calloc(1, sizeof(*l));

	if (!l)
		return TOKENWARD_MODULE_FAILED;
	l->address.sun_family = AF_UNIX;
	if (!set_facility(l, tokenward_message_text(given, "facility")) ||
	    strlen(socket_path) >= sizeof(l->address.sun_path)) {
		tokenward_message_say(reply,
		    "the facility must be %s, and the path of the socket "
		    "short",
		    options[0].help);
		free(l);
		return TOKENWARD_MODULE_FAILED;
	}
	memcpy(l->address.sun_path, socket_path, strlen(socket_path) + 1);
	*ret_self = l;
	return TOKENWARD_MODULE_OK;
}

/* The daemon knows what time it is: the C library would read the file that TZ
   names, and say it in the language of the locale. */
static void
put_head(const struct logging *l, struct buf *b)
{
	buf_printf(
	    b, "<%d>tokenward[%d]: ", l->facility | LOG_NOTICE, (int)getpid());
}

static void
put_line(const struct tokenward_message *request, struct buf *b)
{
	const char *event = tokenward_message_text(request, "event");
	char key[65];
	const void *value;
	size_t len, at = 0;

	str_clean(b, event ? event : "?", event ? strlen(event) : 1, VALUE_MAX);
	while (tokenward_message_next(request, &at, key, &value, &len)) {
		if (!str_prefix(key, FIELD_PREFIX))
			continue;
		buf_printf(b, " %s=", key + strlen(FIELD_PREFIX));
		str_clean(b, value, len, VALUE_MAX);
	}
	if (b->len > LINE_MAX_LEN)
		b->len = LINE_MAX_LEN;
}

static int
send_event(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply)
{
	const struct logging *l = self;
	cleanup_buf struct buf line = BUF_INIT;
	cleanup_close int fd =
	    socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	put_head(l, &line);
	put_line(request, &line);
	if (fd < 0 || line.failed)
		return TOKENWARD_MODULE_FAILED;
	if (sendto(fd, line.data, line.len, MSG_NOSIGNAL,
		(const struct sockaddr *)&l->address, sizeof(l->address)) >= 0)
		return TOKENWARD_MODULE_OK;
	tokenward_message_say(
	    reply, "%s: %s", l->address.sun_path, strerrordesc_np(errno));
	return errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN
		   ? TOKENWARD_MODULE_AWAY
		   : TOKENWARD_MODULE_FAILED;
}

const struct tokenward_module syslog_module = {
    .size = sizeof(syslog_module),
    .abi = TOKENWARD_MODULE_ABI,
    .kind = "notify",
    .name = "syslog",
    .version = TOKENWARD_VERSION_STRING,
    .summary = "a line in the system's log",
    .options = options,
    .start = start,
    .stop = free,
    .notify = {.send = send_event},
};
