'use strict';
// Code of the guides, taken out of them and run, with the frameworks it is for.
const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const menjie = require('menjie');
const { root } = require('./stage');

const [payment] = JSON.parse(fs.readFileSync(path.join(root, 'tests/vectors/channel/wechat_verify.json'), 'utf8')).cases;
const { headers, body, keys, apiv3_key: apiv3Key, mchid, appid, now } = payment.request;
const GUIDES = ['node.md', 'node.zh-CN.md'];
/** Express 4 and 5, under the names that package.json gives them. */
const EXPRESSES = ['express', 'express-5'];

/** The block of a guide that holds `part`. */
function block(guide, part) {
  const blocks = [...fs.readFileSync(path.join(root, 'docs/guide', guide), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
  const found = blocks.filter((code) => code.includes(part));
  assert.equal(found.length, 1, `${guide}: blocks with ${part}`);
  return found[0];
}

/** Runs code of a guide; gives what it calls `result`, and what its `take` has taken. `named` says what it gets when it asks for a package. */
function run(code, result, named = {}, failing = () => {}) {
  const taken = [];
  // The keys are those of the vector, and so is the time.
  const callbackReader = (merchant) => menjie.wechat.callbackReader({ ...merchant, keys, now: () => new Date(now) });
  const given = {
    menjie: { ...menjie, wechat: { ...menjie.wechat, callbackReader } },
    require: (name) => require(named[name] ?? name),
    take: async (notice) => {
      failing();
      taken.push(notice);
    },
    pem: '', apiv3Key, mchid, appid,
  };
  return { taken, made: new Function(...Object.keys(given), `'use strict';\n${code}\nreturn ${result};`)(...Object.values(given)) };
}

/** Rejections that nobody catches, while a test runs. */
function unhandled(t) {
  const heard = [];
  const hear = (error) => heard.push(error);
  process.on('unhandledRejection', hear);
  t.after(() => process.off('unhandledRejection', hear));
  return heard;
}

/** The address of an app of express that listens. */
async function listening(t, app) {
  // Its last handler writes errors to the terminal, unless this is a test.
  app.set('env', 'test');
  const server = app.listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections() || server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

const JSON_BODY = { 'content-type': 'application/json' };
const post = (address, bytes, more = {}) => fetch(address, { method: 'POST', headers: more, body: bytes, signal: AbortSignal.timeout(10_000) });
const status = async (base, bytes, more = headers) => (await post(`${base}/notify`, bytes, { ...JSON_BODY, ...more })).status;

/** What must hold of every app that is made as the guide says: /notify takes what is genuine only, and another route reads JSON as ever. */
async function holds(base, taken) {
  assert.equal(await status(base, body), 204);
  assert.deepEqual(taken, [payment.response]);
  assert.equal(await status(base, `${body} `), 401, 'a byte more');
  assert.equal(await status(base, body, {}), 401, 'no signature');
  // Some frameworks give no bytes then, others none to verify.
  assert.ok([400, 401].includes((await post(`${base}/notify`, undefined, headers)).status), 'no body');
  // Of whatever type it says that it is: the bytes are what was signed.
  for (const type of ['text/plain', 'application/octet-stream', 'application/json; charset=utf-8']) {
    assert.equal(await status(base, body, { ...headers, 'content-type': type }), 204, type);
    assert.deepEqual(taken.pop(), payment.response);
  }
  assert.deepEqual(await (await post(`${base}/other`, '{"fen":7}', JSON_BODY)).json(), { fen: 7 });
  assert.equal((await post(`${base}/other`, '{"fen":7', JSON_BODY)).status, 400, 'a body that is no JSON');
  assert.deepEqual(taken, [payment.response]);
}

for (const guide of GUIDES) {
  for (const express of EXPRESSES) {
    const code = () => block(guide, "app.post('/notify'");

    test(`${guide}: ${express} takes genuine callbacks, answers others with 401, and the process goes on`, { timeout: 60_000 }, async (t) => {
      const heard = unhandled(t);
      const { made: app, taken } = run(code(), 'app', { express });
      app.post('/other', (req, res) => res.json({ fen: req.body.fen }));
      await holds(await listening(t, app), taken);
      // What nobody has caught by now is told in this turn of the loop.
      await new Promise((go) => setImmediate(go));
      assert.deepEqual(heard, []);
    });

    test(`${guide}: ${express} answers with 500 what was not stored`, { timeout: 60_000 }, async (t) => {
      const heard = unhandled(t);
      const failing = () => {
        throw new Error('the database is away');
      };
      const { made: app } = run(code(), 'app', { express }, failing);
      assert.equal(await status(await listening(t, app), body), 500);
      await new Promise((go) => setImmediate(go));
      assert.deepEqual(heard, []);
    });

    test(`${guide}: ${express} has no bytes to verify where JSON is read first`, { timeout: 60_000 }, async (t) => {
      const first = code().replace('const app = express();', 'const app = express();\napp.use(express.json());');
      const { made: app, taken } = run(first, 'app', { express });
      assert.equal(await status(await listening(t, app), body), 400);
      assert.deepEqual(taken, []);
    });
  }

  for (const own of [false, true]) {
    test(`${guide}: fastify, ${own ? 'with a reader of JSON of its own' : 'as it is'}: the scope of /notify is not that of the app`, { timeout: 60_000 }, async (t) => {
      const { made: fastify, taken } = run(block(guide, 'fastify.register('), 'fastify');
      t.after(() => fastify.close());
      if (own) {
        fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
          try {
            done(null, JSON.parse(text));
          } catch (error) {
            done(Object.assign(error, { statusCode: 400 }));
          }
        });
      }
      fastify.post('/other', async (request) => ({ fen: request.body.fen }));
      await holds(await fastify.listen({ port: 0, host: '127.0.0.1' }), taken);
    });
  }
}
