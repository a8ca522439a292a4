//! Lists: keyset only, each with a total order.

use super::statements;

macro_rules! machines {
    ($table:literal) => {
        concat!("SELECT id, ver, body_enc FROM ", $table, " WHERE hosp = $1 AND id > $2 ORDER BY id LIMIT $3")
    };
    ($table:literal, attention) => {
        concat!("SELECT id, ver, body_enc FROM ", $table, " WHERE hosp = $1 AND attention = 1 AND id > $2 ORDER BY id LIMIT $3")
    };
}

statements! { LISTS;
    /// Payments.
    PAYMENT_SCAN "payment.scan" = machines!("payment");
    /// Settlements.
    SETTLEMENT_SCAN "settlement.scan" = machines!("settlement");
    /// Refunds.
    REFUND_SCAN "refund.scan" = machines!("refund");
    /// Invoices.
    INVOICE_SCAN "invoice.scan" = machines!("invoice");
    /// Check-ins.
    CHECK_IN_SCAN "check_in.scan" = machines!("check_in");
    /// Stops.
    STOP_SCAN "clinic_stop.scan" = machines!("clinic_stop");
    /// Suspensions.
    SUSPENSION_SCAN "suspension.scan" = machines!("suspension");
    /// Notices.
    NOTICE_SCAN "notice.scan" = machines!("notice");
    /// Filings.
    FILING_SCAN "filing.scan" = machines!("filing");
    /// Payments a person should look at.
    PAYMENT_ATTENTION "payment.attention" = machines!("payment", attention);
    /// Settlements a person should look at.
    SETTLEMENT_ATTENTION "settlement.attention" = machines!("settlement", attention);
    /// Refunds a person should look at.
    REFUND_ATTENTION "refund.attention" = machines!("refund", attention);
    /// Invoices a person should look at.
    INVOICE_ATTENTION "invoice.attention" = machines!("invoice", attention);
    /// Check-ins a person should look at.
    CHECK_IN_ATTENTION "check_in.attention" = machines!("check_in", attention);
    /// Stops a person should look at.
    STOP_ATTENTION "clinic_stop.attention" = machines!("clinic_stop", attention);
    /// Suspensions a person should look at.
    SUSPENSION_ATTENTION "suspension.attention" = machines!("suspension", attention);
    /// Notices a person should look at.
    NOTICE_ATTENTION "notice.attention" = machines!("notice", attention);
    /// Filings a person should look at.
    FILING_ATTENTION "filing.attention" = machines!("filing", attention);
    /// Refunds in a state, oldest first.
    REFUND_IN_STATE "refund.in_state" = "SELECT id, ver, body_enc FROM refund WHERE hosp = $1 AND st = $2 AND id > $3 ORDER BY id LIMIT $4";
    /// Refunds in a state, newest first.
    REFUND_LATEST "refund.latest" = "SELECT id, ver, body_enc FROM refund WHERE hosp = $1 AND st = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    /// Suspensions of a patient, newest first.
    SUSPENSION_OF_PATIENT "suspension.of_patient" = "SELECT id, ver, body_enc FROM suspension WHERE hosp = $1 AND patient_hash = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    /// Settlements of a patient, newest first.
    SETTLEMENT_OF_PATIENT "settlement.of_patient" = "SELECT id, ver, body_enc FROM settlement WHERE hosp = $1 AND patient_hash = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    /// The newest settlements of a patient.
    SETTLEMENT_IDS "settlement.ids_of_patient" = "SELECT id FROM settlement WHERE hosp = $1 AND patient_hash = $2 ORDER BY id DESC LIMIT 200";
    /// Journals in posting order.
    JOURNAL_SCAN "journal.scan" = "SELECT batch_id, idx, kind, reference, payment_id, at_ms FROM journal WHERE hosp = $1 AND (batch_id, idx) > ($2, $3) ORDER BY batch_id, idx LIMIT $4";
    /// Journals of a day in posting order.
    JOURNAL_OF_DAY "journal.of_day" = "SELECT batch_id, idx, kind, reference, payment_id, at_ms FROM journal WHERE hosp = $1 AND biz_date = $2 AND (batch_id, idx) > ($3, $4) ORDER BY batch_id, idx LIMIT $5";
    /// Quarantined messages, oldest first.
    INBOX_QUARANTINED "inbox.quarantined" = "SELECT at_ms, peer, message_id, body_enc FROM inbox WHERE hosp = $1 AND st = 'quarantined' AND (at_ms, peer, message_id) > ($2, $3, $4) \
        ORDER BY at_ms, peer, message_id LIMIT $5";
    /// Steps of a kind of machine.
    STEP_SCAN "state_log.scan" = "SELECT machine_id, ver, from_st, to_st, actor, what, at_ms FROM state_log WHERE hosp = $1 AND machine = $2 AND (machine_id, ver) > ($3, $4) \
        ORDER BY machine_id, ver LIMIT $5";
    /// Live claims.
    CLAIM_SCAN "line_claim.scan" = "SELECT line, settlement_id FROM line_claim WHERE hosp = $1 AND line > $2 ORDER BY line LIMIT $3";
    /// Records of a kind.
    RECORD_SCAN "record.scan" = "SELECT record_key, ver, expires_ms, body_enc FROM record WHERE hosp = $1 AND kind = $2 AND record_key > $3 ORDER BY record_key LIMIT $4";
    /// Open work.
    JOB_SCAN "job.scan" = "SELECT machine, machine_id, kind, ver, idx, what, due_ms, attempt FROM job WHERE hosp = $1 AND (machine, machine_id, kind, ver, idx) > ($2, $3, $4, $5, $6) \
        ORDER BY machine, machine_id, kind, ver, idx LIMIT $7";
}
