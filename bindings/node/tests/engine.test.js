'use strict';
// Engines of this process with a HIS in JavaScript, and servers that answer, fail, stall or are away.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const test = require('node:test');
const v8 = require('node:v8');
const vm = require('node:vm');
const menjie = require('menjie');
const { engine, folder, root } = require('./stage');

const charges = JSON.parse(fs.readFileSync(path.join(root, 'examples/rust/data/unpaid.json'), 'utf8'));
const caller = { patient: 'P1' };
const failure = (promise) => promise.then(() => assert.fail('no error'), (error) => error);

test('a HIS of objects with async functions is asked', async (t) => {
  const asked = [];
  let answer = async () => menjie.done(charges);
  const his = {
    unpaid(request, cx) {
      asked.push([request.patient, cx.port, cx.method, cx.hospital, typeof cx.attempt, typeof cx.timeout_ms]);
      return answer(request);
    },
  };
  const client = await menjie.open(engine(t, { his }));
  t.after(() => client.close());
  const list = () => client.visit.unpaid({ patient_id: 'P1' }, { caller });
  const unpaid = await list();
  assert.ok(unpaid.payable_fen > 0 && Number.isSafeInteger(unpaid.payable_fen));
  assert.deepEqual(asked[0], ['P1', 'his', 'his.unpaid', 'H1', 'number', 'number']);
  // The rule alone makes the same bills of the same lines.
  const alone = await menjie.bill.group({ visits: charges.visits, lines: charges.lines });
  assert.deepEqual(totals(alone.bills), totals(unpaid.visits.flatMap((visit) => visit.bills)));
  assert.ok(alone.bills.length > 1);

  const broken = [
    ['thrown', () => { throw new Error('张三'); }, 300],
    ['rejected', async () => { throw new Error('张三'); }, 300],
    ['nothing', async () => undefined, 300],
    ['a cycle', async () => { const a = {}; a.a = a; return a; }, 300],
    ['a BigInt', async () => menjie.done(1n), 300],
    ['another shape', async () => ({ outcome: 'yes' }), 301],
    ['a fraction of a fen', async () => menjie.done({ ...charges, lines: [{ ...charges.lines[0], amount_fen: 1.5 }] }), 301],
    ['unsent', async () => menjie.unsent('connect', 'no connection'), 300],
    ['unknown', async () => menjie.unknown('timeout', 'no answer'), 300],
  ];
  for (const [what, wrong] of broken) {
    answer = wrong;
    const error = await failure(list());
    assert.ok(error instanceof menjie.CounterpartError && !error.message.includes('张三') && !JSON.stringify(error).includes('张三'), `${what}: ${error.message}`);
  }
  answer = async () => menjie.done(charges);
  assert.equal((await list()).payable_fen, unpaid.payable_fen);

  assert.equal((await failure(client.visit.unpaid({ patient_id: 'P1' }))).context.field, 'caller');
  assert.equal((await failure(client.visit.unpaid({ patient_id: 'P2' }, { caller }))).code, 200);
  assert.deepEqual(await client.echo({ value: 1 }), { value: 1 });
  assert.equal((await failure(client.call('testing.panic', {}))).code, 901);
});

const totals = (bills) => bills.map((bill) => [bill.bill_id, bill.total_fen]).sort();

test('a method that the program does not have was never sent', async (t) => {
  const client = await menjie.open(engine(t, { his: {} }));
  t.after(() => client.close());
  assert.equal((await failure(client.visit.unpaid({ patient_id: 'P1' }, { caller }))).code, 300);
});

test('a second copy of the log is kept by an object with an async function', async (t) => {
  const copy = folder(t);
  const asked = [];
  let past;
  // The deadline's timer keeps this thread's loop going, which an idle client does not.
  const pastTrouble = new Promise((go, fail) => {
    const late = setTimeout(() => fail(new Error('not within 60 s: the keeper is past its trouble')), 60_000);
    past = () => { clearTimeout(late); go(); };
  });
  const log = {
    async copy(piece, cx) {
      asked.push([cx.port, cx.method, cx.hospital, cx.attempt]);
      if (asked.length === 6) past();
      if (asked.length === 2) throw new Error('disk');
      if (asked.length === 4) return menjie.refused('full', '磁盘已满');
      const file = fs.openSync(path.join(copy, piece.file), fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
      const bytes = Buffer.from(piece.bytes, 'base64');
      fs.writeSync(file, bytes, 0, bytes.length, piece.offset);
      if (piece.closed) fs.ftruncateSync(file, piece.offset + bytes.length);
      fs.closeSync(file);
      return menjie.done();
    },
  };
  const config = engine(t, { his: { unpaid: async () => menjie.done(charges) }, log });
  config.log.copy = { piece_kib: 1 };
  const here = config.log.folder;
  assert.equal((await failure(menjie.open({ ...config, ports: { his: {}, invoice: {} } }))).context.field, 'log.copy');
  const client = await menjie.open(config);
  // Nobody who ends waits for a keeper that fails; so its failures must lie behind.
  for (let call = 0; call < 20; call += 1) await client.visit.unpaid({ patient_id: 'P1' }, { caller });
  await pastTrouble;
  await client.close();
  assert.deepEqual(asked.slice(0, 6).map(([, , , attempt]) => attempt), [1, 1, 2, 1, 2, 1]);
  assert.deepEqual(asked[0].slice(0, 3), ['log', 'log.copy', '']);
  const { behind_bytes: bytes, behind_segments: segments, failing } = await menjie.seal.copied({ dir: here });
  assert.deepEqual({ bytes, segments, failing }, { bytes: 0, segments: 0, failing: null });
  for (const name of fs.readdirSync(here).filter((name) => !['STATE', 'LOCK', 'COPIED'].includes(name))) {
    assert.ok(fs.readFileSync(path.join(copy, name)).equals(fs.readFileSync(path.join(here, name))), name);
  }
  const keys = { writers: [config.log.signer.replace('.pem', '.pub')], key: config.log.auditors[0].replace('.pub', '.pem') };
  const verified = await menjie.seal.verify({ dir: copy, ...keys });
  assert.deepEqual([verified.verdict, verified.seal_checked, verified.records > 0], ['sound', true, true]);
});

test('what is wrong with a configuration is told by its field', async (t) => {
  const config = engine(t, { his: {} });
  for (const [wrong, field] of [
    [{ ...config, hospitals: [] }, /hospitals/],
    [{ ...config, server: 'https://h.example' }, /server/],
    [{ ...config, ports: {} }, /host/],
    [{ ...config, ports: { hsi: {} } }, /ports/],
    [{ server: 'http://h.example' }, /server/],
    [{ server: 7 }, /server/],
  ]) {
    const error = await failure(menjie.open(wrong));
    assert.ok(error instanceof menjie.MenjieError, String(error));
    assert.match(error.context.field, field);
  }
});

test('closing: once for all, and nothing begins afterwards', async (t) => {
  let his, answer;
  const asked = new Promise((go) => {
    his = { unpaid: () => new Promise((given) => { answer = given; go(); }) };
  });
  const client = await menjie.open(engine(t, { his }));
  const unpaid = client.visit.unpaid({ patient_id: 'P1' }, { caller });
  await asked;
  assert.equal(client.isOpen, true);
  const closing = Promise.all([client.close(), client.close(), client.close()]);
  answer(menjie.done(charges));
  assert.deepEqual(await closing, [true, true, true]);
  assert.ok((await unpaid).payable_fen > 0);
  const error = await failure(client.visit.unpaid({ patient_id: 'P1' }, { caller }));
  assert.deepEqual([error.code, error.kind], [12, 'misuse']);
  assert.equal(client.isOpen, false);
  assert.equal(await client.close(), true);
});

test('what the program gave is let go once its engine is closed, or has not opened', async (t) => {
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  const freed = async (ref) => {
    for (let round = 0; ref.deref() !== undefined && round < 100; round += 1) {
      await new Promise((go) => setTimeout(go, 20));
      gc();
    }
    return ref.deref() === undefined;
  };
  // In functions of their own, so that nothing of the test holds what is given.
  const closed = async () => {
    const his = { unpaid: async () => menjie.done(charges) };
    const client = await menjie.open(engine(t, { his }));
    await client.visit.unpaid({ patient_id: 'P1' }, { caller });
    assert.equal(await client.close(), true);
    return [new WeakRef(his), new WeakRef(client)];
  };
  const refused = async () => {
    const his = {};
    assert.match((await failure(menjie.open({ ...engine(t, { his }), hospitals: [] }))).context.field, /hospitals/);
    return [new WeakRef(his)];
  };
  for (const refs of [await closed(), await refused()]) {
    for (const ref of refs) assert.equal(await freed(ref), true);
  }
});

async function server(t, handle) {
  const made = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => handle({ url: request.url, headers: request.headers, body }, response));
  });
  await new Promise((go) => made.listen(0, '127.0.0.1', go));
  t.after(() => {
    made.closeAllConnections();
    made.close();
  });
  return `http://127.0.0.1:${made.address().port}`;
}

const json = (response, status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

test('a server is asked by name with its token, and its failures are errors', async (t) => {
  const seen = [];
  const answers = [
    [200, { decision: 'accepted', payment_id: '1', settlement_ids: [], st: 's' }],
    [409, { code: 201, kind: 'conflict', retry: 'never', message: 'm', context: {} }],
    [400, { code: 999, kind: 'of_a_newer_server', retry: 'never', message: 'm', context: {} }],
    [502, 'no envelope'],
  ];
  const url = await server(t, (request, response) => {
    seen.push([request.url, request.headers.authorization, JSON.parse(request.body)]);
    const [status, value] = answers[seen.length - 1];
    json(response, status, value);
  });
  const client = await menjie.open({ server: { url, token: 'T' } });
  const request = { key: 'k', quote_id: '1', channel: 'wechat', method: { way: 'native' } };
  assert.equal((await client.settlement.pay(request)).decision, 'accepted');
  assert.deepEqual(seen[0], ['/api/v1/ops/settlement.pay', 'Bearer T', request]);
  assert.ok((await failure(client.settlement.pay(request))) instanceof menjie.ConflictError);
  // What is no envelope that this version reads tells nothing about what the server did.
  for (const unknown of [await failure(client.settlement.pay(request)), await failure(client.settlement.pay(request))]) {
    assert.ok(unknown instanceof menjie.CounterpartError);
    assert.deepEqual([unknown.code, unknown.retry], [711, 'after_query']);
  }
  assert.equal((await failure(client.settlement.pay(request, { caller }))).context.field, 'caller');
  await client.close();
});

test('clients share the threads on which servers are waited for', async (t) => {
  const url = await server(t, (request, response) => json(response, 200, { value: 1 }));
  const count = () => fs.readdirSync('/proc/self/task').length;
  const clients = [await menjie.open({ server: url })];
  const before = count();
  for (let more = 0; more < 50; more += 1) clients.push(await menjie.open({ server: url }));
  const after = count();
  assert.ok(after <= before + 4, `${before} threads, then ${after}`);
  // Closing one leaves the others theirs.
  await clients.shift().close();
  assert.deepEqual(await clients[0].visit.unpaid({ patient_id: 'P1' }), { value: 1 });
  assert.deepEqual(await Promise.all(clients.map((client) => client.close())), clients.map(() => true));
});

test('an aborted command, or step of a session, may have been done; a server that is away was sent nothing', async (t) => {
  let arrived = 0, all;
  const sent = new Promise((go) => { all = go; });
  const url = await server(t, () => { arrived += 1; if (arrived === 4) all(); });
  const client = await menjie.open({ server: url });
  const control = new AbortController();
  const { signal } = control;
  const calls = [
    client.visit.unpaid({ patient_id: 'P1' }, { signal }),
    client.payment.cancel({ key: 'k', payment_id: '1' }, { signal }),
    // A message may be on its way, a session open.
    client.session.sendCode({ phone: '13900000001' }, { signal }),
    client.session.identify({ way: 'visit_no', token: 'K1' }, { signal }),
  ].map(failure);
  await sent;
  control.abort();
  const [read, ...unknown] = await Promise.all(calls);
  for (const error of unknown) assert.deepEqual([error.name, error.retry, error.context.sent], ['AbortError', 'after_query', 'yes']);
  assert.deepEqual([read.name, read.retry], ['AbortError', 'same_key']);
  await client[Symbol.asyncDispose]();
  assert.equal(client.isOpen, false);
  const away = await menjie.open({ server: 'http://127.0.0.1:1' });
  const error = await failure(away.visit.unpaid({ patient_id: 'P1' }));
  assert.deepEqual([error.code, error.retry], [710, 'same_key']);
});
