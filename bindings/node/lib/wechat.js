'use strict';
// What a back end of an official account needs beside the contract: pay sheets, callbacks of WeChat Pay, messages of the account.
const { call } = require('./alone');
const { badRequest, refusedWith } = require('./errors');
const message = require('./wechat_message');

const SHEET = ['appId', 'timeStamp', 'nonceStr', 'package', 'signType', 'paySign'];

/** The parameters of `WeixinJSBridge` (getBrandWCPayRequest) and `wx.requestPayment`, from what `settlement.get` hands over. */
function payParameters(view) {
  const handover = view?.handover;
  if (handover?.form !== 'jsapi') throw badRequest('handover', 'is no pay sheet: the payment was not begun with {"way": "jsapi"}, is not ready yet, or is over');
  const missing = SHEET.find((name) => typeof handover.fields[name] !== 'string');
  if (missing) throw badRequest('handover.fields', `lacks ${missing}`);
  return { ...handover.fields };
}

/** `at` as the contract writes instants. */
function instant(at) {
  const CHINA_MS = 8 * 3_600_000;
  return new Date(at.getTime() + CHINA_MS).toISOString().replace('Z', '+08:00');
}

/** What a callback deserves that WeChat Pay did not sign, or not now (410, 411), or signed and nobody understands (401). */
const STATUS = { 410: 401, 411: 401, 401: 400 };

/**
 * A function that verifies and reads a callback of WeChat Pay: `(rawBody, headers) => Promise<{id, what}>`. The body must be the bytes as they came
 * (express.raw, a content-type parser of fastify with parseAs: 'buffer'): a body that was parsed and written again has no signature. The errors of
 * callbacks that are not genuine have a `statusCode`, 401 or 400.
 */
function callbackReader({ keys, apiv3Key, mchid, appid, now = () => new Date() }) {
  return async (rawBody, headers, options) => {
    const bytes = typeof rawBody === 'string' ? Buffer.from(rawBody, 'utf8') : rawBody;
    if (!(bytes instanceof Uint8Array)) throw refusedWith(400, badRequest('body', 'is not the raw body: bytes or text as they came, not what a framework has parsed'));
    const told = typeof headers?.entries === 'function' ? Object.fromEntries(headers.entries()) : { ...headers };
    // Only what is signed with is looked at; of others a name may stand there twice.
    const signed = Object.entries(told).filter(([name, value]) => /^wechatpay-/i.test(name) && typeof value === 'string');
    const request = {
      headers: Object.fromEntries(signed),
      body_base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
      keys,
      apiv3_key: apiv3Key,
      mchid,
      appid,
      now: instant(now()),
    };
    try {
      return await call('channel.wechat.verify', request, options);
    } catch (error) {
      throw error.code in STATUS ? refusedWith(STATUS[error.code], error) : error;
    }
  };
}

module.exports = { payParameters, callbackReader, ...message };
