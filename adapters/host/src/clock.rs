//! The machine's clock; sleeping on tokio.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use menjie::calendar::Timestamp;
use menjie::port::Clock;

/// One sleep at most: a clock that is set forward meanwhile is noticed after this long.
const LONGEST_NAP: Duration = Duration::from_secs(10);

/// The machine's clock. Sleeping needs a tokio runtime with its timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // Before 1970 is a broken clock: it reads as 1970, and nothing is decided by it (I23).
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    async fn sleep_until(&self, at: Timestamp) {
        loop {
            let Ok(left @ 1..) = u64::try_from(at.since(self.now())) else { return };
            tokio::time::sleep(Duration::from_millis(left).min(LONGEST_NAP)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn it_returns_at_or_after_the_instant_and_at_once_for_the_past() {
        let clock = SystemClock;
        let start = clock.now();
        assert!(start > Timestamp::from_millis(1_700_000_000_000));
        clock.sleep_until(start).await;
        let at = start.plus_millis(20);
        clock.sleep_until(at).await;
        assert!(clock.now() >= at);
    }
}
