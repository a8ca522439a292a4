// The device bridge (domain/pages.md §3.7): readIdCard(), scanOnce(), onScan(fn), printReceipt(), cancelPrint(), status(), callStaff(). What any
// browser can do is here; the configured device adds to it (only its file is part of the download); a shell that hosts the page
// may put its own object at window.mjBridge before this file runs, and what it has wins. What nobody has is not there.
(function (mj) {
  'use strict';
  if (!mj.first('bridge')) return;
  const listeners = [];
  const shell = {};
  ['readIdCard', 'scanOnce', 'onScan', 'printReceipt', 'cancelPrint', 'status', 'callStaff'].forEach((name) => {
    const own = window.mjBridge;
    if (own && typeof own[name] === 'function') shell[name] = (...given) => own[name](...given);
  });
  mj.bridge = {
    onScan(fn) { listeners.push(fn); },
    hear(text) { listeners.forEach((fn) => fn(text)); },
    // Where it went nobody says: Chromium prints without asking when the kiosk is set up for it.
    printReceipt() { window.print(); return Promise.resolve({ ok: true }); },
    // A browser has no queue of its own.
    cancelPrint() {}
  };
  mj.equip = (methods) => Object.assign(mj.bridge, methods, shell);
  mj.equip({});
  mj.device = JSON.parse(document.body.dataset.device || '{}');
  // A device that does not answer must not keep a patient waiting.
  mj.answered = (asked, ms) => Promise.race([Promise.resolve().then(asked), new Promise((_, fail) => { mj.clock.after(ms, () => fail(new Error('no answer'))); })]);
}(window.mj));
