/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The strict look over JSON against json-c: what it lets pass json-c reads
 * whole; what json-c reads in its strict mode and the look refuses, it
 * refuses for a reason of its own.  Every member is found on some line, and
 * the tree that we make is the one that json-c makes.
 */
#include <json-c/json.h>
#include "base/cleanup.h"
#include "base/json_scan.h"
#include "base/str.h"
#include "provider/doc.h"
#include "fuzz.h"

#define LOOKED_FOR 64 /* members, of one text */

/* What is stricter here than there. */
static bool
is_our_own(const char *what)
{
	static const char *const reasons[] = {
	    "a member that is there twice",
	    "too many members",
	    "nested too deeply",
	    "a number of too many digits",
	    "a NUL in a string",
	    "half a surrogate pair in a string",
	    "a control character in a string",
	    "a number without digits after the point",
	    "a number without its exponent",
	    "this is no JSON value",     /* NaN */
	    "not UTF-8",                 /* beyond U+10FFFF */
	    "something after the value", /* 00 */
	    "a comma or } is missing here",
	    "a comma or ] is missing here",
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (strcmp(what, reasons[i]) == 0)
			return true;
	return false;
}

/* json-c counts the bytes of a character and looks no further: a longer form
   than needed, half a pair, more than Unicode has. */
static bool
has_strange_character(const char *text, size_t len)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		size_t more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		uint32_t v = c & (0x3fu >> more);

		for (size_t k = 0; k < more && ++i < len; k++)
			v = v << 6 | (text[i] & 0x3fu);
		if (more && (v < least[more] || v > 0x10ffff ||
				(v >= 0xd800 && v <= 0xdfff)))
			return true;
	}
	return false;
}

/* NULL, or whole; *ret_null: it is the word null. */
static struct json_object *
parse(const char *text, size_t len, bool *ret_good)
{
	struct json_tokener *tok = json_tokener_new_ex(1000);
	struct json_object *root;
	size_t end;

	REQUIRE(tok);
	json_tokener_set_flags(
	    tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tok, text, (int)len + 1);
	end = json_tokener_get_parse_end(tok);
	*ret_good = json_tokener_get_error(tok) == json_tokener_success &&
		    end >= len && end <= len + 1;
	json_tokener_free(tok);
	return root;
}

struct walk {
	const char *text;
	size_t len;
	unsigned lines, looked_for;
	struct buf path;
};

static void walk(struct walk *w, struct json_object *v);

static void
put_token(struct buf *path, const char *name)
{
	buf_put_byte(path, '/');
	for (; *name; name++)
		if (*name == '~' || *name == '/')
			buf_put_str(path, *name == '~' ? "~0" : "~1");
		else
			buf_put_byte(path, (unsigned char)*name);
}

static void
step(struct walk *w, const char *name, struct json_object *v)
{
	size_t mark = w->path.len;
	unsigned line;

	if (w->looked_for++ >= LOOKED_FOR)
		return;
	put_token(&w->path, name);
	line = json_line(w->text, w->len, buf_str(&w->path));
	REQUIRE(line >= 1 && line <= w->lines);
	walk(w, v);
	w->path.len = mark;
	w->path.data[mark] = '\0';
}

static void
walk(struct walk *w, struct json_object *v)
{
	char number[24];

	if (json_object_is_type(v, json_type_object)) {
		json_object_object_foreach(v, name, member)
		    step(w, name, member);
	} else if (json_object_is_type(v, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(v); i++) {
			snprintf(number, sizeof(number), "%zu", i);
			step(w, number, json_object_array_get_idx(v, i));
		}
	}
}

static void
find_members(const char *text, size_t len, struct json_object *root)
{
	struct walk w = {.text = text, .len = len, .lines = 1};

	for (size_t i = 0; i < len; i++)
		w.lines += text[i] == '\n';
	walk(&w, root);
	json_line(text, len, "/no such/member/7");
	buf_free(&w.path);
}

/* Here the largest number of a kind is as large as it gets. */
static bool
is_huge(struct json_object *v)
{
	return json_object_is_type(v, json_type_int) &&
	       json_object_get_int64(v) == INT64_MAX;
}

static bool same(struct json_object *a, struct json_object *b);

static bool
same_members(struct json_object *a, struct json_object *b)
{
	struct json_object *other;

	json_object_object_foreach(
	    a, name, member) if (!json_object_object_get_ex(b, name, &other) ||
				 !same(member, other)) return false;
	return json_object_object_length(a) == json_object_object_length(b);
}

static bool
same_items(struct json_object *a, struct json_object *b)
{
	size_t n = json_object_array_length(a);

	for (size_t i = 0; i < n; i++)
		if (!same(json_object_array_get_idx(a, i),
			json_object_array_get_idx(b, i)))
			return false;
	return json_object_array_length(b) == n;
}

static bool
same(struct json_object *a, struct json_object *b)
{
	if (json_object_get_type(a) != json_object_get_type(b))
		return false;
	if (json_object_is_type(a, json_type_object))
		return same_members(a, b);
	if (json_object_is_type(a, json_type_array))
		return same_items(a, b);
	return (is_huge(a) && is_huge(b)) || json_object_equal(a, b);
}

static void
check_tree(const char *text, size_t len, struct json_object *root)
{
	struct json_object *made;
	bool good;

	faults_on();
	good = doc_make(text, len, &made);
	faults_off();
	REQUIRE(good || (faults_hit() && !made));
	REQUIRE(!good || same(root, made));
	doc_free(made);
}

static int
once(struct input in)
{
	const char *text = (const char *)in.at;
	cleanup_free char *copy = strndup(text, in.left);
	struct json_fault fault = {0};
	struct json_object *root;
	bool good;
	int r;

	faults_on();
	r = json_scan(text, in.left, &fault);
	faults_off();
	if (r && faults_hit())
		return TOKENWARD_FAILED;
	REQUIRE(copy);
	root = parse(copy, strlen(copy), &good);
	good = good && strlen(copy) == in.left;
	if (r)
		REQUIRE(fault.line > 0 && fault.what);
	REQUIRE(r || good);
	REQUIRE(!r || !good || is_our_own(fault.what) ||
		(strcmp(fault.what, "not UTF-8") == 0 &&
		    has_strange_character(text, in.left)));
	if (!r) {
		find_members(text, in.left, root);
		check_tree(text, in.left, root);
	}
	json_object_put(root);
	return r ? TOKENWARD_USAGE : TOKENWARD_OK;
}

FUZZ(json)
{
	return fuzz_run(once, data, len);
}
