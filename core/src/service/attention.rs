//! `attention.list` and `attention.resolve`: what needs a person, and what a person decided.

use serde::{Deserialize, Serialize};

use super::apply::{Applied, Event};
use super::engine::Engine;
use super::request::request_source;
use crate::access::{Caller, Object, Right, check};
use crate::calendar::Timestamp;
use crate::error::{Code, Error, Result};
use crate::ident::RequestKey;
use crate::money::Money;
use crate::port::{Cursor, Scan, ScanRow};
use crate::workflow::fold::Root;
use crate::workflow::{Event as MachineEvent, Key, MachineKind, Refusal, Row, check_in, filing, invoice, notice, payment, refund, settlement, stop, suspension};

/// Request of `attention.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttentionListRequest {
    /// Which kind of machine.
    pub kind: MachineKind,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
}

/// Something that needs a person. No personal data: the number is enough to find it in HIS and at the channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AttentionItem {
    /// Which machine.
    pub machine: Key,
    /// Its business number at the counterpart.
    pub business_no: String,
    /// State code.
    pub st: String,
    /// Held (evidence contradicts itself), or only overdue.
    pub held: bool,
    /// Short stable reason.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// The amount at stake; zero where none is.
    pub amount_fen: Money,
}

/// Response of `attention.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AttentionListResponse {
    /// Oldest ids first.
    pub items: Vec<AttentionItem>,
    /// Where it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// What a person decided, by kind of machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "of", content = "decision")]
pub enum Resolution {
    /// Of a payment.
    Payment(payment::Decision),
    /// Of a settlement.
    Settlement(settlement::Decision),
    /// Of a refund.
    Refund(refund::Decision),
    /// Of an invoice.
    Invoice(invoice::Decision),
    /// Of a check-in.
    CheckIn(check_in::Decision),
    /// Of a stop.
    Stop(stop::Decision),
    /// Of a suspension.
    Suspension(suspension::Decision),
    /// Of a notice.
    Notice(notice::Decision),
    /// Of a filing.
    Filing(filing::Decision),
}

/// Request of `attention.resolve`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttentionResolveRequest {
    /// Client-made key.
    pub key: RequestKey,
    /// Which machine.
    pub machine: Key,
    /// What was decided.
    pub resolution: Resolution,
    /// The evidence, in words (1 to 500 characters): which screen, which number, who said so.
    pub evidence: String,
}

/// Response of `attention.resolve`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum AttentionResolveResponse {
    /// Done.
    Accepted {
        /// The machine's state then.
        st: String,
    },
    /// Forbidden by a rule.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

impl Engine {
    /// Lists what needs a person.
    pub async fn attention_list(&self, caller: &Caller, request: &AttentionListRequest) -> Result<AttentionListResponse> {
        check(caller, Right::SeeBusiness, Object::Hospital)?;
        let scan = Scan::Attention(caller.hospital.clone(), request.kind);
        let page = self.inner.store.scan(&scan, request.after.as_ref(), 100).await?;
        let items = page.rows.into_iter().filter_map(|row| if let ScanRow::Machine(row) = row { item(&row) } else { None }).collect();
        Ok(AttentionListResponse { items, next: page.next })
    }

    /// Applies a person's decision. Finance decides about refunds, operators about the rest.
    pub async fn attention_resolve(&self, caller: &Caller, request: &AttentionResolveRequest) -> Result<AttentionResolveResponse> {
        let (right, event) = match (&request.machine, &request.resolution) {
            (Key::Payment(_), Resolution::Payment(d)) => {
                (Right::Resolve, MachineEvent::Payment(payment::Event::Resolve { decision: d.clone(), evidence: request.evidence.clone() }))
            }
            (Key::Settlement(_), Resolution::Settlement(d)) => {
                (Right::Resolve, MachineEvent::Settlement(settlement::Event::Resolve { decision: d.clone(), evidence: request.evidence.clone() }))
            }
            (Key::Refund(_), Resolution::Refund(d)) => {
                (Right::ApproveAsFinance, MachineEvent::Refund(refund::Event::Decide { stage: None, departments: Vec::new(), decision: d.clone(), note: request.evidence.clone() }))
            }
            (Key::Invoice(_), Resolution::Invoice(d)) => {
                (Right::Resolve, MachineEvent::Invoice(invoice::Event::Resolve { decision: d.clone(), evidence: request.evidence.clone() }))
            }
            (Key::CheckIn(_), Resolution::CheckIn(d)) => {
                (Right::Resolve, MachineEvent::CheckIn(check_in::Event::Resolve { decision: d.clone(), evidence: request.evidence.clone() }))
            }
            (Key::Stop(_), Resolution::Stop(d)) => (Right::Resolve, MachineEvent::Stop(stop::Event::Resolve { decision: d.clone(), evidence: request.evidence.clone() })),
            (Key::Suspension(_), Resolution::Suspension(d)) => {
                (Right::Resolve, MachineEvent::Suspension(suspension::Event::Resolve { decision: d.clone(), evidence: request.evidence.clone() }))
            }
            (Key::Filing(_), Resolution::Filing(d)) => (Right::Resolve, MachineEvent::Filing(filing::Event::Resolve { decision: d.clone(), evidence: request.evidence.clone() })),
            (Key::Notice(_), Resolution::Notice(d)) => (Right::Resolve, MachineEvent::Notice(notice::Event::Resolve { decision: d.clone(), evidence: request.evidence.clone() })),
            _ => return Err(Error::field("resolution.of", "is not the kind of this machine")),
        };
        check(caller, right, Object::Hospital)?;
        let length = request.evidence.chars().count();
        if !(1..=500).contains(&length) {
            return Err(Error::field("evidence", "must have 1 to 500 characters"));
        }
        if let Resolution::Refund(refund::Decision::ChargedAgain { made }) = &request.resolution
            && !(1..=64).contains(&made.receipt.receipt_no.trim().len())
        {
            return Err(Error::field("resolution.decision.made.receipt.receipt_no", "must have 1 to 64 bytes"));
        }
        let hospital = self.hospital(&caller.hospital)?;
        let source = request_source(caller, &request.key, "attention.resolve", request)?;
        let first = async {
            let machine = request.machine;
            let event = Event::new(&caller.actor, Root::Command(machine, event), source.clone());
            match self.command(hospital, event, &|changes| Ok(AttentionResolveResponse::Accepted { st: changes.st(machine) })).await? {
                Ok(answer) => Ok(answer),
                Err(Applied::Refused(refusal)) => Ok(AttentionResolveResponse::Refused { refusal }),
                Err(_) => Err(Error::new(Code::Conflict)),
            }
        };
        self.once(caller, &source, first).await
    }
}

fn item(row: &Row) -> Option<AttentionItem> {
    let base = row.base();
    let (held, reason, since) = match (&base.held, &base.attention) {
        (Some(held), _) => (true, held.reason.clone(), held.since),
        (None, Some(attention)) => (false, attention.reason.clone(), attention.since),
        (None, None) => return None,
    };
    let amount_fen = match row {
        Row::Payment(m) => m.amount_fen,
        Row::Settlement(m) => m.bill.total_fen,
        Row::Refund(m) => m.amounts.total().unwrap_or_default(),
        Row::Invoice(m) => m.order.total_fen,
        Row::Suspension(m) => m.registration.fee_fen,
        Row::CheckIn(_) | Row::Stop(_) | Row::Notice(_) | Row::Filing(_) => Money::ZERO,
    };
    Some(AttentionItem { machine: row.key(), business_no: row.key().business_no().to_string(), st: row.st().to_owned(), held, reason, since, amount_fen })
}
