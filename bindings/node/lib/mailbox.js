'use strict';
// Questions to the native part and their answers: one mailbox for each JavaScript thread.
const native = require('./native');
const { errorOf, aborted } = require('./errors');

const waiting = new Map();
let last = 0;

// The native part keeps nobody alive, so that a program with an open client can end; a timer does while an answer is awaited.
const LONG = 0x7fffffff;
const alive = setInterval(() => {}, LONG);
alive.unref();

function forget(number) {
  waiting.delete(number);
  if (waiting.size === 0) alive.unref();
}

function deliver(number, envelope, tables) {
  const settle = waiting.get(number);
  if (settle === undefined) return;
  forget(number);
  settle(envelope, tables);
}

const mailbox = new native.Mailbox(deliver);

/** What an envelope holds; `read` makes the response of its text. */
function opened(envelope) {
  const { response, failure } = JSON.parse(envelope);
  if (failure !== undefined) throw errorOf(failure);
  return response;
}

const RESPONSE = '{"response":';
/** The text of a response, without reading it. */
function openedText(envelope) {
  return envelope.startsWith(RESPONSE) ? envelope.slice(RESPONSE.length, -1) : opened(envelope);
}

/**
 * Asks something: `send(number)` hands it to the native part. The promise is settled with what `read` makes of the answer. Who aborts stops waiting;
 * what was asked goes on.
 */
function ask(send, read, { kind = 'read', signal } = {}) {
  if (signal?.aborted) return Promise.reject(aborted(kind, false, signal.reason));
  return new Promise((resolve, reject) => {
    const number = (last += 1);
    const stop = () => {
      // The answer still comes, to nobody.
      forget(number);
      reject(aborted(kind, true, signal.reason));
    };
    waiting.set(number, (envelope, tables) => {
      signal?.removeEventListener('abort', stop);
      try {
        resolve(read(envelope, tables));
      } catch (error) {
        reject(error);
      }
    });
    alive.ref();
    try {
      send(number);
    } catch (error) {
      forget(number);
      reject(error);
      return;
    }
    signal?.addEventListener('abort', stop, { once: true });
  });
}

module.exports = { ask, mailbox, opened, openedText };
