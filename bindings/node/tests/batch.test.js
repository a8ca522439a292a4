'use strict';
// Tables over Arrow IPC: the same bills as the JSON operation makes, hostile bytes, and how long JavaScript's thread stands still.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { performance } = require('node:perf_hooks');
const arrow = require('apache-arrow');
const menjie = require('menjie');
const { root } = require('./stage');

const { lines } = JSON.parse(fs.readFileSync(path.join(root, 'examples/rust/data/unpaid.json'), 'utf8'));
const TEXTS = ['visit_dept_code', 'order_no', 'kind', 'fee_class', 'item_code', 'order_dept_code', 'exec_dept_code', 'pharmacy_code', 'atomic_key', 'reverses'];

/** A decimal text as a whole number of millionths or the like. */
const scaled = (text, digits) => {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(digits, '0'));
};

/** So many lines; each patient has one visit and a hundred of them. */
function table(count) {
  const rows = Array.from({ length: count }, (_, at) => lines[at % lines.length]);
  const utf8 = (values) => arrow.vectorFromArray(values, new arrow.Utf8());
  const int64 = (values) => arrow.makeVector(BigInt64Array.from(values));
  const columns = {
    line_id: utf8(rows.map((_, at) => `L${at}`)),
    patient_id: utf8(rows.map((_, at) => `P${Math.floor(at / 100)}`)),
    visit_id: utf8(rows.map((_, at) => `V${Math.floor(at / 100)}`)),
    price_e6: int64(rows.map((line) => scaled(line.price, 6))),
    quantity_e4: int64(rows.map((line) => scaled(line.quantity, 4))),
    doses: int64(rows.map((line) => BigInt(line.doses ?? 1))),
    amount_fen: int64(rows.map((line) => BigInt(line.amount_fen))),
  };
  for (const name of TEXTS) {
    const values = rows.map((line) => line[name] ?? null);
    if (values.some((value) => value !== null)) columns[name] = utf8(values);
  }
  return Buffer.from(arrow.tableToIPC(new arrow.Table(columns), 'stream'));
}

test('a batch makes the bills that the operation makes', async () => {
  const { response, tables } = await menjie.batch('bill.group_batch', {}, { lines: table(lines.length) });
  assert.equal(typeof response, 'object');
  assert.deepEqual(Object.keys(tables).sort(), ['bills', 'lines']);
  const bills = arrow.tableFromIPC(tables.bills);
  const total = [...bills.getChild('total_fen')].reduce((sum, fen) => sum + Number(fen), 0);
  assert.equal(total, lines.reduce((sum, line) => sum + line.amount_fen, 0));
  assert.equal(arrow.tableFromIPC(tables.lines).numRows, lines.length);
});

test('hostile tables are errors', async () => {
  const good = table(4);
  const failure = (tables, op = 'bill.group_batch', request = {}) => menjie.batch(op, request, tables).then(() => 'answered', (error) => error);
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(64, 0xff), good.subarray(0, good.length - 1), Buffer.concat([good, good]), Buffer.from('ARROW1')]) {
    const error = await failure({ lines: bytes });
    assert.ok(error instanceof menjie.MenjieError && error.code === 2, String(error));
  }
  for (let at = 0; at < good.length; at += 97) {
    const changed = Buffer.from(good);
    changed[at] ^= 0x55;
    const error = await failure({ lines: changed });
    assert.ok(error === 'answered' || (error instanceof menjie.MenjieError && error.code !== 901), `byte ${at}: ${error}`);
  }
  assert.equal((await failure({ lins: good })).code, 2);
  assert.equal((await failure({})).context.field, 'tables.lines');
  assert.equal((await failure({ lines: good }, 'bill.grup_batch')).code, 1);
  assert.equal((await failure({ lines: good }, 'bill.group_batch', { wrong: 1 })).code, 2);
});

test('a program may change its buffer while it is read', async () => {
  const bytes = table(2_000);
  const [first, second] = [menjie.batch('bill.group_batch', {}, { lines: bytes }), bytes.fill(0)];
  assert.equal(second, bytes);
  assert.equal(arrow.tableFromIPC((await first).tables.lines).numRows, 2_000);
});

test('200,000 lines do not hold the event loop', async () => {
  const bytes = table(200_000);
  let [longest, last] = [0, performance.now()];
  const beat = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  const begun = performance.now();
  last = begun;
  const { tables } = await menjie.batch('bill.group_batch', {}, { lines: bytes });
  const took = performance.now() - begun;
  longest = Math.max(longest, performance.now() - last);
  clearInterval(beat);
  assert.ok(tables.bills.length > 0);
  // Held for the whole batch they are the same; a busy machine delays both, and what is copied on the way in is a tenth of it.
  assert.ok(longest < took / 2, `the event loop stood still for ${longest.toFixed(0)} of ${took.toFixed(0)} ms`);
  console.log(`node measured: 200,000 lines (${(bytes.length / 1e6).toFixed(1)} MB) in ${took.toFixed(0)} ms, longest stall of the event loop ${longest.toFixed(1)} ms (debug build)`);
});
