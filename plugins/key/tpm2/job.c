/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done with the TPM, one after the other, in the time that there is. */
#include <stdio.h>
#include <string.h>
#include <sodium.h>
#include <tokenward/module.h>
#include "deadline.h"
#include "job.h"

struct job *
job_new(enum job_kind kind, const char *tcti, int64_t number)
{
	struct job *j = sodium_malloc(sizeof(*j));

	if (!j)
		return NULL;
	memset(j, 0, sizeof(*j));
	j->kind = kind;
	j->tpm.number = number;
	j->tpm.result = TOKENWARD_MODULE_OK;
	if (snprintf(j->tcti, sizeof(j->tcti), "%s", tcti) >=
	    (int)sizeof(j->tcti)) {
		sodium_free(j);
		return NULL;
	}
	return j;
}

void
job_free(struct job *j)
{
	sodium_free(j);
}

static bool
look(struct job *j)
{
	struct tpm_guesses g;

	return tpm_guesses(&j->tpm, &g) &&
	       (!g.locked || tpm_say_locked(&j->tpm, &g));
}

static bool
seal(struct job *j)
{
	randombytes_buf(j->key, sizeof(j->key));
	if (!tpm_seal(&j->tpm, &j->slot, j->key, j->auth) ||
	    !tpm_unseal(&j->tpm, &j->slot, j->auth, j->again))
		return false;
	return sodium_memcmp(j->key, j->again, sizeof(j->key)) == 0 ||
	       tpm_say(&j->tpm, TOKENWARD_MODULE_FAILED,
		   "the TPM gave back another key than it was given");
}

static void
work(void *data)
{
	struct job *j = data;

	if (tpm_begin(&j->tpm, j->tcti)) {
		if (j->kind == JOB_LOOK)
			look(j);
		else if (j->kind == JOB_SEAL)
			seal(j);
		else
			tpm_unseal(&j->tpm, &j->slot, j->auth, j->key);
	}
	tpm_end(&j->tpm);
}

bool
job_run(struct job *j, int64_t ms)
{
	return deadline_run(work, j, ms);
}
