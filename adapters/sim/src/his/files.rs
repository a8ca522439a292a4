//! Patient files: found by document, opened at a first visit. One file per document and per number of the client's.

use std::collections::BTreeMap;

use menjie::access::Private;
use menjie::ident::PatientId;
use menjie::{BizDate, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::His;
use super::book::{INCOMPLETE, No};
use super::wire::{Shape, read};
use crate::day::DayPatient;

#[derive(Deserialize)]
struct Document {
    id_type: String,
    #[serde(default)]
    id_subtype: String,
    id_no: String,
}

/// The fourteen fields of the tender (the age follows from the birth date) and what the simulator does not look at.
#[derive(Deserialize)]
struct NewFile {
    no: String,
    name: String,
    sex: String,
    birth_date: BizDate,
    nationality: String,
    marital: String,
    ethnic: String,
    address: String,
    phone: String,
    contact_name: String,
    contact_relation: String,
    pay_method: String,
    #[serde(flatten)]
    document: Document,
}

#[derive(Deserialize)]
struct ByNo {
    no: String,
}

/// The opened files by the client's number.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    opened: BTreeMap<String, Opened>,
    /// Whose a document is.
    documents: BTreeMap<String, PatientId>,
}

#[derive(Clone, Debug)]
struct Opened {
    patient: PatientId,
    created: bool,
    shown_from: Timestamp,
}

impl His {
    /// The answer's `data`, or `None` for an operation that is none of these.
    pub(super) fn file(&mut self, interface: &str, body: &[u8], now: Timestamp, shown_from: Timestamp, shape: &Shape<'_>) -> Result<Option<Value>, No> {
        Ok(Some(match interface {
            "find_files" => {
                let document: Document = read(body)?;
                let found = self.filed(&document).into_iter().map(|patient| shape.patient(patient));
                json!({"patients": found.collect::<Vec<_>>()})
            }
            "open_file" => {
                let new: NewFile = read(body)?;
                let no = new.no.clone();
                if !self.files.opened.contains_key(&no) {
                    self.open_file(new, shown_from)?;
                }
                self.opened(&no, now.max(shown_from), shape).ok_or(INCOMPLETE)?
            }
            "query_file" => match self.opened(&read::<ByNo>(body)?.no, now, shape) {
                Some(opened) => json!({"state": "done", "opened": opened}),
                None => json!({"state": "not_recorded"}),
            },
            _ => return Ok(None),
        }))
    }

    fn open_file(&mut self, new: NewFile, shown_from: Timestamp) -> Result<(), No> {
        let texts = [&new.name, &new.sex, &new.nationality, &new.marital, &new.ethnic, &new.address, &new.phone, &new.contact_name, &new.contact_relation, &new.pay_method];
        if texts.iter().any(|text| text.trim().is_empty()) || new.document.id_no.trim().is_empty() {
            return Err(INCOMPLETE);
        }
        let existing = self.filed(&new.document).map(|patient| patient.patient_id.clone());
        let created = existing.is_none();
        let patient = match existing {
            Some(patient) => patient,
            None => self.enrol(&new)?,
        };
        self.files.opened.insert(new.no, Opened { patient, created, shown_from });
        Ok(())
    }

    fn enrol(&mut self, new: &NewFile) -> Result<PatientId, No> {
        let serial = self.book.patients.len() + 1;
        let patient_id = PatientId::new(&format!("P{:06}", 900_000 + serial)).map_err(|_| INCOMPLETE)?;
        let id_no = (new.document.id_type == "01").then(|| Private::new(new.document.id_no.as_str()));
        // A temporary number is nobody's document: two people may have the same.
        if new.document.id_subtype != "none" {
            self.files.documents.insert(key(&new.document), patient_id.clone());
        }
        self.book.patients.push(DayPatient {
            patient_id: patient_id.clone(),
            card_no: Private::new(format!("K{:08}", 90_000_000 + serial)),
            name: Private::new(new.name.as_str()),
            sex_code: new.sex.clone(),
            birth_date: new.birth_date,
            id_no,
            phone: Some(Private::new(new.phone.as_str())),
        });
        Ok(patient_id)
    }

    /// The file of a document: identity cards of the day's patients count, too.
    fn filed(&self, document: &Document) -> Option<&DayPatient> {
        let by_key = self.files.documents.get(&key(document));
        let is =
            |patient: &&DayPatient| by_key == Some(&patient.patient_id) || (document.id_type == "01" && patient.id_no.as_ref().is_some_and(|no| no.reveal() == document.id_no));
        self.book.patients.iter().find(is)
    }

    fn opened(&self, no: &str, now: Timestamp, shape: &Shape<'_>) -> Option<Value> {
        let opened = self.files.opened.get(no).filter(|opened| opened.shown_from <= now)?;
        let patient = self.book.patients.iter().find(|patient| patient.patient_id == opened.patient)?;
        Some(json!({"how": if opened.created { "created" } else { "existing" }, "file": shape.patient(patient)}))
    }

    /// How many files were made at a first visit.
    pub(super) fn files_made(&self) -> u64 {
        self.files.opened.values().filter(|opened| opened.created).count() as u64
    }
}

fn key(document: &Document) -> String {
    format!("{}\0{}\0{}", document.id_type, document.id_subtype, document.id_no)
}
