// The cookies that the real SDK writes. Takes one JSON object on the command line, with `version`,
// `kind` ("session" or "login"), `secret` and `content`; prints the pairs of name and value.
import { createRequire } from "node:module";

const { version, kind, secret, content } = JSON.parse(process.argv[2]);
const written = [];
const request = { getCookies: () => ({}) };
const response = {
  setCookie: (name, value) => written.push([name, value]),
  clearCookie: () => {},
};

if (version === 3) {
  const require = createRequire(import.meta.url);
  const sdk = "./node_modules/auth0-nextjs-3/dist/auth0-session";
  const cookie = { path: "/", httpOnly: true, secure: true, sameSite: "lax", transient: false };
  const config = {
    secret,
    session: {
      name: "appSession",
      rolling: true,
      rollingDuration: 86_400,
      absoluteDuration: 604_800,
      cookie,
    },
    transactionCookie: { ...cookie, name: "auth_verification" },
  };
  if (kind === "session") {
    const { StatelessSession } = require(`${sdk}/session/stateless-session.js`);
    await new StatelessSession(config).save(request, response, content);
  } else {
    const { default: TransientStore } = require(`${sdk}/transient-store.js`);
    const value = JSON.stringify(content);
    await new TransientStore(config).save("auth_verification", request, response, {
      sameSite: "lax",
      value,
    });
  }
} else {
  const sdk = "./node_modules/auth0-nextjs-4/dist/server";
  const { RequestCookies, ResponseCookies } = await import(`${sdk}/cookies.js`);
  const requestCookies = new RequestCookies(new Headers());
  const responseCookies = new ResponseCookies(new Headers());
  if (kind === "session") {
    const { StatelessSessionStore } = await import(`${sdk}/session/stateless-session-store.js`);
    await new StatelessSessionStore({ secret }).set(requestCookies, responseCookies, content);
  } else {
    const { TransactionStore } = await import(`${sdk}/transaction-store.js`);
    await new TransactionStore({ secret }).save(responseCookies, content, requestCookies);
  }
  for (const { name, value } of responseCookies.getAll()) {
    if (value !== "") written.push([name, value]);
  }
}
console.log(JSON.stringify(written));
