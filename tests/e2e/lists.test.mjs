// Lists and sums (domain/pages.md §3.3 items 9 to 11, 17, 18), on a day written by hand.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage, sizes } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { beginPaying, enterKiosk, enterPhone } from './lib/tour.mjs';
import { fits } from './lib/checks.mjs';
import { person, writeDay } from './lib/day.mjs';

const many = person(1), cents = person(2), twin = person(3), other = person(4, { id_no: twin.id_no, name: '测试丁丁' }), plain = person(5);
const rooms = ['西药房', '检验科', '电生理室', '物理治疗室', '影像科', '心电图室', '中药房', '心理测评室', '甲室', '乙室'];
const longName = '仿真复方长名称缓释控释口服混悬颗粒（无糖型）联合包装第三代改良配方演示用药品';

let hospital, browser;
before(async () => {
  const sixty = Array.from({ length: 6 }, (_, v) => ({ patient: many, lines: rooms.map((dept, at) => ({ dept, price: `${10 + v}.${10 + at}`, fen: (10 + v) * 100 + 10 + at })) }));
  const day = writeDay([many, cents, twin, other, plain], [
    ...sixty,
    { patient: cents, lines: [{ dept: '西药房', price: '0.1', fen: 10, kind: 'drug', cls: '09', name: longName, spec: '0.1g*10片/板*3板/盒' }, { dept: '西药房', price: '0.2', fen: 20, kind: 'drug', cls: '09', own: true }, { dept: '检验科', price: '0.7', fen: 70 }] },
    { patient: twin, lines: [{ dept: '检验科', price: '5', fen: 500 }] },
    { patient: other, lines: [{ dept: '检验科', price: '6', fen: 600 }] },
    { patient: plain, lines: [{ dept: '检验科', price: '20', fen: 2000 }] },
  ]);
  hospital = await startHospital({ day });
  browser = await openBrowser();
});
after(async () => { await browser?.close(); await hospital?.stop(); });

async function open(t, size = 'landscape') {
  const page = await openPage(browser, hospital, { size });
  t.after(() => page.context().close());
  return page;
}
const fen = (text) => Math.round(Number(text.replace(/[¥,]/g, '')) * 100);

test('sums are to the cent: lines, documents, visits, the bar, the confirmation', async (t) => {
  const page = await open(t);
  await enterKiosk(page, cents);
  const rows = (await page.locator('.row .amount').allTextContents()).map(fen);
  assert.deepEqual(rows.sort((a, b) => a - b), [30, 70]);
  assert.equal(fen(await page.textContent('.visit-sum .amount')), 100);
  assert.equal(fen(await page.textContent('.bar-total .amount')), 100);
  await page.locator('.row', { hasText: '西药房' }).locator('.row-more').click();
  await page.waitForSelector('.lines');
  const lines = (await page.locator('tbody .amount').allTextContents()).map(fen);
  assert.deepEqual([lines, fen(await page.textContent('tfoot .amount'))], [[10, 20], 30]);
  await page.goto(page.at('/k/unpaid'));
  await page.locator('label.row-tick', { hasText: '检验科' }).click();
  assert.deepEqual([fen(await page.textContent('.bar-total .amount')), await page.textContent('[data-count]')], [30, '1']);
  await page.click('[data-submit]');
  await page.waitForSelector('.page-confirm');
  assert.equal(fen(await page.textContent('.grand .amount')), 30);
  assert.doesNotMatch(await page.textContent('body'), /医保.*跨月|统筹/, 'no word about insurance when paying oneself');
});

test('a document belongs to one department, and says where', async (t) => {
  const page = await open(t);
  await enterKiosk(page, cents);
  assert.deepEqual((await page.locator('.row-words b').allTextContents()).sort(), ['检验科', '西药房']);
  assert.match(await page.locator('.row', { hasText: '西药房' }).locator('.row-place').textContent(), /门诊一楼3号窗口/);
});

test('a bill names each item with class, specification, when it was ordered and by whom', async (t) => {
  const page = await open(t);
  await enterKiosk(page, cents);
  await page.locator('.row', { hasText: '西药房' }).locator('.row-more').click();
  await page.waitForSelector('.lines');
  const [first, second] = await page.locator('tbody th').allTextContents();
  assert.match(first, /西药费.*0\.1g\*10片\/板\*3板\/盒.*开单 2026年3月2日 09:00/);
  assert.match(second, /自费项目/);
  assert.doesNotMatch(first, /自费项目/);
  assert.match(await page.textContent('.lead'), /西药房[\s\S]*李医生[\s\S]*3号窗口|西药房[\s\S]*李医生[\s\S]*窗口/);
});

test('sixty documents scroll, and the bar stays in sight', async (t) => {
  for (const size of ['landscape', 'portrait', 'phone']) {
    const page = await open(t, size);
    await (size === 'phone' ? enterPhone : enterKiosk)(page, many);
    assert.equal(await page.locator('input[data-fen]').count(), 60);
    assert.ok(await page.evaluate(() => document.documentElement.scrollHeight > window.innerHeight * 2));
    for (const y of [0, 2000, 1e6]) {
      await page.evaluate((y) => window.scrollTo(0, y), y);
      const box = await page.locator('[data-submit]').boundingBox();
      assert.ok(box.y >= 0 && box.y + box.height <= sizes[size].height, `${size} at ${y}: ${JSON.stringify(box)}`);
    }
    const [self, insured] = [await page.locator('[data-submit]').boundingBox(), await page.locator('.btn-off').boundingBox()];
    assert.ok(Math.abs(self.width - insured.width) <= 1 && Math.abs(self.height - insured.height) <= 1, 'the two ways to pay are of one size');
  }
});

test('a visit that is not insured cannot be paid with insurance, and a sentence says why', async (t) => {
  const page = await open(t);
  await enterKiosk(page, cents);
  const button = page.getByRole('button', { name: '医保支付' });
  assert.equal(await button.isDisabled(), true);
  assert.match(await button.textContent(), /本次就诊为自费/);
});

test('nothing ticked cannot be paid', async (t) => {
  const page = await open(t);
  await enterKiosk(page, cents);
  for (const box of await page.locator('label.row-tick').all()) await box.click();
  assert.equal(await page.locator('[data-submit]').isDisabled(), true);
  assert.equal(await page.textContent('[data-count]'), '0');
});

test('a long drug name wraps at ×1.6 on a phone', async (t) => {
  const page = await open(t, 'phone');
  await enterPhone(page, cents);
  await page.locator('.row', { hasText: '西药房' }).locator('.row-more').click();
  await page.waitForSelector('.lines');
  assert.ok((await page.textContent('.lines')).includes(longName));
  await fits(page, 'bill', 1.6);
});

test('several files of one document: one is chosen, none is named in clear', async (t) => {
  const page = await open(t);
  await page.goto(page.at('/k/identify/card?next=unpaid'));
  await page.fill('[data-paste]', twin.id_no);
  await page.click('[data-read]');
  await page.getByText('请选择就诊档案').waitFor();
  const text = await page.content();
  for (const clear of [twin.name, other.name, twin.id_no, twin.phone, other.phone]) assert.ok(!text.includes(clear));
  assert.equal(await page.locator('button.way').count(), 2);
  await page.locator('button.way').nth(1).click();
  await page.waitForSelector('.page-list');
  assert.equal(fen(await page.textContent('.bar-total .amount')), 600);
});

test('a document that is being paid elsewhere is shown, cannot be ticked, and can be gone on with', async (t) => {
  const page = await open(t);
  await enterKiosk(page, plain);
  await beginPaying(page, '/k');
  await page.goto(page.at('/k/unpaid'));
  assert.equal(await page.locator('input[data-fen]').count(), 0);
  assert.match(await page.textContent('.row-why'), /正在其他地方支付/);
  await page.getByRole('link', { name: '继续支付' }).click();
  await page.waitForSelector('.code svg');
  await hospital.pay();
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 });
});

test('the paid list: newest first, page by page, by month and state', { timeout: 120_000 }, async (t) => {
  const page = await open(t);
  await enterKiosk(page, many);
  await beginPaying(page, '/k', { only: (at) => at < 12 });
  await hospital.pay();
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 40_000 });
  await page.goto(page.at('/k/paid'));
  const first = await page.locator('.row-link').evaluateAll((links) => links.map((a) => a.getAttribute('href')));
  assert.equal(first.length, 8);
  await page.getByRole('link', { name: '更早的记录' }).click();
  await page.waitForFunction((was) => document.querySelector('.row-link')?.getAttribute('href') !== was, first[0]);
  const second = await page.locator('.row-link').evaluateAll((links) => links.map((a) => a.getAttribute('href')));
  assert.equal(second.length, 4);
  assert.equal(new Set([...first, ...second]).size, 12, 'a row is there twice or missing');
  const ids = [...first, ...second].map((href) => BigInt(href.split('/').pop()));
  assert.ok(ids.every((id, at) => at === 0 || id < ids[at - 1]), 'not newest first');
  await page.goto(page.at('/k/paid'));
  await page.selectOption('select[name=state]', 'refunded');
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByText('没有符合条件的记录').waitFor();
  await page.selectOption('select[name=state]', 'paid');
  await page.selectOption('select[name=month]', { index: 1 });
  await page.getByRole('button', { name: '查询' }).click();
  await page.waitForSelector('.row-link');
  await page.selectOption('select[name=month]', { index: 3 });
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByText('没有符合条件的记录').waitFor();
});
