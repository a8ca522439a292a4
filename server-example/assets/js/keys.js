// The large keys of a form, drawn here because nothing can press them without a script: digits, and letters in their place.
(function (mj) {
  'use strict';
  if (!mj.first('keys')) return;
  function key(box, text, name, value, cls) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'key' + (cls || '');
    button.textContent = text;
    button.dataset[name] = value;
    box.append(button);
    return button;
  }
  function draw(box, letters) {
    const { more, back, digits } = box.dataset;
    box.textContent = '';
    box.dataset.keypad = letters ? 'letters' : 'digits';
    for (const text of letters ? 'ABCDEFGHIJKLMNOPQRSTUVWXYZ字第号' : more ? '123456789X0' : '1234567890') key(box, text, 'key', text);
    key(box, '←', 'key', 'back').setAttribute('aria-label', back);
    if (more) key(box, letters ? digits : more, 'switch', letters ? '' : '1', ' key-wide');
  }
  mj.part(() => mj.all('[data-draw]').forEach((box) => { if (!box.firstChild) draw(box, false); }));
  document.addEventListener('click', (event) => {
    const turn = event.target.closest('[data-switch]');
    if (!turn) return;
    const box = turn.closest('[data-draw]');
    draw(box, turn.dataset.switch);
    mj.one('[data-switch]', box).focus();
  });
}(window.mj));
