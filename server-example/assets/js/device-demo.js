// The demonstration's device: buttons and a paste box on the identify page; its printer always has paper and somebody always comes.
(function (mj) {
  'use strict';
  if (!mj.first('device')) return;
  mj.equip({ status: () => Promise.resolve({ printer: '107000', reader: 'ok' }), callStaff: () => Promise.resolve({ ok: true }) });
  document.addEventListener('click', (event) => {
    const sample = event.target.closest('[data-token]');
    if (sample) mj.bridge.hear(sample.dataset.token);
    if (!event.target.closest('[data-read]')) return;
    const box = mj.one('[data-paste]'), text = box.value;
    box.value = '';
    mj.bridge.hear(text);
  });
}(window.mj));
