//! What is looked for.

use menjie::calendar::Timestamp;
use menjie::gm::{hex, sm3};
use menjie::port::{Direction, TransferResult};
use menjie::seal::{OwnedRecord, Term};

use super::item::{Exchange, Item};
use crate::entry::{Body, Entry, direction_code, result_code};

/// An END comes no later than this after its BEGIN: every exchange has a deadline far below. One that comes later all the same is shown
/// as an exchange of its own.
pub(super) const LATEST_MS: i64 = 3_600_000;

/// How an exchange stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// An answer came.
    Answered,
    /// Nothing left this machine.
    Unsent,
    /// It is not known what the peer did.
    Unknown,
    /// It began, and no end was written.
    InDoubt,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 4] = [Outcome::Answered, Outcome::Unsent, Outcome::Unknown, Outcome::InDoubt];

    /// Its code.
    pub const fn code(self) -> &'static str {
        match self {
            Outcome::Answered => result_code(TransferResult::Answered),
            Outcome::Unsent => result_code(TransferResult::Unsent),
            Outcome::Unknown => result_code(TransferResult::Unknown),
            Outcome::InDoubt => "in_doubt",
        }
    }

    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Outcome::Answered => "有应答",
            Outcome::Unsent => "未发出",
            Outcome::Unknown => "结果未知",
            Outcome::InDoubt => "存疑",
        }
    }

    /// The outcome of a code.
    pub fn of(code: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

impl From<TransferResult> for Outcome {
    fn from(result: TransferResult) -> Outcome {
        match result {
            TransferResult::Answered => Outcome::Answered,
            TransferResult::Unsent => Outcome::Unsent,
            TransferResult::Unknown => Outcome::Unknown,
        }
    }
}

/// Conditions; all that are set must hold.
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Filter {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
    /// The business number.
    pub order: Option<String>,
    /// The patient's number, wherever request or answer name one.
    pub patient: Option<String>,
    /// The counterpart.
    pub peer: Option<String>,
    /// The interface; with a `*` at its end, how it begins.
    pub interface: Option<String>,
    /// Who started it.
    pub direction: Option<Direction>,
    /// How it stands.
    #[serde(rename = "result")]
    pub outcome: Option<Outcome>,
    /// For which hospital.
    pub hospital: Option<String>,
    /// Words in request or answer. Every record of the time is opened for it.
    pub text: Option<String>,
}

impl Filter {
    /// Is anything asked for but a time?
    pub fn is_selective(&self) -> bool {
        *self != Filter { from: self.from, to: self.to, ..Filter::default() }
    }

    /// What the index is asked: conditions that one record alone can fulfil.
    pub(super) fn query(&self) -> Vec<Term<'_>> {
        let interface = self.interface.as_deref().filter(|name| !name.ends_with('*'));
        let set = [("order", self.order.as_deref()), ("peer", self.peer.as_deref()), ("interface", interface)];
        let mut terms: Vec<Term<'_>> = set.into_iter().filter_map(|(field, value)| Some(Term { field, value: value? })).collect();
        if terms.is_empty() {
            if let Some(patient) = &self.patient {
                terms.push(Term { field: "patient", value: patient });
            } else if let Some(outcome) = self.outcome.filter(|outcome| *outcome != Outcome::InDoubt) {
                terms.push(Term { field: "result", value: outcome.code() });
            }
        }
        terms
    }

    /// In which milliseconds records may stand that belong to what is looked for.
    pub(super) fn window(&self) -> (i64, i64) {
        (self.from.map_or(i64::MIN, Timestamp::millis), self.to.map_or(i64::MAX, |to| to.millis().saturating_add(LATEST_MS)))
    }

    /// Does this item fulfil everything?
    pub fn accepts(&self, item: &Item) -> bool {
        match item {
            Item::Exchange(exchange) => self.accepts_exchange(exchange),
            Item::Access { access, .. } => !self.is_selective() && self.in_time(access.at),
            Item::Strange { at, .. } => !self.is_selective() && self.in_time(*at),
        }
    }

    fn in_time(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at <= to)
    }

    fn accepts_exchange(&self, exchange: &Exchange) -> bool {
        let Some(at) = exchange.at() else { return false };
        let began = exchange.began.as_ref();
        let is = |wanted: &Option<String>, has: Option<&str>| wanted.as_deref().is_none_or(|wanted| has == Some(wanted));
        let interface = match (self.interface.as_deref(), began.map(|began| began.interface.as_str())) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wanted), Some(has)) => wanted.strip_suffix('*').map_or(has == wanted, |beginning| has.starts_with(beginning)),
        };
        let bodies = || began.map(|began| &began.body).into_iter().chain(exchange.ended.as_ref().map(|ended| &ended.body));
        let patient = self.patient.as_deref().is_none_or(|wanted| bodies().any(|body| body.names_patient(wanted)));
        let text = self.text.as_deref().is_none_or(|wanted| bodies().any(|body| matches!(body, Body::Text(text) if text.contains(wanted))));
        self.in_time(at)
            && is(&self.order, began.and_then(|began| began.business_no.as_deref()))
            && is(&self.peer, began.map(|began| began.peer.as_str()))
            && is(&self.hospital, began.map(|began| began.hospital.as_str()))
            && interface
            && self.direction.is_none_or(|direction| began.is_some_and(|began| began.direction == direction))
            && self.outcome.is_none_or(|outcome| outcome == exchange.outcome())
            && patient
            && text
    }

    /// For the access record: what was looked for. A patient and free words stand there as SM3, so that the access log names nobody.
    pub fn described(&self) -> String {
        let hidden = |value: &String| format!("sm3:{}", hex(&sm3(value.as_bytes())));
        let conditions = [
            ("from", self.from.map(|at| at.to_string())),
            ("to", self.to.map(|at| at.to_string())),
            ("order", self.order.clone()),
            ("patient", self.patient.as_ref().map(hidden)),
            ("peer", self.peer.clone()),
            ("interface", self.interface.clone()),
            ("direction", self.direction.map(|direction| direction_code(direction).to_owned())),
            ("result", self.outcome.map(|outcome| outcome.code().to_owned())),
            ("hospital", self.hospital.clone()),
            ("text", self.text.as_ref().map(hidden)),
        ];
        conditions.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect::<Vec<_>>().join(" ")
    }
}

/// Does a record answer the query? The index may say so by chance.
pub(super) fn answers(record: &OwnedRecord, query: &[Term<'_>]) -> bool {
    if query.is_empty() {
        return true;
    }
    let Ok(entry) = menjie::json::read_bytes::<Entry>(&record.payload) else { return false };
    let mut left: Vec<&Term<'_>> = query.iter().collect();
    entry.terms(&mut |field, value| left.retain(|term| (term.field, term.value) != (field, value)));
    left.is_empty()
}
