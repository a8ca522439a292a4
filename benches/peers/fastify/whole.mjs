// The flow "whole": what menjie's server does for one settlement. Every call to a counterpart has its intent on the disk before it
// leaves and its result before anybody is told; numbers are idempotent, so after a crash or a lost answer the step is repeated.
import { once } from "node:events";
import { His, HisRefused } from "./his.mjs";
import { Invoices } from "./invoice.mjs";
import { fen } from "./money.mjs";
import { payment } from "./schema.mjs";
import { grouped, openStore, single } from "./store.mjs";

const TABLES = `
  CREATE TABLE IF NOT EXISTS content (id INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS settlement (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, st TEXT NOT NULL, total_fen INTEGER NOT NULL, code_url TEXT,
    transaction_id TEXT, paid_at TEXT, receipt_no TEXT, posted_at TEXT, guidance TEXT,
    batch_code TEXT, bill_no TEXT, check_code TEXT, invoice_url TEXT
  ) STRICT`;

const AGAIN_MS = 2_000;
const number = (letter, id) => letter + String(id).padStart(19, "0");

export function whole(app, { config, channel, changed }) {
  const db = openStore(config.database, TABLES);
  const commit = config.flow === "grouped" ? grouped(db) : single(db);
  const [his, invoices] = [new His(config), new Invoices(config)];
  const insert = db.prepare("INSERT INTO settlement (key, st, total_fen) VALUES (?, 'locking', ?)");
  const keep = db.prepare("INSERT INTO content (id, json) VALUES (?, ?) ON CONFLICT DO NOTHING");
  const select = db.prepare("SELECT * FROM settlement WHERE id = ?");
  const known = db.prepare("SELECT id FROM settlement WHERE key = ?").pluck();
  const content = db.prepare("SELECT json FROM content WHERE id = ?").pluck();
  const locked = db.prepare("UPDATE settlement SET st = 'ordering' WHERE id = ? AND st = 'locking'");
  const ordered = db.prepare("UPDATE settlement SET st = 'paying', code_url = ? WHERE id = ? AND st = 'ordering'");
  const captured = db.prepare("UPDATE settlement SET st = 'posting', transaction_id = ?, paid_at = ? WHERE id = ? AND st IN ('ordering', 'paying')");
  const booked = db.prepare("UPDATE settlement SET st = 'invoicing', receipt_no = ?, posted_at = ?, guidance = ? WHERE id = ? AND st = 'posting'");
  const invoiced = db.prepare("UPDATE settlement SET st = 'done', batch_code = ?, bill_no = ?, check_code = ?, invoice_url = ? WHERE id = ? AND st = 'invoicing'");
  const refused = db.prepare("UPDATE settlement SET st = 'refused' WHERE id = ?");
  const unfinished = db.prepare("SELECT id FROM settlement WHERE st IN ('locking', 'ordering', 'posting', 'invoicing')").pluck();

  const begin = (key, what) => () => {
    const id = known.get(key) ?? insert.run(key, fen(what.bill.total)).lastInsertRowid;
    keep.run(id, JSON.stringify(what));
    return id;
  };
  const bill = (id) => ({ no: number("S", id), ...JSON.parse(content.get(id)).bill });

  // What is done in a state; each ends with the commit that leaves it.
  const steps = {
    async locking({ id }) {
      await his.lock(bill(id));
      await commit(() => locked.run(id));
    },
    async ordering({ id, total_fen }) {
      const code = await channel.order(number("P", id), total_fen);
      await commit(() => ordered.run(code, id));
    },
    async posting({ id, transaction_id: trade_no, paid_at }) {
      const receipt = await his.post(bill(id), { out_trade_no: number("P", id), trade_no, paid_at });
      await commit(() => booked.run(receipt.receipt_no, receipt.posted_at, receipt.guidance ?? null, id));
      changed.emit(id);
    },
    async invoicing({ id, transaction_id: tradeNo, posted_at: postedAt }) {
      const issued = await invoices.issue({ no: number("E", id), tradeNo, postedAt, content: JSON.parse(content.get(id)) });
      await commit(() => invoiced.run(issued.billBatchCode, issued.billNo, issued.random, issued.pictureNetUrl, id));
    },
  };

  // Goes on until somebody else has to act.
  async function advance(id) {
    for (let row = select.get(id); ; row = select.get(id)) {
      const step = steps[row.st];
      if (!step) return row;
      try {
        await step(row);
      } catch (error) {
        if (!(error instanceof HisRefused)) throw error;
        await commit(() => refused.run(id));
        changed.emit(id);
      }
    }
  }

  // A lost answer proves nothing: the same number again.
  function persist(id) {
    advance(id).catch((error) => {
      console.error(error.message);
      setTimeout(persist, AGAIN_MS, id);
    });
  }

  app.post("/payments", { schema: payment }, async (request, reply) => {
    const { key, ...what } = request.body;
    const id = known.get(key) ?? (await commit(begin(key, what)));
    const row = await advance(id);
    if (row.st === "refused") return reply.code(409).send({ payment_id: String(id), st: row.st });
    return { payment_id: String(id), st: row.st, code_url: row.code_url };
  });

  app.get("/payments/:id", async (request, reply) => {
    const id = Number(request.params.id);
    let row = select.get(id);
    if (!row) return reply.code(404).send();
    if (!over(row) && request.query.wait_ms) {
      await once(changed, id, { signal: AbortSignal.timeout(Number(request.query.wait_ms)) }).catch(() => {});
      row = select.get(id);
    }
    return { st: row.st, over: over(row), receipt_no: row.receipt_no, guidance: row.guidance };
  });

  return {
    // Takes a verified notice; false when it is not what was ordered.
    async paid(trade) {
      const id = /^P\d{19}$/.test(trade.out_trade_no) ? Number(trade.out_trade_no.slice(1)) : 0;
      const row = select.get(id);
      if (!row || !channel.agrees(trade, row.total_fen)) return false;
      const { changes } = await commit(() => captured.run(trade.transaction_id, trade.success_time, id));
      if (changes === 1) setImmediate(persist, id);
      return true;
    },
    resume() {
      unfinished.all().forEach(persist);
    },
  };
}

// The patient is done when HIS has booked; the invoice follows.
function over({ st }) {
  return st === "invoicing" || st === "done" || st === "refused";
}
