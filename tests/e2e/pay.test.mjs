// The states of the money are told honestly (domain/pages.md §3.3 items 15 and 16).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital, people } from './lib/hospital.mjs';
import { beginPaying, enterKiosk, enterPhone } from './lib/tour.mjs';

let hospital, browser, next = 0, patients;
before(async () => {
  hospital = await startHospital({ env: { MENJIE__HOSPITALS__0__TERMS: '{"order_life_s":60,"his_blind_s":60}' }, visits: 40 });
  browser = await openBrowser();
  patients = people(hospital.day).filter((p) => p.lines.length >= 3).map((p) => p.patient);
});
after(async () => { await browser?.close(); await hospital?.stop(); });

async function paying(t, options = {}) {
  const page = await openPage(browser, hospital, options);
  t.after(() => page.context().close());
  if (options.clock) await page.clock.install();
  const patient = patients[next++];
  await (options.size === 'phone' ? enterPhone : enterKiosk)(page, patient);
  await beginPaying(page, options.size === 'phone' ? '/h5' : '/k');
  return { page, patient };
}
const ended = (page, mood) => page.waitForSelector(`.outcome[data-mood=${mood}]`, { timeout: 40_000 });

test('the code is large, on white, and says what the order says; places and invoices follow', async (t) => {
  const { page } = await paying(t);
  const code = await page.locator('.code svg').boundingBox();
  assert.ok(code.width >= 360 && code.height >= 360, `${code.width}px`);
  const amount = await page.textContent('.stage-amount');
  const [order] = await hospital.payable();
  assert.equal(amount.replace(/[¥,]/g, ''), (order.total_fen / 100).toFixed(2));
  await hospital.pay();
  await ended(page, 'ok');
  assert.equal(await page.textContent('.outcome .stage-amount'), amount);
  assert.ok(await page.locator('.step-place').count() > 0, 'no next place');
  await page.waitForSelector('.invoice .code svg', { timeout: 20_000 });
  assert.equal(await page.locator('[data-idle]').last().getAttribute('data-idle'), '30');
});

test('the page is told of the money at once, not at its next look', async (t) => {
  const { page } = await paying(t);
  const asked = [];
  page.on('request', (request) => { if (request.url().includes('/state?')) asked.push(Date.now()); });
  await page.waitForTimeout(6_000);
  assert.ok(asked.length <= 2, `${asked.length} questions in six seconds`);
  const paid = Date.now();
  await hospital.pay();
  await page.waitForSelector('.outcome', { timeout: 20_000 });
  assert.ok(Date.now() - paid < 1_900, `${Date.now() - paid} ms`);
});

test('the page waits for the money without wiping, and says so when asked too early', async (t) => {
  const { page } = await paying(t);
  assert.equal(await page.locator('[data-idle]').count(), 0);
  await page.getByRole('button', { name: '我已支付' }).click();
  await page.getByText('还没有收到付款通知').waitFor();
  await hospital.pay();
  await ended(page, 'ok');
});

test('cancel closes without money; the same bills can be paid again', async (t) => {
  const { page } = await paying(t);
  await page.getByRole('button', { name: '取消支付' }).click();
  await ended(page, 'closed');
  assert.match(await page.textContent('main'), /订单已关闭，未收款/);
  assert.equal(await page.locator('.invoice, .step').count(), 0);
  await page.getByRole('link', { name: '重新缴费' }).click();
  await page.waitForSelector('.page-list');
  assert.ok(await page.locator('input[data-fen]').count() > 0);
});

test('money that arrives in the very moment of cancelling is kept, once', async (t) => {
  const { page } = await paying(t);
  const [order] = await hospital.payable();
  const cancel = page.getByRole('button', { name: '取消支付' }).click();
  await hospital.pay(order.code);
  await cancel;
  await ended(page, 'ok');
  const { wechat } = await hospital.truth();
  const trade = Object.values(wechat.trades).find((trade) => trade.captured_fen === order.total_fen);
  assert.deepEqual([trade.captured_fen, trade.refunded_fen], [order.total_fen, 0]);
});

/** What became of this order everywhere: captured once, booked once, one invoice a booking. */
async function once(order) {
  const { wechat, his, invoice } = await hospital.truth();
  const [trade] = Object.entries(wechat.trades).filter(([no]) => no === order.out_trade_no);
  assert.deepEqual([trade[1].captured_fen, trade[1].refunded_fen, trade[1].pending_fen], [order.total_fen, 0, 0]);
  const booked = Object.entries(his.settlements).filter(([, settlement]) => settlement.out_trade_no === order.out_trade_no);
  assert.ok(booked.length > 0 && booked.every(([, settlement]) => settlement.bookings === 1 && !settlement.reversed_by), JSON.stringify(booked));
  assert.equal(booked.reduce((sum, [, settlement]) => sum + settlement.total_fen, 0), order.total_fen);
  return { booked: booked.length, tickets: Object.keys(invoice.tickets).length, issued_fen: invoice.issued_fen, red_fen: invoice.red_fen };
}
/** Waits until so many requests of this kind have reached WeChat. */
async function reached(kind, more, patience = 20_000) {
  for (const end = Date.now() + patience; Date.now() < end;) {
    if (((await hospital.truth()).wechat.requests[kind] || 0) >= more) return;
    await new Promise((done) => { setTimeout(done, 50); });
  }
  assert.fail(`${kind} never came`);
}

for (const [moment, fault] of [
  ['just before the close takes effect', { kind: 'timeout_before', ms: 20 }],
  ['while the close waits for its answer', { kind: 'server_error' }],
]) {
  test(`the payer pays at the very moment of closing (${moment}): paid, one booking, one invoice each`, { timeout: 90_000 }, async (t) => {
    const { page } = await paying(t);
    const [order] = await hospital.payable();
    const before = await hospital.truth();
    // WeChat tells nobody: only asking finds out.
    await hospital.addFault({ peer: 'wechat', interface: 'callback', fault: { kind: 'drop_callback' }, when: { per_mille: 1000 } });
    await hospital.addFault({ peer: 'wechat', interface: 'close', fault, when: { next: 1 } });
    await page.getByRole('button', { name: '取消支付' }).click();
    await reached('close', (before.wechat.requests.close || 0) + 1);
    await hospital.pay(order.code);
    await ended(page, 'ok');
    await page.waitForSelector('.outcome:not([hx-get])', { timeout: 30_000 });
    await hospital.clearFaults();
    const now = await once(order);
    assert.equal(now.tickets - Object.keys(before.invoice.tickets).length, now.booked, 'one invoice a booking');
    assert.deepEqual([now.issued_fen - before.invoice.issued_fen, now.red_fen], [order.total_fen, before.invoice.red_fen]);
    assert.equal(await page.locator('.step').count(), now.booked);
  });
}

test('the payer pays at the very moment the order expires: paid, one booking, one invoice each', { timeout: 150_000 }, async (t) => {
  const { page } = await paying(t);
  const [order] = await hospital.payable();
  const before = await hospital.truth();
  await hospital.addFault({ peer: 'wechat', interface: 'callback', fault: { kind: 'drop_callback' }, when: { per_mille: 1000 } });
  // Nobody cancels: WeChat takes money until the last moment, and that is when it comes.
  const { expires_at } = await page.evaluate(async () => (await fetch(`/api/v1/payments/${location.pathname.split('/').pop()}`)).json());
  // WeChat is told whole seconds, so its last moment may be most of a second earlier than ours.
  const end = Math.floor(Date.parse(expires_at) / 1000) * 1000;
  await page.waitForTimeout(end - Date.now() - 400);
  await hospital.pay(order.code);
  const late = end - Date.now();
  assert.ok(late < 400 && late > -1_000, `${late} ms before the end`);
  await page.waitForSelector('.outcome, [data-stage=confirming], .left[data-mood=over]', { timeout: 30_000 });
  assert.equal(await page.locator('[data-code]:visible').count(), 0, 'a dead code must not be scanned');
  await ended(page, 'ok');
  await page.waitForSelector('.outcome:not([hx-get])', { timeout: 30_000 });
  await hospital.clearFaults();
  const now = await once(order);
  assert.equal(now.tickets - Object.keys(before.invoice.tickets).length, now.booked);
  assert.equal(now.issued_fen - before.invoice.issued_fen, order.total_fen);
});

test('HIS silent after the payment: received and being booked, with a number and a window, then done', async (t) => {
  const { page } = await paying(t);
  await hospital.addFault({ peer: 'his', interface: 'post', fault: { kind: 'timeout_before', ms: 100 }, when: { next: 6 } });
  await hospital.pay();
  await ended(page, 'wait');
  const text = await page.textContent('main');
  assert.match(text, /已收款，正在入账/);
  assert.match(text, /收费窗口/);
  assert.match(await page.textContent('.facts .mono'), /^\d{6,}$/);
  assert.doesNotMatch(text, /失败/);
  await hospital.clearFaults();
  await ended(page, 'ok');
});

test('the server is killed and started again while the page asks: it goes on to paid', async (t) => {
  const { page } = await paying(t);
  page.watch.quiet = true;
  await hospital.kill();
  await page.waitForSelector('#offline:not([hidden])', { timeout: 15_000 });
  assert.equal(await page.getByRole('button', { name: '我已支付' }).isDisabled(), true);
  await hospital.pay();
  await hospital.start();
  await ended(page, 'ok');
  assert.equal(await page.locator('#offline').isVisible(), false);
});

test('twenty seconds without a network, paid meanwhile: the banner, then the result', async (t) => {
  const { page } = await paying(t);
  page.watch.quiet = true;
  await page.context().setOffline(true);
  await page.waitForSelector('#offline:not([hidden])');
  await hospital.pay();
  await page.waitForTimeout(20_000);
  assert.match(page.url(), /\/k\/pay\//, 'the page stays');
  await page.context().setOffline(false);
  await ended(page, 'ok');
});

test('at the end of the order\'s life the code goes and the result is asked for first', { timeout: 120_000 }, async (t) => {
  const { page } = await paying(t);
  const left = Number(await page.locator('.left').getAttribute('data-left'));
  assert.ok(left > 30 && left <= 60, `${left}s`);
  await page.waitForSelector('.outcome[data-mood=closed], .left[data-mood=over], [data-stage=confirming]', { timeout: 75_000 });
  assert.equal(await page.locator('[data-code]:visible').count(), 0, 'a dead code must not be scanned');
  await ended(page, 'closed');
});

test('a phone that says "ok" only asks again', async (t) => {
  const { page } = await paying(t, { size: 'phone' });
  assert.ok(await page.locator('.code svg, [data-sheet]').count() > 0);
  await hospital.pay();
  await ended(page, 'ok');
  // The invoice follows the money.
  await page.getByRole('link', { name: '查看电子票据' }).first().waitFor();
});

test('pressing pay twice, or sending it again, is one payment', async (t) => {
  const page = await openPage(browser, hospital);
  t.after(() => page.context().close());
  await enterKiosk(page, patients[next++]);
  await page.click('[data-submit]');
  await page.waitForSelector('.page-confirm');
  const form = await page.evaluate(() => Object.fromEntries(new FormData(document.querySelector('form[action$="/pay"]'))));
  const before = (await hospital.payable()).length;
  await page.locator('.bar .btn-main').dblclick();
  await page.waitForSelector('.code svg');
  const path = new URL(page.url()).pathname;
  const again = await page.evaluate(async (form) => (await fetch('/k/pay', { method: 'POST', body: new URLSearchParams(form) })).url, form);
  assert.equal(new URL(again).pathname, path);
  assert.equal((await hospital.payable()).length, before + 1);
});
