// Every page of a front end, at some size, normal or large: the common checks, and a picture of each.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser, openPage } from './browser.mjs';
import { startHospital, people } from './hospital.mjs';
import { tour } from './tour.mjs';
import { accessible, discreet, fits, quiet, touchable, walkable, wellFormed, withinBudget, worksOffline } from './checks.mjs';

const shots = path.join(path.dirname(fileURLToPath(import.meta.url)), '../shots');
mkdirSync(shots, { recursive: true });

/**
 * The tests of these variants, in a hospital of their own: files run beside each other, variants of one file one after another. `patient`: whose pages,
 * by how many departments bill him.
 */
export function everyPage(variants) {
  let hospital, browser;
  before(async () => { hospital = await startHospital(); browser = await openBrowser(); });
  after(async () => { await browser?.close(); await hospital?.stop(); });

  for (const variant of variants) {
    test(`${variant.tag}: every page`, { timeout: 400_000 }, async (t) => {
      const patients = people(hospital.day).filter((p) => p.lines.length >= 4 && p.patient.id_no).sort((a, b) => b.departments - a.departments);
      const patient = patients[variant.patient].patient;
      const page = await openPage(browser, hospital, { size: variant.size, allow: [hospital.identity] });
      try {
        for await (const stop of tour(page, hospital, variant.base, patient, variant)) {
          await t.test(`${stop.name}`, async () => {
            const name = `${stop.name} ${variant.tag}`;
            await page.waitForTimeout(120);
            await page.screenshot({ path: path.join(shots, `${stop.name}-${variant.tag}.png`) });
            const seen = { ...page.watch };
            page.watch.reset();
            quiet({ watch: seen }, name, stop.statuses);
            await wellFormed(page, name);
            await fits(page, name);
            if (variant.size === 'phone' && !variant.large) await fits(page, name, 1.6);
            await touchable(page, name, variant.least);
            await accessible(page, name);
            if (stop.personal) await discreet(page, name, stop.personal === true ? patient : stop.personal);
            // The amount that is agreed to and its button stand in sight of each other, at any size of type.
            if (stop.name === '14-confirm' && variant.base === '/k') assert.equal(await page.evaluate(() => { const [sum, bar] = ['.grand', '.bar'].map((one) => document.querySelector(one).getBoundingClientRect()); return sum.bottom <= bar.top && bar.bottom <= window.innerHeight; }), true, `${name}: scrolls`);
            if (stop.name.startsWith('02-identify-')) assert.equal(await page.evaluate(() => { const [card, bar] = ['.enter', '.bar'].map((one) => document.querySelector(one).getBoundingClientRect()); return card.bottom <= bar.top; }), true, `${name}: lies below the bar`);
            await walkable(page, name);
            // A dialog is no page of its own, and some pages may not be loaded twice.
            if (!stop.open && !stop.once) {
              // Codes, bills and pictures are content, not dressing: each may add what it needs.
              // So are the fields of a form with what may be chosen, and the large keys that fill them in.
              const [codes, rows, choices] = [await page.locator('.code, [data-draw]').count(), await page.locator('.row, .step, .visit, .booked, .stop, [data-field]').count(), await page.locator('.choice, option').count()];
              await withinBudget(page, name, { bytes: (80 + 2 * codes + 0.6 * rows + 0.05 * choices) * 1024 });
              await worksOffline(page, name);
            }
            quiet(page, name, stop.statuses);
          });
        }
      } finally {
        await page.context().close();
      }
    });
  }
}
