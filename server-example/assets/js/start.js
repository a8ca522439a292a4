// One namespace, filled by small files of one idea each. A part is a function that is called for every page that arrives,
// whether loaded or put in place by htmx.
(function (root) {
  'use strict';
  const parts = [];
  const mj = {
    part(fn) { parts.push(fn); },
    all(selector, within) { return Array.from((within || document).querySelectorAll(selector)); },
    one(selector, within) { return (within || document).querySelector(selector); },
    arrive(within) { parts.forEach((fn) => fn(within)); }
  };
  root.mj = mj;
  document.addEventListener('DOMContentLoaded', () => {
    mj.arrive(document);
    document.body.addEventListener('htmx:afterSwap', () => mj.arrive(document));
  });
  // A page kept by the browser's back-forward cache must not come back after somebody has left.
  root.addEventListener('pageshow', (event) => { if (event.persisted) root.location.reload(); });
}(window));
