// How long JavaScript's thread stands still while a batch of 200,000 lines is grouped: `node stall.mjs WORK RUNS PACKAGE` prints one JSON object.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { tell } from '../../peers/timing.mjs';

const [, , WORK, RUNS, PACKAGE] = process.argv;
const menjie = createRequire(import.meta.url)(PACKAGE);
const lines = readFileSync(`${WORK}/lines_200000.arrows`);

const [us, stall_us] = [[], []];
let bills;
for (let at = 0; at <= RUNS; at += 1) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await sleep(20);
  delay.enable();
  await sleep(20);
  delay.reset();
  const begun = performance.now();
  const { response } = await menjie.batch('bill.group_batch', {}, { lines });
  const took = performance.now() - begun;
  await sleep(5);
  delay.disable();
  if (at === 0) continue;
  us.push(took * 1e3);
  stall_us.push(delay.max / 1e3);
  bills = response.bills;
}
const peer = `Node ${process.versions.node}`;
tell(peer, 'batch of 200,000', String(bills), us, us);
tell(peer, 'stall', String(bills), stall_us, stall_us);
