//! What HIS is asked about patient files: which there are for a document, and to open one at a first visit.

use serde::{Deserialize, Serialize};

use super::PatientFile;
use crate::access::Private;
use crate::ident::BusinessNo;
use crate::patient::Record;

/// A document, as HIS is asked for its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DocumentRef {
    /// CV02.01.101.
    pub id_type: String,
    /// Our word under 99.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id_subtype: String,
    /// The number, normalised.
    pub id_no: Private,
}

impl From<&Record> for DocumentRef {
    fn from(record: &Record) -> DocumentRef {
        DocumentRef { id_type: record.id_type.clone(), id_subtype: record.id_subtype.clone(), id_no: record.id_no.clone() }
    }
}

/// Opens a patient file (建档). The same number asks for the same file again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileOrder {
    /// Our number.
    pub no: BusinessNo,
    /// What is filed, checked by [`crate::validate`].
    pub record: Record,
}

/// What HIS has under our number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileOpened {
    /// The file.
    pub file: PatientFile,
    /// It was made for this order. Otherwise it was there before: whoever typed the document is not let in by that.
    pub created: bool,
}
