// Draws docs/screens/*.jpg from the pictures of the last `pages_*.test.mjs`, and of the staff's pages: one contact sheet per size.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser } from './lib/browser.mjs';
import { contactSheet } from './lib/sheet.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const shots = path.join(here, 'shots');
const to = path.resolve(here, '../../docs/screens');
const sheets = [
  ['kiosk-landscape', 460, 5, '自助机 1920×1080'], ['kiosk-portrait', 250, 9, '自助机 1080×1920'], ['phone', 210, 10, '公众号 375×812'],
  ['kiosk-landscape-large', 460, 5, '自助机 1920×1080 大字版'], ['kiosk-portrait-large', 250, 9, '自助机 1080×1920 大字版'], ['phone-large', 210, 10, '公众号 375×812 大字版'],
  ['desk', 260, 7, '工作台 1366×768'],
];
mkdirSync(to, { recursive: true });
const browser = await openBrowser();
let sum = 0;
for (const [tag, width, columns, title] of sheets) {
  const files = readdirSync(shots).filter((file) => file.endsWith(`-${tag}.png`) && /^\d\d\w?-/.test(file)).sort().map((file) => path.join(shots, file));
  if (files.length === 0) throw new Error(`no pictures of ${tag}: run the browser tests first`);
  const out = path.join(to, `${tag}.jpg`);
  await contactSheet(browser, files, { width, columns, to: out, quality: 22, title });
  sum += statSync(out).size;
}
await browser.close();
if (sum > 2e6) throw new Error(`${sum} bytes: more than 2 MB`);
