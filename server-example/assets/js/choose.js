// The sum of what is ticked, for the eye; the server adds up by itself.
(function (mj) {
  'use strict';
  if (!mj.first('choose')) return;
  function yuan(fen) {
    const text = String(Math.abs(fen)).padStart(3, '0');
    return (fen < 0 ? '-' : '') + text.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',') + '.' + text.slice(-2);
  }
  function show() {
    const form = mj.one('[data-choose]');
    if (!form) return;
    const ticked = mj.all('input[data-fen]', form).filter((box) => box.checked);
    const count = mj.one('[data-count]'), total = mj.one('[data-total]'), go = mj.one('[data-submit]');
    if (count) count.textContent = ticked.length;
    if (total) total.textContent = yuan(ticked.reduce((sum, box) => sum + Number(box.dataset.fen), 0));
    if (go && !mj.offline.down()) go.disabled = ticked.length === 0;
  }
  document.addEventListener('change', (event) => { if (event.target.matches('[data-fen]')) show(); });
  mj.part(show);
}(window.mj));
