/* SPDX-License-Identifier: BSD-2-Clause */
/* A store with several lines, of whose places some are only read. */
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "module/module.h"
#include "store/entries.h"
#include "store/front.h"
#include "store/migrate.h"
#include "failing.h"
#include "fake_place.h"
#include "shelved.h"
#include "unit.h"

const unsigned char shelved_master[KEY_LEN] =
    "the master key, thirty-two bytes";
static struct stack_line shelved_lines[4];
struct stack shelved_stack = {.v = shelved_lines};
bool shelved_no_stack;
struct store *shelved_store;

static int
give_stack(void *data, const struct stack **ret, struct error *err)
{
	(void)data;
	*ret = &shelved_stack;
	return shelved_no_stack
		   ? error_set(err, TOKENWARD_CONFIG, "there is no stack")
		   : TOKENWARD_OK;
}

static const struct key_context modules = {
    .modules = "shelves", .stack = give_stack};

void
shelved_forget(void)
{
	if (shelved_store)
		store_rest(shelved_store);
	for (; shelved_stack.n > 0; shelved_stack.n--)
		stack_line_free(&shelved_lines[shelved_stack.n - 1]);
}

struct stack_line *
shelved_line(const char *module, enum control control)
{
	struct stack_line *l = &shelved_lines[shelved_stack.n++];

	*l = (struct stack_line){.kind = MODULE_STORE,
	    .control = control,
	    .module = strdup(module),
	    .file = strdup("here"),
	    .line = (unsigned)shelved_stack.n};
	return l;
}

void
shelved_shelf(const char *number, enum control control)
{
	struct stack_line *l = shelved_line("fake", control);

	cr_assert(strmap_set(&l->options, "shelf", number));
	cr_assert(strmap_set(&l->options, "readonly", "yes"));
}

int
shelved_put(enum record_kind kind, const char *name, uint64_t generation,
    struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	buf_put_str(&plain, name);
	return store_write(
	    shelved_store, kind, name, &plain, generation, true, err);
}

int
shelved_read(enum record_kind kind, const char *name, struct error *err)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	return store_read(shelved_store, kind, name, &plain, NULL, err);
}

void
shelved_plant(enum record_kind kind, const char *name, const char *text)
{
	char module[] = "fake";
	struct where w = {.module = module};
	struct buf b = BUF_INIT;
	unsigned char index[INDEX_LEN];
	struct records r;
	struct place at;
	struct error err;
	size_t lines = shelved_stack.n;

	shelved_stack.n = 0;
	records_open(&r, shelved_store, &w);
	assert_ok(store_index(shelved_store, name, index, &err), err);
	place_of_index(kind, index, &at);
	buf_put_str(&b, text);
	assert_ok(r.ops->put(&r, at.file.text, &b, true, &err), err);
	records_close(&r);
	buf_free(&b);
	shelved_stack.n = lines;
}

void
shelved_begin(void)
{
	struct header h = {.created_at = 1700000000};
	struct error err;

	fake_place_begin();
	failing_hurry(true);
	randombytes_buf(h.store_id, sizeof(h.store_id));
	assert_ok(store_create(unit_path("s"), &h, shelved_master, NULL,
		      &shelved_store, &err),
	    err);
	store_use_modules(shelved_store, &modules);
	assert_ok(store_unlock(shelved_store, shelved_master, true, &err), err);
	assert_ok(shelved_put(RECORD_CREDENTIAL, "near", 0, &err), err);
	assert_ok(shelved_put(RECORD_TOKENS, "near", 0, &err), err);
	store_rest(shelved_store);
}

void
shelved_end(void)
{
	shelved_forget();
	store_close(shelved_store);
	cr_assert_eq(fake_place_live(), 0);
	fake_place_end();
	unit_cleanup();
}

void
shelved_own_and_shelf(enum control control, enum tokenward_module_result result)
{
	shelved_forget();
	shelved_line("files", CONTROL_REQUIRED);
	shelved_shelf("0", control);
	fake_place_answer(0, result != TOKENWARD_MODULE_OK, result);
}
