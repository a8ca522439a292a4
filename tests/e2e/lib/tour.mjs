// A walk over every page of one front end, as one patient. Each stop is a page that the common checks look at.

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

/** `for await (const stop of tour(…))`: `{ name, personal, statuses, open }` with the page standing there; `open` is a dialog. */
export async function* tour(page, hospital, base, patient, { large = false, contrast = false, user = 0 } = {}) {
  const kiosk = base === '/k';
  const open = (where) => page.goto(page.at(base + where));
  await open('');
  if (large) { await page.click('button[name=set][value=large]'); await page.waitForSelector('html[data-size=large]'); }
  if (contrast) { await page.click('button[name=set][value=contrast]'); await page.waitForSelector('html[data-contrast=high]'); }
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
