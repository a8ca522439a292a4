'use strict';
// Calls without a client: numbers, hostile inputs, errors, abort, panics, the facade's shape.
const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const path = require('node:path');
const test = require('node:test');
const menjie = require('menjie');

const failure = async (run) => {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
};

test('amounts that are no whole safe fen are refused by their field, before they cross', async () => {
  for (const amount_fen of [1.5, NaN, Infinity, 1e300, 2 ** 53 + 2, -(2 ** 53) - 2, 0.1 + 0.2]) {
    for (const run of [() => menjie.invoice.amountInWords({ amount_fen }), () => menjie.invoice.amountInWords.sync({ amount_fen }), () => menjie.call('echo', { value: [{ amount_fen }] })]) {
      const error = await failure(run);
      assert.ok(error instanceof menjie.MisuseError && error.code === 2, String(amount_fen));
      assert.match(error.context.field, /^(value\[0\]\.)?amount_fen$/);
    }
  }
  for (const text of ['1.5', '1e300', '"12.345"', '9007199254740993', 'NaN', '1.0', '-1e400']) {
    assert.equal((await failure(() => menjie.callSync('invoice.amount_in_words', `{"amount_fen":${text}}`))).code, 2, text);
  }
});

test('what JSON would change or drop in silence is refused', async () => {
  class Own {
    toJSON() {
      return 1;
    }
  }
  for (const value of [1n, Symbol('s'), () => 1, new Date(), new Map(), new Set(), Promise.resolve(), Buffer.alloc(1), new ArrayBuffer(1), new Number(1), new Own(), [undefined]]) {
    assert.equal((await failure(() => menjie.echo({ value }))).code, 2);
  }
  const cycle = {};
  cycle.value = cycle;
  assert.match((await failure(() => menjie.echo(cycle))).context.problem, /nested too deep/);
  assert.deepEqual(await menjie.echo({ value: { a: 1.5, b: null, c: 'é\u0000中😀', __proto__: null, d: undefined } }), { value: { a: 1.5, b: null, c: 'é\u0000中😀' } });
});

test('arguments of every kind are told, and never end the process', async () => {
  const strange = [undefined, null, 0, 1.5, 1n, true, Symbol('s'), '', 'x', '\u0000', '\ud800', '{"value":"\ud800"}', '[]', '{', {}, [], () => 1, new Proxy({}, { ownKeys: () => { throw new Error('trap'); } })];
  for (const op of [...strange, 'echo', 'settlement.pay', 'bill.group']) {
    for (const request of strange) {
      for (const run of [() => menjie.call(op, request), () => menjie.callSync(op, request), () => menjie.callText(op, request), () => menjie.batch(op, request, request), () => menjie.batch(op, '{}', { lines: request })]) {
        const outcome = await Promise.resolve().then(run).then(() => 'answered', (error) => error);
        assert.ok(outcome === 'answered' || outcome instanceof Error, String(op));
      }
    }
  }
  for (const config of strange) assert.ok((await failure(() => menjie.open(config))) instanceof Error);
});

test('texts that are too long or broken', async () => {
  assert.match((await failure(() => menjie.callText('echo', 'x'.repeat(65 << 20)))).context.problem, /longer than/);
  assert.equal((await failure(() => menjie.callText('echo', '{"value":"\\ud800"}'))).code, 2);
  assert.equal((await failure(() => menjie.echo({ value: '\ud800' }))).code, 2);
  const long = 'z'.repeat(4 << 20);
  assert.equal((await menjie.echo({ value: long })).value.length, long.length);
});

test('errors have their class, number and advice, and JSON as every host has it', async () => {
  const error = await failure(() => menjie.call('no.such_op', {}));
  assert.ok(error instanceof menjie.MisuseError && error instanceof Error);
  assert.deepEqual([error.name, error.code, error.kind, error.retry], ['MisuseError', 1, 'misuse', 'never']);
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(error))), ['code', 'kind', 'retry', 'message', 'context']);
  assert.ok((await failure(() => menjie.age.at({ birth_date: '1990-02-30', on: '2026-01-01' }))) instanceof menjie.MenjieError);
  assert.ok((await failure(() => menjie.crypto.sm4GcmOpen({ key: '00', nonce: '00', sealed: '00' }))) instanceof menjie.MenjieError);
});

test('aborting ends the waiting', async () => {
  const before = await failure(() => menjie.echo({ value: 1 }, { signal: AbortSignal.abort('why') }));
  assert.deepEqual([before.name, before.code, before.retry, before.context.sent, before.cause], ['AbortError', 0, 'same_key', 'no', 'why']);
  const control = new AbortController();
  const waiting = failure(() => menjie.echo({ value: 'x'.repeat(1 << 20) }, { signal: control.signal }));
  setImmediate(() => control.abort());
  const error = await waiting.catch(() => undefined);
  // It may have been answered first.
  assert.ok(error === undefined || error instanceof menjie.AbortedError);
  assert.deepEqual(await menjie.echo({ value: 2 }), { value: 2 });
});

test('a panic inside is error 901, told by its place only, and the process goes on', async () => {
  assert.equal(menjie.buildInfo().testing, true);
  for (const run of [() => menjie.callSync('testing.panic', {}), () => menjie.call('testing.panic', {}), () => menjie.batch('testing.panic', {}, {})]) {
    const error = await failure(run);
    assert.ok(error instanceof menjie.InternalError);
    assert.deepEqual([error.code, error.retry, error.message.includes('张三')], [901, 'after_query', false]);
  }
  assert.ok(menjie.faults().length >= 3 && menjie.faults().every((place) => /\.rs:\d+$/.test(place)));
});

test('the areas are the operations, by import and require', () => {
  const script = "import m, * as all from 'menjie'; const r = (await import('node:module')).createRequire(import.meta.url)('menjie'); const mine = Object.keys(all).filter((n) => n !== 'default'); if (m !== r || Object.keys(r).some((n) => !mine.includes(n)) || mine.some((n) => r[n] === undefined && n !== 'module.exports')) throw new Error(String(mine)); console.log('same');";
  assert.equal(execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: path.join(__dirname, '..'), encoding: 'utf8' }), 'same\n');
  const table = menjie.buildInfo().operations.map(({ name, kind, reach }) => ({ kind, name, reach }));
  assert.deepEqual(require('../lib/operations').map(({ name, kind, reach }) => ({ kind, name, reach })), table);
  assert.equal(menjie.settlement, undefined);
});

test('a process ends when nothing is awaited, and not before', () => {
  const run = (script) => spawnSync(process.execPath, ['-e', script], { cwd: path.join(__dirname, '..'), encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual(run("require('menjie').echo({ value: 7 }).then(({ value }) => console.log(value))").stdout, '7\n');
  assert.equal(run("require('menjie').open({ server: 'http://127.0.0.1:1' }).then(() => console.log('open'))").stdout, 'open\n');
});

test('a missing native part is named with its platform', () => {
  const run = (named) => spawnSync(process.execPath, ['-e', "require('menjie')"], { cwd: path.join(__dirname, '..'), encoding: 'utf8', env: { ...process.env, MENJIE_NODE_BINARY: named } });
  const missing = run('/no/such/file.node');
  assert.equal(missing.status, 1);
  assert.ok(missing.stderr.includes(`the native part for ${process.platform}-${process.arch}`) && missing.stderr.includes('/no/such/file.node'));
  assert.match(run(__filename).stderr, /does not load/);
});
