'use strict';
// Code of the guides, taken out of them and run.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const menjie = require('menjie');
const { root } = require('./stage');

const [payment] = JSON.parse(fs.readFileSync(path.join(root, 'tests/vectors/channel/wechat_verify.json'), 'utf8')).cases;
const { headers, body, keys, apiv3_key: apiv3Key, mchid, appid, now } = payment.request;

/** The block of a guide that holds `part`. */
function block(guide, part) {
  const blocks = [...fs.readFileSync(path.join(root, 'docs/guide', guide), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
  const found = blocks.filter((code) => code.includes(part));
  assert.equal(found.length, 1, `${guide}: blocks with ${part}`);
  return found[0];
}

/** Express 4 as far as the guide needs it: it ignores what a handler returns, and next(error) is answered with 500. */
function express() {
  const routes = new Map();
  const post = (at, ...handlers) => routes.set(at, handlers);
  const ask = (at, req) =>
    new Promise((answered) => {
      const [handlers, res] = [[...routes.get(at)], { code: 200, status(code) { this.code = code; return this; }, end() { answered(this.code); } }];
      const next = (error) => {
        if (error) return res.status(500).end();
        handlers.shift()(req, res, next);
      };
      next();
    });
  return { post, ask };
}
express.raw = () => (req, res, next) => next();

for (const guide of ['node.md', 'node.zh-CN.md']) {
  test(`${guide}: a forged callback gets an error status, and the process goes on`, { timeout: 30_000 }, async (t) => {
    const unhandled = [];
    const hear = (error) => unhandled.push(error);
    process.on('unhandledRejection', hear);
    t.after(() => process.off('unhandledRejection', hear));
    let app;
    const modules = { express: Object.assign(() => (app = express()), express) };
    // The keys are those of the vector, and so is the time.
    const callbackReader = (merchant) => menjie.wechat.callbackReader({ ...merchant, keys, now: () => new Date(now) });
    const taken = [];
    const given = {
      menjie: { ...menjie, wechat: { ...menjie.wechat, callbackReader } },
      require: (name) => modules[name],
      take: async (notice) => taken.push(notice),
      pem: '', apiv3Key, mchid, appid,
    };
    new Function(...Object.keys(given), `'use strict';\n${block(guide, 'app.post(')}`)(...Object.values(given));
    const status = (bytes) => Promise.race([app.ask('/notify', { body: Buffer.from(bytes), headers }), new Promise((go) => setTimeout(go, 5_000, 'no answer').unref())]);
    assert.equal(await status(body), 204);
    assert.deepEqual(taken, [payment.response]);
    assert.equal(await status(`${body} `), 500);
    // What nobody has caught by now is told in this turn of the loop.
    await new Promise((go) => setImmediate(go));
    assert.deepEqual([unhandled, taken.length], [[], 1]);
  });
}
