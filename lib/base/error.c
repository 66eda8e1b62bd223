/* SPDX-License-Identifier: BSD-2-Clause */
/* One failure: its result code and its sentence. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/error.h"

static void
cut(struct error *err, int n, size_t cap)
{
	if (n >= 0 && (size_t)n >= cap)
		memcpy(err->text + sizeof(err->text) - 4, "...", 4);
}

static void __attribute__((format(printf, 3, 0)))
error_vset(struct error *err, int code, const char *fmt, va_list ap)
{
	err->code = code;
	err->retry_at = 0;
	err->no_memory = false;
	cut(err, vsnprintf(err->text, sizeof(err->text), fmt, ap),
	    sizeof(err->text));
}

int
error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_vset(err, code, fmt, ap);
	va_end(ap);
	return code;
}

int
error_errno(struct error *err, int code, const char *fmt, ...)
{
	const char *why = strerrordesc_np(errno);
	bool no_memory = errno == ENOMEM;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	error_vset(err, no_memory ? TOKENWARD_FAILED : code, fmt, ap);
	va_end(ap);
	err->no_memory = no_memory;
	n = strlen(err->text);
	cut(err,
	    snprintf(err->text + n, sizeof(err->text) - n, ": %s",
		why ? why : "unknown error"),
	    sizeof(err->text) - n);
	return err->code;
}

int
error_prefix(struct error *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list ap;
	size_t n;

	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	cut(err, snprintf(err->text + n, sizeof(err->text) - n, "%s", old),
	    sizeof(err->text) - n);
	return err->code;
}

void
error_clear(struct error *err)
{
	err->code = TOKENWARD_OK;
	err->retry_at = 0;
	err->no_memory = false;
	err->text[0] = '\0';
}

int
error_memory(struct error *err)
{
	error_set(err, TOKENWARD_FAILED, "out of memory");
	err->no_memory = true;
	return err->code;
}

int
error_read(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (errno == ENOMEM)
		return error_memory(err);
	va_start(ap, fmt);
	error_vset(err, code, fmt, ap);
	va_end(ap);
	return code;
}

int
error_code_of_errno(int e)
{
	return e == EACCES || e == EPERM || e == EROFS ? TOKENWARD_NOT_ALLOWED
						       : TOKENWARD_FAILED;
}
