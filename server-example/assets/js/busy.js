// Work that takes longer than a blink is shown after 300 ms and said in words after three seconds; a button that was pressed
// cannot be pressed again.
(function (mj) {
  'use strict';
  if (!mj.first('busy')) return;
  let first = 0, second = 0;
  function clear() {
    mj.clock.stop(first);
    mj.clock.stop(second);
    const busy = mj.one('#busy');
    if (busy) { busy.hidden = true; mj.one('[data-words]', busy).hidden = true; }
  }
  // A whole page comes, by a link or form or because a part said so.
  const whole = (event) => event.detail.boosted || event.detail.target === document.body;
  document.addEventListener('htmx:beforeRequest', (event) => {
    if (!whole(event)) return;
    clear();
    first = mj.clock.after(300, () => { const busy = mj.one('#busy'); if (busy) busy.hidden = false; });
    second = mj.clock.after(3000, () => { const words = mj.one('#busy [data-words]'); if (words) words.hidden = false; });
    event.detail.elt.dataset.sent = '1';
  });
  document.addEventListener('htmx:afterRequest', (event) => {
    if (!whole(event)) return;
    clear();
    delete event.detail.elt.dataset.sent;
  });
  document.addEventListener('htmx:confirm', (event) => { if (event.detail.elt.dataset.sent) event.preventDefault(); });
  document.addEventListener('htmx:afterSwap', (event) => {
    if (!whole(event)) return;
    window.scrollTo(0, 0);
    const wrong = mj.one('[autofocus]');
    if (wrong) wrong.focus();
    else mj.one('#main').focus({ preventScroll: true });
  });
}(window.mj));
