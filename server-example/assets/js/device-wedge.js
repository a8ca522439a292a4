// A scanner that types: nothing counts until the prefix, everything until the suffix. How fast keys come says nothing
// (domain/pages.md §2.5).
(function (mj) {
  'use strict';
  if (!mj.first('device')) return;
  const { prefix, suffix } = mj.device;
  let heard = null, head = '';
  function take(key) {
    if (heard === null) {
      if (key.length !== 1) return false;
      head = (head + key).slice(-prefix.length);
      if (head !== prefix) return false;
      heard = '';
      head = '';
      return true;
    }
    if (key === suffix) { const body = heard; heard = null; mj.bridge.hear(body); return true; }
    if (key.length !== 1) return key === 'Shift';
    heard = heard.length < 512 ? heard + key : null;
    return true;
  }
  document.addEventListener('keydown', (event) => {
    if (!event.ctrlKey && !event.altKey && take(event.key)) { event.preventDefault(); event.stopPropagation(); }
  }, true);
}(window.mj));
