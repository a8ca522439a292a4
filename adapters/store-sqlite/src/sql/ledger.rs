//! Journals and the state log.

use super::statements;

statements! { LEDGER;
    /// A journal's head.
    JOURNAL_INSERT "journal.insert" = "INSERT INTO journal (hosp, batch_id, idx, kind, reference, payment_id, at_ms, biz_date) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// One side of a journal.
    JOURNAL_LINE_INSERT "journal_line.insert" = "INSERT INTO journal_line (hosp, batch_id, idx, line_no, account, debit_fen, credit_fen) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// The sides of a journal.
    JOURNAL_LINES "journal_line.load" = "SELECT account, debit_fen, credit_fen FROM journal_line WHERE hosp = $1 AND batch_id = $2 AND idx = $3 ORDER BY line_no";
    /// Journals that do not balance: none in a sound store.
    JOURNAL_UNBALANCED "journal.unbalanced" = "SELECT hosp, batch_id, idx FROM journal_line GROUP BY hosp, batch_id, idx HAVING SUM(debit_fen) <> SUM(credit_fen) ORDER BY hosp, batch_id, idx LIMIT 100";
    /// A step of a machine.
    STEP_INSERT "state_log.insert" = "INSERT INTO state_log (hosp, machine, machine_id, ver, from_st, to_st, actor, what, at_ms, event_enc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
}
