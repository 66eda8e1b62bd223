#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The least OpenID provider that oidc-agent takes: discovery, and tokens for
a refresh token.  oidc-agent is measured with a token in its memory, so this
is asked once or twice.

    issuer.py PKI-DIRECTORY     prints its URL, ends with its input
"""

import http.server
import json
import os
import ssl
import sys
import threading


class Issuer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        base = self.server.base
        self.answer({
            "issuer": base,
            "authorization_endpoint": base + "/authorize",
            "token_endpoint": base + "/token",
            "scopes_supported": ["openid", "offline_access"],
            "grant_types_supported": ["refresh_token"],
            "response_types_supported": ["code"],
        })

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer({
            "access_token": "bench-" + "x" * 40, "token_type": "Bearer",
            "expires_in": 3600, "refresh_token": "bench-refresh",
            "scope": "openid offline_access"})

    def answer(self, what):
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    pki = sys.argv[1]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    server.daemon_threads = True
    server.base = "https://localhost:%d" % server.server_address[1]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(pki, "server.pem"),
                            os.path.join(pki, "server.key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.base, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
