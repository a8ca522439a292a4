// The pages of a refund in a browser (domain/pages.md §3.3 items 17, 18, §3.4 items 19, 20): the way through them, what they show, the common checks.
import { accessible, discreet, fits, quiet, touchable, walkable, wellFormed } from './checks.mjs';
import { beginPaying, enter } from './tour.mjs';
import { openPage } from './browser.mjs';

const shot = (page, name) => page.screenshot({ path: new URL(`../shots/${name}.png`, import.meta.url).pathname });
export const fen = (text) => Number(text.replace(/[¥,.\s]/g, ''));
export const main = (page) => page.textContent('main');
export const idIn = (page) => page.url().match(/\/(\d+)(?:$|[?/])/)[1];

/** The common checks, of a page that stands there. */
export async function whole(page, name, patient) {
  const phone = page.viewportSize().width === 375;
  await page.waitForTimeout(120);
  await shot(page, name);
  await wellFormed(page, name);
  await fits(page, name);
  if (phone) await fits(page, name, 1.6);
  await touchable(page, name, phone ? 44 : 96);
  await accessible(page, name);
  await discreet(page, name, patient);
  await walkable(page, name);
  quiet(page, name);
}

/** Somebody who has paid; the page stands on the paid detail. */
export async function paidBy(t, { browser, hospital, size = 'landscape', patient }) {
  const base = size === 'phone' ? '/h5' : '/k';
  const page = await openPage(browser, hospital, { size });
  t.after(() => page.context().close());
  await enter(page, base, patient);
  await beginPaying(page, base);
  await hospital.pay();
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20_000 });
  await page.waitForSelector('.outcome:not([hx-get])', { timeout: 20_000 });
  const payment = idIn(page);
  await page.goto(page.at(`${base}/paid`));
  await page.locator('.row-link').first().click();
  await page.waitForSelector('[data-refund]');
  return { page, patient, base, payment, settlement: idIn(page) };
}

/** From the paid detail to page 19. */
export async function toForm(page) {
  await page.getByRole('link', { name: '申请退费' }).click();
  await page.waitForSelector('#plan .path');
}

/** Asks with the first reason; the page stands on the progress. */
export async function send(page) {
  await page.locator('label.choice').first().click();
  await page.locator('.bar .btn-main').click();
  await page.waitForSelector('.stands');
  return idIn(page);
}

/** What the page sends, by hand: as somebody who never saw the button would. */
export const post = (page, where, fields) => page.evaluate(async ([where, fields]) => {
  const proof = document.querySelector('input[name=form]');
  const answer = await fetch(where, { method: 'POST', body: new URLSearchParams({ ...(proof ? { form: proof.value } : {}), ...fields }) });
  return { status: answer.status, url: answer.url, text: new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main')?.textContent ?? '' };
}, [where, fields]);
export const told = (page, text, timeout = 20_000) => page.locator('.stands', { hasText: text }).waitFor({ timeout });
export const steps = (page) => page.locator('.path .step').evaluateAll((all) => all.map((step) => [step.querySelector('b').textContent, step.dataset.state]));
export const SELF = ['医生审核', '财务审核', '核对', '院内退费', '退款', '票据冲红'];
