/* SPDX-License-Identifier: BSD-2-Clause */
/* What we write in other languages says the same when it is read there. */
#include <curl/curl.h>
#include <json-c/json.h>
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/json_scan.h"
#include "base/json_write.h"
#include "base/near.h"
#include "base/str.h"
#include "fuzz.h"
#include "provider/request.h"

static void
check_json(const char *s, size_t len)
{
	cleanup_buf struct buf out = BUF_INIT;
	struct json_object *root, *v;
	struct json_fault fault;

	if (memchr(s, 0, len))
		return;
	json_open(&out, NULL, '{');
	json_put_strn(&out, "a", s, len);
	json_put_num(&out, "b", INT64_MIN);
	json_close(&out, '}');
	REQUIRE(json_scan(buf_str(&out), out.len, &fault) == 0);
	root = json_tokener_parse(buf_str(&out));
	v = json_object_object_get(root, "a");
	REQUIRE(json_object_is_type(v, json_type_string));
	if (str_is_utf8(s, len))
		REQUIRE(json_object_get_string_len(v) == (int)len &&
			memcmp(json_object_get_string(v), s, len) == 0);
	json_object_put(root);
}

static void
check_percent(const char *s, size_t len)
{
	cleanup_buf struct buf form = BUF_INIT, path = BUF_INIT;
	char *back;
	int n;

	form_put(&form, s, len);
	path_put(&path, s, len);
	REQUIRE(!strpbrk(buf_str(&form), "&= #/?\\\"\r\n"));
	REQUIRE(!strpbrk(buf_str(&path), "&= #/?\\\"\r\n+;"));
	back = curl_easy_unescape(NULL, buf_str(&path), (int)path.len, &n);
	REQUIRE(back && n == (int)len && memcmp(back, s, len) == 0);
	curl_free(back);
}

static void
check_base64(const char *s, size_t len)
{
	cleanup_buf struct buf text = BUF_INIT, back = BUF_INIT;

	base64_put(&text, s, len);
	REQUIRE(text.len == (len + 2) / 3 * 4);
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '+' || text.data[i] == '/')
			text.data[i] = text.data[i] == '+' ? '-' : '_';
	REQUIRE(base64url_get(&back, buf_str(&text), text.len));
	REQUIRE(back.len == len);
	REQUIRE(len == 0 || memcmp(back.data, s, len) == 0);
	buf_clear(&back);
	base64url_get(&back, s, len); /* anything at all */
}

static void
check_hex(const char *s, size_t len)
{
	cleanup_buf struct buf text = BUF_INIT;
	unsigned char back[64];

	len = len < sizeof(back) ? len : sizeof(back);
	hex_put(&text, (const unsigned char *)s, len);
	REQUIRE(hex_get(buf_str(&text), back, len));
	REQUIRE(memcmp(back, s, len) == 0);
}

static int
once(struct input in)
{
	const char *s = (const char *)in.at;
	cleanup_free char *text = NULL;
	struct near n;

	check_json(s, in.left);
	check_percent(s, in.left);
	check_base64(s, in.left);
	check_hex(s, in.left);
	text = input_text(&in);
	str_is_name(text);
	near_begin(&n, text);
	near_try(&n, "client_credentials");
	REQUIRE(strlen(text) > 64 || near_distance(text, text) == 0);
	return TOKENWARD_OK;
}

FUZZ(encode)
{
	return fuzz_run(once, data, len);
}
