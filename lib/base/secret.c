/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arena: a few chunks of locked pages between guard pages, cut into
 * blocks first-fit.  One chunk serves nearly every process, so the warm path
 * pays for one mmap and one mlock.  Bookkeeping stands in the chunk, before
 * each block: whoever can write there could write the secret as well.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/secret.h"

#define CHUNK_SIZE (32u * 1024)
#define ALIGN 16u

struct block {
	size_t size; /* of the payload */
	size_t used;
};

struct chunk {
	struct chunk *next;
	size_t size; /* of what follows */
	size_t map;  /* of the whole mapping, guards included */
	size_t live;
};

_Static_assert(sizeof(struct block) == ALIGN, "payloads stay aligned");
_Static_assert(sizeof(struct chunk) % ALIGN == 0, "blocks stay aligned");

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct chunk *chunks;
static bool unlocked_page;
static size_t in_use;
static bool is_child; /* of a fork: the parent's chunks are gone */

void
wipe(void *p, size_t len)
{
	if (len)
		explicit_bzero(p, len);
}

static struct block *
first_block(struct chunk *c)
{
	return (struct block *)(c + 1);
}

static struct block *
next_block(struct block *b)
{
	return (struct block *)((unsigned char *)(b + 1) + b->size);
}

static bool
in_chunk(const struct chunk *c, const void *p)
{
	return (uintptr_t)p >= (uintptr_t)(c + 1) &&
	       (uintptr_t)p < (uintptr_t)(c + 1) + c->size;
}

/* 4 KiB here, 64 KiB on other machines. */
static size_t
page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct chunk *
chunk_new(size_t payload)
{
	size_t want = payload + sizeof(struct chunk) + sizeof(struct block);
	size_t guard = page(), least = want > CHUNK_SIZE ? want : CHUNK_SIZE;
	size_t inner = (least + guard - 1) & ~(guard - 1);
	unsigned char *map = mmap(NULL, inner + 2 * guard, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct chunk *c;
	int e = errno;

	if (map == MAP_FAILED)
		return NULL;
	c = (struct chunk *)(map + guard);
	if (mprotect(c, inner, PROT_READ | PROT_WRITE) < 0) {
		munmap(map, inner + 2 * guard);
		return NULL;
	}
	if (mlock(c, inner) < 0)
		unlocked_page = true;
	madvise(c, inner, MADV_DONTDUMP);
	madvise(c, inner, MADV_WIPEONFORK);
	errno = e; /* memory that cannot be locked is no lack of it */
	c->size = inner - sizeof(*c);
	c->map = inner + 2 * guard;
	first_block(c)->size = c->size - sizeof(struct block);
	c->next = chunks;
	chunks = c;
	return c;
}

static void *
take(struct chunk *c, struct block *b, size_t len)
{
	struct block *rest;

	if (b->size >= len + sizeof(struct block) + ALIGN) {
		rest = (struct block *)((unsigned char *)(b + 1) + len);
		rest->size = b->size - len - sizeof(struct block);
		rest->used = 0;
		b->size = len;
	}
	b->used = 1;
	c->live++;
	in_use += b->size;
	return b + 1;
}

static void *
find(struct chunk *c, size_t len)
{
	struct block *b;

	for (b = first_block(c); in_chunk(c, b); b = next_block(b))
		if (!b->used && b->size >= len)
			return take(c, b, len);
	return NULL;
}

void *
secret_alloc(size_t len)
{
	struct chunk *c;
	void *p = NULL;

	if (len > SECRET_MAX)
		return NULL;
	len = (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (len == 0)
		len = ALIGN;
	pthread_mutex_lock(&mutex);
	for (c = chunks; c && !p; c = c->next)
		p = find(c, len);
	if (!p && (c = chunk_new(len)))
		p = find(c, len);
	pthread_mutex_unlock(&mutex);
	return p;
}

static void
join_free_blocks(struct chunk *c)
{
	struct block *b, *n;

	for (b = first_block(c); in_chunk(c, b); b = next_block(b))
		while (!b->used && in_chunk(c, n = next_block(b)) && !n->used) {
			b->size += n->size + sizeof(*n);
			*n = (struct block){0};
		}
}

/* An empty chunk goes back, but one is kept for the next secret. */
static void
drop_if_empty(struct chunk *c)
{
	struct chunk **at = &chunks;

	if (c->live || (c == chunks && !c->next))
		return;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	munmap((unsigned char *)c - page(), c->map);
}

void
secret_free(void *p)
{
	struct block *b;
	struct chunk *c;

	if (!p)
		return;
	b = (struct block *)p - 1;
	pthread_mutex_lock(&mutex);
	for (c = chunks; c && !in_chunk(c, b);)
		c = c->next;
	if (!c && is_child) { /* the parent's, wiped by the fork */
		pthread_mutex_unlock(&mutex);
		return;
	}
	if (!c || b->used != 1)
		__builtin_trap(); /* not ours, or freed twice */
	wipe(p, b->size);
	b->used = 0;
	c->live--;
	in_use -= b->size;
	join_free_blocks(c);
	drop_if_empty(c);
	pthread_mutex_unlock(&mutex);
}

bool
secret_locked(bool *ret)
{
	void *one = secret_alloc(1); /* there is a page at least */

	if (!one)
		return false;
	secret_free(one);
	pthread_mutex_lock(&mutex);
	*ret = !unlocked_page;
	pthread_mutex_unlock(&mutex);
	return true;
}

size_t
secret_in_use(void)
{
	size_t n;

	pthread_mutex_lock(&mutex);
	n = in_use;
	pthread_mutex_unlock(&mutex);
	return n;
}

/* WIPEONFORK leaves a child with zeroed chunks: forget them there. */
static void
forked(void)
{
	pthread_mutex_init(&mutex, NULL);
	chunks = NULL;
	in_use = 0;
	is_child = true;
}

__attribute__((constructor)) static void
watch_forks(void)
{
	pthread_atfork(NULL, NULL, forked);
}
