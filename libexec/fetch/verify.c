/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands by while OpenSSL judges a peer's certificates, and is stricter in
 * one thing: libcurl takes the CN for a name where there is no other, which
 * RFC 9525 forbids.  What was found wrong is kept, because a signature that
 * does not fit is reported to libcurl as any odd failure of OpenSSL.  And a
 * verdict that was found when memory lacked is none.
 */
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include "lack.h"
#include "verify.h"

static struct {
	int error; /* X509_V_... */
	bool nameless;
	const char *alert; /* the peer's; static */
} found;

static bool
has_name(X509 *leaf)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool has = false;
	int i;

	for (i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		int type = sk_GENERAL_NAME_value(names, i)->type;

		has |= type == GEN_DNS || type == GEN_IPADD;
	}
	GENERAL_NAMES_free(names);
	return has;
}

static int
watch(int good, X509_STORE_CTX *ctx)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);

	if (good && (!leaf || !has_name(leaf))) {
		found.nameless = true;
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_HOSTNAME_MISMATCH);
		good = 0;
	}
	if (good && lack_noted()) {
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_OUT_OF_MEM);
		good = 0;
	}
	if (!good)
		found.error = X509_STORE_CTX_get_error(ctx);
	return good;
}

static void
hear(const SSL *ssl, int where, int value)
{
	(void)ssl;
	if (where & SSL_CB_READ && where & SSL_CB_ALERT &&
	    value >> 8 == SSL3_AL_FATAL)
		found.alert = SSL_alert_desc_string_long(value);
}

static CURLcode
prepare(CURL *easy, void *ssl_ctx, void *unused)
{
	(void)easy;
	(void)unused;
	SSL_CTX_set_verify(ssl_ctx, SSL_VERIFY_PEER, watch);
	SSL_CTX_set_info_callback(ssl_ctx, hear);
	/* a second handshake would not be asked for its name */
	SSL_CTX_set_options(ssl_ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_post_handshake_auth(ssl_ctx, 0); /* there is nothing */
	return CURLE_OK;
}

CURLcode
verify_watch(CURL *easy)
{
	found.error = X509_V_OK;
	found.nameless = false;
	found.alert = NULL;
	return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, prepare);
}

const char *
verify_fault(void)
{
	if (found.nameless)
		return "it has no name in subjectAltName, and its CN does not "
		       "count: have it issued anew with the server's name "
		       "there";
	return found.error == X509_V_OK
		   ? NULL
		   : X509_verify_cert_error_string(found.error);
}

const char *
verify_alert(void)
{
	return found.alert;
}
