// Insured payments on a phone: the way to the national authorisation and back, the split and its notice, and what a kiosk says
// (domain/pages.md §3.3 items 11, 12, 13, 15, 16, 18).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage, show } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { authorise, confirm, insuredPeople, priced } from './lib/insured.mjs';
import { scanned } from './lib/qr.mjs';
import { enterKiosk, loginPhone } from './lib/tour.mjs';
import { accessible, discreet, fits, quiet, touchable, walkable, wellFormed, withinBudget } from './lib/checks.mjs';

let hospital, browser, insured, next = 0;
before(async () => {
  hospital = await startHospital({ visits: 40 });
  browser = await openBrowser();
  insured = insuredPeople(hospital.day);
});
after(async () => { await browser?.close(); await hospital?.stop(); });

const short = { width: 375, height: 667 };
const fen = (text) => Number(text.replace(/[¥,.\s]/g, ''));
const whole = async (page, name) => { await wellFormed(page, name); await fits(page, name); await touchable(page, name, 44); await accessible(page, name); quiet(page, name); };
/** The same in large type, and back. */
const large = async (page, name) => {
  await show(page, 'large');
  await whole(page, `${name}, large`);
  await show(page, 'normal');
};
const shot = (page, name) => page.screenshot({ path: new URL(`./shots/${name}.png`, import.meta.url).pathname });

/** A phone of the official account about an insured patient, with WeChat's own pay window played by a script. */
async function phone(t, { patient = insured[next++], user = next % 4 } = {}) {
  const page = await openPage(browser, hospital, { size: 'phone', allow: [hospital.identity, hospital.insurer] });
  t.after(() => page.context().close());
  await page.setViewportSize(short);
  await page.addInitScript(() => {
    window.sheets = [];
    window.WeixinJSBridge = { invoke(name, fields) { window.sheets.push([name, Object.keys(fields).sort()]); } };
  });
  await loginPhone(page, user);
  await page.goto(page.at('/h5/identify/number?next=unpaid'));
  await page.fill('[data-typed]', patient.card_no);
  await page.click('button[form=enter]');
  await page.waitForSelector('.page-list');
  return { page, patient };
}

test('12: insured person, type, state, designation; authorised there and back, and nothing of it stays in the browser', async (t) => {
  const { page, patient } = await phone(t);
  await whole(page, 'unpaid');
  await page.locator('form[action$="/insurance/pay"] button').click();
  await page.waitForURL(/\/h5\/insurance$/);
  const facts = await page.textContent('.facts');
  assert.match(facts, /参保人.*\*.*证件号码.*\*{4}.*险种.*基本医疗保险.*未授权/s);
  assert.match(await page.textContent('.designated'), /定点|选点/);
  await whole(page, 'binding');
  await large(page, 'binding');
  await discreet(page, 'binding', patient);
  await shot(page, '12-insurance-phone');
  await authorise(page, patient);
  assert.equal(new URL(page.url()).search, '', 'the address tells nothing');
  assert.match(await page.textContent('.facts'), /已授权，有效至 \d\d:\d\d/);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state, window.name]));
  assert.ok(!/auth|AUTH/.test(kept), kept);
  assert.equal((await page.context().cookies()).some((c) => c.name === 'mj_insured'), false);
  const permits = JSON.stringify(await page.context().cookies());
  assert.ok(!/[A-Za-z0-9]{40}(?![A-Za-z0-9])/.test(permits.replaceAll(/"value":"[0-9a-f]{64}"/g, '')), 'no payAuthNo in a cookie');
});

test('12: cancelled, and another person\'s consent, open nothing', async (t) => {
  const { page, patient } = await phone(t);
  await authorise(page, patient, '取消');
  await page.getByText('没有完成医保授权').waitFor();
  assert.match(await page.textContent('.facts'), /未授权/);
  await page.goto(page.at('/h5/insurance'));
  await authorise(page, insured[insured.length - 1]);
  await page.getByText('授权人不是当前就诊人').waitFor();
  assert.match(await page.textContent('.facts'), /未授权/);
  await whole(page, 'another person');
  await page.getByRole('link', { name: '返回待缴费用' }).click();
  await page.waitForSelector('[data-submit]');
});

test('12: returning with a foreign patient id, or to a session that did not set out, is refused', async (t) => {
  const { page, patient } = await phone(t);
  await page.locator('form[action$="/insurance/pay"] button').click();
  await page.getByRole('link', { name: '授权医保支付' }).click();
  await page.waitForURL(/\/oauth\/authorize/);
  await page.locator(`a[href*="${patient.patient_id}"]`).click();
  const answer = await page.getByRole('link', { name: '同意' }).getAttribute('href');
  const back = await (await fetch(`${hospital.insurer}${answer}`, { redirect: 'manual' })).headers.get('location');
  assert.match(back, /authCode=.*state=/);
  await page.goto(`${back}&patient_id=${insured[insured.length - 1].patient_id}`);
  await page.getByText('授权人不是当前就诊人').waitFor();
  assert.match(await page.textContent('.facts'), /未授权/);
  const { page: other } = await phone(t);
  await other.goto(back);
  await other.getByText('授权人不是当前就诊人').waitFor();
});

test('12: not insured any more, and an insurer that does not answer, offer self-pay', async (t) => {
  const { page, patient } = await phone(t);
  await hospital.addFault({ peer: 'insurer', interface: '1101', fault: { kind: 'timeout_before', ms: 10 }, when: { next: 1 } });
  await page.goto(page.at('/h5/insurance'));
  await page.getByText('医保系统暂时没有响应').waitFor();
  await whole(page, 'down');
  await page.getByRole('link', { name: '刷新' }).click();
  await page.waitForSelector('.designated');
  const changed = await fetch(`${hospital.admin}/admin/insurer/insured`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ patient_id: patient.patient_id, active: false }) });
  assert.equal(changed.status, 204);
  await page.getByRole('link', { name: '刷新' }).click();
  await page.getByText('未查询到有效的参保信息').waitFor();
  assert.equal(await page.getByRole('link', { name: '授权医保支付' }).count(), 0);
  await whole(page, 'not insured');
});

test('13: the notice is read first and seen without scrolling; without the tick nothing happens; the parts are the whole; paid', { timeout: 120_000 }, async (t) => {
  const { page, patient } = await phone(t);
  await priced(page, patient);
  const boxes = await page.evaluate(() => {
    const order = [...document.querySelectorAll('[data-notice], input[name=seen], button[form=agree]')].map((e) => e.tagName);
    const notice = document.querySelector('[data-notice]').getBoundingClientRect(), bar = document.querySelector('.bar').getBoundingClientRect();
    return { order, bottom: notice.bottom, top: notice.top, bar: bar.top, scroll: window.scrollY };
  });
  assert.deepEqual(boxes.order, ['DIV', 'INPUT', 'BUTTON']);
  assert.ok(boxes.scroll === 0 && boxes.top > 0 && boxes.bottom <= boxes.bar, JSON.stringify(boxes));
  const now = new Date(Date.now() + 8 * 3600_000), last = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 0));
  assert.ok((await page.textContent('[data-notice]')).includes(`${last.getUTCFullYear()}年${last.getUTCMonth() + 1}月${last.getUTCDate()}日`));
  const part = async (name) => fen(await page.locator(`[data-part=${name}]`).first().textContent());
  const parts = await Promise.all(['fund', 'account', 'other', 'cash'].map(part));
  assert.equal(parts.reduce((sum, one) => sum + one, 0), await part('total'));
  await whole(page, 'split');
  await fits(page, 'split', 1.6);
  await walkable(page, 'split');
  await withinBudget(page, 'split');
  await discreet(page, 'split', patient);
  await shot(page, '13-pre-phone');
  await large(page, 'split');
  await page.waitForSelector('[data-stage=priced]');
  const url = page.url();
  await page.locator('button[form=agree]').click();
  await page.waitForTimeout(500);
  assert.equal(page.url(), url, 'without the tick');
  assert.equal(await page.evaluate(() => document.querySelector('input[name=seen]').validity.valueMissing), true);
  await page.locator('label.tick').click();
  await page.locator('button[form=agree]').click();
  await page.waitForSelector('[data-sheet]', { timeout: 20_000 });
  assert.equal(fen(await page.textContent('.stage-amount')), parts[3], 'only his own part is to pay');
  // Its script may still be on the way: whoever touches a button too early touches it again.
  const sheet = await page.evaluate(async () => {
    for (let touches = 0; touches < 100 && window.sheets.length === 0; touches++) {
      document.querySelector('[data-sheet]').click();
      if (window.sheets.length === 0) await new Promise((later) => setTimeout(later, 100));
    }
    return window.sheets[0];
  });
  assert.deepEqual([sheet[0], sheet[1].includes('mixTradeNo')], ['requestMedicalInsurancePay', true]);
  await confirm(hospital);
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 30_000 });
  assert.deepEqual(await Promise.all(['fund', 'account', 'other', 'cash'].map(part)), parts, 'the result shows the parts');
  await whole(page, 'result');
  await shot(page, '16-result-insured-phone');
  await page.goto(page.at('/h5/paid'));
  await page.locator('.row-link').first().click();
  await page.waitForSelector('.who-pays');
  assert.deepEqual(await Promise.all(['fund', 'account', 'other', 'cash'].map(part)), parts, 'and so does the record');
  await whole(page, 'record');
});

test('13: back gives the price up and frees the bill; self-pay is warned of and asked once more', { timeout: 90_000 }, async (t) => {
  const { page, patient } = await phone(t);
  await priced(page, patient);
  await page.getByRole('button', { name: '取消结算' }).click();
  await page.getByText('医保结算没有完成，未扣款').waitFor({ timeout: 20_000 });
  await whole(page, 'given up');
  await page.getByRole('link', { name: '重新缴费' }).click();
  for (let tries = 0; tries < 40 && await page.locator('form[action$="/insurance/pay"] button').count() === 0; tries++) { await page.waitForTimeout(250); await page.goto(page.at('/h5/unpaid')); }
  await priced(page, patient);
  const total = await page.locator('[data-part=total]').textContent();
  await page.getByRole('link', { name: '改为自费支付' }).click();
  await page.getByText('不能再转为医保结算').waitFor();
  await whole(page, 'asked');
  await page.getByRole('link', { name: '继续医保结算' }).click();
  await page.waitForSelector('[data-notice]');
  await page.getByRole('link', { name: '改为自费支付' }).click();
  await page.getByRole('button', { name: '改为自费支付' }).click();
  await page.waitForSelector('.page-confirm', { timeout: 20_000 });
  assert.equal(fen(await page.textContent('.grand .amount')), fen(total));
  // What the page before had asked is answered by now, and must not lead away from here.
  await page.waitForTimeout(1_500);
  assert.match(page.url(), /\/h5\/confirm\//);
  assert.ok(!(await page.textContent('main')).includes('医保'), '14 has no word about insurance');
});

test('13: while the insurer computes, the page says so, and changes by itself', { timeout: 60_000 }, async (t) => {
  const { page, patient } = await phone(t);
  await hospital.addFault({ peer: 'insurer', interface: 'order', fault: { kind: 'processing', ms: 6_000 }, when: { next: 1 } });
  await authorise(page, patient);
  await page.getByRole('button', { name: '医保支付' }).click();
  await page.getByText('正在计算医保支付金额').waitFor();
  assert.equal(await page.locator('button[form=agree]').count(), 0);
  await whole(page, 'pricing');
  await page.waitForSelector('[data-stage=priced] [data-notice]', { timeout: 30_000 });
  assert.equal(await page.locator('button[form=agree]').count(), 1);
});

test('11: the kiosk explains that this is done on the phone, with a code that leads there', async (t) => {
  const page = await openPage(browser, hospital);
  t.after(() => page.context().close());
  await enterKiosk(page, insured[insured.length - 2]);
  await page.getByRole('link', { name: /医保支付/ }).click();
  await page.getByText('医保支付请在手机上办理').waitFor();
  assert.equal(await scanned(page.locator('.code')), `${hospital.base}/h5`);
  await fits(page, 'guide');
  await touchable(page, 'guide', 96);
  await accessible(page, 'guide');
  quiet(page, 'guide');
  await shot(page, '12-insurance-kiosk');
});
