// SPDX-License-Identifier: BSD-2-Clause
// oidc-provider over TLS on a free port of 127.0.0.1, with the clients below.
//
//   node op.mjs PKI-DIRECTORY
//
// Speaks lines of JSON: first {"base","port"} once it listens, then one answer
// for each line read: {"secret": {"ID": "NEW"}} gives a client another secret,
// {"count": true} tells how many token requests there were. Ends with its
// input, after ten minutes at the latest.
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import readline from 'node:readline';
import { generateKeyPairSync } from 'node:crypto';
import Provider, { errors } from 'oidc-provider';

console.info = console.warn = console.error; // its remarks on node
const pki = process.argv[2];
const READ = 'https://opaque.example/';
const JWT = 'https://jwt.example/';

const client = (id, secret, method, scope) => ({
  client_id: id,
  client_secret: secret,
  token_endpoint_auth_method: method,
  scope,
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
});

const clients = new Map([
  client('basic', 'basic-first', 'client_secret_basic', 'read write'),
  client('post', 'post-first', 'client_secret_post', 'read write'),
  client('odd: id+%&=', 'p@ss w%rd:+~!/=&"', 'client_secret_basic', 'read'),
  client('odd post+%&=', '%41+b c&d=e:"\\', 'client_secret_post', 'read'),
].map((c) => [c.client_id, c]));

// Where oidc-provider keeps things; clients are those above.
class Memory {
  static kept = new Map();

  constructor(kind) {
    this.kind = kind;
  }

  key(id) {
    return `${this.kind} ${id}`;
  }

  async upsert(id, payload) {
    Memory.kept.set(this.key(id), payload);
  }

  async find(id) {
    return this.kind === 'Client' ? clients.get(id)
      : Memory.kept.get(this.key(id));
  }

  async destroy(id) {
    Memory.kept.delete(this.key(id));
  }

  async findByUid() {}

  async findByUserCode() {}

  async consume() {}

  async revokeByGrantId() {}
}

function resourceServer(ctx, uri) {
  if (uri !== READ && uri !== JWT)
    throw new errors.InvalidTarget(`nothing is known of ${uri}`);
  return {
    scope: 'read write',
    audience: uri,
    accessTokenTTL: uri === JWT ? 300 : 900,
    accessTokenFormat: uri === JWT ? 'jwt' : 'opaque',
    jwt: uri === JWT ? { sign: { alg: 'RS256' } } : undefined,
  };
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' };
}

const configuration = {
  adapter: Memory,
  scopes: ['read', 'write', 'admin'],
  jwks: { keys: [signingKey()] },
  ttl: { ClientCredentials: (ctx, token) =>
    token.resourceServer?.accessTokenTTL ?? 600 },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: resourceServer,
    },
  },
};

let asked = 0;
let answer;
const server = https.createServer({
  key: fs.readFileSync(path.join(pki, 'server.key')),
  cert: fs.readFileSync(path.join(pki, 'server.pem')),
}, (request, response) => {
  if (request.method === 'POST' && request.url === '/token')
    asked += 1;
  answer(request, response);
});

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

function command(line) {
  const { secret } = JSON.parse(line);
  for (const [id, value] of Object.entries(secret ?? {}))
    clients.set(id, { ...clients.get(id), client_secret: value });
  say({ count: asked });
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const base = `https://localhost:${port}`;
  const provider = new Provider(base, configuration);
  provider.on('server_error', (ctx, e) => console.error('server_error', e));
  answer = provider.callback();
  say({ base, port });
  readline.createInterface({ input: process.stdin })
    .on('line', command).on('close', () => process.exit(0));
});
setTimeout(() => process.exit(1), 600000).unref();
