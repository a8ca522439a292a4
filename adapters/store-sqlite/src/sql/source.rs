//! Sources of batches: requests, messages, jobs; and the batches themselves.

use super::statements;

statements! { SOURCE;
    /// The reply given under a request key.
    IDEM_LOAD "idem.load" = "SELECT fingerprint, reply_enc FROM idem WHERE hosp = $1 AND request_hash = $2";
    /// Keeps a reply.
    IDEM_INSERT "idem.insert" = "INSERT INTO idem (hosp, request_hash, fingerprint, at_ms, reply_enc) VALUES ($1, $2, $3, $4, $5)";
    /// Keeps a message.
    INBOX_INSERT "inbox.insert" = "INSERT INTO inbox (hosp, peer, message_id, st, at_ms, body_enc) VALUES ($1, $2, $3, $4, $5, $6)";
    /// Consumes a job: only under its lease.
    JOB_CONSUME "job.consume" = "DELETE FROM job WHERE hosp = $1 AND machine = $2 AND machine_id = $3 AND kind = $4 AND ver = $5 AND idx = $6 AND lease = $7";
    /// Remembers a batch.
    BATCH_INSERT "batch_log.insert" = "INSERT INTO batch_log (hosp, id, at_ms) VALUES ($1, $2, $3)";
    /// Was it committed?
    BATCH_LOAD "batch_log.load" = "SELECT id FROM batch_log WHERE hosp = $1 AND id = $2";
    /// Forgets batches nobody asks for any more.
    BATCH_TRIM "batch_log.trim" = "DELETE FROM batch_log WHERE at_ms < $1";
    /// The newest batch.
    BATCH_NEWEST "batch_log.newest" = "SELECT at_ms FROM batch_log ORDER BY at_ms DESC LIMIT 1";
    /// Who holds a line.
    CLAIM_LOAD "line_claim.load" = "SELECT settlement_id FROM line_claim WHERE hosp = $1 AND line = $2";
    /// Takes a line.
    CLAIM_INSERT "line_claim.insert" = "INSERT INTO line_claim (hosp, line, settlement_id) VALUES ($1, $2, $3)";
    /// Gives a line back: only the owner's.
    CLAIM_FREE "line_claim.free" = "DELETE FROM line_claim WHERE hosp = $1 AND line = $2 AND settlement_id = $3";
}
