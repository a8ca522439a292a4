// Is it a fault? Codes as kiosk printers give them: 107000 ready, 107001 busy, 307001 paper low, 307002 no paper, 307003 jam,
// 4070xx broken.
(function (mj) {
  'use strict';
  const fine = ['107000', '107001', '307001'];
  // A device that says nothing of itself is believed to work: a slip that fails says so then.
  mj.printerFault = (state) => { const code = String((state && state.printer) || ''); return !code || fine.includes(code) ? '' : code; };
}(window.mj));
