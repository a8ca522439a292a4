// B3 peer: zen-engine (Rust); one decision table, hit policy "collect".
import fs from 'node:fs';
import { ZenEngine } from '@gorules/zen-engine';
import { bench } from './facts.mjs';

const { version } = JSON.parse(fs.readFileSync(new URL('node_modules/@gorules/zen-engine/package.json', import.meta.url), 'utf8'));
const rules = {
  cross_month: ['settled_month', '$ != now_month'],
  open_request: ['open_request', 'true'],
  day_closed: ['day_closed', 'true'],
  channel_age: ['age_days', '$ > most_days'],
  invoice_paper: ['invoice', '"paper"'],
  invoice_booked: ['invoice', '"booked"'],
  more_than_left: ['back', '$ > quantity'],
  executed: ['executed', 'true'],
  work_done: ['work_done', 'true'],
  drug_dispensed: ['dispensed', '$ and returned < back'],
};
const columns = Object.entries(rules).map(([name, [field]]) => ({ id: name, name, field }));
const rows = Object.entries(rules).map(([name, [, test]]) => ({ _id: name, ...Object.fromEntries(columns.map((c) => [c.id, c.id === name ? test : ''])), reason: `"${name}"` }));
const table = {
  nodes: [
    { id: 'in', name: 'in', type: 'inputNode' },
    { id: 'table', name: 'table', type: 'decisionTableNode', content: { hitPolicy: 'collect', inputs: columns, outputs: [{ id: 'reason', name: 'reason', field: 'reason' }], rules: rows } },
    { id: 'out', name: 'out', type: 'outputNode' },
  ],
  edges: [{ id: 'a', sourceId: 'in', targetId: 'table' }, { id: 'b', sourceId: 'table', targetId: 'out' }],
};
const decision = new ZenEngine().createDecision(Buffer.from(JSON.stringify(table)));
await bench(`zen-engine ${version}`, async (line) => (await decision.evaluate(line)).result.map((row) => row.reason));
