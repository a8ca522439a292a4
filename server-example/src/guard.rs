//! Failed tries to identify lock an address for a while (GB/T 22239 8.1.4.1 b); what costs money is rationed by address.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use menjie::Timestamp;

/// Tries are remembered for this long.
const MEMORY_MS: i64 = 3_600_000;
/// Nobody is locked for longer at a time.
const LONGEST_MS: i64 = 3_600_000;
/// So many addresses are remembered; beyond that the oldest are forgotten.
const ADDRESSES: usize = 10_000;

/// Failed tries by address.
#[derive(Debug)]
pub struct Tries {
    lock_after: u32,
    lock_ms: i64,
    by: Mutex<BTreeMap<IpAddr, Record>>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    failed: u32,
    locks: u32,
    last: Timestamp,
    until: Timestamp,
}

impl Tries {
    /// Locks after `lock_after` failed tries, for `lock_s` seconds at first.
    pub fn new(lock_after: u32, lock_s: u32) -> Tries {
        Tries { lock_after, lock_ms: i64::from(lock_s) * 1000, by: Mutex::new(BTreeMap::new()) }
    }

    /// How many seconds the address must wait; `None` when it may try.
    pub fn locked(&self, address: IpAddr, now: Timestamp) -> Option<u64> {
        let by = self.by.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = by.get(&address)?.until.since(now);
        (wait > 0).then(|| u64::try_from(wait).unwrap_or(0).div_ceil(1000))
    }

    /// Counts a failed try. A later success does not take it back: whoever guesses may own a card, too.
    pub fn failed(&self, address: IpAddr, now: Timestamp) {
        let mut by = self.by.lock().unwrap_or_else(PoisonError::into_inner);
        by.retain(|_, record| now.since(record.last) < MEMORY_MS || record.until > now);
        if by.len() >= ADDRESSES
            && let Some(oldest) = by.iter().min_by_key(|(_, record)| record.last).map(|(address, _)| *address)
        {
            by.remove(&oldest);
        }
        let record = by.entry(address).or_insert(Record { failed: 0, locks: 0, last: now, until: now });
        record.failed += 1;
        record.last = now;
        if record.failed >= self.lock_after {
            let wait = self.lock_ms.saturating_mul(1 << record.locks.min(12)).min(LONGEST_MS);
            record.until = now.plus_millis(wait);
            record.locks += 1;
            record.failed = 0;
        }
    }
}

/// So many of something an hour, by address.
#[derive(Debug)]
pub struct Allowance {
    most: usize,
    by: Mutex<BTreeMap<IpAddr, VecDeque<Timestamp>>>,
}

impl Allowance {
    /// `most` an hour.
    pub fn an_hour(most: u32) -> Allowance {
        Allowance { most: usize::try_from(most).unwrap_or(usize::MAX), by: Mutex::new(BTreeMap::new()) }
    }

    /// Takes one, or tells after how many seconds there is one again.
    pub fn take(&self, address: IpAddr, now: Timestamp) -> Option<u64> {
        let mut by = self.by.lock().unwrap_or_else(PoisonError::into_inner);
        by.retain(|_, taken| {
            taken.retain(|at| now.since(*at) < MEMORY_MS);
            !taken.is_empty()
        });
        if by.len() >= ADDRESSES && !by.contains_key(&address) {
            return Some(1);
        }
        let taken = by.entry(address).or_default();
        if taken.len() >= self.most {
            let wait = taken.front().map_or(MEMORY_MS, |oldest| MEMORY_MS - now.since(*oldest));
            return Some(u64::try_from(wait).unwrap_or(0).div_ceil(1000));
        }
        taken.push_back(now);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + s * 1000)
    }

    #[test]
    fn the_fifth_try_locks_one_address_only_and_each_lock_is_longer() {
        let tries = Tries::new(5, 60);
        let (one, other): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        for _ in 0..4 {
            tries.failed(one, at(0));
        }
        assert_eq!(tries.locked(one, at(0)), None);
        tries.failed(one, at(0));
        assert_eq!((tries.locked(one, at(0)), tries.locked(one, at(59)), tries.locked(one, at(60))), (Some(60), Some(1), None));
        assert_eq!(tries.locked(other, at(0)), None);
        for _ in 0..5 {
            tries.failed(one, at(60));
        }
        assert_eq!(tries.locked(one, at(60)), Some(120));
    }

    #[test]
    fn old_tries_are_forgotten_and_memory_is_bounded() {
        let tries = Tries::new(5, 60);
        let one: IpAddr = "10.0.0.1".parse().unwrap();
        for hour in 0..5 {
            tries.failed(one, at(hour * 3_601));
        }
        assert_eq!(tries.locked(one, at(5 * 3_601)), None, "five tries over five hours lock nobody");
        for n in 0..12_000u32 {
            tries.failed(IpAddr::from(n.to_be_bytes()), at(20_000));
        }
        assert!(tries.by.lock().unwrap().len() <= ADDRESSES);
    }

    #[test]
    fn an_allowance_is_used_up_by_address_and_comes_back() {
        let allowance = Allowance::an_hour(2);
        let (one, other): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        assert_eq!((allowance.take(one, at(0)), allowance.take(one, at(600)), allowance.take(one, at(1_200))), (None, None, Some(2_400)));
        assert_eq!(allowance.take(other, at(1_200)), None);
        assert_eq!((allowance.take(one, at(3_600)), allowance.take(one, at(3_601))), (None, Some(599)));
    }

    #[test]
    fn no_lock_is_longer_than_an_hour() {
        let tries = Tries::new(1, 3_000);
        let one: IpAddr = "10.0.0.1".parse().unwrap();
        for _ in 0..40 {
            tries.failed(one, at(0));
        }
        assert_eq!(tries.locked(one, at(0)), Some(3_600));
    }
}
