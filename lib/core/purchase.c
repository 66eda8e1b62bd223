/* SPDX-License-Identifier: BSD-2-Clause */
/* One token from the provider: credential and file in, plan, helper, reply. */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/hash.h"
#include "core/core.h"

#define DAY 86400
#define LONGEST_MS INT64_C(3600000) /* a request, by its frame */

int
purchase_prepare(struct purchase *p, const char *name, struct error *err)
{
	int r = credential_load(p->tw, name, &p->credential, err);

	if (r == TOKENWARD_OK)
		r = provider_load(p->tw, p->credential->provider, &p->provider,
		    &p->provider_text, err);
	if (r != TOKENWARD_OK)
		return r;
	p->version = credential_version(p->credential, VERSION_CURRENT);
	if (!p->version)
		return error_set(err, TOKENWARD_CONFIG,
		    "%s has no client secret yet: give it one with \"%s "
		    "rotate %s\"",
		    name, command_name(p->tw), name);
	return TOKENWARD_OK;
}

void
purchase_free(struct purchase *p)
{
	credential_free(p->credential);
	provider_free(p->provider);
	buf_free(&p->provider_text);
	reply_free(&p->reply);
	fetch_end(&p->fetch);
	p->credential = NULL;
	p->provider = NULL;
}

/*
 * The provider's URL stands for itself with its variables beside it, so that
 * no plan has to be made to ask about a gate.
 */
int
purchase_binding(const struct purchase *p, const struct secret_version *v,
    struct buf *ret, struct error *err)
{
	crypto_generichash_state h;
	unsigned char hash[16];
	size_t i;

	crypto_generichash_init(&h, NULL, 0, sizeof(hash));
	hash_u64(&h, (uint64_t)v->number);
	hash_text(&h, v->client_id);
	hash_text(&h, p->credential->auth);
	hash_text(&h, p->provider->url);
	hash_text(&h, p->credential->token_url);
	for (i = 0; i < p->credential->vars.n; i++)
		hash_text(&h, p->credential->vars.v[i].value);
	crypto_generichash_final(&h, hash, sizeof(hash));
	hex_put(ret, hash, sizeof(hash));
	return ret->failed ? error_memory(err) : TOKENWARD_OK;
}

bool
version_is_past_end(const struct secret_version *v, const struct now *now)
{
	return v->expires_at != TOKENWARD_TIME_UNKNOWN &&
	       v->expires_at != TOKENWARD_TIME_NEVER &&
	       v->expires_at <= now->wall_ms / 1000;
}

/* After a switch the old secret helps out for the provider's overlap, or a
   day: new secrets take seconds to hours to be known everywhere. */
bool
version_may_stand_in(const struct purchase *p, const struct now *now)
{
	const struct secret_version *current =
	    credential_version(p->credential, VERSION_CURRENT);
	const struct secret_version *previous =
	    credential_version(p->credential, VERSION_PREVIOUS);
	int64_t overlap = p->provider->overlap ? p->provider->overlap : DAY;

	return current && previous && !version_is_past_end(previous, now) &&
	       now->wall_ms / 1000 < current->added_at + overlap;
}

/* The helper sent nothing where the fence is not what --strict demands. */
static int
check_fence(const struct reply *reply, struct error *err)
{
	if (!reply->stage || strcmp(reply->stage, FETCH_NO_LANDLOCK) != 0)
		return TOKENWARD_OK;
	return error_set(err, TOKENWARD_NOT_ALLOWED,
	    "this kernel has no Landlock to fence the fetch helper with, and "
	    "--strict refuses that: boot one with lsm=landlock,... or leave "
	    "--strict out");
}

/* Most sentences about a plan begin with the name already. */
static int
with_name(const struct purchase *p, struct error *err)
{
	const char *name = p->credential->name;

	if (str_prefix(err->text, name) && err->text[strlen(name)] == ':')
		return err->code;
	return error_prefix(err, "%s: ", name);
}

int64_t
purchase_time(const struct purchase *p)
{
	int64_t left = p->tw->deadline_ms - clock_boot_ms();

	return left < LONGEST_MS ? left : LONGEST_MS;
}

static int
no_time(const struct purchase *p, struct error *err)
{
	return error_set(err, TOKENWARD_UNAVAILABLE,
	    "%s: the time was up before the provider could be asked",
	    p->credential->name);
}

int
purchase_run(struct purchase *p, struct error *err)
{
	cleanup_plan struct plan plan = PLAN_INIT;
	int r = provider_apply(
	    p->provider, p->credential, p->version, p->shape, &plan, err);

	p->asked = (struct now){0};
	if (r != TOKENWARD_OK)
		return with_name(p, err);
	plan.tries = p->tries;
	plan.exchange = p->exchange;
	plan.clock_offset = p->tw->clock_offset;
	buf_set(&plan.provider, p->provider_text.data, p->provider_text.len);
	if (plan.provider.failed)
		return error_memory(err);
	plan.need_landlock = p->tw->flags & TOKENWARD_OPEN_STRICT;
	plan.timeout_ms = purchase_time(p);
	if (plan.timeout_ms <= 0)
		return no_time(p, err);
	handle_now(p->tw, &p->asked);
	reply_free(&p->reply);
	p->reply = (struct reply)REPLY_INIT;
	r = fetch_run(&p->fetch, p->tw->libexec, &plan, &p->reply, err);
	if (r == TOKENWARD_OK)
		r = check_fence(&p->reply, err);
	return r ? error_prefix(err, "%s: ", p->credential->name) : r;
}

static bool
copy(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to;
}

struct token *
purchase_store(const struct purchase *p, struct tokens *t)
{
	const struct provider *provider = p->provider;
	const struct reply *reply = &p->reply;
	struct token *v = tokens_put(t, p->shape_key);
	struct error ignored;

	if (!v)
		return NULL;
	buf_put(&v->value, reply->token.data, reply->token.len);
	buf_put(&v->refresh, reply->refresh.data, reply->refresh.len);
	v->version = p->version->number;
	v->asked = p->asked;
	v->life = reply->life;
	v->assumed = reply->life_assumed;
	v->reissue = provider->reissue;
	v->renews_below = provider->renews_below;
	if (v->value.failed || v->refresh.failed ||
	    !copy(&v->type, reply->type ? reply->type : "Bearer") ||
	    !copy(&v->scope, reply->scope) ||
	    !copy(&v->use_in, provider->use_in) ||
	    !copy(&v->use_name, provider->use_name) ||
	    !copy(&v->use_format, provider->use_format) ||
	    !strmap_copy(&v->keep, &reply->keep) ||
	    provider_use_headers(provider, p->credential, p->version,
		&v->use_headers, &ignored) != TOKENWARD_OK)
		return NULL;
	return v;
}
