// Staff before their pages: invented accounts of the demonstration, one a role, and their authenticators.
import { createHmac } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { accessible, fits, quiet, touchable, walkable, wellFormed } from './checks.mjs';

const shots = path.join(path.dirname(fileURLToPath(import.meta.url)), '../shots');
mkdirSync(shots, { recursive: true });

/** What holds on every staff page. */
export async function whole(page, name, expected = []) {
  await page.screenshot({ path: path.join(shots, `${name}-${page.viewportSize().width < 500 ? 'small' : 'desk'}.png`), fullPage: true });
  await wellFormed(page, name);
  await fits(page, name);
  await fits(page, name, 1.6);
  await touchable(page, name, 44);
  await accessible(page, name);
  await walkable(page, name);
  quiet(page, name, expected);
  page.watch.reset();
}

/** What everybody of these tests chooses. */
export const OWN = 'Mine-77x-own';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The code an authenticator shows `steps` half minutes from now (RFC 6238). */
export function totp(secret, steps = 0) {
  let bits = '';
  for (const letter of secret) bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac('sha1', key).update(counter).digest();
  const at = digest[19] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** The account of a role; what it logs in with changes as it is used. */
export function accountOf(hospital, role) {
  const account = hospital.accounts.find((one) => one.role === role);
  if (!account) throw new Error(`the demonstration has no ${role}`);
  return account;
}

/** Fills the login form in and sends it. */
export async function signIn(page, account) {
  await page.goto(page.at('/a/login'));
  await page.fill('[name=login]', account.login);
  await page.fill('[name=password]', account.password);
  await page.click('.page-login button');
}

/** Shows a second factor whose codes of the present step may be used up. */
export async function showFactor(page, account) {
  for (const step of [0, 1]) {
    await page.fill('[name=code]', totp(account.secret, step));
    await page.click('.page-factor button');
    if (!page.url().endsWith('/a/factor')) return;
  }
  throw new Error('no code was taken');
}

/** Replaces the password that was given. */
export async function choosePassword(page, account, next) {
  await page.fill('[name=present]', account.password);
  await page.fill('[name=new]', next);
  await page.fill('[name=again]', next);
  await page.click('.page-password button.btn-main');
  account.password = next;
}

/** All the way in, whatever must come first; what the account logs in with is kept for the next time. */
export async function enterDesk(page, account) {
  await signIn(page, account);
  if (page.url().endsWith('/a/factor')) await showFactor(page, account);
  if (page.url().endsWith('/a/password')) await choosePassword(page, account, OWN);
  await page.waitForSelector('.page-home');
  // A code that was used up a moment ago was refused once.
  page.watch.reset();
}

/** An account the two administrators make together: what it logs in with. */
export async function makeAccount(system, security, { id, login, name, roles, departments = '' }) {
  await system.goto(system.at('/a/users/new'));
  for (const [field, value] of Object.entries({ id, login, name })) await system.fill(`[name=${field}]`, value);
  await system.click('.page-user-new button.btn-main');
  const password = await system.textContent('[data-once]');
  await security.goto(security.at(`/a/users/${id}`));
  for (const role of roles) await security.locator(`label:has([value=${role}])`).click();
  await security.fill('[name=departments]', departments);
  await security.getByRole('button', { name: '保存角色' }).click();
  await security.waitForSelector('.page-user');
  return { id, login, password };
}

/** The first login of an account that must enrol a second factor. */
export async function enrolDesk(page, account) {
  await signIn(page, account);
  await page.waitForURL('**/a/enrol');
  account.secret = (await page.textContent('.once')).replace(/\s/g, '');
  await page.fill('[name=code]', totp(account.secret));
  await page.getByRole('button', { name: '完成登记' }).click();
  await page.waitForURL('**/a/password');
  await choosePassword(page, account, OWN);
  await page.waitForSelector('.page-home');
  page.watch.reset();
}
