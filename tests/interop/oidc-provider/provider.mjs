// A certified OpenID provider on a free port of the loopback interface, for one client: the
// demonstration as the tests configure it. The first line of the output is `provider <issuer>`.
// The client and the API come in the environment, as the demonstration has them.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { AUTH0_BASE_URL, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_AUDIENCE } = process.env;

const key = (kid) => ({
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  kid,
  alg: 'RS256',
  use: 'sig',
});

const configuration = {
  clients: [
    {
      client_id: AUTH0_CLIENT_ID,
      client_secret: AUTH0_CLIENT_SECRET,
      redirect_uris: [`${AUTH0_BASE_URL}/api/auth/callback`],
      post_logout_redirect_uris: [AUTH0_BASE_URL],
      grant_types: ['authorization_code'],
    },
  ],
  jwks: { keys: [key('one')] },
  cookies: { keys: ['a secret of the tests'] },
  claims: { email: ['email'], profile: ['name'] },
  findAccount: (_, accountId) => ({
    accountId,
    claims: () => ({ sub: accountId, name: 'Example User', email: 'user@app.example' }),
  }),
  // Auth0 calls the API `audience`, the standard calls it `resource` (RFC 8707).
  extraParams: ['audience'],
  features: {
    resourceIndicators: {
      enabled: true,
      defaultResource: () => AUTH0_AUDIENCE,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, audience) => ({
        audience,
        scope: '',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  server.on('request', new Provider(issuer, configuration).callback());
  console.log(`provider ${issuer}`);
});
