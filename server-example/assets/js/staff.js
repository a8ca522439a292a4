// Somebody comes to the kiosk, or the page says honestly that nobody was called and where people are.
(function (mj) {
  'use strict';
  if (!mj.first('staff')) return;
  const patience = 10000, stands = 60000;
  let closing = 0;
  const dialog = () => mj.one('#staff');
  function say(word, over) {
    const box = dialog();
    if (!box) return;
    const said = mj.one('[data-said]', box), go = mj.one('[data-staff-go]', box), close = mj.one('[data-staff-close]', box);
    said.textContent = said.dataset[word];
    said.dataset.mood = word;
    go.hidden = word !== 'text';
    close.textContent = over ? close.dataset.over : close.dataset.no;
    if (over) close.focus();
  }
  document.addEventListener('click', (event) => {
    const box = dialog();
    if (!box) return;
    if (event.target.closest('[data-staff]')) {
      say(mj.bridge && mj.bridge.callStaff ? 'text' : 'cannot', !(mj.bridge && mj.bridge.callStaff));
      if (!box.open) box.showModal();
      mj.clock.stop(closing);
      closing = mj.clock.after(stands, () => box.close());
    }
    if (event.target.closest('[data-staff-go]')) {
      say('calling', false);
      mj.answered(() => mj.bridge.callStaff(), patience).then((answer) => say(answer && answer.ok ? 'called' : 'failed', true), () => say('failed', true));
    }
    if (event.target.closest('[data-staff-close]')) box.close();
  });
}(window.mj));
