// Refunds as a patient sees them who paid himself: the paid detail's offer, asking, progress (domain/pages.md §3.3 items 17, 18, §3.4 items 19, 20).
// Staff decide through the HTTP API.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage } from './lib/browser.mjs';
import { approversEnv, decide, refundOf, waiting } from './lib/approvers.mjs';
import { startHospital } from './lib/hospital.mjs';
import { enterKiosk } from './lib/tour.mjs';
import { accessible, discreet, quiet, withinBudget, worksOffline } from './lib/checks.mjs';
import { person, writeDay } from './lib/day.mjs';
import { SELF, fen, idIn, main, paidBy, post, send, steps, toForm, told, whole } from './lib/refund_pages.mjs';

const people = Array.from({ length: 20 }, (_, at) => person(at + 1));
let hospital, browser, next = 0;
before(async () => {
  const lines = [{ dept: '检验科', name: '血常规', price: '20', fen: 2000 }, { dept: '检验科', name: '肝功能', price: '69.87', fen: 6987 }, { dept: '检验科', name: '复查采样', price: '10', quantity: '3', fen: 3000 }];
  hospital = await startHospital({ day: writeDay(people, people.map((patient) => ({ patient, lines }))), env: approversEnv() });
  browser = await openBrowser();
});
after(async () => { await browser?.close(); await hospital?.stop(); });

/** Somebody nobody else has used, who has paid. */
const paid = (t, { size, patient = people[next++] } = {}) => paidBy(t, { browser, hospital, size, patient });
const lineOf = (patient, name) => hospital.day.lines.find((line) => line.patient_id === patient.patient_id && line.item_name === name).line_id;

for (const size of ['landscape', 'portrait', 'phone']) {
  test(`${size}: 18 to 20: the whole way, one entry for each event, news by themselves, never a person`, { timeout: 120_000 }, async (t) => {
    const { page, patient, base, settlement } = await paid(t, { size });
    assert.deepEqual(await page.locator('[data-flag]').allTextContents(), ['未执行', '未执行', '未执行']);
    assert.match(await page.textContent('.mark'), /已缴/);
    await whole(page, `18-offer-${size}`, patient);
    await toForm(page);
    assert.deepEqual((await steps(page)).map(([text]) => text), SELF);
    assert.match(await page.textContent('#plan'), /门诊医生[\s\S]*3天内[\s\S]*计财科/);
    assert.deepEqual([fen(await page.textContent('#plan h2 .amount')), await page.locator('#plan dt').allTextContents()], [11_987, ['原支付账户']]);
    await whole(page, `19-refund-${size}`, patient);
    await withinBudget(page, '19', { bytes: (80 + 0.6 * 9 + 0.05 * 8) * 1024 });
    await worksOffline(page, '19');
    // Pressed twice, it is one request.
    await page.locator('label.choice').first().click();
    await page.locator('.bar .btn-main').dblclick();
    await page.waitForSelector('.stands');
    const id = idIn(page);
    assert.equal((await waiting(hospital, 'doctor')).filter((item) => item.settlement_id === settlement).length, 1);
    await told(page, '等待门诊医生审核');
    await whole(page, `20-refund-${size}`, patient);
    await withinBudget(page, '20', { bytes: (80 + 0.6 * 7) * 1024 });
    await page.goto(page.at(`${base}/paid/${settlement}`));
    assert.match(await page.textContent('.mark'), /退款中/);
    assert.equal(await page.getByRole('link', { name: '申请退费' }).count(), 0);
    const again = await post(page, `${base}/paid/${settlement}/refund`, { key: 'again', why: 'other', shown: '11987' });
    assert.match(again.text, /已有退费申请正在办理/);
    await page.getByRole('link', { name: '查看退费进度' }).click();
    await told(page, '等待门诊医生审核');
    await decide(hospital, id, 'doctor', { note: '标本未采集' });
    await told(page, '等待计财科审核');
    assert.equal(await page.getByRole('link', { name: '撤回申请' }).count(), 0);
    assert.deepEqual((await steps(page)).map(([, state]) => state), ['done', 'current', 'coming', 'coming', 'coming', 'coming']);
    await decide(hospital, id, 'finance');
    await told(page, '退费已完成', 30_000);
    const entries = await page.locator('.told .row').evaluateAll((all) => all.map((row) => [row.querySelector('b').textContent, row.querySelector('small').textContent.split('·')[0].trim()]));
    assert.deepEqual(entries, [
      ['提交退费申请', '患者'], ['医生审核：同意', '门诊医生'], ['财务审核：同意', '计财科'], ['核对完成', '系统'], ['院内退费完成', '系统'], ['退款完成', '系统'], ['票据冲红完成', '系统'], ['退费已完成', '系统'],
    ]);
    assert.match(await page.textContent('.told'), /说明：标本未采集/);
    assert.ok((await steps(page)).every(([, state]) => state === 'done'));
    assert.equal(await page.getByRole('link', { name: '去缴费' }).count(), 0, 'nothing is prescribed again');
    for (const staff of ['E01', 'E03', 'doctor', 'finance']) assert.ok(!(await main(page)).includes(staff), staff);
    await whole(page, `20-done-${size}`, patient);
    await page.getByRole('link', { name: '缴费详情' }).click();
    await page.waitForSelector('[data-refund]');
    assert.match(await main(page), /已退[\s\S]*电子票据已冲红/);
    assert.equal(await page.locator('.invoice').count(), 0, 'what was reversed is no invoice to look at');
    await whole(page, `18-refunded-${size}`, patient);
    await page.goto(page.at(`${base}/paid?state=refunded`));
    assert.equal(await page.locator('.row-link').count(), 1);
    for (const state of ['paid', 'refunding', 'part']) {
      await page.goto(page.at(`${base}/paid?state=${state}`));
      await page.getByText('没有符合条件的记录').waitFor();
    }
  });
}

for (const size of ['landscape', 'phone']) {
  test(`${size}: 19: chosen lines and quantities: way and amount follow; the rest is charged again`, { timeout: 120_000 }, async (t) => {
    const { page, patient, base, settlement } = await paid(t, { size });
    await hospital.act({ do: 'execute', line_id: lineOf(patient, '血常规'), executed: true });
    await page.reload();
    assert.deepEqual(await page.locator('[data-flag]').allTextContents(), ['已执行', '未执行', '未执行']);
    await toForm(page);
    const rows = page.locator('fieldset .row');
    assert.match(await rows.nth(0).textContent(), /已执行[\s\S]*已由执行科室确认[\s\S]*请先联系执行科室取消确认/);
    assert.equal(await rows.nth(0).locator('input').count(), 0);
    assert.deepEqual([fen(await page.textContent('#plan h2 .amount')), (await steps(page)).map(([text]) => text)], [9_987, [...SELF, '重开剩余项目票据']]);
    await rows.nth(1).locator('label.tick').click();
    await page.locator('#plan .amount', { hasText: '30.00' }).first().waitFor();
    await rows.nth(2).locator('select').selectOption('1');
    await page.locator('#plan .amount', { hasText: '10.00' }).first().waitFor();
    await whole(page, `19-part-${size}`, patient);
    const id = await send(page);
    await told(page, '等待门诊医生审核');
    assert.match(await main(page), /复查采样 × 1/);
    await decide(hospital, id, 'doctor');
    await decide(hospital, id, 'finance');
    await told(page, '退费已完成', 30_000);
    await page.getByRole('link', { name: '查看重新结算的缴费' }).click();
    await page.waitForSelector('[data-refund]');
    assert.equal(fen(await page.textContent('tfoot .amount')), 10_987);
    assert.notEqual(idIn(page), settlement);
    await page.goto(page.at(`${base}/paid?state=part`));
    assert.match(await page.textContent('.row-link'), /部分退/);
    assert.match(await page.locator('.row-link').getAttribute('href'), new RegExp(settlement));
    await page.goto(page.at(`${base}/paid?state=paid`));
    assert.equal(await page.locator('.row-link').count(), 1);
  });
}

test('19: what was typed stays when something is wrong, and is never sent back', { timeout: 90_000 }, async (t) => {
  const { page, patient, settlement } = await paid(t);
  await toForm(page);
  await page.locator('.bar .btn-main').click();
  assert.equal(await page.evaluate(() => document.querySelector('[name=why]').validity.valueMissing), true, 'a reason must be given');
  await page.locator('label.choice', { hasText: '其他原因' }).click();
  await page.fill('[name=note]', '改日再做');
  await page.fill('[name=contact]', '1390000');
  await page.locator('.bar .btn-main').click();
  await page.locator('#plan [role=alert]', { hasText: '联系电话不正确' }).waitFor();
  assert.deepEqual([await page.inputValue('[name=note]'), await page.inputValue('[name=contact]'), await page.locator('[name=why]:checked').getAttribute('value')], ['改日再做', '1390000', 'other']);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'alert', 'the reason is read first');
  await whole(page, '19-wrong-landscape', patient);
  await page.fill('[name=contact]', patient.phone);
  for (const row of await page.locator('fieldset label.tick').all()) await row.click();
  await page.locator('#plan [role=alert]', { hasText: '没有选择要退的项目' }).waitFor();
  await page.locator('.bar .btn-main').click();
  await page.waitForTimeout(600);
  assert.equal((await waiting(hospital, 'doctor')).filter((item) => item.settlement_id === settlement).length, 0);
  await page.locator('fieldset label.tick').first().click();
  await page.locator('#plan .amount', { hasText: '20.00' }).first().waitFor();
  // Somebody agrees to what he saw, or sees it anew.
  await page.evaluate(() => { document.querySelector('[name=shown]').value = '1'; });
  await page.locator('.bar .btn-main').click();
  await page.locator('#plan [role=alert]', { hasText: '退回金额有变化' }).waitFor();
  assert.equal(await page.inputValue('[name=contact]'), patient.phone);
  await page.locator('.bar .btn-main').click();
  await page.waitForSelector('.stands');
  assert.match(await main(page), new RegExp(`${patient.phone.slice(0, 3)}\\*{4}${patient.phone.slice(-4)}`));
  await discreet(page, 'progress', patient);
  quiet(page, '19');
});

test('18, 19: every reason against it is told with what to do, without a button, and the server refuses as well', { timeout: 120_000 }, async (t) => {
  const { page, patient, settlement } = await paid(t);
  const all = ['血常规', '肝功能', '复查采样'].map((name) => lineOf(patient, name));
  const act = (action) => hospital.act(action);
  const obstacles = [
    ['已由执行科室确认', async (on) => { for (const line_id of all) await act({ do: 'execute', line_id, executed: on }); }],
    ['已完成检查或已出报告', async (on) => { for (const line_id of all) await act({ do: 'work', line_id, work: { lab: on ? 4 : 0 } }); }],
    ['暂时无法确认该项目的执行状态', async (on) => { for (const line_id of all) await act({ do: 'work', line_id, work: { lab: on ? 99 : 0 } }); }],
    ['药品已发出', async (on) => { for (const line_id of all) await act({ do: 'work', line_id, work: { dispensing: on ? 'dispensed' : 'none' } }); }],
    ['今日账务已日结', (on) => act({ do: 'close_day', closed: on })],
  ];
  for (const [text, set] of obstacles) {
    await set(true);
    await page.goto(page.at(`/k/paid/${settlement}`));
    assert.match(await page.textContent('[data-refund]'), new RegExp(`${text}[\\s\\S]*请`), text);
    assert.equal(await page.getByRole('link', { name: '申请退费' }).count(), 0, text);
    await page.goto(page.at(`/k/paid/${settlement}/refund`));
    assert.match(await main(page), new RegExp(text));
    assert.equal(await page.locator('form#ask, .bar .btn-main').count(), 0, text);
    await accessible(page, text);
    const refused = await post(page, `/k/paid/${settlement}/refund`, { key: `k-${text}`.slice(0, 30), why: 'other', shown: '11987' });
    assert.match(refused.text, new RegExp(text));
    await set(false);
  }
  await hospital.addFault({ peer: 'his', interface: 'refundable', fault: { kind: 'timeout_before', ms: 10 }, when: { next: 1 } });
  await page.goto(page.at(`/k/paid/${settlement}`));
  assert.match(await page.textContent('[data-refund]'), /暂时查不到能否退费[\s\S]*请稍后再试/);
  await hospital.clearFaults();
  await page.reload();
  assert.equal(await page.getByRole('link', { name: '申请退费' }).count(), 1, 'nothing is left in the way');
});

test('20: taken back while nobody has decided, asked once more; too late once somebody has', { timeout: 90_000 }, async (t) => {
  const { page, patient, settlement } = await paid(t, { size: 'portrait' });
  await toForm(page);
  const id = await send(page);
  await page.getByRole('link', { name: '撤回申请' }).click();
  await page.waitForSelector('.ask-card');
  await whole(page, '20-withdraw-portrait', patient);
  await page.getByRole('link', { name: '先不撤回' }).click();
  await told(page, '等待门诊医生审核');
  await page.getByRole('link', { name: '撤回申请' }).click();
  await page.getByRole('button', { name: '确认撤回' }).click();
  await told(page, '退费申请已撤回');
  assert.match(await page.textContent('.told'), /撤回申请/);
  assert.equal((await refundOf(hospital, id)).st, 'withdrawn');
  await page.goto(page.at(`/k/paid/${settlement}`));
  assert.match(await page.textContent('.mark'), /已缴/);
  await toForm(page);
  const second = await send(page);
  assert.notEqual(second, id);
  await page.getByRole('link', { name: '撤回申请' }).click();
  await page.waitForSelector('.ask-card');
  await decide(hospital, second, 'doctor');
  await page.getByRole('button', { name: '确认撤回' }).click();
  await page.locator('[role=alert]', { hasText: '申请已进入下一步，不能撤回' }).waitFor();
  await told(page, '等待计财科审核');
});

for (const size of ['landscape', 'portrait', 'phone']) {
  test(`${size}: 20: what an approver asks comes by itself and is answered there, once; what the patient wrote before stands beside it`, { timeout: 120_000 }, async (t) => {
    const { page, patient, base, settlement } = await paid(t, { size });
    await toForm(page);
    await page.fill('[name=note]', '改日再做');
    const id = await send(page);
    assert.match(await page.textContent('[data-note]'), /改日再做/);
    await decide(hospital, id, 'doctor', { verdict: 'ask', note: '标本是否已采集？' });
    await told(page, '需要患者补充说明');
    assert.match(await page.textContent('.stands'), /请查看问题并补充说明[\s\S]*标本是否已采集？[\s\S]*门诊医生/);
    assert.equal(await page.getByRole('link', { name: '撤回申请' }).count(), 1, 'nobody has decided');
    await whole(page, `20-asked-${size}`, patient);
    await page.goto(page.at(`${base}/paid/${settlement}`));
    assert.match(await page.textContent('[data-refund]'), /需要患者补充说明/);
    await page.getByRole('link', { name: '查看退费进度' }).click();
    await page.getByRole('link', { name: '补充说明' }).click();
    await page.waitForSelector('#answer');
    assert.match(await page.textContent('.ask-card'), /标本是否已采集？/);
    await whole(page, `20-answer-${size}`, patient);
    await worksOffline(page, '20-answer');
    await page.getByRole('button', { name: '提交说明' }).click();
    assert.equal(await page.evaluate(() => document.querySelector('[name=text]').validity.valueMissing), true, 'an answer says something');
    const blank = await post(page, `${base}/refunds/${id}/answer`, { key: 'blank', text: '  ' });
    assert.match(blank.text, /还没有填写补充说明/);
    await page.fill('[name=text]', '没有采集，可向检验科核对');
    await page.getByRole('button', { name: '提交说明' }).dblclick();
    await told(page, '等待门诊医生审核');
    const entries = await page.locator('.told .row').evaluateAll((all) => all.map((row) => [row.querySelector('b').textContent, ...Array.from(row.querySelectorAll('small'), (small) => small.textContent.split('·')[0].trim())]));
    assert.deepEqual(entries, [['提交退费申请', '患者'], ['请患者补充说明', '门诊医生', '说明：标本是否已采集？'], ['补充说明', '患者', '说明：没有采集，可向检验科核对']]);
    assert.equal(await page.getByRole('link', { name: '补充说明' }).count(), 0);
    for (const staff of ['E01', 'E03']) assert.ok(!(await main(page)).includes(staff), staff);
    await whole(page, `20-answered-${size}`, patient);
    const again = await post(page, `${base}/refunds/${id}/answer`, { key: 'again', text: '再答' });
    assert.match(again.text, /目前没有需要补充说明的问题/);
  });
}

test('20: decided while the patient was still writing: he is told so, and nothing is lost of what was decided', { timeout: 90_000 }, async (t) => {
  const { page } = await paid(t, { size: 'phone' });
  await toForm(page);
  const id = await send(page);
  await decide(hospital, id, 'doctor', { verdict: 'ask', note: '标本是否已采集？' });
  await page.getByRole('link', { name: '补充说明' }).click();
  await page.fill('[name=text]', '没有采集');
  await decide(hospital, id, 'doctor');
  await page.getByRole('button', { name: '提交说明' }).click();
  await page.locator('[role=alert]', { hasText: '目前没有需要补充说明的问题' }).waitFor();
  await told(page, '等待计财科审核');
  assert.equal(await page.locator('#answer').count(), 0);
  await decide(hospital, id, 'finance');
  await told(page, '退费已完成', 30_000);
  assert.match((await post(page, `/h5/refunds/${id}/answer`, { key: 'late', text: '没有采集' })).text, /审核已经结束，无需补充说明/);
  await page.goto(page.at(`/h5/refunds/${id}?choice=answer`));
  assert.equal(await page.locator('#answer').count(), 0, 'nothing is asked');
});

test('20: rejected with its reason and what to do, and may be asked for again', { timeout: 90_000 }, async (t) => {
  const { page, patient } = await paid(t, { size: 'phone' });
  await toForm(page);
  const id = await send(page);
  await decide(hospital, id, 'doctor', { verdict: 'reject', note: '检查已预约，请先取消预约' });
  await told(page, '退费申请未通过审核');
  assert.match(await page.textContent('.stands'), /说明：检查已预约，请先取消预约/);
  assert.match(await page.textContent('.stands'), /如有疑问请联系/);
  assert.ok((await steps(page)).every(([, state]) => state === 'dropped' || state === 'done'));
  await whole(page, '20-rejected-phone', patient);
  await page.getByRole('link', { name: '缴费详情' }).click();
  await page.getByRole('link', { name: '申请退费' }).waitFor();
  assert.match(await page.textContent('[data-refund]'), /未通过审核/);
});

test('20: a channel that takes its time', { timeout: 120_000 }, async (t) => {
  const { page, patient } = await paid(t);
  await toForm(page);
  const id = await send(page);
  await hospital.addFault({ peer: 'wechat', interface: 'refund', fault: { kind: 'effect_later', ms: 8_000 }, when: { next: 1 } });
  await decide(hospital, id, 'doctor');
  await decide(hospital, id, 'finance');
  await told(page, '款项正在原路退回');
  assert.match(await page.textContent('.stands'), /到账时间以支付渠道为准/);
  await whole(page, '20-returning-landscape', patient);
  await told(page, '退费已完成', 60_000);
});

test('20: a channel that fails: finance works on it, and the patient need not ask again', { timeout: 120_000 }, async (t) => {
  const { page, patient } = await paid(t);
  await toForm(page);
  const id = await send(page);
  await hospital.addFault({ peer: 'wechat', interface: 'refund', fault: { kind: 'refund_abnormal' }, when: { next: 1 } });
  await decide(hospital, id, 'doctor');
  await decide(hospital, id, 'finance');
  await told(page, '支付渠道尚未退款成功，计财科正在处理', 30_000);
  assert.match(await page.textContent('.stands'), /无需重新申请/);
  await whole(page, '20-failed-landscape', patient);
  await hospital.settleAbnormal(`R${id.padStart(19, '0')}`);
  await told(page, '退费已完成', 60_000);
});

/** The result of a payment, reopened while its refund is asked for: its page, and the way there. */
async function reopened(t, size) {
  const standing = await paid(t, { size });
  const { page, patient, base, payment } = standing, result = () => page.goto(page.at(`${base}/result/${payment}`));
  await toForm(page);
  const id = await send(page);
  await result();
  assert.match(await page.textContent('.outcome'), /正在办理退费[\s\S]*119\.87[\s\S]*缴费已登记成功/);
  assert.doesNotMatch(await page.textContent('.outcome'), /没有登记成功|几分钟内到账/);
  await whole(page, `16-refund-asked-${size}`, patient);
  return { ...standing, id, result };
}

test('16: the result reopened during a refund tells what is true, follows it, and leads to its progress', { timeout: 120_000 }, async (t) => {
  const { page, patient, id, result } = await reopened(t, 'phone');
  await page.getByRole('link', { name: '查看退费进度' }).click();
  await told(page, '等待门诊医生审核');
  assert.equal(idIn(page), id);
  await decide(hospital, id, 'doctor');
  await result();
  await decide(hospital, id, 'finance');
  await page.locator('.outcome', { hasText: '已退费' }).waitFor({ timeout: 40_000 });
  assert.match(await page.textContent('.outcome'), /119\.87[\s\S]*退回金额和去向请查看退费进度/);
  assert.doesNotMatch(await page.textContent('.outcome'), /没有登记成功|可以重新缴费/);
  await whole(page, '16-refunded-phone', patient);
});

test('16: rejected, it is paid as before; after a part, the rest is paid, and nobody is sent to what was reversed', { timeout: 120_000 }, async (t) => {
  const { page, base, settlement, id, result } = await reopened(t, 'landscape');
  await decide(hospital, id, 'doctor', { verdict: 'reject', note: '检查已预约' });
  await page.locator('.outcome[data-mood=ok]', { hasText: '缴费成功' }).waitFor({ timeout: 20_000 });
  await page.goto(page.at(`${base}/paid/${settlement}/refund`));
  for (const at of [0, 1]) await page.locator('fieldset .row').nth(at).locator('label.tick').click();
  await page.locator('fieldset .row').nth(2).locator('select').selectOption('1');
  await page.locator('#plan .amount', { hasText: '10.00' }).first().waitFor();
  const part = await send(page);
  await decide(hospital, part, 'doctor');
  await decide(hospital, part, 'finance');
  await told(page, '退费已完成', 30_000);
  await result();
  assert.match(await page.textContent('.outcome'), /缴费成功[\s\S]*109\.87/, 'what was charged again');
  assert.equal(await page.locator('.outcome .step').count(), 1);
});

test('20: a stranger finds nothing', { timeout: 60_000 }, async (t) => {
  const { page, settlement } = await paid(t);
  await toForm(page);
  const id = await send(page);
  const other = await openPage(browser, hospital);
  t.after(() => other.context().close());
  await enterKiosk(other, people[next++]);
  for (const where of [`/k/refunds/${id}`, `/k/refunds/${id}/state`, `/k/paid/${settlement}`, `/k/paid/${settlement}/refund`]) assert.equal((await other.request.get(other.at(where))).status(), 404, where);
  for (const where of [`/k/refunds/${id}`, `/k/refunds/${id}/answer`, `/k/paid/${settlement}/refund`, `/k/paid/${settlement}/refund/plan`]) {
    assert.equal((await post(other, where, { key: 'x', why: 'other', shown: '11987', text: '答' })).status, 404, where);
  }
  assert.equal((await refundOf(hospital, id)).st, 'doctor');
});
