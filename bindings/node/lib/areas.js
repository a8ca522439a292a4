'use strict';
// Methods of operations: "settlement.pay" becomes settlement.pay, "id_document.check" idDocument.check.
const operations = require('./operations');

const kinds = new Map(operations.map((operation) => [operation.name, operation.kind]));

/** What the operation is; undefined when there is none of this name. */
const kindOf = (op) => kinds.get(op);

const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** Puts a method for every operation that `wanted` wants on `target`. */
function methods(target, wanted, make) {
  for (const { name, kind } of operations) {
    if (!wanted(kind)) continue;
    const [area, verb] = name.split('.');
    const holder = verb === undefined ? target : (target[camel(area)] ??= {});
    holder[camel(verb ?? area)] = make(name, kind);
  }
  return target;
}

module.exports = { kindOf, methods };
