// B1 and B9 from Node: the package, an addon that does nothing, JSON.parse of the same bytes and a Map as a host would write it.
// `node crossing.mjs WORK RUNS PACKAGE NOOP` prints one JSON object a line, as the peers do; b9 stages WORK and compares the checks.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';

const [, , WORK, RUNS, PACKAGE, NOOP] = process.argv;
const require = createRequire(import.meta.url);
const menjie = require(PACKAGE);
const native = require(`${PACKAGE}/lib/native.js`);
const raw = { exports: {} };
process.dlopen(raw, NOOP);
const noop = raw.exports;

const file = (name) => readFileSync(`${WORK}/${name}`);

/** `documents:fen:mix` over (visit, department, total), as benches/src/measure.rs has it. */
function checksum(docs) {
  let [count, sum, mix] = [0, 0, 0n];
  for (const [key, total] of docs) {
    count += 1;
    sum += total;
    mix += BigInt(total) * BigInt(1 + crc32(key));
  }
  return `${count}:${sum}:${BigInt.asUintN(64, mix)}`;
}

/** What a host writes: sets follow their main line, then one key a line. */
function place(line) {
  if ((line.kind === 'drug' || line.kind === 'herb') && line.pharmacy_code) return line.pharmacy_code;
  return line.exec_dept_code ?? line.order_dept_code;
}

function group(lines) {
  const mains = new Map();
  for (const line of lines) if (line.atomic_key && line.main_line) mains.set(line.atomic_key, line);
  const docs = new Map();
  for (const line of lines) {
    const lead = (line.atomic_key && mains.get(line.atomic_key)) || line;
    const key = `${line.visit_id}|${place(lead)}`;
    const doc = docs.get(key);
    if (doc) {
      doc.total += line.amount_fen;
      doc.lines.push(line);
    } else {
      docs.set(key, { total: line.amount_fen, lines: [line] });
    }
  }
  return docs;
}

const ofHost = (docs) => checksum([...docs].map(([key, doc]) => [key, doc.total]));
const ofBills = (response) => checksum(response.bills.map((bill) => [`${bill.visit_id}|${bill.dept_code}`, bill.total_fen]));

let sink = 0;
/** Runs of `times` calls each, after one that is thrown away; `run` may give a promise when it is `later`. */
async function measure(work, check, times, run, later = false) {
  const [us, cpu_us] = [[], []];
  for (let at = 0; at <= RUNS; at += 1) {
    const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
    if (later) for (let i = 0; i < times; i += 1) sink += (await run()) ? 1 : 0;
    else for (let i = 0; i < times; i += 1) sink += run() ? 1 : 0;
    const spent = process.cpuUsage(cpu);
    if (at > 0) {
      us.push(Number(process.hrtime.bigint() - wall) / 1e3 / times);
      cpu_us.push((spent.user + spent.system) / times);
    }
  }
  console.log(JSON.stringify({ peer: `Node ${process.versions.node}`, work, us, cpu_us, check }));
}

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
if (sink < 0) process.exit(1);
