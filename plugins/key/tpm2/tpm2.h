/* SPDX-License-Identifier: BSD-2-Clause */
/* The module's own state, and what its files do for each other. */
#ifndef TPM2_TPM2_H
#define TPM2_TPM2_H

#include <tokenward/module.h>
#include "job.h"

struct tpm2 {
	char *tcti;
	struct pcrs pcrs; /* of new slots, as pin */
	bool pin;
	bool hangs;
	unsigned char *denied; /* made of the last PIN, which was wrong */
};

/* All that return int return an enum tokenward_module_result. */

/* --key tpm2=ARG says more about a new slot. */
int tpm2_arg(const struct tokenward_message *request, struct tpm2_slot *slot,
    struct tokenward_message *reply);

struct job *tpm2_job(const struct tpm2 *me, enum job_kind kind,
    const struct tokenward_message *request);
int tpm2_run(struct tpm2 *me, struct job *j,
    const struct tokenward_message *request, struct tokenward_message *reply);
void tpm2_end(const struct tpm2 *me, struct job *j);
int tpm2_enroll(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply);
int tpm2_open(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply);
int tpm2_forget(void *self, const struct tokenward_message *request,
    struct tokenward_message *reply);

/* Has a PIN asked for, if the TPM would take one. */
int pin_ask(struct tpm2 *me, const struct tokenward_message *request,
    bool is_new, struct tokenward_message *reply);
/* The answer becomes what the TPM wants to see. */
int pin_take(const struct tokenward_message *request, struct job *j,
    struct tokenward_message *reply);
/* The same wrong PIN again would only bring the lock nearer. */
int pin_was_denied(const struct tpm2 *me, const struct job *j,
    struct tokenward_message *reply);
/* Has it asked for again. */
int pin_wrong(struct tpm2 *me, const struct job *j,
    const struct tokenward_message *request, struct tokenward_message *reply);

#endif
