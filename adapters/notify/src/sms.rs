//! Sending one message to one phone: requests and answers of the two gateways. Pure.

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

/// Does a gateway say that there were too many messages? Nothing was sent, and later it may be (domain/payments.md §4.3).
pub fn is_limit(code: &str) -> bool {
    code == "isv.BUSINESS_LIMIT_CONTROL" || code.starts_with("Throttling") || code.starts_with("LimitExceeded") || code.starts_with("RequestLimitExceeded")
}
