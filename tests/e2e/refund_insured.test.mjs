// Refunds of what an insurer paid, too (domain/pages.md §3.3 item 18, §3.4 items 19, 20): whole, to everybody it came from. Staff decide through the HTTP API.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage } from './lib/browser.mjs';
import { approversEnv, decide, waiting } from './lib/approvers.mjs';
import { startHospital } from './lib/hospital.mjs';
import { confirm, insuredPeople, priced } from './lib/insured.mjs';
import { loginPhone } from './lib/tour.mjs';
import { fen, idIn, main, post, send, steps, toForm, told, whole } from './lib/refund_pages.mjs';

let hospital, browser, insured;
before(async () => {
  hospital = await startHospital({ visits: 30, env: approversEnv() });
  // Whose items all name who carries them out, so that somebody can confirm them.
  const known = (patient) => hospital.day.lines.every((line) => line.patient_id !== patient.patient_id || line.exec_dept_code);
  insured = insuredPeople(hospital.day).filter(known);
  browser = await openBrowser();
});
after(async () => { await browser?.close(); await hospital?.stop(); });

/** An insured patient on his phone who has paid one bill with insurance, a part of it himself; the page stands on its detail. */
async function paidInsured(t, user, how = { insurance_type: '310', balance_fen: 1000 }) {
  const patient = insured[user];
  await hospital.insure(patient, how);
  const page = await openPage(browser, hospital, { size: 'phone', allow: [hospital.identity, hospital.insurer] });
  t.after(() => page.context().close());
  await page.addInitScript(() => { window.WeixinJSBridge = { invoke() {} }; });
  await loginPhone(page, user);
  await page.goto(page.at('/h5/identify/number?next=unpaid'));
  await page.fill('[data-typed]', patient.card_no);
  await page.click('button[form=enter]');
  await page.waitForSelector('.page-list');
  await priced(page, patient);
  await page.locator('label.tick').click();
  await page.locator('button[form=agree]').click();
  await page.waitForSelector('[data-sheet]', { timeout: 20_000 });
  await confirm(hospital);
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 30_000 });
  await page.waitForSelector('.outcome:not([hx-get])', { timeout: 20_000 });
  await page.goto(page.at('/h5/paid'));
  await page.locator('.row-link').first().click();
  await page.waitForSelector('[data-refund]');
  return { page, patient, settlement: idIn(page) };
}

test('18 to 20: another way, whole, back to whom it came from; the departments first, and paying again only at the end', { timeout: 180_000 }, async (t) => {
  const { page, patient } = await paidInsured(t, 0);
  const names = await page.locator('.lines tbody b').allTextContents();
  const line = hospital.day.lines.find((one) => one.patient_id === patient.patient_id && one.item_name === names[0]);
  await hospital.act({ do: 'execute', line_id: line.line_id, executed: true });
  await page.reload();
  assert.match(await page.textContent('[data-refund]'), /医保缴费可申请退费至 20\d\d年/);
  const parts = Object.fromEntries(await page.locator('.who-pays dd').evaluateAll((all) => all.map((dd) => [dd.dataset.part, dd.textContent])));
  await toForm(page);
  assert.equal(await page.locator('[name=line]').count(), 0);
  assert.match(await main(page), /医保缴费只能全部退费，含个人支付部分/);
  const way = (await steps(page)).map(([text]) => text);
  assert.deepEqual(way.filter((text) => text !== '退款'), ['医生审核', '执行科室确认', '财务审核', '核对', '医保退费', '院内退费', '票据冲红', '重新开具处方', '移动支付', '开票推送']);
  assert.match(await page.textContent('#plan'), /如仍需部分项目/);
  const back = Object.fromEntries(await page.locator('#plan .facts > div').evaluateAll((all) => all.map((row) => [row.querySelector('dt').textContent, row.querySelector('dd').textContent])));
  const wanted = Object.entries({ 原支付账户: parts.cash, 医保个人账户: parts.account, 医保统筹基金: parts.fund, 其他医保支付: parts.other }).filter(([, amount]) => fen(amount) > 0);
  assert.deepEqual(back, Object.fromEntries(wanted));
  await whole(page, '19-insured-phone', patient);
  const id = await send(page);
  const payAgain = page.getByRole('link', { name: '去缴费' });
  assert.equal(await payAgain.count(), 0);
  await decide(hospital, id, 'doctor');
  await told(page, '等待执行科室取消确认');
  await hospital.act({ do: 'execute', line_id: line.line_id, executed: false });
  await decide(hospital, id, 'unconfirm', { note: '未做，已取消确认' });
  await told(page, '等待计财科审核');
  assert.equal(await payAgain.count(), 0);
  await whole(page, '20-insured-phone', patient);
  await decide(hospital, id, 'finance');
  await told(page, '退费已完成', 60_000);
  await payAgain.waitFor();
  assert.match(await page.textContent('.path-more'), /重新开具处方[\s\S]*办理中/);
  await whole(page, '20-insured-done-phone', patient);
  await payAgain.click();
  await page.waitForURL(/\/h5\/unpaid/);
});

test('18, 19: across the month there is the refusal and no button, and the server refuses, too', { timeout: 120_000 }, async (t) => {
  await hospital.addFault({ peer: 'insurer', interface: 'confirm', fault: { kind: 'clock_off', ms: -40 * 86_400_000 }, when: { next: 1 } });
  const { page, patient, settlement } = await paidInsured(t, 1);
  assert.match(await page.textContent('[data-refund]'), /医保结算已跨月，按规定不能退费（含个人支付部分）[\s\S]*请到门诊收费窗口咨询/);
  assert.equal(await page.getByRole('link', { name: '申请退费' }).count(), 0);
  await whole(page, '18-month-phone', patient);
  const refused = await post(page, `/h5/paid/${settlement}/refund`, { key: 'k', why: 'other', shown: '1' });
  assert.match(refused.text, /医保结算已跨月/);
  assert.equal((await waiting(hospital, 'doctor')).filter((item) => item.settlement_id === settlement).length, 0);
});

test('18 to 20: below the deductible the insurer bears nothing, and its settlement is taken back all the same', { timeout: 120_000 }, async (t) => {
  const { page } = await paidInsured(t, 2, { insurance_type: '390', balance_fen: 0 });
  await toForm(page);
  assert.ok((await steps(page)).some(([text]) => text === '医保退费'));
  assert.deepEqual(await page.locator('#plan dt').allTextContents(), ['原支付账户']);
  const id = await send(page);
  await decide(hospital, id, 'doctor');
  await decide(hospital, id, 'finance');
  await told(page, '退费已完成', 60_000);
  const orders = Object.values((await hospital.truth()).insurer.orders);
  assert.ok(orders.some((order) => ['7', '8'].includes(order.state) && order.split.account_fen + order.split.fund_fen === 0), JSON.stringify(orders));
});
