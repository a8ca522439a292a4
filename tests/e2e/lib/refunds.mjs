// Patients and their refunds, through the HTTP API: what staff's pages need to have something to decide about.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

/** A patient's session of the API. */
export async function patientAt(hospital, patient) {
  const call = (token) => async (method, where, body) => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(`${hospital.base}/api/v1${where}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${where}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  const { token } = await call()('POST', '/identify', { way: 'visit_no', token: patient.card_no, bearer: true });
  return call(token);
}

/** Asks until `wanted` says so. */
export async function until(what, read, wanted, patience = 30_000) {
  let last;
  for (const end = Date.now() + patience; Date.now() < end;) {
    last = await read();
    if (wanted(last)) return last;
    await new Promise((done) => { setTimeout(done, 150); });
  }
  return assert.fail(`${what} never came: ${JSON.stringify(last)}`);
}

/** Pays everything that can be paid with one's own money; the settlements, booked and with their invoices. */
export async function pays(hospital, api) {
  const unpaid = await api('GET', '/bills/unpaid');
  const bill_ids = unpaid.visits.flatMap((visit) => visit.bills).filter((bill) => bill.payable).map((bill) => bill.bill_id);
  const { quote_id } = await api('POST', '/settlements/quote', { bill_ids });
  const { payment_id } = await api('POST', '/payments', { key: randomUUID(), quote_id, channel: 'wechat', method: { way: 'native' } });
  const { handover } = await until('the code', () => api('GET', `/payments/${payment_id}`), (view) => view.handover);
  await hospital.pay(handover.code_url);
  return booked(api);
}

/** What a patient has paid, once all of it has its invoice. */
export async function booked(api) {
  const { settlements } = await until('the invoices', () => api('GET', '/settlements'), (list) => list.settlements.length > 0 && list.settlements.every((one) => one.st === 'posted' && ['issued', 'none'].includes(one.invoice?.st)));
  return settlements.filter((one) => one.total_fen > 0);
}

/** Asks for a refund; its id. */
export async function asks(api, settlement, { lines = [], why = 'not_done', note } = {}) {
  const taken = await api('POST', '/refunds', { key: randomUUID(), settlement_id: settlement.settlement_id, lines, why, ...(note ? { note } : {}) });
  assert.equal(taken.decision, 'accepted', JSON.stringify(taken));
  return taken.refund_id;
}

/** How a refund stands, once it stands like that. */
export const stands = (api, id, st) => until(`${id} ${st}`, () => api('GET', `/refunds/${id}`), (view) => view.st === st);
