// A walk over every page of one front end, as one patient. Each stop is a page that the common checks look at.
import { show } from './browser.mjs';

/** Identifies at the kiosk by the demonstration's card reader. */
export async function enterKiosk(page, patient, next = 'unpaid') {
  await page.goto(page.at(`/k/identify/card?next=${next}`));
  await page.fill('[data-paste]', patient.id_no);
  await page.click('[data-read]');
  await page.waitForSelector('.page-list');
}

/** Identifies on a phone by the visit card. */
export async function enterPhone(page, patient, next = 'unpaid') {
  await page.goto(page.at(`/h5/identify/number?next=${next}`));
  await page.fill('[data-typed]', patient.card_no);
  await page.click('button[form=enter]');
  await page.waitForSelector('.page-list');
}

export const enter = (page, base, patient, next) => (base === '/k' ? enterKiosk : enterPhone)(page, patient, next);

/** From the unpaid list to the code; `only` bills are ticked (all when left out). */
export async function beginPaying(page, base, { only } = {}) {
  await page.goto(page.at(`${base}/unpaid`));
  if (only !== undefined) {
    const boxes = await page.locator('input[data-fen]').all();
    for (const [at, box] of boxes.entries()) if (!only(at)) await box.uncheck({ force: true });
  }
  await page.click('[data-submit]');
  await page.waitForSelector('.page-confirm');
  await page.click('.bar .btn-main');
  await page.waitForSelector('.page-pay [data-stage=awaiting] .code svg, .page-pay [data-sheet]');
}

/** Comes through the simulated official account as its user `at`. */
export async function loginPhone(page, at = 0) {
  await page.goto(page.at('/h5/login'));
  await page.locator('a[href*="oauth2/choose"]').nth(at).click();
  await page.waitForURL(/\/h5/);
}

/** Somebody who has no file, invented from `seed`: one each for who walks through the form. */
export function newcomer(seed, { born = '19900307', name = '测试新人' } = {}) {
  const serial = [...seed].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 499, 7) * 2 + 1;
  const body = `440599${born}${String(serial).padStart(3, '0')}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const check = '10X98765432'[weights.reduce((sum, weight, at) => sum + weight * Number(body[at]), 0) % 11];
  return { name, id_no: body + check, phone: `1390001${String(serial).padStart(4, '0')}`, address: '广东省汕头市龙湖区某路1号', contact: '测试亲属' };
}

/** Fills one step of the first-visit form in and sends it; `values` by field: a text, or the code of a choice. */
export async function fillStep(page, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = page.locator(`main [name="${name}"]`);
    const kind = await field.first().evaluate((element) => element.type);
    if (kind === 'radio') await page.locator(`main label:has([name="${name}"][value="${value}"])`).click();
    else if (kind === 'checkbox') await page.locator(`main label:has([name="${name}"])`).click();
    else if (kind.startsWith('select')) await field.selectOption(value);
    else await field.fill(value);
  }
  await page.click('.bar .btn-main');
}

/** Agrees and stands before the first step. */
export async function beginFirstVisit(page, base) {
  await page.goto(page.at(`${base}/first-visit`));
  await page.click('.bar .btn-main');
  await page.waitForSelector('[name=id_no]');
}

/** The steps of a grown-up, by their word. */
export const stepsOf = (who) => ({
  document: { id_type: 'resident_id', id_no: who.id_no, name: who.name },
  person: { ethnic: '01', marital: '10' },
  home: { address: who.address, phone: who.phone, pay_method: '7' },
  contact: { contact_name: who.contact, contact_relation: '5' },
});

/** A first visit from consent to result. */
async function* firstVisit(page, base, seed) {
  const who = newcomer(seed), steps = stepsOf(who);
  const at = (word) => page.waitForURL(page.at(`${base}/first-visit/${word}`));
  await page.goto(page.at(`${base}/first-visit`));
  yield { name: '21-first-consent' };
  await beginFirstVisit(page, base);
  yield { name: '21-first-document' };
  // What the checks leave behind on elements must not be carried over.
  await page.reload();
  await fillStep(page, { id_type: 'resident_id', id_no: `${who.id_no.slice(0, 17)}${who.id_no[17] === '0' ? '1' : '0'}` });
  await page.waitForSelector('.problem');
  yield { name: '21-first-document-wrong' };
  await fillStep(page, { id_no: who.id_no, name: who.name, capacity_limited: 'yes' });
  await at('person');
  yield { name: '21-first-person', personal: who };
  await fillStep(page, steps.person);
  await at('guardian');
  yield { name: '21-first-guardian', personal: who };
  const guardian = newcomer(`${seed}g`, { name: '测试监护人', born: '19600101' });
  await fillStep(page, { 'guardian.name': guardian.name, 'guardian.relation': '5', 'guardian.id_type': 'resident_id', 'guardian.id_no': guardian.id_no, 'guardian.phone': guardian.phone, agree: 'yes' });
  await at('home');
  yield { name: '21-first-home', personal: who };
  await fillStep(page, steps.home);
  await at('contact');
  yield { name: '21-first-contact', personal: guardian };
  await fillStep(page, steps.contact);
  await at('review');
  yield { name: '21-first-review', personal: who };
  await page.click('.bar .btn-main');
  await page.waitForSelector('.told[data-mood=ok]', { timeout: 20000 });
  yield { name: '21-first-result', personal: who, once: true };
}

/** `for await (const stop of tour(…))`: `{ name, personal, statuses, open, once }` with the page standing there; `personal` is whose page it is
 * when it is not the patient's, `open` is a dialog, `once` a page that cannot be loaded again. */
export async function* tour(page, hospital, base, patient, { large = false, contrast = false, user = 0 } = {}) {
  const kiosk = base === '/k';
  const open = (where) => page.goto(page.at(base + where));
  await open('');
  if (large) await show(page, 'large');
  if (contrast) await show(page, 'contrast');
  yield { name: '01-home' };
  if (kiosk) {
    await page.click('[data-staff]');
    yield { name: '01b-staff', open: true };
    await page.click('[data-staff-close]');
  }
  await open('/identify?next=unpaid');
  yield { name: '02-identify' };
  for (const way of kiosk ? ['card', 'health', 'voucher', 'phone', 'number'] : ['phone', 'number']) {
    const answer = await open(`/identify/${way}?next=unpaid`);
    // A way this hospital does not offer has no page.
    if (answer.status() === 404) { page.watch.reset(); continue; }
    yield { name: `02-identify-${way}` };
  }
  for (const [name, where] of [['24-intro', '/intro'], ['25-departments', '/departments'], ['25-department', '/departments/6'], ['26-experts', '/experts'], ['27-guide', '/guide']]) {
    await open(where);
    yield { name };
  }
  const missing = await open('/no-such-page');
  yield { name: '42-error-404', statuses: [missing.status()] };
  if (!kiosk) {
    const refused = await open('/login/back?code=x&state=y');
    yield { name: '03-login-refused', statuses: [refused.status()] };
    await loginPhone(page, user);
    yield { name: '04-patients-none' };
  }
  yield* firstVisit(page, base, base + (large ? 'L' : contrast ? 'C' : 'N') + page.viewportSize().width);
  await enter(page, base, patient);
  if (!kiosk) {
    await open('/patients');
    yield { name: '04-patients', personal: true };
    await open('/unpaid');
  }
  yield { name: '09-unpaid', personal: true };
  await page.locator('.row-more').last().click();
  await page.waitForSelector('.lines');
  yield { name: '10-bill', personal: true };
  await open('/unpaid');
  await page.click('[data-submit]');
  await page.waitForSelector('.page-confirm');
  yield { name: '14-confirm', personal: true };
  await page.click('.bar .btn-main');
  await page.waitForSelector('.page-pay [data-stage=awaiting] .code svg, .page-pay [data-sheet]');
  yield { name: '15-pay', personal: true };
  await hospital.pay();
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20000 });
  await page.waitForSelector('.outcome:not([hx-get])', { timeout: 20000 });
  yield { name: '16-result', personal: true };
  await open('/unpaid');
  yield { name: '09b-unpaid-empty', personal: true };
  await open('/paid');
  yield { name: '17-paid', personal: true };
  await page.locator('.row-link').first().click();
  await page.waitForSelector('.facts');
  yield { name: '18-paid-detail', personal: true };
  await page.locator('.bar a[href$="/refund"]').click();
  await page.waitForSelector('#plan .path');
  yield { name: '19-refund', personal: true };
  await page.locator('label.choice').first().click();
  await page.click('.bar .btn-main');
  await page.waitForSelector('.stands');
  yield { name: '20-refund', personal: true };
  await page.locator('a[href*="choice=withdraw"]').click();
  await page.waitForSelector('.ask-card');
  yield { name: '20-refund-withdraw', personal: true };
  await page.click('.bar form button');
  await page.waitForSelector('.stands[data-mood=back]');
  await open('/suspensions');
  yield { name: '08-suspensions-none', personal: true };
  await open('/check-in');
  yield { name: '06-check-in-none', personal: true };
  await hospital.act({ do: 'today', patient_id: patient.patient_id });
  // The server hears of the stop by itself.
  for (let tries = 0; tries < 60; tries++) {
    await open('/suspensions');
    if (await page.locator('.stop').count()) break;
    await page.waitForTimeout(250);
  }
  await open('/check-in');
  yield { name: '06-check-in', personal: true };
  await page.locator('.booked[data-mood=go] form button').last().click();
  await page.waitForSelector('.outcome[data-mood=ok]', { timeout: 20000 });
  yield { name: '07-checked-in', personal: true };
  await open('/suspensions');
  yield { name: '08-suspensions', personal: true };
  await page.locator('.stop').first().click();
  await page.waitForSelector('.stop-now');
  yield { name: '08-suspension', personal: true };
  await page.locator('.bar a[href*="choice=reschedule"]').click();
  await page.waitForSelector('.ask-card');
  yield { name: '08-suspension-ask', personal: true };
  if (!kiosk) {
    await open('');
    yield { name: '01-home-stopped', personal: true };
  }
}
