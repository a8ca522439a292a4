// The only place where scripts learn the time; tests put their own clock below it.
(function (mj) {
  'use strict';
  if (!mj.first('clock')) return;
  mj.clock = {
    now() { return Date.now(); },
    each(ms, fn) { return setInterval(fn, ms); },
    after(ms, fn) { return setTimeout(fn, ms); },
    stop(handle) { clearInterval(handle); clearTimeout(handle); }
  };
  mj.clock.each(1000, () => {
    const shown = mj.one('[data-clock]');
    if (!shown) return;
    const text = new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit', hour12: false }).format(mj.clock.now());
    if (shown.textContent !== text) shown.textContent = text;
  });
}(window.mj));
