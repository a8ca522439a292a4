// The fiscal e-invoice platform (docs/invoice-platform.md): one row per fee class, one per line, both close on the total.
import { createHash, randomBytes } from "node:crypto";
import { Pool } from "undici";
import { fen, yuan } from "./money.mjs";
import { CONNECTIONS } from "./settings.mjs";
import { digits } from "./time.mjs";

const VERSION = "1.0";
const CLASSES = { "01": "床位费", "02": "诊察费", "03": "检查费", "04": "化验费", "05": "治疗费", "06": "手术费", "07": "护理费", "08": "卫生材料费", "09": "西药费", 10: "中药饮片", 11: "中成药费", 12: "一般诊疗费", 13: "挂号费" };

export class Invoices {
  #config;
  #path;
  #pool;

  constructor(config) {
    const url = new URL(config.invoice_url);
    this.#config = config;
    this.#path = `${url.pathname}/invoiceEBillOutpatient`;
    this.#pool = new Pool(url.origin, { connections: CONNECTIONS });
  }

  // Issues; the same number with the same content again gets the same invoice.
  async issue(order) {
    const data = Buffer.from(JSON.stringify(this.#ticket(order))).toString("base64");
    const [appid, noise] = [this.#config.invoice_appid, randomBytes(16).toString("hex")];
    const body = JSON.stringify({ appid, data, noise, sign: this.#sign(data, noise), version: VERSION });
    const answer = await this.#pool.request({ method: "POST", path: this.#path, headers: { "content-type": "application/json; charset=utf-8" }, body });
    const envelope = await answer.body.json();
    if (answer.statusCode !== 200 || envelope.appid !== appid || envelope.version !== VERSION || envelope.sign !== this.#sign(envelope.data, envelope.noise)) throw new Error(`invoice: ${answer.statusCode}`);
    const { result, message } = JSON.parse(Buffer.from(envelope.data, "base64").toString());
    const inside = Buffer.from(message, "base64").toString();
    if (result !== "S0000") throw new Error(`invoice: ${result} ${inside}`);
    const issued = JSON.parse(inside);
    if (issued.totalAmt !== order.content.bill.total) throw new Error("invoice: another total");
    return issued;
  }

  #sign(data, noise) {
    const text = `appid=${this.#config.invoice_appid}&data=${data}&noise=${noise}&key=${this.#config.invoice_key}&version=${VERSION}`;
    return createHash("md5").update(text).digest("hex").toUpperCase();
  }

  #ticket({ no, tradeNo, postedAt, content: { bill, payer, visit, items } }) {
    const [total, zero] = [bill.total, "0.00"];
    const { place_code, payee, author, medical_institution, card_type } = this.#config.invoice_texts;
    return {
      busNo: no, busType: "02", payer: payer.name, busDateTime: digits(Date.parse(postedAt)), placeCode: place_code, payee, author, totalAmt: total, payerType: "1",
      idCardNo: payer.id_no, tel: payer.phone, cardType: card_type, cardNo: bill.patient_id, weChatOrderNo: tradeNo, medicalInstitution: medical_institution,
      medCareTypeCode: "07", medicalCareType: "自费", consultationDate: visit.date.replaceAll("-", ""), patientNo: bill.visit_id, caseNumber: bill.patient_id,
      category: visit.dept_name, patientCategory: visit.dept_name, sex: payer.sex, age: payer.age,
      accountPay: zero, fundPay: zero, otherfundPay: zero, selfCashPay: total, ownPay: total, selfConceitedAmt: zero, selfPayAmt: zero, isArrears: "1",
      payChannelDetail: [{ payChannelCode: "05", payChannelValue: total }],
      chargeDetail: classes(items), listDetail: items.map(row),
    };
  }
}

function className(code) {
  return CLASSES[code] ?? "其他门诊收费";
}

function classes(items) {
  const sums = new Map();
  for (const { fee_class, amount } of items) sums.set(fee_class, (sums.get(fee_class) ?? 0) + fen(amount));
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, sum], at) => {
    const amt = yuan(sum);
    return { sortNo: String(at + 1), chargeCode: code, chargeName: className(code), unit: "项", std: amt, number: "1.00", amt, selfAmt: amt, remark: "" };
  });
}

function row(item, at) {
  const amt = `${item.amount}00`;
  return {
    listDetailNo: item.line_id, sortNo: String(at + 1), chargeCode: item.fee_class, chargeName: className(item.fee_class), prescribeCode: item.order_no ?? "",
    code: item.item_code, name: item.item_name, specification: item.spec ?? "", unit: item.unit ?? "",
    std: Number(item.price).toFixed(4), number: (Number(item.quantity) * item.doses).toFixed(2), amt, selfAmt: amt,
  };
}
