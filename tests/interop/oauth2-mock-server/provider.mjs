// A mock of an OpenID provider on a free port of the loopback interface: whoever comes is signed in
// at once. The first line of the output is `provider <issuer>`. The audience of access tokens comes
// in the environment, as the demonstration has it.

import { OAuth2Server } from 'oauth2-mock-server';

const { AUTH0_AUDIENCE, AUTH0_CLIENT_ID } = process.env;

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
server.service.on('beforeTokenSigning', ({ payload }) => {
  if (payload.aud === AUTH0_CLIENT_ID) {
    payload.name = 'Example User';
  } else {
    payload.aud = AUTH0_AUDIENCE;
  }
});
await server.start(0, '127.0.0.1');
console.log(`provider ${server.issuer.url}`);
