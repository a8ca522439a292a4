// B4 peers on Node: ajv (compiled, every error) and zod, over JSON text and over objects that are parsed already.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import { z } from "zod";

const [work, runs] = [process.argv[2], Number(process.argv[3])];

const codes = {
  sex: ["0", "1", "2", "9"],
  marital: ["10", "20", "21", "22", "23", "30", "40", "90"],
  id_type: ["01", "02", "03", "04", "05", "06", "07", "99"],
  pay_method: ["1", "2", "3", "4", "5", "6", "7", "8", "99"],
};
const { countries, ethnic, relations } = JSON.parse(readFileSync(`${work}/codes.json`, "utf8"));
const patterns = { birth_date: "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$", id_no: "^[0-9]{17}[0-9X]$", phone: "^1[3-9]\\d{9}$", contact_phone: "^1[3-9]\\d{9}$" };
const texts = { name: 50, address: 200, contact_name: 50 };

const properties = {};
for (const [field, list] of Object.entries({ ...codes, nationality: countries, ethnic, contact_relation: relations })) properties[field] = { type: "string", enum: list };
for (const [field, pattern] of Object.entries(patterns)) properties[field] = { type: "string", pattern };
for (const [field, maxLength] of Object.entries(texts)) properties[field] = { type: "string", minLength: 1, maxLength };
const ajv = new Ajv({ allErrors: true }).compile({ type: "object", properties, required: Object.keys(properties), additionalProperties: false });

const shape = {};
for (const [field, list] of Object.entries({ ...codes, nationality: countries, ethnic, contact_relation: relations })) shape[field] = z.enum(list);
for (const [field, pattern] of Object.entries(patterns)) shape[field] = z.string().regex(new RegExp(pattern));
for (const [field, most] of Object.entries(texts)) shape[field] = z.string().min(1).max(most);
const zod = z.strictObject(shape);

// How many errors a record has.
const peers = {
  "ajv 8.20.0": (record) => (ajv(record) ? 0 : ajv.errors.length),
  "zod 4.6.7": (record) => {
    const parsed = zod.safeParse(record);
    return parsed.success ? 0 : parsed.error.issues.length;
  },
};

let sink = 0;
function measure(peer, name, check, times, run) {
  const [us, cpu_us] = [[], []];
  for (let at = 0; at <= runs; at += 1) {
    const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
    for (let i = 0; i < times; i += 1) sink += run();
    const spent = process.cpuUsage(cpu);
    if (at > 0) {
      us.push(Number(process.hrtime.bigint() - wall) / 1e3 / times);
      cpu_us.push((spent.user + spent.system) / times);
    }
  }
  console.log(JSON.stringify({ peer: `${peer}, Node ${process.versions.node}`, work: name, us, cpu_us, check }));
}

function tally(records, errors) {
  let [wrong, all] = [0, 0];
  for (const record of records) {
    const found = errors(record);
    all += found;
    if (found > 0) wrong += 1;
  }
  return `${records.length}:${wrong}:${all}`;
}

for (const [peer, errors] of Object.entries(peers)) {
  for (const name of ["valid", "wrong"]) {
    const text = readFileSync(`${work}/${name}.json`, "utf8");
    measure(peer, `b4 one ${name} json`, tally([JSON.parse(text)], errors), 200_000, () => errors(JSON.parse(text)));
  }
  const text = readFileSync(`${work}/batch.json`, "utf8");
  const records = JSON.parse(text);
  const check = tally(records, errors);
  measure(peer, "b4 batch json", check, 10, () => tally(JSON.parse(text), errors).length);
  measure(peer, "b4 batch objects", check, 20, () => tally(records, errors).length);
}
if (sink < 0) process.exit(1);
