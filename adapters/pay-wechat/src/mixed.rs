//! Mixed orders (移动医保支付 2.0, `/v3/med-ins/*`, domain/medins.md §6.1): insurance and cash confirmed with one password.

mod config;
mod payer;
mod reply;
mod request;

pub use config::{MixedConfig, OrderType};
pub use payer::id_digest;
pub use reply::{MixedState, MixedTrade, read_created, read_trade};
pub use request::{InsuranceRefund, check, create, query, tell_refund};

/// The event of a callback to `callback_url`; it carries no transaction number, so it makes the machine ask.
pub const SUCCESS: &str = "MEDICAL_INSURANCE.SUCCESS";

/// At the end of `Request-ID`: the order exists; ask, and use it.
pub const EXISTS: &str = "268512536";
