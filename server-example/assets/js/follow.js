// What follows something asks and waits. When its page is left meanwhile, the answer comes to nobody: it must not lead the page
// that came after it away.
(function (mj) {
  'use strict';
  if (!mj.first('follow')) return;
  mj.part(() => mj.all('[data-follow]').forEach((part) => part.addEventListener('htmx:beforeOnLoad', (event) => part.isConnected || event.preventDefault())));
}(window.mj));
