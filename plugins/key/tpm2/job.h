/* SPDX-License-Identifier: BSD-2-Clause */
/* One piece of work for the TPM, with all that it needs: it may be left
   behind in a thread. */
#ifndef TPM2_JOB_H
#define TPM2_JOB_H

#include "tpm.h"

enum job_kind {
	JOB_LOOK, /* would a PIN be taken? */
	JOB_SEAL, /* a new key, which was seen to come out again */
	JOB_UNSEAL,
};

struct job {
	enum job_kind kind;
	char tcti[512];
	struct tpm2_slot slot;
	struct tpm tpm;
	unsigned char key[TPM_KEY_LEN], again[TPM_KEY_LEN];
	unsigned char auth[TPM_AUTH_LEN];
};

/* In locked memory; NULL: none. */
struct job *job_new(enum job_kind kind, const char *tcti, int64_t number);
void job_free(struct job *j);
/* False: it hangs, and the job is lost. */
bool job_run(struct job *j, int64_t ms);

#endif
