// A certified OpenID provider on a free port of the loopback interface, for one client: the
// demonstration as the tests configure it. The first line of the output is `provider <issuer>`.
// The client and the API come in the environment, as the demonstration has them; CLIENT_METADATA is
// a JSON object with more about the client, or other things.
//
// Beside the provider there are two resources for the tests: `/tests/counts` says how often it did
// what, and `/tests/application?at=<origin>` tells it where the application really is, which nobody
// knows before that starts.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { AUTH0_BASE_URL, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_AUDIENCE } = process.env;
const BACKCHANNEL = '/api/auth/backchannel-logout';

const client = {
  client_id: AUTH0_CLIENT_ID,
  client_secret: AUTH0_CLIENT_SECRET,
  redirect_uris: [`${AUTH0_BASE_URL}/api/auth/callback`],
  post_logout_redirect_uris: [AUTH0_BASE_URL],
  backchannel_logout_uri: `${AUTH0_BASE_URL}${BACKCHANNEL}`,
  backchannel_logout_session_required: true,
  grant_types: ['authorization_code', 'refresh_token'],
  ...JSON.parse(process.env.CLIENT_METADATA ?? '{}'),
};
if (client.jwks) delete client.client_secret;

const key = (kid) => ({
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  kid,
  alg: 'RS256',
  use: 'sig',
});

const configuration = {
  clients: [client],
  jwks: { keys: [key('one')] },
  cookies: { keys: ['a secret of the tests'] },
  claims: { email: ['email'], profile: ['name'] },
  findAccount: (_, accountId) => ({
    accountId,
    claims: () => ({ sub: accountId, name: 'Example User', email: 'user@app.example' }),
  }),
  // Each of them can be used once; one that comes again ends the whole grant.
  rotateRefreshToken: () => true,
  // Auth0 calls the API `audience`, the standard calls it `resource` (RFC 8707).
  extraParams: ['audience'],
  features: {
    backchannelLogout: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    revocation: { enabled: true },
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

const counts = {
  tokens: 0,
  refreshes: 0,
  refused: 0,
  revokedGrants: 0,
  pushedRequests: 0,
  backchannelLogouts: 0,
  failedBackchannelLogouts: 0,
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  provider.on('grant.success', ({ oidc }) => {
    counts.tokens += 1;
    if (oidc.params.grant_type === 'refresh_token') counts.refreshes += 1;
  });
  provider.on('grant.revoked', () => (counts.revokedGrants += 1));
  provider.on('grant.error', () => (counts.refused += 1));
  provider.on('pushed_authorization_request.success', () => (counts.pushedRequests += 1));
  provider.on('backchannel.success', () => (counts.backchannelLogouts += 1));
  provider.on('backchannel.error', (_, error) => {
    counts.failedBackchannelLogouts += 1;
    console.error('back-channel logout:', error);
  });
  for (const event of [
    'authorization.error',
    'grant.error',
    'pushed_authorization_request.error',
    'server_error',
  ]) {
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
