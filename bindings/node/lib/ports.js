'use strict';
// Ports that the program implements: plain objects with async functions.
const { camel } = require('./areas');
const { badRequest } = require('./errors');

const PORTS = ['his', 'channel', 'insurer', 'invoice', 'notifier', 'log'];

/** It was done; what came of it. */
const done = (value = null) => ({ outcome: 'done', value });
/** The counterpart said no, and nothing has happened there. */
const refused = (code, text) => ({ outcome: 'refused', value: { code, text } });
/** Nothing has left this machine. */
const unsent = (code, text) => ({ outcome: 'unsent', value: { code, text } });
/** Nobody knows what has happened: a time-out, a lost connection. */
const unknown = (code, text) => ({ outcome: 'unknown', value: { code, text } });

/** The ports as they were given, checked. */
function known(ports = {}) {
  if (ports === null || typeof ports !== 'object') throw badRequest('ports', 'is not an object');
  for (const name of Object.keys(ports)) {
    if (!PORTS.includes(name)) throw badRequest('ports', `holds a port that is none of ${PORTS.join(', ')}`);
    if (ports[name] === null || typeof ports[name] !== 'object') throw badRequest(`ports.${name}`, 'is not an object with functions');
  }
  return ports;
}

/** What the program answers, as text. Whatever goes wrong here is unknown: it may have happened. */
async function answered(ports, question) {
  const { token, request, ...cx } = question;
  const word = camel(cx.method.slice(cx.method.indexOf('.') + 1));
  const gateway = ports[cx.port];
  if (typeof gateway?.[word] !== 'function') return unsent('no_method', `the port has no function ${word}`);
  return gateway[word](request, cx);
}

/** The function that the native part asks; `reply(token, answer)` takes the answers. */
function asking(ports, reply) {
  return (text) => {
    const question = JSON.parse(text);
    const failed = (code) => JSON.stringify(unknown(code, 'the port of the program has failed'));
    answered(ports, question).then(
      (answer) => {
        let json;
        try {
          json = JSON.stringify(answer);
        } catch {
          json = undefined;
        }
        reply(question.token, json ?? failed('no_answer'));
      },
      // What was thrown may hold personal data: it stays here.
      () => reply(question.token, failed('thrown')),
    );
  };
}

module.exports = { known, asking, done, refused, unsent, unknown };
