'use strict';
// Requests as text. What JSON.stringify would change or drop in silence is refused by the name of its field: numbers that JavaScript has rounded
// already, fractions where whole fen belong, NaN, functions, dates.
const { types } = require('node:util');
const { badRequest } = require('./errors');

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
/** A key of the request, if it can be shown: it may be a name or a number of a patient. */
const shown = (key) => (IDENTIFIER.test(key) ? key : '?');

function number(value, path, key) {
  if (Number.isNaN(value) || !Number.isFinite(value)) {
    throw badRequest(path, 'is not a finite number');
  }
  if (Number.isInteger(value) ? !Number.isSafeInteger(value) : key.endsWith('_fen')) {
    throw badRequest(path, Number.isInteger(value) ? 'is a whole number beyond 2^53, which JavaScript has rounded' : 'is not a whole number; amounts are whole fen');
  }
}

function wrongObject(value) {
  if (types.isDate(value)) return 'is a Date; times are texts with their offset, e.g. 2026-03-10T10:00:00+08:00';
  if (types.isPromise(value)) return 'is a promise; await it first';
  if (types.isMap(value) || types.isSet(value)) return 'is a Map or Set; use an object or array';
  if (types.isArrayBufferView(value) || types.isAnyArrayBuffer(value)) return 'is binary; bytes are texts in base64 or hex, as the operation says';
  if (types.isBoxedPrimitive(value)) return 'is a boxed value';
  return typeof value.toJSON === 'function' ? 'writes itself (toJSON), so it cannot be checked' : undefined;
}

function check(value, path, key, depth, limits) {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      number(value, path, key);
      return;
    case 'undefined':
      throw badRequest(path, 'is undefined');
    case 'object':
      break;
    default:
      throw badRequest(path, `is a ${typeof value}, which JSON does not have`);
  }
  if (value === null) return;
  const wrong = wrongObject(value);
  if (wrong) throw badRequest(path, wrong);
  if (depth >= limits.max_depth) throw badRequest(path, `is nested too deep (at most ${limits.max_depth} levels)`);
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) check(value[at], `${path}[${at}]`, '', depth + 1, limits);
    return;
  }
  for (const name of Object.keys(value)) {
    // A member that is undefined is one that is not there, as everywhere in JavaScript.
    if (value[name] !== undefined) check(value[name], path ? `${path}.${shown(name)}` : shown(name), name, depth + 1, limits);
  }
}

/** The request as text. A text is JSON already and goes as it stands. */
function written(request, limits) {
  const text = typeof request === 'string' ? request : stringified(request, limits);
  // As many bytes at least: what is longer is not even copied.
  if (text.length > limits.max_bytes) throw badRequest('', `is longer than ${limits.max_bytes} bytes`);
  return text;
}

function stringified(request, limits) {
  if (request === null || typeof request !== 'object' || Array.isArray(request)) throw badRequest('', 'is not an object');
  check(request, '', '', 0, limits);
  return JSON.stringify(request);
}

module.exports = { written };
