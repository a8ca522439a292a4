// The four ways at the kiosk, and the official account: login, patients, the pay sheet (domain/pages.md §3.1, §3.3 item 15).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { beginPaying } from './lib/tour.mjs';
import { accessible, discreet, fits, quiet, touchable } from './lib/checks.mjs';

let hospital, browser, known;
before(async () => {
  hospital = await startHospital({ visits: 24, env: { MENJIE__SERVER__PAGES__H5__PATIENTS_MAX: '2' } });
  browser = await openBrowser();
  known = hospital.day.patients.filter((p) => p.phone && p.id_no);
});
after(async () => { await browser?.close(); await hospital?.stop(); });

async function open(t, size) {
  const page = await openPage(browser, hospital, { size, allow: [hospital.identity] });
  t.after(() => page.context().close());
  return page;
}
const whole = async (page, name, least) => { await fits(page, name); await touchable(page, name, least); await accessible(page, name); quiet(page, name); };

for (const [way, code] of [['health', 'healthCode'], ['voucher', 'eVoucher']]) {
  test(`kiosk: ${way}, and an invented one is refused with advice`, async (t) => {
    const page = await open(t);
    await page.goto(page.at(`/k/identify/${way}?next=unpaid`));
    await page.fill('[data-paste]', 'A'.repeat(30));
    await page.click('[data-read]');
    await page.waitForSelector('.notice');
    assert.match(await page.textContent('.notice'), /二维码无效或已过期/);
    const right = await hospital[code](known[0]);
    await page.fill('[data-paste]', right);
    await page.click('[data-read]');
    await page.waitForSelector('.page-list');
    assert.ok(!(await page.content()).includes(right) && !page.url().includes(right));
    await discreet(page, way, known[0]);
  });
}

/** Types with the keys on the screen. */
async function press(page, digits) {
  for (const digit of digits) await page.click(`[data-key="${digit}"]`);
}

test('kiosk: a phone and its code, typed on the screen; the number never comes back', async (t) => {
  const page = await open(t);
  await page.goto(page.at('/k/identify/phone?next=unpaid'));
  await press(page, '12345');
  await page.click('button[form=enter]');
  await page.waitForSelector('.notice');
  assert.match(await page.textContent('.notice'), /手机号码不正确/);
  const { phone } = known[1];
  await press(page, phone);
  await page.click('button[form=enter]');
  await page.getByText('验证码已发送到').waitFor();
  const text = await page.content();
  assert.ok(!text.includes(phone) && text.includes(`${phone.slice(0, 3)}****${phone.slice(7)}`));
  assert.equal(await page.locator('[data-wait]').isDisabled(), true, 'another code at once');
  await whole(page, 'code', 96);
  const code = await hospital.lastCode(phone);
  await press(page, code === '000000' ? '000001' : '000000');
  await page.click('button[form=enter]');
  await page.waitForSelector('.notice');
  await press(page, code);
  await page.click('button[form=enter]');
  await page.waitForSelector('.page-list');
  await discreet(page, 'phone', known[1]);
});

async function login(page, user = 0) {
  await page.goto(page.at('/h5/login'));
  await page.locator('a[href*="oauth2/choose"]').nth(user).click();
  await page.waitForURL(/\/h5/);
}
async function bind(page, patient) {
  await page.goto(page.at('/h5/identify/phone?next=unpaid'));
  await page.fill('[data-typed]', patient.phone);
  await page.click('button[form=enter]');
  await page.getByText('验证码已发送到').waitFor();
  await page.fill('[data-typed]', await hospital.lastCode(patient.phone));
  await page.click('button[form=enter]');
  await page.waitForSelector('.page-list');
}

test('official account: log in, bind two, switch, no third, remove; nothing personal in address or store', { timeout: 90_000 }, async (t) => {
  const page = await open(t, 'phone');
  await login(page);
  assert.match(page.url(), /\/h5\/patients$/);
  await page.getByText('还没有就诊人').waitFor();
  await whole(page, 'no patients', 44);
  const cookie = (await page.context().cookies()).find((c) => c.name === 'mj_h5');
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Lax']);
  await bind(page, known[2]);
  const first = await page.textContent('.bar-total .amount');
  await bind(page, known[3]);
  const second = await page.textContent('.bar-total .amount');
  await page.goto(page.at('/h5/patients'));
  assert.equal(await page.locator('.file').count(), 2);
  assert.equal(await page.getByRole('link', { name: '添加就诊人' }).count(), 0, 'the list is full');
  await whole(page, 'patients', 44);
  for (const patient of [known[2], known[3]]) await discreet(page, 'patients', patient);
  await page.screenshot({ path: new URL('./shots/04-patients-phone.png', import.meta.url).pathname });
  await page.getByRole('button', { name: '切换' }).click();
  await page.waitForSelector('.page-home');
  await page.goto(page.at('/h5/unpaid'));
  assert.equal(await page.textContent('.bar-total .amount'), first, `after switching (the other had ${second})`);
  await page.goto(page.at('/h5/paid'));
  assert.equal(await page.locator('.row-link').count(), 0);
  // Another phone of the same account begins with its default patient.
  const again = await open(t, 'phone');
  await login(again);
  assert.equal(new URL(again.url()).pathname, '/h5');
  await page.goto(page.at('/h5/patients'));
  await page.getByRole('button', { name: '移除' }).first().click();
  await page.waitForFunction(() => document.querySelectorAll('.file').length === 1 || document.querySelector('.page-home'));
});

test('the way to WeChat begins with a touch on the home page; not being let in is told', async (t) => {
  const page = await open(t, 'phone');
  await page.goto(page.at('/h5'));
  await page.locator('.tile-main').first().click();
  await page.waitForURL(/connect\/oauth2\/authorize/);
  await page.locator('a[href*="oauth2/choose"]').nth(2).click();
  await page.getByText('还没有就诊人').waitFor();
  quiet(page, 'login');
  await hospital.addFault({ peer: 'account', interface: 'exchange', fault: { kind: 'says_no' }, when: { next: 1 } });
  const refused = await open(t, 'phone');
  await login(refused, 2);
  await refused.getByText('微信登录已失效').waitFor();
  assert.equal((await refused.context().cookies()).find((c) => c.name === 'mj_h5'), undefined);
  await hospital.clearFaults();
});

test('another account sees its own list only; a number in the address is no login', async (t) => {
  const page = await open(t, 'phone');
  await page.goto(page.at('/h5/login/back?openid=oForged&code=x&state=y'));
  await page.getByText('没有完成微信登录').waitFor();
  assert.equal((await page.context().cookies()).find((c) => c.name === 'mj_h5'), undefined);
  await login(page, 1);
  await page.getByText('还没有就诊人').waitFor();
});

test('another account\'s patient is 404 for every act, and stays where he is', async (t) => {
  const [one, other] = [await open(t, 'phone'), await open(t, 'phone')];
  await login(one, 0);
  if (await one.locator('.page-home').count()) await one.goto(one.at('/h5/patients'));
  if (await one.locator('.file').count() === 0) { await bind(one, known[5]); await one.goto(one.at('/h5/patients')); }
  const id = await one.locator('.file input[name=id]').first().getAttribute('value');
  const shown = await one.locator('.file b').first().textContent();
  await login(other, 1);
  await other.goto(other.at('/h5/patients'));
  if (await other.locator('.file').count() === 0) { await bind(other, known[6]); await other.goto(other.at('/h5/patients')); }
  const form = await other.locator('input[name=form]').first().getAttribute('value');
  for (const act of ['switch', 'default', 'remove']) {
    const answer = await other.evaluate(async ([id, act, form]) => { const reply = await fetch('/h5/patients', { method: 'POST', body: new URLSearchParams({ id, act, form }) }); return { status: reply.status, text: await reply.text() }; }, [id, act, form]);
    assert.equal(answer.status, 404, act);
    assert.ok(!answer.text.includes(shown), act);
  }
  await one.goto(one.at('/h5/patients'));
  assert.equal(await one.locator('.file input[name=id]').first().getAttribute('value'), id);
});

test('the pay sheet: its "ok" proves nothing, the money does', { timeout: 60_000 }, async (t) => {
  const page = await open(t, 'phone');
  await page.addInitScript(() => {
    window.sheets = [];
    window.WeixinJSBridge = { invoke(name, fields, done) { sessionStorage.length; window.sheets.push([name, Object.keys(fields).sort()]); setTimeout(() => done({ err_msg: 'get_brand_wcpay_request:ok' }), 50); } };
  });
  await login(page, 1);
  await bind(page, known[4]);
  await beginPaying(page, '/h5');
  assert.equal(await page.locator('.code svg').count(), 0);
  const asked = page.waitForNavigation();
  // Its script may still be on the way: whoever touches a button too early touches it again.
  const sheet = await page.evaluate(async () => {
    for (let touches = 0; touches < 100 && window.sheets.length === 0; touches++) {
      document.querySelector('[data-sheet]').click();
      if (window.sheets.length === 0) await new Promise((later) => setTimeout(later, 100));
    }
    return window.sheets[0];
  });
  assert.deepEqual(sheet, ['getBrandWCPayRequest', ['appId', 'nonceStr', 'package', 'paySign', 'signType', 'timeStamp']]);
  await asked;
  assert.match(page.url(), /\/h5\/pay\//, 'an "ok" without money is no result');
  assert.equal(await page.locator('.outcome').count(), 0);
  await hospital.pay();
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 });
});
