'use strict';
// worker_threads: several at once, each with its own mailbox, clients of their own, ended in the middle of calls.
const assert = require('node:assert/strict');
const path = require('node:path');
const test = require('node:test');
const { Worker } = require('node:worker_threads');
const menjie = require('menjie');
const { engine } = require('./stage');

const HAMMER = `
const { workerData, parentPort } = require('node:worker_threads');
const menjie = require(workerData.package);
(async () => {
  let held = 0;
  for (let round = 0; round < workerData.rounds; round += 1) {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => menjie.echo({ value: [workerData.name, round, at] })));
    for (const [at, { value }] of answers.entries()) if (value[0] === workerData.name && value[1] === round && value[2] === at) held += 1;
    held += menjie.invoice.amountInWords.sync({ amount_fen: round }).words.length > 0 ? 1 : 0;
  }
  parentPort.postMessage(held);
})();`;

const worker = (script, workerData) => new Worker(script, { eval: true, workerData: { package: path.join(__dirname, '..'), ...workerData } });
const ended = (made) => new Promise((resolve, reject) => made.once('exit', resolve).once('error', reject));
const said = (made) => new Promise((resolve, reject) => made.once('message', resolve).once('error', reject));

test('eight at once', async () => {
  const workers = Array.from({ length: 8 }, (_, name) => worker(HAMMER, { name, rounds: 25 }));
  const [held, codes] = await Promise.all([Promise.all(workers.map(said)), Promise.all(workers.map(ended))]);
  assert.deepEqual(held, workers.map(() => 25 * 21));
  assert.deepEqual(codes, workers.map(() => 0));
});

test('ended in the middle of calls, again and again', async () => {
  for (let round = 0; round < 25; round += 1) {
    const workers = Array.from({ length: 3 }, (_, name) => worker(HAMMER, { name, rounds: 1_000_000 }));
    await Promise.all(workers.map((made) => new Promise((go) => made.once('online', go))));
    await new Promise((go) => setTimeout(go, round * 4));
    await Promise.all(workers.map((made) => made.terminate()));
  }
  assert.deepEqual(await menjie.echo({ value: 'alive' }), { value: 'alive' });
});

test('an engine whose thread ends lets its store go', async (t) => {
  const { ports, ...config } = engine(t, { his: {} });
  const script = `
const { workerData, parentPort } = require('node:worker_threads');
const menjie = require(workerData.package);
menjie.open({ ...workerData.config, ports: { invoice: {}, his: { unpaid: () => { parentPort.postMessage('asked'); return new Promise(() => {}); } } } }).then((client) => {
  client.visit.unpaid({ patient_id: 'P1' }, { caller: { patient: 'P1' } }).catch(() => {});
}, (error) => parentPort.postMessage(error.message));`;
  const made = worker(script, { config });
  assert.equal(await said(made), 'asked');
  await made.terminate();
  assert.equal(typeof ports, 'object');
  // Its lock is held until what was under way has ended.
  let client;
  for (let attempt = 0; client === undefined && attempt < 200; attempt += 1) {
    client = await menjie.open({ ...config, ports }).catch(() => new Promise((go) => setTimeout(() => go(undefined), 100)));
  }
  assert.ok(client, 'the store is still held');
  assert.equal(await client.close(), true);
});
