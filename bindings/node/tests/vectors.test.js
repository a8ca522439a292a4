'use strict';
// Replays the shared vectors (tests/vectors, the same files as every host): as text on other threads, and through objects and sync forms.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const menjie = require('menjie');
const { rawCases } = require('./raw_json');
const { vectorFiles, root } = require('./stage');

const folder = path.join(root, 'tests/vectors');
const files = fs
  .readdirSync(folder, { recursive: true })
  .filter((file) => file.endsWith('.json') && !file.startsWith('scenario') && !file.startsWith('seal/files'))
  .sort();

function judge(title, test_, outcome) {
  const { response, error } = outcome;
  if (test_.response !== undefined) {
    assert.equal(error, undefined, `${title}: ${error?.message}`);
    assert.deepEqual(response, test_.response, title);
    return;
  }
  assert.ok(error instanceof menjie.MenjieError, `${title}: ${JSON.stringify(response) ?? error}`);
  assert.equal(error.code, test_.error.code, title);
  assert.ok(['never', 'same_key', 'after_query'].includes(error.retry) && typeof error.kind === 'string', title);
  for (const [key, value] of Object.entries(test_.error.context ?? {})) assert.equal(error.context[key], value, title);
}

const settled = async (promise) => promise.then((response) => ({ response }), (error) => ({ error }));
const ran = (run) => {
  try {
    return { response: run() };
  } catch (error) {
    return { error };
  }
};

/** Are all its numbers, as they are written, the ones that JavaScript would write? */
const keeps = (text) => (text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d[\d.eE+-]*/g) ?? []).every((token) => String(Number(token)) === token && Number.isSafeInteger(Number(token)));

let cases = 0;
for (const file of files) {
  test(`vectors: ${file}`, async (t) => {
    const text = fs.readFileSync(path.join(folder, file), 'utf8');
    const { op, cases: all, hosts } = JSON.parse(text);
    if (hosts !== undefined && !hosts.includes('node')) return;
    assert.ok(all.length > 0);
    // As they stand in the file: JavaScript would write 100.0 as 100.
    const raw = rawCases(text);
    assert.equal(raw.length, all.length);
    const staged = vectorFiles(t);
    const pure = menjie.buildInfo().operations.find(({ name }) => name === op).kind === 'pure';
    for (const [at, one] of all.entries()) {
      const request = (one.request_text ?? raw[at].request).replaceAll('$files', staged);
      judge(`${file} / ${one.name}`, one, await settled(menjie.callText(op, request).then(JSON.parse)));
      if (pure) judge(`${file} / ${one.name}, sync`, one, ran(() => menjie.callSync(op, request)));
      // As an object it is the same, when JavaScript holds its numbers as they stand there.
      if (pure && one.request !== undefined && keeps(request)) judge(`${file} / ${one.name}, object`, one, await settled(menjie.call(op, one.request)));
      cases += 1;
    }
  });
}

test('vectors: all of them', () => assert.ok(cases > 250, `${cases} cases`));
