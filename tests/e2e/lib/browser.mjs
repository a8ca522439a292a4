// Chromium with everything watched that a page must not do.
import { chromium } from 'playwright-core';

const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

export const sizes = {
  landscape: { width: 1920, height: 1080 },
  portrait: { width: 1080, height: 1920 },
  phone: { width: 375, height: 812 },
  desk: { width: 1366, height: 768 },
};

export async function openBrowser() {
  return chromium.launch({ executablePath: process.env.MENJIE_CHROMIUM || '/usr/bin/chromium', args, headless: true });
}

/**
 * A page that keeps account of itself: `watch.errors`, `watch.csp`, `watch.foreign`, `watch.requests` (since the last
 * `watch.reset()`), each of what a page must not do. Requests to other hosts are blocked.
 */
export async function openPage(browser, hospital, { size = 'landscape', scale = 1, allow = [] } = {}) {
  const context = await browser.newContext({ viewport: sizes[size], deviceScaleFactor: scale, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', hasTouch: size === 'phone' });
  // `allow`: hosts a test leads the browser to on purpose (the simulated WeChat).
  const own = [hospital.base, ...allow].map((url) => new URL(url).host);
  const watch = { errors: [], csp: [], foreign: [], requests: [], heard: '', quiet: false, reset() { this.errors = []; this.csp = []; this.foreign = []; this.requests = []; } };
  await context.exposeBinding('mjCsp', (_, report) => { watch.csp.push(report); });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => window.mjCsp(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
  });
  await context.route('**/*', (route) => {
    const url = new URL(route.request().url());
    const ours = url.protocol === 'data:' || own.includes(url.host);
    if (!ours) watch.foreign.push(url.href);
    // A page that is closed while it still asks for something has no route left to go on with: that is no fault.
    return (ours ? route.continue() : route.abort()).catch(() => {});
  });
  const page = await context.newPage();
  page.on('console', (message) => { if (message.type() === 'error' && !watch.quiet) watch.errors.push(message.text()); });
  page.on('pageerror', (error) => watch.errors.push(String(error)));
  page.on('requestfinished', async (request) => {
    // The same for its answer: an error here would end the whole file after its last test.
    const response = await request.response().catch(() => null);
    const body = await response?.body().catch(() => null);
    // Everything the server said that could be about somebody, also what no page shows.
    if (body && /html|json/.test(response.headers()['content-type'] || '')) watch.heard += body.toString('utf8');
    watch.requests.push({ url: request.url(), bytes: body ? body.length : 0, status: response?.status() });
  });
  page.watch = watch;
  page.at = (where) => `${hospital.base}${where}`;
  return page;
}

/** Shows pages in another way, `large`, `normal` or `contrast`; the page has come again, whole and with its styles. */
export async function show(page, way) {
  await page.click(`button[name=set][value=${way}]`);
  await page.waitForSelector(way === 'contrast' ? 'html[data-contrast=high]' : `html[data-size=${way}]`);
  // The root stands there before its contents.
  await page.waitForLoadState('load');
}
