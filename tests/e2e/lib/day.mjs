// Days written by hand (docs/day.schema.json), for what a generated day does not show.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const DATE = '2026-03-02';

/** A patient whose every number is invented; area 440599 was never given to anybody. */
export function person(n, { id_no, name = `测试${'甲乙丙丁戊己'[n - 1] || n}` } = {}) {
  const body = `44059919900307${String(n * 2).padStart(3, '0')}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const check = '10X98765432'[weights.reduce((sum, weight, at) => sum + weight * Number(body[at]), 0) % 11];
  return { patient_id: `P90000${n}`, card_no: `K9000000${n}`, name, sex_code: '1', birth_date: '1990-03-07', id_no: id_no || body + check, phone: `1390000900${n}` };
}

/**
 * A day of these people: `visits` are `{ patient, dept, date, lines: [{ dept, name, spec, price, quantity, fen, kind, cls, own }] }`.
 * Returns the file's path.
 */
export function writeDay(patients, visits) {
  const names = new Set(['内科门诊', ...visits.flatMap((v) => v.lines.map((l) => l.dept))]);
  const codes = new Map([...names].map((name, at) => [name, `D${String(at).padStart(3, '0')}`]));
  const day = { format: 'menjie-day-1', date: DATE, departments: [...codes].map(([name, code]) => ({ code, name, guidance: `请到${name}一楼${code}窗口` })), patients, visits: [], lines: [] };
  for (const [at, visit] of visits.entries()) {
    const visit_id = `V${String(at + 1).padStart(6, '0')}`;
    const dept_name = visit.dept || '内科门诊';
    day.visits.push({ visit: { visit_id, patient_id: visit.patient.patient_id, date: visit.date || DATE, dept_code: codes.get(dept_name) || 'D000', dept_name, doctor_name: '李医生', payer: 'self_pay' }, arrives_at: `${DATE}T09:00:00.000+08:00` });
    for (const line of visit.lines) {
      const n = day.lines.length + 1;
      day.lines.push({
        line_id: `L${String(n).padStart(8, '0')}`, version: 0, patient_id: visit.patient.patient_id, visit_id, line_no: n, kind: line.kind || 'service', fee_class: line.cls || '04', item_code: `S${n}`, item_name: line.name || `项目${n}`,
        ...(line.spec ? { spec: line.spec } : {}), unit: '次', price: line.price, quantity: line.quantity || '1', doses: 1, amount_fen: line.fen, order_dept_code: 'D000', order_dept_name: dept_name,
        exec_dept_code: codes.get(line.dept), exec_dept_name: line.dept, main_line: false, self_paid_item: line.own || false, ordered_at: `${DATE}T09:00:00.000+08:00`,
      });
    }
  }
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'menjie-day-')), 'day.json');
  writeFileSync(file, JSON.stringify(day));
  return file;
}
