// Pages 29 to 32: doctors, executing departments and finance decide about refunds, and prescriptions are written anew
// (domain/pages.md §3.6). Patients ask through the HTTP API.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { loginPhone } from './lib/tour.mjs';
import { asks, booked, patientAt, pays, stands } from './lib/refunds.mjs';
import { accountOf, enrolDesk, enterDesk, makeAccount, whole } from './lib/staff.mjs';

let hospital, browser, selfPaid, insured;
const at = {};
before(async () => {
  hospital = await startHospital({ visits: 60 });
  browser = await openBrowser();
  const own = (patient) => hospital.day.lines.filter((line) => line.patient_id === patient.patient_id);
  const payers = (payer) => new Set(hospital.day.visits.filter((v) => v.visit.payer === payer).map((v) => v.visit.patient_id));
  const [cash, covered] = [payers('self_pay'), payers('insured')];
  selfPaid = hospital.day.patients.filter((p) => p.card_no && cash.has(p.patient_id) && !covered.has(p.patient_id) && own(p).length > 0);
  insured = hospital.day.patients.filter((p) => p.phone && p.id_no && covered.has(p.patient_id) && !cash.has(p.patient_id) && own(p).some((line) => !line.self_paid_item) && own(p).every((line) => line.exec_dept_code));
  for (const role of ['doctor', 'exec_dept', 'finance', 'system_admin', 'security_admin', 'audit_admin']) {
    at[role] = await openPage(browser, hospital, { size: 'desk' });
    await enterDesk(at[role], accountOf(hospital, role));
  }
});
after(async () => { await browser?.close(); await hospital?.stop(); });

const fen = (text) => Number(text.replace(/[¥,.\s]/g, ''));
const note = (page, text) => page.locator('form:has([value=reject]) textarea').fill(text);
const approve = (page) => page.locator('form:has([value=approve]) button').click();
const reject = (page) => page.locator('form:has([value=reject]) button').click();
const open = (page, step, id) => page.goto(page.at(`/a/refunds/${step}/${id}`));
const listed = async (page, step, id) => { await page.goto(page.at(`/a/refunds/${step}`)); return page.locator(`a[href$="/${id}"]`).count(); };

/** A form as somebody would send it whose page has no such button any more; the status and what the page then says. */
async function forced(page, path, fields) {
  const form = await page.locator('input[name=form]').first().inputValue();
  const answer = await page.request.post(page.at(path), { form: { form, key: `forced-${Math.random()}`, ...fields }, headers: { origin: hospital.base } });
  return { status: answer.status(), text: await answer.text() };
}

/** A self-paid settlement and its request. */
async function requested(options) {
  const patient = selfPaid.shift(), api = await patientAt(hospital, patient);
  const [settlement] = await pays(hospital, api);
  return { patient, api, settlement, id: await asks(api, settlement, options) };
}

/** Pays a bill with insurance on a phone (pages 12, 13); the API's session, the settlement and its lines. */
async function paysInsured(t) {
  const patient = insured.shift(), page = await openPage(browser, hospital, { size: 'phone', allow: [hospital.identity, hospital.insurer] });
  t.after(() => page.context().close());
  await page.addInitScript(() => { window.WeixinJSBridge = { invoke() {} }; });
  await loginPhone(page, insured.length % 4);
  await page.goto(page.at('/h5/identify/number?next=unpaid'));
  await page.fill('[data-typed]', patient.card_no);
  await page.click('button[form=enter]');
  await page.locator('form[action$="/insurance/pay"] button').first().click();
  await page.getByRole('link', { name: '授权医保支付' }).click();
  await page.waitForURL(/\/oauth\/authorize/);
  await page.locator(`a[href*="${patient.patient_id}"]`).click();
  await page.getByRole('link', { name: '同意' }).click();
  await page.waitForURL(/\/h5\/insurance/);
  await page.getByRole('button', { name: '医保支付' }).click();
  await page.waitForSelector('[data-stage=priced]', { timeout: 20_000 });
  await page.locator('label.tick').click();
  await page.locator('button[form=agree]').click();
  await page.waitForSelector('[data-sheet]', { timeout: 20_000 });
  await page.click('[data-sheet]');
  const [no] = Object.entries((await hospital.truth()).wechat.mixed).find(([, order]) => !order.paid);
  const paid = await fetch(`${hospital.admin}/admin/pay`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ out_trade_no: no }) });
  assert.equal(paid.status, 204);
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 30_000 });
  const api = await patientAt(hospital, patient);
  const [settlement] = await booked(api);
  const detail = await api('GET', `/settlements/${settlement.settlement_id}`);
  return { patient, api, settlement, lines: detail.lines.map((line) => line.line_id) };
}

test('29: a doctor sees what his departments ordered, masked, opens it, and says yes once', { timeout: 120_000 }, async (t) => {
  const { doctor } = at;
  await doctor.goto(doctor.at('/a/refunds/doctor'));
  await whole(doctor, '29-list-empty');
  const { patient, api, id } = await requested({ why: 'changed', note: '医生已更换方案' });
  await doctor.goto(doctor.at('/a/refunds/doctor'));
  const row = await doctor.locator('tr', { has: doctor.locator(`a[href$="/${id}"]`) }).textContent();
  assert.match(row, /\*.*\d{4}-\d\d-\d\d.*未执行.*¥[\d,.]+.*医生调整治疗方案.*刚刚|分钟/s);
  assert.ok(!(await doctor.content()).includes(patient.name), 'masked in the list');
  await whole(doctor, '29-list');
  await doctor.click(`a[href$="/${id}"]`);
  await doctor.waitForSelector('.page-refund');
  assert.match(await doctor.textContent('[data-patient]'), /\*/);
  assert.match(await doctor.textContent('main'), /医生已更换方案.*等待门诊医生审核.*提交退费申请/s);
  for (const clear of [patient.name, patient.phone, patient.id_no].filter(Boolean)) assert.ok(!(await doctor.content()).includes(clear), 'masked until somebody says why');
  await whole(doctor, '29-request');

  await doctor.selectOption('[name=why]', 'identity');
  await doctor.getByRole('button', { name: '查看姓名与电话' }).click();
  await doctor.waitForSelector('[data-clear]');
  assert.ok((await doctor.textContent('[data-clear]')).includes(patient.name));
  assert.ok(!doctor.url().includes(patient.patient_id) && (!patient.id_no || !(await doctor.content()).includes(patient.id_no)), 'not more than is needed');
  await whole(doctor, '29-request-clear');
  assert.equal((await forced(doctor, `/a/refunds/doctor/${id}/patient`, {})).status, 422, 'a reason must be given');
  await open(doctor, 'doctor', id);
  assert.ok(!(await doctor.content()).includes(patient.name), 'and the next page is masked again');

  // Another department's doctor, and nobody's request.
  const other = await makeAccount(at.system_admin, at.security_admin, { id: 'T-1', login: 'other.doctor', name: '测试医生乙', roles: ['doctor'], departments: 'NOWHERE' });
  const stranger = await openPage(browser, hospital, { size: 'desk' });
  t.after(() => stranger.context().close());
  await enterDesk(stranger, other);
  assert.equal(await listed(stranger, 'doctor', id), 0);
  assert.equal((await open(stranger, 'doctor', id)).status(), 404);
  await stranger.goto(stranger.at('/a'));
  for (const [path, fields] of [['decide', { verdict: 'approve' }], ['patient', { why: 'identity' }]]) assert.equal((await forced(stranger, `/a/refunds/doctor/${id}/${path}`, fields)).status, 404, path);

  // No without a reason is not sent; the server asks for one, too.
  await reject(doctor);
  assert.equal(await doctor.evaluate(() => document.querySelector('textarea').validity.valueMissing), true);
  const silent = await forced(doctor, `/a/refunds/doctor/${id}/decide`, { verdict: 'reject', note: '  ' });
  assert.equal(silent.status, 422);
  assert.match(silent.text, /须填写原因/);

  // The same page twice: what was sent again is the same yes; a page from before says what happened.
  const stale = await doctor.context().newPage();
  await stale.goto(doctor.url());
  const key = await doctor.locator('form:has([value=approve]) [name=key]').inputValue();
  await approve(doctor);
  await doctor.waitForSelector('[data-state]:has-text("等待计财科审核")');
  await whole(doctor, '29-approved');
  const again = await forced(doctor, `/a/refunds/doctor/${id}/decide`, { key, verdict: 'approve', note: '' });
  assert.equal(again.status, 200, 'answered like the first time');
  await stale.locator('form:has([value=reject]) textarea').fill('不同意');
  await stale.locator('form:has([value=reject]) button').click();
  await stale.waitForSelector('[role=alert]');
  assert.match(await stale.textContent('[role=alert]'), /这一步已经办理/);
  assert.equal(await stale.locator('form:has([name=verdict])').count(), 0, 'there is nothing left to decide');
  await stale.close();
  doctor.watch.reset();
  const view = await api('GET', `/refunds/${id}`);
  assert.deepEqual(view.timeline.map((entry) => entry.text), ['提交退费申请', '医生审核：同意']);
  assert.equal(await listed(doctor, 'doctor', id), 0);
  assert.equal(await listed(at.exec_dept, 'unconfirm', id), 0, '30: the self-paid way skips the departments');
  assert.equal(await listed(at.finance, 'finance', id), 1);
});

test('29: no, with its reason, which the patient reads', { timeout: 60_000 }, async () => {
  const { doctor } = at, { api, id } = await requested();
  await open(doctor, 'doctor', id);
  await note(doctor, '该项目已预约，请先取消预约');
  await reject(doctor);
  await doctor.waitForSelector('[data-state]:has-text("未通过审核")');
  assert.match(await doctor.textContent('.timeline'), /医生审核：不同意.*该项目已预约，请先取消预约/s);
  await whole(doctor, '29-rejected');
  const view = await api('GET', `/refunds/${id}`);
  assert.equal(view.st, 'rejected');
  assert.ok(view.timeline.some((entry) => entry.remark === '该项目已预约，请先取消预约'));
});

test('29, 32: the patient is asked first: marked in the list, answered beside the question, no second question meanwhile', { timeout: 120_000 }, async () => {
  const { doctor, finance } = at, { api, id } = await requested({ why: 'other', note: '改日再做' });
  const row = async () => { await doctor.goto(doctor.at('/a/refunds/doctor')); return doctor.locator('tr', { has: doctor.locator(`a[href$="/${id}"]`) }).textContent(); };
  const ask = (page) => page.getByRole('button', { name: '请患者补充说明' });
  const question = (page) => page.locator('form:has([value=ask]) textarea');
  assert.doesNotMatch(await row(), /患者补充|患者已补充/);
  await open(doctor, 'doctor', id);
  await ask(doctor).click();
  assert.equal(await question(doctor).evaluate((area) => area.validity.valueMissing), true);
  const silent = await forced(doctor, `/a/refunds/doctor/${id}/decide`, { verdict: 'ask', note: ' ' });
  assert.equal(silent.status, 422);
  assert.match(silent.text, /请填写要患者补充说明的问题/);
  await question(doctor).fill('标本是否已采集？');
  await ask(doctor).click();
  await doctor.waitForSelector('[data-question]');
  assert.match(await doctor.textContent('[data-question]'), /患者尚未回答.*标本是否已采集？.*也可以直接作出决定/s);
  assert.deepEqual([await ask(doctor).count(), await doctor.locator('form:has([value=approve])').count()], [0, 1]);
  await whole(doctor, '29-asked');
  const second = await forced(doctor, `/a/refunds/doctor/${id}/decide`, { verdict: 'ask', note: '何时采集？' });
  assert.equal(second.status, 409);
  assert.match(second.text, /患者尚未回答/);
  assert.match(await row(), /待患者补充/);
  await whole(doctor, '29-list-asked');
  assert.equal((await api('GET', `/refunds/${id}`)).question.text, '标本是否已采集？');
  assert.deepEqual(await api('POST', `/refunds/${id}/answer`, { key: `a-${id}`, text: '没有采集' }), { decision: 'accepted', st: 'doctor' });
  assert.match(await row(), /患者已补充/);
  await open(doctor, 'doctor', id);
  assert.match(await doctor.textContent('main'), /患者说明.*改日再做/s);
  assert.match(await doctor.textContent('.timeline'), /请患者补充说明.*标本是否已采集？.*患者 补充说明.*没有采集/s);
  assert.equal(await doctor.locator('[data-question]').count(), 0);
  await whole(doctor, '29-answered');
  await approve(doctor);
  await doctor.waitForSelector('[data-state]:has-text("等待计财科审核")');

  await open(finance, 'finance', id);
  await question(finance).fill('请提供收据号');
  await ask(finance).click();
  await finance.waitForSelector('[data-question]');
  await whole(finance, '32-asked');
  assert.equal((await api('GET', `/refunds/${id}`)).question.role, '计财科');
  await approve(finance);
  await stands(api, id, 'done');
  const late = await api('POST', `/refunds/${id}/answer`, { key: `b-${id}`, text: '收据号在手机上' });
  assert.deepEqual([late.decision, late.reason], ['refused', 'too_late']);
});

test('30, 31, 32 insured: departments take back first, finance sees the parts, new prescriptions come after the red', { timeout: 240_000 }, async (t) => {
  const { doctor, exec_dept: exec, finance } = at;
  const { api, settlement, lines: [line] } = await paysInsured(t);
  await hospital.act({ do: 'execute', line_id: line, executed: true });
  const id = await asks(api, settlement);
  await doctor.goto(doctor.at('/a/refunds/doctor'));
  assert.match(await doctor.locator('tr', { has: doctor.locator(`a[href$="/${id}"]`) }).textContent(), /有已执行/);
  await open(doctor, 'doctor', id);
  assert.match(await doctor.textContent('main'), /已执行，可撤/);
  await whole(doctor, '29-request-insured');
  await approve(doctor);
  await doctor.waitForSelector('[data-state]:has-text("等待执行科室")');

  // Finance: not before the departments.
  assert.equal(await listed(finance, 'finance', id), 0);
  await open(finance, 'finance', id);
  assert.equal(await finance.locator('form:has([name=verdict])').count(), 0);
  const early = await forced(finance, `/a/refunds/finance/${id}/decide`, { verdict: 'approve' });
  assert.equal(early.status, 409);
  assert.match(early.text, /这一步还没有轮到/);
  assert.equal((await api('GET', `/refunds/${id}`)).st, 'unconfirm');

  // Every page of it against every role.
  for (const account of hospital.accounts) {
    const page = at[account.role] ?? await openPage(browser, hospital, { size: 'desk' });
    if (!at[account.role]) { await enterDesk(page, account); t.after(() => page.context().close()); }
    for (const [path, role] of [['doctor', 'doctor'], ['unconfirm', 'exec_dept'], ['represcribe', 'doctor'], ['finance', 'finance']]) {
      for (const where of [`/a/refunds/${path}`, `/a/refunds/${path}/${id}`]) {
        assert.equal((await page.request.get(page.at(where))).status(), account.role === role ? 200 : 403, `${where} as ${account.role}`);
      }
    }
  }

  await exec.goto(exec.at('/a/refunds/unconfirm'));
  await whole(exec, '30-list');
  // Meanwhile the laboratory has reported: nobody can take that back.
  await hospital.act({ do: 'work', line_id: line, work: { lab: 4 } });
  await exec.click(`a[href$="/${id}"]`);
  await exec.waitForSelector('[data-own]');
  assert.match(await exec.textContent('[data-own] >> nth=0'), /不可撤.*已完成检查或已出报告/s);
  assert.equal(await exec.locator('form:has([value=approve])').count(), 0);
  assert.equal(await exec.locator('form:has([value=reject])').count(), 1);
  await whole(exec, '30-irreversible');
  await hospital.act({ do: 'work', line_id: line, work: { lab: 0 } });
  await exec.reload();
  assert.match(await exec.textContent('tbody'), /已执行，可撤/);
  assert.match(await exec.textContent('main'), /待本科室办理.*先在科室业务系统中撤销执行/s);
  await whole(exec, '30-request');
  await hospital.act({ do: 'execute', line_id: line, executed: false });
  await exec.reload();
  assert.match(await exec.textContent('tbody'), /已撤销执行|未执行/);
  await approve(exec);
  await exec.waitForSelector('[data-state]:has-text("等待计财科审核")');
  assert.match(await exec.textContent('main'), /已反确认/);
  await whole(exec, '30-approved');

  // 31: not yet.
  await doctor.goto(doctor.at(`/a/refunds/represcribe/${id}`));
  assert.equal(await doctor.locator('[name=order_no]').count(), 0);
  await whole(doctor, '31-not-yet');
  const tooEarly = await forced(doctor, `/a/refunds/represcribe/${id}`, { order_no: 'RX-NEW-1' });
  assert.equal(tooEarly.status, 409);
  assert.match(tooEarly.text, /票据未冲红/);

  // 32.
  assert.equal(await listed(finance, 'finance', id), 1);
  await whole(finance, '32-list');
  await open(finance, 'finance', id);
  const back = await Promise.all((await finance.locator('[data-part]').all()).map(async (part) => fen(await part.locator('.sum').nth(1).textContent())));
  assert.equal(back.reduce((sum, one) => sum + one, 0), settlement.total_fen, 'the parts are the whole');
  assert.equal(fen(await finance.textContent('tfoot .sum')), settlement.total_fen);
  assert.match(await finance.textContent('[data-month]'), /未跨月/);
  assert.match(await finance.textContent('[data-invoice]'), /已开具.*可冲红/);
  assert.match(await finance.textContent('main'), /微信支付.*商户订单号.*渠道交易号|可以退费/s);
  await whole(finance, '32-request-insured');
  await approve(finance);
  await stands(api, id, 'done');
  await open(finance, 'finance', id);
  assert.match(await finance.textContent('tbody >> nth=1'), /已退回/);
  assert.match(await finance.textContent('.timeline'), /医保退费完成.*院内退费完成.*票据冲红完成/s);
  assert.equal(await finance.locator('#check').count(), 0, 'what was checked before says nothing any more');
  await whole(finance, '32-done-insured');

  await doctor.goto(doctor.at('/a/refunds/represcribe'));
  assert.match(await doctor.locator('tr', { has: doctor.locator(`a[href$="/${id}"]`) }).textContent(), /未登记/);
  await whole(doctor, '31-list');
  await doctor.click(`a[href$="/${id}"]`);
  await doctor.waitForSelector('[name=order_no]');
  await whole(doctor, '31-request');
  const old = (await doctor.textContent('[data-old]')).trim().split(/\s+/)[0];
  for (const [typed, status, told] of [['RX NEW', 422, '中间没有空格'], ...(old.startsWith('HIS') ? [] : [[old, 409, '原处方的号码']])]) {
    await doctor.fill('[name=order_no]', typed);
    await doctor.getByRole('button', { name: '登记新处方' }).click();
    await doctor.waitForSelector('[role=alert]');
    assert.ok((await doctor.textContent('[role=alert]')).includes(told), told);
    await whole(doctor, `31-wrong-${status}`, [status]);
  }
  await doctor.fill('[name=order_no]', 'RX-NEW-1');
  await doctor.getByRole('button', { name: '登记新处方' }).click();
  await doctor.waitForSelector('[data-new]');
  assert.match(await doctor.textContent('[data-new]'), /RX-NEW-1/);
  await whole(doctor, '31-marked');
  await doctor.goto(doctor.at('/a/refunds/represcribe'));
  const linked = await doctor.locator('tr', { has: doctor.locator(`a[href$="/${id}"]`) }).textContent();
  assert.ok(linked.includes('RX-NEW-1') && (old.startsWith('HIS') || linked.includes(old)), 'old and new beside each other');
});

test('32: the doctor who agreed cannot agree for finance, whatever else he is', { timeout: 90_000 }, async (t) => {
  const departments = [...new Set(hospital.day.visits.map((v) => v.visit.dept_code))].join(' ');
  const account = await makeAccount(at.system_admin, at.security_admin, { id: 'T-2', login: 'both.ways', name: '测试双岗', roles: ['doctor', 'finance'], departments });
  const both = await openPage(browser, hospital, { size: 'desk' });
  t.after(() => both.context().close());
  await enrolDesk(both, account);
  const { api, id } = await requested();
  await open(both, 'doctor', id);
  await approve(both);
  await both.waitForSelector('[data-state]:has-text("等待计财科审核")');
  await open(both, 'finance', id);
  assert.match(await both.textContent('[data-barred=four_eyes]'), /须由不同的人办理/);
  assert.equal(await both.locator('form:has([name=verdict])').count(), 0);
  await whole(both, '32-four-eyes');
  const pushed = await forced(both, `/a/refunds/finance/${id}/decide`, { verdict: 'approve' });
  assert.equal(pushed.status, 409);
  assert.match(pushed.text, /须由不同的人办理/);
  assert.equal((await api('GET', `/refunds/${id}`)).st, 'finance');
  await open(at.finance, 'finance', id);
  assert.match(await at.finance.textContent('[data-month]'), /不受跨月限制/);
  await approve(at.finance);
  await stands(api, id, 'done');
});

test('32: what is held is asked about and goes on; what is unknown is not approved again, only asked about', { timeout: 120_000 }, async () => {
  const { doctor, finance } = at;
  const agreed = async (...faults) => {
    const { api, id } = await requested();
    await open(doctor, 'doctor', id);
    await approve(doctor);
    await doctor.waitForSelector('[data-state]:has-text("等待计财科审核")');
    for (const [where, fault] of faults) await hospital.addFault({ peer: 'wechat', interface: where, fault, when: { next: 1 } });
    await open(finance, 'finance', id);
    await approve(finance);
    return { api, id };
  };
  // The channel tells another amount: nobody goes on by himself.
  const refused = await agreed(['query_refund', { kind: 'wrong_amount' }], ['callback', { kind: 'drop_callback' }]);
  await stands(refused.api, refused.id, 'held');
  await finance.goto(finance.at('/a/refunds/finance'));
  assert.match(await finance.locator('[data-under-way] tr', { has: finance.locator(`a[href$="/${refused.id}"]`) }).textContent(), /返回的内容与本单不一致/);
  await whole(finance, '32-list-held');
  await open(finance, 'finance', refused.id);
  assert.equal(await finance.locator('form:has([name=verdict])').count(), 0);
  await whole(finance, '32-held');
  const bare = await forced(finance, `/a/refunds/finance/${refused.id}/resolve`, { decision: 'given_back', evidence: '商户平台' });
  assert.equal(bare.status, 422, 'without the number of the channel');
  await finance.getByRole('button', { name: '重新查询并继续' }).click();
  await stands(refused.api, refused.id, 'done');

  const unknown = await agreed(['refund', { kind: 'refund_abnormal' }]);
  await stands(unknown.api, unknown.id, 'returning');
  const hangs = finance.locator('[data-hangs]');
  for (let tries = 0; tries < 60 && !(await hangs.count()); tries++) { await finance.waitForTimeout(250); await open(finance, 'finance', unknown.id); }
  assert.match(await hangs.textContent(), /支付渠道报告退款异常/);
  assert.equal(await finance.locator('form:has([name=verdict])').count(), 0, 'nothing to approve');
  assert.deepEqual(await finance.locator('[name=decision]').evaluateAll((all) => all.map((one) => one.value)), ['ask_again']);
  await whole(finance, '32-unknown');
  const again = await forced(finance, `/a/refunds/finance/${unknown.id}/decide`, { verdict: 'approve' });
  assert.equal(again.status, 409);
  assert.match(again.text, /正在处理中/);
  const number = await finance.locator('dt:has-text("商户退款单号") + dd').textContent();
  const refunds = async () => (await hospital.truth()).wechat.requests.refund;
  const before = await refunds();
  const settled = await fetch(`${hospital.admin}/admin/wechat/settle-abnormal`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ out_refund_no: number }) });
  assert.equal(settled.status, 204, await settled.text());
  await finance.getByRole('button', { name: '重新查询并继续' }).click();
  await stands(unknown.api, unknown.id, 'done');
  assert.equal(await refunds(), before, 'nothing was sent again');
  assert.equal((await unknown.api('GET', `/refunds/${unknown.id}`)).timeline.filter((entry) => entry.text === '财务审核：同意').length, 1);
});

test('everybody who looked at a patient in clear, and whoever asked for what is not his, is in the trail; no name is', async () => {
  const { audit_admin: audit } = at;
  await audit.goto(audit.at('/a/trail'));
  let told = await audit.textContent('table');
  for (const older = audit.getByRole('link', { name: '更早' }); await older.count();) {
    await older.click();
    told += await audit.textContent('table');
  }
  assert.match(told, /查看患者明文/);
  assert.match(told, /refund \d+\s*identity/);
  assert.match(told, /越权访问被拒/);
  for (const { name } of hospital.day.patients) assert.ok(!told.includes(name));
});
