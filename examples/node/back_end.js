'use strict';
// The back end of an official account, without a framework: whoever follows the account lists what he owes, pays in WeChat's own sheet, and asks for
// his money back. The hospital's server has the ledger; this program only asks it, and keeps no state that a restart could lose but who is logged in.
//
//   MENJIE_SERVER=http://127.0.0.1:8080 PORT=8090 node back_end.js                                  (both as they are beside ./x demo)
//   curl -s http://127.0.0.1:8090/login -d '{"code":"CODE","card":"K20000001"}'                     (gives a session)
//   curl -s http://127.0.0.1:8090/unpaid -H "authorization: SESSION"
//
// CODE is what WeChat's authorise page gives the browser (网页授权), beside ./x demo that of its simulator, which is also asked for one by
//   curl -s http://127.0.0.1:9403/admin/wechat/login-code -H 'content-type: application/json' -d '{"openid":"oSimulatedUser0000000000001"}'
// MENJIE_ACCOUNT is the official account as JSON, there {"appid": …, "secret": …, "base": "http://127.0.0.1:9404"} as the menjie.json in its folder
// has it (--folder); MENJIE_MERCHANT is what callbacks are read with (docs/guide/node.md#wechat). Without them nobody logs in, and every callback is
// refused.
const crypto = require('node:crypto');
const http = require('node:http');
const { MenjieError, open, wechat } = require('menjie');
const { openids } = require('./wechat_login');

const MOST_BYTES = 64 * 1024;

/** Errors that tell of the end of a session: its client is closed, the hospital's server knows it no more. */
const OVER = [12, 20];

/** The status of an answer: what may be asked again is told apart from what may not. A callback that is not genuine brings its own. */
const STATUS = { misuse: 400, validation: 400, conflict: 409, not_found: 404, crypto: 500 };

async function raw(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MOST_BYTES) throw Object.assign(new Error('too long'), { status: 413 });
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Begins a payment and waits until its sheet is there, or there is nothing to be paid any more. */
async function begin(client, patient, { bill_ids: bills, key }, openid) {
  const quote = await client.settlement.quote({ patient_id: patient, bill_ids: bills });
  if (quote.decision === 'refused') return quote;
  const paid = await client.settlement.pay({ key, quote_id: quote.quote_id, channel: 'wechat', method: { way: 'jsapi', payer: openid } });
  if (paid.decision === 'refused') return paid;
  let view = await client.settlement.get({ payment_id: paid.payment_id, wait_ms: 5_000 });
  for (let waited = 0; !view.over && !view.handover && waited < 6; waited += 1) {
    view = await client.settlement.get({ payment_id: paid.payment_id, wait_ms: 5_000, since: view.version });
  }
  return { payment_id: paid.payment_id, total_fen: quote.total_fen, ...(view.handover ? { sheet: wechat.payParameters(view) } : {}) };
}

/** The routes of somebody who is logged in. */
const ROUTES = {
  'GET /unpaid': ({ client, patient }) => client.visit.unpaid({ patient_id: patient }),
  'POST /pay': ({ client, patient, openid }, body) => begin(client, patient, body, openid),
  'POST /payment': ({ client }, { payment_id, since }) => client.settlement.get({ payment_id, wait_ms: 5_000, since }),
  'GET /paid': ({ client, patient }) => client.visit.paid({ patient_id: patient }),
  'POST /refund': ({ client }, { settlement_id, key }) => client.refund.request({ settlement_id, key, why: 'changed' }),
};

/**
 * `server` is the hospital's; `openidOf` exchanges a code of WeChat for the openid, or gives undefined; `merchant` is what callbacks are read with;
 * `heard` gets each once it was verified.
 */
function backEnd({ server, openidOf, merchant, heard }) {
  const sessions = new Map();
  /** The session of an openid: the last one. */
  const sessionOf = new Map();
  const read = wechat.callbackReader(merchant);

  /** Ends a session, here at once. A server that does not hear of it ends its own by itself. */
  function end(session) {
    const over = sessions.get(session);
    if (!over) return;
    sessions.delete(session);
    if (sessionOf.get(over.openid) === session) sessionOf.delete(over.openid);
    clearTimeout(over.idle);
    leave(over.client);
  }

  /** Closing waits for what is under way, so for the exit, too. Nobody waits for either: no failure may be left to the process. */
  const leave = (client) => Promise.allSettled([client.session.exit({}), client.close()]);

  /**
   * Each patient has a client of his own: it holds his session at the hospital's server. Who logs in again has left the session before. Who he is to
   * WeChat is WeChat's to say, never the browser's: whoever could name an openid would end its session, and pay from another's name.
   *
   * A phone cannot show that a card is in somebody's hand: a number alone is for hospitals whose numbers cannot be guessed. Others identify by phone,
   * `session.sendCode({ phone })`, then `session.identify({ way: 'phone', token: phone, code })`.
   */
  async function login({ code, card }) {
    const openid = await openidOf(code);
    if (openid === undefined) return { decision: 'refused', reason: 'no_login', text: '微信登录已失效', next: '请从公众号重新进入' };
    const client = await open({ server });
    let known;
    try {
      known = await client.session.identify({ way: 'visit_no', token: card });
    } finally {
      if (known?.decision !== 'identified') leave(client);
    }
    if (known.decision !== 'identified') return known;
    end(sessionOf.get(openid));
    const session = crypto.randomUUID();
    // The server ends what is not used for so long; each use begins the time anew, there and here.
    const idle = setTimeout(end, Date.parse(known.expires_at) - Date.now(), session).unref();
    sessions.set(session, { client, patient: known.patient_id, openid, idle });
    sessionOf.set(openid, session);
    return { decision: 'identified', name: known.name, session };
  }

  /** A route for somebody who is logged in. */
  async function serve(route, name, body) {
    const session = sessions.get(name);
    if (!session) return [401, { text: '请先登录' }];
    if (!ROUTES[route]) return [404, {}];
    session.idle.refresh();
    try {
      return [200, await ROUTES[route](session, body)];
    } catch (error) {
      if (!OVER.includes(error.code)) throw error;
      end(name);
      return [401, { text: '请重新登录' }];
    }
  }

  async function answer(request) {
    const route = `${request.method} ${request.url}`;
    const body = await raw(request);
    if (route === 'POST /wechat/notify') {
      // The bytes as they came; a body that was parsed and written again has no signature.
      await heard(await read(body, request.headers));
      return [204];
    }
    const json = body.length > 0 ? JSON.parse(body) : {};
    if (route === 'POST /login') return [200, await login(json)];
    return serve(route, request.headers.authorization, json);
  }

  const made = http.createServer((request, response) => {
    answer(request)
      .catch((error) => {
        // Errors of the package hold no names or numbers; others stay here.
        if (error instanceof MenjieError) return [error.statusCode ?? STATUS[error.kind] ?? 502, error];
        return [error.status ?? 400, {}];
      })
      .then(([status, value]) => response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(value === undefined ? undefined : JSON.stringify(value)));
  });
  made.on('close', () => {
    for (const session of [...sessions.keys()]) end(session);
  });
  return made;
}

module.exports = { backEnd };

if (require.main === module) {
  const { MENJIE_SERVER: server = 'http://127.0.0.1:8080', MENJIE_ACCOUNT: account = '{}', MENJIE_MERCHANT: merchant = '{}', PORT = '8090' } = process.env;
  const heard = async ({ id, what }) => console.log(id, what.about);
  backEnd({ server, openidOf: openids(JSON.parse(account)), merchant: JSON.parse(merchant), heard }).listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${PORT}, for the hospital at ${server}`));
}
