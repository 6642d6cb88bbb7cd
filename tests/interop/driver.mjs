// Asks the real thing: a JSON question on each line of standard input, a JSON answer on each line of
// standard output. Next.js routes with its own code, but no server, no build and no files:
//
//   {"ask": "route", ...}    where a request goes, by the rewrites of a configuration
//   {"ask": "matcher", ...}  whether the middleware of a configuration runs
//   {"ask": "match", ...}    what path-to-regexp finds in a path
//   {"ask": "compile", ...}  what path-to-regexp makes of parameters
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { format } from 'node:url';

process.env.NODE_ENV = 'production';
globalThis.AsyncLocalStorage ??= AsyncLocalStorage;

const require = createRequire(import.meta.url);
const next = (path) => require(`next/dist/${path}`);
const pathToRegexp = require('path-to-regexp');
const { default: loadCustomRoutes } = next('lib/load-custom-routes');
const { defaultConfig } = next('server/config-shared');
const { buildCustomRoute } = next('server/lib/router-utils/filesystem');
const { getResolveRoutes } = next('server/lib/router-utils/resolve-routes');
const { MockedRequest, MockedResponse } = next('server/lib/mock-request');
const { stringifyQuery } = next('server/server-route-utils');
const { getCookieParser } = next('server/api-utils/get-cookie-parser');
const { getMiddlewareMatchers } = next('build/analysis/get-page-static-info');
const { getMiddlewareRouteMatcher } = next('shared/lib/router/utils/middleware-route-matcher');
const { MiddlewareConfigInputSchema } = next('build/segment-config/middleware/middleware-config');

class Unusable extends Error {}

// Next.js prints what is wrong with a configuration, and ends the process.
async function checked(work) {
  const { exit } = process;
  const { error, warn } = console;
  const printed = [];
  process.exit = () => {
    throw new Unusable('exit');
  };
  console.error = (...parts) => printed.push(parts.map((part) => part?.message ?? part).join(' '));
  console.warn = () => {};
  try {
    return await work();
  } catch (failure) {
    if (!(failure instanceof Unusable)) printed.push(failure.message);
    throw new Unusable(printed.join('\n'));
  } finally {
    process.exit = exit;
    Object.assign(console, { error, warn });
  }
}

const pairs = (query) =>
  Object.entries(query).map(([key, value]) => [key, [value ?? ''].flat().map(String)]);

async function route({ rules, target, headers, basePath = '', files = [], pages = [] }) {
  const config = {
    ...defaultConfig,
    basePath,
    assetPrefix: '',
    i18n: null,
    // Redirects are not what is asked about.
    skipTrailingSlashRedirect: true,
    useFileSystemPublicRoutes: true,
    rewrites: async () => structuredClone(rules),
  };
  // The destination of a rule is only looked at once the rule applies.
  const applied = [];
  const traced = (phase, kind, ...options) => (rule, index) => {
    const built = buildCustomRoute(kind, rule, ...options);
    let params;
    const match = (path) => (params = built.match(path));
    return new Proxy(built, {
      get(target, key) {
        if (key === 'match') return match;
        const seen = applied.some((other) => other.phase === phase && other.index === index);
        if (key === 'destination' && !seen) applied.push({ phase, index, params });
        return target[key];
      },
    });
  };
  const rewrites = await checked(async () => {
    const { rewrites } = await loadCustomRoutes(config);
    return {
      beforeFiles: rewrites.beforeFiles.map(traced('beforeFiles', 'before_files_rewrite')),
      afterFiles: rewrites.afterFiles.map(traced('afterFiles', 'rewrite', basePath, false)),
      fallback: rewrites.fallback.map(traced('fallback', 'rewrite', basePath, false)),
    };
  });
  const below = (path) => (path.startsWith(basePath) ? path.slice(basePath.length) || '/' : null);
  const served = new Set([...files, ...pages.map((page) => page.source)]);
  const fsChecker = {
    headers: [],
    redirects: [],
    onMatchHeaders: [],
    rewrites,
    buildId: 'build',
    handleLocale: (pathname) => ({ pathname, locale: undefined }),
    getMiddlewareMatchers: () => undefined,
    getDynamicRoutes: () =>
      pages.map(({ source, expression }) => ({
        page: source,
        match: (path) => new RegExp(expression).test(path) && {},
      })),
    getItem: async (path) =>
      served.has(below(path)) ? { type: 'pageFile', itemPath: below(path) } : null,
  };
  const req = new MockedRequest({ url: target, headers, method: 'GET' });
  const resolve = getResolveRoutes(
    fsChecker,
    config,
    () => '',
    { dir: '/', hostname: 'localhost', port: 3000, dev: false, minimalMode: false },
    { initialize: async () => undefined },
    {},
    undefined,
  );
  const { parsedUrl, statusCode, finished, matchedOutput } = await resolve({
    req,
    res: new MockedResponse({}),
    // The body is not cloned then.
    isUpgradeReq: true,
    signal: new AbortController().signal,
    invokedOutputs: new Set(),
  });
  const last = applied.at(-1);
  const found = {
    rule: last?.index ?? null,
    phase: last?.phase ?? null,
    params: { ...last?.params },
    query: pairs(parsedUrl.query ?? {}),
  };
  if (statusCode) return { kind: 'redirect', ...found };
  const search = stringifyQuery(req, { ...parsedUrl.query });
  if (finished && parsedUrl.protocol) {
    const { query, ...rest } = parsedUrl;
    // What the proxy library makes of the URL.
    const url = new URL(format({ ...rest, search }));
    return { kind: 'external', origin: url.origin, path: url.pathname, search: url.search, ...found };
  }
  const kind = matchedOutput || last ? 'local' : 'none';
  return { kind, path: parsedUrl.pathname, search: search && `?${search}`, ...found };
}

async function matcher({ matcher, target, headers, basePath = '' }) {
  const compiled = await checked(() => {
    const { error } = MiddlewareConfigInputSchema.safeParse({ matcher });
    if (error) throw new Error(error.issues.map((issue) => issue.message).join('\n'));
    return getMiddlewareMatchers(structuredClone(matcher), { basePath });
  });
  const runs = getMiddlewareRouteMatcher(compiled);
  const url = new URL(target, 'http://localhost');
  const query = {};
  for (const [key, value] of url.searchParams) {
    query[key] = key in query ? [query[key], value].flat() : value;
  }
  const req = { headers, cookies: getCookieParser(headers)() };
  const paths = [url.pathname];
  try {
    paths.push(decodeURIComponent(url.pathname));
  } catch {
    // Then only the path as it is counts.
  }
  return { matches: paths.some((path) => Boolean(runs(path, req, query))) };
}

const OPTIONS = { delimiter: '/', sensitive: false, strict: false };

function match({ pattern, path }) {
  const found = pathToRegexp.match(pattern, OPTIONS)(path);
  return { params: found ? { ...found.params } : null };
}

function compile({ pattern, params }) {
  return { text: pathToRegexp.compile(pattern, { ...OPTIONS, validate: false })(params) };
}

const asks = { route, matcher, match, compile };
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { ask, ...question } = JSON.parse(line);
  let answer;
  try {
    answer = await asks[ask](question);
  } catch (failure) {
    answer = { kind: failure instanceof Unusable ? 'invalid' : 'error', error: failure.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
