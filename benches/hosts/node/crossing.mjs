// B1 and B9 from Node: the package, an addon that does nothing, JSON.parse of the same bytes and a Map as a host would write it.
// `node crossing.mjs WORK RUNS PACKAGE NOOP` prints one JSON object a line, as the peers do; b9 stages WORK and compares the checks.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check as ofHost, checksum, group } from '../../peers/grouping.mjs';
import * as timing from '../../peers/timing.mjs';

const [, , WORK, RUNS, PACKAGE, NOOP] = process.argv;
const require = createRequire(import.meta.url);
const menjie = require(PACKAGE);
const native = require(`${PACKAGE}/lib/native.js`);
const raw = { exports: {} };
process.dlopen(raw, NOOP);
const noop = raw.exports;

const file = (name) => readFileSync(`${WORK}/${name}`);

const ofBills = (response) => checksum(response.bills.map((bill) => [`${bill.visit_id}|${bill.dept_code}`, bill.total_fen]));

const measure = (...asked) => timing.measure(`Node ${process.versions.node}`, RUNS, ...asked);

const refused = () => {
  try {
    menjie.callSync('echo', '{"valeu":{}}');
  } catch (error) {
    return error.code === 2;
  }
  throw new Error('a misspelt member was taken');
};

// A question to JavaScript and its answer, from another thread and back: with nothing around it, then to a HIS of the program.
let settle;
const thing = new noop.Thing(() => thing.reply('{}'), () => settle(true));
const alive = setInterval(() => {}, 1 << 30);
const asked = () => new Promise((resolve) => {
  settle = resolve;
  thing.begin();
});
const empty = { visits: [], lines: [] };
const client = await menjie.open({ ...JSON.parse(file('engine.json')), ports: { invoice: {}, his: { unpaid: async () => menjie.done(empty) } } });
const patient = { caller: { patient: 'P1' } };
const unpaid = () => client.visit.unpaid({ patient_id: 'P1' }, patient);

await measure('noop', '', 2_000_000, noop.noop);
await measure('noop method', '', 2_000_000, () => thing.noop());
await measure('ping', '', 1_000_000, () => client.isOpen);
await measure('text', '', 500_000, () => noop.text('{"value":{}}'));
await measure('echo', '', 100_000, () => menjie.callSync('echo', '{"value":{}}'));
await measure('error', '', 20_000, refused);
await measure('asked', '', 5_000, asked, true);
await measure('unpaid', '', 300, unpaid, true);

for (const size of [5, 30, 200]) {
  const text = file(`request_${size}.json`).toString();
  const request = JSON.parse(text);
  const times = Math.floor(100_000 / size);
  const check = ofHost(group(request.lines));
  if (ofBills(menjie.callSync('bill.group', text)) !== check) throw new Error(`${size} lines: the Map disagrees`);
  await measure(`${size} parse`, check, times, () => JSON.parse(text));
  await measure(`${size} host`, check, times, () => group(JSON.parse(text).lines));
  await measure(`${size} text`, check, times, () => native.callSync('bill.group', text));
  await measure(`${size} bill`, check, times, () => menjie.callSync('bill.group', text));
  await measure(`${size} objects`, check, times, () => menjie.bill.group.sync(request));
}

// Many lines: as a table of Arrow, and as objects, which a host has when it has read them.
const table = file('lines_10000.arrows');
const { response } = await menjie.batch('bill.group_batch', {}, { lines: table });
await measure('batch', String(response.bills), 30, () => menjie.batch('bill.group_batch', {}, { lines: table }), true);
const objects = JSON.parse(file('lines_10000.json'));
await measure('batch host', String(group(objects).size), 30, () => group(objects));
await client.close();
clearInterval(alive);
