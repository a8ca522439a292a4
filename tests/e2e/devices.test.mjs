// The device bridge (domain/pages.md §3.7): a scanner that types is believed only when it typed everything.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser?.close(); });

async function hospitalWith(t, device) {
  const hospital = await startHospital({ visits: 6, env: { MENJIE__SERVER__PAGES__KIOSK__DEVICE: JSON.stringify(device) } });
  t.after(() => hospital.stop());
  return hospital;
}
const typed = (page, keys) => page.evaluate((keys) => { for (const key of keys) document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })); }, keys);

test('a wedge: prefix, whole body, suffix — anything else is refused', async (t) => {
  const hospital = await hospitalWith(t, { kind: 'wedge', prefix: '~', suffix: 'Enter' });
  const page = await openPage(browser, hospital);
  t.after(() => page.context().close());
  const id = hospital.day.patients[0].id_no;
  await page.goto(page.at('/k/identify/card?next=unpaid'));
  await page.waitForFunction(() => window.mj && window.mj.bridge);
  await typed(page, [...id, 'Enter']);
  await page.waitForTimeout(300);
  assert.match(page.url(), /identify\/card/, 'a scan without its prefix was taken');
  await typed(page, ['~', ...id.slice(4), 'Enter']);
  await page.waitForSelector('.reader-state[data-mood=bad]');
  assert.match(page.url(), /identify\/card/, 'a truncated scan was taken');
  await typed(page, ['~', ...id, 'Enter']);
  await page.waitForSelector('.page-list');
  assert.ok(!(await page.content()).includes(id));
});

test('an agent on loopback reads the card; its silence and its failure are told', async (t) => {
  let card = null, broken = false;
  const asked = [];
  const agent = createServer((request, answer) => {
    answer.setHeader('access-control-allow-origin', '*');
    answer.setHeader('access-control-allow-headers', 'authorization, content-type');
    if (request.method === 'OPTIONS') { answer.end(); return; }
    asked.push(request.headers.authorization);
    if (broken) { answer.statusCode = 500; answer.end(); return; }
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify(card ? { id_no: card } : {}));
  });
  await new Promise((done) => { agent.listen(0, '127.0.0.1', done); });
  t.after(() => agent.close());
  const url = `http://127.0.0.1:${agent.address().port}`;
  const hospital = await hospitalWith(t, { kind: 'agent', url, token: 'secret-of-the-agent' });
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${hospital.base}/k/identify/card?next=unpaid`);
  await page.waitForTimeout(1200);
  assert.match(page.url(), /identify\/card/);
  assert.ok(asked.length > 0 && asked.every((a) => a === 'Bearer secret-of-the-agent'));
  broken = true;
  await page.waitForSelector('.reader-state[data-mood=bad]');
  assert.match(await page.textContent('.reader-state'), /换一种方式/);
  broken = false;
  card = hospital.day.patients[1].id_no;
  await page.waitForSelector('.page-list');
});
