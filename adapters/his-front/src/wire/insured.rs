//! What HIS tells for an upload to the insurer, and what it is told of an insured settlement, as records of the default profile.

use menjie::access::Private;
use menjie::ident::LineKey;
use menjie::insurance::{Diagnosis, Fee, National, UploadFacts};
use menjie::port::{HisInsured, UploadOf};
use menjie_transport::Shape;

use super::map;
use crate::lenient::Reader;
use crate::node::Node;

pub(super) fn upload_request(of: &UploadOf) -> Node {
    map([
        ("patient_id", Node::text(of.patient_id.as_str())),
        ("visit_id", Node::text(of.visit_id.as_str())),
        ("lines", Node::List(of.lines.iter().map(|line| Node::text(line.as_str())).collect())),
    ])
}

pub(super) fn upload_facts(r: &Reader<'_>) -> Result<UploadFacts, Shape> {
    let disease = match r.optional_string("disease_code")? {
        Some(code) => Some(National { code, name: r.optional_string("disease_name")?.unwrap_or_default() }),
        None => None,
    };
    Ok(UploadFacts {
        begun_at: r.instant("begun_at")?,
        med_type: r.text("med_type")?.to_owned(),
        disease,
        category: r.text("category")?.to_owned(),
        dept: national(r, "dept_code", "dept_name")?,
        doctor: national(r, "doctor_code", "doctor_name")?,
        diagnoses: r.records("diagnoses", diagnosis)?,
        fees: r.records("fees", fee)?,
    })
}

fn national(r: &Reader<'_>, code: &'static str, name: &'static str) -> Result<National, Shape> {
    Ok(National { code: r.text(code)?.to_owned(), name: r.text(name)?.to_owned() })
}

fn diagnosis(r: &Reader<'_>) -> Result<Diagnosis, Shape> {
    Ok(Diagnosis { code: Private::new(r.text("code")?), name: Private::new(r.text("name")?), main: r.flag("main")?, at: r.instant("at")? })
}

fn fee(r: &Reader<'_>) -> Result<Fee, Shape> {
    Ok(Fee {
        line_id: r.id("line_id", LineKey::new)?,
        order_no: r.optional_string("order_no")?,
        catalogue_code: r.optional_string("catalogue_code")?.unwrap_or_default(),
        hospital_code: r.text("hospital_code")?.to_owned(),
        name: r.text("name")?.to_owned(),
        level: r.optional_string("level")?,
        restricted: r.flag("restricted")?,
        approval: r.optional_string("approval")?,
        price: r.price("price")?,
        quantity: r.quantity("quantity")?,
        amount_fen: r.amount("amount")?,
        at: r.instant("at")?,
        ordering: national(r, "order_dept_code", "order_dept_name")?,
        doctor: national(r, "doctor_code", "doctor_name")?,
        executing: national(r, "exec_dept_code", "exec_dept_name")?,
    })
}

pub(super) fn insured(insured: &HisInsured) -> Node {
    let yuan = |amount: menjie::Money| Node::Text(amount.to_yuan());
    map([
        ("order_no", Node::text(insured.order_no.as_str())),
        ("pay_order_id", Node::text(insured.pay_order_id.as_str())),
        ("settled_at", Node::Text(insured.settled_at.to_string())),
        ("fund", yuan(insured.amounts.fund_fen)),
        ("account", yuan(insured.amounts.account_fen)),
        ("other", yuan(insured.amounts.other_fen)),
        ("cash", yuan(insured.amounts.cash_fen)),
    ])
}
