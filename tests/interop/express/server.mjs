// APIs of Express behind the real middleware, each on a port of its own.
//
// The argument is a list of APIs as JSON; the ports are printed in its order, as JSON in one line.
// The process ends with its standard input.
import cors from 'cors';
import express from 'express';
import { expressjwt } from 'express-jwt';
import {
  auth,
  claimEquals,
  claimIncludes,
  requiredScopes,
  scopeIncludesAny,
} from 'express-oauth2-jwt-bearer';
import jwksRsa from 'jwks-rsa';
import { once } from 'node:events';

// Each middleware is set up as its own guide shows, and asked for the same as ours.
const guards = {
  'express-jwt': ({ issuer, jwksUri, audience, tolerance, optional, rateLimit = false }) => [
    expressjwt({
      secret: jwksRsa.expressJwtSecret({ cache: true, rateLimit, jwksUri }),
      audience,
      issuer,
      algorithms: ['RS256'],
      clockTolerance: tolerance,
      credentialsRequired: !optional,
    }),
  ],
  'express-oauth2-jwt-bearer': ({ issuer, jwksUri, audience, tolerance, optional, requires }) => [
    express.urlencoded({ extended: false }),
    auth({
      issuer,
      jwksUri,
      audience,
      tokenSigningAlg: 'RS256',
      clockTolerance: tolerance,
      authRequired: !optional,
    }),
    ...Object.entries(requires ?? {}).map(([name, values]) => requirements[name](...values)),
  ],
};

const requirements = { claimEquals, claimIncludes, requiredScopes, scopeIncludesAny };

function corsOptions({ origin, ...options }) {
  const pattern = origin?.pattern && new RegExp(origin.pattern);
  return origin === undefined ? options : { origin: pattern || origin, ...options };
}

function app(api) {
  const app = express();
  if (api.cors) app.use(cors(corsOptions(api.cors)));
  if (api.guard) app.use(...guards[api.guard](api));
  app.use((request, response) => response.json({ message: 'This is a private route' }));
  return app;
}

const ports = [];
for (const api of JSON.parse(process.argv[2])) {
  const server = app(api).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ports.push(server.address().port);
}
console.log(JSON.stringify(ports));
process.stdin.on('end', () => process.exit()).resume();
