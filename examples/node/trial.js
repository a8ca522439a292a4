'use strict';
// Tries the back end against a simulated hospital: trial.js DEMO FOLDER. Ends with "N passed, N failed".
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const readline = require('node:readline');
const menjie = require('menjie');

/** Every client that the back end opens; the sessions that are told to last `life` milliseconds. */
const opened = [];
let life;
const { open } = menjie;
menjie.open = async (config) => {
  const client = await open(config);
  const { identify } = client.session;
  client.session.identify = async (request) => {
    const known = await identify(request);
    return life ? { ...known, expires_at: new Date(Date.now() + life).toISOString() } : known;
  };
  opened.push(client);
  return client;
};
// After that: it takes `open` out of the package.
const { backEnd } = require('./back_end');
const { openids } = require('./wechat_login');

const [demo, folder] = process.argv.slice(2);
/** The simulated official account, whose keys are public (SimCredentials::fixed), and those who follow it. */
const ACCOUNT = { appid: 'wx00000000000051a9', secret: 'simulator-only-account-secret-01' };
const [ONE, TWO, THREE] = [1, 2, 3].map((number) => `oSimulatedUser000000000000${number}`);
const MERCHANT = { mchid: '1900000001', appid: 'wxtrial', apiv3Key: 'k'.repeat(32) };

/** The hospital: addresses as one line of JSON, then commands, each answered by one line. */
async function hospital() {
  const child = spawn(demo, ['--control', '--seed', '7', '--visits', '24', '--folder', folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const heard = async () => (await lines.next()).value;
  const addresses = JSON.parse(await heard());
  return { ...addresses, close: () => new Promise((go) => child.once('exit', go) && child.stdin.end()) };
}

/** A callback as WeChat Pay makes them, with a key of the trial's own. */
function callback(privateKey, id, resource) {
  const [nonce, associated] = [crypto.randomBytes(6).toString('hex'), 'transaction'];
  const cipher = crypto.createCipheriv('aes-256-gcm', MERCHANT.apiv3Key, nonce).setAAD(Buffer.from(associated));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(resource), 'utf8'), cipher.final(), cipher.getAuthTag()]);
  const body = JSON.stringify({
    id: 'EV-1',
    create_time: new Date().toISOString(),
    resource_type: 'encrypt-resource',
    event_type: 'TRANSACTION.SUCCESS',
    summary: '支付成功',
    resource: { original_type: associated, algorithm: 'AEAD_AES_256_GCM', ciphertext: sealed.toString('base64'), associated_data: associated, nonce },
  });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = crypto.sign('sha256', Buffer.from(`${timestamp}\n${nonce}\n${body}\n`), privateKey).toString('base64');
  return {
    body,
    headers: { 'Wechatpay-Timestamp': timestamp, 'Wechatpay-Nonce': nonce, 'Wechatpay-Serial': id, 'Wechatpay-Signature': signature, 'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048' },
  };
}

async function main() {
  let [passed, failed] = [0, 0];
  const step = async (name, run) => {
    try {
      await run();
      passed += 1;
    } catch (error) {
      failed += 1;
      console.error(`not so: ${name}: ${error.message}`);
    }
  };
  const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = [{ id: 'PUB_KEY_ID_TRIAL', pem: publicKey.export({ type: 'spki', format: 'pem' }) }];
  const place = await hospital();
  const told = [];
  const account = { ...ACCOUNT, base: place.identity };
  const server = backEnd({ server: place.base, openidOf: openids(account), merchant: { ...MERCHANT, keys }, heard: async (notice) => told.push(notice) });
  await new Promise((go) => server.listen(0, '127.0.0.1', go));
  const base = `http://127.0.0.1:${server.address().port}`;
  let session = '';
  const ask = async (method, path, json) => {
    const response = await fetch(base + path, { method, headers: { authorization: session }, body: json && JSON.stringify(json) });
    return { status: response.status, json: response.status === 204 ? undefined : await response.json() };
  };
  const admin = (path, json) => fetch(place.admin + path, json ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) } : {});
  const { patients } = await (await admin('/admin/day')).json();
  /** What WeChat's authorise page gives the browser of a follower. */
  const codeOf = async (openid) => (await (await admin('/admin/wechat/login-code', { openid })).json()).code;
  const login = async (card, openid) => ask('POST', '/login', { card, code: await codeOf(openid) });

  await step('nobody is served who is not logged in', async () => assert.equal((await ask('GET', '/unpaid')).status, 401));
  await step('a card that nobody has opens nothing', async () => assert.equal((await login('NOBODY', ONE)).json.reason, 'no_file'));

  // Somebody with bills that can be paid here.
  let bills = [];
  for (const { card_no: card } of patients) {
    session = '';
    session = (await login(card, ONE)).json.session ?? '';
    const unpaid = session && (await ask('GET', '/unpaid')).json;
    bills = unpaid ? unpaid.visits.flatMap((visit) => visit.bills).filter((bill) => bill.payable && bill.total_fen > 0) : [];
    if (bills.length > 0) break;
  }
  await step('what is unpaid', async () => assert.ok(bills.length > 0 && bills.every((bill) => Number.isSafeInteger(bill.total_fen))));

  await step('who logs in again has one session, and the earlier clients are closed', async () => {
    const [mine, from, names] = [session, opened.length, []];
    for (let time = 0; time < 5; time += 1) {
      session = (await login(patients[0].card_no, TWO)).json.session;
      names.push(session);
    }
    assert.deepEqual(opened.slice(from).map((client) => client.isOpen), [false, false, false, false, true]);
    assert.equal((await ask('GET', '/unpaid')).status, 200);
    [session] = names;
    assert.equal((await ask('GET', '/unpaid')).status, 401);
    session = mine;
    assert.equal((await ask('GET', '/unpaid')).status, 200);
  });
  await step('an openid is WeChat\'s to say: one that the browser names opens nothing and ends nothing', async () => {
    const [card, from, used] = [patients[0].card_no, opened.length, await codeOf(TWO)];
    assert.equal((await ask('POST', '/login', { card, code: used })).json.decision, 'identified');
    for (const login of [{ openid: ONE }, { openid: ONE, code: '' }, { code: 'x'.repeat(32) }, { code: used }, { code: 7 }, { code: [used] }]) {
      const { status, json } = await ask('POST', '/login', { card, ...login });
      assert.deepEqual([status, json.reason, json.session], [200, 'no_login', undefined], JSON.stringify(login));
    }
    assert.equal(opened.length, from + 1);
    // The session of the openid that was named.
    assert.equal((await ask('GET', '/unpaid')).status, 200);
  });
  await step('a WeChat that does not answer, or not so, is no code that is wrong', async () => {
    for (const other of [{ secret: 'wrong' }, { base: 'http://127.0.0.1:1' }, { base: place.base }]) {
      await assert.rejects(openids({ ...account, ...other })(await codeOf(TWO)), (error) => error.status === 502 && !error.message.includes(ACCOUNT.secret));
    }
  });
  await step('a card that opens nothing, or a server that fails, leaves no client open', async () => {
    const from = opened.length;
    assert.equal((await login('NOBODY', TWO)).json.decision, 'refused');
    assert.ok((await login(7, TWO)).status >= 400);
    assert.deepEqual(opened.slice(from).map((client) => client.isOpen), [false, false]);
  });
  await step('a session that nobody uses is over when the server has said', async () => {
    const [mine, from] = [session, opened.length];
    life = 2_000;
    session = (await login(patients[0].card_no, THREE)).json.session;
    life = undefined;
    assert.equal((await ask('GET', '/unpaid')).status, 200);
    for (let waited = 0; opened[from].isOpen && waited < 100; waited += 1) await new Promise((go) => setTimeout(go, 100));
    assert.equal(opened[from].isOpen, false);
    assert.equal((await ask('GET', '/unpaid')).status, 401);
    session = mine;
  });

  const request = { key: `trial-${Date.now()}`, bill_ids: bills.map((bill) => bill.bill_id) };
  let begun;
  await step('a pay sheet for WeChat', async () => {
    begun = (await ask('POST', '/pay', request)).json;
    assert.equal(begun.total_fen, bills.reduce((sum, bill) => sum + bill.total_fen, 0));
    assert.match(begun.sheet.package, /^prepay_id=/);
    assert.equal(begun.sheet.signType, 'RSA');
  });
  await step('the payer confirms, the hospital knows', async () => {
    const payable = await (await admin('/admin/payable')).json();
    for (const order of payable) await admin('/admin/pay', { out_trade_no: order.out_trade_no });
    let view = (await ask('POST', '/payment', { payment_id: begun.payment_id })).json;
    for (let waited = 0; !view.over && waited < 12; waited += 1) view = (await ask('POST', '/payment', { payment_id: begun.payment_id, since: view.version })).json;
    assert.equal(view.progress, 'done');
  });
  await step('a callback is read from its raw bytes', async () => {
    const now = new Date(Date.now() + 8 * 3_600_000).toISOString().replace(/\..*/, '+08:00');
    const resource = {
      mchid: MERCHANT.mchid, appid: MERCHANT.appid, out_trade_no: 'P0000000000000000042', transaction_id: '4200000000202605290000000001', trade_type: 'JSAPI', trade_state: 'SUCCESS',
      trade_state_desc: '支付成功', bank_type: 'OTHERS', attach: '', success_time: now, payer: { openid: 'o1' }, amount: { total: 100, payer_total: 100, currency: 'CNY', payer_currency: 'CNY' },
    };
    const { body, headers } = callback(privateKey, keys[0].id, resource);
    const post = async (bytes) => (await fetch(`${base}/wechat/notify`, { method: 'POST', headers, body: bytes })).status;
    assert.equal(await post(body), 204);
    assert.deepEqual([told.length, told[0].what.about, told[0].what.out_trade_no], [1, 'trade', 'P0000000000000000042']);
    assert.equal(await post(body.replace('EV-1', 'EV-2')), 401);
    assert.equal(told.length, 1);
  });
  await step('a refund is asked for, once', async () => {
    const { settlements } = (await ask('GET', '/paid')).json;
    assert.equal(settlements.reduce((sum, one) => sum + one.total_fen, 0), begun.total_fen);
    const [{ settlement_id, total_fen }] = settlements;
    const refund = { settlement_id, key: `back-${Date.now()}` };
    const first = (await ask('POST', '/refund', refund)).json;
    // On this day nothing was done or dispensed yet: all of it, once a doctor agrees.
    assert.deepEqual([first.decision, first.st, first.refund_fen], ['accepted', 'doctor', total_fen]);
    assert.deepEqual((await ask('POST', '/refund', refund)).json, first);
    const again = (await ask('POST', '/refund', { ...refund, key: `${refund.key}-again` })).json;
    assert.equal(again.decision, 'refused', JSON.stringify(again));
  });
  await new Promise((go) => server.close(go) && server.closeAllConnections());
  await place.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

main();
