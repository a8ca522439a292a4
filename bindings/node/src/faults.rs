//! Where faults of ours were caught (error 901): places in the source, never what was being done. The library has a copy of the standard library
//! of its own, so no other addon's panics come here, and none of ours is written to standard error with its text.

use std::collections::VecDeque;
use std::sync::{Mutex, Once, PoisonError};

use napi_derive::napi;

/// The last ones tell enough.
const KEPT: usize = 16;

static PLACES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());
static ONCE: Once = Once::new();

/// From now on they are kept.
pub(crate) fn keep() {
    ONCE.call_once(|| {
        menjie_bridge::hide_panic_texts(|place| {
            let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
            if places.len() == KEPT {
                places.pop_front();
            }
            places.push_back(place.to_owned());
        });
    });
}

/// The last places, oldest first.
#[napi(catch_unwind)]
pub fn faults() -> Vec<String> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}
