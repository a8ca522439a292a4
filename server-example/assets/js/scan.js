// What a device read is taken only when it is whole: allowed characters, length, and the check character where there is one.
(function (mj) {
  'use strict';
  if (!mj.first('scan')) return;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const whole = {
    card(text) {
      if (!/^\d{17}[\dX]$/.test(text)) return false;
      const sum = weights.reduce((all, weight, at) => all + weight * Number(text[at]), 0);
      return '10X98765432'[sum % 11] === text[17];
    },
    health: (text) => /^[0-9A-Za-z:_=+/.-]{16,256}$/.test(text),
    voucher: (text) => /^[0-9A-Za-z:_=+/.-]{20,256}$/.test(text)
  };
  mj.scan = { whole: (way, text) => Boolean(whole[way]) && whole[way](text) };
}(window.mj));
