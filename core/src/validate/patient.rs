//! `patient.validate`: one record of a first visit.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::finding::{Finding, Reason, Severity};
use super::issue::Issue;
use super::rules::Rules;
use super::texts::{Fields, Texts};
use super::{contact, cross_field, demographics, guardian, id_document};
use crate::calendar::{BizDate, completed_years};
use crate::code::{Country, country};
use crate::error::{Error, Result};
use crate::ident::PatientId;
use crate::patient::{Age, AgeStyle, DocumentFacts, DocumentFault, DocumentKind, Field, KnownFile, Record, RecordRow, check_document, existing_file, is_minor, plain_number};

/// A record with what several rules need of it.
pub(super) struct Checked<'a, 'r> {
    texts: Texts<'a>,
    pub(super) capacity_limited: bool,
    pub(super) rules: &'r Rules,
    pub(super) today: BizDate,
    pub(super) nationality: Option<Country>,
    /// The birth date as given.
    pub(super) given_birth: Option<BizDate>,
    pub(super) kind: Option<DocumentKind>,
    pub(super) number: Cow<'a, str>,
    pub(super) facts: DocumentFacts,
    pub(super) fault: Option<DocumentFault>,
    /// Completed years of whoever was born so; none when nobody knows, or not yet.
    pub(super) years: Option<u32>,
}

impl<'a, 'r> Checked<'a, 'r> {
    fn new<R: RecordRow<'a>>(row: R, rules: &'r Rules, today: BizDate) -> Checked<'a, 'r> {
        let texts = Texts::of(row);
        let kind = DocumentKind::of(texts.get(Field::IdType), texts.get(Field::IdSubtype));
        let number = plain_number(texts.get(Field::IdNo));
        let (facts, fault) = kind.map_or_else(Default::default, |kind| check_document(kind, &number, today, rules.area_check));
        let given_birth = BizDate::parse(texts.trimmed(Field::BirthDate)).ok();
        let years = given_birth.or(facts.birth).and_then(|birth| completed_years(birth, today));
        let nationality = country(texts.get(Field::Nationality));
        Checked { texts, capacity_limited: row.capacity_limited(), rules, today, nationality, given_birth, kind, number, facts, fault, years }
    }

    /// The text of a field; empty when it was not given.
    #[inline]
    pub(super) fn text(&self, field: Field) -> &'a str {
        self.texts.get(field)
    }

    /// The fields with nothing to be seen in them.
    pub(super) const fn blank(&self) -> Fields {
        self.texts.blank()
    }

    pub(super) const fn is_blank(&self, field: Field) -> bool {
        self.blank().has(field)
    }

    /// The birth date as given, otherwise as the document tells.
    pub(super) fn birth(&self) -> Option<BizDate> {
        self.given_birth.or(self.facts.birth)
    }

    /// A minor; nobody with an unknown or impossible birth date is called one.
    pub(super) fn needs_guardian_by_age(&self) -> bool {
        match self.years {
            // The birthday itself may be the day.
            Some(18) => self.birth().is_some_and(|birth| is_minor(birth, self.today, self.rules.adult_from)),
            Some(years) => years < 18,
            None => false,
        }
    }
}

/// Checks one record by every rule; each finding is told as it is found.
pub fn check_patient<'a, R: RecordRow<'a>>(row: R, rules: &Rules, today: BizDate, mut tell: impl FnMut(Finding)) {
    check(&Checked::new(row, rules, today), &mut tell);
}

fn check(cx: &Checked<'_, '_>, tell: &mut impl FnMut(Finding)) {
    let mut found = |field, reason| tell(Finding { field, reason });
    demographics::check(cx, &mut found);
    id_document::check(cx, &mut found);
    cross_field::check(cx, &mut found);
    contact::check(cx, &mut found);
    guardian::check(cx, &mut found);
}

/// A decision of staff to set a finding aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The rule, e.g. `REG-012`; only an overridable issue is set aside.
    pub rule: String,
    /// Why; kept with the file.
    pub reason: String,
}

/// Request of `patient.validate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ValidateRequest {
    /// The record.
    pub record: Record,
    /// The day of the visit, in UTC+8.
    pub today: BizDate,
    /// What the site decides.
    #[serde(default)]
    pub rules: Rules,
    /// Files that HIS found for this document; the same one is answered, never doubled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_files: Vec<KnownFile>,
    /// How many patients have this phone already, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_used_by: Option<u32>,
    /// What staff set aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
}

/// What follows from the record.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Derived {
    /// The age on the day, e.g. `35岁`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
    /// Below 18?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minor: Option<bool>,
    /// The birth date the document tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<BizDate>,
    /// The sex the document tells, GB/T 2261.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// The nationality the document tells, by its number or its kind, alpha-3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nationality: Option<String>,
}

/// Response of `patient.validate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValidateResponse {
    /// No errors: it may be filed.
    pub valid: bool,
    /// The file of the same document, when there is one: use it, make none (REG-070).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing_patient_id: Option<PatientId>,
    /// What must be corrected.
    pub errors: Vec<Issue>,
    /// What somebody should look at.
    pub warnings: Vec<Issue>,
    /// What follows from the record, for fields that are filled by themselves.
    pub derived: Derived,
}

impl ValidateRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<ValidateResponse> {
        if let Some(at) = self.overrides.iter().position(|o| o.rule.trim().is_empty() || o.reason.trim().is_empty()) {
            return Err(Error::field(format!("overrides[{at}]"), "needs a rule and a reason"));
        }
        let cx = Checked::new(&self.record, &self.rules, self.today);
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        let mut tell = |finding: Finding| self.sort(Issue::of(finding, &self.record), &mut errors, &mut warnings);
        check(&cx, &mut tell);
        if self.phone_used_by.is_some_and(|patients| patients > self.rules.shared_phone_limit) {
            tell(Finding { field: Field::Phone, reason: Reason::PhoneShared });
        }
        let existing = cx.kind.and_then(|kind| existing_file(kind, &cx.number, &self.known_files)).cloned();
        if existing.is_some() {
            tell(Finding { field: Field::IdNo, reason: Reason::AlreadyFiled });
        }
        Ok(ValidateResponse { valid: errors.is_empty(), existing_patient_id: existing, errors, warnings, derived: derived(&cx) })
    }

    /// Errors and warnings apart; what staff set aside is a warning.
    fn sort(&self, mut issue: Issue, errors: &mut Vec<Issue>, warnings: &mut Vec<Issue>) {
        if issue.overridable && self.overrides.iter().any(|o| o.rule == issue.rule) {
            issue.severity = Severity::Warning;
        }
        if issue.severity == Severity::Error { errors.push(issue) } else { warnings.push(issue) }
    }
}

fn derived(cx: &Checked<'_, '_>) -> Derived {
    let age = cx.birth().and_then(|birth| Age::at(birth, cx.today));
    Derived {
        age: age.map(|age| age.text(&AgeStyle::default(), None)),
        minor: age.and(cx.birth()).map(|birth| is_minor(birth, cx.today, cx.rules.adult_from)),
        birth_date: cx.facts.birth,
        sex: cx.facts.sex.map(str::to_owned),
        nationality: cx.facts.nationality.map(|country| country.alpha3).or_else(|| cx.kind.filter(|kind| kind.is_of_citizens()).map(|_| "CHN")).map(str::to_owned),
    }
}
