//! Short messages with a one-time code or a notice ([`sms`]: Aliyun, Tencent Cloud), and the WeChat official account: its
//! login ([`account`]) and its messages ([`message`]).
//!
//! [`acs3`] and [`tc3`] sign, [`sms`], [`account`] and [`message`] build requests and read answers, [`page`] signs for a page of the
//! account; all pure, so that a host with its own HTTP stack can use them. No gateway knows an idempotency key: a message whose answer is lost is never sent again.
#![forbid(unsafe_code)]

pub mod account;
pub mod acs3;
mod client;
mod config;
mod encode;
pub mod message;
mod notice;
pub mod page;
pub mod sms;
pub mod tc3;

pub use client::NotifyFront;
pub use config::{AccountConfig, AccountNotice, AliyunConfig, AliyunNotice, MessageKind, NotifyConfig, SmsConfig, TencentConfig, TencentNotice};
