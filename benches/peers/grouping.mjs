// Grouping with a Map, as a host would write it: sets follow their main line, then one key a line.
import { crc32 } from 'node:zlib';

function place(line) {
  if ((line.kind === 'drug' || line.kind === 'herb') && line.pharmacy_code) return line.pharmacy_code;
  return line.exec_dept_code ?? line.order_dept_code;
}

/** Of `visit|department`: the total and the lines. */
export function group(lines) {
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

/** `documents:fen:mix` over [`visit|department`, total], as benches/src/measure.rs has it. */
export function checksum(totals) {
  let [count, sum, mix] = [0, 0, 0n];
  for (const [key, total] of totals) {
    count += 1;
    sum += total;
    mix += BigInt(total) * BigInt(1 + crc32(key));
  }
  return `${count}:${sum}:${BigInt.asUintN(64, mix)}`;
}

/** The checksum of what `group` made. */
export const check = (docs) => checksum([...docs].map(([key, doc]) => [key, doc.total]));
