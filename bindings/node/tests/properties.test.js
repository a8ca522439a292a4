'use strict';
// Random inputs: every path of this host, and the terminal, answer alike.
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const test = require('node:test');
const fc = require('fast-check');
const menjie = require('menjie');

const outcome = async (run) => {
  try {
    return { response: await run() };
  } catch (error) {
    return { error: JSON.parse(JSON.stringify(error)) };
  }
};

/** What the terminal answers, for operations that need no engine. */
function terminal(op, request) {
  const ran = spawnSync(process.env.MENJIE_CLI, ['call', op], { input: JSON.stringify(request), encoding: 'utf8' });
  const text = ran.stdout.trim() || ran.stderr.trim();
  return ran.status === 0 ? { response: JSON.parse(text) } : { error: JSON.parse(text.slice(text.indexOf('{'))) };
}

async function alike(op, request) {
  const object = await outcome(() => menjie.call(op, request));
  assert.deepEqual(await outcome(() => menjie.callSync(op, request)), object);
  assert.deepEqual(await outcome(async () => JSON.parse(await menjie.callText(op, JSON.stringify(request)))), object);
  return object;
}

const fen = fc.integer({ min: -20_000_000_000, max: 20_000_000_000 });

test('amounts in words: alike by every path, and as the terminal says', async () => {
  await fc.assert(fc.asyncProperty(fen, (amount_fen) => alike('invoice.amount_in_words', { amount_fen })), { numRuns: 300 });
  await fc.assert(
    fc.asyncProperty(fen, async (amount_fen) => {
      const mine = await alike('invoice.amount_in_words', { amount_fen });
      assert.deepEqual(terminal('invoice.amount_in_words', { amount_fen }), mine);
    }),
    { numRuns: 25 },
  );
});

test('texts come back as they went, whatever is in them', async () => {
  const value = fc.jsonValue({ maxDepth: 6 }).filter((one) => !JSON.stringify(one).includes('-0'));
  await fc.assert(
    fc.asyncProperty(value, async (one) => {
      const { response, error } = await alike('echo', { value: one });
      // A number that JavaScript has rounded is refused; everything else is the same.
      if (error === undefined) assert.deepEqual(response, JSON.parse(JSON.stringify({ value: one })));
      else assert.equal(error.code, 2);
    }),
    { numRuns: 500 },
  );
});

test('whatever is sent, what comes back is a response or an error of ours', async () => {
  const ops = menjie.buildInfo().operations.filter(({ kind }) => kind === 'pure').map(({ name }) => name);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...ops), fc.dictionary(fc.string(), fc.anything()), async (op, request) => {
      try {
        await menjie.call(op, request);
      } catch (error) {
        assert.ok(error instanceof menjie.MenjieError && error.code !== 901, String(error?.stack));
      }
    }),
    { numRuns: 1_000 },
  );
});

test('money and refusals: dates and ages', async () => {
  const day = fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10));
  await fc.assert(fc.asyncProperty(day, day, (birth, on) => alike('age.at', { birth_date: birth, on })), { numRuns: 300 });
});
