// WeChat Pay v3: an order is signed and its answer verified; a callback is verified and opened.
import { createDecipheriv, createSign, createVerify, randomBytes } from "node:crypto";
import { Pool } from "undici";
import { CONNECTIONS } from "./settings.mjs";

export class Channel {
  #config;
  #pool;

  constructor(config) {
    this.#config = config;
    this.#pool = new Pool(config.channel_url, { connections: CONNECTIONS });
  }

  // Orders and gives the code; an order repeated with the same number and content gets the same code.
  async order(orderNo, totalFen) {
    const { appid, mchid, notify_url, platform_key_id } = this.#config;
    const path = "/v3/pay/transactions/native";
    const body = JSON.stringify({ appid, mchid, description: "门诊缴费", out_trade_no: orderNo, notify_url, amount: { total: totalFen, currency: "CNY" } });
    const headers = { "content-type": "application/json", accept: "application/json", "user-agent": "bench", "wechatpay-serial": platform_key_id, authorization: this.sign("POST", path, body) };
    const answer = await this.#pool.request({ method: "POST", path, headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200 || !this.genuine(answer.headers, text)) throw new Error(`channel: ${answer.statusCode} ${text.slice(0, 200)}`);
    return JSON.parse(text).code_url;
  }

  sign(method, path, body) {
    const { mchid, merchantKey, merchant_serial } = this.#config;
    const [timestamp, nonce] = [Math.floor(Date.now() / 1000), randomBytes(16).toString("hex")];
    const signature = createSign("RSA-SHA256").update(`${method}\n${path}\n${timestamp}\n${nonce}\n${body}\n`).sign(merchantKey, "base64");
    return `WECHATPAY2-SHA256-RSA2048 mchid="${mchid}",nonce_str="${nonce}",signature="${signature}",timestamp="${timestamp}",serial_no="${merchant_serial}"`;
  }

  genuine(headers, body) {
    const timestamp = headers["wechatpay-timestamp"];
    if (headers["wechatpay-serial"] !== this.#config.platform_key_id || !(Math.abs(Date.now() / 1000 - Number(timestamp)) < 300)) return false;
    const message = `${timestamp}\n${headers["wechatpay-nonce"]}\n${body}\n`;
    return createVerify("RSA-SHA256").update(message).verify(this.#config.platformKey, headers["wechatpay-signature"] ?? "", "base64");
  }

  open({ ciphertext, nonce, associated_data: bound }) {
    const sealed = Buffer.from(ciphertext, "base64");
    const cipher = createDecipheriv("aes-256-gcm", this.#config.apiKey, nonce);
    cipher.setAAD(Buffer.from(bound)).setAuthTag(sealed.subarray(-16));
    return JSON.parse(Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]).toString());
  }

  // Does a paid trade say what was ordered?
  agrees(paid, totalFen) {
    const { amount } = paid;
    return paid.trade_state === "SUCCESS" && paid.mchid === this.#config.mchid && paid.appid === this.#config.appid && amount.total === totalFen && (amount.currency ?? "CNY") === "CNY";
  }
}
