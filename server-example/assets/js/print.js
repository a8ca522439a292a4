// The slip: printed, or, when the printer cannot, a code with the same words and what the printer said.
(function (mj) {
  'use strict';
  if (!mj.first('print')) return;
  const patience = 15000;
  let failed = '', seen = '';
  const place = () => mj.one('[data-printing]');
  function say(text) { mj.one('[data-printed]', place()).textContent = text; }
  function instead(code) {
    const box = place();
    if (!box) return;
    failed = code || box.dataset.silent;
    mj.one('[data-print]', box).hidden = true;
    say(box.dataset.failed.replace('{code}', failed));
    const slip = mj.one('[data-slip]', box);
    if (!slip.dataset.asked) { slip.dataset.asked = '1'; window.htmx.ajax('GET', slip.dataset.slip, { target: slip, swap: 'innerHTML' }); }
  }
  /** What goes to a printer that takes markup: the slip without pictures and buttons. */
  function markup() {
    const copy = mj.one('.next').cloneNode(true);
    mj.all('.icon, a, button, figcaption, h2', copy).forEach((element) => element.remove());
    return copy.innerHTML;
  }
  function print() {
    const box = place();
    mj.one('[data-print]', box).disabled = true;
    mj.answered(() => mj.bridge.printReceipt(markup()), patience).then((answer) => {
      if (!place()) return;
      if (answer && answer.ok) say(box.dataset.sent); else instead(String((answer && answer.code) || ''));
    }, (error) => instead(/^HTTP/.test(error.message) ? error.message : '')).then(() => { const button = mj.one('[data-print]'); if (button) button.disabled = false; });
  }
  document.addEventListener('click', (event) => { if (event.target.closest('[data-print]')) print(); });
  mj.part(() => {
    const box = place(), id = box ? mj.one('[data-slip]', box).dataset.slip : '';
    if (id !== seen) { seen = id; failed = ''; if (id && mj.bridge.status) mj.answered(() => mj.bridge.status(), patience).then((state) => { const code = mj.printerFault(state); if (code) instead(code); }, () => {}); }
    // The part came again, e.g. with its invoice.
    if (box && failed) instead(failed);
  });
}(window.mj));
