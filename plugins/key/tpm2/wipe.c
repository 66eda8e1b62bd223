/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The libraries of the TPM keep PINs and keys of sessions in ordinary memory
 * and give it back as it is.  Here it is wiped before.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_OWN_FREE
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
#define HAS_OWN_FREE
#endif

#ifndef HAS_OWN_FREE
void __libc_free(void *p);

void
free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	__libc_free(p);
}
#endif
