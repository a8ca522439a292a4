//! A verified document against a patient file.

use crate::access::Private;
use crate::patient::{plain_number, same_person_name};
use crate::port::PatientFile;

/// Does the file belong to the person whose document was verified? Names are compared as [`crate::patient::compare_names`]
/// does, with or without dots; a document number counts where the file has one. A number entered into a stranger's file must
/// not open it.
pub fn belongs_to(file: &PatientFile, id_no: &Private, name: &Private) -> bool {
    let same_no = file.id_no.as_ref().is_none_or(|known| plain_number(known.reveal()) == plain_number(id_no.reveal()));
    same_no && same_person_name(file.name.reveal(), name.reveal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ident::PatientId;

    fn file(name: &str, id_no: Option<&str>) -> PatientFile {
        let id_no = id_no.map(Private::new);
        PatientFile { patient_id: PatientId::new("P1").unwrap(), name: Private::new(name), sex_code: "1".to_owned(), birth_date: None, id_no, phone: None }
    }

    #[test]
    fn the_same_person_written_differently_is_the_same_person() {
        let (no, name) = (Private::new("44059919751112018x"), Private::new("买买提·艾力"));
        for (file_name, file_no) in [("买买提·艾力", Some("44059919751112018X")), ("买买提艾力", None), (" 买买提 •艾力", Some("44059919751112018x"))] {
            assert!(belongs_to(&file(file_name, file_no), &no, &name), "{file_name}");
        }
    }

    #[test]
    fn another_name_or_number_is_somebody_else() {
        let (no, name) = (Private::new("440599199003070058"), Private::new("陈测安"));
        assert!(!belongs_to(&file("林测安", Some("440599199003070058")), &no, &name));
        assert!(!belongs_to(&file("陈测安", Some("440599199003070066")), &no, &name));
        assert!(!belongs_to(&file("", None), &no, &name));
    }
}
