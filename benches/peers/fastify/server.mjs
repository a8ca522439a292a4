// B10's peer: the minimal flow on fastify, as a careful host would write it. One process, one durable commit before the order
// leaves and one before the callback is answered; signatures of both directions are checked.
//
// server.mjs CONFIG.json; the configuration is written by src/bin/b10.rs.
import { createDecipheriv, createPrivateKey, createPublicKey, createSign, createVerify, randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import Database from "better-sqlite3";
import Fastify from "fastify";
import { Pool } from "undici";

const config = JSON.parse(readFileSync(process.argv[2], "utf8"));
const merchantKey = createPrivateKey(config.merchant_key_pem);
const platformKey = createPublicKey(config.platform_key_pem);
const apiKey = Buffer.from(config.apiv3_key);
const channel = new Pool(config.channel_url, { connections: 64 });

const db = new Database(config.database);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec("CREATE TABLE payment (order_no TEXT PRIMARY KEY, total_fen INTEGER NOT NULL, st TEXT NOT NULL, transaction_id TEXT) STRICT, WITHOUT ROWID");
const insert = db.prepare("INSERT INTO payment (order_no, total_fen, st) VALUES (?, ?, 'ordering') ON CONFLICT DO NOTHING");
const select = db.prepare("SELECT total_fen, st FROM payment WHERE order_no = ?");
const settle = db.prepare("UPDATE payment SET st = 'paid', transaction_id = ? WHERE order_no = ? AND st <> 'paid'");
const changed = new EventEmitter().setMaxListeners(0);

function sign(method, path, body) {
  const [timestamp, nonce] = [Math.floor(Date.now() / 1000), randomBytes(16).toString("hex")];
  const signature = createSign("RSA-SHA256").update(`${method}\n${path}\n${timestamp}\n${nonce}\n${body}\n`).sign(merchantKey, "base64");
  return `WECHATPAY2-SHA256-RSA2048 mchid="${config.mchid}",nonce_str="${nonce}",signature="${signature}",timestamp="${timestamp}",serial_no="${config.merchant_serial}"`;
}

function genuine(headers, body) {
  const timestamp = Number(headers["wechatpay-timestamp"]);
  if (headers["wechatpay-serial"] !== config.platform_key_id || !(Math.abs(Date.now() / 1000 - timestamp) < 300)) return false;
  const message = `${headers["wechatpay-timestamp"]}\n${headers["wechatpay-nonce"]}\n${body}\n`;
  return createVerify("RSA-SHA256").update(message).verify(platformKey, headers["wechatpay-signature"] ?? "", "base64");
}

function open({ ciphertext, nonce, associated_data: bound }) {
  const sealed = Buffer.from(ciphertext, "base64");
  const cipher = createDecipheriv("aes-256-gcm", apiKey, nonce);
  cipher.setAAD(Buffer.from(bound)).setAuthTag(sealed.subarray(-16));
  return JSON.parse(Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]).toString());
}

const app = Fastify({ logger: false });
app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
  request.text = body;
  try {
    done(null, JSON.parse(body));
  } catch (error) {
    done(Object.assign(error, { statusCode: 400 }));
  }
});

const pay = {
  body: {
    type: "object",
    required: ["order_no", "total_fen"],
    additionalProperties: false,
    properties: { order_no: { type: "string", minLength: 6, maxLength: 32 }, total_fen: { type: "integer", minimum: 1 } },
  },
  response: { 200: { type: "object", properties: { order_no: { type: "string" }, code_url: { type: "string" } } } },
};

app.post("/payments", { schema: pay }, async (request, reply) => {
  const { order_no, total_fen } = request.body;
  insert.run(order_no, total_fen);
  const path = "/v3/pay/transactions/native";
  const body = JSON.stringify({
    appid: config.appid,
    mchid: config.mchid,
    description: "门诊缴费",
    out_trade_no: order_no,
    notify_url: config.notify_url,
    amount: { total: total_fen, currency: "CNY" },
  });
  const headers = { "content-type": "application/json", accept: "application/json", "user-agent": "bench", "wechatpay-serial": config.platform_key_id, authorization: sign("POST", path, body) };
  const answer = await channel.request({ method: "POST", path, headers, body });
  const text = await answer.body.text();
  if (answer.statusCode !== 200 || !genuine(answer.headers, text)) return reply.code(502).send({ channel: answer.statusCode, problem: text.slice(0, 200) });
  return { order_no, code_url: JSON.parse(text).code_url };
});

app.get("/payments/:order", async (request, reply) => {
  const order = request.params.order;
  let row = select.get(order);
  if (!row) return reply.code(404).send();
  if (row.st !== "paid" && request.query.wait_ms) {
    await once(changed, order, { signal: AbortSignal.timeout(Number(request.query.wait_ms)) }).catch(() => {});
    row = select.get(order);
  }
  return row;
});

app.post("/notify/wechat", async (request, reply) => {
  if (!genuine(request.headers, request.text)) return reply.code(401).send({ code: "FAIL", message: "验签失败" });
  const paid = open(request.body.resource);
  const row = select.get(paid.out_trade_no);
  if (paid.trade_state !== "SUCCESS" || paid.mchid !== config.mchid || row?.total_fen !== paid.amount.total) {
    return reply.code(500).send({ code: "FAIL", message: "不符" });
  }
  settle.run(paid.transaction_id, paid.out_trade_no);
  changed.emit(paid.out_trade_no);
  return { code: "SUCCESS", message: "成功" };
});

app.get("/readyz", async () => ({ ready: true }));
await app.listen({ host: "127.0.0.1", port: config.port });
process.on("SIGTERM", () => process.exit(0));
