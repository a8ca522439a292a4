// Where the phone is, asked only when its owner checks in, told once and kept nowhere. The browser says WGS-84; the server
// knows the hospital's datum. Without a position the page says what else there is.
(function (mj) {
  'use strict';
  if (!mj.first('position')) return;
  const patience = 15000, refused = 1;
  function say(word) {
    const box = mj.one('#position');
    box.hidden = false;
    box.dataset.mood = word;
    mj.one('p', box).textContent = box.dataset[word];
  }
  function hold(form, held) { mj.one('button', form).disabled = held; }
  function set(form, name, degrees) { mj.one('[name=' + name + ']', form).value = String(Math.round(degrees * 1e6)); }
  document.addEventListener('submit', (event) => {
    const form = event.target.closest('[data-position]');
    if (!form || form.dataset.placed) return;
    event.preventDefault();
    event.stopPropagation();
    if (!navigator.geolocation) { say('unknown'); return; }
    say('asking');
    hold(form, true);
    navigator.geolocation.getCurrentPosition((found) => {
      set(form, 'lat_e6', found.coords.latitude);
      set(form, 'lon_e6', found.coords.longitude);
      form.dataset.placed = '1';
      hold(form, false);
      window.htmx.trigger(form, 'submit');
    }, (error) => {
      say(error.code === refused ? 'refused' : 'unknown');
      hold(form, false);
    }, { enableHighAccuracy: true, timeout: patience, maximumAge: 0 });
  }, true);
}(window.mj));
