//! One person, one file: a document that is already filed is answered with the file, never with a second one (REG-070).

use serde::{Deserialize, Serialize};

use super::document::{DocumentKind, plain_number};
use super::resident::upgrade_15;
use crate::access::Private;
use crate::ident::PatientId;

/// A file that HIS found, by the document in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KnownFile {
    /// The patient's number.
    pub patient_id: PatientId,
    /// CV02.01.101.
    pub id_type: String,
    /// Our word under 99.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id_subtype: String,
    /// The number as it is filed, junk and all.
    pub id_no: Private,
}

/// The file of the same document, if there is one among the candidates. Numbers are compared normalised, an old one of 15
/// digits as its 18 characters. Somebody without a document, or with another document of no known kind and no number, has none.
pub fn existing_file<'k>(kind: DocumentKind, number: &str, candidates: &'k [KnownFile]) -> Option<&'k PatientId> {
    let same = |a: &str, b: &str| a == b || upgrade_15(a).as_deref() == Some(b) || upgrade_15(b).as_deref() == Some(a);
    let number = plain_number(number);
    let filed = |file: &&KnownFile| DocumentKind::of(&file.id_type, &file.id_subtype) == Some(kind) && same(&plain_number(file.id_no.reveal()), &number);
    candidates.iter().find(filed).filter(|_| kind != DocumentKind::None && !number.is_empty()).map(|file| &file.patient_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(patient: &str, id_type: &str, id_subtype: &str, id_no: &str) -> KnownFile {
        KnownFile { patient_id: PatientId::new(patient).unwrap(), id_type: id_type.to_owned(), id_subtype: id_subtype.to_owned(), id_no: Private::new(id_no) }
    }

    #[test]
    fn the_same_document_is_the_same_file_however_it_is_written() {
        let files = [file("P1", "03", "", "E00000001"), file("P2", "01", "", "440599751112003"), file("P3", "01", "", " 44059919751112018x"), file("P4", "99", "none", "T1")];
        let found = |kind, number| existing_file(kind, number, &files).map(PatientId::as_str);
        assert_eq!(found(DocumentKind::ResidentId, "440599197511120032"), Some("P2"));
        assert_eq!(found(DocumentKind::ResidentId, "44059919751112018X"), Some("P3"));
        assert_eq!(found(DocumentKind::Passport, "e00000001"), Some("P1"));
        assert_eq!(found(DocumentKind::ResidentId, "E00000001"), None, "another kind");
        assert_eq!(found(DocumentKind::None, "T1"), None, "a temporary number is nobody's document");
        assert_eq!(found(DocumentKind::ResidentId, ""), None);
    }
}
