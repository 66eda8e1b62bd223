/* SPDX-License-Identifier: BSD-2-Clause */
/* Shelves in memory; see fake_place.h. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/frame.h"
#include "module/module.h"
#include "fake_place.h"

#define RECORDS 64
#define PAGE 2 /* keys of one answer */

struct record {
	char key[80];
	unsigned char bytes[2048];
	size_t len;
	unsigned version;
};

struct shelf {
	struct record v[RECORDS];
	size_t n;
	bool answers; /* always the same */
	enum tokenward_module_result answer;
};

static struct shelf shelves[FAKE_SHELVES];
static bool active;
static unsigned versions;
static int live;

static struct {
	bool on, hit, onwards;
	const char *operation;
	unsigned nth, count;
	enum tokenward_module_result result;
	void (*what)(void);
} order;

static struct {
	const char *operation;
	unsigned n;
} calls[] = {{"get", 0}, {"put", 0}, {"remove", 0}, {"each", 0}};

void
fake_place_begin(void)
{
	size_t i;

	memset(shelves, 0, sizeof(shelves));
	memset(&order, 0, sizeof(order));
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		calls[i].n = 0;
	live = 0;
	active = true;
}

void
fake_place_end(void)
{
	active = false;
}

static void
begin_order(const char *operation, unsigned nth)
{
	memset(&order, 0, sizeof(order));
	order.operation = operation;
	order.nth = nth;
	order.on = true;
}

void
fake_place_fail(
    const char *operation, unsigned nth, enum tokenward_module_result result)
{
	begin_order(operation, nth);
	order.result = result;
}

void
fake_place_fail_from(
    const char *operation, unsigned nth, enum tokenward_module_result result)
{
	fake_place_fail(operation, nth, result);
	order.onwards = true;
}

void
fake_place_before(const char *operation, unsigned nth, void (*what)(void))
{
	begin_order(operation, nth);
	order.what = what;
}

bool
fake_place_hit(void)
{
	order.on = false;
	return order.hit;
}

void
fake_place_answer(
    unsigned shelf, bool always, enum tokenward_module_result result)
{
	shelves[shelf].answers = always;
	shelves[shelf].answer = result;
}

size_t
fake_place_records(unsigned shelf)
{
	return shelves[shelf].n;
}

unsigned
fake_place_calls(const char *operation)
{
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].operation, operation) == 0)
			return calls[i].n;
	return 0;
}

int
fake_place_live(void)
{
	return live;
}

/* ---- what a shelf does ------------------------------------------------- */

static bool
text_of(const struct buf *request, const char *field, char *ret, size_t size)
{
	struct frame_field f;

	if (!frame_find(request->data, request->len, field, &f))
		return false;
	snprintf(ret, size, "%.*s", (int)f.len, (const char *)f.value);
	return true;
}

static struct record *
find(struct shelf *s, const struct buf *request)
{
	char key[80] = "";
	size_t i;

	text_of(request, "key", key, sizeof(key));
	for (i = 0; i < s->n; i++)
		if (strcmp(s->v[i].key, key) == 0)
			return &s->v[i];
	return NULL;
}

static enum tokenward_module_result
get(struct shelf *s, const struct buf *request, struct buf *reply)
{
	struct record *r = find(s, request);

	if (!r)
		return TOKENWARD_MODULE_NONE;
	frame_put(reply, "record", r->bytes, r->len);
	frame_put_num(reply, "version", r->version);
	return TOKENWARD_MODULE_OK;
}

static bool
is_over(const struct buf *request, const struct record *r)
{
	char wanted[32], present[32] = "";

	if (r)
		snprintf(present, sizeof(present), "%u", r->version);
	return !text_of(request, "version", wanted, sizeof(wanted)) ||
	       strcmp(wanted, present) == 0;
}

static enum tokenward_module_result
put(struct shelf *s, const struct buf *request, struct buf *reply)
{
	struct record *r = find(s, request);
	struct frame_field f;

	(void)reply;
	if (!is_over(request, r))
		return TOKENWARD_MODULE_CONFLICT;
	if (!frame_find(request->data, request->len, "record", &f) ||
	    f.len > sizeof(r->bytes) || (!r && s->n == RECORDS))
		return TOKENWARD_MODULE_FAILED;
	if (!r)
		r = &s->v[s->n++];
	text_of(request, "key", r->key, sizeof(r->key));
	memcpy(r->bytes, f.value, f.len);
	r->len = f.len;
	r->version = ++versions;
	return TOKENWARD_MODULE_OK;
}

static enum tokenward_module_result
take_away(struct shelf *s, const struct buf *request, struct buf *reply)
{
	struct record *r = find(s, request);

	(void)reply;
	if (r)
		*r = s->v[--s->n];
	return TOKENWARD_MODULE_OK;
}

static enum tokenward_module_result
each(struct shelf *s, const struct buf *request, struct buf *reply)
{
	char prefix[32] = "", cursor[32] = "0";
	size_t i, n = 0;

	text_of(request, "prefix", prefix, sizeof(prefix));
	text_of(request, "cursor", cursor, sizeof(cursor));
	for (i = (size_t)atoi(cursor); i < s->n && n < PAGE; i++) {
		if (strncmp(s->v[i].key, prefix, strlen(prefix)) != 0)
			continue;
		frame_put_str(reply, "key", s->v[i].key);
		n++;
	}
	if (n == PAGE && i < s->n)
		frame_put_num(reply, "cursor", (int64_t)i);
	return TOKENWARD_MODULE_OK;
}

static const struct {
	const char *operation;
	enum tokenward_module_result (*act)(
	    struct shelf *s, const struct buf *request, struct buf *reply);
} operations[] = {
    {"get", get}, {"put", put}, {"remove", take_away}, {"each", each}};

/* ---- being a module ---------------------------------------------------- */

static bool
is_meant(const char *operation)
{
	if (!order.on ||
	    (order.operation && strcmp(order.operation, operation) != 0))
		return false;
	order.count++;
	return order.count == order.nth ||
	       (order.onwards && order.count > order.nth);
}

/* Whether the shelf itself has nothing to do with it. */
static bool
as_told(const struct shelf *s, const char *operation,
    enum tokenward_module_result *ret)
{
	*ret = s->answer;
	if (s->answers)
		return true;
	if (!is_meant(operation))
		return false;
	order.hit = true;
	*ret = order.result;
	if (!order.what)
		return true;
	order.on = false;
	order.what();
	return false;
}

static enum tokenward_module_result
act(struct shelf *s, const char *operation, const struct buf *request,
    struct buf *reply)
{
	enum tokenward_module_result r;
	size_t i;

	for (i = 0; strcmp(operations[i].operation, operation) != 0; i++)
		;
	calls[i].n++;
	if (as_told(s, operation, &r))
		return r;
	return operations[i].act(s, request, reply);
}

int __real_module_start(const char *dir, const struct stack_line *line,
    int64_t deadline_ms, struct module **ret, struct error *err);
int __wrap_module_start(const char *dir, const struct stack_line *line,
    int64_t deadline_ms, struct module **ret, struct error *err);
int
__wrap_module_start(const char *dir, const struct stack_line *line,
    int64_t deadline_ms, struct module **ret, struct error *err)
{
	const char *shelf;

	if (!active)
		return __real_module_start(dir, line, deadline_ms, ret, err);
	shelf = strmap_get(&line->options, "shelf");
	*ret = (struct module *)&shelves[shelf ? atoi(shelf) : 0];
	live++;
	return TOKENWARD_OK;
}

enum tokenward_module_result __real_module_call(struct module *m,
    const char *operation, const struct buf *request, struct buf *reply,
    int64_t deadline_ms, struct error *err);
enum tokenward_module_result __wrap_module_call(struct module *m,
    const char *operation, const struct buf *request, struct buf *reply,
    int64_t deadline_ms, struct error *err);
enum tokenward_module_result
__wrap_module_call(struct module *m, const char *operation,
    const struct buf *request, struct buf *reply, int64_t deadline_ms,
    struct error *err)
{
	enum tokenward_module_result r;

	if (!active)
		return __real_module_call(
		    m, operation, request, reply, deadline_ms, err);
	buf_clear(reply);
	r = act((struct shelf *)m, operation, request, reply);
	if (reply->failed) {
		error_memory(err);
		return TOKENWARD_MODULE_FAILED;
	}
	if (r != TOKENWARD_MODULE_OK)
		error_set(err, module_result_code(r), "the shelf says %s to %s",
		    module_result_names[r], operation);
	return r;
}

void __real_module_end(struct module *m);
void __wrap_module_end(struct module *m);
void
__wrap_module_end(struct module *m)
{
	if (!active)
		__real_module_end(m);
	else
		live -= m != NULL;
}
