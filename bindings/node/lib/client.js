'use strict';
// Clients: the hospital's server, or an engine of this process.
const native = require('./native');
const { badRequest, closed } = require('./errors');
const { info, named } = require('./alone');
const { kindOf, methods } = require('./areas');
const { ask, mailbox, opened } = require('./mailbox');
const ports = require('./ports');
const { written } = require('./request');

const OURS = Symbol('made by open');

class Client {
  #engine;
  #closing;
  #under = new Set();

  constructor(made, engine) {
    if (made !== OURS) throw new TypeError('menjie: clients are made by open(config)');
    this.#engine = engine;
    methods(this, () => true, (op) => (request, options) => this.call(op, request, options));
    Object.freeze(this);
  }

  async call(op, request, { signal, caller } = {}) {
    const [name, text] = [named(op), written(request, info)];
    if (this.#closing) throw closed();
    const who = caller === undefined ? null : written(caller, info);
    const called = ask((number) => this.#engine.call(number, who, name, text), opened, { kind: kindOf(name), signal });
    this.#under.add(called);
    try {
      return await called;
    } finally {
      this.#under.delete(called);
    }
  }

  /** Can it be called? */
  get isOpen() {
    return this.#closing === undefined && this.#engine.isOpen();
  }

  /** Waits for calls that are under way, then ends everything. True when all has ended in time. */
  close() {
    return (this.#closing ??= (async () => {
      await Promise.allSettled([...this.#under]);
      return ask((number) => this.#engine.close(number), opened);
    })());
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await this.close();
  }
}

/** Opens a client: `{server: url | {url, token}}`, or the configuration of an engine with `ports` of the program. */
async function open(config) {
  if (config === null || typeof config !== 'object' || Array.isArray(config)) throw badRequest('config', 'is not an object');
  const { ports: given, ...rest } = config;
  const gateways = ports.known(given);
  const server = typeof rest.server === 'string' ? { url: rest.server } : rest.server;
  const text = written(server === undefined ? rest : { ...rest, server }, info);
  let engine;
  const reply = (token, answer) => engine.reply(token, answer);
  engine = new native.Engine(mailbox, Object.keys(gateways), ports.asking(gateways, reply));
  await ask((number) => engine.open(number, text), opened);
  return new Client(OURS, engine);
}

module.exports = { Client, open };
