//! The law of [`crate::port::Store`], case by case. Run them with [`crate::store_conformance!`].

pub mod claims;
pub mod ledger;
pub mod lists;
pub mod parity;
pub mod source;
pub mod spacing;
pub mod versions;
pub mod work;

use super::{Broken, Verdict, holds, same};
use crate::port::{Batch, CommitError, Page, Scan, ScanRow, Store};

/// Makes one `#[test]` of every case: `$fresh` is an expression that makes a box (or anything else that derefs) of an empty
/// store. The tests run on [`crate::testkit::block_on`].
#[macro_export]
macro_rules! store_conformance {
    ($fresh:expr) => {
        $crate::store_conformance! { $fresh;
            source: a_request_is_answered_with_its_first_reply_for_ever, a_request_key_belongs_to_its_scope, a_message_counts_once, a_batch_id_counts_once,
                an_effect_needs_its_lease, polls_and_timers_are_consumed_unless_restated, the_source_is_asked_before_versions, committed_answers_for_batches;
            versions: a_row_moves_from_the_version_read, a_birth_happens_once, versions_are_asked_before_claims, a_refused_batch_leaves_nothing,
                a_batch_that_contradicts_itself_fails, reserved_money_stays_within_what_was_paid, records_are_versioned_and_expire, parallel_reservations_never_exceed_what_was_paid;
            claims: a_line_belongs_to_one_settlement, only_the_owner_frees_a_line, a_successor_takes_over_lines_in_one_batch;
            ledger: a_journal_is_posted_once, a_journal_must_balance, a_step_is_logged_once, an_act_is_added_once;
            work: only_due_work_is_claimed, slots_are_counted_per_lane, one_act_of_a_queue_at_a_time, an_act_waits_for_the_first_of_its_queue,
                a_lease_that_ended_may_be_taken, attempts_are_counted_when_they_begin, an_act_born_leased_has_begun, a_deferred_job_comes_back,
                a_lost_lease_defers_nothing, a_worker_takes_back_its_own_leases, the_oldest_work_comes_first, a_restated_poll_starts_anew, next_due_looks_at_what_can_be_claimed;
            spacing: a_queue_rests_after_spacing, spacing_holds_for_acts_added_later, a_gate_never_moves_back;
            lists: machines_are_listed_by_id, settlements_of_a_patient_newest_first, attention_lists_what_a_person_should_see, refunds_are_listed_by_state, journals_in_posting_order, journals_of_a_day_in_posting_order,
                quarantine_oldest_first, steps_by_machine_and_version, claims_by_line, open_work_by_machine, records_by_key, a_foreign_cursor_is_refused, hospitals_do_not_see_each_other;
        }
    };
    ($fresh:expr; $($area:ident: $($case:ident),+;)+) => {$(
        mod $area {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[test]
                fn $case() {
                    let store = $fresh;
                    if let Err(broken) = $crate::testkit::block_on($crate::testkit::conformance::store::$area::$case(&*store)) {
                        assert_eq!("the law holds", broken.0);
                    }
                }
            )+
        }
    )+};
}

/// Was the batch refused like this?
async fn refused(law: &str, store: &dyn Store, batch: &Batch, wanted: CommitError) -> Verdict {
    same(law, store.commit(batch).await, Err(wanted))
}

/// Did the batch fail as a whole? The words are the store's own.
async fn failed(law: &str, store: &dyn Store, batch: &Batch) -> Verdict {
    holds(law, matches!(store.commit(batch).await, Err(CommitError::Failed(_))))
}

/// A list to its end, in pages of two, as a person would turn them.
async fn all(store: &dyn Store, scan: &Scan) -> Verdict<Vec<ScanRow>> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let Page { rows: page, next } = store.scan(scan, after.as_ref(), 2).await?;
        holds("a page holds at most what was asked for", page.len() <= 2)?;
        holds("only the last page may be short", next.is_none() || page.len() == 2)?;
        rows.extend(page);
        match next {
            None => return Ok(rows),
            Some(_) if rows.len() > 10_000 => return Err(Broken("a list ends".to_owned())),
            Some(next) => after = Some(next),
        }
    }
}
