// B1 peer: a Map on Node.
import { readFileSync } from 'node:fs';
import { check as checksum, group } from './grouping.mjs';
import * as timing from './timing.mjs';

const [, , WORK, RUNS] = process.argv;
const measure = (...asked) => timing.measure(`Map, Node ${process.versions.node}`, RUNS, ...asked);

for (const size of [5, 30, 200]) {
  const text = readFileSync(`${WORK}/request_${size}.json`, 'utf8');
  const { lines } = JSON.parse(text);
  const check = checksum(group(lines));
  const times = Math.floor(400_000 / size);
  await measure(`b1 ${size} totals`, check, times, () => group(lines));
  await measure(`b1 ${size} parse`, check, Math.floor(times / 10), () => JSON.parse(text));
  await measure(`b1 ${size} json`, check, Math.floor(times / 10), () => group(JSON.parse(text).lines));
}
