// Pages 28 and 43: who comes in and how, accounts and roles, the access trail (domain/pages.md §3.6).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { scanned } from './lib/qr.mjs';
import { OWN, accountOf, choosePassword, enterDesk, showFactor, signIn, totp, whole } from './lib/staff.mjs';
import { withinBudget } from './lib/checks.mjs';

let hospital, browser;
before(async () => { hospital = await startHospital({ visits: 12 }); browser = await openBrowser(); });
after(async () => { await browser?.close(); await hospital?.stop(); });

async function desk(t, size = 'desk') {
  const page = await openPage(browser, hospital, { size });
  t.after(() => page.context().close());
  return page;
}

const inside = (page) => page.waitForSelector('.page-home');

test('page 28: a password, a second factor, a password of one\'s own', async (t) => {
  const page = await desk(t);
  const account = accountOf(hospital, 'system_admin');
  assert.equal((await page.goto(page.at('/a/users'))).url(), page.at('/a/login'), 'nothing is shown before the login');
  await whole(page, '28-login');
  await withinBudget(page, 'login');
  await signIn(page, { login: account.login, password: 'Wrong-one-1' });
  assert.match(await page.textContent('[role=alert]'), /登录名或密码不正确/);
  await whole(page, '28-login-refused', [401]);
  await signIn(page, account);
  await page.waitForURL('**/a/factor');
  const early = await page.context().cookies();
  await whole(page, '28-factor');
  await page.fill('[name=code]', '000000');
  await page.click('.page-factor button');
  await page.waitForSelector('.notice-bad');
  await whole(page, '28-factor-wrong', [401]);
  await showFactor(page, account);
  await page.waitForURL('**/a/password');
  const cookies = (await page.context().cookies()).filter((cookie) => cookie.name === 'mj_staff');
  assert.deepEqual(cookies.map(({ httpOnly, sameSite, path: where }) => ({ httpOnly, sameSite, where })), [{ httpOnly: true, sameSite: 'Strict', where: '/a' }]);
  assert.notEqual(cookies[0].value, early.find((cookie) => cookie.name === 'mj_staff').value, 'what allows more is another session');
  await whole(page, '28-password');
  await choosePassword(page, { ...account }, 'weak');
  await page.waitForSelector('.notice-bad');
  assert.match(await page.textContent('.notice-bad'), /至少8位/);
  await whole(page, '28-password-weak', [422]);
  await choosePassword(page, account, OWN);
  await inside(page);
  assert.deepEqual(await page.locator('.desk-menu a').allTextContents(), ['首页', '用户与角色']);
  assert.match(await page.textContent('.top'), /演示系统管理员.*系统管理员.*退出登录/s);
  await whole(page, '28-home');
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.waitForURL('**/a/login');
  await page.goBack();
  await page.reload();
  await page.waitForURL('**/a/login**');
});

test('page 28: by keyboard alone, without a script, and not for long', async (t) => {
  const account = accountOf(hospital, 'doctor');
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1366, height: 768 }, locale: 'zh-CN' });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${hospital.base}/a`);
  // The first field gets the focus by itself, a moment after the page has loaded: no script of ours gives it.
  await page.waitForSelector('[name=login]:focus');
  await page.keyboard.type(account.login);
  await page.keyboard.press('Tab');
  await page.keyboard.type(account.password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/a/password');
  for (const [at, text] of [account.password, OWN, OWN].entries()) {
    if (at === 0) await page.focus('[name=present]'); else await page.keyboard.press('Tab');
    await page.keyboard.type(text);
  }
  await page.keyboard.press('Enter');
  await page.waitForURL('**/a');
  account.password = OWN;
  assert.match(await page.textContent('main h1'), /演示医生/);
  const answer = await page.reload();
  assert.match(answer.headers().refresh, /^901; url=\/a\/login/);
  const refused = await page.goto(`${hospital.base}/a/users`);
  assert.equal(refused.status(), 403);
  assert.match(await page.textContent('main'), /没有权限/);
});

test('page 28: five wrong passwords lock the name, also for the right one', async (t) => {
  const page = await desk(t);
  const account = accountOf(hospital, 'reports');
  for (let tries = 0; tries < 5; tries++) {
    await signIn(page, { login: account.login, password: 'Wrong-one-1' });
    await page.waitForSelector('[role=alert]');
  }
  await signIn(page, account);
  await page.waitForSelector('[role=alert]');
  assert.match(await page.textContent('[role=alert]'), /请15分钟后再试/);
  await whole(page, '28-login-locked', [401, 429]);
});

test('page 43: two administrators make an account, a third reads about it', async (t) => {
  const page = await desk(t);
  await enterDesk(page, accountOf(hospital, 'system_admin'));
  await page.goto(page.at('/a/users'));
  assert.equal(await page.locator('tbody tr').count(), hospital.accounts.length);
  await whole(page, '43-users');
  await page.getByRole('link', { name: '新建账号' }).click();
  await whole(page, '43-user-new');
  const fill = async (id, login, name) => { await page.fill('[name=id]', id); await page.fill('[name=login]', login); await page.fill('[name=name]', name); await page.click('.page-user-new button.btn-main'); };
  await fill(accountOf(hospital, 'doctor').id, 'newone', '测试新人');
  assert.match(await page.textContent('.notice-bad'), /该工号已有账号/);
  await whole(page, '43-user-new-taken', [422]);
  await fill('N-1', 'newone', '测试新人');
  const fresh = { role: 'finance', login: 'newone', password: await page.textContent('[data-once]') };
  await whole(page, '43-issued');
  await page.getByRole('link', { name: '我已转交' }).click();
  assert.equal(await page.locator('[name=role]').count(), 0, 'what somebody may is not for the system administrator to say');
  assert.ok(!(await page.content()).includes(fresh.password), 'shown once');
  await whole(page, '43-user-system');

  const security = await desk(t);
  await enterDesk(security, accountOf(hospital, 'security_admin'));
  await security.goto(security.at('/a/users/N-1'));
  assert.equal(await security.getByRole('button', { name: '停用账号' }).count(), 0, 'nor accounts for the security administrator to make');
  await whole(security, '43-user-security');
  for (const role of ['finance', 'audit_admin']) await security.locator(`label:has([value=${role}])`).click();
  await security.getByRole('button', { name: '保存角色' }).click();
  assert.match(await security.textContent('.notice-bad'), /不能与其他角色同时授予/);
  await whole(security, '43-user-both', [422]);
  await security.locator('label:has([value=finance])').click();
  await security.getByRole('button', { name: '保存角色' }).click();
  await security.waitForSelector('.facts dd:has-text("计财")');

  const person = await desk(t);
  await signIn(person, fresh);
  await person.waitForURL('**/a/enrol');
  await whole(person, '28-enrol');
  fresh.secret = (await person.textContent('.once')).replace(/\s/g, '');
  assert.match(await scanned(person.locator('.enrol-code')), new RegExp(`^otpauth://totp/.*[?&]secret=${fresh.secret}&`), 'an authenticator reads the same secret');
  await person.fill('[name=code]', totp(fresh.secret));
  await person.getByRole('button', { name: '完成登记' }).click();
  await person.waitForURL('**/a/password');
  await choosePassword(person, fresh, OWN);
  await inside(person);
  await page.getByRole('button', { name: '停用账号' }).click();
  await page.waitForSelector('.state-off');
  await person.reload();
  await person.waitForURL('**/a/login?ended=1');
  assert.match(await person.textContent('[role=alert]'), /已超时或已在别处失效/);

  const audit = await desk(t);
  await enterDesk(audit, accountOf(hospital, 'audit_admin'));
  assert.deepEqual(await audit.locator('.desk-menu a').allTextContents(), ['首页', '操作审计']);
  await audit.getByRole('link', { name: '操作审计' }).first().click();
  const told = await audit.textContent('table');
  for (const words of ['新建账号', '变更角色', '停用账号', '登录失败', '登录名锁定', '越权访问被拒', '服务器控制台']) assert.ok(told.includes(words), words);
  for (const secret of [fresh.password, '测试新人', 'newone', 'Wrong-one-1']) assert.ok(!told.includes(secret), `the trail holds ${secret}`);
  await whole(audit, '43-trail');
  await audit.getByRole('link', { name: '校验完整性' }).click();
  assert.match(await audit.textContent('[role=status]'), /审计链完整/);
  await whole(audit, '43-trail-checked');
  const [file] = await Promise.all([audit.waitForEvent('download'), audit.getByRole('button', { name: '导出CSV' }).click()]);
  const text = readFileSync(await file.path(), 'utf8');
  assert.ok(text.startsWith('\ufeff编号,时间,'));
  await audit.goto(audit.at('/a/trail'));
  assert.match(await audit.textContent('tbody tr'), /导出/);
});

test('page 42 for staff: what is not there and what is not allowed, on a desk and on a small screen', async (t) => {
  for (const size of ['desk', 'phone']) {
    const page = await desk(t, size);
    const answer = await page.goto(page.at('/a/nothing'));
    assert.equal(answer.status(), 404);
    assert.match(await page.textContent('.facts .mono'), /^404-[0-9a-f]{16}$/);
    await whole(page, '42-staff-404', [404]);
    await enterDesk(page, accountOf(hospital, 'doctor'));
    await whole(page, '28-home-doctor');
    assert.equal((await page.goto(page.at('/a/trail'))).status(), 403);
    await whole(page, '42-staff-403', [403]);
  }
});
