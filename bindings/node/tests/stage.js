'use strict';
// What tests are staged with: keys, folders, configurations.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '../../..');

/** A folder that is gone after the test. */
function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'menjie-node-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A fresh copy of the files that vectors name, with the modes that key files must have. */
function vectorFiles(t) {
  const to = folder(t);
  fs.cpSync(path.join(root, 'tests/vectors/seal/files'), to, { recursive: true });
  for (const name of fs.readdirSync(to, { recursive: true })) {
    const file = path.join(to, name);
    fs.chmodSync(file, fs.statSync(file).isDirectory() ? 0o700 : 0o600);
  }
  return to;
}

/** Keys of a log. */
function logKeys(work) {
  for (const who of ['writer', 'auditor']) {
    const pem = path.join(work, `${who}.pem`);
    execFileSync('openssl', ['genpkey', '-algorithm', 'SM2', '-out', pem], { stdio: 'pipe' });
    execFileSync('openssl', ['pkey', '-in', pem, '-pubout', '-out', path.join(work, `${who}.pub`)], { stdio: 'pipe' });
    fs.chmodSync(pem, 0o600);
  }
}

const HIS = { lock: false, query_post: false, cancel_post: false, notices: false };

/** The configuration of an engine with a ledger whose HIS and invoices are the program's. */
function engine(t, ports) {
  const work = folder(t);
  logKeys(work);
  const store = path.join(work, 'store.keys');
  execFileSync(process.env.MENJIE_CLI, ['keygen', store], { stdio: 'pipe' });
  return {
    node: 1,
    store: { path: path.join(work, 'menjie.db'), keys: store },
    log: { folder: path.join(work, 'log'), signer: path.join(work, 'writer.pem'), auditors: [path.join(work, 'auditor.pub')], reserve_mib: 0 },
    hospitals: [{ id: 'H1', host: { his: HIS, invoice: {} } }],
    ports: { invoice: {}, ...ports },
  };
}

module.exports = { root, folder, vectorFiles, engine };
