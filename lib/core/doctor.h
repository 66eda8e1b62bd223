/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the doctor share.
 *
 *   doctor.c         machine, helper, providers, one credential
 *   doctor_unlock.c  the unlock lines, one after the other
 */
#ifndef CORE_DOCTOR_H
#define CORE_DOCTOR_H

#include "core/core.h"

struct doctor {
	struct tokenward *tw;
	tokenward_finding_fn finding;
	void *data;
	bool bad;
};

void find(struct doctor *d, const char *grade, const char *cure,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* What would happen if the store had to be opened now; nobody is asked. */
void look_at_unlocking(struct doctor *d);

#endif
