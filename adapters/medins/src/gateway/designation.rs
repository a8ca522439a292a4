//! 5302 and 2505: which institutions a person has designated, and designating this one (domain/medins.md §3.6).

use menjie::access::Private;
use menjie::calendar::BizDate;
use menjie::insurance::{Designation, InsuredPerson};
use menjie_transport::Shape;
use serde_json::{Map, Value};

use crate::field::{self, filled};

/// 人员定点信息查询.
pub const ASK: &str = "5302";
/// 人员定点备案.
pub const FILE: &str = "2505";
/// 就医定点医疗机构登记 (biz_appy_type).
const DESIGNATION: &str = "03";

/// The question.
pub fn ask(psn_no: &Private) -> Map<String, Value> {
    filled([("psn_no", psn_no.reveal()), ("biz_appy_type", DESIGNATION)])
}

/// What he has designated.
pub fn rows(output: &Map<String, Value>) -> Result<Vec<Designation>, Shape> {
    let row = |row: &Map<String, Value>| {
        Ok(Designation {
            institution_code: field::required(row, "fixmedins_code")?,
            institution_name: field::text(row, "fixmedins_name").unwrap_or_default(),
            from: field::day(row, "begndate")?.ok_or(Shape::new("begndate", "is missing"))?,
            until: field::day(row, "enddate")?,
            insurance_type: field::required(row, "insutype")?,
        })
    };
    field::objects(output, "psnfixmedin")?.into_iter().map(|told| row(told).map_err(|shape: Shape| shape.under("psnfixmedin"))).collect()
}

/// Designates this institution as the person's first.
pub fn file(person: &InsuredPerson, from: BizDate, code: &str, name: &str) -> Map<String, Value> {
    filled([
        ("psn_no", person.psn_no.reveal()),
        ("biz_appy_type", DESIGNATION),
        ("begndate", &from.to_string()),
        ("fix_srt_no", "1"),
        ("fixmedins_code", code),
        ("fixmedins_name", name),
    ])
}

/// The number of the filing; keep it, 2506 needs it.
pub fn filed(output: &Map<String, Value>) -> Result<String, Shape> {
    let result = field::one_object(output, "result")?.ok_or(Shape::new("result", "is missing"))?;
    field::required(result, "trt_dcla_detl_sn")
}
