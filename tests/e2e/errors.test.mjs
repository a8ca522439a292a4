// Page 42: whatever went wrong, the page says what to do, has the right status, a number for staff and nothing of the inside.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { enterKiosk, enterPhone } from './lib/tour.mjs';
import { accessible, discreet, fits, quiet, touchable, walkable, wellFormed } from './lib/checks.mjs';

let hospital, browser;
before(async () => { hospital = await startHospital({ visits: 12, env: { MENJIE__SERVER__LOCK_AFTER: '1' } }); browser = await openBrowser(); });
after(async () => { await browser?.close(); await hospital?.stop(); });

const shots = path.join(path.dirname(fileURLToPath(import.meta.url)), 'shots');
mkdirSync(shots, { recursive: true });

const INSIDE = /\b(at|in) [\w/.-]+\.rs\b|panicked|stack|backtrace|Error\b|sqlite|unwrap|menjie_|\bnull\b|thread '/i;

async function trouble(page, base, name, status, words, patient) {
  await page.waitForSelector('.page-trouble');
  const text = await page.textContent('main');
  await page.screenshot({ path: path.join(shots, `42-error-${status}-${base === '/k' ? 'kiosk-landscape' : 'phone'}.png`) });
  for (const word of words) assert.match(text, word, name);
  assert.match(await page.textContent('.facts .mono'), new RegExp(`^${status}-[0-9a-f]{16}$`), name);
  assert.doesNotMatch(await page.content(), INSIDE, name);
  assert.equal(await page.getByRole('link', { name: '返回首页' }).getAttribute('href'), base, name);
  await wellFormed(page, name);
  await fits(page, name);
  await touchable(page, name, base === '/k' ? 96 : 44);
  await accessible(page, name);
  await walkable(page, name);
  if (patient) await discreet(page, name, patient);
  quiet(page, name, [status]);
  page.watch.reset();
}

for (const [base, size, enter] of [['/k', 'landscape', enterKiosk], ['/h5', 'phone', enterPhone]]) {
  test(`${base}: 404, 405, 403, 422, 503`, async (t) => {
    const page = await openPage(browser, hospital, { size });
    t.after(() => page.context().close());
    for (const [where, status, words] of [['/nothing', 404, [/没有找到这个页面/, /窗口/]], ['/departments/999', 404, [/没有找到/]], ['/look', 405, [/没有找到/]], ['/identify?nonsense=1', 422, [/重新填写/]]]) {
      const answer = await page.goto(page.at(base + where));
      assert.equal(answer.status(), status, where);
      await trouble(page, base, where, status, words);
    }
    const patient = hospital.day.patients.find((p) => p.id_no && p.card_no);
    await enter(page, patient);
    page.watch.reset();
    await hospital.addFault({ peer: 'his', fault: { kind: 'timeout_before', ms: 50 }, when: { per_mille: 1000 } });
    const away = await page.goto(page.at(`${base}/unpaid`));
    assert.equal(away.status(), 503);
    await trouble(page, base, 'HIS away', 503, [/暂时没有响应/, /窗口/, /不会丢失/], patient);
    await hospital.clearFaults();
    await page.getByRole('link', { name: '重试' }).click();
    await page.waitForSelector('.page-list, .page-trouble');
    await page.waitForSelector('.page-list');
  });

  test(`${base}: a form from elsewhere is 403, guessing is 429`, async (t) => {
    const page = await openPage(browser, hospital, { size });
    t.after(() => page.context().close());
    const evil = await fetch(`${hospital.base}${base}/look`, { method: 'POST', headers: { origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' }, body: 'set=large' });
    assert.equal(evil.status, 403);
    const html = await evil.text();
    assert.match(html, /不能这样打开/);
    assert.doesNotMatch(html, INSIDE);
    await page.goto(page.at(`${base}/identify/number?next=unpaid`));
    await page.fill('[data-typed]', 'K00000000');
    await page.click('button[form=enter]');
    await page.waitForSelector('.notice');
    await page.fill('[data-typed]', 'K00000001');
    await page.click('button[form=enter]');
    await trouble(page, base, 'locked', 429, [/请稍后再试/, /\d分钟/, /窗口/]);
    await hospital.restart();
  });
}
