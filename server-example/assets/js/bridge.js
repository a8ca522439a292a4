// The device bridge (domain/pages.md §3.7): readIdCard(), onScan(fn), printReceipt(), status(), callStaff(). A shell that hosts
// the page may put its own object at window.mjBridge before this file runs; otherwise the configured device adds to what any
// browser can do. Only that device's file is part of the download.
(function (mj) {
  'use strict';
  if (!mj.first('bridge')) return;
  const listeners = [];
  mj.bridge = window.mjBridge || {
    onScan(fn) { listeners.push(fn); },
    hear(text) { listeners.forEach((fn) => fn(text)); },
    printReceipt() { window.print(); return Promise.resolve({ ok: true }); },
    status() { return Promise.resolve({ reader: 'ok', printer: 'ok' }); },
    callStaff() { return Promise.resolve({ ok: false }); }
  };
  mj.device = JSON.parse(document.body.dataset.device || '{}');
}(window.mj));
