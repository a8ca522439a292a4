// Page 21: the first visit (domain/pages.md §3.5).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { openBrowser, openPage } from './lib/browser.mjs';
import { startHospital } from './lib/hospital.mjs';
import { beginFirstVisit, fillStep, loginPhone, newcomer, stepsOf } from './lib/tour.mjs';
import { discreet, quiet } from './lib/checks.mjs';

let hospital, browser;
before(async () => { hospital = await startHospital({ visits: 6, env: { MENJIE__SERVER__LOCK_AFTER: '100' } }); browser = await openBrowser(); });
after(async () => { await browser?.close(); await hospital?.stop(); });

async function open(t, base = '/k') {
  const page = await openPage(browser, hospital, { size: base === '/k' ? 'portrait' : 'phone', allow: [hospital.identity] });
  t.after(() => page.context().close());
  return page;
}
const at = (page, base, word) => page.waitForURL(page.at(`${base}/first-visit/${word}`));
const made = async () => (await hospital.truth()).his.files_made;

/** Fills everything in up to the review. */
async function fillAll(page, base, who, { steps = stepsOf(who) } = {}) {
  await beginFirstVisit(page, base);
  for (const [word, values] of Object.entries(steps)) {
    await at(page, base, word);
    await fillStep(page, values);
  }
  await at(page, base, 'review');
}

/** What a field says of itself: message, link to it, focus. */
async function told(page, name) {
  return page.evaluate((name) => {
    const box = document.querySelector(`[data-field="${name}"]`);
    const marked = box.querySelector('[aria-invalid=true]');
    const message = box.querySelector('.problem');
    const linked = Boolean(message && marked && (marked.getAttribute('aria-describedby') || '').split(' ').includes(message.id));
    const under = message && message.getBoundingClientRect().top >= box.querySelector('input, select').getBoundingClientRect().top;
    return { message: message ? message.textContent.trim() : '', linked, under, focused: box.contains(document.activeElement) };
  }, name);
}

const PASSPORT = { document: { id_type: 'passport', id_no: 'E12345678', name: '测试护照' } };
const GUARDIAN = ['guardian.name', 'guardian.relation', 'guardian.id_type', 'guardian.id_no', 'guardian.phone'];
const FIELDS = {
  document: ['id_type', 'id_no', 'name'],
  person: ['sex', 'birth_date', 'nationality', 'ethnic', 'marital'],
  guardian: GUARDIAN,
  home: ['address', 'phone', 'pay_method'],
  contact: ['contact_name', 'contact_relation'],
};
/** A child with a passport: nothing is derived, so every field is asked for. */
const CHILD = {
  ...PASSPORT,
  person: { sex: '1', birth_date: '20180615', nationality: 'SGP', ethnic: '97', marital: '10' },
  guardian: { 'guardian.name': '测试父', 'guardian.relation': '5', 'guardian.id_type': 'passport', 'guardian.id_no': 'E87654321', 'guardian.phone': '13900010002', agree: 'yes' },
  home: { address: '广东省汕头市龙湖区', phone: '13900010001', pay_method: '7' },
  contact: { contact_name: '测试母', contact_relation: '5' },
};

for (const base of ['/k', '/h5']) {
  test(`${base}: each required field that is blank says so beside itself, linked, the first one focused`, { timeout: 300_000 }, async (t) => {
    const page = await open(t, base);
    await beginFirstVisit(page, base);
    for (const [word, values] of Object.entries(CHILD)) {
      await at(page, base, word);
      assert.equal(await page.locator('.problem').count(), 0, `${word}: nobody has typed anything yet`);
      // All blank (a guardian's identity card stays chosen): every field tells.
      await fillStep(page, word === 'document' ? { id_type: '' } : {});
      await page.waitForSelector('.problem');
      const blank = FIELDS[word].filter((name) => name !== 'guardian.id_type');
      for (const [n, name] of blank.entries()) {
        const field = await told(page, name);
        assert.deepEqual([field.message.length > 2, field.linked, field.under, field.focused], [true, true, true, n === 0], `${name} ${JSON.stringify(field)}`);
      }
      // Each one blank alone, the others kept: what was right is not asked for again.
      for (const name of base === '/k' ? FIELDS[word] : []) {
        const others = Object.fromEntries(Object.entries(values).filter(([key]) => key !== name));
        if (name.endsWith('id_type')) others[name] = '';
        const fresh = await open(t, base);
        await beginFirstVisit(fresh, base);
        for (const [before, given] of Object.entries(CHILD)) {
          await at(fresh, base, before);
          if (before === word) break;
          await fillStep(fresh, given);
        }
        await fillStep(fresh, others);
        await fresh.waitForSelector('.problem');
        assert.equal(await fresh.locator('.problem').count(), 1, name);
        const field = await told(fresh, name);
        assert.deepEqual([field.message.length > 2, field.linked, field.focused], [true, true, true], `${name} ${JSON.stringify(field)}`);
        await fillStep(fresh, { [name]: values[name] });
        await fresh.waitForURL((url) => !url.pathname.endsWith(`/${word}`));
        await fresh.context().close();
      }
      await fillStep(page, values);
    }
    await at(page, base, 'review');
    quiet(page, base);
  });
}

test('a wrong check digit is refused, the number stays to be corrected, and the rest is kept', async (t) => {
  const page = await open(t), who = newcomer('check');
  await beginFirstVisit(page, '/k');
  const wrong = `${who.id_no.slice(0, 17)}${who.id_no[17] === '0' ? '1' : '0'}`;
  await fillStep(page, { ...stepsOf(who).document, id_no: wrong });
  await page.waitForSelector('.problem');
  const field = await told(page, 'id_no');
  assert.match(field.message, /校验/);
  assert.deepEqual([field.linked, field.focused], [true, true]);
  assert.equal(await page.inputValue('[name=id_no]'), wrong, 'what must be corrected is there');
  assert.equal(await page.inputValue('[name=name]'), '', 'what is right is not shown in clear');
  assert.match(await page.textContent('#hint-name'), /已填写 测\*+人/);
  await fillStep(page, { id_no: who.id_no });
  await at(page, '/k', 'person');
  await discreet(page, 'person', who);
});

test('what the document tells is locked, and nobody types it', async (t) => {
  const page = await open(t), who = newcomer('locked');
  await beginFirstVisit(page, '/k');
  await fillStep(page, stepsOf(who).document);
  await at(page, '/k', 'person');
  const locked = (await page.locator('.told-field').allTextContents()).map((text) => text.replace(/\s+/g, ' ').trim());
  assert.equal(locked.length, 4, locked.join());
  for (const [n, words] of [/性别.*(男|女).*按证件/, /出生日期.*1990年\*\*月\*\*日/, /年龄.*\d+岁/, /国籍.*中国/].entries()) assert.match(locked[n], words);
  for (const name of ['sex', 'birth_date', 'nationality']) assert.equal(await page.locator(`[name=${name}]`).count(), 0, name);
});

test('a minor needs a guardian, and what he has said is not typed again', async (t) => {
  const page = await open(t), child = newcomer('child', { born: '20180615', name: '测试小孩' }), parent = newcomer('parent', { born: '19850101', name: '测试父亲' });
  const before = await made();
  await beginFirstVisit(page, '/k');
  await fillStep(page, stepsOf(child).document);
  await fillStep(page, stepsOf(child).person);
  await at(page, '/k', 'guardian');
  await page.goto(page.at('/k/first-visit/home'));
  await at(page, '/k', 'guardian');
  const guardian = { 'guardian.name': parent.name, 'guardian.relation': '5', 'guardian.id_type': 'resident_id', 'guardian.id_no': parent.id_no, 'guardian.phone': parent.phone };
  await fillStep(page, guardian);
  await page.waitForSelector('#problem-agree');
  assert.match(await page.textContent('#problem-agree'), /监护人同意/);
  await fillStep(page, { agree: 'yes' });
  await at(page, '/k', 'home');
  await fillStep(page, { address: child.address, same_phone: 'yes', pay_method: '7' });
  await at(page, '/k', 'contact');
  await fillStep(page, { same_contact: 'yes' });
  await at(page, '/k', 'review');
  assert.equal((await page.textContent('main')).split(`${parent.phone.slice(0, 3)}****${parent.phone.slice(-4)}`).length - 1, 2);
  await page.click('.bar .btn-main');
  await page.waitForSelector('.told[data-mood=ok]');
  assert.equal(await made(), before + 1);
  await discreet(page, 'minor', child);
  await discreet(page, 'minor', parent);
});

test('a file made here opens the session, and the job goes on', async (t) => {
  const page = await open(t), who = newcomer('opens');
  await page.goto(page.at('/k'));
  await page.click('.tile[href$="/first-visit"]');
  await page.waitForSelector('.consent');
  await fillAll(page, '/k', who);
  await page.click('.bar .btn-main');
  await page.waitForSelector('.told[data-mood=ok]');
  assert.match(await page.textContent('.told'), /建档成功/);
  assert.match(await page.textContent('.who b'), /^测\*+人$/);
  await page.click('.bar .btn-main');
  await page.waitForSelector('.page-list');
  await discreet(page, 'opens', who);
});

test('whoever has a file is led to the login and gets no session', async (t) => {
  const patient = hospital.day.patients[0], before = await made();
  for (const base of ['/k', '/h5']) {
    const page = await open(t, base), who = { ...newcomer('twice'), name: patient.name, id_no: patient.id_no };
    await fillAll(page, base, who);
    await page.click('.bar .btn-main');
    await page.waitForSelector('.told');
    assert.match(await page.textContent('main'), /已有就诊档案/);
    const answer = await page.evaluate(async () => (await fetch('/api/v1/session')).status);
    assert.equal(answer, 401);
    assert.deepEqual((await page.context().cookies()).filter((cookie) => ['mj_session', 'mj_h5'].includes(cookie.name)), []);
    await page.click('.bar .btn-main');
    await page.waitForSelector('.ways');
    await discreet(page, base, patient);
  }
  assert.equal(await made(), before);
});

test('pressed twice and sent twice, it is one file', async (t) => {
  const page = await open(t), who = newcomer('double'), before = await made();
  await fillAll(page, '/k', who);
  const kinds = await page.evaluate(async () => Promise.all([1, 2, 3].map(async () => (await fetch('/k/first-visit/review', { method: 'POST', redirect: 'manual', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '' })).type)));
  assert.deepEqual(kinds, ['opaqueredirect', 'opaqueredirect', 'opaqueredirect']);
  await page.goto(page.at('/k/first-visit/result'));
  await page.waitForSelector('.told[data-mood=ok]');
  assert.equal(await made(), before + 1);
  const other = await open(t), next = newcomer('double2');
  await fillAll(other, '/k', next);
  await other.dblclick('.bar .btn-main');
  await other.waitForSelector('.told[data-mood=ok]');
  assert.equal(await made(), before + 2);
});

test('gone after exit: Back shows nothing, and nothing is left in clear or masked', async (t) => {
  const page = await open(t), who = newcomer('exit');
  await page.goto(page.at('/k'));
  await fillAll(page, '/k', who);
  const cookie = (await page.context().cookies()).find((one) => one.name === 'mj_session').value;
  await page.click('.tool-exit');
  await page.waitForURL(page.at('/k'));
  for (let n = 0; n < 4; n++) {
    await page.goBack({ waitUntil: 'load' }).catch(() => {});
    await page.waitForTimeout(200);
    assert.equal(await page.locator('.asks, .reviewed, .who').count(), 0, `back ${n + 1} shows the form`);
    const left = await page.evaluate(() => JSON.stringify([document.documentElement.outerHTML, [...document.querySelectorAll('input')].map((field) => field.value), { ...localStorage }, { ...sessionStorage }, document.cookie, history.state, location.href]));
    for (const value of [who.name, who.id_no, who.phone, who.address, who.contact, '测**人', who.id_no.slice(-4)]) assert.ok(!left.includes(value), 'something is left');
  }
  const again = await fetch(`${hospital.base}/k/first-visit/review`, { headers: { cookie: `mj_session=${cookie}` }, redirect: 'manual' });
  assert.deepEqual([again.status, again.headers.get('location')], [303, '/k']);
});

test('left alone, the kiosk forgets a half-filled form', async (t) => {
  const page = await open(t), who = newcomer('idle');
  await page.clock.install({ time: new Date('2026-03-02T09:00:00+08:00') });
  await beginFirstVisit(page, '/k');
  await fillStep(page, stepsOf(who).document);
  await at(page, '/k', 'person');
  await page.clock.runFor(91_000);
  await page.waitForSelector('#idle[open]');
  await page.clock.runFor(31_000);
  await page.waitForURL(page.at('/k'));
  await page.goto(page.at('/k/first-visit/person'));
  await page.waitForURL(page.at('/k'));
});

test('large keys type into the field that was touched last; a card types everything', async (t) => {
  const page = await open(t);
  await beginFirstVisit(page, '/k');
  for (const key of ['4', '4', '0', 'X']) await page.click(`[data-keypad=digits] [data-key="${key}"]`);
  assert.equal(await page.inputValue('[name=id_no]'), '440X');
  await page.click('[data-switch]');
  await page.click('[data-keypad=letters] [data-key="H"]');
  await page.click('[data-keypad=letters] [data-key=back]');
  await page.click('[data-switch]');
  assert.equal(await page.inputValue('[name=id_no]'), '440X');
  const who = newcomer('card');
  await page.fill('[data-paste]', `${who.id_no}|${who.name}|汉|${who.address}`);
  await page.click('[data-read]');
  await at(page, '/k', 'person');
  assert.equal(await page.inputValue('[name=ethnic]'), '01');
  await discreet(page, 'card', who);
  await fillStep(page, { marital: '20' });
  await at(page, '/k', 'home');
  assert.match(await page.textContent('#hint-address'), /广东省汕头市\*\*\*/);
});

test('nobody is found at the identify page: the form is offered, a phone that was typed is kept', async (t) => {
  const page = await open(t);
  await page.goto(page.at('/k/identify/number?next=paid'));
  await page.fill('[data-typed]', '99999');
  await page.click('button[form=enter]');
  await page.click('.notice a');
  await page.waitForURL(page.at('/k/first-visit?next=paid'));
  const other = await open(t), phone = '13955500001';
  await other.goto(other.at('/k/identify/phone?next=unpaid'));
  await other.fill('[data-typed]', phone);
  await other.click('button[form=enter]');
  await other.waitForSelector('[data-wait]');
  await other.fill('[data-typed]', await hospital.lastCode(phone));
  await other.click('button[form=enter]');
  await other.click('.notice a');
  await other.waitForSelector('.consent');
  await other.click('.bar .btn-main');
  const steps = stepsOf(newcomer('phone'));
  await fillStep(other, steps.document);
  await fillStep(other, steps.person);
  await at(other, '/k', 'home');
  assert.match(await other.textContent('#hint-phone'), /139\*\*\*\*0001/);
});

test('an account of the official account has the new patient on its list', async (t) => {
  const page = await open(t, '/h5'), who = newcomer('account');
  await loginPhone(page, 2);
  await fillAll(page, '/h5', who);
  await page.click('.bar .btn-main');
  await page.waitForSelector('.told[data-mood=ok]');
  await page.goto(page.at('/h5/patients'));
  assert.match(await page.textContent('.file-now'), /测\*+人/);
  await discreet(page, 'account', who);
});

test('HIS is slow or silent: 正在建档, then the result by itself; one file', { timeout: 60_000 }, async (t) => {
  const page = await open(t), who = newcomer('silent'), before = await made();
  await fillAll(page, '/k', who);
  await hospital.addFault({ peer: 'his', interface: 'open_file', fault: { kind: 'timeout_after', ms: 1 }, when: { next: 1 } });
  await page.click('.bar .btn-main');
  await page.waitForSelector('.told');
  await page.waitForSelector('.told[data-mood=ok]', { timeout: 30_000 });
  assert.equal(await made(), before + 1);
});
