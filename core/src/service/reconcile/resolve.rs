//! `reconcile.resolve`: somebody deals with a difference. What a machine can do is taken to it, as an answer to a question or as a
//! decision, never into a ledger; the rest is written down as done by hand. Each has a note, and an entry in the access trail.

use serde::{Deserialize, Serialize};

use super::RACES;
use super::record::{DayConclusion, Effect, Item, ItemState, Step};
use crate::access::{Caller, Object, Right, check};
use crate::calendar::BizDate;
use crate::error::{Code, Error, Result};
use crate::gm;
use crate::ident::{ChannelCode, PaymentId, RequestKey};
use crate::port::{Call, ChannelCall, HisCall, InsurerCall, Source};
use crate::reconcile::{Action, Direction, Part};
use crate::service::apply::{Applied, Event};
use crate::service::engine::{Engine, Hospital};
use crate::service::request::request_source;
use crate::staff::{Note, What};
use crate::workflow::fold::Root;
use crate::workflow::payment::payment_of;
use crate::workflow::{Event as MachineEvent, Key, Refusal, Row as Machine, Settlement, SettlementSt, settlement};

/// Request of `reconcile.resolve`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReconcileResolveRequest {
    /// Client-made key.
    pub key: RequestKey,
    /// The day.
    pub date: BizDate,
    /// The channel.
    pub channel: ChannelCode,
    /// Which line of it.
    pub item: String,
    /// What: one of the line's actions, or `note`.
    pub action: Action,
    /// Why, or the evidence (1 to 500 characters).
    pub note: String,
}

/// Response of `reconcile.resolve`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum ReconcileResolveResponse {
    /// Written down.
    Accepted {
        /// The line now.
        item: Box<Item>,
        /// How the day ends now.
        conclusion: DayConclusion,
    },
    /// Forbidden by a rule.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

impl Engine {
    /// Deals with a difference.
    pub async fn reconcile_resolve(&self, caller: &Caller, request: &ReconcileResolveRequest) -> Result<ReconcileResolveResponse> {
        check(caller, Right::Reconcile, Object::Hospital)?;
        if !(1..=500).contains(&request.note.trim().chars().count()) {
            return Err(Error::field("note", "must have 1 to 500 characters"));
        }
        let hospital = self.hospital(&caller.hospital)?;
        let source = request_source(caller, &request.key, "reconcile.resolve", request)?;
        self.once(caller, &source, self.deal(hospital, caller, request, &source)).await
    }

    async fn deal(&self, hospital: &Hospital, caller: &Caller, request: &ReconcileResolveRequest, source: &Source) -> Result<ReconcileResolveResponse> {
        // A machine that took it before the day was kept has answered under the same key.
        let mut effect = self.replied(caller, &to_machine(source)?).await?.transpose()?;
        for _ in 0..RACES {
            let pen = self.pen(&hospital.id).await?;
            let (mut day, ver) = self.reconciled(&hospital.id, request.date, &request.channel).await?.ok_or_else(|| Error::new(Code::NotFound))?;
            let item = day.items.iter_mut().find(|item| item.key == request.item).ok_or_else(|| Error::new(Code::NotFound))?;
            let done = match (effect.take(), not_now(item, request.action)) {
                // What a machine has done stays done, whatever has become of the line meanwhile.
                (Some(done), _) => done,
                (None, Some(refusal)) => return Ok(ReconcileResolveResponse::Refused { refusal }),
                (None, None) => match self.deal_with(hospital, caller, request, source, item).await? {
                    Ok(done) => done,
                    Err(refusal) => return Ok(ReconcileResolveResponse::Refused { refusal }),
                },
            };
            // What was only to be written down is judged again when somebody else was faster.
            effect = matches!(done, Effect::Machine { .. }).then(|| done.clone());
            if request.action.settles() && done != Effect::NoAnswer && matches!(item.state, ItemState::Open | ItemState::Waiting) {
                item.state = ItemState::Resolved;
            }
            item.steps.push(Step { action: request.action, note: request.note.trim().to_owned(), by: caller.actor.code(), at: self.now(), effect: done });
            let item = item.clone();
            let note = Note::by(caller, "operation", What::DifferenceResolved).about(format!("{}.{} {}", request.date, request.channel, item.key)).with(code(request.action)?);
            let mut records = pen.entries(self, vec![note])?;
            records.push(day.write(Some(ver))?);
            let response = ReconcileResolveResponse::Accepted { item: Box::new(item), conclusion: day.conclusion() };
            match self.keep(hospital, &caller.actor, Some(source), records, &response).await {
                Err(error) if error.code() == Code::Conflict => {}
                kept => return kept,
            }
        }
        Err(Error::new(Code::Conflict).with("record", "reconciliation"))
    }

    /// Takes the action to a machine, where one can do it.
    async fn deal_with(&self, hospital: &Hospital, caller: &Caller, request: &ReconcileResolveRequest, source: &Source, item: &Item) -> Result<Result<Effect, Refusal>> {
        match request.action {
            Action::Wait | Action::Note => Ok(Ok(Effect::Noted)),
            Action::Claim | Action::Reverse | Action::ReverseInsurer => Ok(Ok(Effect::ByHand)),
            Action::Query | Action::Post => {
                let Some((key, call)) = self.question(hospital, &request.channel, item).await? else { return Ok(Ok(Effect::ByHand)) };
                match self.ask_machine(hospital, key, &call, as_message(source)?, request).await? {
                    Some(_) => self.stands(hospital, key).await.map(Ok),
                    None => Ok(Ok(Effect::NoAnswer)),
                }
            }
            Action::Refund => {
                if let Some(refund) = item.refund_id {
                    let text = format!("该笔资金已有退费单 {}，不能再次退款", refund.business_no());
                    return Ok(Err(Refusal::new("refund_exists", &text, "请在退费审核中处理该退费单，或选择“标记说明”")));
                }
                let posting = self.settlement_of(hospital, item).await?.filter(|s| s.st == SettlementSt::Posting && s.base.attention.is_some());
                let Some(settlement) = posting else {
                    // The day was compared in the morning: what goes back by now, by itself or by a colleague, must not go back by hand as well.
                    return Ok(if self.goes_back(hospital, item).await? {
                        Err(Refusal::new("refund_exists", "该笔资金正在退回或已退回，不能再次退款", "请在退费审核中查看该笔退费，或选择“标记说明”"))
                    } else {
                        Ok(Effect::ByHand)
                    });
                };
                // HIS never booked it, says a person who has looked: the machine gives the money back.
                let decision = settlement::Event::Resolve { decision: settlement::Decision::NeverPosted, evidence: request.note.trim().to_owned() };
                let key = Key::Settlement(settlement.id);
                let event = Event::new(&caller.actor, Root::Command(key, MachineEvent::Settlement(decision)), to_machine(source)?);
                match self.command(hospital, event, &|changes| Ok(Effect::Machine { machine: key, st: changes.st(key) })).await? {
                    Ok(effect) => Ok(Ok(effect)),
                    Err(Applied::Refused(refusal)) => Ok(Err(refusal)),
                    Err(_) => Err(Error::internal("a command is answered")),
                }
            }
        }
    }

    /// Is money of the payment behind a line set aside for a refund, or has it gone back?
    async fn goes_back(&self, hospital: &Hospital, item: &Item) -> Result<bool> {
        let Some(id) = PaymentId::from_business_no(&item.order_no).or_else(|| payment_of(&item.order_no)) else { return Ok(false) };
        let Some(Machine::Payment(payment)) = self.machine(hospital, Key::Payment(id)).await? else { return Ok(false) };
        Ok(!payment.parts.reserved.is_nothing() || !payment.parts.refunded.is_nothing())
    }

    /// Whom to ask about a line, and for which machine; none when it is nothing of ours.
    async fn question(&self, hospital: &Hospital, channel: &ChannelCode, item: &Item) -> Result<Option<(Key, Call)>> {
        if let Some(settlement) = self.settlement_of(hospital, item).await?.filter(|s| s.st == SettlementSt::Posting) {
            return Ok(Some((Key::Settlement(settlement.id), Call::His { call: HisCall::QueryPost { no: settlement.no() } })));
        }
        let to_channel = |call| Call::Channel { channel: channel.clone(), call };
        if let Some(id) = item.refund_id {
            let Some(Machine::Refund(refund)) = self.machine(hospital, Key::Refund(id)).await? else { return Ok(None) };
            let call = match (&refund.insured, item.part) {
                (Some(settled), Part::Fund | Part::Account | Part::Other) => Call::Insurer { call: InsurerCall::Query { order: Box::new(settled.order.clone()) } },
                _ => to_channel(ChannelCall::QueryRefund { out_refund_no: refund.out_refund_no(), amount_fen: refund.channel_fen() }),
            };
            return Ok(Some((Key::Refund(id), call)));
        }
        let Some(id) = PaymentId::from_business_no(&item.order_no).filter(|_| item.direction == Direction::Pay) else { return Ok(None) };
        let Some(Machine::Payment(payment)) = self.machine(hospital, Key::Payment(id)).await? else { return Ok(None) };
        let order = payment.insured.as_ref().and_then(|insured| insured.order.clone());
        let call = match (order, item.part) {
            (Some(order), Part::Fund | Part::Account | Part::Other) => Call::Insurer { call: InsurerCall::Query { order: Box::new(order) } },
            _ => to_channel(ChannelCall::Query { out_trade_no: payment.out_trade_no() }),
        };
        Ok(Some((Key::Payment(id), call)))
    }

    async fn settlement_of(&self, hospital: &Hospital, item: &Item) -> Result<Option<Settlement>> {
        let Some(id) = item.settlement_id else { return Ok(None) };
        Ok(self.machine(hospital, Key::Settlement(id)).await?.and_then(|row| if let Machine::Settlement(settlement) = row { Some(settlement) } else { None }))
    }

    async fn machine(&self, hospital: &Hospital, key: Key) -> Result<Option<Machine>> {
        Ok(self.inner.store.load(&hospital.id, &[key]).await?.pop())
    }

    async fn stands(&self, hospital: &Hospital, machine: Key) -> Result<Effect> {
        let st = self.machine(hospital, machine).await?.map(|row| row.st().to_owned()).unwrap_or_default();
        Ok(Effect::Machine { machine, st })
    }
}

/// A machine's command for a request: its answer is fixed under the request's key, apart from the request's own.
fn to_machine(source: &Source) -> Result<Source> {
    let Source::Request { scope, key, fingerprint } = source else { return Err(not_a_request()) };
    Ok(Source::Request { scope: format!("{scope}.machine"), key: key.clone(), fingerprint: fingerprint.clone() })
}

/// What a counterpart has answered to a request.
fn as_message(source: &Source) -> Result<Source> {
    let Source::Request { scope, key, .. } = source else { return Err(not_a_request()) };
    Ok(Source::Message { peer: "reconcile".to_owned(), id: gm::hex(&gm::sm3(format!("{scope}\n{key}").as_bytes())) })
}

fn not_a_request() -> Error {
    Error::internal("a resolution is a request")
}

fn not_now(item: &Item, action: Action) -> Option<Refusal> {
    match item.state {
        ItemState::Even | ItemState::Settled => Some(Refusal::new("even", "该笔账已平，无需处理", "请刷新页面查看最新状态")),
        ItemState::Resolved => Some(Refusal::new("resolved", "该差异已由其他人处理", "请刷新页面查看处理记录")),
        ItemState::Carried => Some(Refusal::new("carried", "该差异已转入次日", "请在次日的对账中处理")),
        ItemState::Open | ItemState::Waiting if action != Action::Note && !item.actions.contains(&action) => {
            Some(Refusal::new("not_an_action", "该差异不适用这种处理方式", "请选择列出的处理方式，或选择“标记说明”"))
        }
        ItemState::Open | ItemState::Waiting => None,
    }
}

/// As the contract writes it.
fn code(action: Action) -> Result<String> {
    serde_json::to_value(action).ok().and_then(|value| value.as_str().map(str::to_owned)).ok_or_else(|| Error::internal("actions are words"))
}
