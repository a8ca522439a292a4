'use strict';
// Methods of operations: "settlement.pay" becomes settlement.pay, "id_document.check" idDocument.check.
const operations = require('./operations');

const kinds = new Map(operations.map((operation) => [operation.name, operation.kind]));

/** What the operation is; undefined when there is none of this name. */
const kindOf = (op) => kinds.get(op);

/** The name of something of the contract in JavaScript. */
const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** Puts a method for every operation that `wanted` wants on `target`. */
function methods(target, wanted, make) {
  for (const { name, kind } of operations) {
    if (!wanted(kind)) continue;
    const path = name.split('.').map(camel);
    const method = path.pop();
    const holder = path.reduce((at, part) => (at[part] ??= {}), target);
    holder[method] = make(name, kind);
  }
  return target;
}

module.exports = { camel, kindOf, methods };
