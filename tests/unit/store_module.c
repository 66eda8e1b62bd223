/* SPDX-License-Identifier: BSD-2-Clause */
/* The store module "files", asked directly: what it is to be asked. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "module/built_in.h"
#include "module/message.h"
#include "store/files.h"
#include "failing.h"
#include "unit.h"

#define HEX_64 \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct files f;
static struct tokenward_message reply;

static void
setup(void)
{
	struct error err;

	assert_ok(files_make(unit_path("s"), &f, &err), err);
	reply = (struct tokenward_message)MESSAGE_INIT;
}

static void
teardown(void)
{
	message_free(&reply);
	files_close(&f);
	unit_cleanup();
}

TestSuite(store_module, .init = setup, .fini = teardown);

/* With the call failing that failing_begin() is told, for n > 0. */
static int
ask(tokenward_operation operation, const char *key, unsigned n, bool *ret_hit)
{
	struct tokenward_message request = MESSAGE_INIT;
	struct buf list = BUF_INIT;
	int r;

	message_free(&reply);
	reply = (struct tokenward_message)MESSAGE_INIT;
	frame_put_str(&list, "path", f.path);
	if (key)
		frame_put_str(&list, "key", key);
	cr_assert(message_read(&request, list.data, list.len, NULL));
	if (n)
		failing_begin("memory", n, ENOMEM);
	r = operation(NULL, &request, &reply);
	*ret_hit = n && failing_end();
	message_free(&request);
	buf_free(&list);
	return r;
}

static const char *const odd[] = {NULL, "", "tokens", "tokens/", "header",
    "tokens/../header", "tokens/x" HEX_64, "others/" HEX_64};

Test(store_module, nothing_is_removed_but_a_record)
{
	bool hit;
	size_t i;

	unit_write(unit_path("s/header"), "x", 1);
	unit_write(unit_path("s/tokens/" HEX_64), "x", 1);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		cr_assert_eq(ask(files_module.store.remove, odd[i], 0, &hit),
		    TOKENWARD_MODULE_FAILED);
		cr_assert_str_eq(reply.said, "this is no key of a record");
	}
	cr_assert(files_has(&f, "header") && files_has(&f, "tokens/" HEX_64));
	cr_assert_eq(ask(files_module.store.remove, "tokens/" HEX_64, 0, &hit),
	    TOKENWARD_MODULE_OK);
	cr_assert_not(files_has(&f, "tokens/" HEX_64));
}

static bool
answers_key(void)
{
	struct frame_field key;

	return frame_find(reply.list.data, reply.list.len, "key", &key) &&
	       key.len == strlen("tokens/" HEX_64);
}

Test(store_module, without_memory_no_record_is_left_out_silently)
{
	unsigned n, failed = 0;
	bool hit = true;
	int r;

	unit_write(unit_path("s/tokens/" HEX_64), "x", 1);
	for (n = 1; hit; n++) {
		r = ask(files_module.store.each, NULL, n, &hit);
		cr_assert(hit || r == TOKENWARD_MODULE_OK);
		cr_assert(r != TOKENWARD_MODULE_OK || answers_key() ||
			  reply.list.failed);
		failed += r == TOKENWARD_MODULE_FAILED;
	}
	cr_assert_geq(failed, 2, "the way there, and the list");
}
