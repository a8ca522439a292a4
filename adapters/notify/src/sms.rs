//! Sending one code to one phone: requests and answers of the two gateways. Pure.

pub mod aliyun;
pub mod tencent;

/// What a gateway's answer says about the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Taken.
    Taken,
    /// Not sent, with the gateway's code.
    No(String),
    /// Nobody can say, with the gateway's code: it failed inside.
    Unknown(String),
}
