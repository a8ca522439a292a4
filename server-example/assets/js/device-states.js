// What printer and reader say of themselves. Their faults are told on the home page and stop nobody. Codes as kiosk printers
// give them: 107000 ready, 107001 busy, 307001 paper low, 307002 no paper, 307003 jam, 4070xx broken.
(function (mj) {
  'use strict';
  if (!mj.first('device-states')) return;
  const fine = ['107000', '107001', '307001'], every = 15000, patience = 5000;
  // A device that says nothing of itself is believed to work: a slip that fails says so then.
  mj.printerFault = (state) => { const code = String((state && state.printer) || ''); return !code || fine.includes(code) ? '' : code; };
  function tell(id, word, code) {
    const banner = mj.one(id);
    if (!banner) return;
    banner.hidden = !code;
    const said = mj.one('span', banner), text = code ? banner.dataset[word].replace('{code}', code) : '';
    if (said.textContent !== text) said.textContent = text;
  }
  function look() {
    if (!mj.one('#printer') || !mj.bridge || !mj.bridge.status) return;
    mj.answered(() => mj.bridge.status(), patience).then((state) => {
      const printer = mj.printerFault(state), reader = String((state && state.reader) || 'ok');
      tell('#printer', printer === '307002' ? 'empty' : 'broken', printer);
      tell('#reader', 'down', reader === 'ok' ? '' : reader);
    }, () => {});
  }
  mj.part(look);
  mj.clock.each(every, look);
}(window.mj));
