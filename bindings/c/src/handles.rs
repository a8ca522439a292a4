//! Handles: numbers that look like pointers and are never followed.
//!
//! A handle is the number of its slot and of its generation, and says what kind it is of in its two lowest bits, which no pointer to memory
//! has. A slot's generation grows when its handle is freed, so the old handle fits nothing any more.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
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
const GENERATIONS: usize = 1 << (32 - KIND_BITS - SLOT_BITS);
/// Freeing waits so long for calls of other threads.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a handle stands for, and who is using it.
pub(crate) struct Held<T> {
    value: T,
    users: Mutex<usize>,
    idle: Condvar,
}

/// The use of a handle during one call.
pub(crate) struct Use<T>(Arc<Held<T>>);

impl<T> std::ops::Deref for Use<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> Drop for Use<T> {
    fn drop(&mut self) {
        let mut users = lock(&self.0.users);
        *users = users.saturating_sub(1);
        if *users == 0 {
            self.0.idle.notify_all();
        }
    }
}

struct Slot<T> {
    generation: usize,
    held: Option<Arc<Held<T>>>,
}

/// The handles of one kind.
pub(crate) struct Handles<T> {
    kind: usize,
    slots: Mutex<Vec<Slot<T>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Handles<T> {
    /// `kind` is 1, 2 or 3.
    pub(crate) const fn new(kind: usize) -> Handles<T> {
        Handles { kind, slots: Mutex::new(Vec::new()) }
    }

    /// A new handle.
    pub(crate) fn put(&self, value: T, argument: &'static str) -> Result<usize, Failure> {
        let held = Some(Arc::new(Held { value, users: Mutex::new(0), idle: Condvar::new() }));
        let mut slots = lock(&self.slots);
        let free = slots.iter().position(|slot| slot.held.is_none() && slot.generation < GENERATIONS);
        let at = match free {
            Some(at) => at,
            None if slots.len() < SLOTS => {
                slots.push(Slot { generation: 1, held: None });
                slots.len() - 1
            }
            None => return Err(Misuse::TooManyHandles.of(argument)),
        };
        let slot = slots.get_mut(at).ok_or_else(|| Misuse::TooManyHandles.of(argument))?;
        slot.held = held;
        Ok((slot.generation << SLOT_BITS | at) << KIND_BITS | self.kind)
    }

    /// What a handle stands for, for the length of a call.
    pub(crate) fn hold(&self, handle: usize, argument: &'static str) -> Result<Use<T>, Failure> {
        let mut slots = lock(&self.slots);
        let held = self.slot(&mut slots, handle).and_then(|slot| slot.held.clone()).ok_or_else(|| Misuse::BadHandle.of(argument))?;
        *lock(&held.users) += 1;
        Ok(Use(held))
    }

    /// Takes a handle back, and gives out what it stands for: no call can begin with it any more. Waits for those that are under way, so that
    /// nobody but the caller has it.
    pub(crate) fn take(&self, handle: usize, argument: &'static str) -> Result<T, Failure> {
        let mut held = {
            let mut slots = lock(&self.slots);
            let slot = self.slot(&mut slots, handle).ok_or_else(|| Misuse::BadHandle.of(argument))?;
            let held = slot.held.take().ok_or_else(|| Misuse::BadHandle.of(argument))?;
            slot.generation += 1;
            held
        };
        let until = Instant::now() + PATIENCE;
        let mut users = lock(&held.users);
        while *users > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Misuse::StillInUse.of(argument));
            }
            users = held.idle.wait_timeout(users, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(users);
        loop {
            // A call that has counted itself out holds its share for some instructions more. Were it left to drop the last one, what the handle
            // stands for would end there, after this has returned.
            held = match Arc::try_unwrap(held) {
                Ok(held) => return Ok(held.value),
                Err(held) => held,
            };
            std::thread::yield_now();
        }
    }

    fn slot<'s>(&self, slots: &'s mut MutexGuard<'_, Vec<Slot<T>>>, handle: usize) -> Option<&'s mut Slot<T>> {
        let (kind, number) = (handle & ((1 << KIND_BITS) - 1), handle >> KIND_BITS);
        let slot = slots.get_mut(number & (SLOTS - 1))?;
        (kind == self.kind && slot.generation == number >> SLOT_BITS).then_some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_handle_fits_nothing_although_its_slot_is_used_again() {
        let handles = Handles::new(1);
        let first = handles.put("first", "h").unwrap();
        assert_eq!(*handles.hold(first, "h").unwrap(), "first");
        handles.take(first, "h").unwrap();
        let second = handles.put("second", "h").unwrap();
        assert_ne!(first, second);
        assert_eq!(handles.hold(first, "h").err().unwrap().code, 12);
        assert_eq!(handles.take(first, "h").err().unwrap().code, 12);
        assert_eq!(*handles.hold(second, "h").unwrap(), "second");
        let other = Handles::<&str>::new(2);
        assert_eq!(other.hold(second, "h").err().unwrap().code, 12, "of another kind");
        for nonsense in [0, 1, 2, 3, usize::MAX, usize::MAX - 3, 0xdead_beef] {
            assert_eq!(handles.hold(nonsense, "h").err().unwrap().code, 12, "{nonsense:x}");
        }
    }

    #[test]
    fn there_are_so_many_and_no_more_and_a_worn_slot_is_left_empty() {
        let handles = Handles::new(1);
        let all: Vec<usize> = (0..SLOTS).map(|n| handles.put(n, "h").unwrap()).collect();
        assert_eq!(handles.put(0, "h").err().unwrap().code, 17);
        handles.take(all[7], "h").unwrap();
        lock(&handles.slots)[7].generation = GENERATIONS;
        assert_eq!(handles.put(0, "h").err().unwrap().code, 17);
    }

    #[test]
    fn freeing_waits_for_calls_that_are_under_way() {
        let handles = Arc::new(Handles::new(1));
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
        let handles = Arc::new(Handles::new(1));
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
