// What holds on every page (domain/pages.md §2.6, §3).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** No violation of WCAG 2.0–2.2 A and AA and of axe's best practices. */
export async function accessible(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  const told = found.violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary.split('\n')[1] || ''}`).join(' | ')}`);
  assert.deepEqual(told, [], `${name}: axe`);
}

/** Nothing the page should not have said, asked or thrown. `expected` are statuses of the page itself that are right. */
export function quiet(page, name, expected = []) {
  const { errors, csp, foreign } = page.watch;
  // A question that another one replaces (hx-sync) is given up, and htmx writes two lines about it.
  const replaced = errors.some((text) => text.startsWith('htmx:sendAbort,'));
  const given = (text) => replaced && /^htmx:(afterRequest|sendAbort), /.test(text);
  const left = errors.filter((text) => !given(text) && !expected.some((status) => text.includes(`status of ${status}`)));
  assert.deepEqual({ errors: left, csp, foreign }, { errors: [], csp: [], foreign: [] }, name);
}

/** The page is not wider than its window, and no text is cut off. `scale` enlarges the type as WeChat does. */
export async function fits(page, name, scale = 1) {
  const wide = await page.evaluate(async (scale) => {
    const root = document.documentElement;
    const before = root.style.fontSize;
    if (scale !== 1) root.style.fontSize = `${parseFloat(getComputedStyle(root).fontSize) * scale}px`;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const out = [];
    if (root.scrollWidth > window.innerWidth + 1) out.push(`page ${root.scrollWidth} > ${window.innerWidth}`);
    for (const element of document.body.querySelectorAll('*')) {
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      if (!box.width || style.visibility === 'hidden' || element.closest('.skip, thead, svg')) continue;
      const cut = (style.overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1) || (style.overflowY === 'hidden' && element.scrollHeight > element.clientHeight + 1);
      if (cut && !element.matches('input, select, textarea')) out.push(`cut: ${element.tagName}.${element.className}`);
      if (box.right > window.innerWidth + 1 || box.left < -1) out.push(`outside: ${element.tagName}.${element.className} ${Math.round(box.left)}–${Math.round(box.right)}`);
    }
    root.style.fontSize = before;
    return out.slice(0, 5);
  }, scale);
  assert.deepEqual(wide, [], `${name}: at ×${scale}`);
}

/** Every link, button and field is large enough to be touched. */
export async function touchable(page, name, least) {
  const small = await page.evaluate((least) => {
    const out = [];
    for (const element of document.querySelectorAll('a[href], button, summary, select, input:not([type=hidden])')) {
      const shown = element.closest('dialog:not([open]), [hidden]') === null && element.getClientRects().length > 0;
      if (!shown || element.matches('.skip')) continue;
      const target = element.type === 'checkbox' ? element.closest('label') : element;
      const box = target.getBoundingClientRect();
      if (box.width < least - 0.5 || box.height < least - 0.5) out.push(`${element.tagName} "${element.textContent.trim().slice(0, 12) || element.name}" ${Math.round(box.width)}×${Math.round(box.height)}`);
    }
    return out;
  }, least);
  assert.deepEqual(small, [], `${name}: smaller than ${least}px`);
}

/** Title, language, one main, one h1, not too many nodes. The first of the checks of a page. */
export async function wellFormed(page, name) {
  // All of it: what a test has waited for may stand at its beginning.
  await page.waitForLoadState('load');
  const seen = await page.evaluate(() => ({ title: document.title, lang: document.documentElement.lang, mains: document.querySelectorAll('main').length, h1: document.querySelectorAll('main h1').length, nodes: document.querySelectorAll('*').length }));
  assert.match(seen.title, /\p{Script=Han}/u, `${name}: title`);
  assert.deepEqual([seen.lang, seen.mains, seen.h1], ['zh-CN', 1, 1], name);
  assert.ok(seen.nodes <= 1500, `${name}: ${seen.nodes} nodes`);
}

/** The page loaded alone, without a cache: at most 80 KB and six requests. */
export async function withinBudget(page, name, { bytes = 80 * 1024, requests = 6 } = {}) {
  const alone = await page.context().newPage();
  try {
    const session = await page.context().newCDPSession(alone);
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    const loaded = [];
    session.on('Network.responseReceived', (event) => { loaded.push({ id: event.requestId, url: event.response.url, bytes: 0 }); });
    session.on('Network.dataReceived', (event) => { const entry = loaded.find((l) => l.id === event.requestId); if (entry) entry.bytes += event.dataLength; });
    await alone.goto(page.url(), { waitUntil: 'load' });
    await alone.waitForTimeout(150);
    const own = loaded.filter((l) => !l.url.endsWith('/icon.svg') && !l.url.startsWith('data:') && !l.url.includes('/state?') && !l.url.includes('/healthz') && !l.url.includes('/pictures/'));
    const sum = own.reduce((all, l) => all + l.bytes, 0);
    assert.ok(sum <= bytes && own.length <= requests, `${name}: ${sum} bytes in ${own.length} requests: ${own.map((l) => `${new URL(l.url).pathname} ${l.bytes}`).join(', ')}`);
    return { bytes: sum, requests: own.length };
  } finally {
    await alone.close();
  }
}

/** Everything that can be pressed is reached with Tab alone, in reading order or near it, and shows where it is. */
export async function walkable(page, name) {
  const wanted = await page.evaluate(() => {
    let n = 0;
    const modal = document.querySelector('dialog[open]');
    for (const element of (modal || document).querySelectorAll('a[href], button:not([disabled]), select, input:not([type=hidden]):not([disabled])')) {
      if (element.closest('dialog:not([open]), [hidden]') || element.getClientRects().length === 0) continue;
      // Tab reaches one of a group of choices, arrows the others.
      if (element.type === 'radio') {
        const group = [...element.form.elements[element.name]];
        if (element !== (group.find((one) => one.checked) || group[0])) continue;
      }
      element.dataset.walk = String(n++);
    }
    document.activeElement?.blur();
    return n;
  });
  const reached = new Set();
  for (let step = 0; step < wanted + 3 && reached.size < wanted; step++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      const marked = element?.matches('input[type=checkbox]') ? element.parentElement.querySelector('.box') : element?.matches('input[type=radio]') ? element.nextElementSibling : element;
      return { walk: element?.dataset?.walk, outline: marked ? getComputedStyle(marked).outlineStyle : 'none' };
    });
    if (at.walk !== undefined) {
      assert.notEqual(at.outline, 'none', `${name}: element ${at.walk} has focus without showing it`);
      reached.add(at.walk);
    }
  }
  assert.equal(reached.size, wanted, `${name}: reached by keyboard`);
  await page.evaluate(() => document.querySelectorAll('[data-walk]').forEach((element) => delete element.dataset.walk));
}

/** Without the server: the page stays, says so, and nothing can be paid or sent; with it, all is as before. */
export async function worksOffline(page, name) {
  const { quiet: before } = page.watch;
  page.watch.quiet = true;
  const off = () => page.evaluate(() => [...document.querySelectorAll('[data-online]:not([hidden])')].map((button) => button.disabled));
  const then = await off();
  await page.context().setOffline(true);
  await page.waitForSelector('#offline:not([hidden])', { timeout: 10_000 });
  assert.match(await page.textContent('#offline'), /网络暂时中断/, name);
  assert.ok((await off()).every((disabled) => disabled), `${name}: something can still be sent`);
  // Forms that change something are the only things that must be held; each has such a button.
  const loose = await page.evaluate(() => [...document.querySelectorAll('main form[method=post] button, .bar form[method=post] button, .bar button[form]')].filter((b) => !b.disabled && !b.closest('[data-exit]')).map((b) => b.textContent.trim()));
  assert.deepEqual(loose, [], `${name}: can be sent without a server`);
  await page.context().setOffline(false);
  await page.waitForSelector('#offline', { state: 'hidden', timeout: 10_000 });
  assert.deepEqual(await off(), then, `${name}: as before`);
  page.watch.quiet = before;
}

/** Nothing of the patient in clear: not in the page, its address, or anything the browser keeps. */
export async function discreet(page, name, patient) {
  const clear = [patient.name, patient.id_no, patient.phone, patient.card_no, patient.patient_id].filter(Boolean);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, window.name, history.state]));
  const places = { source: await page.content(), address: page.url(), kept, cookies: JSON.stringify(await page.context().cookies()), heard: page.watch.heard };
  for (const [place, text] of Object.entries(places)) {
    for (const value of clear) assert.ok(!text.includes(value), `${name}: ${place} holds a clear value`);
  }
  assert.ok(!/mj_|姓|\*/.test(kept), `${name}: the browser keeps ${kept}`);
}
