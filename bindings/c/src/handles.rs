//! Handles: numbers that look like pointers and are never followed.
//!
//! A handle is the number of its slot and of its generation, and says what kind it is of in its two lowest bits, which no pointer to memory
//! has. A slot's generation grows when its handle is freed, so the old handle fits nothing any more.
//!
//! A call costs one atomic operation when it begins and one when it ends: what it must know of its slot (the generation, whether it is open, how
//! many calls are under way) is one word, so that nothing can change between looking and counting.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use menjie_bridge::Failure;

use crate::misuse::Misuse;

/// Bits of a handle that say its kind.
const KIND_BITS: u32 = 2;
/// Bits that say its slot.
const SLOT_BITS: u32 = 10;
/// So many handles of a kind there may be at once.
const SLOTS: usize = 1 << SLOT_BITS;
/// The last generation that fits, on machines of 32 bits too; then a slot is left empty for ever.
const GENERATIONS: u64 = 1 << (32 - KIND_BITS - SLOT_BITS);
/// Freeing waits so long for calls of other threads.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of a slot's word: calls that are under way.
const USERS: u64 = OPEN - 1;
/// Calls may begin.
const OPEN: u64 = 1 << 30;
/// Whoever wanted it back has waited long enough: the last call ends what it stands for.
const LEFT: u64 = 1 << 31;
/// Where the generation begins.
const GENERATION: u32 = 32;

struct Slot<T> {
    word: AtomicU64,
    /// Written by whoever has the slot alone: who took it from the vacant ones, until it is opened; who closed it, when no call is under way.
    /// Read by calls that are counted in the word. Boxed, because there are slots for the most handles that there may be.
    value: UnsafeCell<Option<Box<T>>>,
}

// SAFETY: the word says who may do what with the value (see there): several threads read it (`Sync`), one at last takes it away (`Send`).
unsafe impl<T: Send + Sync> Sync for Slot<T> {}

/// Slots that have no handle.
struct Vacant {
    /// From this one on none ever had one.
    fresh: usize,
    /// Whose handles were freed, a bit each.
    freed: [u64; SLOTS / 64],
}

impl Vacant {
    fn next(&mut self) -> Option<usize> {
        if let Some((nth, bits)) = self.freed.iter_mut().enumerate().find(|(_, bits)| **bits != 0) {
            let bit = bits.trailing_zeros();
            *bits &= !(1 << bit);
            return Some(nth * 64 + bit as usize);
        }
        let at = self.fresh;
        self.fresh = (at + 1).min(SLOTS);
        (at < SLOTS).then_some(at)
    }

    fn again(&mut self, at: usize) {
        if let Some(bits) = self.freed.get_mut(at / 64) {
            *bits |= 1 << (at % 64);
        }
    }
}

/// The use of a handle during one call.
pub(crate) struct Use<'h, T, const KIND: usize> {
    handles: &'h Handles<T, KIND>,
    at: usize,
    slot: &'h Slot<T>,
    value: &'h T,
}

impl<T, const KIND: usize> std::ops::Deref for Use<'_, T, KIND> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value
    }
}

impl<T, const KIND: usize> Drop for Use<'_, T, KIND> {
    fn drop(&mut self) {
        let before = self.slot.word.fetch_sub(1, Ordering::AcqRel);
        if before & OPEN == 0 && before & USERS == 1 {
            self.handles.last_call_ended(self.at, self.slot, before);
        }
    }
}

/// The handles of one kind, which is 1, 2 or 3. New ones are all zeros, so that the file of the library does not hold its slots.
pub(crate) struct Handles<T, const KIND: usize> {
    slots: [Slot<T>; SLOTS],
    vacant: Mutex<Vacant>,
    /// Whoever frees a handle waits here for its calls.
    waiting: Mutex<()>,
    idle: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T, const KIND: usize> Handles<T, KIND> {
    pub(crate) const fn new() -> Handles<T, KIND> {
        let slots = [const { Slot { word: AtomicU64::new(0), value: UnsafeCell::new(None) } }; SLOTS];
        Handles { slots, vacant: Mutex::new(Vacant { fresh: 0, freed: [0; SLOTS / 64] }), waiting: Mutex::new(()), idle: Condvar::new() }
    }

    /// A new handle.
    pub(crate) fn put(&self, value: T, argument: &'static str) -> Result<usize, Failure> {
        let free = lock(&self.vacant).next();
        let (at, slot) = free.and_then(|at| Some((at, self.slots.get(at)?))).ok_or_else(|| Misuse::TooManyHandles.of(argument))?;
        let generation = (slot.word.load(Ordering::Acquire) >> GENERATION) + 1;
        // SAFETY: the slot was vacant, and nobody else is given it: it is closed and has no calls.
        unsafe { *slot.value.get() = Some(Box::new(value)) };
        slot.word.store(generation << GENERATION | OPEN, Ordering::Release);
        let number = usize::try_from(generation).unwrap_or_default() << SLOT_BITS | at;
        Ok(number << KIND_BITS | KIND)
    }

    /// What a handle stands for, for the length of a call.
    pub(crate) fn hold(&self, handle: usize, argument: &'static str) -> Result<Use<'_, T, KIND>, Failure> {
        let (at, slot) = self.changed(handle, |word| word + 1).ok_or_else(|| Misuse::BadHandle.of(argument))?;
        // SAFETY: this call is counted since the slot was open, so it has a value, which nobody takes away before the call is counted out.
        let value = unsafe { (*slot.value.get()).as_deref() };
        value.map(|value| Use { handles: self, at, slot, value }).ok_or_else(|| Misuse::BadHandle.of(argument))
    }

    /// Takes a handle back, and gives out what it stands for: no call can begin with it any more. Waits for those that are under way, so that
    /// nobody but the caller has it.
    pub(crate) fn take(&self, handle: usize, argument: &'static str) -> Result<T, Failure> {
        let (at, slot) = self.changed(handle, |word| word & !OPEN).ok_or_else(|| Misuse::BadHandle.of(argument))?;
        let until = Instant::now() + PATIENCE;
        let mut waiting = lock(&self.waiting);
        while slot.word.load(Ordering::Acquire) & USERS > 0 {
            let left = until.saturating_duration_since(Instant::now());
            // The last call may end in this moment: then it is not left to that one.
            if left.is_zero() && slot.word.fetch_or(LEFT, Ordering::AcqRel) & USERS > 0 {
                return Err(Misuse::StillInUse.of(argument));
            }
            waiting = self.idle.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(waiting);
        self.vacate(at, slot).ok_or_else(|| Misuse::BadHandle.of(argument))
    }

    /// The slot of a handle that is open, its word changed while it still was.
    fn changed(&self, handle: usize, change: impl Fn(u64) -> u64) -> Option<(usize, &Slot<T>)> {
        let (kind, number) = (handle & ((1 << KIND_BITS) - 1), handle >> KIND_BITS);
        let at = number & (SLOTS - 1);
        let slot = self.slots.get(at).filter(|_| kind == KIND)?;
        let fits = |word: u64| word >> GENERATION == (number >> SLOT_BITS) as u64 && word & OPEN != 0;
        let changed = slot.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| fits(word).then(|| change(word)));
        changed.ok().map(|_| (at, slot))
    }

    /// Of a closed slot.
    #[cold]
    fn last_call_ended(&self, at: usize, slot: &Slot<T>, before: u64) {
        if before & LEFT != 0 {
            drop(self.vacate(at, slot));
            return;
        }
        // Whoever waits has looked at the word before he sleeps, and looks with the lock.
        drop(lock(&self.waiting));
        self.idle.notify_all();
    }

    /// Empties a slot that is closed and has no calls any more, for the one who closed it, or the last of the calls if he has left.
    fn vacate(&self, at: usize, slot: &Slot<T>) -> Option<T> {
        // SAFETY: no call can begin, none is under way, and only one is told to empty it.
        let value = unsafe { (*slot.value.get()).take() };
        let generation = slot.word.load(Ordering::Acquire) >> GENERATION;
        slot.word.store(generation << GENERATION, Ordering::Release);
        if generation < GENERATIONS - 1 {
            lock(&self.vacant).again(at);
        }
        value.map(|value| *value)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_freed_handle_fits_nothing_although_its_slot_is_used_again() {
        let handles = Handles::<_, 1>::new();
        let first = handles.put("first", "h").unwrap();
        assert_eq!(*handles.hold(first, "h").unwrap(), "first");
        handles.take(first, "h").unwrap();
        let second = handles.put("second", "h").unwrap();
        assert_ne!(first, second);
        assert_eq!(handles.hold(first, "h").err().unwrap().code, 12);
        assert_eq!(handles.take(first, "h").err().unwrap().code, 12);
        assert_eq!(*handles.hold(second, "h").unwrap(), "second");
        let other = Handles::<&str, 2>::new();
        assert_eq!(other.hold(second, "h").err().unwrap().code, 12, "of another kind");
        for nonsense in [0, 1, 2, 3, usize::MAX, usize::MAX - 3, 0xdead_beef] {
            assert_eq!(handles.hold(nonsense, "h").err().unwrap().code, 12, "{nonsense:x}");
        }
    }

    #[test]
    fn there_are_so_many_and_no_more_and_a_worn_slot_is_left_empty() {
        let handles = Handles::<_, 1>::new();
        let all: Vec<usize> = (0..SLOTS).map(|n| handles.put(n, "h").unwrap()).collect();
        assert_eq!(handles.put(0, "h").err().unwrap().code, 17);
        let others = [0, 63, 64, SLOTS - 1].map(|at| all[at]);
        for other in others {
            handles.take(other, "h").unwrap();
        }
        let put_again = others.map(|_| handles.put(0, "h").unwrap());
        assert!(put_again.iter().all(|new| !all.contains(new) && handles.hold(*new, "h").is_ok()));
        assert_eq!(handles.put(0, "h").err().unwrap().code, 17);
        handles.take(all[7], "h").unwrap();
        let again = handles.put(7, "h").unwrap();
        assert_eq!(*handles.hold(again, "h").unwrap(), 7);
        handles.take(again, "h").unwrap();
        handles.slots[7].word.store((GENERATIONS - 2) << GENERATION, Ordering::Relaxed);
        let last = handles.put(7, "h").unwrap();
        assert!(u32::try_from(last).is_ok(), "on machines of 32 bits, too");
        handles.take(last, "h").unwrap();
        assert_eq!(handles.put(0, "h").err().unwrap().code, 17);
        assert_eq!(handles.put(0, "h").err().unwrap().code, 17);
    }

    #[test]
    fn freeing_waits_for_calls_that_are_under_way() {
        let handles = Arc::new(Handles::<_, 1>::new());
        let gone = Arc::new(());
        let handle = handles.put(gone.clone(), "h").unwrap();
        let under_way = handles.hold(handle, "h").unwrap();
        let freeing = std::thread::spawn({
            let handles = handles.clone();
            move || handles.take(handle, "h").is_ok()
        });
        while handles.hold(handle, "h").is_ok() {
            std::thread::yield_now();
        }
        assert!(!freeing.is_finished());
        drop(under_way);
        assert!(freeing.join().unwrap());
        assert_eq!(Arc::strong_count(&gone), 1);
    }

    #[test]
    fn what_was_taken_back_is_the_takers_alone_while_calls_end() {
        let handles = Arc::new(Handles::<_, 1>::new());
        for round in 0..2000 {
            let what = Arc::new(());
            let handle = handles.put(what.clone(), "h").unwrap();
            let calls: Vec<_> = (0..2)
                .map(|_| {
                    let handles = handles.clone();
                    std::thread::spawn(move || while handles.hold(handle, "h").is_ok() {})
                })
                .collect();
            drop(handles.take(handle, "h").unwrap());
            assert_eq!(Arc::strong_count(&what), 1, "round {round}");
            for call in calls {
                call.join().unwrap();
            }
        }
    }
}
