// Every script we ship parses on the browsers hospitals still have: ours as ES2019, htmx as ES2020.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';

const assets = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../server-example/assets');

test('our scripts are ES2019', () => {
  const files = readdirSync(path.join(assets, 'js'));
  assert.ok(files.length > 8);
  for (const file of files) parse(readFileSync(path.join(assets, 'js', file), 'utf8'), { ecmaVersion: 2019, sourceType: 'script' });
});

test('htmx is ES2020', () => {
  const files = readdirSync(path.join(assets, 'vendor')).filter((file) => file.endsWith('.js'));
  assert.ok(files.length > 0);
  for (const file of files) parse(readFileSync(path.join(assets, 'vendor', file), 'utf8'), { ecmaVersion: 2020, sourceType: 'script' });
});

test('a newer script would be noticed', () => {
  assert.throws(() => parse('a ??= 1', { ecmaVersion: 2019 }));
});
