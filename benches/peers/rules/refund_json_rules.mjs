// B3 peer: json-rules-engine; one rule a check, events collected.
import fs from 'node:fs';
import { Engine } from 'json-rules-engine';
import { bench } from './facts.mjs';

const { version } = JSON.parse(fs.readFileSync(new URL('node_modules/json-rules-engine/package.json', import.meta.url), 'utf8'));
const fact = (name) => ({ fact: name });
const is = (name, operator, value) => ({ fact: name, operator, value });
const rules = {
  cross_month: [is('settled_month', 'notEqual', fact('now_month'))],
  open_request: [is('open_request', 'equal', true)],
  day_closed: [is('day_closed', 'equal', true)],
  channel_age: [is('age_days', 'greaterThan', fact('most_days'))],
  invoice_paper: [is('invoice', 'equal', 'paper')],
  invoice_booked: [is('invoice', 'equal', 'booked')],
  more_than_left: [is('back', 'greaterThan', fact('quantity'))],
  executed: [is('executed', 'equal', true)],
  work_done: [is('work_done', 'equal', true)],
  drug_dispensed: [is('dispensed', 'equal', true), is('returned', 'lessThan', fact('back'))],
};
const engine = new Engine(Object.entries(rules).map(([type, all]) => ({ conditions: { all }, event: { type } })));
await bench(`json-rules-engine ${version}`, async (line) => (await engine.run(line)).events.map((event) => event.type));
