// A contact sheet: many screenshots as one picture, drawn by the browser that took them.
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Draws `files` (PNG) in rows of `columns`, each `width` wide, with their names below; writes a JPEG. */
export async function contactSheet(browser, files, { width = 640, columns = 3, to, quality = 72, title = '' }) {
  const page = await browser.newPage({ viewport: { width: columns * (width + 16) + 16, height: 800 } });
  const figures = files.map((file) => `<figure><img src="data:image/png;base64,${readFileSync(file).toString('base64')}"><figcaption>${path.basename(file, '.png')}</figcaption></figure>`);
  await page.setContent(`<style>body{margin:16px;background:#dfe6e8;font:14px sans-serif;display:grid;grid-template-columns:repeat(${columns},${width}px);gap:16px;align-items:start}
    h1{grid-column:1/-1;margin:0;font-size:20px}figure{margin:0}img{width:100%;display:block}figcaption{padding:4px 0;color:#345}</style>${title ? `<h1>${title}</h1>` : ''}${figures.join('')}`);
  await page.waitForFunction(() => Array.from(document.images).every((image) => image.complete));
  await page.screenshot({ path: to, type: to.endsWith('.png') ? 'png' : 'jpeg', quality: to.endsWith('.png') ? undefined : quality, fullPage: true });
  await page.close();
}
