// B1 peer: a Map on Node, as a host would write it: sets follow their main line, then one key a line.
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";

const [work, runs] = [process.argv[2], Number(process.argv[3])];
const peer = `Map, Node ${process.versions.node}`;

function place(line) {
  if ((line.kind === "drug" || line.kind === "herb") && line.pharmacy_code) return line.pharmacy_code;
  return line.exec_dept_code ?? line.order_dept_code;
}

function group(lines) {
  const mains = new Map();
  for (const line of lines) if (line.atomic_key && line.main_line) mains.set(line.atomic_key, line);
  const docs = new Map();
  for (const line of lines) {
    const lead = (line.atomic_key && mains.get(line.atomic_key)) || line;
    const key = `${line.visit_id}|${place(lead)}`;
    const doc = docs.get(key);
    if (doc) {
      doc.total += line.amount_fen;
      doc.lines.push(line);
    } else {
      docs.set(key, { total: line.amount_fen, lines: [line] });
    }
  }
  return docs;
}

function checksum(docs) {
  let [count, sum, mix] = [0, 0, 0n];
  for (const [key, doc] of docs) {
    count += 1;
    sum += doc.total;
    mix += BigInt(doc.total) * BigInt(1 + crc32(key));
  }
  return `${count}:${sum}:${BigInt.asUintN(64, mix)}`;
}

let sink = 0;
function measure(name, check, times, run) {
  const [us, cpu_us] = [[], []];
  for (let at = 0; at <= runs; at += 1) {
    const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
    for (let i = 0; i < times; i += 1) sink += run() ? 1 : 0;
    const spent = process.cpuUsage(cpu);
    if (at > 0) {
      us.push(Number(process.hrtime.bigint() - wall) / 1e3 / times);
      cpu_us.push((spent.user + spent.system) / times);
    }
  }
  console.log(JSON.stringify({ peer, work: name, us, cpu_us, check }));
}

for (const size of [5, 30, 200]) {
  const text = readFileSync(`${work}/request_${size}.json`, "utf8");
  const { lines } = JSON.parse(text);
  const check = checksum(group(lines));
  const times = Math.floor(400_000 / size);
  measure(`b1 ${size} totals`, check, times, () => group(lines));
  measure(`b1 ${size} parse`, check, Math.floor(times / 10), () => JSON.parse(text));
  measure(`b1 ${size} json`, check, Math.floor(times / 10), () => group(JSON.parse(text).lines));
}
if (sink < 0) process.exit(1);
