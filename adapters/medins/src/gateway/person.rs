//! 1101: who is it, and how is he insured?

use menjie::access::Private;
use menjie::insurance::{InsuredPerson, PersonKey};
use menjie_transport::Shape;
use serde_json::{Map, Value};

use super::certificate;
use crate::config::Certificate;
use crate::field::{self, filled};

/// Its number.
pub const INFNO: &str = "1101";

/// The question.
pub fn ask(key: &PersonKey, beside: Certificate) -> Map<String, Value> {
    let (kind, no) = certificate(key);
    let mut input = filled([("mdtrt_cert_type", kind), ("mdtrt_cert_no", no.reveal())]);
    if let (PersonKey::Document { id_type, id_no, name }, Certificate::Beside) = (key, beside) {
        input.extend(filled([("psn_cert_type", id_type.as_str()), ("certno", id_no.reveal()), ("psn_name", name.reveal())]));
    }
    input
}

/// A row per insurance; none for somebody the insurer does not know.
pub fn rows(output: &Map<String, Value>) -> Result<Vec<InsuredPerson>, Shape> {
    let Some(base) = field::one_object(output, "baseinfo")? else { return Ok(Vec::new()) };
    let told = |name: &'static str| field::required(base, name).map(Private::new).map_err(|shape| shape.under("baseinfo"));
    let (psn_no, name, id_no) = (told("psn_no")?, told("psn_name")?, told("certno")?);
    let id_type = field::required(base, "psn_cert_type").map_err(|shape| shape.under("baseinfo"))?;
    let row = |info: &Map<String, Value>| {
        Ok(InsuredPerson {
            psn_no: psn_no.clone(),
            name: name.clone(),
            id_type: id_type.clone(),
            id_no: id_no.clone(),
            insurance_type: field::required(info, "insutype")?,
            insured_place: field::required(info, "insuplc_admdvs")?,
            balance_fen: field::money(info, "balc")?,
            active: field::text(info, "psn_insu_stas").as_deref() == Some("1"),
        })
    };
    field::objects(output, "insuinfo")?.into_iter().map(|info| row(info).map_err(|shape: Shape| shape.under("insuinfo"))).collect()
}
