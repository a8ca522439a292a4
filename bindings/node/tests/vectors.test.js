'use strict';
// Replays the shared vectors (tests/vectors, the same files as every host): as text on other threads, and through objects and sync forms.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const menjie = require('menjie');
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

let cases = 0;
for (const file of files) {
  test(`vectors: ${file}`, async (t) => {
    const { op, cases: all } = JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'));
    assert.ok(all.length > 0);
    const staged = vectorFiles(t);
    const pure = menjie.buildInfo().operations.find(({ name }) => name === op).kind === 'pure';
    for (const one of all) {
      const request = (one.request_text ?? JSON.stringify(one.request)).replaceAll('$files', staged);
      judge(`${file} / ${one.name}`, one, await settled(menjie.callText(op, request).then(JSON.parse)));
      if (pure) judge(`${file} / ${one.name}, sync`, one, ran(() => menjie.callSync(op, request)));
      // An object takes the same way but for what JavaScript cannot hold, which is refused before.
      if (pure && one.request !== undefined && one.response !== undefined) judge(`${file} / ${one.name}, object`, one, await settled(menjie.call(op, one.request)));
      cases += 1;
    }
  });
}

test('vectors: all of them', () => assert.ok(cases > 250, `${cases} cases`));
