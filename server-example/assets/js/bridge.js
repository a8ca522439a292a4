// The device bridge (domain/pages.md §3.7): readIdCard(), onScan(cb), printReceipt(), status(), callStaff(). A shell that hosts
// the page may put its own object at window.mjBridge before this file runs; otherwise the configured device speaks.
(function (mj) {
  'use strict';
  if (!mj.first('bridge')) return;
  const config = JSON.parse((document.body && document.body.dataset.device) || '{"kind":"none"}');
  const listeners = [];
  const hear = (text) => listeners.forEach((fn) => fn(text));
  const common = {
    onScan(fn) { listeners.push(fn); },
    printReceipt() { window.print(); return Promise.resolve({ ok: true }); },
    status() { return Promise.resolve({ reader: 'ok', printer: 'ok' }); },
    callStaff() { return Promise.resolve({ ok: false }); },
    readIdCard() { return Promise.resolve(null); }
  };
  const kinds = {
    none: () => common,
    demo: () => Object.assign({}, common, { put: hear }),
    wedge: () => {
      const take = mj.scan.wedge(config.prefix, config.suffix, hear);
      document.addEventListener('keydown', (event) => { if (!event.ctrlKey && !event.altKey && take(event.key)) { event.preventDefault(); event.stopPropagation(); } }, true);
      return common;
    },
    agent: () => {
      const call = (path, body) => fetch(config.url + path, { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer ' + config.token }, body: JSON.stringify(body || {}) })
        .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); });
      return Object.assign({}, common, {
        readIdCard: () => call('/id-card').then((card) => card.id_no || null),
        scanOnce: () => call('/scan').then((code) => { if (code.text) hear(code.text); return code.text || null; }),
        printReceipt: () => call('/print', { html: (mj.one('.slip') || {}).innerHTML || '' }),
        status: () => call('/status'),
        callStaff: () => call('/call-staff')
      });
    }
  };
  mj.bridge = window.mjBridge || (kinds[config.kind] || kinds.none)();
}(window.mj));
