//! WeChat Pay (微信支付) API v3 for a direct merchant: Native and JSAPI orders, query, close, refund, refund query and
//! callbacks.
//!
//! Sans-I/O first: [`wire`] builds requests and reads answers, [`sign`] and [`keys`] sign and verify raw bytes, [`notify`]
//! reads callbacks, [`bill`] reads settlement files, [`mixed`] is insurance and cash in one order, [`error`] decides what an error answer proves; [`client`] drives them over `menjie-transport`.
//!
//! Nothing of an answer or a callback is looked at before its signature, its key and its freshness hold. An answer that
//! fails any of these proves nothing about money: the outcome is unknown and the machine asks again.
#![forbid(unsafe_code)]

pub mod bill;
pub mod certs;
pub mod client;
pub mod config;
pub mod error;
mod json;
pub mod keys;
pub mod mixed;
pub mod notify;
mod pem;
pub mod sign;
pub mod verify;
pub mod wire;

pub use client::WechatPay;
pub use config::{Secret, VerifyKeyConfig, WechatConfig};
pub use mixed::MixedConfig;
