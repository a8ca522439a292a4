'use strict';
// Helpers of a WeChat back end: pay sheets, callbacks, messages of the account against an encoder of the test's own.
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const menjie = require('menjie');
const { root } = require('./stage');

const { wechat } = menjie;
const { cases } = JSON.parse(fs.readFileSync(path.join(root, 'tests/vectors/channel/wechat_verify.json'), 'utf8'));
const [payment] = cases;
const { headers, body, keys, apiv3_key: apiv3Key, mchid, appid, now } = payment.request;
const reader = (more) => wechat.callbackReader({ keys, apiv3Key, mchid, appid, now: () => new Date(now), ...more });

test('a callback is read from raw bytes and the headers of node, express, fastify and fetch', async () => {
  const read = reader();
  const node = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  for (const given of [headers, { ...node, 'set-cookie': ['a', 'b'], host: 'h' }, new Headers(headers), new Map(Object.entries(headers))]) {
    for (const raw of [body, Buffer.from(body), new Uint8Array(Buffer.from(body))]) {
      assert.deepEqual(await read(raw, given), payment.response);
    }
  }
});

test('whatever differs is refused: a byte, a header, the time, the key, a parsed body', async () => {
  const read = reader();
  const refused = (run) => run().then(() => assert.fail('it was read'), (error) => error);
  assert.equal((await refused(() => read(`${body} `, headers))).code, 410);
  assert.equal((await refused(() => read(body, {}))) instanceof menjie.MenjieError, true);
  assert.equal((await refused(() => read(body, { ...headers, 'Wechatpay-Nonce': 'x' }))).code, 410);
  assert.equal((await refused(() => reader({ now: () => new Date(Date.parse(now) + 3_600_000) })(body, headers))).code, 411);
  assert.ok((await refused(() => reader({ apiv3Key: 'b'.repeat(32) })(body, headers))) instanceof menjie.CryptoError);
  assert.match((await refused(() => read(JSON.parse(body), headers))).context.problem, /raw body/);
});

test('a callback that is not genuine has the status it deserves, what is wrong here has none', async () => {
  const wanted = { 410: 401, 411: 401, 401: 400 };
  const seen = new Map();
  for (const { name, request, error } of cases) {
    // "no body" and "two bodies" are no callbacks.
    if (error === undefined || (request.body === undefined) === (request.body_base64 === undefined)) continue;
    const read = wechat.callbackReader({ keys: request.keys, apiv3Key: request.apiv3_key, mchid: request.mchid, appid: request.appid, now: () => new Date(request.now) });
    const failed = await read(request.body ?? Buffer.from(request.body_base64, 'base64'), request.headers).then(() => assert.fail(`${name}: it was read`), (told) => told);
    assert.deepEqual([failed.code, failed.statusCode], [error.code, wanted[error.code]], name);
    // Nothing for whoever reads the error as other hosts write it.
    assert.equal('statusCode' in failed.toJSON(), false);
    seen.set(failed.code, failed.statusCode);
  }
  assert.deepEqual([...seen.keys()].sort(), [100, 401, 410, 411, 801]);
  const parsed = await reader()(JSON.parse(body), headers).catch((error) => error);
  assert.deepEqual([parsed.code, parsed.statusCode], [2, 400]);
  assert.equal((await menjie.call('no.such_op', {}).catch((error) => error)).statusCode, undefined);
});

test('pay sheets have the six parameters, or there is none', () => {
  const fields = { appId: 'a', timeStamp: '1', nonceStr: 'n', package: 'prepay_id=p', signType: 'RSA', paySign: 's' };
  assert.deepEqual(wechat.payParameters({ handover: { form: 'jsapi', fields } }), fields);
  for (const view of [undefined, {}, { handover: { form: 'qr', code_url: 'x' } }, { handover: { form: 'jsapi', fields: { appId: 'a' } } }]) {
    assert.throws(() => wechat.payParameters(view), menjie.MisuseError);
  }
});

// The encoder: as the account's documentation describes it, by other means than the package's.
function sealed({ token, encodingAesKey, appid: app, timestamp, nonce, message }) {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64');
  const text = Buffer.from(message);
  const length = Buffer.from(text.length.toString(16).padStart(8, '0'), 'hex');
  const plain = Buffer.concat([crypto.randomBytes(16), length, text, Buffer.from(app)]);
  const pad = 32 - (plain.length % 32);
  const cipher = crypto.createCipheriv('aes-256-cbc', key, key.slice(0, 16));
  cipher.setAutoPadding(false);
  const encrypted = cipher.update(Buffer.concat([plain, Buffer.from(new Array(pad).fill(pad))]), undefined, 'base64') + cipher.final('base64');
  const msgSignature = crypto.createHash('sha1').update([token, timestamp, nonce, encrypted].sort().join('')).digest('hex');
  return { token, encodingAesKey, appid: app, timestamp, nonce, encrypted, msgSignature };
}

test('messages of the account are opened, and none that was changed', () => {
  for (let length = 0; length < 70; length += 1) {
    const encodingAesKey = crypto.randomBytes(32).toString('hex').slice(0, 42) + 'A';
    const message = '张'.repeat(length) + 'x'.repeat(length % 7);
    const given = sealed({ token: 'tok', encodingAesKey, appid: 'wx1', timestamp: String(1_700_000_000 + length), nonce: String(length), message });
    assert.equal(wechat.openMessage(given), message);
    const code = (changed) => {
      try {
        wechat.openMessage({ ...given, ...changed });
        return 'opened';
      } catch (error) {
        return error.code;
      }
    };
    assert.equal(code({ nonce: 'y' }), 410);
    assert.throws(() => wechat.openMessage({ ...given, nonce: 'y' }), { statusCode: 401 });
    assert.equal(code({ msgSignature: given.msgSignature.replace(/^./, (c) => (c === '0' ? '1' : '0')) }), 410);
    assert.equal(code({ msgSignature: undefined }), 410);
    assert.equal(code({ encrypted: undefined }), 410);
    assert.equal(code({ appid: 'wx2' }), 801);
    assert.equal(code({ encodingAesKey: 'short' }), 800);
    // Signed again, so that the seal itself is what is looked at.
    const bytes = Buffer.from(given.encrypted, 'base64');
    bytes[bytes.length - 1] ^= 1;
    const encrypted = bytes.toString('base64');
    const msgSignature = crypto.createHash('sha1').update(['tok', given.timestamp, given.nonce, encrypted].sort().join('')).digest('hex');
    assert.equal(code({ encrypted, msgSignature }), 801);
  }
});

test('the check of the address', () => {
  const signature = crypto.createHash('sha1').update(['tok', '17', 'n'].sort().join('')).digest('hex');
  wechat.checkAddress({ token: 'tok', timestamp: '17', nonce: 'n', signature });
  assert.throws(() => wechat.checkAddress({ token: 'other', timestamp: '17', nonce: 'n', signature }), menjie.CryptoError);
  assert.throws(() => wechat.checkAddress({ token: 'other', timestamp: '17', nonce: 'n', signature }), { code: 410, statusCode: 401 });
  assert.throws(() => wechat.checkAddress({ token: 'tok', timestamp: ['17'], nonce: 'n', signature }), menjie.CryptoError);
});
