/* SPDX-License-Identifier: BSD-2-Clause */
/* The words behind the module's name in a file of /etc/pam.d. */
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <security/pam_ext.h>
#include "pam.h"

#define TIMEOUT 5
#define TIMEOUT_MAX 60

static bool
read_timeout(const char *text, int *ret)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (end == text || *end || v < 1 || v > TIMEOUT_MAX)
		return false;
	*ret = (int)v;
	return true;
}

static const char *
value_of(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 && word[len] ? word + len : NULL;
}

static bool
read_word(const char *word, struct options *o)
{
	const char *v;

	if (strcmp(word, "debug") == 0)
		o->debug = true;
	else if (strcmp(word, "keep") == 0)
		o->keep = true;
	else if ((v = value_of(word, "timeout=")))
		return read_timeout(v, &o->timeout);
	else if ((v = value_of(word, "store=")))
		o->store = v;
	else if ((v = value_of(word, "libexec=")))
		o->libexec = v;
	else if ((v = value_of(word, "run=")))
		o->run = v;
	else
		return false;
	return true;
}

void
options_read(
    pam_handle_t *pamh, int argc, const char **argv, struct options *ret)
{
	*ret = (struct options){
	    .timeout = TIMEOUT, .libexec = LIBEXECDIR, .run = "/run/tokenward"};
	for (int i = 0; i < argc; i++)
		if (!read_word(argv[i], ret))
			pam_syslog(pamh, LOG_ERR,
			    "\"%s\" is no option, or not one of its values "
			    "(debug keep timeout=1..%d store=DIR); it is left "
			    "out",
			    argv[i], TIMEOUT_MAX);
}

int64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
