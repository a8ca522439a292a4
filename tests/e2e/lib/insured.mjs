// The way of an insured payment on a phone: the national page, the price, the password.
import assert from 'node:assert/strict';

/** Those of the day whom the insurer pays something for. */
export function insuredPeople(day) {
  const visits = new Set(day.visits.filter((v) => v.visit.payer === 'insured').map((v) => v.visit.patient_id));
  return day.patients.filter((p) => p.phone && p.id_no && visits.has(p.patient_id) && day.lines.some((line) => line.patient_id === p.patient_id && !line.self_paid_item));
}

/** Presses 医保支付 on page 9, goes to the national page, and answers there as `who`. */
export async function authorise(page, who, answer = '同意') {
  if (!page.url().endsWith('/h5/insurance')) await page.locator('form[action$="/insurance/pay"] button').click();
  await page.getByRole('link', { name: '授权医保支付' }).click();
  await page.waitForURL(/\/oauth\/authorize/);
  await page.locator(`a[href*="${who.patient_id}"]`).click();
  await page.getByRole('link', { name: answer }).click();
  await page.waitForURL(/\/h5\/insurance/);
}

/** To page 13 with its amounts. */
export async function priced(page, patient) {
  await authorise(page, patient);
  // The national page knows its people by name; from here on only our own pages speak.
  page.watch.heard = '';
  await page.getByRole('button', { name: '医保支付' }).click();
  await page.waitForSelector('[data-stage=priced]', { timeout: 20_000 });
}

/** The patient gives his password for the one order that waits for it, also when he has nothing to pay himself. */
export async function confirm(hospital) {
  const [no] = Object.entries((await hospital.truth()).wechat.mixed).find(([, order]) => !order.paid);
  const answer = await fetch(`${hospital.admin}/admin/pay`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ out_trade_no: no }) });
  assert.equal(answer.status, 204, await answer.text());
}
