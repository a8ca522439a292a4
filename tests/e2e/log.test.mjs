// Page 38: the sealed transfer log, read with a key that the auditor brings (domain/pages.md §3.6, docs/guide/log.md).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { PASSWORD, keyFile } from './lib/auditor.mjs';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { accountOf, enterDesk, whole } from './lib/staff.mjs';
import { withinBudget } from './lib/checks.mjs';

let hospital, browser, patient;
before(async () => {
  hospital = await startHospital({ visits: 12, env: { MENJIE__SERVER__LOG_VIEWER: 'true' } });
  browser = await openBrowser();
  // Somebody identifies himself: HIS is asked about him, and that is a transfer.
  patient = hospital.day.patients[0];
  const answer = await fetch(`${hospital.base}/api/v1/identify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ way: 'health_code', token: await hospital.healthCode(patient) }),
  });
  assert.equal(answer.status, 200, await answer.text());
});
after(async () => { await browser?.close(); await hospital?.stop(); });

async function desk(t, size = 'desk') {
  const page = await openPage(browser, hospital, { size });
  t.after(() => page.context().close());
  return page;
}

async function bring(page, file, password) {
  await page.setInputFiles('[name=key]', file);
  await page.fill('[name=password]', password);
  await page.getByRole('button', { name: '载入', exact: true }).click();
}

const hidden = (page, what) => assert.ok(!page.watch.heard.includes(patient.name), what);

test('page 38: nothing without a key, heads with one, a body for a reason and in clear for another', async (t) => {
  const page = await desk(t);
  await enterDesk(page, accountOf(hospital, 'auditor'));
  await page.getByRole('link', { name: '加密日志' }).first().click();
  await whole(page, '38-log-locked');
  await withinBudget(page, 'log');
  await bring(page, keyFile(hospital), 'Wrong-password-1');
  assert.match(await page.textContent('[role=alert]'), /口令不正确/);
  await whole(page, '38-log-wrong', [422]);
  await bring(page, keyFile(hospital), PASSWORD);
  await page.waitForSelector('[data-items]');
  assert.match(await page.textContent('[data-key]'), /^[0-9a-f]{32}$/);
  await whole(page, '38-log');

  await page.selectOption('[name=direction]', 'out');
  await page.fill('[name=patient]', patient.patient_id);
  await page.getByRole('button', { name: '查找', exact: true }).click();
  await page.waitForSelector('[data-items]');
  assert.ok(!page.url().includes(patient.patient_id), 'conditions are no part of the address');
  const cards = await page.locator('[data-items] > li').allTextContents();
  assert.ok(cards.length > 0 && cards.every((card) => card.includes('本方发起')), cards.join('\n'));
  await whole(page, '38-log-found');

  hidden(page, 'a list holds no name');
  await page.locator('[data-items] a').first().click();
  await page.waitForSelector('.page-log-record');
  assert.equal(await page.locator('[data-body]').count(), 0);
  await whole(page, '38-record');
  await page.getByRole('button', { name: '打开（脱敏）' }).click();
  assert.match(await page.textContent('[role=alert]'), /请填写事由/);
  await whole(page, '38-record-no-reason', [422]);
  await page.fill('[name=reason]', '投诉工单7');
  await page.getByRole('button', { name: '打开（脱敏）' }).click();
  await page.waitForSelector('[data-body]');
  hidden(page, 'a masked body holds no name');
  assert.match(await page.textContent('main'), /已脱敏/);
  await whole(page, '38-record-masked');
  await page.fill('[name=reason]', '院领导批准8');
  await page.getByRole('button', { name: '显示原文' }).click();
  await page.waitForSelector('[data-body]:has-text("原文")');
  const clear = await page.locator('[data-body]').allTextContents();
  assert.ok(clear.some((text) => text.includes(patient.name)), 'as it was sent and received');
  await whole(page, '38-record-clear');

  await page.getByRole('link', { name: '返回列表' }).click();
  const told = await page.locator('[data-items] > li').allTextContents();
  for (const words of ['显示原文', '院领导批准8', '打开（脱敏）', '投诉工单7', '载入密钥']) assert.ok(told.some((card) => card.includes(words)), words);
  await page.fill('.card [name=reason]', '月度稽核');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出（脱敏）' }).click()]);
  const text = readFileSync(await file.path(), 'utf8');
  assert.ok(text.startsWith('\ufeffseq,what,at,') && text.split('\r\n').length > 3);
  assert.ok(!text.includes(patient.name), 'an export is masked');

  await page.goto(page.at('/a/log/check'));
  await page.waitForSelector('[data-verdict=sound]');
  await whole(page, '38-check');
  await page.goto(page.at('/a/log'));
  await page.getByRole('button', { name: '收回密钥' }).click();
  await page.waitForSelector('[name=key]');
});

test('page 38: on a small screen, and for nobody else', async (t) => {
  const page = await desk(t, 'phone');
  await enterDesk(page, accountOf(hospital, 'auditor'));
  await page.goto(page.at('/a/log'));
  await bring(page, keyFile(hospital), PASSWORD);
  await page.waitForSelector('[data-items]');
  await whole(page, '38-log');
  await page.locator('[data-items] a').first().click();
  await page.fill('[name=reason]', '工单9');
  await page.getByRole('button', { name: '打开（脱敏）' }).click();
  await page.waitForSelector('[data-body]');
  await whole(page, '38-record-masked');
  await page.goto(page.at('/a/log/check'));
  await whole(page, '38-check');

  const doctor = await desk(t);
  await enterDesk(doctor, accountOf(hospital, 'doctor'));
  assert.equal((await doctor.goto(doctor.at('/a/log'))).status(), 403);
});
