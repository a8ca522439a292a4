// Every script we ship parses on the browsers hospitals still have: ours as ES2019, htmx as ES2020.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import { startHospital } from './lib/hospital.mjs';

const assets = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../server-example/assets');

test('our scripts are ES2019', () => {
  const files = readdirSync(path.join(assets, 'js'));
  assert.ok(files.length > 8);
  for (const file of files) parse(readFileSync(path.join(assets, 'js', file), 'utf8'), { ecmaVersion: 2019, sourceType: 'script' });
});

test('what is served of them is, too: squeezing broke nothing', async (t) => {
  const hospital = await startHospital({ visits: 1 });
  t.after(() => hospital.stop());
  const home = await (await fetch(`${hospital.base}/k`)).text();
  const [, version] = home.match(/\/assets\/([0-9a-f]+)\/kiosk\.js/);
  for (const name of ['kiosk', 'phone', 'type', 'read', 'list', 'pay', 'home', 'slip', 'position']) {
    const served = await fetch(`${hospital.base}/assets/${version}/${name}.js`);
    assert.equal(served.status, 200, name);
    const text = await served.text();
    parse(text, { ecmaVersion: 2019, sourceType: 'script' });
    assert.doesNotMatch(text, /^\s|\/\/ /m, `${name} has comments or indentation`);
  }
});

test('htmx is ES2020', () => {
  const files = readdirSync(path.join(assets, 'vendor')).filter((file) => file.endsWith('.js'));
  assert.ok(files.length > 0);
  for (const file of files) parse(readFileSync(path.join(assets, 'vendor', file), 'utf8'), { ecmaVersion: 2020, sourceType: 'script' });
});

test('a newer script would be noticed', () => {
  assert.throws(() => parse('a ??= 1', { ecmaVersion: 2019 }));
});
