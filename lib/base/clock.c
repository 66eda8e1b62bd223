/* SPDX-License-Identifier: BSD-2-Clause */
/* The one function that makes a now. */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/str.h"

static int64_t
read_ms(clockid_t id)
{
	struct timespec ts = {0};

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_boot_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

/* A UUID in text: 32 hex digits and four dashes. */
static void
read_boot_id(unsigned char *ret)
{
	char text[37] = "", digits[33];
	size_t i, n = 0;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(ret, 0, BOOT_ID_LEN);
	if (fd < 0)
		return;
	if (read(fd, text, 36) == 36) {
		for (i = 0; i < 36; i++)
			if (text[i] != '-' && n < 32)
				digits[n++] = text[i];
		digits[n] = '\0';
		if (!hex_get(digits, ret, BOOT_ID_LEN))
			memset(ret, 0, BOOT_ID_LEN);
	}
	close(fd);
}

void
clock_now(int64_t offset_s, struct now *ret)
{
	static _Thread_local unsigned char boot_id[BOOT_ID_LEN];
	static _Thread_local int known;

	if (!known) {
		read_boot_id(boot_id);
		known = 1;
	}
	ret->wall_ms = read_ms(CLOCK_REALTIME) + offset_s * 1000;
	ret->boot_ms = read_ms(CLOCK_BOOTTIME) + offset_s * 1000;
	memcpy(ret->boot_id, boot_id, BOOT_ID_LEN);
}

void
clock_sleep_ms(int64_t ms)
{
	struct timespec ts = {
	    .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};

	if (ms > 0)
		nanosleep(&ts, NULL);
}
