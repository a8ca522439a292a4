//! Locked memory (锁定内存): a private key is not swapped to a disk while it is held.
//!
//! The system locks whole pages and does not count: whoever lets go of a page lets go of it for all that lie in it. So the pages are counted here.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use menjie::gm::sm2::{MemoryLock, Sm2PrivateKey};
use region::LockGuard;

static PAGES: Mutex<BTreeMap<usize, Page>> = Mutex::new(BTreeMap::new());

struct Page {
    holders: usize,
    _lock: LockGuard,
}

fn pages() -> MutexGuard<'static, BTreeMap<usize, Page>> {
    PAGES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pages that are held by one key; let go when it is dropped.
#[derive(Default)]
struct Held(Vec<usize>);

impl Drop for Held {
    fn drop(&mut self) {
        let mut pages = pages();
        for address in &self.0 {
            if let Some(page) = pages.get_mut(address) {
                page.holders = page.holders.saturating_sub(1);
                if page.holders == 0 {
                    pages.remove(address);
                }
            }
        }
    }
}

/// Every page of the bytes, or none.
fn held(start: *const u8, len: usize) -> Option<Held> {
    let mut held = Held::default();
    let (size, begin) = (region::page::size(), start.addr());
    for address in (begin - begin % size..begin.checked_add(len)?).step_by(size) {
        let mut pages = pages();
        if let Some(page) = pages.get_mut(&address) {
            page.holders = page.holders.saturating_add(1);
        } else {
            let page = Page { holders: 1, _lock: region::lock(start.with_addr(address), size).ok()? };
            pages.insert(address, page);
        }
        drop(pages);
        held.0.push(address);
    }
    Some(held)
}

/// Locks the memory of a private key for as long as it or a clone of it lives. `false`: the system refuses (Linux: `RLIMIT_MEMLOCK`). Keys
/// that this crate reads have been tried already ([`Sm2PrivateKey::is_locked`]).
pub fn lock(key: &Sm2PrivateKey) -> bool {
    key.lock_memory(|start, len| held(start, len).map(|held| Box::new(held) as MemoryLock))
}

/// Does the system lock memory for this process?
pub fn is_allowed() -> bool {
    let page = [0_u8; 1];
    held(page.as_ptr(), page.len()).is_some()
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use menjie::testkit::host::SeededEntropy;

    use super::*;
    use crate::{Protection, private_from_pem, private_pem};

    const SCALAR: [u8; 32] = *b"a number that stands nowhere els";

    /// What the kernel says of the mapping that holds this address.
    fn is_locked(address: usize) -> bool {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut inside = false;
        for line in maps.lines() {
            let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
            if let Some((Ok(from), Ok(to))) = range.map(|(from, to)| (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16))) {
                inside = (from..to).contains(&address);
            } else if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| inside) {
                return flags.split_whitespace().any(|flag| flag == "lo");
            }
        }
        panic!("no mapping holds it");
    }

    /// Does the key stand in these bytes of the process, from either end?
    fn stands_at((address, len): (usize, usize)) -> bool {
        let mut bytes = vec![0; len];
        std::fs::File::open("/proc/self/mem").unwrap().read_exact_at(&mut bytes, address as u64).unwrap();
        let reversed: Vec<u8> = SCALAR.iter().rev().copied().collect();
        bytes.windows(32).any(|window| window == SCALAR || window == reversed.as_slice())
    }

    /// Looks where the key stood, at the moment in which its pages are let go.
    struct Witness {
        place: (usize, usize),
        seen: Arc<AtomicUsize>,
        _held: Held,
    }

    impl Drop for Witness {
        fn drop(&mut self) {
            let seen = if stands_at(self.place) || !is_locked(self.place.0) { 1 } else { 2 };
            self.seen.store(seen, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_key_is_locked_until_it_is_wiped_and_that_is_when_its_last_clone_goes() {
        let key = Sm2PrivateKey::from_scalar(&SCALAR).unwrap();
        let (mut place, seen) = ((0, 0), Arc::new(AtomicUsize::new(0)));
        assert!(!key.is_locked());
        let witnessed = key.lock_memory(|start, len| {
            place = (start.addr(), len);
            Some(Box::new(Witness { place, seen: Arc::clone(&seen), _held: held(start, len)? }))
        });
        assert!(witnessed, "this machine locks no memory: raise RLIMIT_MEMLOCK (ulimit -l)");
        assert!(is_locked(place.0) && stands_at(place), "what is searched for can be found");
        let again = key.clone();
        drop(key);
        assert!(lock(&again), "another lock is not needed");
        assert!(again.is_locked() && is_locked(place.0) && stands_at(place));
        drop(again);
        assert_eq!(seen.load(Ordering::SeqCst), 2, "wiped first, then unlocked");
        // Another test may hold a key in this page for a moment.
        let page = place.0 - place.0 % region::page::size();
        loop {
            let pages = pages();
            if !pages.contains_key(&page) {
                assert!(!is_locked(page));
                break;
            }
            drop(pages);
            std::thread::yield_now();
        }
    }

    #[test]
    fn two_keys_in_a_page_do_not_unlock_each_other() {
        let both = [[1_u8; 40], [2; 40]];
        let [first, second] = both.each_ref().map(|bytes| held(bytes.as_ptr(), bytes.len()).unwrap());
        let place = both[1].as_ptr().addr();
        drop(first);
        assert!(is_locked(place));
        drop(second);
    }

    #[test]
    fn keys_from_files_are_locked() {
        let key = Sm2PrivateKey::generate(&SeededEntropy::new(1)).unwrap();
        let pem = private_pem(&key, Protection::FileMode, &SeededEntropy::new(2)).unwrap();
        assert!(private_from_pem(&pem, None).unwrap().is_locked() && is_allowed());
    }

    #[test]
    fn what_cannot_be_locked_is_told() {
        let key = Sm2PrivateKey::generate(&SeededEntropy::new(3)).unwrap();
        assert!(!key.lock_memory(|start, _| held(start, usize::MAX).map(|held| Box::new(held) as MemoryLock)) && !key.is_locked());
        // Nothing is mapped there.
        assert!(held(std::ptr::without_provenance(1 << 12), 1).is_none());
    }
}
