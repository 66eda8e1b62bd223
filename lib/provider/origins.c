/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the secret goes, and what an API call needs beside the token. */
#include <errno.h>
#include <string.h>
#include "base/cleanup.h"
#include "provider/permit.h"
#include "provider/request.h"
#include "provider/url.h"

/* No origin depends on the client id: a host never has it in it. */
static const struct secret_version nobody = {.client_id = (char *)"x"};

/* Of plain http a proxy sees all, so it counts as where the secret goes. */
static bool
add_proxy(struct strlist *ret, const char *proxy)
{
	cleanup_buf struct buf text = BUF_INIT;
	const char *at = strrchr(proxy, '@'); /* before it: a password */

	buf_printf(&text, "proxy %s", at ? at + 1 : proxy);
	return !text.failed && (strlist_has(ret, buf_str(&text)) ||
				   strlist_add(ret, buf_str(&text)));
}

int
provider_origins(const struct provider *p, const struct credential *c,
    struct strlist *ret, struct error *err)
{
	cleanup_request struct request r = REQUEST_INIT;
	cleanup_buf struct buf origin = BUF_INIT;
	int res;

	r.provider = p;
	r.credential = c;
	r.version = &nobody;
	errno = 0;
	res = request_url(&r, err);
	if (res == TOKENWARD_OK)
		res = permit_origin(p, c, r.url, TOKENWARD_USAGE, &origin, err);
	if (res == TOKENWARD_OK && !strlist_has(ret, buf_str(&origin)) &&
	    !strlist_add(ret, buf_str(&origin)))
		res = error_memory(err);
	if (res == TOKENWARD_OK && c->proxy && url_is_plain(r.url) &&
	    !add_proxy(ret, c->proxy))
		res = error_memory(err);
	return res && errno == ENOMEM ? error_memory(err) : res;
}

int
provider_use_headers(const struct provider *p, const struct credential *c,
    const struct secret_version *v, struct strmap *ret, struct error *err)
{
	cleanup_request struct request r = REQUEST_INIT;
	int res = TOKENWARD_OK;

	errno = 0;
	r.provider = p;
	r.credential = c;
	r.version = v;
	for (size_t i = 0; res == TOKENWARD_OK && i < p->use_headers.n; i++) {
		cleanup_buf struct buf value = BUF_INIT;
		const struct strpair *h = &p->use_headers.v[i];

		res = request_expand(&r, h->value, &value, err);
		if (res == TOKENWARD_OK)
			res = request_header(
			    &r, h->key, buf_str(&value), value.len, err);
		if (res == TOKENWARD_OK && value.len > 0 &&
		    !strmap_set(ret, h->key, buf_str(&value)))
			res = error_memory(err);
	}
	return res && errno == ENOMEM ? error_memory(err) : res;
}
