/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the doctor share.
 *
 *   doctor.c         machine, helper, providers, one credential
 *   doctor_repair.c  a damaged header
 *   doctor_store.c   the store and its records
 *   doctor_unlock.c  the unlock lines, one after the other
 *   doctor_jobs.c    what these come to for a job, and for a person
 */
#ifndef CORE_DOCTOR_H
#define CORE_DOCTOR_H

#include "core/core.h"

struct doctor {
	struct tokenward *tw;
	tokenward_finding_fn finding;
	void *data;
	bool bad;
	bool no_memory; /* nothing more is found out */
};

/* Whether memory was lacking, now or before. */
bool lacks_memory(struct doctor *d, bool failed);
void find(struct doctor *d, const char *grade, const char *cure,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
int look_at_store(struct doctor *d, struct error *err);
/* The header from its copy, if it is damaged. */
int repair_header(struct doctor *d, struct error *err);

/* When the store has to be opened: before anybody logs in; in a login, where
   nobody can be asked; where somebody can. */
enum occasion { AT_BOOT, IN_LOGIN, BY_PERSON, OCCASIONS };
/* What an unlock line comes to. */
struct line_results {
	enum tokenward_module_result on[OCCASIONS];
};
/* results: one for each line of the stack.  kept: the kernel has the key. */
void conclude_unlocking(struct doctor *d, const struct stack *s,
    const struct line_results *results, bool kept);

/* What would happen if the store had to be opened now; nobody is asked. */
void look_at_unlocking(struct doctor *d);

#endif
