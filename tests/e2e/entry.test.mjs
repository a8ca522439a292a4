// Who may see what, and for how long: pages 1, 2, 5 (domain/pages.md §3.1).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage, show } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { enterKiosk, enterPhone } from './lib/tour.mjs';

let hospital, browser;
const env = { MENJIE__SERVER__LOCK_AFTER: '3' };
before(async () => { hospital = await startHospital({ env, visits: 12 }); browser = await openBrowser(); });
after(async () => { await browser?.close(); await hospital?.stop(); });

async function kiosk(t, options) {
  const page = await openPage(browser, hospital, options);
  t.after(() => page.context().close());
  return page;
}
const cookies = async (page) => Object.fromEntries((await page.context().cookies()).map((c) => [c.name, c]));

/** A page whose clock stands still until the test moves it; loads and requests go on in real time. */
async function withClock(page) {
  await page.clock.install({ time: new Date('2026-03-02T09:00:00+08:00') });
}

test('the home page has its tiles without scrolling, and nobody\'s data', async (t) => {
  for (const size of ['landscape', 'portrait']) {
    const page = await kiosk(t, { size });
    await page.goto(page.at('/k'));
    const tiles = await page.locator('.tile').count();
    assert.ok(tiles >= 6 && tiles <= 8, `${tiles} tiles`);
    for (const tile of await page.locator('.tile').all()) {
      const box = await tile.boundingBox();
      assert.ok(box.y + box.height <= page.viewportSize().height, 'a tile lies below the screen');
      assert.equal((await page.goto(page.at('/k')), await tile.getAttribute('href')).startsWith('/k/'), true);
    }
    assert.equal(await page.evaluate(() => document.documentElement.scrollHeight <= window.innerHeight), true, `${size} scrolls`);
  }
});

test('large type: text of at least 38 px and boxes of at least 120', async (t) => {
  const page = await kiosk(t);
  await page.goto(page.at('/k'));
  await show(page, 'large');
  const smallest = await page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let least = 1e9;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (node.textContent.trim() && element.getClientRects().length && !element.closest('.skip, dialog:not([open])')) least = Math.min(least, parseFloat(getComputedStyle(element).fontSize));
    }
    return least;
  });
  assert.ok(smallest >= 38, `${smallest}px`);
});

test('a whole card logs in; a truncated one, another number and an empty one are refused with advice', async (t) => {
  const page = await kiosk(t);
  const patient = hospital.day.patients[0];
  await page.goto(page.at('/k/identify/card?next=unpaid'));
  for (const wrong of [patient.id_no.slice(0, 17), `${patient.id_no.slice(0, 17)}${patient.id_no[17] === '1' ? '2' : '1'}`, '']) {
    await page.fill('[data-paste]', wrong);
    await page.click('[data-read]');
    await page.waitForSelector('.reader-state[data-mood=bad]');
    assert.match(page.url(), /identify\/card/);
  }
  await page.fill('[data-paste]', patient.id_no);
  await page.click('[data-read]');
  await page.waitForSelector('.page-list');
  assert.ok(!(await page.content()).includes(patient.id_no) && !page.url().includes(patient.id_no));
});

test('a card nobody knows says what to do, and tries are locked', async (t) => {
  const page = await kiosk(t);
  await page.goto(page.at('/k/identify/number?next=unpaid'));
  for (let n = 0; n < 3; n++) {
    await page.fill('[data-typed]', `99999${n}`);
    // The notice of the try before is still there: what comes back for this one is waited for.
    await Promise.all([page.waitForResponse((response) => response.request().method() === 'POST'), page.click('button[form=enter]')]);
    await page.waitForFunction(() => document.querySelector('[data-typed]')?.value === '', null, { timeout: 10_000 });
    assert.match(await page.textContent('[role=alert].notice'), /没有找到就诊档案[\s\S]*窗口/);
  }
  await page.fill('[data-typed]', '99');
  await page.click('button[form=enter]');
  await page.waitForSelector('.page-trouble');
  assert.match(await page.textContent('main'), /请稍后再试[\s\S]*1分钟/);
  await hospital.restart();
});

test('a patient cookie is HttpOnly and Strict on the kiosk, Lax on the phone, and they do not mix', async (t) => {
  const patient = hospital.day.patients[1];
  const one = await kiosk(t);
  await enterKiosk(one, patient);
  const strict = (await cookies(one)).mj_session;
  assert.deepEqual([strict.httpOnly, strict.sameSite], [true, 'Strict']);
  const phone = await kiosk(t, { size: 'phone' });
  await enterPhone(phone, patient);
  const lax = (await cookies(phone)).mj_h5;
  assert.deepEqual([lax.httpOnly, lax.sameSite], [true, 'Lax']);
  await phone.goto(phone.at('/k/unpaid'));
  assert.equal(new URL(phone.url()).pathname, '/k', 'a phone session opens no kiosk page');
});

/** Nothing of this patient is left in the browser, clear or masked. */
async function wiped(page, patient, shown) {
  const left = await page.evaluate(() => JSON.stringify([document.documentElement.outerHTML, { ...localStorage }, { ...sessionStorage }, document.cookie, window.name, history.state, location.href, performance.getEntriesByType('resource').map((e) => e.name)]));
  for (const value of [patient.name, patient.id_no, patient.phone, patient.card_no, shown]) assert.ok(!left.includes(value), 'something of the patient is left');
  const kept = await page.evaluate(async () => [await caches.keys().catch(() => []), (await indexedDB.databases?.()) || [], (await navigator.serviceWorker?.getRegistrations()) || []].map((all) => all.length));
  assert.deepEqual(kept, [0, 0, 0], 'caches, databases, workers');
  assert.equal((await cookies(page)).mj_session, undefined);
}

test('exit: Back shows the home page, the old cookie opens nothing, nothing of the patient is left', async (t) => {
  const page = await kiosk(t);
  const patient = hospital.day.patients[2];
  await page.goto(page.at('/k'));
  await enterKiosk(page, patient);
  const shown = (await page.textContent('.who b')).trim();
  assert.match(shown, /^.\*/);
  const list = await page.goto(page.at('/k/unpaid'));
  assert.match(list.headers()['cache-control'], /no-store/, 'a browser may keep the page');
  await page.locator('.row-more').first().click();
  await page.waitForSelector('.lines');
  const old = (await cookies(page)).mj_session.value;
  await page.click('.tool-exit');
  await page.waitForURL(page.at('/k'));
  await wiped(page, patient, shown);
  for (let n = 0; n < 4; n++) {
    await page.goBack({ waitUntil: 'load' }).catch(() => {});
    await page.waitForTimeout(200);
    assert.equal(await page.locator('.page-list, .who').count(), 0, `back ${n + 1} shows a patient's page`);
    // Before the first page there is none of ours.
    if (page.url().startsWith(hospital.base)) await wiped(page, patient, shown);
  }
  for (const where of ['/api/v1/session', '/api/v1/bills/unpaid']) {
    assert.equal((await fetch(hospital.base + where, { headers: { cookie: `mj_session=${old}` } })).status, 401, where);
  }
  const again = await fetch(`${hospital.base}/k/unpaid`, { headers: { cookie: `mj_session=${old}` }, redirect: 'manual' });
  assert.deepEqual([again.status, again.headers.get('location')], [303, '/k']);
});

test('left alone for 60 s the identify page asks, 30 s later it is the home page and nothing typed is left', async (t) => {
  const page = await kiosk(t);
  await withClock(page);
  await page.goto(page.at('/k/identify/number?next=unpaid'));
  await page.fill('[data-typed]', 'K12345678');
  await page.clock.runFor(59_000);
  assert.equal(await page.locator('#idle[open]').count(), 0, 'asks too early');
  await page.clock.runFor(2_000);
  assert.equal(await page.locator('#idle[open]').count(), 1);
  const box = await page.locator('[data-stay]').boundingBox();
  assert.ok(box.height >= 120 && box.width >= 400, 'the button is big');
  await page.clock.runFor(31_000);
  await page.waitForURL(page.at('/k'));
  const left = await page.evaluate(() => JSON.stringify([document.documentElement.outerHTML, { ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
  assert.ok(!left.includes('K12345678'));
});

test('a result leaves by itself after 30 s, seconds in sight; the session is over', { timeout: 60_000 }, async (t) => {
  const page = await kiosk(t);
  await withClock(page);
  await page.goto(page.at('/k'));
  await enterKiosk(page, hospital.day.patients[8]);
  await page.click('[data-submit]');
  await page.waitForSelector('.page-confirm');
  await page.click('.bar .btn-main');
  await page.waitForSelector('.code svg');
  await page.clock.runFor(300_000);
  assert.match(page.url(), /\/k\/pay\//, 'money on its way was left');
  await hospital.pay();
  for (let n = 0; n < 40 && await page.locator('.outcome[data-mood=ok]:not([hx-get])').count() === 0; n++) { await page.clock.runFor(1_000); await page.waitForTimeout(250); }
  const token = (await cookies(page)).mj_session.value;
  await page.clock.runFor(20_000);
  assert.match(await page.textContent('[data-exit-left]'), /^([1-9]|1[0-2])$/);
  await page.clock.runFor(13_000);
  await page.waitForURL(page.at('/k'));
  assert.equal((await fetch(`${hospital.base}/api/v1/session`, { headers: { cookie: `mj_session=${token}` } })).status, 401);
});

test('reading for long keeps the session, as long as somebody touches; the server does not outlast the page by much', async (t) => {
  const page = await kiosk(t);
  await withClock(page);
  // Counted where they are sent: the news of a request comes here at a time of its own.
  await page.addInitScript(() => {
    const send = window.fetch;
    window.signs = 0;
    window.fetch = (to, ...rest) => { if (String(to).endsWith('/k/alive')) window.signs += 1; return send(to, ...rest); };
  });
  const signs = () => page.evaluate(() => window.signs);
  await page.goto(page.at('/k'));
  await enterKiosk(page, hospital.day.patients[9]);
  const first = await signs();
  for (let n = 0; n < 10; n++) { await page.clock.runFor(20_000); await page.mouse.click(5, 500); }
  await page.clock.runFor(2_000);
  const touched = await signs() - first;
  assert.ok(touched >= 4 && touched <= 8, `${touched} signs of life in 200 s`);
  await page.clock.runFor(60_000);
  const before = await signs();
  await page.clock.runFor(20_000);
  assert.equal(await signs(), before, 'a page that nobody touches keeps its session');
  const token = (await cookies(page)).mj_session.value;
  const session = await (await fetch(`${hospital.base}/api/v1/session`, { headers: { cookie: `mj_session=${token}` } })).json();
  const left = (Date.parse(session.expires_at) - Date.parse(session.now)) / 1000;
  assert.ok(left > 120 && left <= 180, `the session lives ${left} s more`);
  // What ended on the server ends on the screen with the next touch.
  await fetch(`${hospital.base}/k/exit`, { method: 'POST', headers: { cookie: `mj_session=${token}` } });
  await page.mouse.click(5, 500);
  await page.click('[data-stay]').catch(() => {});
  await page.clock.runFor(31_000);
  await page.waitForURL(page.at('/k'));
});

test('staying goes on; the list asks after 90 s, twice that in large type', async (t) => {
  const page = await kiosk(t);
  await withClock(page);
  await page.goto(page.at('/k'));
  await enterKiosk(page, hospital.day.patients[3]);
  await page.clock.runFor(91_000);
  assert.equal(await page.locator('#idle[open]').count(), 1);
  await page.click('[data-stay]');
  assert.equal(await page.locator('#idle[open]').count(), 0);
  await page.clock.runFor(60_000);
  assert.equal(await page.locator('#idle[open]').count(), 0, 'the time began anew');
  await show(page, 'large');
  await page.clock.runFor(179_000);
  assert.equal(await page.locator('#idle[open]').count(), 0);
  await page.clock.runFor(2_000);
  assert.equal(await page.locator('#idle[open]').count(), 1);
  const token = (await cookies(page)).mj_session.value;
  await page.clock.runFor(31_000);
  await page.waitForURL(page.at('/k'));
  assert.equal((await fetch(`${hospital.base}/api/v1/session`, { headers: { cookie: `mj_session=${token}` } })).status, 401, 'the session lives on');
});

test('the home page ends whatever session was left and shows nothing of it', async (t) => {
  const page = await kiosk(t);
  await enterKiosk(page, hospital.day.patients[4]);
  const shown = (await page.textContent('.who b')).trim();
  const token = (await cookies(page)).mj_session.value;
  await page.goto(page.at('/k'));
  await wiped(page, hospital.day.patients[4], shown);
  assert.equal((await cookies(page)).mj_session, undefined);
  assert.equal((await fetch(`${hospital.base}/api/v1/session`, { headers: { cookie: `mj_session=${token}` } })).status, 401);
});

test('a stranger\'s ids give 404 and no data; a foreign form gives 403', async (t) => {
  const [mine, other] = [hospital.day.patients[5], hospital.day.patients[6]];
  const page = await kiosk(t);
  await enterKiosk(page, other);
  const bill = await page.locator('input[data-fen]').first().getAttribute('value');
  await page.click('[data-submit]');
  await page.waitForSelector('.page-confirm');
  const quote = new URL(page.url()).pathname;
  await page.click('.bar .btn-main');
  await page.waitForSelector('.code svg');
  const payment = new URL(page.url()).pathname;
  await hospital.pay();
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 });
  await page.goto(page.at('/k/paid'));
  const settlement = await page.locator('.row-link').first().getAttribute('href');
  const stranger = await kiosk(t);
  await enterKiosk(stranger, mine);
  for (const where of [`/k/unpaid/${bill}`, quote, payment, payment.replace('/pay/', '/result/'), settlement, '/k/pay/1', '/k/paid/x']) {
    const answer = await stranger.goto(stranger.at(where));
    assert.equal(answer.status(), 404, where);
    assert.ok(!(await stranger.content()).includes('¥'), where);
  }
  const token = (await cookies(stranger)).mj_session.value;
  const foreign = await fetch(`${hospital.base}/k/exit`, { method: 'POST', headers: { cookie: `mj_session=${token}`, origin: 'https://evil.example' } });
  assert.equal(foreign.status, 403);
  assert.match(await foreign.text(), /<h1>不能这样打开<\/h1>/);
});

test('a phone form without its token is refused', async (t) => {
  const page = await kiosk(t, { size: 'phone' });
  await enterPhone(page, hospital.day.patients[7]);
  const { value } = (await cookies(page)).mj_h5;
  const body = new URLSearchParams({ bill: 'x' });
  const headers = { cookie: `mj_h5=${value}`, 'content-type': 'application/x-www-form-urlencoded' };
  assert.equal((await fetch(`${hospital.base}/h5/unpaid`, { method: 'POST', headers, body })).status, 403);
});
