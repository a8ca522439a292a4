// What a pay request of the whole flow must look like: the bill as HIS wants it, and what its invoice will say.
const text = (max) => ({ type: "string", minLength: 1, maxLength: max });
const yuan = { type: "string", pattern: "^-?[0-9]{1,9}\\.[0-9]{2}$" };
const object = (properties, optional = []) => ({
  type: "object",
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
  properties,
});
const lines = (items) => ({ type: "array", minItems: 1, maxItems: 500, items });
const version = { type: "integer", minimum: 0 };

const bill = object({
  patient_id: text(64), visit_id: text(64), dept_code: text(32), total: yuan,
  lines: lines(object({ line_id: text(64), version, amount: yuan })),
});

const item = object({
  line_id: text(64), order_no: text(64), fee_class: text(8), item_code: text(64), item_name: text(200), spec: text(100), unit: text(20),
  price: text(20), quantity: text(20), doses: { type: "integer", minimum: 1 }, amount: yuan,
}, ["order_no", "spec", "unit"]);

export const payment = {
  body: object({
    key: text(64),
    bill,
    payer: object({ name: text(100), sex: text(4), age: text(10), id_no: text(32), phone: text(20) }, ["id_no", "phone"]),
    visit: object({ date: text(10), dept_name: text(60) }),
    items: lines(item),
  }),
  response: { 200: { type: "object", properties: { payment_id: { type: "string" }, st: { type: "string" }, code_url: { type: "string" } } } },
};
