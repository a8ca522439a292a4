// Large keys on the screen for the field above them.
(function (mj) {
  'use strict';
  document.addEventListener('click', (event) => {
    const key = event.target.closest('[data-key]');
    if (!key) return;
    const field = mj.one('input[name="token"],input[data-typed]', key.closest('form'));
    if (key.dataset.key === 'back') field.value = field.value.slice(0, -1);
    else if (field.value.length < field.maxLength) field.value += key.dataset.key;
  });
}(window.mj));
