/* SPDX-License-Identifier: BSD-2-Clause */
/* provider/read: defaults, members, and the sentence for every fault. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "provider/provider.h"
#include "unit.h"

#define HEAD "{\"schema\":1,\"id\":\"x\","
#define URL "\"url\":\"https://h.example/t\""

static struct provider *
good(const char *text)
{
	struct provider *p = NULL;
	struct error err;

	assert_ok(provider_read(text, strlen(text), "x.json", &p, &err), err);
	return p;
}

Test(provider_read, defaults_are_those_of_the_standard)
{
	cleanup_provider struct provider *p = good(HEAD "\"token\":{" URL "}}");

	cr_expect_str_eq(p->url, "https://h.example/t");
	cr_expect_str_eq(p->method, "POST");
	cr_expect(p->body == BODY_FORM);
	cr_expect_null(p->content_type);
	cr_expect_str_eq(p->accept, "application/json");
	cr_expect(p->auth.n == 1);
	cr_expect_str_eq(p->auth.v[0], "client_secret_basic");
	cr_expect(p->basic_encode == BASIC_FORM);
	cr_expect_str_eq(p->client_id_name, "client_id");
	cr_expect_str_eq(p->client_secret_name, "client_secret");
	cr_expect_str_eq(p->grant_type_name, "grant_type");
	cr_expect_str_eq(p->grant, "client_credentials");
	cr_expect_str_eq(p->scope_name, "scope");
	cr_expect_str_eq(p->scope_separator, " ");
	cr_expect(p->plain_http == PLAIN_HTTP_NEVER);
	cr_expect_str_eq(p->token_at.v[0], "/access_token");
	cr_expect_str_eq(p->type_default, "Bearer");
	cr_expect(p->expires_n == 1 && p->expires[0].as == EXPIRES_SECONDS);
	cr_expect_str_eq(p->expires[0].at, "/expires_in");
	cr_expect(p->assume == 300);
	cr_expect_not(p->jwt_exp);
	cr_expect_str_eq(p->use_in, "header");
	cr_expect_str_eq(p->use_name, "Authorization");
	cr_expect_str_eq(p->use_format, "Bearer {token}");
	cr_expect_not(p->use_said);
	cr_expect(p->reissue == REISSUE_NEW);
	cr_expect_not(p->secret_lifetime_said);
	cr_expect_str_eq(p->secrets.v[0], "client_secret");
	cr_expect(provider_wants_client_id(p));
	cr_expect_not(provider_wants_token_url(p));
}

Test(provider_read, everything_it_knows)
{
	cleanup_provider struct provider *p = good(HEAD
	    "\"name\":\"X\",\"docs\":[\"https://d\"],\"verified\":\"never\","
	    "\"vars\":{\"shop\":{\"pattern\":\"^[a-z]+$\",\"about\":\"it\","
	    "\"default\":\"a\"},\"env\":{\"enum\":[\"p\",\"q\"]}},"
	    "\"secrets\":[\"client_secret\",\"api_key\"],"
	    "\"token\":{\"url\":\"https://{shop}.example/{env}?v=1\","
	    "\"method\":\"POST\",\"body\":\"json\",\"content_type\":\"a/b\","
	    "\"accept\":\"c/d\",\"user_agent\":\"e\","
	    "\"auth\":[\"client_secret_basic\",\"client_secret_post\"],"
	    "\"auth_default\":\"client_secret_post\","
	    "\"basic_encode\":\"none\",\"client_id\":\"app_id\","
	    "\"client_secret\":\"app_secret\",\"grant_type\":null,"
	    "\"grant\":\"client_credentials\","
	    "\"params\":{\"/a/b\":\"{api_key}\",\"n\":1,\"f\":true},"
	    "\"query\":{\"q\":\"{env}{client_id}\"},"
	    "\"headers\":{\"X-Key\":\"{uuid}\"},"
	    "\"scope\":{\"name\":null,\"separator\":\",\",\"default\":\"s\","
	    "\"required\":true},\"plain_http\":\"loopback\"},"
	    "\"response\":{\"token\":[\"/a\",\"header:X-T\"],\"type\":\"/b\","
	    "\"type_default\":\"MAC\",\"expires\":[{\"at\":\"/e\",\"as\":"
	    "\"epoch_ms\"},{\"at\":\"/f\"}],\"jwt_exp\":true,\"assume\":null,"
	    "\"refresh\":\"/r\",\"scope\":\"/s\",\"keep\":{\"u\":\"/u\"}},"
	    "\"outcome\":[{\"status\":[200,201],\"at\":\"/c\",\"in\":[1,\"1\","
	    "false,null,1.5],\"not_in\":[2],\"contains\":\"x\","
	    "\"is\":\"secret_expired\"}],"
	    "\"error\":{\"code\":[\"/a\",\"/b\"],\"message\":\"/m\"},"
	    "\"use\":{\"in\":\"query\",\"name\":\"k\",\"format\":\"{token}\","
	    "\"headers\":{\"Client-Id\":\"{client_id}\"}},"
	    "\"reissue\":{\"kind\":\"same\",\"renews_below\":1800},"
	    "\"secret\":{\"lifetime\":null,\"warn\":5,\"renew\":\"manual\","
	    "\"renew_help\":\"h\",\"id_changes\":true,\"overlap\":9}}");

	cr_expect_str_eq(strmap_get(&p->params, "n"), "1");
	cr_expect(strlist_has(&p->bare, "n") && strlist_has(&p->bare, "f"));
	cr_expect_not(strlist_has(&p->bare, "/a/b"));
	cr_expect_str_eq(strmap_get(&p->headers, "x-key"), "{uuid}");
	cr_expect_null(p->grant_type_name);
	cr_expect_null(p->scope_name);
	cr_expect(p->scope_required);
	cr_expect(p->assume == LIFE_NEVER);
	cr_expect(p->expires[0].as == EXPIRES_EPOCH_MS);
	cr_expect(p->expires[1].as == EXPIRES_SECONDS);
	cr_expect(p->outcomes_n == 1);
	cr_expect(p->outcomes[0].is == OUTCOME_SECRET_EXPIRED);
	cr_expect(p->outcomes[0].status_n == 2);
	cr_expect_str_eq(p->outcomes[0].in.v[0], "1");
	cr_expect_str_eq(p->outcomes[0].in.v[1], "\"1\"");
	cr_expect_str_eq(p->outcomes[0].in.v[2], "false");
	cr_expect_str_eq(p->outcomes[0].in.v[3], "null");
	cr_expect_str_eq(p->outcomes[0].in.v[4], "1.5");
	cr_expect(p->use_said);
	cr_expect(p->reissue == REISSUE_SAME && p->renews_below == 1800);
	cr_expect(p->secret_lifetime_said && p->secret_lifetime == 0);
	cr_expect(p->id_changes && p->overlap == 9 && p->secret_warn == 5);
}

Test(provider_read, reissue_may_be_a_word)
{
	cleanup_provider struct provider *p =
	    good(HEAD "\"token\":{" URL "},\"reissue\":\"extends\"}");

	cr_expect(p->reissue == REISSUE_EXTENDS);
}

Test(provider_read, tells_line_and_name)
{
	static const char text[] = "{\"schema\": 1,\n"
				   " \"id\": \"x\",\n"
				   " \"token\": {\n"
				   "   \"url\": \"https://h.example/t\",\n"
				   "   \"scope\": {\n"
				   "     \"name\": \"s\",\n"
				   "     \"seperator\": \",\"}}}\n";
	struct provider *p = NULL;
	struct error err;

	cr_assert(provider_read(text, strlen(text), "/p/x.json", &p, &err) ==
		  TOKENWARD_CONFIG);
	cr_expect_str_eq(err.text,
	    "/p/x.json line 7: unknown member \"seperator\" in "
	    "\"token.scope\"; did you mean \"separator\"?");
}

#define T(inside) HEAD "\"token\":{" URL "," inside "}}"
#define R(inside) HEAD "\"token\":{" URL "}," inside "}"

static const struct {
	const char *text, *words;
} bad[] = {
    {"", "ends too early"},
    {"[]", "no JSON object"},
    {"{\"schema\":1,\"schema\":1}", "twice"},
    {"{}", "\"schema\": 1 is missing"},
    {"{\"schema\":2}", "must be 1"},
    {"{\"schema\":\"1\"}", "must be 1"},
    {"{\"schema\":1,\"token\":{" URL "}}", "\"id\" is missing"},
    {"{\"schema\":1,\"id\":\"X\"}", "small letters"},
    {"{\"schema\":1,\"id\":\"-x\"}", "small letters"},
    {"{\"schema\":1,\"id\":\"../x\"}", "small letters"},
    {"{\"schema\":1,\"id\":\"x\"}", "\"token.url\" is missing"},
    {HEAD "\"tokn\":{}}", "unknown member \"tokn\"; did you mean \"token\"?"},
    {HEAD "\"\\u001b[31m\":1}", "unknown member \"\\x1b[31m\""},
    {HEAD "\"token\":[]}", "\"token\" must be an object"},
    {HEAD "\"name\":\"\"}", "\"name\" must be a string that is not empty"},
    {HEAD "\"docs\":[]}", "at least one"},
    {HEAD "\"docs\":[1]}", "must be a string"},
    {HEAD "\"token\":{\"url\":\"http://h.example/\"}}", "https://"},
    {HEAD "\"token\":{\"url\":\"https://u@h.example/\"}}", "plain https"},
    {HEAD "\"token\":{\"url\":\"https://h.example/#f\"}}", "plain https"},
    {HEAD "\"token\":{\"url\":\"https://h.example/{nope}\"}}", "{nope}"},
    {HEAD "\"token\":{\"url\":\"https://h.example/{\"}}", "brace"},
    {HEAD "\"token\":{\"url\":\"https://h.example/}\"}}", "brace"},
    {HEAD "\"token\":{\"url\":\"https://h.example/{client_secret}\"}}",
	"has no place here"},
    {HEAD "\"vars\":{\"v\":{}},\"token\":{\"url\":\"https://{v}.example/\"}}",
	"needs a \"pattern\""},
    {HEAD "\"vars\":{\"v\":{}},\"token\":{\"url\":\"{v}/t\"}}",
	"needs a \"pattern\""},
    {HEAD "\"vars\":{\"v\":{\"enum\":[\"https://h\"]}},"
	  "\"token\":{\"url\":\"{v}.example/t\"}}",
	"must begin with /"},
    {HEAD "\"token\":{\"url\":\"https://{client_id}.example/\"}}",
	"needs a \"pattern\""},
    {HEAD "\"vars\":{\"v\":{\"pattern\":\"[a-z]+\"}}}", "begin with ^"},
    {HEAD "\"vars\":{\"v\":{\"pattern\":\"^[a-z+$\"}}}", "does not end"},
    {HEAD "\"vars\":{\"v\":{\"pattern\":\"^a{2,1}$\"}}}", "regular expression"},
    {HEAD "\"vars\":{\"v\":{\"pattern\":\"^(a+)*$\"}}}",
	"the pattern of \"v\" repeats what is repeated already"},
    {HEAD "\"vars\":{\"v\":{\"pattern\":\"^a$\",\"default\":\"b\"}}}",
	"not among its own"},
    {HEAD "\"vars\":{\"client_id\":{}}}", "meaning of its own"},
    {HEAD "\"vars\":{\"V\":{}}}", "is no name"},
    {HEAD "\"vars\":{\"v\":{\"patern\":\"\"}}}",
	"unknown member \"patern\" in \"vars.v\"; did you mean \"pattern\""},
    {HEAD "\"secrets\":[\"a\",\"a\"]}", "without repeats"},
    {T("\"method\":\"PUT\""), "cannot be \"PUT\" here, but POST, GET"},
    {T("\"body\":\"xml\""), "form, json, none"},
    {T("\"auth\":\"query\""), "client_secret_basic, client_secret_post"},
    {T("\"auth\":[]"), "at least one"},
    {T("\"auth_default\":\"client_secret_post\""), "not among"},
    {T("\"grant\":\"password\""), "but client_credentials"},
    {T("\"method\":\"GET\",\"body\":\"json\""), "GET has no"},
    {T("\"body\":\"none\",\"auth\":\"client_secret_post\""), "needs a body"},
    {T("\"method\":\"GET\",\"auth\":\"client_secret_post\""), "needs a body"},
    {T("\"query\":{\"k\":\"{client_secret}\"}"), "has no place here"},
    {T("\"method\":\"GET\",\"auth\":\"none\","
       "\"params\":{\"k\":\"{client_secret}\"}"),
	"has no place here"},
    {T("\"body\":\"none\",\"auth\":\"none\","
       "\"params\":{\"k\":\"{client_secret}\"}"),
	"has no place here"},
    {T("\"params\":{\"a\":[]}"), "a string, a number or a boolean"},
    {T("\"params\":{\"/a\":\"b\"}"), "needs a JSON body"},
    {T("\"params\":{\"client_id\":\"b\"}"), "sent already"},
    {T("\"params\":{\"scope\":\"b\"}"), "sent already"},
    {T("\"headers\":{\"Host\":\"b\"}"), "is not set here"},
    {T("\"headers\":{\"Content-Type\":\"b\"}"), "is not set here"},
    {T("\"headers\":{\"a b\":\"b\"}"), "no name of a header"},
    {T("\"headers\":{\"a\":\"b\",\"A\":\"b\"}"), "is there twice"},
    {T("\"headers\":{\"authorization\":\"b\"}"), "makes the header"},
    {T("\"accept\":\"a\\nb\""), "printable"},
    {T("\"client_secret\":null,\"auth\":\"client_secret_post\""),
	"needs names"},
    {T("\"dpop\":\"yes\""), "unknown member \"dpop\" in \"token\""},
    {T("\"assertion\":{}"), "unknown member \"assertion\""},
    {T("\"sign\":\"tuya-hmac\""), "unknown member \"sign\""},
    {T("\"tls_client_cert\":\"required\""), "unknown member"},
    {R("\"refresh\":{}"), "unknown member \"refresh\""},
    {R("\"revoke\":{}"), "unknown member \"revoke\""},
    {R("\"introspect\":{}"), "unknown member \"introspect\""},
    {R("\"limits\":{}"), "unknown member \"limits\""},
    {R("\"secret\":{\"create\":{}}"), "unknown member \"create\""},
    {R("\"secret\":{\"renew\":\"api\"}"), "but manual"},
    {R("\"secret\":{\"lifetime\":0}"), "whole number of seconds"},
    {R("\"secret\":{\"lifetime\":1.5}"), "whole number of seconds"},
    {R("\"secret\":{\"lifetime\":99999999999999999999}"), "whole number"},
    {R("\"secret\":{\"id_changes\":1}"), "true or false"},
    {R("\"secrets\":[\"k\"]"), "need client_secret among"},
    {R("\"response\":{\"token\":\"data.token\"}"), "JSON Pointer"},
    {R("\"response\":{\"token\":\"/a~2\"}"), "JSON Pointer"},
    {R("\"response\":{\"token\":\"header:\"}"), "JSON Pointer"},
    {R("\"response\":{\"expires\":[]}"), "list of 1 to 32"},
    {R("\"response\":{\"expires\":[{\"as\":\"epoch\"}]}"), "needs \"at\""},
    {R("\"response\":{\"expires\":[{\"at\":\"/a\",\"as\":\"days\"}]}"),
	"seconds, milliseconds"},
    {R("\"response\":{\"assume\":0}"), "whole number of seconds"},
    {R("\"response\":{\"keep\":{\"a\":\"b\"}}"), "JSON Pointer"},
    {R("\"outcome\":{}"), "list of 1 to 64"},
    {R("\"outcome\":[{\"is\":\"ok\"}]"), "\"status\" or \"at\""},
    {R("\"outcome\":[{\"status\":[200]}]"), "needs \"is\""},
    {R("\"outcome\":[{\"status\":[99],\"is\":\"ok\"}]"), "100 to 599"},
    {R("\"outcome\":[{\"status\":[200],\"in\":[1],\"is\":\"ok\"}]"),
	"need \"at\""},
    {R("\"outcome\":[{\"at\":\"/a\",\"in\":[],\"is\":\"ok\"}]"),
	"at least one"},
    {R("\"outcome\":[{\"at\":\"/a\",\"in\":[{}],\"is\":\"ok\"}]"), "can list"},
    {R("\"outcome\":[{\"at\":\"/a\",\"is\":\"untrusted\"}]"), "but ok"},
    {R("\"outcome\":[{\"at\":\"/a\",\"is\":\"use_nonce\"}]"), "but ok"},
    {R("\"use\":{\"format\":\"Bearer\"}"), "{token} in it, once"},
    {R("\"use\":{\"format\":\"{token}{token}\"}"), "{token} in it, once"},
    {R("\"use\":{\"format\":\"{token}{scope}\"}"), "{scope}"},
    {R("\"use\":{\"name\":\"a: b\"}"), "must name a header"},
    {R("\"use\":{\"in\":\"body\"}"), "header, query"},
    {R("\"use\":{\"headers\":{\"a\":\"{client_secret}\"}}"),
	"has no place here"},
    {R("\"reissue\":\"often\""), "new, same, extends, replaces"},
    {R("\"reissue\":{\"kind\":\"new\",\"renews_below\":5}"), "\"same\" only"},
    {R("\"reissue\":{\"kind\":\"same\",\"max_live\":5}"), "unknown member"},
};

Test(provider_read, refuses_with_a_sentence)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct provider *p = NULL;
		struct error err = {0};
		int res = provider_read(
		    bad[i].text, strlen(bad[i].text), "x.json", &p, &err);

		cr_expect(res == TOKENWARD_CONFIG, "%s", bad[i].text);
		cr_expect(strstr(err.text, bad[i].words), "%s\n%s", bad[i].text,
		    err.text);
		cr_expect(str_prefix(err.text, "x.json"), "%s", err.text);
		if (res == TOKENWARD_OK)
			provider_free(p);
	}
}

Test(provider_read, size_has_a_limit)
{
	static char text[PROVIDER_FILE_MAX + 2];
	struct provider *p = NULL;
	struct error err;

	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, HEAD "\"token\":{" URL "}}",
	    strlen(HEAD "\"token\":{" URL "}}"));
	assert_ok(
	    provider_read(text, PROVIDER_FILE_MAX, "x.json", &p, &err), err);
	provider_free(p);
	assert_fails(
	    provider_read(text, PROVIDER_FILE_MAX + 1, "x.json", &p, &err), err,
	    TOKENWARD_CONFIG, "at most 65536 bytes");
}

Test(provider_read, every_cut_is_survived)
{
	static const char text[] =
	    HEAD "\"vars\":{\"v\":{\"enum\":[\"a\"]}},\"token\":{" URL
		 ",\"params\":{\"a\":1},\"headers\":{\"x\":\"y\"}},"
		 "\"response\":{\"expires\":[{\"at\":\"/a\"}]},"
		 "\"outcome\":[{\"status\":[200],\"is\":\"ok\"}]}";

	for (size_t i = 0; i < strlen(text); i++) {
		struct provider *p = NULL;
		struct error err;

		cr_expect(provider_read(text, i, "x", &p, &err) != 0);
	}
}
