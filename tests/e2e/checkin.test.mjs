// Check-in, its result, stopped clinics (domain/pages.md §3.2 items 6 to 8).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { beginPaying, enterKiosk, enterPhone, loginPhone } from './lib/tour.mjs';
import { accessible, discreet, fits, quiet, touchable } from './lib/checks.mjs';
import { scanned } from './lib/qr.mjs';

const TELLING = /精神|心理|心身/;
let hospital, browser, patients, next = 0;
before(async () => {
  hospital = await startHospital({ visits: 40, env: { MENJIE__HOSPITALS__0__TERMS: JSON.stringify({ visit: { notice: { quiet_from_h: 0, quiet_until_h: 0, link: 'https://pay.example/h5/suspensions/' } } }) } });
  browser = await openBrowser();
  patients = hospital.day.patients.filter((p) => p.id_no && p.phone);
});
after(async () => { await browser?.close(); await hospital?.stop(); });

async function open(t, { size, of = hospital, ...rest } = {}) {
  const page = await openPage(browser, of, { size, allow: [of.identity], ...rest });
  t.after(() => page.context().close());
  return page;
}
/** Somebody nobody else has used, registered for today in every state. */
async function registered(of = hospital, patient = patients[next++]) {
  await of.act({ do: 'today', patient_id: patient.patient_id });
  return patient;
}
/** The number of his `n`th registration (`today` of docs/simulator.md). */
const visit = (n, patient, of = hospital) => `R${n}-${String(of.day.patients.findIndex((p) => p.patient_id === patient.patient_id) + 1).padStart(4, '0')}`;
const cards = async (page) => {
  const all = [];
  for (const card of await page.locator('.booked').all()) all.push({ card, state: (await card.locator('.mark').textContent()).trim() });
  return all;
};
const card = async (page, state) => (await cards(page)).find((c) => c.state === state).card;
async function onList(t, options = {}) {
  const patient = await registered(options.of, options.patient);
  const page = await open(t, options);
  await (options.size === 'phone' ? enterPhone : enterKiosk)(page, patient, 'check-in');
  return { page, patient, base: options.size === 'phone' ? '/h5' : '/k' };
}
/** The notice of his stopped clinic, as soon as it is there. */
async function notified(page) {
  return page.evaluate(async () => (await (await fetch('/api/v1/suspensions?wait_ms=20000')).json()).suspensions[0]);
}

for (const size of ['landscape', 'phone']) {
  test(`${size}: every state is a word, says why, and offers what can be done`, { timeout: 60_000 }, async (t) => {
    const { page, patient } = await onList(t, { size });
    const all = await cards(page);
    // In the last hours of a day some of tomorrow's states are today's.
    const wanted = { 已签到: [], 可签到: ['签到'], 待缴费: ['去缴费'], 已过号: [], 已停诊: ['查看停诊通知'], 未到时间: [] };
    const late = new Date(Date.now() + 8 * 3600_000).getUTCHours() >= 22;
    for (const { card: one, state } of all) {
      const acts = (await one.locator('.booked-acts button, .booked-acts a').allTextContents()).map((text) => text.trim()).filter((text) => text !== '查看结果');
      assert.deepEqual(acts.filter((act) => act !== '查看停诊通知' || state === '已停诊'), state === '已停诊' ? acts : wanted[state], state);
    }
    for (const state of Object.keys(wanted)) if (!(late && state === '未到时间')) assert.ok(all.some((one) => one.state === state), `${state} is missing: ${all.map((one) => one.state)}`);
    assert.match(await (await card(page, '已签到')).textContent(), /候诊号 A001/);
    if (!late) assert.match(await (await card(page, '未到时间')).textContent(), /请于\d+月\d+日\d\d:\d\d起签到/);
    assert.match(await (await card(page, '已过号')).textContent(), /该时段门诊已结束.*请到窗口办理/);
    assert.match(await (await card(page, '待缴费')).textContent(), /挂号费尚未支付/);
    assert.match(await page.textContent('.rules'), /就诊时间前60分钟.*超过就诊时间20分钟/s);
    assert.doesNotMatch(await page.textContent('body'), TELLING);
    await discreet(page, 'check-in', patient);
    quiet(page, 'check-in');
  });

  test(`${size}: a double tap makes one check-in; the result has number and room`, { timeout: 60_000 }, async (t) => {
    const { page, patient } = await onList(t, { size });
    await (await card(page, '可签到')).getByRole('button', { name: '签到' }).dblclick();
    await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 });
    assert.match(await page.textContent('.ticket b'), /^A\d{3}$/);
    assert.match(await page.textContent('.ticket'), /前面(还有\d+人|没有人等候)/);
    assert.match(await page.textContent('.next'), /3诊室/);
    assert.match(await page.textContent('.next'), /门诊楼二楼/);
    const { his } = await hospital.truth();
    assert.equal(his.check_ins[visit(2, patient)], 1);
    await discreet(page, 'checked in', patient);
    const result = page.url();
    // The list knows it, and a form that was open elsewhere makes no second one.
    await page.getByRole('link', { name: '返回签到列表' }).click();
    await page.waitForSelector('.booked');
    assert.equal(await page.getByRole('button', { name: '签到', exact: true }).count(), 0);
    await page.getByRole('link', { name: '查看结果' }).first().click();
    await page.waitForSelector('.outcome[data-mood=ok]');
    assert.equal(page.url(), result);
    quiet(page, 'checked in');
  });
}

test('two pages that are open at once make one check-in, and both show the same number', { timeout: 60_000 }, async (t) => {
  const patient = await registered();
  const pages = await Promise.all([open(t), open(t, { size: 'phone' })]);
  await enterKiosk(pages[0], patient, 'check-in');
  await enterPhone(pages[1], patient, 'check-in');
  const buttons = await Promise.all(pages.map(async (page) => (await card(page, '可签到')).getByRole('button', { name: '签到' })));
  await Promise.all(buttons.map((button) => button.click()));
  await Promise.all(pages.map((page) => page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 })));
  assert.equal(await pages[0].textContent('.ticket b'), await pages[1].textContent('.ticket b'));
  assert.equal((await hospital.truth()).his.check_ins[visit(2, patient)], 1);
});

test('a clinic that stops under the finger cannot be checked in to; the page leads to the notice', { timeout: 60_000 }, async (t) => {
  const { page, patient } = await onList(t);
  await hospital.act({ do: 'stop', schedule_id: visit(2, patient), date: today(), kind: 'stopped', reason: 'emergency' });
  await page.evaluate(async () => {
    for (let tries = 0; tries < 40 && (await (await fetch('/api/v1/suspensions')).json()).suspensions.length < 2; tries++) await new Promise((done) => { setTimeout(done, 500); });
  });
  await (await card(page, '可签到')).getByRole('button', { name: '签到' }).click();
  await page.waitForSelector('.notice-bad');
  assert.match(await page.textContent('.notice-bad'), /该门诊已停诊/);
  assert.equal((await hospital.truth()).his.check_ins[visit(2, patient)], undefined);
  await page.locator('.notice-bad a').click();
  await page.waitForSelector('.stop-now');
  assert.match(await page.textContent('main'), /突发情况/);
  // Nor by a form made by hand.
  const answer = await page.evaluate(async (id) => {
    const reply = await fetch('/k/check-in', { method: 'POST', body: new URLSearchParams({ act: 'check_in', visit: id, key: 'by-hand' }) });
    return { status: reply.status, text: await reply.text() };
  }, visit(6, patient));
  assert.equal(answer.status, 200);
  assert.match(answer.text, /该门诊已停诊/);
  assert.equal((await hospital.truth()).his.check_ins[visit(6, patient)], undefined);
});

test('the fee is paid first, and then he checks in', { timeout: 90_000 }, async (t) => {
  const { page, patient } = await onList(t);
  await (await card(page, '待缴费')).getByRole('link', { name: '去缴费' }).click();
  await page.getByText('12.00').first().waitFor();
  await beginPaying(page, '/k');
  await hospital.pay();
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 });
  await page.goto(page.at('/k/check-in'));
  assert.ok(!(await cards(page)).some((one) => one.state === '待缴费'));
  const paid = page.locator('.booked').filter({ has: page.locator(`input[value="${visit(3, patient)}"]`) });
  await paid.getByRole('button', { name: '签到' }).click();
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 });
  assert.equal((await hospital.truth()).his.check_ins[visit(3, patient)], 1);
});

test('the kiosk prints the slip; without a printer it is a code; 20 seconds later nothing is left', { timeout: 60_000 }, async (t) => {
  const patient = await registered();
  const page = await open(t);
  await page.clock.install();
  await page.addInitScript('window.mjBridge = { printReceipt: async (html) => { window.slip = html; return window.works === false ? { ok: false, code: "307002" } : { ok: true }; } };');
  await enterKiosk(page, patient, 'check-in');
  await (await card(page, '可签到')).getByRole('button', { name: '签到' }).click();
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 });
  const number = await page.textContent('.ticket b');
  // The page's own style sheet comes after its words; it is what hides the slip from the screen.
  await page.waitForFunction(() => getComputedStyle(document.querySelector('.slip')).display === 'none');
  await page.emulateMedia({ media: 'print' });
  const paper = await page.evaluate(() => document.body.innerText);
  for (const text of ['示例专科医院', '候诊凭条', number, '3诊室', '门诊楼二楼', '就诊时间']) assert.ok(paper.includes(text), `${text} is not on paper:\n${paper}`);
  assert.ok(!paper.includes('退出') && !paper.includes('打印凭条'), paper);
  await page.emulateMedia({ media: null });
  await page.click('[data-print]');
  await page.getByText('凭条正在打印').waitFor();
  const slip = await page.evaluate(() => window.slip);
  for (const text of ['候诊凭条', number, '3诊室', '门诊楼二楼', `${patient.name[0]}*`]) assert.ok(slip.includes(text), `${text} is missing: ${slip}`);
  for (const clear of [patient.name, patient.id_no, patient.phone]) assert.ok(!slip.includes(clear));
  assert.doesNotMatch(slip, TELLING);
  await page.evaluate(() => { window.works = false; });
  await page.click('[data-print]');
  await page.waitForSelector('.slip-code .code svg');
  const text = await scanned(page.locator('.slip-code .code'));
  for (const wanted of ['候诊凭条', number, '3诊室', '门诊楼二楼']) assert.ok(text.includes(wanted), text);
  await accessible(page, 'unprinted');
  await touchable(page, 'unprinted', 96);
  const cookie = (await page.context().cookies()).find((c) => c.name === 'mj_session').value;
  const here = page.url();
  await page.clock.runFor(15_000);
  assert.equal(page.url(), here, 'not before its time');
  const left = page.waitForURL(/\/k$/);
  await page.clock.runFor(7_000);
  await left;
  await page.waitForSelector('.page-home');
  assert.ok(!(await page.content()).includes(number));
  const answer = await fetch(`${hospital.base}${new URL(here).pathname}`, { headers: { cookie: `mj_session=${cookie}` }, redirect: 'manual' });
  assert.equal(answer.status, 303, 'the session is over');
  await page.goBack();
  await page.waitForSelector('.page-home');
});

test('HIS that does not answer: the page says it is not known yet, and shows the number when it is', { timeout: 90_000 }, async (t) => {
  const { page, patient } = await onList(t);
  await hospital.addFault({ peer: 'his', interface: 'check_in', fault: { kind: 'timeout_after', ms: 4_000 }, when: { next: 1 } });
  await hospital.addFault({ peer: 'his', interface: 'query_check_in', fault: { kind: 'server_error' }, when: { next: 2 } });
  await (await card(page, '可签到')).getByRole('button', { name: '签到' }).click();
  await page.waitForSelector('.outcome[data-mood=wait]');
  assert.match(await page.textContent('.told'), /正在办理.*无需重复操作/s);
  assert.equal(await page.locator('.ticket, [data-print]').count(), 0);
  assert.equal(await page.locator('.outcome').getAttribute('data-warn'), '30', 'it is no result to leave by itself');
  await accessible(page, 'not known');
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 60_000 });
  assert.match(await page.textContent('.ticket b'), /^A\d{3}$/);
  assert.equal((await hospital.truth()).his.check_ins[visit(2, patient)], 1);
  await hospital.clearFaults();
});

test('strangers: another one\'s check-in and notice are 404, whatever is asked', { timeout: 60_000 }, async (t) => {
  const { page, patient } = await onList(t);
  await (await card(page, '可签到')).getByRole('button', { name: '签到' }).click();
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 });
  const paths = [new URL(page.url()).pathname];
  const notice = await notified(page);
  paths.push(`${paths[0]}/state`, `${paths[0]}/slip`, `/k/suspensions/${notice.suspension_id}`, `/k/suspensions/${notice.suspension_id}/state`, '/k/suspensions/nothing', '/k/check-in/1');
  const other = await open(t);
  await enterKiosk(other, patients[next++], 'check-in');
  await other.getByText('今天没有挂号记录').waitFor();
  for (const path of paths) {
    const answer = await other.evaluate(async (where) => { const reply = await fetch(where); return { status: reply.status, text: await reply.text() }; }, path);
    assert.equal(answer.status, 404, path);
    assert.ok(!answer.text.includes(patient.name[0] + '*'), path);
  }
  for (const [path, body] of [[`/k/suspensions/${notice.suspension_id}`, { choice: 'refund', key: 'x' }], ['/k/check-in', { act: 'check_in', visit: visit(4, patient), key: 'x' }]]) {
    assert.equal(await other.evaluate(async ([where, fields]) => (await fetch(where, { method: 'POST', body: new URLSearchParams(fields) })).status, [path, body]), 404, path);
  }
  await other.goto(other.at('/k/suspensions'));
  await other.getByText('目前没有停诊通知').waitFor();
});

/** Binds a patient to the account that is logged in. */
async function bind(page, patient, then = '.page-list') {
  await page.goto(page.at('/h5/identify/phone?next=unpaid'));
  await page.fill('[data-typed]', patient.phone);
  await page.click('button[form=enter]');
  await page.getByText('验证码已发送到').waitFor();
  await page.fill('[data-typed]', await hospital.lastCode(patient.phone));
  await page.click('button[form=enter]');
  await page.waitForSelector(then);
}

test('the link of a message opens exactly that notice after login, also when it is about another patient of the account', { timeout: 120_000 }, async (t) => {
  const [first, second] = [patients[next++], patients[next++]];
  const phone = await open(t, { size: 'phone' });
  await loginPhone(phone, 0);
  await bind(phone, first);
  await bind(phone, second);
  // Both have a stopped clinic; the message about the second is followed, the account begins with the first.
  const links = [];
  for (const patient of [first, second]) {
    await registered(hospital, patient);
    let message;
    for (let tries = 0; tries < 60 && !message; tries++) {
      message = (await hospital.messages()).find((m) => m.link?.startsWith('https://pay.example/h5/suspensions/') && !links.includes(m.link));
      if (!message) await new Promise((done) => { setTimeout(done, 500); });
    }
    assert.ok(message, 'no message with a link');
    links.push(message.link);
  }
  const path = new URL(links[1]).pathname;
  const fresh = await open(t, { size: 'phone' });
  await fresh.goto(fresh.at(path));
  await fresh.locator('a[href*="oauth2/choose"]').nth(0).click();
  await fresh.waitForSelector('.stop-now');
  assert.equal(new URL(fresh.url()).pathname, path);
  assert.match(await fresh.textContent('.who'), new RegExp(`${second.name[0]}\\*`));
  await discreet(fresh, 'notice', second);
  assert.equal((await fresh.context().cookies()).find((c) => c.name === 'mj_onward'), undefined, 'it is remembered no longer than needed');
  // Another account cannot open it, before or after its own login.
  const stranger = await open(t, { size: 'phone' });
  stranger.watch.quiet = true;
  await stranger.goto(stranger.at(path));
  await stranger.locator('a[href*="oauth2/choose"]').nth(1).click();
  await stranger.waitForURL(/\/h5\/patients$/);
  await bind(stranger, patients[next++], '.page-trouble');
  assert.equal(new URL(stranger.url()).pathname, path);
  assert.match(await stranger.textContent('.page-trouble'), /404/);
  await stranger.goto(stranger.at('/h5/check-in'));
  await stranger.getByText('今天没有挂号记录').waitFor();
  // The home page counts what waits for a choice.
  await fresh.goto(fresh.at('/h5'));
  assert.match(await fresh.textContent('.notice-link'), /有1条停诊通知/);
});

test('a choice is asked once more, done once, and followed to its end', { timeout: 90_000 }, async (t) => {
  for (const [choice, go, ended] of [['改约', '确认改约', '已改约'], ['退号', '确认退号', '已退号']]) {
    const { page, patient } = await onList(t);
    await notified(page);
    await page.goto(page.at('/k/suspensions'));
    await page.locator('.stop').click();
    await page.waitForSelector('.stop-now');
    assert.match(await page.textContent('main'), /医生临时有事/);
    assert.match(await page.textContent('.stop-instead'), /代班医生/);
    assert.doesNotMatch(await page.textContent('body'), TELLING);
    await discreet(page, choice, patient);
    await page.getByRole('link', { name: choice, exact: true }).click();
    await page.waitForSelector('.ask-card');
    await page.getByRole('button', { name: go }).dblclick();
    await page.getByRole('heading', { name: ended, exact: true }).waitFor({ timeout: 30_000 });
    assert.equal(await page.getByRole('link', { name: choice, exact: true }).count(), 0);
    const { his } = await hospital.truth();
    assert.ok(his.requests.rebook >= 1);
    await page.goto(page.at('/k/suspensions'));
    assert.match(await page.textContent('.stop'), new RegExp(ended));
  }
});

test('a phone is asked where it is only when the hospital says so, and only then; refusing is explained', { timeout: 120_000 }, async (t) => {
  const terms = (more) => ({ MENJIE__HOSPITALS__0__TERMS: JSON.stringify({ visit: { check_in: { position: { lat_e6: 23_354_000, lon_e6: 116_682_000 }, ...more } } }) });
  const own = await startHospital({ visits: 20, env: terms() });
  t.after(() => own.stop());
  const people = own.day.patients.filter((p) => p.id_no);
  const press = async (page) => (await card(page, '可签到')).getByRole('button', { name: '签到' }).click();
  const { page } = await onList(t, { size: 'phone', of: own, patient: people[0] });
  assert.match(await page.textContent('#position'), /只用于确认您已到院/);
  await fits(page, 'position', 1.6);
  await press(page);
  await page.waitForSelector('#position[data-mood=refused]');
  assert.match(await page.textContent('#position'), /自助机签到/);
  await accessible(page, 'refused');
  await page.context().grantPermissions(['geolocation']);
  // WGS-84 of a place two kilometres away, and of the gate (GCJ-02 23.354, 116.682).
  await page.context().setGeolocation({ latitude: 23.374, longitude: 116.682 });
  await press(page);
  await page.waitForSelector('.notice-bad');
  assert.match(await page.textContent('.notice-bad'), /您还未到达医院/);
  await page.context().setGeolocation({ latitude: 23.35674, longitude: 116.67708 });
  await press(page);
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 });
  assert.equal((await own.truth()).his.check_ins[visit(2, people[0], own)], 1);
  quiet(page, 'position');
  // The kiosk stands in the hospital.
  const kiosk = await onList(t, { of: own, patient: people[1] });
  assert.equal(await kiosk.page.locator('#position').count(), 0);
  await press(kiosk.page);
  await kiosk.page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 });
});

test('the late counter, and a HIS without check-in', { timeout: 120_000 }, async (t) => {
  const own = await startHospital({ visits: 10, env: { MENJIE__HOSPITALS__0__TERMS: JSON.stringify({ visit: { check_in: { late: 'counter', late_after_min: 1 } } }) } });
  t.after(() => own.stop());
  const { page } = await onList(t, { of: own, patient: own.day.patients.find((p) => p.id_no) });
  assert.ok(!(await cards(page)).some((one) => one.state === '可签到'));
  assert.match(await page.textContent('main'), /您已过号，请到分诊台办理/);
  assert.match(await page.textContent('.rules'), /请到分诊台办理/);
  const without = await startHospital({ visits: 10, env: { MENJIE__HOSPITALS__0__HIS__TRAITS: JSON.stringify({ lock: true, query_post: true, cancel_post: true, notices: true }) } });
  t.after(() => without.stop());
  const home = await open(t, { of: without });
  await home.goto(home.at('/k'));
  assert.equal(await home.getByText('就诊签到').count(), 0);
  home.watch.quiet = true;
  await enterKiosk(home, without.day.patients.find((p) => p.id_no), 'unpaid');
  assert.equal((await home.goto(home.at('/k/check-in'))).status(), 404);
});

/** Today in the hospital's time zone. */
function today() {
  return new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10);
}
