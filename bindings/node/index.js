'use strict';
const native = require('./lib/native');
const errors = require('./lib/errors');
const { info, call, callText, callSync, batch } = require('./lib/alone');
const { methods } = require('./lib/areas');
const { Client, open } = require('./lib/client');
const { done, refused, unsent, unknown } = require('./lib/ports');
const wechat = require('./lib/wechat');

const { MenjieError, MisuseError, ValidationError, ConflictError, NotFoundError, CounterpartError, StoreError, CryptoError, InternalError, AbortedError } = errors;

const alone = (op, kind) => {
  const method = (request, options) => call(op, request, options);
  if (kind === 'pure') method.sync = (request) => callSync(op, request);
  return method;
};

module.exports = methods(
  {
    version: info.version,
    buildInfo: () => JSON.parse(native.buildInfo()),
    /** Places in the source where faults of ours were caught (error 901), for a report. */
    faults: () => native.faults(),
    open,
    Client,
    call,
    callText,
    callSync,
    batch,
    done,
    refused,
    unsent,
    unknown,
    wechat,
    MenjieError,
    MisuseError,
    ValidationError,
    ConflictError,
    NotFoundError,
    CounterpartError,
    StoreError,
    CryptoError,
    InternalError,
    AbortedError,
  },
  (kind) => kind === 'pure' || kind === 'local',
  alone,
);
