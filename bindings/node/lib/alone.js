'use strict';
// What needs no client: rules, national algorithms, the sealed log, batches.
const native = require('./native');
const { badRequest } = require('./errors');
const { kindOf } = require('./areas');
const { ask, mailbox, opened, openedText } = require('./mailbox');
const { written } = require('./request');

/** Version, limits and operations of the native part. */
const info = JSON.parse(native.buildInfo());

/** The name of an operation, or the error that it is none. */
function named(op) {
  if (typeof op !== 'string') throw badRequest('op', 'is not a text');
  return op;
}

async function call(op, request, { signal } = {}) {
  const [name, text] = [named(op), written(request, info)];
  return ask((number) => mailbox.call(number, name, text), opened, { kind: kindOf(name), signal });
}

async function callText(op, text, { signal } = {}) {
  if (typeof text !== 'string') throw badRequest('', 'is not a text');
  const [name, request] = [named(op), written(text, info)];
  return ask((number) => mailbox.call(number, name, request), openedText, { kind: kindOf(name), signal });
}

/** Blocks: for small pure operations. */
function callSync(op, request) {
  const kind = kindOf(named(op));
  if (kind !== undefined && kind !== 'pure') throw badRequest('op', 'only what computes has a sync form');
  return opened(native.callSync(op, written(request, info)));
}

async function batch(op, request, tables, { signal } = {}) {
  const [name, text] = [named(op), written(request, info)];
  if (tables === null || typeof tables !== 'object') throw badRequest('tables', 'is not an object');
  const names = Object.keys(tables);
  const bytes = names.map((table) => {
    if (!(tables[table] instanceof Uint8Array)) throw badRequest(`tables.${/^[a-z_]+$/.test(table) ? table : '?'}`, 'is no Buffer or Uint8Array with an Arrow IPC stream');
    return tables[table];
  });
  const read = (envelope, results) => {
    const { response, tables: made } = opened(envelope);
    return { response, tables: Object.fromEntries(made.map((table, at) => [table, results[at]])) };
  };
  return ask((number) => mailbox.batch(number, name, text, names, bytes), read, { kind: 'pure', signal });
}

module.exports = { info, named, call, callText, callSync, batch };
