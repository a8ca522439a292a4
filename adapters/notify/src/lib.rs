//! Short messages with a one-time code ([`sms`]: Aliyun, Tencent Cloud) and the login of the WeChat official account
//! ([`account`]).
//!
//! [`acs3`] and [`tc3`] sign, [`sms`] and [`account`] build requests and read answers; all pure, so that a host with its
//! own HTTP stack can use them. No gateway knows an idempotency key: a message whose answer is lost is never sent again.
#![forbid(unsafe_code)]

pub mod account;
pub mod acs3;
mod client;
mod config;
mod encode;
pub mod sms;
pub mod tc3;

pub use client::NotifyFront;
pub use config::{AccountConfig, AliyunConfig, NotifyConfig, SmsConfig, TencentConfig};
