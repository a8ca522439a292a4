//! What those who decide about a refund see of it: read just now, and judged by the one rule before anybody approves. The
//! patient stays masked; who must know him asks for that ([`Engine::refund_patient`](super::patient)).

use super::decide::may_approve;
use super::list::RefundWork;
use super::view::{RefundView, st_of};
use crate::access::{Actor, Caller, mask_name};
use crate::calendar::{BizDate, Timestamp};
use crate::error::Result;
use crate::ident::{BusinessNo, ChannelCode, DeptCode, RefundId};
use crate::invoice::InvoiceFact;
use crate::money::{Money, Quantity};
use crate::payment::Amounts;
use crate::policy::Terms;
use crate::port::Refundable;
use crate::refund::{Cause, Execution, Facts, LineFacts, Progress, Reason, ReasonShown, Stage, eligible, irreversible};
use crate::service::engine::{Engine, Hospital};
use crate::service::view::InvoiceView;
use crate::workflow::refund::{Asked, Decision, Event, Reclaimed, Returned, Unconfirm};
use crate::workflow::{Cx, Ids, Machine, Refund, Settlement, Step};

/// A refund as those who decide about it see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundCase {
    /// What the patient sees of it: amounts, plan, what happened.
    pub view: RefundView,
    /// The patient's name, masked.
    pub patient: String,
    /// Day of the visit.
    pub visit_date: Option<BizDate>,
    /// Department of the visit.
    pub visit_dept: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// What goes back.
    pub lines: Vec<CaseLine>,
    /// HIS answered: the lines stand as they do now, else as they did when it was asked for.
    pub live: bool,
    /// The departments that must take their confirmation back, with whether they have.
    pub departments: Vec<CaseDepartment>,
    /// What the rule says against it now; empty, too, when HIS does not answer.
    pub findings: Vec<ReasonShown>,
    /// Until when it can be done, of an insured settlement.
    pub month: Option<CaseMonth>,
    /// The money.
    pub money: CaseMoney,
    /// The invoice as we know it.
    pub invoice: Option<InvoiceView>,
    /// The invoice as the platform tells it now.
    pub invoice_now: InvoiceFact,
    /// It needs a person, and why.
    pub hangs: Option<CaseHang>,
    /// Whose turn it is.
    pub turn: CaseTurn,
    /// What a person may decide about it while it hangs: what its machine would take now. The number of
    /// [`Decision::GivenBack`] is still to be told, and so are the receipt and the new keys of [`Decision::ChargedAgain`].
    pub choices: Vec<Decision>,
    /// The prescriptions that went back.
    pub old_orders: Vec<String>,
    /// The prescriptions written anew, with when they were marked.
    pub new_orders: Vec<(String, Timestamp)>,
}

/// How far the work of a line is, for whoever would take it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineState {
    /// Not executed.
    NotDone,
    /// Executed, and taken back by the department.
    TakenBack,
    /// Executed; the department can take it back.
    Reversible,
    /// It cannot be taken back; the reason says why.
    Irreversible,
}

/// A line that goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseLine {
    /// Item name.
    pub name: String,
    /// Specification.
    pub spec: Option<String>,
    /// Its quantity in the settlement.
    pub quantity: Quantity,
    /// How much goes back.
    pub back: Quantity,
    /// Its paid amount.
    pub amount_fen: Money,
    /// Prescription or application.
    pub order_no: Option<String>,
    /// The department that executed it or would, by its name where HIS tells it.
    pub dept: String,
    /// One of the caller's departments.
    pub own: bool,
    /// How far its work is.
    pub state: LineState,
    /// Why it cannot be taken back.
    pub reason: Option<ReasonShown>,
}

/// A department that must take its confirmation back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseDepartment {
    /// Its name where HIS tells it, else its code.
    pub name: String,
    /// It has.
    pub done: bool,
    /// One of the caller's.
    pub own: bool,
}

/// The month of the insurer's settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseMonth {
    /// When the insurer settled it, by its own clock.
    pub settled_at: Timestamp,
    /// The last day, if the rule names one.
    pub last_day: Option<BizDate>,
    /// It is not over.
    pub open: bool,
}

/// The money of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseMoney {
    /// What the settlement was paid with.
    pub paid: Amounts,
    /// What the insurer gives back.
    pub insurers: Amounts,
    /// What the channel gives back.
    pub channel_fen: Money,
    /// Through which channel.
    pub channel: ChannelCode,
    /// The payment's total there.
    pub payment_fen: Money,
    /// Our order number.
    pub out_trade_no: BusinessNo,
    /// The channel's number.
    pub trade_no: Option<String>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// The receipt in HIS.
    pub receipt_no: Option<String>,
    /// Our refund number.
    pub out_refund_no: BusinessNo,
    /// The channel's proof.
    pub returned: Option<Returned>,
    /// The insurer's proof.
    pub reclaimed: Option<Reclaimed>,
}

/// Why a refund needs a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseHang {
    /// Evidence contradicts itself, or there was a definite no; else it only takes too long.
    pub held: bool,
    /// Short stable word.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseTurn {
    /// The caller may decide now.
    Yours,
    /// The step is over, or has not come.
    NotNow,
    /// It waits, but a rule keeps the caller from agreeing.
    Barred(ReasonShown),
}

impl Engine {
    /// A refund for those who decide at this step: strangers' look like missing ones.
    pub async fn refund_case(&self, caller: &Caller, id: RefundId, step: RefundWork) -> Result<RefundCase> {
        let refund = self.refund_row(caller, id).await?;
        may_approve(caller, &refund, step.stage())?;
        let settlement = match refund.settlement {
            Some(id) => Some(self.settlement_row(caller, id).await?),
            None => None,
        };
        let hospital = self.hospital(&caller.hospital)?;
        let terms = self.terms_of(caller, &refund).await?;
        let (facts, invoice_now) = self.facts_now(hospital, &refund, settlement.as_ref(), &terms).await;
        let invoices = self.invoices(hospital, settlement.as_slice()).await?;
        let asked = refund.asked.as_deref();
        let whole = asked.is_none_or(|asked| asked.recharge.is_none());
        let known = asked.map(|asked| asked.lines.as_slice()).unwrap_or_default();
        let now = facts.as_ref().map_or(known, |facts| &facts.lines);
        let month = month(&refund, &terms, self.now());
        let lines: Vec<CaseLine> = now.iter().filter(|line| line.back(whole) > Quantity::ZERO).map(|line| case_line(caller, line, whole, settlement.as_ref())).collect();
        Ok(RefundCase {
            patient: settlement.as_ref().map(|s| mask_name(s.payer.name.reveal())).unwrap_or_default(),
            visit_date: settlement.as_ref().map(|s| s.visit_date),
            visit_dept: settlement.as_ref().map(|s| s.visit_dept.clone()).unwrap_or_default(),
            asked_at: asked.map_or(refund.base.created_at, |asked| asked.at),
            live: facts.is_some(),
            departments: asked.map(|asked| departments(caller, asked, settlement.as_ref())).unwrap_or_default(),
            findings: facts.as_ref().map(findings).unwrap_or_default(),
            turn: turn(caller, &refund, step.stage(), month, &lines),
            choices: self.choices(hospital, caller, &refund, &terms),
            month,
            lines,
            money: money(&refund, settlement.as_ref()),
            invoice: refund.invoice.and_then(|id| invoices.get(&id)).map(InvoiceView::of),
            invoice_now,
            hangs: hang(&refund),
            old_orders: refund.old_orders().into_iter().map(str::to_owned).collect(),
            new_orders: refund.represcribed.iter().map(|marked| (marked.order_no.clone(), marked.at)).collect(),
            view: RefundView::of(&refund, settlement.as_ref(), self.successors_invoice(caller, &refund).await?.as_ref(), &terms)?,
        })
    }

    /// How everything stands now, while nothing has moved yet; what is not told now is told by nobody.
    async fn facts_now(&self, hospital: &Hospital, refund: &Refund, settlement: Option<&Settlement>, terms: &Terms) -> (Option<Facts>, InvoiceFact) {
        let (Some(asked), Some(settlement)) = (refund.asked.as_deref(), settlement) else { return (None, InvoiceFact::Unknown) };
        if refund.is_off() || refund.has_moved() {
            return (None, InvoiceFact::Unknown);
        }
        let invoice = self.invoice_now(hospital, settlement).await;
        let standing: Option<Refundable> = self.standing(hospital, settlement).await.ok();
        let traits = hospital.channel_traits(&refund.channel);
        (standing.and_then(|standing| refund.facts(asked, &standing, invoice, self.now(), &terms.refund.window, traits)), invoice)
    }

    /// The decisions that the machine would take now: it is asked, and what it would do is dropped.
    fn choices(&self, hospital: &Hospital, caller: &Caller, refund: &Refund, terms: &Terms) -> Vec<Decision> {
        if refund.base.held.is_none() && refund.base.attention.is_none() {
            return Vec::new();
        }
        let channels = |code: &ChannelCode| hospital.channel_traits(code);
        let taken = |decision: &Decision| {
            let mut fresh = Ids::new((1..=8).collect());
            let mut cx = Cx {
                now: self.now(),
                actor: &caller.actor,
                terms,
                his: hospital.his.traits(),
                notifier: hospital.notifier_traits(),
                channels: &channels,
                not_found_ms: i64::from(hospital.pace.not_found_s) * 1000,
                fresh: &mut fresh,
            };
            let event = Event::Decide { stage: None, departments: Vec::new(), decision: decision.clone(), note: String::new() };
            matches!(refund.step(&event, &mut cx), Ok(Step::Move(_)))
        };
        let charged = refund.asked.as_ref().and_then(|asked| asked.as_proposed("", self.now())).map(|made| Decision::ChargedAgain { made: Box::new(made) });
        let all = [Decision::AskAgain, Decision::GivenBack { refund_no: String::new() }, Decision::Reversed].into_iter().chain(charged).chain([Decision::GiveUp]);
        all.filter(taken).collect()
    }
}

/// What the rule says now; each reason once.
fn findings(facts: &Facts) -> Vec<ReasonShown> {
    let mut reasons: Vec<Reason> = eligible(facts).reasons.iter().map(|finding| finding.reason).collect();
    reasons.sort();
    reasons.dedup();
    reasons.into_iter().map(ReasonShown::plain).collect()
}

fn month(refund: &Refund, terms: &Terms, now: Timestamp) -> Option<CaseMonth> {
    let settled_at = refund.insured.as_ref().filter(|_| refund.cause == Cause::Patient)?.settled_at;
    let window = &terms.refund.window;
    Some(CaseMonth { settled_at, last_day: window.last_day(settled_at), open: window.allows(settled_at, now) })
}

fn turn(caller: &Caller, refund: &Refund, stage: Stage, month: Option<CaseMonth>, lines: &[CaseLine]) -> CaseTurn {
    let Actor::Staff { staff } = &caller.actor else { return CaseTurn::NotNow };
    let asked = refund.asked.as_deref();
    let nothing_of_his = stage == Stage::Unconfirm && !asked.is_some_and(|asked| asked.waits_for().any(|dept| caller.departments.contains(dept)));
    if refund.st != st_of(stage) || nothing_of_his {
        return CaseTurn::NotNow;
    }
    if let Err(reason) = refund.may_be_decided(stage, staff) {
        return CaseTurn::Barred(ReasonShown::plain(reason));
    }
    // The check before money moves would end it with the same reason.
    if stage == Stage::Finance && month.is_some_and(|month| !month.open) {
        return CaseTurn::Barred(ReasonShown::plain(Reason::CrossMonthMeanwhile));
    }
    // Nor can a department take back what cannot be taken back.
    let irreversible = lines.iter().filter(|line| stage == Stage::Unconfirm && line.own).find_map(|line| line.reason.clone());
    irreversible.map_or(CaseTurn::Yours, CaseTurn::Barred)
}

fn hang(refund: &Refund) -> Option<CaseHang> {
    let base = &refund.base;
    let held = base.held.as_ref().map(|held| CaseHang { held: true, reason: held.reason.clone(), since: held.since });
    held.or_else(|| base.attention.as_ref().map(|attention| CaseHang { held: false, reason: attention.reason.clone(), since: attention.since }))
}

fn money(refund: &Refund, settlement: Option<&Settlement>) -> CaseMoney {
    CaseMoney {
        paid: settlement.map_or(refund.amounts, Settlement::amounts),
        insurers: refund.insurers(),
        channel_fen: refund.channel_fen(),
        channel: refund.channel.clone(),
        payment_fen: refund.payment_fen,
        out_trade_no: refund.payment.business_no(),
        trade_no: settlement.and_then(|s| s.paid.as_ref()).and_then(|paid| paid.trade_no.clone()),
        paid_at: settlement.and_then(|s| s.paid.as_ref()).map(|paid| paid.at),
        receipt_no: settlement.and_then(|s| s.receipt.as_ref()).map(|receipt| receipt.receipt_no.clone()),
        out_refund_no: refund.out_refund_no(),
        returned: refund.returned.clone(),
        reclaimed: refund.reclaimed.clone(),
    }
}

fn departments(caller: &Caller, asked: &Asked, settlement: Option<&Settlement>) -> Vec<CaseDepartment> {
    let of = |u: &Unconfirm| CaseDepartment { name: dept_name(&u.dept, settlement), done: u.done, own: caller.departments.contains(&u.dept) };
    asked.unconfirm.iter().map(of).collect()
}

/// HIS tells names with its charge lines only.
fn dept_name(dept: &DeptCode, settlement: Option<&Settlement>) -> String {
    let lines = settlement.map(|s| s.bill.lines.as_slice()).unwrap_or_default();
    let name = lines.iter().find(|line| line.exec_dept_code.as_ref() == Some(dept)).and_then(|line| line.exec_dept_name.clone());
    name.unwrap_or_else(|| dept.to_string())
}

fn case_line(caller: &Caller, line: &LineFacts, whole: bool, settlement: Option<&Settlement>) -> CaseLine {
    let charged = settlement.and_then(|s| s.bill.lines.iter().find(|charged| charged.line_id == line.line_id));
    let reason = irreversible(line, whole);
    CaseLine {
        name: charged.map(|charged| charged.item_name.clone()).unwrap_or_default(),
        spec: charged.and_then(|charged| charged.spec.clone()),
        quantity: line.quantity,
        back: line.back(whole),
        amount_fen: line.amount_fen,
        order_no: line.order_no.clone(),
        dept: line.exec_dept_code.as_ref().map(|dept| dept_name(dept, settlement)).unwrap_or_default(),
        own: line.exec_dept_code.as_ref().is_some_and(|dept| caller.departments.contains(dept)),
        state: match (&reason, line.progress(), line.execution) {
            (Some(_), _, _) => LineState::Irreversible,
            (None, Progress::Confirmed, _) => LineState::Reversible,
            (None, _, Execution::Undone) => LineState::TakenBack,
            (None, _, _) => LineState::NotDone,
        },
        reason: reason.map(ReasonShown::plain),
    }
}
