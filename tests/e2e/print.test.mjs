// Slips and codes (domain/pages.md §3.3 items 15 and 16, §3.7): what is printed, by whom, and what there is instead; what a
// phone reads from the screen.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital, people } from './lib/hospital.mjs';
import { beginPaying, enterKiosk, enterPhone } from './lib/tour.mjs';
import { accessible, fits, quiet, touchable } from './lib/checks.mjs';
import { scanned } from './lib/qr.mjs';

mkdirSync(new URL('./shots', import.meta.url), { recursive: true });
const MM = 96 / 25.4;
const departments = JSON.parse(readFileSync(new URL('../../server-example/content/departments.json', import.meta.url), 'utf8'));
/** As others may read it. */
const discreet = (text) => departments.reduce((said, { name, shown_as }) => (shown_as ? said.replaceAll(name, shown_as) : said), text);
const TELLING = /精神|心理|心身/;
let hospital, browser, patients, next = 0;
before(async () => {
  hospital = await startHospital({ visits: 40 });
  browser = await openBrowser();
  patients = people(hospital.day).filter((p) => p.departments >= 2).map((p) => p.patient);
});
after(async () => { await browser?.close(); await hospital?.stop(); });

/** A kiosk that stands on the result of a payment, all its invoices there. */
async function paid(t, { shell, of = hospital, patient = patients[next++], allow } = {}) {
  const page = await openPage(browser, of, { allow });
  t.after(() => page.context().close());
  if (shell) await page.addInitScript(`window.mjBridge = ${shell};`);
  await enterKiosk(page, patient);
  await beginPaying(page, '/k');
  await of.pay();
  await page.waitForSelector('.outcome[data-mood=ok]:not([hx-get])', { timeout: 40_000 });
  return { page, patient };
}
/** What the API tells the same session about the payment. */
const told = (page) => page.evaluate(async () => (await fetch(`/api/v1/payments/${location.pathname.split('/').pop()}`)).json());
const yuan = (fen) => `¥${(fen / 100).toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ',')}`;

test('the slip is 80 mm wide and has name, documents, places, amounts, number, "no invoice", invoice codes — and nothing else', async (t) => {
  const { page, patient } = await paid(t);
  const view = await told(page);
  await page.emulateMedia({ media: 'print' });
  const seen = await page.evaluate(() => {
    const shown = [...document.body.querySelectorAll('*')].filter((element) => element.getClientRects().length > 0);
    const inked = shown.filter((element) => element.matches('svg') || [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
    return { text: document.body.innerText, right: Math.max(...inked.map((e) => e.getBoundingClientRect().right)) - document.querySelector('.next').getBoundingClientRect().left, controls: shown.filter((e) => e.matches('a, button, header, footer, h1')).length };
  });
  assert.ok(seen.right <= 74 * MM + 1, `${seen.right / MM} mm wide`);
  assert.equal(seen.controls, 0);
  const masked = `${patient.name[0]}*${patient.name.length > 2 ? patient.name.at(-1) : ''}`;
  for (const text of ['示例专科医院', masked, '非发票', `支付号 ${view.payment_id}`, `合计 ${yuan(view.amount_fen)}`]) assert.ok(seen.text.includes(text), `${text} is missing:\n${seen.text}`);
  for (const part of view.settlements) {
    for (const text of [discreet(part.dept_name), discreet(part.guidance), yuan(part.total_fen)]) assert.ok(seen.text.includes(text), `${text} is missing`);
  }
  assert.doesNotMatch(seen.text, TELLING);
  for (const clear of [patient.name, patient.id_no, patient.phone, patient.card_no]) assert.ok(!seen.text.includes(clear), 'a clear value on paper');
  const codes = await page.locator('.invoice .code').all();
  // What costs nothing has no invoice.
  const issued = view.settlements.filter((part) => part.invoice?.url);
  assert.ok(issued.length > 0 && codes.length === issued.length, `${codes.length} codes for ${issued.length} invoices`);
  for (const [at, code] of codes.entries()) {
    const box = await code.locator('svg').boundingBox();
    assert.ok(box.width >= 30 * MM, `${box.width / MM} mm`);
    assert.equal(await scanned(code), issued[at].invoice.url);
  }
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
  const [, width] = pdf.match(/\/MediaBox\s*\[\s*0 0 ([\d.]+) [\d.]+\s*\]/);
  assert.ok(Math.abs(Number(width) - (80 / 25.4) * 72) < 1, `paper of ${width} pt`);
});

test('a browser prints by itself; the page says where the slip is', async (t) => {
  const { page } = await paid(t);
  await page.evaluate(() => { window.printed = 0; window.print = () => { window.printed += 1; }; });
  await page.click('[data-print]');
  await page.getByText('凭条正在打印').waitFor();
  assert.equal(await page.evaluate(() => window.printed), 1);
  assert.equal(await page.locator('.slip-code').count(), 0);
});

test('the bridge gets the slip as markup: masked, without anything that runs or is pressed', async (t) => {
  const { page, patient } = await paid(t, { shell: '{ printReceipt: async (html) => { window.slip = html; return { ok: true }; } }' });
  await page.evaluate(() => { window.print = () => { window.printed = true; }; });
  await page.click('[data-print]');
  await page.getByText('凭条正在打印').waitFor();
  const { slip, printed } = await page.evaluate(() => ({ slip: window.slip, printed: window.printed }));
  assert.equal(printed, undefined, 'printed twice');
  const view = await told(page);
  for (const text of ['自助缴费凭条', '非发票', view.payment_id, ...view.settlements.flatMap((part) => [discreet(part.dept_name), discreet(part.guidance), yuan(part.total_fen)])]) assert.ok(slip.includes(text), text);
  for (const clear of [patient.name, patient.id_no, patient.phone]) assert.ok(!slip.includes(clear));
  assert.doesNotMatch(slip, /<(button|a|script|link|use)\b/);
});

for (const [what, printReceipt, code] of [
  ['says 307003', 'async () => ({ ok: false, code: 307003 })', '307003'], ['fails', 'async () => { throw new Error("x"); }', '打印机无应答'], ['never answers', '() => new Promise(() => {})', '打印机无应答'],
]) {
  test(`a printer that ${what}: the code is shown, and a code to scan instead`, { timeout: 60_000 }, async (t) => {
    const { page, patient } = await paid(t, { shell: `{ printReceipt: ${printReceipt} }` });
    await page.click('[data-print]');
    await page.waitForSelector('.slip-code .code svg', { timeout: 20_000 });
    assert.match(await page.textContent('[data-printed]'), new RegExp(`没有打印成功（${code}）`));
    assert.equal(await page.locator('[data-print]').isVisible(), false);
    const text = await scanned(page.locator('.slip-code .code'));
    const view = await told(page);
    for (const wanted of ['示例专科医院', '非发票', view.payment_id, yuan(view.amount_fen), ...view.settlements.flatMap((part) => [discreet(part.dept_name), yuan(part.total_fen), discreet(part.guidance)])]) assert.ok(text.includes(wanted), `${wanted} is missing:\n${text}`);
    for (const clear of [patient.name, patient.id_no, patient.phone]) assert.ok(!text.includes(clear));
    await fits(page, 'not printed');
    await touchable(page, 'not printed', 96);
    await accessible(page, 'not printed');
    quiet(page, 'not printed');
    await page.screenshot({ path: new URL('./shots/16-result-unprinted-kiosk-landscape.png', import.meta.url).pathname });
  });
}

test('a printer known to have no paper is not asked: the code is there at once', async (t) => {
  const { page } = await paid(t, { shell: '{ status: async () => ({ printer: "307002" }), printReceipt: async () => { window.asked = true; return { ok: true }; } }' });
  await page.waitForSelector('.slip-code .code svg');
  assert.match(await page.textContent('[data-printed]'), /307002/);
  assert.equal(await page.locator('[data-print]').isVisible(), false);
  assert.equal(await page.evaluate(() => window.asked), undefined);
});

test('an agent prints, and its failure is told with its code', { timeout: 60_000 }, async (t) => {
  let body = '', answers = { ok: true };
  const agent = createServer((request, answer) => {
    answer.setHeader('access-control-allow-origin', '*');
    answer.setHeader('access-control-allow-headers', 'authorization, content-type');
    if (request.method === 'OPTIONS') { answer.end(); return; }
    let text = '';
    request.on('data', (data) => { text += data; });
    request.on('end', () => {
      if (request.url === '/print') body = text;
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify(request.url === '/print' ? answers : request.url === '/id-card' && card ? { id_no: card } : {}));
    });
  });
  let card = null;
  await new Promise((done) => { agent.listen(0, '127.0.0.1', done); });
  t.after(() => agent.close());
  const url = `http://127.0.0.1:${agent.address().port}`;
  const own = await startHospital({ visits: 4, env: { MENJIE__SERVER__PAGES__KIOSK__DEVICE: JSON.stringify({ kind: 'agent', url, token: 't' }) } });
  t.after(() => own.stop());
  const page = await openPage(browser, own, { allow: [url] });
  t.after(() => page.context().close());
  card = people(own.day).find((p) => p.lines.length > 0 && p.patient.id_no).patient.id_no;
  await page.goto(page.at('/k/identify/card?next=unpaid'));
  await page.waitForSelector('.page-list');
  await beginPaying(page, '/k');
  await own.pay();
  await page.waitForSelector('.outcome[data-mood=ok]:not([hx-get])', { timeout: 40_000 });
  await page.click('[data-print]');
  await page.getByText('凭条正在打印').waitFor();
  assert.ok(JSON.parse(body).html.includes('非发票'));
  answers = { ok: false, code: '407003' };
  await page.click('[data-print]');
  await page.waitForSelector('.slip-code .code svg');
  assert.match(await page.textContent('[data-printed]'), /407003/);
  quiet(page, 'agent');
});

test('the pay code is the order\'s address; the invoice code is the stored one, on result and record', { timeout: 60_000 }, async (t) => {
  for (const size of ['landscape', 'portrait', 'phone']) {
    const page = await openPage(browser, hospital, { size });
    t.after(() => page.context().close());
    const base = size === 'phone' ? '/h5' : '/k';
    await (size === 'phone' ? enterPhone : enterKiosk)(page, patients[next++]);
    await beginPaying(page, base);
    const [order] = await hospital.payable();
    const address = await scanned(page.locator('.page-pay .code'));
    assert.equal(address, `weixin://wxpay/bizpayurl?pr=${order.code}`, size);
    if (base === '/k') assert.equal(address, (await told(page)).handover.code_url);
    await hospital.pay();
    await page.waitForSelector('.outcome[data-mood=ok]:not([hx-get])', { timeout: 40_000 });
    if (base === '/h5') continue;
    const settlements = (await told(page)).settlements.filter((part) => part.invoice?.url);
    const { invoice } = await hospital.truth();
    for (const [at, code] of (await page.locator('.invoice .code').all()).entries()) {
      const stored = settlements[at].invoice;
      assert.equal(await scanned(code), stored.url);
      assert.ok(Object.values(invoice.tickets).some((ticket) => ticket.bill_no === stored.bill_no), 'no such ticket at the platform');
    }
    await page.goto(page.at(`/k/paid/${settlements[0].settlement_id}`));
    assert.equal(await scanned(page.locator('.invoice .code')), settlements[0].invoice.url);
  }
});

test('leaving takes what is not printed yet out of the queue', async (t) => {
  const page = await openPage(browser, hospital);
  t.after(() => page.context().close());
  let cancelled = 0;
  await page.exposeFunction('cancelled', () => { cancelled += 1; });
  await page.addInitScript('window.mjBridge = { cancelPrint: () => window.cancelled() };');
  await enterKiosk(page, patients[next++]);
  await page.click('.tool-exit');
  await page.waitForURL(page.at('/k'));
  assert.equal(cancelled, 1);
});
