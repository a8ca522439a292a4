//! 6302: the centre tells that an order is over (domain/medins.md §2.3). Evidence, never proof by itself: the machine compares
//! every amount with what was priced and asks again (6301) where they differ.

use menjie::error::{Code, Error, Result};
use menjie::gm;
use menjie::insurance::OrderReport;
use menjie::payment::RawNotice;
use menjie::port::InsurerNotice;
use serde_json::{Map, Value};

use crate::config::{CentreConfig, NoticeForm};
use crate::envelope::{Codec, NotOpened};
use crate::field;
use crate::json::{Json, into_fields};
use crate::mobile;

/// callType 支付成功.
const PAID: &str = "02";
/// ordStas 结算中.
const PROCESSING: &str = "2";

/// Opens, verifies and reads a notice.
pub fn accept(org_id: &str, centre: &CentreConfig, codec: &Codec, notice: &RawNotice<'_>) -> Result<InsurerNotice> {
    let data = match centre.notice {
        NoticeForm::Signed => codec.open(notice.body).map(|opened| opened.data).map_err(|why| match why {
            NotOpened::Signature(problem) => Error::new(Code::BadSignature).with("problem", problem.text()),
            NotOpened::Shape(shape) => not_understood(shape.field),
        })?,
        NoticeForm::Bare => match Json::read(notice.body) {
            Ok(Json::Object(fields)) => bare(into_fields(fields)),
            _ => return Err(not_understood("body")),
        },
    };
    mobile::of_institution(&data, org_id).map_err(|shape| not_understood(shape.field))?;
    let report = mobile::report(&data, &centre.aliases).map_err(|shape| not_understood(shape.field))?;
    let order_no = field::text(&data, "medOrgOrd").ok_or_else(|| not_understood("medOrgOrd"))?;
    let proves = centre.notice == NoticeForm::Signed && field::text(&data, "callType").is_none_or(|kind| kind == PAID);
    Ok(InsurerNotice { id: gm::hex(&gm::sm3(notice.body)), order_no, report: if proves { report } else { only_a_hint(report) } })
}

/// What nobody signed (Hainan), or what speaks of something else than a payment, makes the machine ask and proves nothing.
fn only_a_hint(report: OrderReport) -> OrderReport {
    OrderReport { pay_order_id: report.pay_order_id, code: PROCESSING.to_owned(), split: None, settled_at: None, insurer_no: None, reversal_token: None }
}

/// Some centres put the payload under `data`, some do not.
fn bare(mut fields: Map<String, Value>) -> Map<String, Value> {
    match fields.remove("data") {
        Some(Value::Object(data)) => data,
        _ => fields,
    }
}

fn not_understood(field: impl Into<String>) -> Error {
    Error::new(Code::ChannelAnswer).with("problem", field.into())
}
