/* SPDX-License-Identifier: BSD-2-Clause */
/* What the codes of a TPM and of its libraries mean for us. */
#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <tss2/tss2_rc.h>
#include <tokenward/module.h>
#include "tpm.h"

#define ROOM                                                                   \
	"the TPM has no room left for one more key or session: other programs" \
	" left theirs in it (\"tpm2_flushcontext -t\" clears them away)"
#define AGAIN "the TPM is busy; say it again"
#define RESTARTED "the TPM was restarted in the middle; say it again"

static const struct {
	TSS2_RC code;
	int result;
	const char *text;
} meanings[] = {
    {TPM2_RC_INITIALIZE, TOKENWARD_MODULE_AWAY,
	"the firmware did not start the TPM"},
    {TPM2_RC_FAILURE, TOKENWARD_MODULE_AWAY,
	"the TPM says that it is out of order; it may recover when the "
	"machine is switched off and on"},
    {TPM2_RC_DISABLED, TOKENWARD_MODULE_AWAY,
	"the TPM is switched off in the firmware's settings"},
    {TPM2_RC_HIERARCHY, TOKENWARD_MODULE_AWAY,
	"the owner hierarchy of the TPM is switched off"},
    {TPM2_RC_CURVE, TOKENWARD_MODULE_AWAY,
	"this TPM has no keys on the curve P-256, which is needed"},
    {TPM2_RC_PCR_CHANGED, TOKENWARD_MODULE_AWAY,
	"PCRs changed in the middle; say it again"},
    {TPM2_RC_MEMORY, TOKENWARD_MODULE_AWAY, ROOM},
    {TPM2_RC_OBJECT_MEMORY, TOKENWARD_MODULE_AWAY, ROOM},
    {TPM2_RC_OBJECT_HANDLES, TOKENWARD_MODULE_AWAY, ROOM},
    {TPM2_RC_SESSION_MEMORY, TOKENWARD_MODULE_AWAY, ROOM},
    {TPM2_RC_SESSION_HANDLES, TOKENWARD_MODULE_AWAY, ROOM},
    {TPM2_RC_CONTEXT_GAP, TOKENWARD_MODULE_AWAY, ROOM},
    {TPM2_RC_RETRY, TOKENWARD_MODULE_AWAY, AGAIN},
    {TPM2_RC_YIELDED, TOKENWARD_MODULE_AWAY, AGAIN},
    {TPM2_RC_TESTING, TOKENWARD_MODULE_AWAY, AGAIN},
    {TPM2_RC_CANCELED, TOKENWARD_MODULE_AWAY, AGAIN},
    {TPM2_RC_NV_RATE, TOKENWARD_MODULE_AWAY, AGAIN},
    {TPM2_RC_NV_UNAVAILABLE, TOKENWARD_MODULE_AWAY, AGAIN},
    {TPM2_RC_HANDLE, TOKENWARD_MODULE_AWAY, RESTARTED},
    {TPM2_RC_REFERENCE_H0, TOKENWARD_MODULE_AWAY, RESTARTED},
    {TPM2_RC_REFERENCE_H1, TOKENWARD_MODULE_AWAY, RESTARTED},
    {TPM2_RC_REFERENCE_S0, TOKENWARD_MODULE_AWAY, RESTARTED},
};

/* Codes of the first format say which parameter, handle or session. */
TSS2_RC
tpm_code(TSS2_RC rc)
{
	TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

	if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_TPM_RC_LAYER)
		return rc;
	rc &= ~TSS2_RC_LAYER_MASK;
	return rc & TPM2_RC_FMT1 ? rc & (TPM2_RC_FMT1 | 0x3f) : rc;
}

bool
tpm_say(struct tpm *t, int result, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->said, sizeof(t->said), fmt, ap);
	va_end(ap);
	t->result = result;
	return false;
}

bool
tpm_fail(struct tpm *t, const char *step, TSS2_RC rc)
{
	TSS2_RC code = tpm_code(rc);
	size_t i;

	if ((rc & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER)
		return tpm_say(t, TOKENWARD_MODULE_AWAY,
		    "the TPM at %.200s went away in the middle, as when it is "
		    "restarted; say it again",
		    t->tcti);
	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].code == code)
			return tpm_say(
			    t, meanings[i].result, "%s", meanings[i].text);
	return tpm_say(t, TOKENWARD_MODULE_FAILED,
	    "the TPM was to %s: %.200s (0x%x)", step, Tss2_RC_Decode(rc),
	    (unsigned)rc);
}

bool
tpm_say_locked(struct tpm *t, const struct tpm_guesses *g)
{
	if (g->interval == 0)
		return tpm_say(t, TOKENWARD_MODULE_DENIED,
		    "the TPM locked itself after too many wrong PINs, and "
		    "stays so until \"tpm2_dictionarylockout -c\"");
	return tpm_say(t, TOKENWARD_MODULE_DENIED,
	    "the TPM locked itself after too many wrong PINs; it forgives one "
	    "every %u seconds: wait that long, or unlock it with "
	    "\"tpm2_dictionarylockout -c\"",
	    g->interval);
}

static bool
say_forbidden(struct tpm *t, const char *path)
{
	struct stat st;
	const struct group *g;

	if (stat(path, &st) < 0)
		return tpm_say(t, TOKENWARD_MODULE_DENIED,
		    "the TPM %.200s is not for this user", path);
	g = getgrgid(st.st_gid);
	return tpm_say(t, TOKENWARD_MODULE_DENIED,
	    "the TPM %.200s (mode %o) is not for this user but for the group "
	    "%s: \"usermod -aG %s USER\" lets him in from his next login on, "
	    "SupplementaryGroups=%s a service",
	    path, (unsigned)(st.st_mode & 0777), g ? g->gr_name : "tss",
	    g ? g->gr_name : "tss", g ? g->gr_name : "tss");
}

bool
tpm_say_absent(struct tpm *t, const char *path, int error)
{
	if (error == EACCES || error == EPERM)
		return say_forbidden(t, path);
	if (error == EBUSY)
		return tpm_say(t, TOKENWARD_MODULE_AWAY,
		    "another program has the TPM %.200s for itself; "
		    "/dev/tpmrm0 is for several",
		    path);
	return tpm_say(t, TOKENWARD_MODULE_AWAY,
	    "there is no TPM here: %.200s: %s", path, strerror(error));
}
