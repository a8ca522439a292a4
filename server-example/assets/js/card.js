// The first-visit form: what the card reader read goes into the form and is sent at once; nothing of it stays in the page.
(function (mj) {
  'use strict';
  if (!mj.first('card')) return;
  const parts = ['id_no', 'name', 'ethnic', 'address'];
  let reading = 0;
  /** A reader that types or a paste box gives one text, its parts between |. */
  function cardOf(read) {
    if (read && typeof read === 'object') return read;
    const texts = String(read || '').split('|');
    return Object.fromEntries(parts.map((part, at) => [part, (texts[at] || '').trim()]));
  }
  function take(read) {
    const form = mj.one('[data-first]'), card = cardOf(read);
    if (!form || !form.elements.card_id_no || form.dataset.sent || mj.offline.down()) return;
    const number = String(card.id_no || '').toUpperCase();
    if (!mj.scan.whole('card', number)) return;
    if (mj.idle) mj.idle.touch();
    const held = parts.map((part) => form.elements['card_' + part]);
    held.forEach((field, at) => { field.value = at ? card[parts[at]] || '' : number; });
    form.requestSubmit ? form.requestSubmit() : form.submit();
    held.forEach((field) => { field.value = ''; });
  }
  function listen() {
    const asked = mj.one('[data-card]');
    mj.clock.stop(reading);
    if (!asked || !mj.bridge.readIdCard) return;
    const again = () => {
      if (!document.body.contains(asked)) return;
      Promise.resolve(mj.bridge.readIdCard()).then((card) => { if (card) take(card); }, () => {}).then(() => { reading = mj.clock.after(800, again); });
    };
    again();
  }
  mj.bridge.onScan(take);
  mj.part(listen);
}(window.mj));
