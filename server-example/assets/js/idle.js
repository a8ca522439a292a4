// A kiosk left alone asks, then wipes. How long is on the page: data-idle seconds without a touch, then data-warn seconds of
// asking; without data-warn the page counts down in sight and leaves. Pages with money on its way have no data-idle.
(function (mj) {
  'use strict';
  if (!mj.first('idle')) return;
  // The server keeps the session not much longer than the page waits, so it hears of touches (session.rs: TOUCH_S).
  const tell = 30000;
  let touched = mj.clock.now(), told = touched;
  let warned = 0;

  function limits() {
    const all = mj.all('[data-idle]');
    const last = all[all.length - 1];
    return last ? { idle: Number(last.dataset.idle) * 1000, warn: Number(last.dataset.warn) * 1000 } : null;
  }
  function leave() {
    const home = '/k', gone = () => window.location.replace(home);
    mj.one('#main').textContent = '';
    mj.one('#main').removeAttribute('data-idle');
    mj.all('.who').forEach((who) => who.remove());
    fetch(home + '/exit', { method: 'POST', redirect: 'manual', keepalive: true }).then(gone, gone);
    mj.bridge.cancelPrint();
  }
  function alive() {
    told = mj.clock.now();
    fetch('/k/alive', { method: 'POST', headers: { 'hx-request': 'true' } }).then((answer) => { if (answer.status === 401) leave(); }, () => {});
  }
  function stay() {
    touched = mj.clock.now();
    warned = 0;
    const dialog = mj.one('#idle');
    if (dialog && dialog.open) dialog.close();
  }
  function look() {
    const limit = limits();
    const dialog = mj.one('#idle');
    if (!limit || !dialog) { touched = mj.clock.now(); return; }
    const quiet = mj.clock.now() - touched;
    if (touched > told && mj.clock.now() - told >= tell) alive();
    if (!limit.warn) {
      const left = Math.max(0, Math.ceil((limit.idle - quiet) / 1000));
      mj.all('[data-exit-left]').forEach((shown) => { shown.hidden = false; shown.textContent = left; });
      if (!left) leave();
      return;
    }
    if (quiet < limit.idle) return;
    if (!warned) { warned = mj.clock.now(); if (!dialog.open) dialog.showModal(); }
    const left = Math.max(0, Math.ceil((warned + limit.warn - mj.clock.now()) / 1000));
    mj.one('[data-left]', dialog).textContent = left;
    if (!left) leave();
  }
  ['pointerdown', 'keydown', 'touchstart', 'wheel', 'scroll'].forEach((kind) => document.addEventListener(kind, () => { if (!warned) touched = mj.clock.now(); }, { passive: true, capture: true }));
  document.addEventListener('click', (event) => { if (event.target.closest('[data-stay]')) stay(); });
  // Escape would close the question without an answer: it counts as one.
  document.addEventListener('cancel', (event) => { if (event.target.id === 'idle') stay(); }, true);
  // Leaving leaves no page to come back to.
  document.addEventListener('submit', (event) => { if (event.target.matches('[data-exit]')) { event.preventDefault(); leave(); } });
  document.addEventListener('click', (event) => { const link = event.target.closest('a[data-exit]'); if (link) { event.preventDefault(); event.stopPropagation(); leave(); } }, true);
  mj.part(() => { if (!warned) touched = told = mj.clock.now(); });
  mj.clock.each(1000, look);
  mj.idle = { stay, leave, touch() { touched = mj.clock.now(); } };
}(window.mj));
