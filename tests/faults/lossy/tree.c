/* SPDX-License-Identifier: BSD-2-Clause */
/* Nodes: each change goes to what is seen and to what the next sync keeps. */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lossy.h"

static struct node **nodes;
static size_t nodes_n;

static void *
grow(void *p, size_t n, size_t size)
{
	void *more = reallocarray(p, n ? n : 1, size);

	if (!more)
		err(2, "memory");
	return more;
}

static void
touch(struct node *n)
{
	clock_gettime(CLOCK_REALTIME, &n->changed);
}

struct node *
tree_new(mode_t mode)
{
	struct node *n = calloc(1, sizeof(*n));
	int v;

	if (!n)
		err(2, "memory");
	nodes = grow(nodes, nodes_n + 1, sizeof(*nodes));
	nodes[nodes_n++] = n;
	n->ino = nodes_n;
	touch(n);
	for (v = 0; v < VIEWS; v++)
		n->view[v].mode = mode;
	return n;
}

struct node *
tree_node(fuse_ino_t ino)
{
	if (ino == 0 || ino > nodes_n)
		errx(2, "there is no node %lu", (unsigned long)ino);
	return nodes[ino - 1];
}

/* ---- names ------------------------------------------------------------- */

static struct entry *
find(struct content *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->entries_n; i++)
		if (strcmp(c->entries[i].name, name) == 0)
			return &c->entries[i];
	return NULL;
}

struct entry *
tree_find(struct node *dir, const char *name)
{
	return find(&dir->view[SEEN], name);
}

static void
forget(struct content *c, struct entry *e)
{
	size_t after = (size_t)(c->entries + c->entries_n - (e + 1));

	memmove(e, e + 1, after * sizeof(*e));
	c->entries_n--;
}

static void
put(struct content *c, const struct entry *e)
{
	c->entries = grow(c->entries, c->entries_n + 1, sizeof(*e));
	c->entries[c->entries_n++] = *e;
}

void
tree_name(struct node *dir, const char *name, struct node *node)
{
	struct entry e = {.node = node, .cookie = ++dir->cookies}, *old;
	int v;

	strncpy(e.name, name, sizeof(e.name) - 1);
	touch(dir);
	for (v = SEEN; v <= DUE; v++) {
		old = find(&dir->view[v], name);
		if (old && node)
			old->node = node;
		else if (old)
			forget(&dir->view[v], old);
		else if (node)
			put(&dir->view[v], &e);
	}
}

unsigned
tree_links(const struct node *n)
{
	const struct content *c;
	unsigned links = 0;
	size_t i, j;

	for (i = 0; i < nodes_n; i++) {
		c = &nodes[i]->view[SEEN];
		for (j = 0; j < c->entries_n; j++)
			links += c->entries[j].node == n;
	}
	return links;
}

/* ---- content ----------------------------------------------------------- */

static void
resize(struct content *c, size_t len)
{
	c->data = grow(c->data, len, 1);
	if (len > c->len)
		memset(c->data + c->len, 0, len - c->len);
	c->len = len;
}

void
tree_resize(struct node *f, size_t len)
{
	touch(f);
	resize(&f->view[SEEN], len);
	resize(&f->view[DUE], len);
}

void
tree_write(struct node *f, size_t at, const void *data, size_t len)
{
	int v;

	touch(f);
	for (v = SEEN; v <= DUE; v++) {
		if (at + len > f->view[v].len)
			resize(&f->view[v], at + len);
		memcpy(f->view[v].data + at, data, len);
	}
}

void
tree_mode(struct node *n, mode_t mode)
{
	touch(n);
	n->view[SEEN].mode = n->view[DUE].mode = mode;
}

/* ---- syncs ------------------------------------------------------------- */

static void
copy(struct content *to, const struct content *from)
{
	resize(to, from->len);
	if (from->len)
		memcpy(to->data, from->data, from->len);
	to->entries =
	    grow(to->entries, from->entries_n, sizeof(*from->entries));
	if (from->entries_n)
		memcpy(to->entries, from->entries,
		    from->entries_n * sizeof(*from->entries));
	to->entries_n = from->entries_n;
}

void
tree_sync(struct node *n, bool data_only)
{
	copy(&n->view[KEPT], &n->view[DUE]);
	if (!data_only)
		n->view[KEPT].mode = n->view[DUE].mode;
}

void
tree_sync_failed(struct node *n)
{
	if (S_ISREG(n->view[SEEN].mode))
		copy(&n->view[DUE], &n->view[KEPT]);
}
