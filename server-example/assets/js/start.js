// One namespace, filled by small files of one idea each. A part is a function that is called for every page that arrives,
// whether loaded or put in place by htmx. A file that comes a second time (its page came again) does nothing.
(function (root) {
  'use strict';
  if (root.mj) return;
  const parts = [], names = new Set();
  let started = false;
  const mj = {
    first(name) { const fresh = !names.has(name); names.add(name); return fresh; },
    part(fn) { parts.push(fn); if (started) fn(); },
    all(selector, within) { return Array.from((within || document).querySelectorAll(selector)); },
    one(selector, within) { return (within || document).querySelector(selector); }
  };
  root.mj = mj;
  const arrive = () => parts.forEach((fn) => fn());
  document.addEventListener('DOMContentLoaded', () => {
    started = true;
    arrive();
    document.body.addEventListener('htmx:afterSwap', arrive);
  });
  // A page kept by the browser's back-forward cache must not come back after somebody has left.
  root.addEventListener('pageshow', (event) => { if (event.persisted) root.location.reload(); });
}(window));
