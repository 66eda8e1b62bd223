/* SPDX-License-Identifier: BSD-2-Clause */
/* provider/url: one canonical origin, or a refusal. */
#include <criterion/criterion.h>
#include <string.h>

#include "provider/url.h"

static const struct {
	const char *url, *origin; /* NULL: refused */
} table[] = {
    {"https://api.tiki.vn/sc/oauth2/token", "https://api.tiki.vn:443"},
    {"HTTPS://API.Tiki.VN", "https://api.tiki.vn:443"},
    {"https://api.tiki.vn:443/", "https://api.tiki.vn:443"},
    {"https://api.tiki.vn:8443?x=/y", "https://api.tiki.vn:8443"},
    {"http://localhost:8082/api/v1/token", "http://localhost:8082"},
    {"http://h", "http://h:80"},
    {"https://a_b.example/", "https://a_b.example:443"},
    {"https://xn--bcher-kva.example", "https://xn--bcher-kva.example:443"},
    {"https://[::1]:1/", "https://[::1]:1"},
    {"https://[0:0:0:0:0:0:0:1]", "https://[::1]:443"},
    {"https://[2001:DB8::A]/", "https://[2001:db8::a]:443"},
    {"https://192.0.2.1:65535", "https://192.0.2.1:65535"},
    {"https://h/a@b:c%2f?d=@", "https://h:443"},
    {"https://h/..//%2e%2e/", "https://h:443"},
    {"https://1and1.example", "https://1and1.example:443"},
    {"https://", NULL},
    {"https:///x", NULL},
    {"https://:443/", NULL},
    {"https:/h/", NULL},
    {"https:h", NULL},
    {"//h/", NULL},
    {"h/", NULL},
    {"", NULL},
    {"ftp://h/", NULL},
    {"file:///etc/passwd", NULL},
    {"httpss://h", NULL},
    {"https://u@h/", NULL},
    {"https://u:p@h/", NULL},
    {"https://good.example@evil.example/", NULL},
    {"https://good.example\\@evil.example/", NULL},
    {"https://good.example\\.evil.example/", NULL},
    {"https://h%2f.evil.example/", NULL},
    {"https://h%00/", NULL},
    {"https://h/#f", NULL},
    {"https://h#f", NULL},
    {"https://h./", NULL},
    {"https://.h/", NULL},
    {"https://a..b/", NULL},
    {"https://-h/", NULL},
    {"https://h-/", NULL},
    {"https://h:/", NULL},
    {"https://h:0/", NULL},
    {"https://h:00443/", NULL},
    {"https://h:65536/", NULL},
    {"https://h:+443/", NULL},
    {"https://h:443x/", NULL},
    {"https://h:1:2/", NULL},
    {"https://h,i/", NULL},
    {"https://127.1/", NULL},
    {"https://0x7f.0.0.1/", NULL},
    {"https://0x7f000001/", NULL},
    {"https://2130706433/", NULL},
    {"https://0177.0.0.1/", NULL},
    {"https://1.2.3.4.5/", NULL},
    {"https://1.2.3.256/", NULL},
    {"https://[::1/", NULL},
    {"https://[::1]x/", NULL},
    {"https://[fe80::1%25eth0]/", NULL},
    {"https://[]/", NULL},
    {"https://[127.0.0.1]/", NULL},
    {"https://::1/", NULL},
    {"https://h /", NULL},
    {"https://h\t/", NULL},
    {"https://h/a b", NULL},
    {"https://h/\r\nx: y", NULL},
    {" https://h/", NULL},
    {"https://b\xc3\xbc"
     "cher.example/",
	NULL},
    {"https://h/{x}", NULL},
    {"https://h/<x>", NULL},
};

Test(url, one_origin_or_a_refusal)
{
	struct buf b = BUF_INIT;
	struct error err;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		int res = url_origin(table[i].url, &b, &err);

		if (table[i].origin) {
			cr_expect(res == TOKENWARD_OK, "%s: %s", table[i].url,
			    err.text);
			cr_expect_str_eq(buf_str(&b), table[i].origin);
		} else {
			cr_expect(res == TOKENWARD_USAGE, "%s gave %s",
			    table[i].url, buf_str(&b));
			cr_expect(b.len == 0);
		}
	}
	buf_free(&b);
}

Test(url, an_origin_is_its_own_origin)
{
	struct buf b = BUF_INIT;
	struct error err;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (!table[i].origin)
			continue;
		cr_assert(url_origin(table[i].origin, &b, &err) == 0);
		cr_expect_str_eq(buf_str(&b), table[i].origin);
	}
	buf_free(&b);
}

Test(url, lengths_have_limits)
{
	char url[3000];
	struct buf b = BUF_INIT;
	struct error err;

	memset(url, 'a', sizeof(url));
	memcpy(url, "https://", 8);
	url[8 + 64] = '\0';
	cr_expect(url_origin(url, &b, &err) != 0);
	url[8 + 63] = '\0';
	cr_expect(url_origin(url, &b, &err) == 0);
	memset(url + 8, 'a', sizeof(url) - 8);
	url[10] = '/';
	url[2999] = '\0';
	cr_expect(url_origin(url, &b, &err) != 0);
	buf_free(&b);
}

Test(url, loopback)
{
	cr_expect(url_is_loopback("http://127.0.0.1:80"));
	cr_expect(url_is_loopback("http://127.9.8.7:1"));
	cr_expect(url_is_loopback("http://[::1]:80"));
	cr_expect(url_is_loopback("http://localhost:8082"));
	cr_expect_not(url_is_loopback("http://localhost.evil.example:80"));
	cr_expect_not(url_is_loopback("http://127.0.0.1.evil.example:80"));
	cr_expect_not(url_is_loopback("http://128.0.0.1:80"));
	cr_expect_not(url_is_loopback("http://[::2]:80"));
	cr_expect_not(url_is_loopback("https://127.0.0.1:443"));
}
