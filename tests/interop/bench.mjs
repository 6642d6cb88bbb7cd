// How long path-to-regexp takes for the patterns of tests/benches/patterns.json, for orientation:
// `node bench.mjs`, beside `cargo bench -p portcullis-tests --bench rewrite`.

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { match } from 'path-to-regexp';

const cases = JSON.parse(readFileSync(new URL('../benches/patterns.json', import.meta.url)));
const milliseconds = 500;

for (const { name, source, path, exponential } of cases) {
  if (exponential) {
    console.log(`${name.padEnd(40)} not asked: it would not end`);
    continue;
  }
  const text = typeof path === 'string' ? path : path.repeat.repeat(path.times);
  const ask = match(source, { delimiter: '/', strict: false, sensitive: false });
  for (let count = 0; count < 2000 && text.length < 500; count += 1) ask(text);
  const start = performance.now();
  let asked = 0;
  while (performance.now() - start < milliseconds) {
    for (let count = 0; count < 100 && (count === 0 || text.length < 500); count += 1) {
      ask(text);
      asked += 1;
    }
  }
  const nanoseconds = ((performance.now() - start) * 1e6) / asked;
  console.log(`${name.padEnd(40)} ${nanoseconds.toFixed(0).padStart(12)} ns`);
}
