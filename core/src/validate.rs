//! What is wrong with a record (校验): every rule over every field, no early exit, warnings apart from errors.
//!
//! A rule is generic over who stores the record, so one visit, a page of them and millions in columns are checked by the
//! same code. Nothing here copies a value: a [`Finding`] names field and reason, an [`Issue`] says it in Chinese with the
//! offending value masked (domain/hospital.md §1.12, domain/medins.md §8 item 12).

mod batch;
mod charge;
mod contact;
mod cross_field;
mod demographics;
mod finding;
mod guardian;
mod id_document;
mod insurance;
mod issue;
mod patient;
mod rules;
mod texts;

pub use batch::{BatchIssue, BatchRequest, BatchResponse, RowFinding, check_patients};
pub use charge::{ChargeCheck, ChargeRequest, ChargeResponse};
pub use finding::{Finding, Reason, Rule, Severity};
pub use insurance::{Diagnosis, FeeDetail, UploadRequest, UploadResponse};
pub use issue::Issue;
pub use patient::{Derived, Override, ValidateRequest, ValidateResponse, check_patient};
pub use rules::{Landline, Rules};
