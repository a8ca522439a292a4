// What printer and reader say of themselves. Their faults are told on the home page and stop nobody.
(function (mj) {
  'use strict';
  if (!mj.first('device-states')) return;
  const every = 15000, patience = 5000;
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
