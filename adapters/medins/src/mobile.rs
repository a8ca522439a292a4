//! The payloads of mobile payment (6201, 6202, 6301, 6401, 6203), whatever envelope carries them; no I/O (domain/medins.md §2).
//!
//! Every amount, count and code is sent as a text and nothing empty is sent, so that no reading of the signing rules matters.

mod order;
mod refund;
mod upload;

pub use order::{place, query, report, report_of, revoke};
pub use refund::{RefundStatus, refund, refund_status};
pub use upload::{upload, uploaded};

use std::collections::BTreeMap;

use menjie::insurance::Authorisation;
use menjie_transport::Shape;
use serde_json::{Map, Value};

use crate::field;

/// A transaction of mobile payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mobile {
    /// 6201 费用明细上传.
    Upload,
    /// 6202 支付下单.
    Order,
    /// 6301 订单结算结果查询.
    Query,
    /// 6401 费用明细上传撤销.
    Revoke,
    /// 6203 医保退费.
    Refund,
}

impl Mobile {
    /// Its number.
    pub const fn number(self) -> &'static str {
        match self {
            Mobile::Upload => "6201",
            Mobile::Order => "6202",
            Mobile::Query => "6301",
            Mobile::Revoke => "6401",
            Mobile::Refund => "6203",
        }
    }
}

/// A request's fields under the names of the site.
pub fn spelled(mut data: Map<String, Value>, spellings: &BTreeMap<String, String>) -> Map<String, Value> {
    for (ours, theirs) in spellings {
        if let Some(value) = data.remove(ours) {
            data.insert(theirs.clone(), value);
        }
    }
    data
}

/// Another institution's answer or notice is not ours.
pub fn of_institution(data: &Map<String, Value>, org_id: &str) -> Result<(), Shape> {
    if field::text(data, "orgCodg").is_some_and(|org| org != org_id) { Err(Shape::new("orgCodg", "is another institution's")) } else { Ok(()) }
}

/// Exactly one of payAuthNo and ecToken.
fn authorise(data: &mut Map<String, Value>, authorisation: &Authorisation) {
    let (name, secret) = match authorisation {
        Authorisation::Mobile { pay_auth_no, .. } => ("payAuthNo", pay_auth_no),
        Authorisation::Voucher { ec_token } => ("ecToken", ec_token),
    };
    data.insert(name.to_owned(), secret.reveal().into());
}
