// Identity numbers against npm id-validator on 100,000 random numbers; every difference must be one that is explained here.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const IdValidator = require('id-validator');
const areas = require('id-validator/src/GB2260.js');
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
// `cargo test --workspace` builds the terminal in this profile.
const menjie = path.join(process.env.CARGO_TARGET_DIR || path.join(root, 'target'), 'debug', 'menjie');

const seed = Number(process.env.MENJIE_ID_SEED || 20260310);
const all = 100_000;
const chunk = 20_000;

/** Mulberry32: the same numbers on every run. */
function seeded(state) {
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const provinces = '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65'.split(' ');
const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** Real provinces; one of eight with any day up to 31, one of eight with any check character. */
function number(random) {
  const pad = (value, length) => String(value).padStart(length, '0');
  const day = random(8) === 0 ? random(32) : 1 + random(28);
  const body = provinces[random(31)] + pad(random(10_000), 4) + pad(1900 + random(126), 4) + pad(1 + random(12), 2) + pad(day, 2) + pad(random(1000), 3);
  const sum = weights.reduce((total, weight, at) => total + weight * Number(body[at]), 0);
  return body + (random(8) === 0 ? '0123456789X'[random(11)] : '10X98765432'[sum % 11]);
}

/** What is wrong with each number of a batch: texts of REG-010, by row. */
function ours(numbers) {
  const records = numbers.map((id_no) => ({
    name: '陈测安', nationality: 'CHN', marital: '10', ethnic: '01', address: '测试路', phone: '13900000001', contact_name: '林测平', contact_relation: '51', pay_method: '7',
    id_type: '01', id_no, sex: Number(id_no[16]) % 2 ? '1' : '2', birth_date: `${id_no.slice(6, 10)}-${id_no.slice(10, 12)}-${id_no.slice(12, 14)}`,
  }));
  const run = spawnSync(menjie, ['call', 'patient.validate_batch'], { input: JSON.stringify({ records, today: '2026-03-10' }), maxBuffer: 1 << 30, encoding: 'utf8' });
  assert.equal(run.status, 0, `${run.error ?? ''}${run.stderr} (build it with cargo build -p menjie-cli)`);
  const found = new Map();
  for (const issue of JSON.parse(run.stdout).errors) {
    assert.ok(['id_no', 'birth_date', 'guardian', 'contact_relation'].includes(issue.path), `${issue.path} ${issue.text}`);
    if (issue.path === 'id_no') found.set(issue.row, issue);
  }
  return found;
}

test('id-validator and we agree on a hundred thousand numbers', () => {
  const [random, validator] = [seeded(seed), new IdValidator(areas)];
  let [valid, explained] = [0, 0];
  for (let done = 0; done < all; done += chunk) {
    const numbers = Array.from({ length: chunk }, () => number(random));
    const found = ours(numbers);
    numbers.forEach((id, row) => {
      const issue = found.get(row);
      assert.ok(!issue || issue.rule === 'REG-010', `${id}: ${issue?.rule}`);
      const theirs = validator.isValid(id);
      // It knows days up to 31 in every month, no future and no oldest person: we do.
      if (issue && theirs && /中的出生日期/.test(issue.text)) {
        explained += 1;
        return;
      }
      assert.equal(!issue, theirs, `${id}: ${issue?.text} (seed ${seed})`);
      valid += issue ? 0 : 1;
    });
  }
  assert.ok(valid > 60_000 && explained > 50 && explained < 2_000, `${valid} valid, ${explained} explained`);
});
