// The demonstration's device: buttons and a paste box on the identify page.
(function (mj) {
  'use strict';
  if (!mj.first('device')) return;
  document.addEventListener('click', (event) => {
    const sample = event.target.closest('[data-token]');
    if (sample) mj.bridge.hear(sample.dataset.token);
    if (!event.target.closest('[data-read]')) return;
    const box = mj.one('[data-paste]'), text = box.value;
    box.value = '';
    mj.bridge.hear(text);
  });
}(window.mj));
