//! The routes, one file per subject.

pub mod bills;
pub mod health;
pub mod identify;
pub mod insurance;
pub mod notify;
pub mod ops;
pub mod patients;
pub mod payments;
pub mod recon;
pub mod refunds;
pub mod settlements;
pub mod sms;
pub mod staff;
pub mod visits;
