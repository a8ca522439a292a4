// The flow "minimal": order and callback. One durable commit before the order leaves, one before the callback is answered.
import { once } from "node:events";
import { openStore } from "./store.mjs";

const pay = {
  body: {
    type: "object",
    required: ["order_no", "total_fen"],
    additionalProperties: false,
    properties: { order_no: { type: "string", minLength: 6, maxLength: 32 }, total_fen: { type: "integer", minimum: 1 } },
  },
  response: { 200: { type: "object", properties: { order_no: { type: "string" }, code_url: { type: "string" } } } },
};

export function minimal(app, { config, channel, changed }) {
  const db = openStore(config.database, "CREATE TABLE IF NOT EXISTS payment (order_no TEXT PRIMARY KEY, total_fen INTEGER NOT NULL, st TEXT NOT NULL, transaction_id TEXT) STRICT, WITHOUT ROWID");
  const insert = db.prepare("INSERT INTO payment (order_no, total_fen, st) VALUES (?, ?, 'ordering') ON CONFLICT DO NOTHING");
  const select = db.prepare("SELECT total_fen, st FROM payment WHERE order_no = ?");
  const settle = db.prepare("UPDATE payment SET st = 'paid', transaction_id = ? WHERE order_no = ? AND st <> 'paid'");

  app.post("/payments", { schema: pay }, async (request) => {
    const { order_no, total_fen } = request.body;
    insert.run(order_no, total_fen);
    return { order_no, code_url: await channel.order(order_no, total_fen) };
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

  return {
    // Takes a verified notice; false when it is not what was ordered.
    async paid(trade) {
      const row = select.get(trade.out_trade_no);
      if (!row || !channel.agrees(trade, row.total_fen)) return false;
      settle.run(trade.transaction_id, trade.out_trade_no);
      changed.emit(trade.out_trade_no);
      return true;
    },
    // Nothing was begun that somebody else would not ask for again.
    resume() {},
  };
}
