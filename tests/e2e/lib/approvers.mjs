// Who decides about refunds, through the HTTP API with tokens of their own: a doctor, an executing department and finance, for
// every department of a generated day and of one written by hand.
import { createHash } from 'node:crypto';

const DEPARTMENTS = ['JSK1', 'JSK2', 'XLK', 'SMK', 'LNK', 'ETK', 'XYF', 'ZYF', 'JYK', 'DSL', 'CPS', 'WLS', 'YXK', 'XDS', ...Array.from({ length: 12 }, (_, at) => `D${String(at).padStart(3, '0')}`)];
const token = (role) => createHash('sha256').update(`e2e ${role}`).digest('hex');
const staff = (role, id, departments) => ({ staff: id, roles: [role], ...(departments ? { departments } : {}), token_sm3: createHash('sm3').update(token(role)).digest('hex') });

/** For `startHospital({ env })`. The demonstration's own token is replaced. */
export const approversEnv = () => ({
  MENJIE__SERVER__STAFF: JSON.stringify([staff('doctor', 'E01', DEPARTMENTS), staff('exec_dept', 'E02', DEPARTMENTS), staff('finance', 'E03'), staff('operator', 'E04')]),
});

async function call(hospital, role, method, where, body) {
  const answer = await fetch(`${hospital.base}/api/v1/${where}`, { method, headers: { authorization: `Bearer ${token(role)}`, 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${role} ${where}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

const ROLES = { doctor: 'doctor', unconfirm: 'exec_dept', finance: 'finance' };

/** An approver's word at a stage; answers the state after it. */
export async function decide(hospital, id, stage, { verdict = 'approve', note = '' } = {}) {
  const answer = await call(hospital, ROLES[stage], 'POST', `refunds/${id}/decision`, { key: `${id}-${stage}-${verdict}`, stage, verdict, note });
  if (answer.decision !== 'accepted') throw new Error(`${stage}: ${JSON.stringify(answer)}`);
  return answer.st;
}

/** A refund as staff may see it. */
export const refundOf = (hospital, id) => call(hospital, 'finance', 'GET', `refunds/${id}`);

/** What waits at a step. */
export const waiting = async (hospital, step) => (await call(hospital, ROLES[step], 'GET', `refunds?step=${step}`)).items;
