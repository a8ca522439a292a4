//! The envelope of the institution interface (domain/medins.md §3.1). It is not signed: TLS or the private network is all there
//! is, so an answer is ours only by its numbers.

use menjie::Timestamp;
use menjie_transport::Shape;
use serde_json::{Map, Value};

use super::MsgId;
use crate::config::{GatewayConfig, MedinsConfig};
use crate::field::{self, filled, local};
use crate::json::{Json, into_fields};

/// Who asks: the institution and its operator.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// Institution and operator.
    pub config: &'a MedinsConfig,
    /// Gateway.
    pub gateway: &'a GatewayConfig,
}

/// The message of a transaction. `insured_place` is there whenever the input names a person.
pub fn request(caller: Caller<'_>, infno: &str, msgid: &MsgId, insured_place: &str, input: Map<String, Value>, now: Timestamp) -> Value {
    let (config, gateway) = (caller.config, caller.gateway);
    let mut message = filled([
        ("infno", gateway.variants.get(infno).map_or(infno, String::as_str)),
        ("msgid", msgid.as_str()),
        ("mdtrtarea_admvs", &gateway.place),
        ("insuplc_admdvs", insured_place),
        ("recer_sys_code", &gateway.receiver),
        ("infver", &gateway.version),
        ("opter_type", &gateway.operator_type),
        ("opter", &config.operator_id),
        ("opter_name", &config.operator_name),
        ("inf_time", &local(now)),
        ("fixmedins_code", &config.org_id),
        ("fixmedins_name", &gateway.institution_name),
        ("sign_no", &gateway.sign_no),
    ]);
    // Gateways want these members although nothing stands in them.
    for name in ["dev_no", "dev_safe_info", "cainfo", "signtype"] {
        message.insert(name.to_owned(), "".into());
    }
    message.insert("input".to_owned(), Value::Object(input));
    Value::Object(message)
}

/// What the gateway answers.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply {
    /// infcode 0, with its output.
    Done(Map<String, Value>),
    /// infcode -1: the centre's own no. Its text may name a person: it is looked into, never passed on.
    No {
        /// err_msg.
        text: String,
    },
    /// Any other infcode: made by what stands between us and the centre (a time-out is -2 somewhere).
    Unclear {
        /// infcode.
        code: String,
    },
}

/// Reads an answer. infcode is a number or a text, err_msg longer than the two hundred characters it should have.
pub fn open(body: &[u8]) -> Result<Reply, Shape> {
    let Json::Object(fields) = Json::read(body)? else { return Err(Shape::new("", "is not an object")) };
    let mut fields = into_fields(fields);
    let code = field::required(&fields, "infcode")?;
    match code.as_str() {
        "0" => match fields.remove("output") {
            Some(Value::Object(output)) => Ok(Reply::Done(output)),
            None | Some(Value::Null | Value::String(_)) => Ok(Reply::Done(Map::new())),
            Some(_) => Err(Shape::new("output", "is no object")),
        },
        "-1" => Ok(Reply::No { text: field::text(&fields, "err_msg").unwrap_or_default() }),
        _ => Ok(Reply::Unclear { code }),
    }
}
