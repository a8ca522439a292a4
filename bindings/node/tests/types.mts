// Checked by tsc --strict, never run: what compiles, and (@ts-expect-error) what must not.
import menjie, { open, bill, invoice, wechat, MenjieError, done, unknown } from 'menjie';
import type { Client, HisPort, SettlementPayRequest } from 'menjie';

async function use(client: Client): Promise<number> {
  const unpaid = await client.visit.unpaid({ patient_id: 'P1' }, { caller: { patient: 'P1' }, signal: AbortSignal.timeout(1000) });
  const request: SettlementPayRequest = { key: 'k', quote_id: 'Q1', channel: 'wechat', method: { way: 'jsapi', payer: 'o1' } };
  const paid = await client.settlement.pay(request);
  if (paid.decision === 'refused') return 0;
  const view = await client.call('settlement.get', { payment_id: paid.payment_id, wait_ms: 100 });
  const sheet: string = wechat.payParameters(view).paySign;
  // @ts-expect-error there is no such operation
  await client.call('settlement.pya', request);
  // @ts-expect-error a member is missing
  await client.visit.unpaid({});
  // @ts-expect-error sync forms exist for what computes only
  menjie.callSync('settlement.pay', request);
  return unpaid.payable_fen + sheet.length;
}

const his: HisPort = {
  async unpaid({ patient }, cx) {
    return cx.attempt > 1 || patient === '' ? unknown('down', 'no answer') : done({ visits: [], lines: [] });
  },
};

async function main(): Promise<void> {
  const words: string = invoice.amountInWords.sync({ amount_fen: 1 }).words;
  const grouped = await bill.group({ lines: [], visits: [] } as never);
  const table = await menjie.batch('bill.group_batch', {}, { lines: new Uint8Array() });
  const bytes: Buffer = table.tables.bills;
  try {
    await use(await open({ server: 'https://h.example' }));
    await using closed = await open({ server: 'https://h.example' });
    await use(closed);
    await use(await open({ log: {}, hospitals: [], ports: { his } }));
  } catch (error) {
    const status: 400 | 401 | 500 = (error instanceof MenjieError ? error.statusCode : undefined) ?? 500;
    if (error instanceof MenjieError && error.retry === 'after_query') throw new Error(String(error.code) + words + grouped + bytes.length + status);
  }
}
void main;
