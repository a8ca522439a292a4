// The kiosk as a machine: what its printer and reader say, who can be called, what it does without its server (domain/pages.md
// §3.1 item 1, §3.7).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { enterKiosk } from './lib/tour.mjs';
import { accessible, discreet, fits, quiet, touchable } from './lib/checks.mjs';

let hospital, browser;
before(async () => { hospital = await startHospital({ visits: 12 }); browser = await openBrowser(); });
after(async () => { await browser?.close(); await hospital?.stop(); });

/** A page of a kiosk whose shell brings these methods; `shell` is the text of an object. */
async function kiosk(t, { shell, of = hospital, ...options } = {}) {
  const page = await openPage(browser, of, options);
  t.after(() => page.context().close());
  if (shell) await page.addInitScript(`window.mjBridge = ${shell};`);
  return page;
}
const whole = async (page, name, least) => { await fits(page, name); await touchable(page, name, least); await accessible(page, name); quiet(page, name); };

test('printer code 307002 shows the paper banner; every job goes on', async (t) => {
  for (const size of ['landscape', 'portrait']) {
    const page = await kiosk(t, { size, shell: '{ status: async () => ({ printer: "307002", reader: "ok" }) }' });
    await page.goto(page.at('/k'));
    await page.waitForSelector('#printer:not([hidden])');
    assert.match(await page.textContent('#printer'), /缺纸（307002）[\s\S]*照常办理[\s\S]*扫码/);
    assert.equal(await page.locator('#reader').isVisible(), false);
    assert.equal(await page.evaluate(() => document.documentElement.scrollHeight <= window.innerHeight), true, `${size} scrolls`);
    await whole(page, `no paper ${size}`, 96);
    for (const tile of await page.locator('.tile').all()) assert.ok(await tile.getAttribute('href'), 'a tile is off');
    await page.locator('.tile-main').first().click();
    await page.waitForSelector('.ways');
  }
});

for (const [state, shown] of [
  ['{ printer: "107000" }', []], ['{ printer: 307001 }', []], ['{}', []], ['{ printer: 307003 }', [/不能打印（307003）/]], ['{ printer: "407009", reader: "E12" }', [/不能打印（407009）/, /读卡设备暂时不可用（E12）/]],
]) {
  test(`the device says ${state}: ${shown.length} banners`, async (t) => {
    const page = await kiosk(t, { shell: `{ status: async () => { window.asked = (window.asked || 0) + 1; return ${state}; } }` });
    await page.goto(page.at('/k'));
    await page.waitForFunction(() => window.asked > 0);
    await page.waitForTimeout(100);
    const banners = await page.locator('.banner:visible').allTextContents();
    assert.equal(banners.length, shown.length, banners.join());
    shown.forEach((text, at) => assert.match(banners[at], text));
  });
}

test('paper that is put in takes the banner away; a device that hangs stops nothing', async (t) => {
  const page = await kiosk(t, { shell: '{ status: () => window.hangs ? new Promise(() => {}) : Promise.resolve({ printer: window.code || "307002" }) }' });
  await page.clock.install({ time: new Date('2026-03-02T09:00:00+08:00') });
  await page.goto(page.at('/k'));
  await page.waitForSelector('#printer:not([hidden])');
  await page.evaluate(() => { window.code = '107000'; });
  await page.clock.runFor(16_000);
  await page.waitForSelector('#printer', { state: 'hidden' });
  await page.evaluate(() => { window.hangs = true; });
  await page.clock.runFor(40_000);
  assert.equal(await page.locator('#printer').isVisible(), false);
  await page.locator('.tile').last().click();
  await page.waitForSelector('.page-guide, .map');
});

test('the server is away: the home page stays, says so, can be told to try again, and goes on', { timeout: 60_000 }, async (t) => {
  const own = await startHospital({ visits: 2 });
  t.after(() => own.stop());
  for (const base of ['/k', '/h5']) {
    const page = await kiosk(t, { of: own, size: base === '/k' ? 'landscape' : 'phone' });
    page.watch.quiet = true;
    await page.goto(page.at(base));
    await own.kill();
    await page.locator('.tile').first().click();
    await page.waitForSelector('#offline:not([hidden])');
    assert.equal(await page.locator('.page-home').count(), 1, 'the page is gone');
    assert.equal(page.url(), page.at(base));
    await touchable(page, 'offline', base === '/k' ? 96 : 44);
    await accessible(page, 'offline');
    await page.click('[data-retry]');
    await page.waitForTimeout(300);
    assert.equal(await page.locator('#offline').isVisible(), true, 'the banner went without a server');
    await own.start();
    await page.click('[data-retry]').catch(() => {});
    await page.waitForSelector('#offline', { state: 'hidden', timeout: 10_000 });
    await page.locator('.tile').last().click();
    await page.waitForSelector('.page-home', { state: 'detached' });
  }
});

const says = (page) => page.textContent('[data-said]');

test('staff can be called from the same place of every page', async (t) => {
  const page = await kiosk(t);
  const places = [];
  const look = async () => { const box = await page.locator('[data-staff]').boundingBox(); places.push([box.y, page.viewportSize().width - box.x - box.width]); };
  for (const where of ['', '/identify?next=unpaid', '/identify/card?next=unpaid', '/intro', '/departments', '/experts', '/guide', '/nothing']) {
    await page.goto(page.at(`/k${where}`));
    await look();
  }
  await enterKiosk(page, hospital.day.patients[0]);
  await look();
  assert.ok(places[0][0] < 40 && places[0][1] < 60, `at ${places[0]}`);
  for (const place of places) assert.deepEqual(place, places[0], 'it moved');
});

test('called: it is asked first, then somebody comes; nothing personal goes with it', async (t) => {
  const page = await kiosk(t, { shell: '{ callStaff: async (...given) => { window.calls = (window.calls || []).concat([given]); return { ok: true }; } }' });
  await enterKiosk(page, hospital.day.patients[1]);
  await page.click('[data-staff]');
  assert.match(await says(page), /来到这台机器旁边/);
  assert.equal(await page.evaluate(() => window.calls), undefined, 'called without asking');
  await whole(page, 'staff', 96);
  await page.click('[data-staff-go]');
  await page.waitForSelector('[data-mood=called]');
  assert.match(await says(page), /已通知工作人员/);
  assert.equal(await page.locator('[data-staff-go]').isVisible(), false, 'can be called twice');
  assert.deepEqual(await page.evaluate(() => window.calls), [[]]);
  await discreet(page, 'staff', hospital.day.patients[1]);
  await page.click('[data-staff-close]');
  assert.equal(await page.locator('#staff[open]').count(), 0);
});

for (const [what, callStaff] of [['says no', 'async () => ({ ok: false })'], ['fails', 'async () => { throw new Error("x"); }'], ['never answers', '() => new Promise(() => {})']]) {
  test(`a call that ${what} is no call: the page says so and names the window`, async (t) => {
    const page = await kiosk(t, { shell: `{ callStaff: ${callStaff} }` });
    await page.clock.install();
    await page.goto(page.at('/k'));
    await page.click('[data-staff]');
    await page.click('[data-staff-go]');
    await page.clock.runFor(11_000);
    await page.waitForSelector('[data-mood=failed]');
    assert.match(await says(page), /没有呼叫成功。请到门诊一楼收费窗口/);
  });
}

test('a kiosk without a bell says at once where people are', async (t) => {
  const own = await startHospital({ visits: 2, env: { MENJIE__SERVER__PAGES__KIOSK__DEVICE: JSON.stringify({ kind: 'none' }) } });
  t.after(() => own.stop());
  const page = await kiosk(t, { of: own });
  await page.goto(page.at('/k'));
  await page.click('[data-staff]');
  assert.match(await says(page), /不能呼叫。请到门诊一楼收费窗口/);
  assert.equal(await page.locator('[data-staff-go]').isVisible(), false);
});

test('an agent on loopback: its printer, its bell', async (t) => {
  const asked = [];
  const agent = createServer((request, answer) => {
    answer.setHeader('access-control-allow-origin', '*');
    answer.setHeader('access-control-allow-headers', 'authorization, content-type');
    if (request.method === 'OPTIONS') { answer.end(); return; }
    asked.push(request.url);
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify({ '/status': { printer: 307002, reader: 'ok' }, '/call-staff': { ok: true } }[request.url] || {}));
  });
  await new Promise((done) => { agent.listen(0, '127.0.0.1', done); });
  t.after(() => agent.close());
  const url = `http://127.0.0.1:${agent.address().port}`;
  const own = await startHospital({ visits: 2, env: { MENJIE__SERVER__PAGES__KIOSK__DEVICE: JSON.stringify({ kind: 'agent', url, token: 't' }) } });
  t.after(() => own.stop());
  const page = await openPage(browser, own, { allow: [url] });
  t.after(() => page.context().close());
  await page.goto(page.at('/k'));
  await page.waitForSelector('#printer:not([hidden])');
  await page.click('[data-staff]');
  await page.click('[data-staff-go]');
  await page.waitForSelector('[data-mood=called]');
  assert.deepEqual([...new Set(asked)], ['/status', '/call-staff']);
  quiet(page, 'agent');
});
