//! HIS through the hospital's front-end service platform (前置机).
//!
//! [`HisFront`] speaks the default JSON profile of `docs/his-front.yaml`, or another shape (other names, codes, units, XML,
//! SOAP, GBK) described by a [`Mapping`] (`docs/his-front-mapping.md`). Both go the same way: a call becomes a [`Node`] tree
//! of the default profile ([`wire::request`]), the mapping turns it into theirs and back, and one strict reader with a
//! documented tolerance ([`lenient`]) makes the answer. Nothing is guessed: an answer with one bad field is refused whole.
#![forbid(unsafe_code)]

pub mod charset;
mod client;
mod config;
mod convert;
mod envelope;
mod json;
pub mod lenient;
mod mapping;
mod node;
mod push;
mod record;
pub mod sign;
pub mod wire;
mod xml;

pub use client::HisFront;
pub use config::HisFrontConfig;
pub use json::{read_json, write_json};
pub use mapping::{AnswerShape, Codes, DateStyle, Escape, Format, Mapping, OperationShape, RecordShape, RequestShape, Signature, Unit, Unwrap};
pub use node::Node;
pub use xml::{read_xml, write_xml};
