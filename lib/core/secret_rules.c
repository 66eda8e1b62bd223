/* SPDX-License-Identifier: BSD-2-Clause */
/* What a secret may be: mistakes of copy and paste are refused at the door. */
#include <string.h>
#include "base/cleanup.h"
#include "core/core.h"

static bool
is_blank(unsigned char c)
{
	return c == ' ';
}

static const char *
fault_of(const unsigned char *p, size_t len, bool verbatim)
{
	size_t i;

	if (len == 0)
		return "is empty";
	if (len > RECORD_SECRET_MAX)
		return "is longer than 64 KiB";
	if (len >= 2 &&
	    ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
		return "is UTF-16: save it as UTF-8 or plain ASCII";
	if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		return "begins with a byte order mark: save it without one";
	if (memchr(p, 0, len))
		return "contains a NUL byte (is the file UTF-16?)";
	for (i = 0; i < len; i++)
		if (p[i] < 0x20 || p[i] == 0x7f)
			return "contains a control character or a second line";
	if (!str_is_utf8((const char *)p, len))
		return "is not valid UTF-8";
	if (!verbatim && (is_blank(p[0]) || is_blank(p[len - 1])))
		return "begins or ends with a blank: if it truly does, say "
		       "--verbatim";
	return NULL;
}

int
object_set_secret(struct tokenward_credential *c, const char *name,
    const void *data, size_t len, bool verbatim, struct error *err)
{
	const char *fault = fault_of(data, len, verbatim);

	if (!name)
		name = "client_secret";
	if (fault)
		return error_set(err, TOKENWARD_USAGE, "the %s %s",
		    strcmp(name, "client_secret") == 0 ? "client secret" : name,
		    fault);
	return version_set_secret(&c->given, name, data, len)
		   ? TOKENWARD_OK
		   : error_memory(err);
}

int
tokenward_credential_set_secret(struct tokenward *tw,
    struct tokenward_credential *c, const char *name, const void *data,
    size_t len, int verbatim)
{
	if (!tw || !c || (!data && len > 0))
		return null_argument(tw);
	call_begin(tw);
	return call_end(
	    tw, object_set_secret(c, name, data, len, verbatim, &tw->err));
}
