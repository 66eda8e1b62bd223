/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a store with known content, for readers that are not this code and
 * for the golden stores (tests/golden/README).
 *
 *     store_writer DIR KEYFILE [PASSPHRASE-FILE [rekeyed|half]]
 *
 * With a last word the store gets a new master key: "half" stops before the
 * records are sealed anew, and writes one of them with the new key.
 *
 * Prints a line for each record: kind, name, generation, plain text in hex.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"
#include "record/record.h"
#include "store/store.h"

static struct error err;

static void
need(int result, const char *what)
{
	if (result == TOKENWARD_OK)
		return;
	fprintf(stderr, "store_writer: %s: %s\n", what, err.text);
	exit(1);
}

static long
answer(void *data, const struct tokenward_question *q, char *to, size_t cap)
{
	const struct buf *words = data;

	(void)q;
	if (words->len > cap)
		return -1;
	memcpy(to, words->data, words->len);
	return (long)words->len;
}

static void
add_slot(struct header *h, const char *kind, const char *arg,
    const struct key_context *ctx, const unsigned char *master)
{
	const struct key_method *m = key_method_find(kind);
	struct key_slot *slot = &h->slots[h->slots_n++];
	unsigned char *kek = secret_alloc(KEY_LEN);

	slot->id = h->next_slot++;
	slot->kind = strdup(kind);
	slot->created_at = h->created_at;
	need(m->enroll(m, ctx, arg, slot, kek, &err), kind);
	need(slot_wrap(slot, h->store_id, kek, master, &err), kind);
	secret_free(kek);
}

/* Twice, so that there is an older header too. */
static struct store *
make_store(const char *dir, const char *keyfile, struct buf *words)
{
	struct key_context ctx = {
	    .store_path = dir, .ask = answer, .ask_data = words};
	struct header h = {.created_at = 1767225600, .next_slot = 1};
	unsigned char *master = secret_alloc(KEY_LEN);
	struct store *s = NULL;

	randombytes_buf(master, KEY_LEN);
	randombytes_buf(h.store_id, STORE_ID_LEN);
	add_slot(&h, "keyfile", keyfile, &ctx, master);
	need(store_create(dir, &h, master, NULL, &s, &err), dir);
	if (words->len) {
		add_slot(&h, "passphrase", NULL, &ctx, master);
		need(store_write_header(s, &h, master, &err), "header");
	}
	need(store_unlock(s, master, true, &err), "unlock");
	header_free(&h);
	secret_free(master);
	return s;
}

static void
write_record(struct store *s, enum record_kind kind, const char *name,
    const struct buf *plain, uint64_t generation)
{
	cleanup_buf struct buf hex = BUF_INIT;

	need(store_write(s, kind, name, plain, generation, true, &err), name);
	hex_put(&hex, plain->data, plain->len);
	printf("%s %s %llu %s\n",
	    kind == RECORD_TOKENS ? "tokens" : "credential", name,
	    (unsigned long long)generation + 1, buf_str(&hex));
}

static void
add_version(struct credential *c, enum version_state state, const char *id,
    const char *secret, size_t len)
{
	struct secret_version *v = credential_add_version(c);

	v->state = state;
	v->client_id = strdup(id);
	v->added_at = v->issued_at = 1767225600;
	v->expires_at = 1767225600 + 72 * 3600;
	v->basis = BASIS_STATED;
	version_set_secret(v, "client_secret", secret, len);
}

static struct credential *
new_credential(const char *name)
{
	struct credential *c = credential_new();
	size_t i;

	for (i = 0; i < CREDENTIAL_ID_LEN; i++)
		c->id[i] = (unsigned char)(name[0] + i);
	c->name = strdup(name);
	c->provider = strdup("generic");
	c->auth = strdup("client_secret_basic");
	strmap_set(&c->vars, "token_url", "https://login.example.com/token");
	strlist_add(&c->origins, "https://login.example.com:443");
	c->created_at = c->changed_at = 1767225600;
	return c;
}

static void
write_credential(struct store *s, struct credential *c, uint64_t generation)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;

	need(credential_encode(c, &plain, &err), c->name);
	write_record(s, RECORD_CREDENTIAL, c->name, &plain, generation);
}

/* One of each: short, with everything set, and longer than a page. */
static void
write_credentials(struct store *s)
{
	char wide[6000];
	struct credential *c = new_credential("plain");

	add_version(c, VERSION_CURRENT, "client-1", "not a secret", 12);
	write_credential(s, c, 0);
	credential_free(c);

	c = new_credential("full+set@example.com");
	c->scope = strdup("read write");
	c->audience = strdup("https://api.example.com");
	strlist_add(&c->resources, "https://api.example.com/v1");
	strmap_set(&c->params, "tenant", "sch\xc3\xb6n");
	c->owner = strdup("ops@example.com");
	c->note = strdup("two versions, \"quoted\"");
	c->warn = 86400;
	c->critical = 3600;
	add_version(c, VERSION_PREVIOUS, "client-2", "no longer a secret", 18);
	add_version(c, VERSION_CURRENT, "client-3", "still no secret", 15);
	write_credential(s, c, 0);
	write_credential(s, c, 1);
	credential_free(c);

	memset(wide, 'w', sizeof(wide));
	c = new_credential("wide");
	add_version(c, VERSION_CURRENT, "client-4", wide, sizeof(wide));
	write_credential(s, c, 0);
	credential_free(c);
}

static void
write_tokens(struct store *s)
{
	cleanup_buf struct buf plain = BUF_SECRET_INIT;
	cleanup_tokens struct tokens t = {0};
	struct token *v = tokens_put(&t, "");
	struct gate *g = tokens_set_gate(&t, GATE_RATE, NULL);

	buf_set(&v->value, "not.a.token", 11);
	v->type = strdup("Bearer");
	v->version = 1;
	v->life = 3600;
	v->asked = (struct now){.wall_ms = 1767225600000, .boot_ms = 1000};
	v->use_in = strdup("header");
	v->use_name = strdup("Authorization");
	v->use_format = strdup("Bearer {token}");
	g->code = TOKENWARD_COOLDOWN;
	g->since = g->last = v->asked;
	g->wait_ms = 60000;
	g->failures = 1;
	g->reason = strdup("429 Too Many Requests");
	t.credential_generation = 1;
	need(tokens_encode(&t, &plain, &err), "tokens");
	write_record(s, RECORD_TOKENS, "plain", &plain, 0);
}

/* Wraps the new key where the old one is wrapped. */
static void
rewrap(struct header *h, const struct key_context *ctx,
    const unsigned char *fresh, unsigned char *ret_master)
{
	unsigned char *kek = secret_alloc(KEY_LEN);
	size_t i;

	for (i = 0; i < h->slots_n; i++) {
		need(key_slot_open(h, &h->slots[i], ctx, kek, ret_master, &err),
		    "slot");
		need(slot_wrap(&h->slots[i], h->store_id, kek, fresh, &err),
		    "slot");
	}
	secret_free(kek);
}

static void
rekey(struct store *s, struct buf *words, bool half)
{
	struct key_context ctx = {
	    .store_path = store_path(s), .ask = answer, .ask_data = words};
	const struct buf *bytes = &store_header(s)->bytes;
	unsigned char *old = secret_alloc(KEY_LEN);
	unsigned char *fresh = secret_alloc(KEY_LEN);
	struct header h;
	size_t done;

	randombytes_buf(fresh, KEY_LEN);
	need(header_decode(bytes->data, bytes->len, &h, &err), "header");
	rewrap(&h, &ctx, fresh, old);
	need(store_rekey_begin(s, &h, old, fresh, &err), "rekey");
	if (half) {
		struct credential *c = new_credential("full+set@example.com");

		add_version(c, VERSION_CURRENT, "client-5", "changed", 7);
		write_credential(s, c, 2);
		credential_free(c);
	} else {
		need(store_rekey_records(s, &done, &err), "records");
		need(store_rekey_end(s, fresh, &err), "end");
	}
	header_free(&h);
	secret_free(old);
	secret_free(fresh);
}

static void
read_words(const char *path, struct buf *words)
{
	if (file_read_at(AT_FDCWD, path, 1024, true, words) != 0) {
		fprintf(stderr, "store_writer: cannot read %s\n", path);
		exit(1);
	}
	while (words->len && words->data[words->len - 1] == '\n')
		words->len--;
}

int
main(int argc, char **argv)
{
	cleanup_buf struct buf words = BUF_SECRET_INIT;
	struct store *s;

	if (argc < 3 || argc > 5 || sodium_init() < 0) {
		fprintf(stderr, "usage: store_writer DIR KEYFILE "
				"[PASSPHRASE-FILE [rekeyed|half]]\n");
		return 2;
	}
	if (argc > 3)
		read_words(argv[3], &words);
	s = make_store(argv[1], argv[2], &words);
	write_credentials(s);
	write_tokens(s);
	if (argc == 5)
		rekey(s, &words, strcmp(argv[4], "half") == 0);
	store_close(s);
	return 0;
}
