// Large keys on the screen for the field above them, or for the one of several that was touched last.
(function (mj) {
  'use strict';
  if (!mj.first('keypad')) return;
  const fields = () => mj.all('[data-typed]');
  function aim(field) {
    const all = fields();
    all.forEach((one) => { delete one.dataset.target; });
    if (field && all.length > 1) field.dataset.target = '1';
  }
  document.addEventListener('focusin', (event) => { if (event.target.matches('[data-typed]')) aim(event.target); });
  mj.part(() => aim(fields().find((field) => field === document.activeElement) || fields()[0]));
  document.addEventListener('click', (event) => {
    const key = event.target.closest('[data-key]');
    if (!key) return;
    const field = mj.one('[data-typed][data-target]') || fields()[0];
    if (key.dataset.key === 'back') field.value = field.value.slice(0, -1);
    else if (field.value.length < field.maxLength) field.value += key.dataset.key;
  });
  // "Send again" waits until the gateway allows it.
  let until = 0, shownFor = null;
  mj.clock.each(1000, () => {
    const again = mj.one('[data-wait]');
    if (!again || !again.disabled || again.dataset.held) return;
    if (again !== shownFor) { shownFor = again; until = mj.clock.now() + Number(again.dataset.wait) * 1000; }
    const left = Math.max(0, Math.ceil((until - mj.clock.now()) / 1000));
    mj.one('[data-wait-left]', again).textContent = left ? ' ' + left : '';
    if (!left) again.disabled = false;
  });
}(window.mj));
