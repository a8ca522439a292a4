'use strict';
// Members of a JSON document as they are written there: JSON.parse forgets how a number was.

const skipSpace = (text, at) => {
  while (/\s/.test(text[at])) at += 1;
  return at;
};

/** Where the value that begins at `at` ends. */
function end(text, at) {
  if (text[at] === '"') {
    for (at += 1; text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1;
    return at + 1;
  }
  if (text[at] === '{' || text[at] === '[') {
    let deep = 0;
    for (;;) {
      if (text[at] === '"') {
        at = end(text, at);
        continue;
      }
      if (text[at] === '{' || text[at] === '[') deep += 1;
      if (text[at] === '}' || text[at] === ']') deep -= 1;
      at += 1;
      if (deep === 0) return at;
    }
  }
  while (!/[\s,\]}]/.test(text[at])) at += 1;
  return at;
}

/** The values of an array, or the members of an object, as texts. */
function parts(text) {
  const named = text[0] === '{';
  const found = named ? {} : [];
  let at = skipSpace(text, 1);
  while (text[at] !== '}' && text[at] !== ']') {
    let name;
    if (named) {
      const close = end(text, at);
      name = JSON.parse(text.slice(at, close));
      at = skipSpace(text, skipSpace(text, close) + 1);
    }
    const close = end(text, at);
    if (named) found[name] = text.slice(at, close);
    else found.push(text.slice(at, close));
    at = skipSpace(text, close);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return found;
}

/** The cases of a vector file, each with its members as texts. */
const rawCases = (text) => parts(parts(text.trim()).cases).map(parts);

module.exports = { rawCases };
