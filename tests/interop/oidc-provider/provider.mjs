// A certified OpenID provider on a free port of the loopback interface, for one client: the
// demonstration as the tests configure it. The first line of the output is `provider <issuer>`.
// The client and the API come in the environment, as the demonstration has them.
//
// Beside the provider there are two resources for the tests: `/tests/counts` says how often it did
// what, and `/tests/application?at=<origin>` tells it where the application really is, which nobody
// knows before that starts.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { AUTH0_BASE_URL, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_AUDIENCE } = process.env;
const BACKCHANNEL = '/api/auth/backchannel-logout';

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
      backchannel_logout_uri: `${AUTH0_BASE_URL}${BACKCHANNEL}`,
      backchannel_logout_session_required: true,
      grant_types: ['authorization_code', 'refresh_token'],
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
    backchannelLogout: { enabled: true },
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

const counts = { backchannelLogouts: 0, failedBackchannelLogouts: 0 };

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  provider.on('backchannel.success', () => (counts.backchannelLogouts += 1));
  provider.on('backchannel.error', (_, error) => {
    counts.failedBackchannelLogouts += 1;
    console.error('back-channel logout:', error);
  });
  for (const event of ['grant.error', 'authorization.error', 'server_error']) {
    provider.on(event, (_, error) => console.error(`${event}:`, error));
  }
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    const url = new URL(request.url, issuer);
    if (url.pathname === '/tests/counts') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(counts));
    } else if (url.pathname === '/tests/application') {
      const client = await provider.Client.find(AUTH0_CLIENT_ID);
      client.backchannelLogoutUri = `${url.searchParams.get('at')}${BACKCHANNEL}`;
      response.end();
    } else {
      answer(request, response);
    }
  });
  console.log(`provider ${issuer}`);
});
