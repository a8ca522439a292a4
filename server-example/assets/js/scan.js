// What a scanner types is taken only when it is whole: the configured beginning and end, a body of allowed characters and
// length, and the check character where there is one. How fast keys come says nothing (domain/pages.md §2.5).
(function (mj) {
  'use strict';
  if (!mj.first('scan')) return;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  function idCard(text) {
    if (!/^\d{17}[\dX]$/.test(text)) return false;
    const sum = weights.reduce((all, weight, at) => all + weight * Number(text[at]), 0);
    return '10X98765432'[sum % 11] === text[17];
  }
  const whole = {
    card: idCard,
    health: (text) => /^[0-9A-Za-z:_=+/.-]{16,256}$/.test(text),
    voucher: (text) => /^[0-9A-Za-z:_=+/.-]{20,256}$/.test(text)
  };
  // A machine over key events: nothing until the prefix, everything until the suffix.
  function wedge(prefix, suffix, done) {
    let heard = null, head = '';
    return function (key) {
      if (heard === null) {
        if (key.length !== 1) return false;
        head = (head + key).slice(-prefix.length);
        if (head === prefix) { heard = ''; head = ''; return true; }
        return false;
      }
      if (key === suffix || (suffix.length === 1 && key === suffix)) { const body = heard; heard = null; done(body); return true; }
      if (key.length === 1) { heard += key; if (heard.length > 512) heard = null; return true; }
      return key === 'Shift';
    };
  }
  mj.scan = { whole: (way, text) => Boolean(whole[way]) && whole[way](text), wedge };
}(window.mj));
