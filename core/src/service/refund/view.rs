//! `refund.get`: how far a refund is, in words a patient may read: roles, never persons.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::question::{self, RefundQuestion, who};
use super::{is_doctor_of, is_exec_dept_of};
use crate::access::{Caller, Object, Private, Right, check, mask_phone};
use crate::calendar::Timestamp;
use crate::error::{Code, Error, Result};
use crate::ident::{LineKey, RefundId, SettlementId};
use crate::money::{Money, Quantity};
use crate::payment::Amounts;
use crate::policy::Terms;
use crate::refund::{After, Back, Cause, ReasonShown, RefundTerms, Stage, Why};
use crate::service::engine::Engine;
use crate::workflow::refund::Decision;
use crate::workflow::{Invoice, InvoiceSt, Key, Refund, RefundSt, Row, Settlement};

/// Request of `refund.get`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundGetRequest {
    /// Which.
    pub refund_id: RefundId,
    /// Wait up to this long for something to change, in milliseconds (at most 30,000).
    #[serde(default)]
    pub wait_ms: u32,
    /// The `version` of the view that is known already: any other is answered at once. Without it, what is found first is the one
    /// that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundStepState"))]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Over.
    Done,
    /// Being worked on.
    Current,
    /// Still to come.
    Coming,
    /// It will not come any more.
    Dropped,
}

/// A step of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundStep {
    /// Which.
    pub stage: Stage,
    /// What the patient reads.
    pub text: String,
    /// Whose step it is: a role.
    pub role: String,
    /// How far it is.
    pub state: StepState,
    /// How many days it is expected to take at most, where it takes days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_days: Option<u16>,
}

impl RefundStep {
    /// A stage, and how long it is expected to take.
    pub(super) fn of(stage: Stage, state: StepState, terms: &RefundTerms) -> RefundStep {
        let expected_days = match stage {
            Stage::Doctor | Stage::Unconfirm | Stage::Finance => Some(terms.approval_days),
            Stage::Returning => Some(terms.return_days),
            Stage::Checking | Stage::Insurer | Stage::His | Stage::Red => None,
        };
        RefundStep { stage, text: stage.text().to_owned(), role: stage.role().to_owned(), state, expected_days }
    }
}

/// What comes after a refund's own steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundFollowing {
    /// Which.
    pub after: After,
    /// What the patient reads.
    pub text: String,
    /// Whose step it is: a role.
    pub role: String,
    /// How far it is.
    pub state: StepState,
    /// It comes only if something of what was given back is still needed.
    pub optional: bool,
}

impl RefundFollowing {
    pub(super) fn of(after: After, state: StepState) -> RefundFollowing {
        RefundFollowing { after, text: after.text().to_owned(), role: after.role().to_owned(), state, optional: after.is_optional() }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundEntry {
    /// When.
    pub at: Timestamp,
    /// Who: a role, never a person.
    pub role: String,
    /// What.
    pub text: String,
    /// The approver's remark, or what was asked or answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Private>,
}

/// A line that goes back, wholly or in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundLine {
    /// Its key in HIS.
    pub line_id: LineKey,
    /// Item name.
    pub name: String,
    /// Its quantity in the settlement.
    pub quantity: Quantity,
    /// How much goes back.
    pub back: Quantity,
}

/// A refund as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundView {
    /// Its id.
    pub refund_id: RefundId,
    /// Grows with every step: send it as `since` to hear of the next.
    pub version: u64,
    /// Of which settlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_id: Option<SettlementId>,
    /// Why it exists.
    pub cause: Cause,
    /// State code.
    pub st: String,
    /// Nothing changes any more.
    pub over: bool,
    /// What the patient reads.
    pub text: String,
    /// What comes next, or what to do.
    pub next: String,
    /// What goes back, all parts together.
    pub refund_fen: Money,
    /// Part by part.
    pub amounts: Amounts,
    /// Where it goes.
    pub back: Vec<Back>,
    /// All of the settlement, or a part of it.
    pub whole: bool,
    /// Why the patient wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// Why, as the patient wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Private>,
    /// Where the patient can be reached about it, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What goes back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RefundLine>,
    /// The plan.
    pub steps: Vec<RefundStep>,
    /// What comes after the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<RefundFollowing>,
    /// What happened, in order.
    pub timeline: Vec<RefundEntry>,
    /// What the patient is asked: `refund.answer` answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<RefundQuestion>,
    /// May whoever asked still take it back?
    pub withdrawable: bool,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ReasonShown>,
    /// The doctor prescribes again what is kept; then it is paid again.
    pub represcribe: bool,
    /// The settlement of what was charged again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor_id: Option<SettlementId>,
}

impl Engine {
    /// How far a refund is. With `wait_ms` it answers as soon as the view is another than the known one.
    pub async fn refund_get(&self, caller: &Caller, request: &RefundGetRequest) -> Result<RefundView> {
        let until = self.wait_until(request.wait_ms)?;
        let mut view = self.refund_view(caller, request.refund_id).await?;
        let known = request.since.unwrap_or(view.version);
        while view.version == known && !(view.over && request.since.is_none()) && self.look_again(until).await {
            view = self.refund_view(caller, request.refund_id).await?;
        }
        Ok(view)
    }

    async fn refund_view(&self, caller: &Caller, id: RefundId) -> Result<RefundView> {
        let refund = self.refund_row(caller, id).await?;
        let settlement = match refund.settlement {
            Some(id) => Some(self.settlement_row(caller, id).await?),
            None => None,
        };
        self.may_see(caller, &refund, settlement.as_ref()).await?;
        let terms = self.terms_of(caller, &refund).await?;
        RefundView::of(&refund, settlement.as_ref(), self.successors_invoice(caller, &refund).await?.as_ref(), &terms)
    }

    /// The terms it was born under.
    pub(super) async fn terms_of(&self, caller: &Caller, refund: &Refund) -> Result<Arc<Terms>> {
        let hash = &refund.base.terms;
        if self.terms(hash).is_none() {
            self.load_terms(&caller.hospital, hash).await?;
        }
        self.terms(hash).ok_or_else(|| Error::internal("pinned terms stay readable"))
    }

    /// The invoice of what was charged again, once HIS has done it.
    pub(super) async fn successors_invoice(&self, caller: &Caller, refund: &Refund) -> Result<Option<Invoice>> {
        let Some((_, id)) = refund.asked.as_ref().filter(|_| refund.reversed_at.is_some()).and_then(|asked| asked.successor) else { return Ok(None) };
        let row = self.inner.store.load(&caller.hospital, &[Key::Invoice(id)]).await?.into_iter().next();
        Ok(row.and_then(|row| if let Row::Invoice(invoice) = row { Some(invoice) } else { None }))
    }

    /// The patient, the departments that decide about it, and whoever sees the hospital's business.
    async fn may_see(&self, caller: &Caller, refund: &Refund, settlement: Option<&Settlement>) -> Result<()> {
        let approves = refund.asked.as_ref().is_some_and(|asked| is_doctor_of(caller, &asked.dept)) || is_exec_dept_of(caller, refund);
        if approves || check(caller, Right::SeeBusiness, Object::Hospital).is_ok() {
            return Ok(());
        }
        match settlement {
            Some(settlement) => caller.may_act_for(settlement.patient()),
            None => match self.inner.store.load(&caller.hospital, &[Key::Payment(refund.payment)]).await?.into_iter().next() {
                Some(Row::Payment(payment)) => caller.may_act_for(&payment.patient),
                Some(_) | None => Err(Error::new(Code::NotFound)),
            },
        }
    }
}

impl RefundView {
    pub(super) fn of(refund: &Refund, settlement: Option<&Settlement>, reissued: Option<&Invoice>, terms: &Terms) -> Result<RefundView> {
        let asked = refund.asked.as_deref();
        let (text, next) = words(refund);
        let whole = asked.is_none_or(|asked| asked.recharge.is_none());
        Ok(RefundView {
            refund_id: refund.id,
            version: u64::from(refund.base.ver).saturating_add(reissued.map_or(0, |invoice| u64::from(invoice.base.ver))),
            settlement_id: refund.settlement,
            cause: refund.cause,
            st: refund.st.code().to_owned(),
            over: refund.st == RefundSt::Done || refund.is_off(),
            text: text.to_owned(),
            next: next.to_owned(),
            refund_fen: refund.amounts.total()?,
            amounts: refund.amounts,
            back: Back::parts(&refund.amounts, refund.insured.as_ref().map(|settled| settled.cash_owner)),
            whole,
            why: asked.map(|asked| asked.why),
            note: asked.and_then(|asked| asked.note.clone()),
            contact: asked.and_then(|asked| asked.contact.as_ref()).map(|contact| mask_phone(contact.reveal())),
            lines: lines(refund, settlement, whole),
            steps: refund.plan.iter().map(|stage| RefundStep::of(*stage, state_of(refund, *stage), &terms.refund)).collect(),
            after: following(refund, whole, reissued),
            timeline: timeline(refund),
            question: RefundQuestion::of(refund),
            withdrawable: asked.is_some() && refund.plan.first().is_some_and(|first| st_of(*first) == refund.st),
            reasons: refund.reasons.iter().map(|reason| ReasonShown::plain(*reason)).collect(),
            represcribe: refund.st == RefundSt::Done && refund.cause == Cause::Patient && refund.insured.is_some(),
            successor_id: asked.filter(|_| refund.reversed_at.is_some()).and_then(|asked| asked.successor).map(|(id, _)| id),
        })
    }
}

/// The state in which a stage is being worked on.
pub(super) const fn st_of(stage: Stage) -> RefundSt {
    match stage {
        Stage::Doctor => RefundSt::Doctor,
        Stage::Unconfirm => RefundSt::Unconfirm,
        Stage::Finance => RefundSt::Finance,
        Stage::Checking => RefundSt::Checking,
        Stage::Insurer => RefundSt::Insurer,
        Stage::His => RefundSt::His,
        Stage::Returning => RefundSt::Returning,
        Stage::Red => RefundSt::Red,
    }
}

fn state_of(refund: &Refund, stage: Stage) -> StepState {
    let held_here = refund.base.held.as_ref().is_some_and(|held| held.from == st_of(stage).code());
    if refund.passed_at(stage).is_some() || refund.st == RefundSt::Done {
        StepState::Done
    } else if refund.is_off() {
        StepState::Dropped
    } else if refund.st == st_of(stage) || held_here {
        StepState::Current
    } else {
        StepState::Coming
    }
}

/// What comes after the plan, of what a patient asked for.
fn following(refund: &Refund, whole: bool, reissued: Option<&Invoice>) -> Vec<RefundFollowing> {
    let Some(asked) = &refund.asked else { return Vec::new() };
    let state = |after: After| match after {
        _ if refund.is_off() => StepState::Dropped,
        After::Reissue if reissued.is_some_and(|invoice| matches!(invoice.st, InvoiceSt::Issued | InvoiceSt::None)) => StepState::Done,
        After::Represcribe if !refund.represcribed.is_empty() => StepState::Done,
        // What was prescribed again is paid like any other bill: whether it is, is not known here.
        After::PayAgain if !refund.represcribed.is_empty() => StepState::Current,
        After::Reissue | After::Represcribe if refund.st == RefundSt::Done => StepState::Current,
        After::Reissue | After::Represcribe | After::PayAgain | After::Issue => StepState::Coming,
    };
    After::of(asked.payer, whole, refund.invoice.is_some()).iter().map(|after| RefundFollowing::of(*after, state(*after))).collect()
}

pub(super) fn lines(refund: &Refund, settlement: Option<&Settlement>, whole: bool) -> Vec<RefundLine> {
    let name = |key: &LineKey| settlement.and_then(|s| s.bill.lines.iter().find(|l| &l.line_id == key)).map(|l| l.item_name.clone()).unwrap_or_default();
    let all = refund.asked.iter().flat_map(|asked| &asked.lines);
    let back = all.map(|line| RefundLine { line_id: line.line_id.clone(), name: name(&line.line_id), quantity: line.quantity, back: line.back(whole) });
    back.filter(|line| line.back > Quantity::ZERO).collect()
}

fn timeline(refund: &Refund) -> Vec<RefundEntry> {
    let entry = |at: Timestamp, role: &str, text: String, remark: Option<Private>| RefundEntry { at, role: role.to_owned(), text, remark };
    let mut entries = Vec::new();
    if let Some(asked) = &refund.asked {
        entries.push(entry(asked.at, who(&asked.by), "提交退费申请".to_owned(), None));
    }
    entries.extend(question::entries(refund));
    for decided in &refund.decisions {
        let Some(stage) = decided.stage else { continue };
        let word = if decided.decision == Decision::Agree { "同意" } else { "不同意" };
        let remark = Some(decided.note.as_str()).filter(|note| !note.is_empty()).map(Private::new);
        entries.push(entry(decided.at, stage.role(), format!("{}：{word}", stage.text()), remark));
    }
    let done = refund.passed.iter().filter(|passed| !passed.stage.is_approval());
    entries.extend(done.map(|passed| entry(passed.at, passed.stage.role(), format!("{}完成", passed.stage.text()), None)));
    entries.sort_by_key(|entry| entry.at);
    match refund.st {
        RefundSt::Withdrawn => entries.push(entry(refund.base.since, "患者", "撤回申请".to_owned(), None)),
        RefundSt::Rejected | RefundSt::Refused | RefundSt::Done => entries.push(entry(refund.base.since, "系统", words(refund).0.to_owned(), None)),
        RefundSt::Doctor
        | RefundSt::Unconfirm
        | RefundSt::Finance
        | RefundSt::Checking
        | RefundSt::Insurer
        | RefundSt::His
        | RefundSt::Returning
        | RefundSt::Red
        | RefundSt::Held => {}
    }
    entries
}

/// What the patient reads: how it stands, and what comes next.
pub(super) fn words(refund: &Refund) -> (&'static str, &'static str) {
    let late = refund.base.attention.is_some();
    let at_channel = refund.base.held.as_ref().is_some_and(|held| held.from == RefundSt::Returning.code());
    let insured = refund.insured.is_some() && refund.cause == Cause::Patient;
    if refund.question.is_some() {
        return ("需要患者补充说明", "请查看问题并补充说明，收到后继续审核。");
    }
    match refund.st {
        RefundSt::Doctor | RefundSt::Unconfirm | RefundSt::Finance if late && refund.cause == Cause::Patient => {
            (waits_for(refund.st), "办理时间超出预计，已提醒相关科室，无需重新申请；也可到门诊收费窗口咨询。")
        }
        RefundSt::Returning if late => ("支付渠道尚未退款成功，计财科正在处理", "款项已预留，无需重新申请；请留意进度，也可到门诊收费窗口咨询。"),
        RefundSt::Held if at_channel => ("支付渠道未能退款，计财科正在处理", "款项已预留，无需重新申请；请留意进度，也可到门诊收费窗口咨询。"),
        RefundSt::Doctor => (waits_for(refund.st), "医生审核后转财务审核；审核前可以撤回。"),
        RefundSt::Unconfirm => (waits_for(refund.st), "执行科室办理后转财务审核。"),
        RefundSt::Finance => (waits_for(refund.st), "审核通过后自动核对并退款。"),
        RefundSt::Checking => ("正在核对项目、票据和账务状态", "核对通过后自动退款，请稍候。"),
        RefundSt::Insurer => ("正在办理医保退费", "医保退费完成后办理院内退费，请稍候。"),
        RefundSt::His => ("正在办理院内退费", "完成后款项原路退回，请稍候。"),
        RefundSt::Returning => ("款项正在原路退回", "到账时间以支付渠道为准。"),
        RefundSt::Red => ("款项已原路退回，正在冲红票据", "请稍候。"),
        RefundSt::Done if insured => ("退费已完成", "如仍需部分项目，请由医生重新开具后再次缴费。"),
        RefundSt::Done => ("退费已完成", "无需再次办理。"),
        RefundSt::Rejected => ("退费申请未通过审核", "原因见审核备注；如有疑问请联系审核科室，或重新申请。"),
        RefundSt::Withdrawn => ("退费申请已撤回", "如需退费，请重新申请。"),
        RefundSt::Refused if refund.reasons.is_empty() => ("医保或院内系统未受理，未发生退款", "请到门诊收费窗口咨询办理。"),
        RefundSt::Refused => ("办理时不符合退费条件，未发生退款", "原因见下方说明；如有疑问请到门诊收费窗口咨询。"),
        RefundSt::Held => ("财务正在人工核对", "款项已预留，请留意进度，或到门诊收费窗口咨询。"),
    }
}

/// Whom an approval waits for.
const fn waits_for(st: RefundSt) -> &'static str {
    match st {
        RefundSt::Unconfirm => "等待执行科室取消确认",
        RefundSt::Finance => "等待计财科审核",
        _ => "等待门诊医生审核",
    }
}
