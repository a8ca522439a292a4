//! Accounts of staff: who somebody is, how he proves it, what he may, and the trail of what he did (GB/T 22239-2019 8.1.4.1
//! to 8.1.4.3, domain/hospital.md §7.3).
//!
//! Everything here is pure: a state, an instant, randomness from the host. [`crate::service`] keeps it in the store.

mod account;
mod door;
mod login;
mod password;
mod rules;
mod totp;
mod trail;

pub use account::{Account, Keys, Next};
pub use door::Door;
pub use login::LoginName;
pub use password::{Verifier, Weak, one_time, weakness};
pub use rules::Rules;
pub use totp::{Factor, Secret};
pub use trail::{ChainCheck, Entry, Note, What};
