import { startHospital } from './lib/hospital.mjs';
import { openBrowser, openPage } from './lib/browser.mjs';
import { mkdirSync } from 'node:fs';
mkdirSync('/tmp/shots', { recursive: true });
const h = await startHospital();
const b = await openBrowser();
const only = process.argv[2];
const order = h.day.patients.map(p => [p, h.day.lines.filter(l => l.patient_id === p.patient_id).length]).sort((a, c) => c[1] - a[1]).map(x => x[0]); let turn = 0;
try {
for (const [size, base, big] of [['landscape', '/k', 0], ['portrait', '/k', 0], ['phone', '/h5', 0], ['landscape', '/k', 1], ['portrait', '/k', 1], ['phone', '/h5', 1]]) {
  const tag = size + (big ? '-large' : '');
  if (only && !tag.match(only)) continue;
  const p = await openPage(b, h, { size }); const pick = order[turn++];
  const shot = async (n) => { await p.waitForTimeout(250); await p.screenshot({ path: `/tmp/shots/${n}-${tag}.png` }); };
  await p.goto(p.at(base));
  if (big) { await p.click('button[name=set][value=large]'); await p.waitForLoadState(); }
  await shot('01-home');
  if (base === '/k') {
    await p.click('.tile-main >> nth=0'); await p.waitForSelector('.ways'); await shot('02-ways');
    await p.click('.way >> nth=0'); await p.waitForSelector('.reader'); await shot('02-card');
    await p.goto(p.at('/k/identify/number?next=unpaid')); await shot('02-number');
    await p.goto(p.at('/k/identify/card?next=unpaid'));
    await p.fill('[data-paste]', pick.id_no); await p.click('[data-read]');
  } else {
    await p.goto(p.at('/h5/identify/number?next=unpaid')); await p.fill('[name=token]', pick.card_no); await p.click('#enter .btn-main');
  }
  await p.waitForSelector('.page-list'); await shot('09-unpaid');
  await p.locator('.row-more').first().click(); await p.waitForSelector('.lines'); await shot('10-bill');
  await p.goto(p.at(base + '/unpaid'));
  if (tag === 'landscape') { } 
  await p.click('[data-submit]'); await p.waitForSelector('.page-confirm'); await shot('14-confirm');
  await p.click('.bar .btn-main'); await p.waitForSelector('.page-pay'); await p.waitForSelector('.code svg'); await shot('15-pay');
  await h.pay(); await p.waitForSelector('.outcome', { timeout: 15000 }); await p.waitForTimeout(4500); await shot('16-result');
  if (p.watch.errors.length || p.watch.csp.length || p.watch.foreign.length) console.log(tag, p.watch.errors, p.watch.csp, p.watch.foreign);
  await p.context().close();
}
} catch (e) { console.log(e); } finally { await b.close(); await h.stop(); }
