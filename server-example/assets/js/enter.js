// The identify page: what the device read goes into the form and is sent at once; nothing of it stays in the page.
(function (mj) {
  'use strict';
  if (!mj.first('enter')) return;
  let reading = 0;
  const reader = () => mj.one('[data-reader]');

  function say(mood, word) {
    const state = mj.one('.reader-state');
    if (!state) return;
    state.dataset.mood = mood;
    state.textContent = state.dataset[word];
  }
  function take(raw) {
    const page = reader(), form = mj.one('[data-enter]');
    if (!page || !form || form.dataset.sent || mj.offline.down()) return;
    if (mj.idle) mj.idle.touch();
    const text = String((raw && raw.id_no) || raw || '').trim();
    if (!mj.scan.whole(page.dataset.reader, page.dataset.reader === 'card' ? text.toUpperCase() : text)) { say('bad', 'refused'); return; }
    say('good', 'reading');
    const field = form.elements.token;
    field.value = text;
    form.requestSubmit ? form.requestSubmit() : form.submit();
    field.value = '';
  }
  function listen() {
    const page = reader();
    mj.clock.stop(reading);
    if (!page) return;
    const read = page.dataset.reader === 'card' ? mj.bridge.readIdCard : mj.bridge.scanOnce;
    if (!read) return;
    const again = () => {
      if (!document.body.contains(page)) return;
      Promise.resolve(read()).then((text) => { if (text) take(text); }, () => say('bad', 'broken')).then(() => { reading = mj.clock.after(800, again); });
    };
    again();
  }
  mj.bridge.onScan(take);
  mj.part(listen);
}(window.mj));
