//! Machines and plain records.

use super::{Statement, statements};

statements! { MACHINE;
    /// Birth of a payment.
    PAYMENT_INSERT "payment.insert" = "INSERT INTO payment (ver, st, attention, business_no, biz_date, created_ms, body_enc, patient_hash, channel, amount_fen, paid_fen, reserved_fen, refunded_fen, hosp, id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    /// A payment's next version.
    PAYMENT_UPDATE "payment.update" = "UPDATE payment SET ver = $1, st = $2, attention = $3, business_no = $4, biz_date = $5, created_ms = $6, body_enc = $7, patient_hash = $8, channel = $9, \
        amount_fen = $10, paid_fen = $11, reserved_fen = $12, refunded_fen = $13 WHERE hosp = $14 AND id = $15 AND ver = $16";
    /// Birth of a settlement.
    SETTLEMENT_INSERT "settlement.insert" = "INSERT INTO settlement (ver, st, attention, business_no, biz_date, created_ms, body_enc, patient_hash, payment_id, dept_code, total_fen, hosp, id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    /// A settlement's next version.
    SETTLEMENT_UPDATE "settlement.update" = "UPDATE settlement SET ver = $1, st = $2, attention = $3, business_no = $4, biz_date = $5, created_ms = $6, body_enc = $7, patient_hash = $8, payment_id = $9, \
        dept_code = $10, total_fen = $11 WHERE hosp = $12 AND id = $13 AND ver = $14";
    /// Birth of a refund.
    REFUND_INSERT "refund.insert" = "INSERT INTO refund (ver, st, attention, business_no, biz_date, created_ms, body_enc, payment_id, settlement_id, amount_fen, hosp, id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// A refund's next version.
    REFUND_UPDATE "refund.update" = "UPDATE refund SET ver = $1, st = $2, attention = $3, business_no = $4, biz_date = $5, created_ms = $6, body_enc = $7, payment_id = $8, settlement_id = $9, \
        amount_fen = $10 WHERE hosp = $11 AND id = $12 AND ver = $13";
    /// Birth of an invoice.
    INVOICE_INSERT "invoice.insert" = "INSERT INTO invoice (ver, st, attention, business_no, biz_date, created_ms, body_enc, settlement_id, total_fen, hosp, id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// An invoice's next version.
    INVOICE_UPDATE "invoice.update" = "UPDATE invoice SET ver = $1, st = $2, attention = $3, business_no = $4, biz_date = $5, created_ms = $6, body_enc = $7, settlement_id = $8, total_fen = $9 \
        WHERE hosp = $10 AND id = $11 AND ver = $12";
    /// One payment.
    PAYMENT_LOAD "payment.load" = "SELECT id, ver, body_enc FROM payment WHERE hosp = $1 AND id = $2";
    /// One settlement.
    SETTLEMENT_LOAD "settlement.load" = "SELECT id, ver, body_enc FROM settlement WHERE hosp = $1 AND id = $2";
    /// One refund.
    REFUND_LOAD "refund.load" = "SELECT id, ver, body_enc FROM refund WHERE hosp = $1 AND id = $2";
    /// One invoice.
    INVOICE_LOAD "invoice.load" = "SELECT id, ver, body_enc FROM invoice WHERE hosp = $1 AND id = $2";
    /// Birth of a check-in.
    CHECK_IN_INSERT "check_in.insert" = "INSERT INTO check_in (ver, st, attention, business_no, biz_date, created_ms, body_enc, hosp, id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// A check-in's next version.
    CHECK_IN_UPDATE "check_in.update" = "UPDATE check_in SET ver = $1, st = $2, attention = $3, business_no = $4, biz_date = $5, created_ms = $6, body_enc = $7 \
        WHERE hosp = $8 AND id = $9 AND ver = $10";
    /// Birth of a stop.
    STOP_INSERT "clinic_stop.insert" = "INSERT INTO clinic_stop (ver, st, attention, business_no, biz_date, created_ms, body_enc, hosp, id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// A stop's next version.
    STOP_UPDATE "clinic_stop.update" = "UPDATE clinic_stop SET ver = $1, st = $2, attention = $3, business_no = $4, biz_date = $5, created_ms = $6, body_enc = $7 \
        WHERE hosp = $8 AND id = $9 AND ver = $10";
    /// Birth of a suspension.
    SUSPENSION_INSERT "suspension.insert" = "INSERT INTO suspension (ver, st, attention, business_no, biz_date, created_ms, body_enc, patient_hash, stop_id, hosp, id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// A suspension's next version.
    SUSPENSION_UPDATE "suspension.update" = "UPDATE suspension SET ver = $1, st = $2, attention = $3, business_no = $4, biz_date = $5, created_ms = $6, body_enc = $7, patient_hash = $8, stop_id = $9 \
        WHERE hosp = $10 AND id = $11 AND ver = $12";
    /// Birth of a notice.
    NOTICE_INSERT "notice.insert" = "INSERT INTO notice (ver, st, attention, business_no, biz_date, created_ms, body_enc, suspension_id, hosp, id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// A notice's next version.
    NOTICE_UPDATE "notice.update" = "UPDATE notice SET ver = $1, st = $2, attention = $3, business_no = $4, biz_date = $5, created_ms = $6, body_enc = $7, suspension_id = $8 \
        WHERE hosp = $9 AND id = $10 AND ver = $11";
    /// Birth of a filing.
    FILING_INSERT "filing.insert" = "INSERT INTO filing (ver, st, attention, business_no, biz_date, created_ms, body_enc, hosp, id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// A filing's next version.
    FILING_UPDATE "filing.update" = "UPDATE filing SET ver = $1, st = $2, attention = $3, business_no = $4, biz_date = $5, created_ms = $6, body_enc = $7 \
        WHERE hosp = $8 AND id = $9 AND ver = $10";
    /// One filing.
    FILING_LOAD "filing.load" = "SELECT id, ver, body_enc FROM filing WHERE hosp = $1 AND id = $2";
    /// One check-in.
    CHECK_IN_LOAD "check_in.load" = "SELECT id, ver, body_enc FROM check_in WHERE hosp = $1 AND id = $2";
    /// One stop.
    STOP_LOAD "clinic_stop.load" = "SELECT id, ver, body_enc FROM clinic_stop WHERE hosp = $1 AND id = $2";
    /// One suspension.
    SUSPENSION_LOAD "suspension.load" = "SELECT id, ver, body_enc FROM suspension WHERE hosp = $1 AND id = $2";
    /// One notice.
    NOTICE_LOAD "notice.load" = "SELECT id, ver, body_enc FROM notice WHERE hosp = $1 AND id = $2";
    /// Birth of a record.
    RECORD_INSERT "record.insert" = "INSERT INTO record (ver, expires_ms, body_enc, hosp, kind, record_key) VALUES ($1, $2, $3, $4, $5, $6)";
    /// A record's next version.
    RECORD_UPDATE "record.update" = "UPDATE record SET ver = $1, expires_ms = $2, body_enc = $3 WHERE hosp = $4 AND kind = $5 AND record_key = $6 AND ver = $7";
    /// Expired records go when others are written.
    RECORD_SWEEP "record.sweep" = "DELETE FROM record WHERE hosp = $1 AND expires_ms IS NOT NULL AND expires_ms <= $2";
    /// One record.
    RECORD_LOAD "record.load" = "SELECT ver, expires_ms, body_enc FROM record WHERE hosp = $1 AND kind = $2 AND record_key = $3";
}

/// The statements of one kind of machine.
#[derive(Debug)]
pub struct MachineSql {
    /// Table name.
    pub table: &'static str,
    /// Birth.
    pub insert: &'static Statement,
    /// Next version.
    pub update: &'static Statement,
    /// By key.
    pub load: &'static Statement,
    /// All, ascending.
    pub scan: &'static Statement,
    /// Those a person should look at, ascending.
    pub attention: &'static Statement,
}

/// The statements of a kind of machine.
pub const fn machine(kind: menjie::workflow::MachineKind) -> MachineSql {
    use menjie::workflow::MachineKind;
    match kind {
        MachineKind::Payment => {
            MachineSql { table: "payment", insert: PAYMENT_INSERT, update: PAYMENT_UPDATE, load: PAYMENT_LOAD, scan: super::PAYMENT_SCAN, attention: super::PAYMENT_ATTENTION }
        }
        MachineKind::Settlement => MachineSql {
            table: "settlement",
            insert: SETTLEMENT_INSERT,
            update: SETTLEMENT_UPDATE,
            load: SETTLEMENT_LOAD,
            scan: super::SETTLEMENT_SCAN,
            attention: super::SETTLEMENT_ATTENTION,
        },
        MachineKind::Refund => {
            MachineSql { table: "refund", insert: REFUND_INSERT, update: REFUND_UPDATE, load: REFUND_LOAD, scan: super::REFUND_SCAN, attention: super::REFUND_ATTENTION }
        }
        MachineKind::Invoice => {
            MachineSql { table: "invoice", insert: INVOICE_INSERT, update: INVOICE_UPDATE, load: INVOICE_LOAD, scan: super::INVOICE_SCAN, attention: super::INVOICE_ATTENTION }
        }
        MachineKind::CheckIn => MachineSql {
            table: "check_in",
            insert: CHECK_IN_INSERT,
            update: CHECK_IN_UPDATE,
            load: CHECK_IN_LOAD,
            scan: super::CHECK_IN_SCAN,
            attention: super::CHECK_IN_ATTENTION,
        },
        MachineKind::Stop => {
            MachineSql { table: "clinic_stop", insert: STOP_INSERT, update: STOP_UPDATE, load: STOP_LOAD, scan: super::STOP_SCAN, attention: super::STOP_ATTENTION }
        }
        MachineKind::Suspension => MachineSql {
            table: "suspension",
            insert: SUSPENSION_INSERT,
            update: SUSPENSION_UPDATE,
            load: SUSPENSION_LOAD,
            scan: super::SUSPENSION_SCAN,
            attention: super::SUSPENSION_ATTENTION,
        },
        MachineKind::Filing => {
            MachineSql { table: "filing", insert: FILING_INSERT, update: FILING_UPDATE, load: FILING_LOAD, scan: super::FILING_SCAN, attention: super::FILING_ATTENTION }
        }
        MachineKind::Notice => {
            MachineSql { table: "notice", insert: NOTICE_INSERT, update: NOTICE_UPDATE, load: NOTICE_LOAD, scan: super::NOTICE_SCAN, attention: super::NOTICE_ATTENTION }
        }
    }
}
