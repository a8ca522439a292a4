//! `ec.query`: request and answer. Pure.

use menjie::access::Private;
use menjie::calendar::BizDate;
use menjie::port::VoucherHolder;
use menjie_transport::Shape;
use serde_json::{Map, Value, json};

use crate::config::MedinsConfig;
use crate::field::text;
use crate::json::{Json, into_fields};

/// The name of the transaction.
pub const EC_QUERY: &str = "ec.query";

/// The body that asks whose voucher it is.
pub fn ec_query(config: &MedinsConfig, code: &Private) -> Value {
    let mut data = json!({
        "orgId": config.org_id, "businessType": config.business_type, "operatorId": config.operator_id, "operatorName": config.operator_name,
        "officeId": config.office_id, "officeName": config.office_name,
    });
    if let Value::Object(fields) = &mut data {
        if !config.device_type.is_empty() {
            fields.insert("deviceType".to_owned(), config.device_type.as_str().into());
        }
        if !config.code_field.is_empty() {
            fields.insert(config.code_field.clone(), code.reveal().into());
        }
    }
    json!({ "transType": EC_QUERY, "orgId": config.org_id, "data": data })
}

/// What the decoder says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Whose voucher it is.
    Holder(VoucherHolder),
    /// No, with its code as it came. What codes mean is not published; its message may name the person.
    No(String),
}

/// Reads an answer. `data` is an object or a JSON text; another institution's answer is not ours.
pub fn open(body: &[u8], org_id: &str) -> Result<Reply, Shape> {
    let Json::Object(fields) = Json::read(body)? else { return Err(Shape::new("body", "is not an object")) };
    let fields = into_fields(fields);
    let code = text(&fields, "code").ok_or(Shape::new("code", "is missing"))?;
    if !code.trim_start_matches('0').is_empty() {
        return Ok(Reply::No(code));
    }
    if text(&fields, "orgId").is_some_and(|org| org != org_id) {
        return Err(Shape::new("orgId", "is another institution's"));
    }
    let data = match fields.get("data") {
        Some(Value::Object(data)) => data.clone(),
        Some(Value::String(inner)) => match serde_json::from_str(inner) {
            Ok(Value::Object(data)) => data,
            _ => return Err(Shape::new("data", "is a text that holds no object")),
        },
        _ => return Err(Shape::new("data", "is missing")),
    };
    holder(&data).map(Reply::Holder)
}

fn holder(data: &Map<String, Value>) -> Result<VoucherHolder, Shape> {
    let required = |field: &'static str| text(data, field).ok_or(Shape::new(field, "is missing"));
    let id_no = required("idNo")?;
    if !(4..=32).contains(&id_no.len()) || !id_no.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Shape::new("idNo", "is no document number"));
    }
    let insu_org = required("insuOrg")?;
    if insu_org.len() != 6 || !insu_org.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Shape::new("insuOrg", "is not six digits"));
    }
    Ok(VoucherHolder {
        id_type: required("idType")?,
        id_no: Private::new(id_no),
        name: Private::new(required("userName")?),
        ec_token: Private::new(required("ecToken")?),
        insu_org,
        sex_code: text(data, "gender").filter(|code| matches!(code.as_str(), "0" | "1" | "2" | "9")),
        birth_date: text(data, "birthday").and_then(|date| birth_date(&date)),
    })
}

/// `1990.01.01`, `1990-01-01`, `19900101`, with or without a time behind it.
fn birth_date(text: &str) -> Option<BizDate> {
    let digits: String = text.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '/')).filter(char::is_ascii_digit).collect();
    let date = format!("{}-{}-{}", digits.get(..4)?, digits.get(4..6)?, digits.get(6..8)?);
    if digits.len() == 8 { BizDate::parse(&date).ok() } else { None }
}
