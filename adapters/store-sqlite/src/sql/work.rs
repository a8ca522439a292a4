//! Outbox, polls and timers.

use super::statements;

/// A job that may be taken: available, and the first of its queue when it is an act (polls and timers have no queue).
macro_rules! available {
    ($select:literal, $when:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            $select,
            " FROM job j WHERE j.lane = $1",
            $when,
            " AND NOT EXISTS (SELECT 1 FROM job e WHERE e.kind = 0 AND e.hosp = j.hosp AND e.queue_machine = j.queue_machine AND e.queue_id = j.queue_id",
            " AND (e.ver, e.idx, e.machine, e.machine_id) < (j.ver, j.idx, j.machine, j.machine_id))",
            " ORDER BY j.avail_ms, j.kind, j.hosp, j.machine, j.machine_id, j.ver, j.idx LIMIT ",
            $limit
        )
    };
}

statements! { WORK;
    /// Adds a job.
    JOB_INSERT "job.insert" = "INSERT INTO job (hosp, machine, machine_id, kind, ver, idx, lane, queue_machine, queue_id, what, call_enc, due_ms, avail_ms, attempt, sent, slow, lease, lease_by) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    /// Drops a poll or timer.
    JOB_DROP "job.drop" = "DELETE FROM job WHERE hosp = $1 AND machine = $2 AND machine_id = $3 AND kind = $4";
    /// What may be taken now in a lane.
    JOB_AVAILABLE "job.available" = available!(
        "j.hosp, j.machine, j.machine_id, j.kind, j.ver, j.idx, j.queue_machine, j.queue_id, j.what, j.call_enc, j.attempt, j.sent, j.slow", " AND j.avail_ms <= $2", "$3");
    /// When something may be taken in a lane at the earliest.
    JOB_NEXT "job.next" = available!("j.avail_ms", "", "1");
    /// Takes a job, unless somebody was faster.
    JOB_LEASE "job.lease" = "UPDATE job SET lease = $1, lease_by = $2, avail_ms = $3, attempt = attempt + 1, sent = sent + 1 \
        WHERE hosp = $4 AND machine = $5 AND machine_id = $6 AND kind = $7 AND ver = $8 AND idx = $9 AND avail_ms <= $10";
    /// Gives a job back.
    JOB_DEFER "job.defer" = "UPDATE job SET lease = NULL, lease_by = NULL, due_ms = $1, avail_ms = $1, sent = CASE WHEN sent > $2 THEN sent - $2 ELSE 0 END \
        WHERE hosp = $3 AND machine = $4 AND machine_id = $5 AND kind = $6 AND ver = $7 AND idx = $8 AND lease = $9";
    /// A restarted worker takes its leases back.
    JOB_RECLAIM "job.reclaim" = "UPDATE job SET lease = NULL, lease_by = NULL, avail_ms = due_ms WHERE lease_by = $1";
    /// Moves a queue's gate later.
    GATE_RAISE "queue_gate.raise" = "UPDATE queue_gate SET not_before_ms = $1 WHERE hosp = $2 AND queue_machine = $3 AND queue_id = $4 AND not_before_ms < $1";
    /// A queue's first gate.
    GATE_INSERT "queue_gate.insert" = "INSERT INTO queue_gate (hosp, queue_machine, queue_id, not_before_ms) \
        SELECT CAST($1 AS text), CAST($2 AS bigint), CAST($3 AS bigint), CAST($4 AS bigint) \
        WHERE NOT EXISTS (SELECT 1 FROM queue_gate g WHERE g.hosp = $1 AND g.queue_machine = $2 AND g.queue_id = $3)";
    /// Holds the acts of a queue back until its gate.
    JOB_HOLD_BACK "job.hold_back" = "UPDATE job SET due_ms = g.not_before_ms, avail_ms = CASE WHEN job.avail_ms < g.not_before_ms THEN g.not_before_ms ELSE job.avail_ms END \
        FROM (SELECT not_before_ms FROM queue_gate WHERE hosp = $1 AND queue_machine = $2 AND queue_id = $3) g \
        WHERE job.hosp = $1 AND job.kind = 0 AND job.queue_machine = $2 AND job.queue_id = $3 AND job.due_ms < g.not_before_ms";
    /// The queue of an act.
    JOB_QUEUE "job.queue" = "SELECT queue_machine, queue_id FROM job WHERE hosp = $1 AND machine = $2 AND machine_id = $3 AND kind = $4 AND ver = $5 AND idx = $6";
}
