/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocations that fail when told to.  The linker puts these in the place of
 * the calls of our own objects (--wrap); the libraries keep theirs.
 */
#include <errno.h>
#include <json-c/json.h>
#include <json-c/json_pointer.h>
#include <stdarg.h>
#include <sys/types.h>
#include "base/secret.h"
#include "fuzz.h"

static struct {
	unsigned at; /* 0: none fails */
	bool and_after;
	bool on, hit;
	unsigned count;
} faults;

void
faults_arm(unsigned at, bool and_after)
{
	faults.at = at;
	faults.and_after = and_after;
	faults.count = 0;
	faults.hit = faults.on = false;
}

void
faults_disarm(void)
{
	faults_arm(0, false);
}

void
faults_on(void)
{
	faults.on = faults.at > 0;
}

void
faults_off(void)
{
	faults.on = false;
}

bool
faults_hit(void)
{
	return faults.hit;
}

static bool
fails(void)
{
	if (!faults.on)
		return false;
	faults.count++;
	if (faults.count != faults.at &&
	    !(faults.and_after && faults.count > faults.at))
		return false;
	faults.hit = true;
	errno = ENOMEM;
	return true;
}

/* A call that returns a pointer, NULL where it fails. */
#define WRAP(type, name, parameters, arguments)                  \
	type __real_##name parameters;                           \
	type __wrap_##name parameters;                           \
	type __wrap_##name parameters                            \
	{                                                        \
		return fails() ? NULL : __real_##name arguments; \
	}

WRAP(void *, malloc, (size_t n), (n))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *p, size_t n), (p, n))
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size))
WRAP(char *, strdup, (const char *s), (s))
WRAP(char *, strndup, (const char *s, size_t n), (s, n))
WRAP(struct json_object *, json_object_new_string, (const char *s), (s))
WRAP(struct json_object *, json_object_new_string_len, (const char *s, int len),
    (s, len))
WRAP(struct json_object *, json_object_new_object, (void), ())
WRAP(struct json_object *, json_object_new_array, (void), ())
WRAP(struct json_object *, json_object_new_boolean, (json_bool b), (b))
WRAP(struct json_object *, json_object_new_int64, (int64_t n), (n))
WRAP(struct json_object *, json_object_new_double, (double d), (d))

int __real_json_object_array_add(struct json_object *a, struct json_object *v);
int __wrap_json_object_array_add(struct json_object *a, struct json_object *v);
int __real_json_object_object_add_ex(struct json_object *o, const char *key,
    struct json_object *v, unsigned opts);
int __wrap_json_object_object_add_ex(struct json_object *o, const char *key,
    struct json_object *v, unsigned opts);
int __real_json_pointer_get(
    struct json_object *o, const char *at, struct json_object **ret);
int __wrap_json_pointer_get(
    struct json_object *o, const char *at, struct json_object **ret);

int
__wrap_json_object_array_add(struct json_object *a, struct json_object *v)
{
	return fails() ? -1 : __real_json_object_array_add(a, v);
}

int
__wrap_json_object_object_add_ex(struct json_object *o, const char *key,
    struct json_object *v, unsigned opts)
{
	return fails() ? -1 : __real_json_object_object_add_ex(o, key, v, opts);
}

int
__wrap_json_pointer_get(
    struct json_object *o, const char *at, struct json_object **ret)
{
	return fails() ? -1 : __real_json_pointer_get(o, at, ret);
}

static const char no_text[] = "not to be looked at";

int __real_vasprintf(char **to, const char *fmt, va_list ap);
int __wrap_vasprintf(char **to, const char *fmt, va_list ap);
int __wrap_asprintf(char **to, const char *fmt, ...);
int __wrap___vasprintf_chk(char **to, int flag, const char *fmt, va_list ap);
int __wrap___asprintf_chk(char **to, int flag, const char *fmt, ...);

int
__wrap_vasprintf(char **to, const char *fmt, va_list ap)
{
	if (!fails())
		return __real_vasprintf(to, fmt, ap);
	*to = (char *)(uintptr_t)no_text; /* as it may be after a failure */
	return -1;
}

int
__wrap_asprintf(char **to, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = __wrap_vasprintf(to, fmt, ap);
	va_end(ap);
	return n;
}

int
__wrap___vasprintf_chk(char **to, int flag, const char *fmt, va_list ap)
{
	(void)flag;
	return __wrap_vasprintf(to, fmt, ap);
}

int
__wrap___asprintf_chk(char **to, int flag, const char *fmt, ...)
{
	va_list ap;
	int n;

	(void)flag;
	va_start(ap, fmt);
	n = __wrap_vasprintf(to, fmt, ap);
	va_end(ap);
	return n;
}

/* The same uuid each time, so that runs can be compared. */
ssize_t __wrap_getrandom(void *to, size_t len, unsigned flags);

ssize_t
__wrap_getrandom(void *to, size_t len, unsigned flags)
{
	(void)flags;
	if (fails())
		return -1;
	memset(to, 0x5a, len);
	return (ssize_t)len;
}

/* ---- the arena ---------------------------------------------------------
 * Under a sanitizer every secret gets memory of its own, with red zones. */

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define FENCED
#endif
#endif

void *__real_secret_alloc(size_t len);
void __real_secret_free(void *p);
size_t __real_secret_in_use(void);
void *__wrap_secret_alloc(size_t len);
void __wrap_secret_free(void *p);
size_t __wrap_secret_in_use(void);

#ifdef FENCED
void *__real_calloc(size_t n, size_t size);
static size_t in_use;

void *
__wrap_secret_alloc(size_t len)
{
	void *p = fails() || len > SECRET_MAX ? NULL : __real_calloc(1, len);

	in_use += p != NULL;
	return p;
}

void
__wrap_secret_free(void *p)
{
	in_use -= p != NULL;
	free(p);
}

size_t
__wrap_secret_in_use(void)
{
	return in_use;
}

#else

void *
__wrap_secret_alloc(size_t len)
{
	return fails() ? NULL : __real_secret_alloc(len);
}

void
__wrap_secret_free(void *p)
{
	__real_secret_free(p);
}

size_t
__wrap_secret_in_use(void)
{
	return __real_secret_in_use();
}

#endif
