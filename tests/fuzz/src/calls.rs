//! The C interface: a sequence of calls, with a HIS of the program's.

use std::sync::{Mutex, PoisonError};

/// One sequence at a time: what is left behind at its end is counted for the whole process.
static ONE: Mutex<()> = Mutex::new(());

pub(crate) fn c_calls(bytes: &[u8]) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    menjie_c::sequence::run(bytes);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    menjie_c::sequence::seeds()
}
