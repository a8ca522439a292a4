//! Several writers (多写者合并): the records of several logs in one order that every reader agrees on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::header::LogId;
use super::record::OwnedRecord;

/// A record and the log it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Which log.
    pub log_id: LogId,
    /// The record.
    pub record: OwnedRecord,
}

/// Merges logs by time; at equal times by log, and within a log always by number: a clock that went back does not change the order in
/// which one writer wrote, so a record is no earlier than the one before it in its log.
pub fn merge<I>(logs: impl IntoIterator<Item = (LogId, I)>) -> impl Iterator<Item = Merged>
where
    I: IntoIterator<Item = OwnedRecord>,
{
    let mut sources: Vec<(LogId, I::IntoIter, i64)> = logs.into_iter().map(|(id, records)| (id, records.into_iter(), i64::MIN)).collect();
    let mut heap = BinaryHeap::new();
    let mut waiting: Vec<Option<OwnedRecord>> = Vec::with_capacity(sources.len());
    for (at, (id, records, latest)) in sources.iter_mut().enumerate() {
        let next = records.next();
        if let Some(record) = &next {
            *latest = record.time_ns;
            heap.push(Reverse((*latest, *id, at)));
        }
        waiting.push(next);
    }
    std::iter::from_fn(move || {
        let Reverse((_, log_id, at)) = heap.pop()?;
        let place = waiting.get_mut(at)?;
        let record = place.take()?;
        if let Some((_, records, latest)) = sources.get_mut(at) {
            *place = records.next();
            if let Some(next) = place {
                *latest = next.time_ns.max(*latest);
                heap.push(Reverse((*latest, log_id, at)));
            }
        }
        Some(Merged { log_id, record })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(times: &[i64]) -> Vec<OwnedRecord> {
        (1..).zip(times).map(|(seq, time_ns)| OwnedRecord { seq, time_ns: *time_ns, kind: 1, payload: Vec::new() }).collect()
    }

    #[test]
    fn times_then_logs_and_no_log_is_reordered() {
        let merged: Vec<_> = merge([([1; 16], records(&[10, 30, 20, 40])), ([2; 16], records(&[10, 25, 35]))]).map(|m| (m.log_id[0], m.record.time_ns)).collect();
        assert_eq!(merged, [(1, 10), (2, 10), (2, 25), (1, 30), (1, 20), (2, 35), (1, 40)]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_each_log_keeps_its_order(a in prop::collection::vec(0..50i64, 0..40), b in prop::collection::vec(0..50i64, 0..40)) {
            let one: Vec<_> = merge([([1; 16], records(&a)), ([2; 16], records(&b))]).collect();
            // Whoever names the logs in another order gets the same answer.
            let other: Vec<_> = merge([([2; 16], records(&b)), ([1; 16], records(&a))]).collect();
            prop_assert_eq!(&one, &other);
            for (id, times) in [(1, &a), (2, &b)] {
                let of: Vec<_> = one.iter().filter(|m| m.log_id == [id; 16]).map(|m| m.record.clone()).collect();
                prop_assert_eq!(of, records(times));
            }
        }
    }
}
