/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers as text, and what is made of them. */
#include "answers.h"
#include "base/cleanup.h"

#define TEN_YEARS INT64_C(315360000)

static const char *const shipped[] = {
    "cliquify", "generic", "myparcel-com", "netwrix-access-analyzer", "tiki"};
#define SHIPPED (sizeof(shipped) / sizeof(shipped[0]))

static size_t
number_of(const char *line)
{
	for (size_t i = 0; line && i < SHIPPED; i++)
		if (strcmp(line, shipped[i]) == 0)
			return i;
	return (line ? (unsigned char)*line : 0) % SHIPPED;
}

static void
load(const char *id, struct provider **ret, struct buf *ret_text)
{
	struct strlist dirs = {.v = (char *[]){(char *)PROVIDERS}, .n = 1};
	struct provider_file file = {.text = BUF_INIT};
	struct error err;

	REQUIRE(provider_find(&dirs, id, &file, &err) == TOKENWARD_OK);
	REQUIRE(provider_read(buf_str(&file.text), file.text.len, file.path,
		    ret, &err) == TOKENWARD_OK);
	buf_move(ret_text, &file.text);
	provider_file_free(&file);
}

const struct provider *
shipped_provider(const char *line, const struct buf **ret_text)
{
	static struct provider *loaded[SHIPPED];
	static struct buf texts[SHIPPED];
	size_t i = number_of(line);

	if (!loaded[i])
		load(shipped[i], &loaded[i], &texts[i]);
	if (ret_text)
		*ret_text = &texts[i];
	return loaded[i];
}

static void
take_header(struct strmap *headers, char *line)
{
	char *colon = strchr(line, ':');

	if (!colon || colon == line)
		return;
	*colon++ = '\0';
	colon += strspn(colon, " \t");
	for (char *s = line; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s | 0x20);
	if (!strmap_get(headers, line))
		REQUIRE(strmap_set(headers, line, colon));
}

void
answer_read(struct input *in, struct written_answer *ret)
{
	char *line = input_line(in);

	*ret = (struct written_answer){.status = line ? atoi(line) % 1000 : 0};
	if (ret->status < 0)
		ret->status = -ret->status;
	while (line && *line && ret->headers.n < 32) {
		free(line);
		line = input_line(in);
		if (line)
			take_header(&ret->headers, line);
	}
	free(line);
	ret->body = (const char *)in->at;
	ret->len = in->left;
}

void
answer_free(struct written_answer *a)
{
	strmap_free(&a->headers);
}

static void
check_text(const char *s, size_t max)
{
	REQUIRE(!s || (strlen(s) <= max && fuzz_is_line(s, strlen(s))));
}

static void
check_frame(const struct reply *r)
{
	cleanup_buf struct buf frame = BUF_SECRET_INIT;
	cleanup_reply struct reply back = REPLY_INIT;
	struct error err;

	REQUIRE(reply_encode(r, &frame, &err) == TOKENWARD_OK);
	REQUIRE(reply_decode(frame.data, frame.len, &back, &err) == 0);
	REQUIRE(
	    back.outcome == r->outcome && buf_equal(&back.token, &r->token));
}

void
answer_check(const struct reply *r)
{
	REQUIRE(r->outcome < OUTCOME_MAX);
	REQUIRE((r->outcome == OUTCOME_OK) == (r->token.len > 0));
	REQUIRE(r->outcome == OUTCOME_OK || r->refresh.len == 0);
	REQUIRE(r->token.len == 0 ||
		str_is_visible(buf_str(&r->token), r->token.len));
	REQUIRE(r->token.len == 0 || r->life > 0);
	REQUIRE(r->life == LIFE_NEVER || r->life <= TEN_YEARS);
	REQUIRE(r->retry_after >= -1 && r->retry_after <= TEN_YEARS);
	check_text(r->type, 128);
	check_text(r->scope, 8192);
	check_text(r->error_code, 128);
	check_text(r->error_message, 512);
	check_text(r->stage, 16);
	check_frame(r);
}

void
answer_keep(const struct reply *r, struct verdict *ret)
{
	*ret = (struct verdict){.outcome = r->outcome, .life = r->life};
	snprintf(ret->token, sizeof(ret->token), "%s", buf_str(&r->token));
}

void
answer_compare(const struct verdict *plain, const struct reply *faulty)
{
	struct verdict v;

	answer_keep(faulty, &v);
	if (v.outcome == OUTCOME_OK) {
		REQUIRE(plain->outcome == OUTCOME_OK);
		REQUIRE(strcmp(plain->token, v.token) == 0);
		REQUIRE(v.life == plain->life);
	} else if (v.outcome != plain->outcome) {
		REQUIRE(v.outcome == OUTCOME_TEMPORARY);
	}
}
