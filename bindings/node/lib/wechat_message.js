'use strict';
// Messages of an official account in safe mode (消息加解密): AES-256-CBC under the EncodingAESKey, signed with the account's token.
// The plain text is 16 random bytes, the length (four bytes, big end first), the message and the app id, padded to blocks of 32 bytes.
const crypto = require('node:crypto');
const { errorOf, refusedWith } = require('./errors');

const BLOCK = 32;
const RANDOM = 16;
const LENGTH = 4;

const broken = () => errorOf({ code: 801, kind: 'crypto', retry: 'never', message: 'sealed data does not open: wrong key or tampered data', context: {} });
const badKey = () => errorOf({ code: 800, kind: 'crypto', retry: 'never', message: 'a key is missing, expired or has a wrong length', context: { field: 'encodingAesKey' } });
const badSignature = () => refusedWith(401, errorOf({ code: 410, kind: 'crypto', retry: 'never', message: 'the signature does not verify', context: {} }));

function keyOf(encodingAesKey) {
  // 43 letters and digits: 32 bytes in base64 without its padding.
  if (typeof encodingAesKey !== 'string' || !/^[A-Za-z0-9]{43}$/.test(encodingAesKey)) throw badKey();
  return Buffer.from(`${encodingAesKey}=`, 'base64');
}

/** What WeChat signs: the parts in the order of their bytes, hashed with SHA-1. */
function signatureOf(parts) {
  return crypto.createHash('sha1').update([...parts].sort().join('')).digest();
}

function check(parts, signature) {
  const wanted = signatureOf(parts);
  const given = /^[0-9a-f]{40}$/i.test(signature ?? '') ? Buffer.from(signature, 'hex') : Buffer.alloc(wanted.length);
  if (parts.some((part) => typeof part !== 'string') || !crypto.timingSafeEqual(wanted, given)) throw badSignature();
}

/** Is this request of the account's own server (the check of the address, 验证服务器地址)? Throws when it is not. */
function checkAddress({ token, timestamp, nonce, signature }) {
  check([token, timestamp, nonce], signature);
}

/** Opens a message: `encrypted` is the text of `Encrypt` in the body, the rest stands in the address of the request. Gives the XML or JSON inside. */
function openMessage({ token, encodingAesKey, appid, timestamp, nonce, msgSignature, encrypted }) {
  const key = keyOf(encodingAesKey);
  check([token, timestamp, nonce, encrypted], msgSignature);
  const sealed = Buffer.from(encrypted, 'base64');
  if (sealed.length === 0 || sealed.length % BLOCK !== 0) throw broken();
  const cipher = crypto.createDecipheriv('aes-256-cbc', key, key.subarray(0, RANDOM)).setAutoPadding(false);
  const padded = Buffer.concat([cipher.update(sealed), cipher.final()]);
  const pad = padded[padded.length - 1];
  if (pad < 1 || pad > BLOCK || !padded.subarray(-pad).every((byte) => byte === pad)) throw broken();
  const plain = padded.subarray(0, padded.length - pad);
  if (plain.length < RANDOM + LENGTH) throw broken();
  const end = RANDOM + LENGTH + plain.readUInt32BE(RANDOM);
  if (end > plain.length || plain.toString('utf8', end) !== appid) throw broken();
  return plain.toString('utf8', RANDOM + LENGTH, end);
}

module.exports = { checkAddress, openMessage };
