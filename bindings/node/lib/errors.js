'use strict';
// Errors by kind. Messages and context hold no personal data (docs/errors.md), so they may be logged.

/** Every failure. `code` is the stable number, `retry` says whether the same may be asked again. */
class MenjieError extends Error {
  #text;

  constructor({ code, kind, retry, message, context }, options) {
    const { field, problem } = context;
    super(problem ? `${message} (${field ? `${field}: ` : ''}${problem}) [${code}]` : `${message} [${code}]`, options);
    this.#text = message;
    this.code = code;
    this.kind = kind;
    this.retry = retry;
    this.context = context;
  }

  /** As every other host writes it. */
  toJSON() {
    const { code, kind, retry, context } = this;
    return { code, kind, retry, message: this.#text, context };
  }
}

/** The call itself is wrong. */
class MisuseError extends MenjieError {}
/** A field is missing or wrong. */
class ValidationError extends MenjieError {}
/** Same key, other request; or the object changed meanwhile. */
class ConflictError extends MenjieError {}
/** Not there, or not the caller's. */
class NotFoundError extends MenjieError {}
/** A counterpart could not be reached, or its answer is not understood. */
class CounterpartError extends MenjieError {}
/** The store failed. */
class StoreError extends MenjieError {}
/** Keys, seals, signatures. */
class CryptoError extends MenjieError {}
/** A fault of ours. */
class InternalError extends MenjieError {}
/** Nobody waits any more: the signal was aborted. `retry` says what that means. */
class AbortedError extends MenjieError {}

const byKind = {
  misuse: MisuseError,
  validation: ValidationError,
  conflict: ConflictError,
  not_found: NotFoundError,
  counterpart: CounterpartError,
  store: StoreError,
  crypto: CryptoError,
  internal: InternalError,
  aborted: AbortedError,
};

for (const type of [MenjieError, ...Object.values(byKind)]) {
  Object.defineProperty(type.prototype, 'name', { value: type === AbortedError ? 'AbortError' : type.name, configurable: true, writable: true });
}

/** The error of an envelope. */
function errorOf(failure, options) {
  return new byKind[failure.kind](failure, options);
}

/** A request that cannot be sent: where, and what is wrong there. Words and number are those of the core. */
function badRequest(field, problem) {
  const context = field ? { field, problem } : { problem };
  return errorOf({ code: 2, kind: 'misuse', retry: 'never', message: 'the request does not have the shape of this operation', context });
}

/**
 * The error, for a request from outside that is not what it says it is: express and fastify answer with `statusCode`. What is wrong with the
 * program's own keys or configuration has none, so it stays a 500, and whoever called calls again.
 */
function refusedWith(statusCode, error) {
  return Object.assign(error, { statusCode });
}

/** The client is closed; the number is the C library's for a handle that was freed. */
function closed() {
  return errorOf({ code: 12, kind: 'misuse', retry: 'never', message: 'the client is closed', context: { field: 'client' } });
}

/** What may have been done when nobody waits any more, by kind of operation; what only reads or computes has done nothing. */
const perhaps = {
  command: '; it is not known what the command has done: ask, or repeat with the same idempotency key',
  session: '; a session may have been opened or ended, a message with a code sent',
};

/** Nobody waits any more. */
function aborted(kind, sent, reason) {
  const unknown = sent && kind in perhaps;
  const message = `the waiting was aborted${unknown ? perhaps[kind] : ''}`;
  const context = { sent: sent ? 'yes' : 'no' };
  return errorOf({ code: 0, kind: 'aborted', retry: unknown ? 'after_query' : 'same_key', message, context }, { cause: reason });
}

module.exports = { MenjieError, MisuseError, ValidationError, ConflictError, NotFoundError, CounterpartError, StoreError, CryptoError, InternalError, AbortedError, errorOf, badRequest, refusedWith, closed, aborted };
