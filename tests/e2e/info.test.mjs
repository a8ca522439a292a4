// Pages 24 to 27: editable, inert, and whole without the rest of the world (domain/pages.md §3.5).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';

const content = mkdtempSync(path.join(tmpdir(), 'menjie-content-'));
const write = (name, text) => writeFileSync(path.join(content, name), typeof text === 'string' ? text : JSON.stringify(text));
let hospital, browser;
before(async () => {
  write('departments.json', [{ name: '甲科', place: '一楼', scope: '<img src=x onerror=alert(1)>' }]);
  write('intro.md', '## 简介\n\n<script>window.ran = true</script> [点我](javascript:alert(1))');
  write('experts.json', [{ name: '李示范', title: '主任医师' }]);
  hospital = await startHospital({ visits: 2, env: { MENJIE__SERVER__PAGES: JSON.stringify({ content, kiosk: { device: { kind: 'demo' } } }) } });
  browser = await openBrowser();
});
after(async () => { await browser?.close(); await hospital?.stop(); });

for (const base of ['/k', '/h5']) {
  test(`${base}: a renamed department shows; what is written runs nowhere`, async (t) => {
    const page = await openPage(browser, hospital, { size: base === '/k' ? 'landscape' : 'phone' });
    t.after(() => page.context().close());
    write('departments.json', [{ name: '甲科', place: '一楼', scope: '<img src=x onerror=alert(1)>' }]);
    await page.goto(page.at(`${base}/departments`));
    assert.match(await page.textContent('main'), /甲科/);
    await page.locator('.way').click();
    await page.getByText('<img src=x onerror=alert(1)>').waitFor();
    write('departments.json', [{ name: '乙科', place: '一楼' }]);
    await page.goto(page.at(`${base}/departments`));
    assert.match(await page.textContent('main'), /乙科/);
    assert.doesNotMatch(await page.textContent('main'), /甲科/);
    await page.goto(page.at(`${base}/intro`));
    assert.equal(await page.evaluate(() => window.ran), undefined);
    assert.equal(await page.locator('main script, main article a').count(), 0);
    assert.deepEqual([page.watch.csp, page.watch.errors], [[], []]);
  });

  test(`${base}: an expert without a photo has initials; the map stands alone and has words`, async (t) => {
    const page = await openPage(browser, hospital, { size: base === '/k' ? 'portrait' : 'phone' });
    t.after(() => page.context().close());
    await page.goto(page.at(`${base}/experts`));
    assert.equal(await page.textContent('.face'), '李');
    await page.goto(page.at(`${base}/guide`));
    assert.ok(await page.evaluate(() => { const map = document.querySelector('.map img'); return map.complete && map.naturalWidth > 0 && map.alt.length > 4; }));
    assert.ok(await page.locator('.map figcaption li').count() >= 3, 'the map in words');
    assert.deepEqual(page.watch.foreign, []);
    assert.equal(await page.getByRole('link', { name: '在地图应用中打开' }).count(), base === '/h5' ? 1 : 0);
  });
}
