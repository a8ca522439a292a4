//! Requests as values, answers as values; no I/O (payments.md §1.6, §1.7, §1.10, §1.11).

mod reply;
mod request;

pub use reply::{BillFile, Refund, Trade, read_bill_file, read_code_url, read_prepay_id, read_refund, read_refund_notice, read_trade};
pub use request::{bill_file, build, certificates};

/// Who we are at WeChat Pay; compared with every answer and callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// Merchant number.
    pub mchid: String,
    /// App id.
    pub appid: String,
}
