// A whole hospital on loopback for one test file: simulators and a server of their own, on free ports.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const target = process.env.CARGO_TARGET_DIR || path.join(root, 'target');
const profile = process.env.MENJIE_E2E_PROFILE || 'debug';

/**
 * Starts the demo hospital. `env` overrides the server's configuration (docs/config.md: MENJIE__SERVER__…);
 * `day` is a file or a seed.
 */
export async function startHospital({ env = {}, seed = 7, visits = 24, day } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'menjie-e2e-'));
  const program = path.join(target, profile, 'menjie-demo');
  const args = ['--control', '--folder', folder, '--seed', String(seed), '--visits', String(visits)];
  if (day) args.push('--day', day);
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data) => { errors += data; });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) throw new Error(`menjie-demo ended at once: ${errors}\n(build it with cargo build -p menjie-server)`);
  const urls = JSON.parse(first.value);
  const dayData = await (await fetch(`${urls.admin}/admin/day`)).json();

  async function command(word) {
    child.stdin.write(`${word}\n`);
    const answer = await lines.next();
    if (answer.value !== 'done') throw new Error(`${word}: ${answer.value} ${errors}`);
  }
  async function admin(method, where, body) {
    const answer = await fetch(`${urls.admin}/admin/${where}`, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${where}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }
  return {
    ...urls,
    /** Where its files lie. */
    folder,
    day: dayData,
    kill: () => command('kill'),
    start: () => command('start'),
    restart: () => command('restart'),
    /** The payer confirms the only open order, or the one with this code. */
    async pay(code) {
      const open = await admin('GET', 'payable');
      const order = code || open[0]?.code;
      if (!order) throw new Error('there is no open order');
      await admin('POST', 'pay', { code: order });
    },
    /** What a phone shows at the scanner. */
    healthCode: async (patient) => (await admin('POST', 'health-code', { patient_id: patient.patient_id })).code,
    eVoucher: async (patient) => (await admin('POST', 'e-voucher', { patient_id: patient.patient_id })).code,
    /** The code in the last message to a phone. */
    async lastCode(phone) {
      const messages = (await admin('GET', 'sms')).filter((message) => message.phone === phone);
      return messages[messages.length - 1].text.match(/\d{6}/)[0];
    },
    /** What the official account has sent, oldest first. */
    messages: () => admin('GET', 'wechat/messages'),
    /** People inside the hospital do something (docs/simulator.md). */
    act: (action) => admin('POST', 'his/act', action),
    /** How somebody is insured: `{ insurance_type, balance_fen, active }`. */
    insure: (patient, how) => admin('PUT', 'insurer/insured', { patient_id: patient.patient_id, ...how }),
    /** Somebody settles an abnormal refund at the channel's console. */
    settleAbnormal: (out_refund_no) => admin('POST', 'wechat/settle-abnormal', { out_refund_no }),
    /** The channel's bill of a day has this line, too. */
    astray: (line) => admin('POST', 'wechat/astray', line),
    payable: () => admin('GET', 'payable'),
    truth: () => admin('GET', 'truth'),
    addFault: (fault) => admin('POST', 'faults', fault),
    clearFaults: () => admin('DELETE', 'faults'),
    async stop() {
      child.stdin.end();
      await new Promise((done) => { child.once('exit', done); });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** People of the day by how many bills of how many departments they have: `[{ patient, lines, departments }]`. */
export function people(day) {
  return day.patients.map((patient) => {
    const lines = day.lines.filter((line) => line.patient_id === patient.patient_id);
    return { patient, lines, departments: new Set(lines.map((line) => line.exec_dept_code ?? line.dept_code)).size };
  });
}
