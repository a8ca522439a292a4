//! The patient at his first visit (首诊建档): the record with its fourteen mandatory fields, and the values in it: documents,
//! phones, ages, names. What may be wrong with a record is in [`crate::validate`] (domain/hospital.md §1).

mod age;
mod document;
mod duplicate;
mod name;
mod phone;
mod record;
mod resident;

pub use age::{AdultFrom, Age, AgeRequest, AgeResponse, AgeStyle, AgeUnit, is_minor};
pub use document::{AreaCheck, DocumentCheckRequest, DocumentCheckResponse, DocumentFacts, DocumentFault, DocumentKind, IdQuality, check_document, id_quality};
pub use duplicate::{KnownFile, existing_file};
pub use name::{MatchRequest, MatchResponse, NameMatch, compare_names};
pub use phone::{PhoneKind, phone_kind};
pub use record::{Field, Guardian, GuardianText, Record, RecordColumns, RecordRow, RecordText, Records, RowOf};
pub use resident::upgrade_15;

pub(crate) use document::plain_number;
pub(crate) use name::{NameFault, check_name, same_person_name};
