/* SPDX-License-Identifier: BSD-2-Clause */
/* Acts on sockets that the fence must prevent; what it must not. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include "escape.h"

/* Sockets */

static struct sockaddr_in
local(uint16_t p)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons(p),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static long
connect_to(uint16_t p)
{
	struct sockaddr_in a = local(p);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *)(void *)&a, sizeof(a));
}

static long
act_unix_stream(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long
act_unix_dgram(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* A datagram end could be turned to any socket by its name. */
static long
act_unix_pair(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
}

static long
act_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static long
act_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
}

static long
act_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static long
act_bind(void)
{
	struct sockaddr_in a = local(0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return bind(fd, (struct sockaddr *)(void *)&a, sizeof(a));
}

static long
act_listen(void)
{
	return listen(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 1);
}

static long
act_other_port(void)
{
	return connect_to(escape_other_port);
}

static long
act_fast_open(void)
{
	struct sockaddr_in a = local(escape_other_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
	    (struct sockaddr *)(void *)&a, sizeof(a));
}

/* What must go on working. */

static void *
nothing(void *p)
{
	return p;
}

static long
can_thread(void)
{
	pthread_t t;

	errno = pthread_create(&t, NULL, nothing, NULL);
	return errno ? -1 : pthread_join(t, NULL);
}

static long
can_connect(void)
{
	return connect_to(escape_port);
}

static long
can_resolve(void)
{
	struct addrinfo *list = NULL;

	errno = ENOENT;
	if (getaddrinfo("localhost", "443", NULL, &list) != 0)
		return -1;
	freeaddrinfo(list);
	return 0;
}

static long
can_read_hosts(void)
{
	return read_path("/etc/hosts");
}

const struct act net_acts[] = {
    {"unix-stream", "anybody", act_unix_stream},
    {"unix-dgram", "anybody", act_unix_dgram},
    {"unix-pair", "anybody", act_unix_pair},
    {"netlink", "anybody", act_netlink},
    {"raw-socket", "root", act_raw_socket},
    {"packet-socket", "root", act_packet_socket},
    {"bind", "anybody", act_bind},
    {"listen", "anybody", act_listen},
    {"other-port", "anybody", act_other_port},
    {"fast-open", "anybody", act_fast_open},
    {"thread", "must", can_thread},
    {"plan-port", "must", can_connect},
    {"resolve", "must", can_resolve},
    {"read-hosts", "must", can_read_hosts},
    {NULL, NULL, NULL},
};
