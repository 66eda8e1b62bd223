/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both libraries leave request bodies and headers in freed memory.  Each
 * block carries its size before it, so that freeing can wipe all of it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include "lack.h"
#include "memory.h"

#define HEAD sizeof(max_align_t)

_Static_assert(HEAD >= sizeof(size_t), "the size fits before the block");

static size_t
size_of(const void *p)
{
	size_t size;

	memcpy(&size, (const unsigned char *)p - HEAD, sizeof(size));
	return size;
}

static void *
get(size_t size)
{
	unsigned char *p = size > SIZE_MAX - HEAD ? NULL : malloc(size + HEAD);

	if (!p) {
		lack_note();
		return NULL;
	}
	memcpy(p, &size, sizeof(size));
	return p + HEAD;
}

static void
give_back(void *p)
{
	if (!p)
		return;
	explicit_bzero(p, size_of(p));
	free((unsigned char *)p - HEAD);
}

static void *
change(void *old, size_t size)
{
	void *p = get(size);
	size_t keep;

	if (p && old) {
		keep = size_of(old);
		memcpy(p, old, keep < size ? keep : size);
		give_back(old);
	}
	return p;
}

static void *
get_zeroed(size_t n, size_t size)
{
	size_t all;
	void *p = __builtin_mul_overflow(n, size, &all) ? NULL : get(all);

	if (p)
		memset(p, 0, all);
	return p;
}

static char *
copy(const char *s)
{
	size_t len = strlen(s) + 1;
	char *p = get(len);

	return p ? memcpy(p, s, len) : NULL;
}

/* OpenSSL's shapes: no block for no bytes, resizing to nothing frees. */

static void *
ssl_get(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size ? get(size) : NULL;
}

static void
ssl_give_back(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	give_back(p);
}

static void *
ssl_change(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size)
		return change(old, size);
	give_back(old);
	return NULL;
}

/* What began short of memory is not gone on with: neither library does well
   with half of itself. */
int
memory_setup(struct error *err)
{
	if (CRYPTO_set_mem_functions(ssl_get, ssl_change, ssl_give_back) != 1)
		return error_set(err, TOKENWARD_FAILED,
		    "OpenSSL does not take our memory functions");
	if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1 &&
	    !lack_noted())
		return error_set(
		    err, TOKENWARD_FAILED, "OpenSSL does not start");
	if (lack_noted())
		return error_memory(err);
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, get, give_back, change,
		copy, get_zeroed) != CURLE_OK &&
	    !lack_noted())
		return error_set(
		    err, TOKENWARD_FAILED, "libcurl does not start");
	return lack_noted() ? error_memory(err) : TOKENWARD_OK;
}
