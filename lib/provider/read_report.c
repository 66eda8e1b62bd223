/* SPDX-License-Identifier: BSD-2-Clause */
/* How the faults of a provider file are told: where, what, and a hint. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_scan.h"
#include "base/near.h"
#include "provider/reading.h"

const char *
reading_quote(const char *s, char room[160])
{
	cleanup_buf struct buf b = BUF_INIT;

	str_clean(&b, s, strlen(s), 120);
	snprintf(room, 160, "%s", buf_str(&b));
	return room;
}

const char *
reading_name(struct reading *r, char room[160])
{
	const char *path = buf_str(&r->path);

	reading_quote(*path ? path + 1 : path, room);
	for (char *p = room; *p; p++) {
		if (*p == '/')
			*p = '.';
	}
	return room;
}

int
reading_fail(struct reading *r, const char *fmt, ...)
{
	unsigned line = json_line(r->text, r->len, buf_str(&r->path));
	char what[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return error_read(r->err, TOKENWARD_CONFIG, "%s line %u: %s", r->label,
	    line ? line : 1, what);
}

int
reading_lacks(struct reading *r, const char *fmt, ...)
{
	char what[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return error_read(r->err, TOKENWARD_CONFIG, "%s: %s", r->label, what);
}

size_t
reading_begin(struct reading *r, const char *name)
{
	size_t mark = r->path.len;

	buf_put_byte(&r->path, '/');
	for (; *name; name++) {
		if (*name == '~' || *name == '/')
			buf_put_str(&r->path, *name == '~' ? "~0" : "~1");
		else
			buf_put_byte(&r->path, (unsigned char)*name);
	}
	return mark;
}

void
reading_end(struct reading *r, size_t mark)
{
	r->path.len = mark;
	if (r->path.data)
		r->path.data[mark] = '\0';
}

int
reading_must_be(struct reading *r, const char *what)
{
	char name[160];

	return reading_fail(
	    r, "\"%s\" must be %s", reading_name(r, name), what);
}

int
reading_unknown(struct reading *r, const struct member *table, const char *name,
    size_t parent)
{
	char quoted[160], in[160] = "", where[200] = "", hint[100] = "";
	struct near n;

	near_begin(&n, name);
	for (; table->name; table++)
		near_try(&n, table->name);
	if (n.best)
		snprintf(hint, sizeof(hint), "; did you mean \"%s\"?", n.best);
	if (parent > 0) {
		snprintf(
		    in, sizeof(in), "%.*s", (int)parent, buf_str(&r->path));
		for (char *p = in; *p; p++)
			*p = *p == '/' ? '.' : *p;
		snprintf(where, sizeof(where), " in \"%s\"", in + 1);
	}
	return reading_fail(r, "unknown member \"%s\"%s%s",
	    reading_quote(name, quoted), where, hint);
}
