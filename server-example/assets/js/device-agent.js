// A program on the kiosk that listens on loopback; its address and token come from the configuration.
(function (mj) {
  'use strict';
  if (!mj.first('device')) return;
  const { url, token } = mj.device;
  const call = (path, body) => fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer ' + token }, body: JSON.stringify(body || {}) })
    .then((answer) => { if (!answer.ok) throw new Error('HTTP ' + answer.status); return answer.json(); });
  mj.equip({
    readIdCard: () => call('/id-card').then((card) => (card.id_no ? card : null)),
    scanOnce: () => call('/scan').then((code) => code.text || null),
    printReceipt: (html) => call('/print', { html }),
    status: () => call('/status'),
    callStaff: () => call('/call-staff')
  });
}(window.mj));
