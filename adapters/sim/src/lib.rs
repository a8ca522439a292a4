//! A hospital in a box: HIS, WeChat Pay v3, the insurer, the fiscal invoice platform, and who is asked about a person (health codes,
//! e-vouchers, short messages, the official account), simulated.
//!
//! Each counterpart is a pure machine: `handle(request, now, faults)` gives the reply, `advance(now, faults)` does what
//! has become due and gives the callbacks to post. There is no clock, no socket and no chance outside a seeded generator
//! in the state, so the same machines run behind real HTTP ([`shell`]) and under virtual time.
#![forbid(unsafe_code)]

pub mod credentials;
pub mod day;
pub mod faults;
pub mod his;
pub mod hospital;
pub mod identity;
pub mod insurer;
pub mod invoice;
mod peer;
pub mod rng;
pub mod shell;
pub mod wechat;
pub mod wire;

pub use credentials::SimCredentials;
pub use faults::{Fault, Faults, Peer, Switch, When};
pub use hospital::{Hospital, HospitalOptions, Truth};
pub use shell::{SimAddresses, SimConfig, SimServer, SimUrls};
