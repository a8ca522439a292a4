-- Tokens: {I} 64-bit integer, {T} text, {C16} {C32} {C64} short ASCII code, {B} bytes, {S} table suffix.
-- hosp is first in every primary key; no column that may be blank is NOT NULL; times are milliseconds UTC.

-- A fingerprint of the look-up key: hashes made with another one would never be found again.
CREATE TABLE lookup_key (
  id {I} NOT NULL PRIMARY KEY,
  check_hash {B} NOT NULL
) {S};

-- Machines. machine codes elsewhere: 1 payment, 2 settlement, 3 refund, 4 invoice.
CREATE TABLE payment (
  hosp {T} NOT NULL,
  id {I} NOT NULL,
  ver {I} NOT NULL,
  st {C16} NOT NULL,
  attention {I} NOT NULL CHECK (attention IN (0, 1)),
  business_no {C32} NOT NULL,
  biz_date {C16} NOT NULL,
  created_ms {I} NOT NULL,
  patient_hash {B} NOT NULL,
  channel {T} NOT NULL,
  amount_fen {I} NOT NULL CHECK (amount_fen >= 0),
  paid_fen {I} NOT NULL CHECK (paid_fen >= 0),
  reserved_fen {I} NOT NULL CHECK (reserved_fen >= 0),
  refunded_fen {I} NOT NULL CHECK (refunded_fen >= 0),
  body_enc {B} NOT NULL,
  PRIMARY KEY (hosp, id),
  CHECK (refunded_fen + reserved_fen <= paid_fen)
) {S};

CREATE INDEX payment_attention ON payment (hosp, id) WHERE attention = 1;

CREATE TABLE settlement (
  hosp {T} NOT NULL,
  id {I} NOT NULL,
  ver {I} NOT NULL,
  st {C16} NOT NULL,
  attention {I} NOT NULL CHECK (attention IN (0, 1)),
  business_no {C32} NOT NULL,
  biz_date {C16} NOT NULL,
  created_ms {I} NOT NULL,
  patient_hash {B} NOT NULL,
  payment_id {I} NOT NULL,
  dept_code {T} NOT NULL,
  total_fen {I} NOT NULL,
  body_enc {B} NOT NULL,
  PRIMARY KEY (hosp, id)
) {S};

CREATE INDEX settlement_patient ON settlement (hosp, patient_hash, id);

CREATE INDEX settlement_attention ON settlement (hosp, id) WHERE attention = 1;

CREATE TABLE refund (
  hosp {T} NOT NULL,
  id {I} NOT NULL,
  ver {I} NOT NULL,
  st {C16} NOT NULL,
  attention {I} NOT NULL CHECK (attention IN (0, 1)),
  business_no {C32} NOT NULL,
  biz_date {C16} NOT NULL,
  created_ms {I} NOT NULL,
  payment_id {I} NOT NULL,
  settlement_id {I},
  amount_fen {I} NOT NULL CHECK (amount_fen >= 0),
  body_enc {B} NOT NULL,
  PRIMARY KEY (hosp, id)
) {S};

CREATE INDEX refund_attention ON refund (hosp, id) WHERE attention = 1;

CREATE TABLE invoice (
  hosp {T} NOT NULL,
  id {I} NOT NULL,
  ver {I} NOT NULL,
  st {C16} NOT NULL,
  attention {I} NOT NULL CHECK (attention IN (0, 1)),
  business_no {C32} NOT NULL,
  biz_date {C16} NOT NULL,
  created_ms {I} NOT NULL,
  settlement_id {I} NOT NULL,
  total_fen {I} NOT NULL,
  body_enc {B} NOT NULL,
  PRIMARY KEY (hosp, id)
) {S};

CREATE INDEX invoice_attention ON invoice (hosp, id) WHERE attention = 1;

-- Plain records: quotes, sessions, policy documents, cursors.
CREATE TABLE record (
  hosp {T} NOT NULL,
  kind {C16} NOT NULL,
  record_key {T} NOT NULL,
  ver {I} NOT NULL,
  expires_ms {I},
  body_enc {B} NOT NULL,
  PRIMARY KEY (hosp, kind, record_key)
) {S};

CREATE INDEX record_expires ON record (hosp, expires_ms) WHERE expires_ms IS NOT NULL;

-- Replies to commands, for ever. request_hash covers scope and key.
CREATE TABLE idem (
  hosp {T} NOT NULL,
  request_hash {B} NOT NULL,
  fingerprint {T} NOT NULL,
  at_ms {I} NOT NULL,
  reply_enc {B} NOT NULL,
  PRIMARY KEY (hosp, request_hash)
) {S};

-- Messages from outside, for ever: the unique key de-duplicates.
CREATE TABLE inbox (
  hosp {T} NOT NULL,
  peer {T} NOT NULL,
  message_id {T} NOT NULL,
  st {C16} NOT NULL CHECK (st IN ('applied', 'quarantined')),
  at_ms {I} NOT NULL,
  body_enc {B} NOT NULL,
  PRIMARY KEY (hosp, peer, message_id)
) {S};

CREATE INDEX inbox_quarantined ON inbox (hosp, at_ms, peer, message_id) WHERE st = 'quarantined';

-- Which batches were committed: asked after an unknown commit, trimmed after some days.
CREATE TABLE batch_log (
  hosp {T} NOT NULL,
  id {I} NOT NULL,
  at_ms {I} NOT NULL,
  PRIMARY KEY (hosp, id)
) {S};

CREATE INDEX batch_log_at ON batch_log (at_ms);

-- A charge line belongs to one live settlement at most.
CREATE TABLE line_claim (
  hosp {T} NOT NULL,
  line {T} NOT NULL,
  settlement_id {I} NOT NULL,
  PRIMARY KEY (hosp, line)
) {S};

-- Outbox, polls and timers: one row per open job. kind: 0 act, 1 poll, 2 timer (ver and idx are 0 for 1 and 2).
-- avail_ms: due_ms, or the end of the lease when that is later. sent counts attempts not proven unsent, of acts only.
CREATE TABLE job (
  hosp {T} NOT NULL,
  machine {I} NOT NULL,
  machine_id {I} NOT NULL,
  kind {I} NOT NULL CHECK (kind IN (0, 1, 2)),
  ver {I} NOT NULL,
  idx {I} NOT NULL,
  lane {C16} NOT NULL,
  queue_machine {I},
  queue_id {I},
  what {C32} NOT NULL,
  call_enc {B},
  due_ms {I} NOT NULL,
  avail_ms {I} NOT NULL,
  attempt {I} NOT NULL,
  sent {I} NOT NULL CHECK (sent >= 0),
  slow {I} NOT NULL CHECK (slow IN (0, 1)),
  lease {I},
  lease_by {T},
  PRIMARY KEY (hosp, machine, machine_id, kind, ver, idx)
) {S};

-- Work is claimed over all hospitals of a database, so this one index does not begin with hosp.
CREATE INDEX job_available ON job (lane, avail_ms, kind, hosp, machine, machine_id, ver, idx);

CREATE INDEX job_queue ON job (hosp, queue_machine, queue_id, ver, idx, machine, machine_id) WHERE kind = 0;

CREATE INDEX job_lease ON job (lease_by) WHERE lease_by IS NOT NULL;

-- No act of the queue before that instant.
CREATE TABLE queue_gate (
  hosp {T} NOT NULL,
  queue_machine {I} NOT NULL,
  queue_id {I} NOT NULL,
  not_before_ms {I} NOT NULL,
  PRIMARY KEY (hosp, queue_machine, queue_id)
) {S};

-- Ledger: rows are never updated. The unique key makes posting idempotent.
CREATE TABLE journal (
  hosp {T} NOT NULL,
  batch_id {I} NOT NULL,
  idx {I} NOT NULL,
  kind {C16} NOT NULL,
  reference {T} NOT NULL,
  payment_id {I} NOT NULL,
  at_ms {I} NOT NULL,
  biz_date {C16} NOT NULL,
  PRIMARY KEY (hosp, batch_id, idx),
  UNIQUE (hosp, kind, reference)
) {S};

CREATE INDEX journal_payment ON journal (hosp, payment_id);

CREATE TABLE journal_line (
  hosp {T} NOT NULL,
  batch_id {I} NOT NULL,
  idx {I} NOT NULL,
  line_no {I} NOT NULL,
  account {T} NOT NULL,
  debit_fen {I} NOT NULL CHECK (debit_fen >= 0),
  credit_fen {I} NOT NULL CHECK (credit_fen >= 0),
  PRIMARY KEY (hosp, batch_id, idx, line_no),
  CHECK ((debit_fen = 0 AND credit_fen > 0) OR (debit_fen > 0 AND credit_fen = 0))
) {S};

-- Every step of every machine, for ever; the key is the last guard against a double transition.
CREATE TABLE state_log (
  hosp {T} NOT NULL,
  machine {I} NOT NULL,
  machine_id {I} NOT NULL,
  ver {I} NOT NULL,
  from_st {C16},
  to_st {C16} NOT NULL,
  actor {T} NOT NULL,
  what {C64} NOT NULL,
  at_ms {I} NOT NULL,
  event_enc {B} NOT NULL,
  PRIMARY KEY (hosp, machine, machine_id, ver)
) {S};
