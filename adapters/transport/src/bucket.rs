//! A token bucket on the injected clock: a peer's published limit, kept on our side.

use std::sync::{Mutex, PoisonError};

use menjie::Timestamp;

use crate::config::Rate;

/// Millitokens, so that a low rate fills smoothly in whole numbers.
const TOKEN: u64 = 1000;

pub(crate) struct Bucket {
    rate: Rate,
    level: Mutex<Level>,
}

struct Level {
    millitokens: u64,
    filled_at: Option<Timestamp>,
}

impl Bucket {
    pub(crate) fn new(rate: Rate) -> Bucket {
        Bucket { rate, level: Mutex::new(Level { millitokens: u64::from(rate.burst) * TOKEN, filled_at: None }) }
    }

    /// Takes one token if there is one. A clock that steps back adds nothing and breaks nothing.
    pub(crate) fn take(&self, now: Timestamp) -> bool {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed_ms = level.filled_at.map_or(0, |at| u64::try_from(now.since(at)).unwrap_or(0));
        // One token a second is one millitoken a millisecond.
        let gained = elapsed_ms.saturating_mul(u64::from(self.rate.per_second));
        level.millitokens = level.millitokens.saturating_add(gained).min(u64::from(self.rate.burst) * TOKEN);
        level.filled_at = Some(now);
        match level.millitokens.checked_sub(TOKEN) {
            Some(rest) => {
                level.millitokens = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + ms)
    }

    #[test]
    fn a_burst_then_the_rate() {
        let bucket = Bucket::new(Rate { per_second: 2, burst: 3 });
        assert_eq!((0..5).filter(|_| bucket.take(at(0))).count(), 3);
        assert!(!bucket.take(at(499)));
        assert!(bucket.take(at(500)));
        assert!(!bucket.take(at(501)));
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing() {
        let bucket = Bucket::new(Rate { per_second: 1, burst: 1 });
        assert!(bucket.take(at(10_000)));
        assert!(!bucket.take(at(0)));
        assert!(!bucket.take(at(999)));
        assert!(bucket.take(at(1_000)));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_plus_rate(per_second in 1_u32..50, burst in 1_u32..50, steps in proptest::collection::vec(0_i64..700, 1..200)) {
            let bucket = Bucket::new(Rate { per_second, burst });
            let mut now = 0;
            let mut taken = 0_u64;
            for step in steps {
                now += step;
                taken += u64::from(bucket.take(at(now)));
                let most = u64::from(burst) + u64::try_from(now).unwrap() * u64::from(per_second) / 1000;
                prop_assert!(taken <= most);
            }
        }
    }
}
