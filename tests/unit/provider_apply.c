/* SPDX-License-Identifier: BSD-2-Clause */
/* provider/apply: a stored secret goes nowhere but where it was stored for.
   What is sent at all is on record in tests/providers. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "provider/provider.h"
#include "unit.h"

#define FILE_TEXT                                                       \
	"{\"schema\":1,\"id\":\"x\",\"vars\":{\"v\":{\"enum\":[\"a\","  \
	"\"b\"],\"default\":\"a\"}},\"token\":{\"url\":"                \
	"\"https://{v}.example/t\",\"auth\":[\"client_secret_basic\","  \
	"\"client_secret_post\"]},\"use\":{\"headers\":{\"Client-Id\":" \
	"\"{client_id}\",\"X-V\":\"{v}\"}}}"

static struct provider *p;
static struct credential *c;
static struct error err;

static struct provider *
read_text(const char *text)
{
	struct provider *ret = NULL;

	assert_ok(provider_read(text, strlen(text), "x.json", &ret, &err), err);
	return ret;
}

static void
setup(void)
{
	struct secret_version *v;

	p = read_text(FILE_TEXT);
	c = credential_new();
	c->name = strdup("shop");
	c->auth = strdup("basic");
	v = credential_add_version(c);
	v->state = VERSION_CURRENT;
	v->client_id = strdup("id");
	cr_assert(version_set_secret(v, "client_secret", "s", 1));
	assert_ok(provider_accept(p, c, &err), err);
	assert_ok(provider_origins(p, c, &c->origins, &err), err);
}

static void
teardown(void)
{
	provider_free(p);
	credential_free(c);
}

TestSuite(provider_apply, .init = setup, .fini = teardown);

static int
apply(struct plan *plan)
{
	return provider_apply(p, c, &c->versions[0], NULL, plan, &err);
}

Test(provider_apply, fills_the_plan)
{
	cleanup_plan struct plan plan = PLAN_INIT;

	c->ca = strdup("PEM");
	c->proxy = strdup("http://proxy.example:3128");
	assert_ok(apply(&plan), err);
	cr_expect_str_eq(c->auth, "client_secret_basic");
	cr_expect_str_eq(plan.origin, "https://a.example:443");
	cr_expect_str_eq(plan.url, "https://a.example/t");
	cr_expect_str_eq(plan.ca, "PEM");
	cr_expect_str_eq(plan.proxy, "http://proxy.example:3128");
	cr_expect_not(plan.plain_http);
	cr_expect(
	    plan.headers.secret && plan.body.secret && plan.redact.secret);
}

Test(provider_apply, a_file_that_leads_elsewhere_gets_nothing)
{
	cleanup_plan struct plan plan = PLAN_INIT;

	provider_free(p);
	p = read_text("{\"schema\":1,\"id\":\"x\",\"token\":{\"url\":"
		      "\"https://evil.example/t\"}}");
	assert_fails(apply(&plan), err, TOKENWARD_CONFIG,
	    "now leads to https://evil.example:443, but the secret was "
	    "stored for https://a.example:443");
	cr_expect(strstr(err.text, "tokenward edit shop --rebind"));
	cr_expect(plan.headers.len == 0 && plan.body.len == 0);
}

Test(provider_apply, another_port_or_scheme_is_another_origin)
{
	cleanup_plan struct plan plan = PLAN_INIT;

	c->token_url = strdup("https://a.example:8443/t");
	assert_fails(apply(&plan), err, TOKENWARD_CONFIG, "now leads to");
	free(c->token_url);
	c->token_url = strdup("http://127.0.0.1/t");
	assert_fails(apply(&plan), err, TOKENWARD_CONFIG, "now leads to");
	free(c->token_url);
	c->token_url = strdup("https://A.example:443/other?path");
	assert_ok(apply(&plan), err);
}

Test(provider_apply, a_variable_that_leads_elsewhere_gets_nothing)
{
	cleanup_plan struct plan plan = PLAN_INIT;

	cr_assert(strmap_set(&c->vars, "v", "b"));
	assert_fails(apply(&plan), err, TOKENWARD_CONFIG, "b.example");
	cr_assert(strmap_set(&c->vars, "v", "c"));
	assert_fails(apply(&plan), err, TOKENWARD_CONFIG, "no value that");
}

Test(provider_apply, a_method_that_the_file_no_longer_takes)
{
	cleanup_plan struct plan plan = PLAN_INIT;

	free(c->auth);
	c->auth = strdup("none");
	assert_fails(apply(&plan), err, TOKENWARD_CONFIG, "no longer takes");
}

Test(provider_apply, headers_for_the_use_of_a_token)
{
	struct strmap m = {0};

	assert_ok(provider_use_headers(p, c, &c->versions[0], &m, &err), err);
	cr_expect_str_eq(strmap_get(&m, "client-id"), "id");
	cr_expect_str_eq(strmap_get(&m, "x-v"), "a");
	strmap_free(&m);
}

Test(provider_apply, plain_http_is_permitted_by_file_and_credential_only)
{
	cleanup_plan struct plan plan = PLAN_INIT;

	provider_free(p);
	p = read_text("{\"schema\":1,\"id\":\"x\",\"token\":{\"url\":"
		      "\"http://a.example/t\",\"plain_http\":\"allowed\"}}");
	cr_assert(strlist_add(&c->origins, "http://a.example:80"));
	assert_fails(apply(&plan), err, TOKENWARD_CONFIG, "is plain http");
	c->plain_http = true;
	assert_ok(apply(&plan), err);
	cr_expect(plan.plain_http);
}
