// Page 37: differences between HIS, channel and ledger, and what finance does about them (domain/pages.md §3.6).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { accountOf, enterDesk, whole } from './lib/staff.mjs';
import { withinBudget } from './lib/checks.mjs';

let hospital, browser;
before(async () => { hospital = await startHospital({ visits: 12 }); browser = await openBrowser(); });
after(async () => { await browser?.close(); await hospital?.stop(); });

/** A day that is over; nothing of it belongs to an order of this run. */
const DAY = '2026-03-15';
const at = (time) => `${DAY}T${time}+08:00`;

async function desk(t, size = 'desk') {
  const page = await openPage(browser, hospital, { size });
  t.after(() => page.context().close());
  return page;
}

const open = async (page) => Number((await page.textContent('[data-open]')).match(/\d+/)[0]);
const shown = async (page) => (await page.locator('[data-items] > li').evaluateAll((rows) => rows.map((row) => `${row.dataset.reason} ${row.dataset.kind}`))).sort();

test('page 37: five kinds are found, each is dealt with by a word, and all of it can be taken along', async (t) => {
  const page = await desk(t);
  await enterDesk(page, accountOf(hospital, 'finance'));
  assert.ok((await page.locator('.desk-menu a').allTextContents()).includes('对账差异'));
  await page.goto(page.at(`/a/recon?date=${DAY}`));
  assert.match(await page.textContent('main'), /尚未对账/);
  await whole(page, '37-recon-none');

  // Paid at the channel only (a name that a spreadsheet would run); in HIS only; other amounts; given back in HIS only; twice in the bill.
  await hospital.astray({ out_trade_no: '=STRAY0001', amount_fen: 1000, at: at('09:00:00') });
  await hospital.act({ do: 'astray', settlement_no: 'WINDOW-2', amount_fen: 2000, at: at('10:00:00') });
  await hospital.astray({ out_trade_no: 'WINDOW-3', amount_fen: 801, at: at('11:00:00') });
  await hospital.act({ do: 'astray', settlement_no: 'WINDOW-3', amount_fen: 800, at: at('11:00:00') });
  await hospital.act({ do: 'astray', reversed: true, settlement_no: 'WINDOW-4', amount_fen: 500, at: at('12:00:00') });
  for (let twice = 0; twice < 2; twice++) await hospital.astray({ out_trade_no: 'WINDOW-5', amount_fen: 700, at: at('13:00:00') });
  await hospital.act({ do: 'astray', settlement_no: 'WINDOW-5', amount_fen: 700, at: at('13:00:00') });
  await page.getByRole('button', { name: '立即对账' }).click();
  await page.waitForSelector('[data-items]');
  assert.match(await page.textContent('[role=status]'), /对账已完成/);
  assert.deepEqual(await shown(page), ['R1 仅渠道有', 'R2 仅HIS有', 'R3 金额不符', 'R5 仅HIS有', 'R8 金额不符']);
  assert.match(await page.textContent('[data-conclusion]'), /账不平/);
  assert.equal(await open(page), 5);
  const merchant = await page.textContent('[data-merchant]');
  assert.match(merchant, /^\d{8,10}$/);
  assert.match(await page.textContent('[data-channels]'), new RegExp(`微信支付[\\s\\S]*${merchant}[\\s\\S]*HIS4笔[\\s\\S]*渠道4笔[\\s\\S]*长款[\\s\\S]*短款[\\s\\S]*账不平`));
  await whole(page, '37-recon');

  await page.selectOption('[name=kind]', 'short');
  await page.getByRole('button', { name: '查看' }).click();
  assert.deepEqual(await shown(page), ['R2 仅HIS有']);
  await page.selectOption('[name=kind]', '');
  await page.getByRole('button', { name: '查看' }).click();

  await page.locator('[data-reason=R1] a').click();
  await whole(page, '37-recon-item');
  const deal = async (action, note) => {
    if (action) await page.getByRole('radio', { name: action, exact: true }).check();
    await page.fill('[name=note]', note);
    await page.getByRole('button', { name: '提交处理' }).click();
  };
  await deal('退款', ' ');
  assert.match(await page.textContent('[role=alert]'), /请填写处理说明/);
  assert.ok(await page.getByRole('radio', { name: '退款', exact: true }).isChecked(), 'what was chosen stays');
  await whole(page, '37-recon-item-wordless', [422]);
  await deal('再次查询', '商户平台再查');
  assert.match(await page.textContent('.steps'), /再次查询.*D\d+.*商户平台再查.*人工办理/s);
  await deal('退款', '已在商户平台原路退款');
  assert.equal(await page.locator('[name=note]').count(), 0, 'it is over');
  assert.match(await page.textContent('.page-recon-item'), /已处理/);
  await whole(page, '37-recon-item-done');
  await page.getByRole('link', { name: '返回列表' }).click();
  assert.equal(await open(page), 4);

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出CSV' }).click()]);
  const file = readFileSync(await download.path(), 'utf8');
  assert.ok(file.startsWith('\ufeff对账日,渠道,商户号,平台订单号'));
  const [lines, sums] = file.trim().split('\r\n\r\n').map((block) => block.split('\r\n').map((line) => line.split(',').map((cell) => cell.replace(/^"|"$/g, ''))));
  const rows = file.split('\r\n\r\n')[0].split('\r\n').slice(1);
  assert.equal(rows.length, 5);
  assert.ok(lines.slice(1).every((line) => line[1] === 'wechat' && line[2] === merchant), 'each line names the merchant of its channel');
  const sum = Object.fromEntries(sums[0].map((name, at) => [name, sums[1][at]]));
  assert.deepEqual([sums.length, sum.渠道, sum.商户号, sum.渠道笔数, sum.HIS笔数, sum.平笔数, sum.已处理, sum.结论], [2, 'wechat', merchant, '4', '4', '0', '1', '账不平']);
  const yuan = (name) => Math.round(Number(sum[name]) * 100);
  assert.equal(yuan('渠道金额') - yuan('HIS金额'), yuan('长款金额') - yuan('短款金额'), 'the one formula');
  assert.ok(rows.some((row) => row.includes('"\'=STRAY0001"') && row.includes('"退款"') && row.includes('已在商户平台原路退款')), file);
  assert.ok(rows.every((row) => !/,"[=+@]/.test(row)), 'no cell is a formula');

  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('.filters').isVisible(), false);
  assert.equal(await page.locator('[data-items]').isVisible(), true);
  await page.emulateMedia({ media: 'screen' });
  await withinBudget(page, 'recon');
});

test('page 37: nobody but finance, and readable on a small screen', async (t) => {
  const doctor = await desk(t);
  await enterDesk(doctor, accountOf(hospital, 'doctor'));
  assert.equal((await doctor.goto(doctor.at('/a/recon'))).status(), 403);
  const page = await desk(t, 'phone');
  await enterDesk(page, accountOf(hospital, 'finance'));
  await page.goto(page.at(`/a/recon?date=${DAY}`));
  await whole(page, '37-recon');
});
