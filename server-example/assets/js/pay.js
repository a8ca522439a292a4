// The seconds of an order and the pay sheet. What these know is for the eye: the server says what became of the money.
(function (mj) {
  'use strict';
  if (!mj.first('pay')) return;
  let until = 0, shownFor = null;
  mj.part(() => {
    const left = mj.one('.left[data-left]');
    if (left && left !== shownFor) { until = mj.clock.now() + Number(left.dataset.left) * 1000; shownFor = left; }
  });
  mj.clock.each(1000, () => {
    const left = mj.one('.left[data-left]');
    if (!left || left.dataset.mood) return;
    const seconds = Math.max(0, Math.ceil((until - mj.clock.now()) / 1000));
    const text = mj.one('[data-left-text]', left);
    if (seconds) { text.textContent = Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0'); return; }
    left.dataset.mood = 'over';
    mj.one('span', left).textContent = left.dataset.over;
    const code = mj.one('[data-code]');
    if (code) code.hidden = true;
  });
  document.addEventListener('click', (event) => {
    const sheet = event.target.closest('[data-sheet]');
    if (sheet) {
      const fields = JSON.parse(sheet.dataset.sheet);
      const bridge = window.WeixinJSBridge;
      if (!bridge) { mj.one('[data-no-wechat]').hidden = false; return; }
      // "ok" proves nothing: whatever it says, the server is asked.
      bridge.invoke(fields.mixTradeNo ? 'requestMedicalInsurancePay' : 'getBrandWCPayRequest', fields, () => window.location.reload());
    }
  });
}(window.mj));
