//! Ids: 41 bits of milliseconds since 2020, 12 bits of node, 10 bits of sequence (domain/data.md §6.2).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use menjie::calendar::Timestamp;
use menjie::port::{Clock, IdSource};
use menjie::{Error, Result};

/// The largest node number.
pub const NODE_MAX: u16 = (1 << NODE_BITS) - 1;

const NODE_BITS: u32 = 12;
const SEQUENCE_BITS: u32 = 10;
/// 2020-01-01T00:00:00+08:00.
const EPOCH: Timestamp = Timestamp::from_millis(1_577_808_000_000);
/// Milliseconds that fit: until 2089.
const TICK_MAX: i64 = (1 << 41) - 1;

/// The ids of one node. Ascending even when the clock steps back: then, and when a millisecond has given its 1,024 ids,
/// they run ahead of the clock instead of repeating. A node number belongs to one running process of a database; after a
/// restart the clock must have reached the last id given, which it has unless it was set back meanwhile.
pub struct NodeIds {
    clock: Arc<dyn Clock>,
    node: i64,
    /// Tick and sequence of the last id, without the node between them.
    last: AtomicI64,
}

impl NodeIds {
    /// Ids of a node, 0 to [`NODE_MAX`].
    pub fn new(clock: Arc<dyn Clock>, node: u16) -> Result<NodeIds> {
        if node > NODE_MAX {
            return Err(Error::field("node", "must lie between 0 and 4095"));
        }
        Ok(NodeIds { clock, node: i64::from(node), last: AtomicI64::new(0) })
    }
}

impl IdSource for NodeIds {
    fn next(&self) -> i64 {
        let tick = self.clock.now().since(EPOCH).clamp(1, TICK_MAX);
        let now = tick << SEQUENCE_BITS;
        let last = self.last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(now.max(last + 1))).unwrap_or_else(|last| last);
        let (counted, sequence_mask) = (now.max(last + 1), (1 << SEQUENCE_BITS) - 1);
        ((counted >> SEQUENCE_BITS) << (NODE_BITS + SEQUENCE_BITS)) | (self.node << SEQUENCE_BITS) | (counted & sequence_mask)
    }
}

impl std::fmt::Debug for NodeIds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeIds").field("node", &self.node).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::AtomicI64;

    use async_trait::async_trait;

    use super::*;

    struct Set(AtomicI64);

    #[async_trait]
    impl Clock for Set {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::SeqCst))
        }

        async fn sleep_until(&self, _: Timestamp) {}
    }

    fn at(ms: i64) -> Arc<Set> {
        Arc::new(Set(AtomicI64::new(ms)))
    }

    #[test]
    fn the_layout_is_time_node_sequence() {
        let ids = NodeIds::new(at(EPOCH.millis() + 5), 3).unwrap();
        assert_eq!(ids.next(), (5 << 22) | (3 << 10));
        assert_eq!(ids.next(), (5 << 22) | (3 << 10) | 1);
        assert!(NodeIds::new(at(0), 4_096).is_err());
    }

    #[test]
    fn ids_ascend_through_a_full_millisecond_and_a_clock_that_steps_back() {
        let clock = at(EPOCH.millis() + 1_000);
        let ids = NodeIds::new(clock.clone(), NODE_MAX).unwrap();
        let mut last = 0;
        for n in 0..5_000 {
            if n == 2_000 {
                clock.0.store(EPOCH.millis() - 86_400_000, Ordering::SeqCst);
            }
            let id = ids.next();
            assert!(id > last, "{n}");
            last = id;
        }
        clock.0.store(EPOCH.millis() + 100_000, Ordering::SeqCst);
        assert_eq!(ids.next() >> 22, 100_000);
    }

    #[test]
    fn the_last_representable_millisecond_is_still_positive() {
        assert!(NodeIds::new(at(i64::MAX), 4_095).unwrap().next() > 0);
    }

    #[test]
    fn threads_and_nodes_never_share_an_id() {
        let clock = at(EPOCH.millis() + 1);
        let sources: Vec<_> = (0..2).map(|node| Arc::new(NodeIds::new(clock.clone(), node).unwrap())).collect();
        let threads: Vec<_> = (0..4)
            .map(|n| {
                std::thread::spawn({
                    let ids = sources[n % 2].clone();
                    move || (0..2_000).map(|_| ids.next()).collect::<Vec<_>>()
                })
            })
            .collect();
        let all: BTreeSet<i64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(all.len(), 8_000);
    }
}
