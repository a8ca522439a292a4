//! The institution interface (定点医药机构接口, 1101 and on): its envelope and its transactions as values; no I/O
//! (domain/medins.md §3).

pub mod designation;
mod envelope;
pub mod fees;
mod msgid;
pub mod person;
pub mod settle;
pub mod statement;
mod tif;
pub mod undo;
pub mod visit;

pub use envelope::{Caller, Reply, open, request};
pub use msgid::{MsgId, MsgIds};
pub use tif::tif_headers;

use menjie::access::Private;
use menjie::insurance::{InsuredPerson, PersonKey};

/// By what a person is known to a transaction (mdtrt_cert_type, mdtrt_cert_no).
fn certificate(key: &PersonKey) -> (&'static str, &Private) {
    match key {
        PersonKey::Voucher { token, .. } => ("01", token),
        PersonKey::Document { id_no, .. } => ("02", id_no),
    }
}

/// A person in a visit of the insurer.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// Who.
    pub person: &'a InsuredPerson,
    /// The insurer's number of the visit (mdtrt_id).
    pub mdtrt_id: &'a str,
}
