/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of a module under way share. */
#ifndef MODULE_RUN_H
#define MODULE_RUN_H

#include "fetch/helper.h"
#include "module/host.h"

struct module {
	const struct stack_line *line;
	struct module_info info;
	const struct tokenward_module *built_in; /* NULL: a program */
	void *self;
	bool started;
	struct helper helper;
	int64_t id;      /* of the next request */
	bool misbehaved; /* and was ended for it */
	bool refused;    /* its last answer was one, and not ok */
};

/* start.c: what it says of itself; then its options, and its work begins. */
int module_meet(
    struct module *m, const char *dir, int64_t deadline_ms, struct error *err);
int module_begin(
    struct module *m, const char *dir, int64_t deadline_ms, struct error *err);

/* function.c: operations of a module that is built in; op may be NULL. */
enum tokenward_module_result module_call_function(struct module *m,
    tokenward_operation op, const struct buf *request, int64_t deadline_ms,
    struct buf *reply, struct error *err);
int module_start_function(
    struct module *m, const struct buf *options, struct error *err);

/* talk.c */
/* Ends the program and says what it did; the code. */
int module_misbehave(struct module *m, int code, bool gently, struct error *err,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* TOKENWARD_OK: a frame; else it misbehaved. */
int module_receive(struct module *m, size_t max, struct buf *frame,
    int64_t deadline_ms, struct error *err);
enum tokenward_module_result module_exchange(struct module *m,
    const char *operation, const struct buf *request, struct buf *reply,
    int64_t deadline_ms, struct error *err);
void module_put_request(struct module *m, struct buf *out,
    const char *operation, const struct buf *request, int64_t deadline_ms);
/* The result, and the sentence of one that is not ok. */
enum tokenward_module_result module_conclude(
    struct module *m, int result, const char *said, struct error *err);
/* Failed, with the module's name before the sentence. */
enum tokenward_module_result module_failed(struct module *m, struct error *err);

#endif
