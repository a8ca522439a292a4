// HIS by the default profile (docs/his-front.yaml): HMAC-SM3 in both directions, `1000`…`1999` is a definite no.
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { Pool } from "undici";
import { CONNECTIONS } from "./settings.mjs";
import { rfc3339 } from "./time.mjs";

// HIS said no: nothing was done and nothing will be.
export class HisRefused extends Error {}

export class His {
  #config;
  #base;
  #pool;

  constructor(config) {
    const url = new URL(config.his_url);
    this.#config = config;
    this.#base = url.pathname;
    this.#pool = new Pool(url.origin, { connections: CONNECTIONS });
  }

  // Locks a bill and compares the total.
  async lock(bill) {
    const { total } = await this.#call("lock", bill);
    if (total !== bill.total) throw new Error("his: another total is locked");
  }

  // Books a locked bill and gives the receipt; the same number again gets the same receipt.
  async post(bill, paid) {
    const receipt = await this.#call("post", { ...bill, channel: "wechat", ...paid });
    if (receipt.no !== bill.no || receipt.patient_id !== bill.patient_id || receipt.total !== bill.total) throw new Error("his: another bill is booked");
    return receipt;
  }

  async #call(operation, content) {
    const [path, body] = [`${this.#base}/${operation}`, JSON.stringify(content)];
    const [time, nonce] = [rfc3339(Date.now()), randomBytes(16).toString("hex")];
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "x-menjie-app": this.#config.his_app,
      "x-menjie-time": time,
      "x-menjie-nonce": nonce,
      "x-menjie-sign": this.#mac(`POST\n${path}\n${time}\n${nonce}\n${hash(body)}`).toString("hex"),
    };
    const answer = await this.#pool.request({ method: "POST", path, headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200 || !this.#genuine(answer.headers, nonce, text)) throw new Error(`his: ${operation} ${answer.statusCode}`);
    const { code, data } = JSON.parse(text);
    if (/^1\d{3}$/.test(code)) throw new HisRefused(code);
    if (code !== "0") throw new Error(`his: ${operation} ${code}`);
    return data;
  }

  #mac(message) {
    return createHmac("sm3", this.#config.his_secret).update(message).digest();
  }

  #genuine(headers, nonce, body) {
    const told = Buffer.from(headers["x-menjie-sign"] ?? "", "hex");
    const expected = this.#mac(`${headers["x-menjie-time"]}\n${nonce}\n${hash(body)}`);
    return told.length === expected.length && timingSafeEqual(told, expected);
  }
}

function hash(body) {
  return createHash("sm3").update(body).digest("hex");
}
