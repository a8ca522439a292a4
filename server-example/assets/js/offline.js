// Nobody can pay or submit while the server cannot be reached; the page stays, says so, and goes on by itself.
(function (mj) {
  'use strict';
  if (!mj.first('offline')) return;
  const calm = 15000, eager = 2000, patience = 5000;
  let down = false, timer = 0, asking = false;

  function show() {
    const banner = mj.one('#offline');
    if (banner) banner.hidden = !down;
    mj.all('[data-online]').forEach((button) => {
      if (down && !button.disabled) { button.disabled = true; button.dataset.held = '1'; }
      if (!down && button.dataset.held) { button.disabled = false; delete button.dataset.held; }
    });
  }
  function set(now) {
    if (down !== now) {
      down = now;
      show();
      // What waited for news on a dead line asks anew.
      if (!down) mj.all('[data-follow]').forEach((part) => window.htmx.trigger(part, 'htmx:abort'));
    }
    mj.clock.stop(timer);
    timer = mj.clock.after(down ? eager : calm, ask);
  }
  function ask() {
    if (asking) return;
    asking = true;
    // A cable that was pulled answers nothing at all.
    const cut = new AbortController(), late = mj.clock.after(patience, () => cut.abort());
    fetch('/healthz', { cache: 'no-store', signal: cut.signal })
      .then((answer) => answer.ok, () => false)
      .then((up) => { mj.clock.stop(late); asking = false; set(!up); });
  }
  window.addEventListener('offline', () => set(true));
  window.addEventListener('online', ask);
  document.addEventListener('click', (event) => { if (event.target.closest('[data-retry]')) ask(); });
  document.addEventListener('htmx:sendError', () => set(true));
  document.addEventListener('htmx:afterOnLoad', () => { if (down) set(false); });
  mj.part(show);
  mj.offline = { down: () => down, set };
  timer = mj.clock.after(calm, ask);
}(window.mj));
