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
  await fc.assert(fc.asyncProperty(fen, async (amount_fen) => void (await alike('invoice.amount_in_words', { amount_fen }))), { numRuns: 300 });
  await fc.assert(
    fc.asyncProperty(fen, async (amount_fen) => {
      const mine = await alike('invoice.amount_in_words', { amount_fen });
      assert.deepEqual(terminal('invoice.amount_in_words', { amount_fen }), mine);
    }),
    { numRuns: 25 },
  );
});

// To the last bit; whole numbers beyond 2^53 are refused, because JavaScript has rounded them.
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Number.isInteger(number) || Number.isSafeInteger(number));
const { json } = fc.letrec((tie) => ({
  json: fc.oneof({ maxDepth: 5 }, fc.constant(null), fc.boolean(), fc.maxSafeInteger(), double, fc.string({ unit: 'binary' }), fc.array(tie('json')), fc.dictionary(fc.string({ unit: 'binary' }), tie('json'))),
}));

test('whatever JSON has comes back as it went', async () => {
  await fc.assert(
    fc.asyncProperty(json, async (value) => {
      // Prototypes are none of JSON's, -0 is 0 there.
      const sent = JSON.parse(JSON.stringify({ value }));
      assert.deepEqual(await alike('echo', sent), { response: sent });
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

test('ages, on days before birth, too', async () => {
  const day = fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10));
  const seen = new Set();
  const property = fc.asyncProperty(day, day, async (birth_date, on) => {
    const { response } = await alike('age.at', { birth_date, day: on });
    seen.add(response === undefined);
  });
  await fc.assert(property, { numRuns: 300 });
  assert.equal(seen.size, 2, 'ages and refusals');
});

test('bills: their totals are those of the lines, whatever the lines are', async () => {
  const line = fc.record({ visit: fc.integer({ min: 0, max: 2 }), dept: fc.constantFrom('A', 'B', 'C'), fen: fc.integer({ min: 1, max: 500_000 }), quantity: fc.integer({ min: 1, max: 9 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 30 }), async (given) => {
      const visits = [0, 1, 2].map((at) => ({ visit_id: `V${at}`, patient_id: 'P1', date: '2026-03-10', dept_code: 'MZ', dept_name: '门诊' }));
      const lines = given.map(({ visit, dept, fen: each, quantity }, at) => ({
        line_id: `L${at}`, patient_id: 'P1', visit_id: `V${visit}`, kind: 'service', fee_class: '04', item_code: 'I1', item_name: '项目',
        price: `${Math.floor(each / 100)}.${String(each % 100).padStart(2, '0')}`, quantity: String(quantity), amount_fen: each * quantity,
        order_dept_code: 'MZ', order_dept_name: '门诊', exec_dept_code: dept, exec_dept_name: dept, order_no: 'O1', line_no: at + 1,
      }));
      const { response, error } = await alike('bill.group', { visits, lines });
      assert.equal(error, undefined);
      const sum = (all, member) => all.reduce((total, one) => total + one[member], 0);
      assert.equal(sum(response.bills, 'total_fen'), sum(lines, 'amount_fen'));
      assert.equal(response.bills.length, new Set(given.map(({ visit, dept }) => `${visit} ${dept}`)).size);
    }),
    { numRuns: 200 },
  );
});
