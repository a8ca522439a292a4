//! The insurer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use menjie::access::Private;
use menjie::insurance::{InsuredPerson, OrderReport};
use menjie::payment::RawNotice;
use menjie::port::{
    Authorised, CallCx, DesignationRule, Fault, Insurer, InsurerAnswer, InsurerBillRow, InsurerCall, InsurerNotice, InsurerReversed, InsurerTraits, No, Outcome, Uploaded,
    VoucherHolder,
};
use menjie::{Money, Result, Timestamp};

use super::{Claim, double};

pub(crate) struct SpoiledInsurer {
    inner: Arc<dyn Insurer>,
    claim: Claim,
    answers: AtomicU32,
}

impl SpoiledInsurer {
    pub(crate) fn new(inner: Arc<dyn Insurer>, claim: Claim) -> SpoiledInsurer {
        SpoiledInsurer { inner, claim, answers: AtomicU32::new(0) }
    }
}

#[async_trait]
impl Insurer for SpoiledInsurer {
    fn traits(&self) -> InsurerTraits {
        self.inner.traits()
    }

    fn designation_rule(&self) -> Option<DesignationRule<'_>> {
        self.inner.designation_rule()
    }

    async fn call(&self, cx: &CallCx, call: &InsurerCall) -> Outcome<InsurerAnswer> {
        let outcome = self.inner.call(cx, call).await;
        let nth = self.answers.fetch_add(1, Ordering::SeqCst);
        match (self.claim, outcome) {
            (Claim::Yes, Outcome::Refused(_)) => made_up(cx, call),
            (Claim::NotAgain, Outcome::Done(_)) if nth > 0 && call.business_no().is_some() => Outcome::Refused(No::new("409", "again")),
            (Claim::NoRecord, Outcome::Done(answer)) => Outcome::Done(forgotten(answer)),
            (Claim::Another, Outcome::Done(answer)) => Outcome::Done(another(answer, nth)),
            (Claim::Twice, Outcome::Done(answer)) => Outcome::Done(twice(answer, cx.now)),
            (Claim::Known, Outcome::Unknown(Fault { code, text })) => Outcome::Refused(No::new(code, text)),
            (_, outcome) => outcome,
        }
    }

    fn accept(&self, notice: &RawNotice<'_>, now: Timestamp) -> Result<InsurerNotice> {
        self.inner.accept(notice, now)
    }
}

fn made_up(cx: &CallCx, call: &InsurerCall) -> Outcome<InsurerAnswer> {
    let (x, private) = ("X".to_owned(), Private::new("X"));
    Outcome::Done(match call {
        InsurerCall::Identify { .. } => InsurerAnswer::Identify(VoucherHolder {
            id_type: x.clone(),
            id_no: private.clone(),
            name: private.clone(),
            ec_token: private,
            insu_org: x,
            sex_code: None,
            birth_date: None,
        }),
        InsurerCall::Authorise { .. } => InsurerAnswer::Authorise(Authorised { pay_auth_no: private.clone(), name: private.clone(), id_no: private }),
        InsurerCall::Upload { .. } => InsurerAnswer::Upload(Uploaded { pay_order_id: x, pay_token: private, insurer_visit_id: None }),
        InsurerCall::Place { .. } => InsurerAnswer::Place(silent(x)),
        InsurerCall::Query { .. } => InsurerAnswer::Query(silent(x)),
        InsurerCall::Revoke { .. } => InsurerAnswer::Revoke,
        InsurerCall::Reverse { .. } => InsurerAnswer::Reverse(InsurerReversed { reversal_no: None, at: Some(cx.now) }),
        other => return Outcome::Refused(No::new("X", other.name())),
    })
}

/// An order that is only saved.
fn silent(pay_order_id: String) -> OrderReport {
    OrderReport { pay_order_id, code: "0".to_owned(), split: None, settled_at: None, insurer_no: None, reversal_token: None }
}

fn forgotten(answer: InsurerAnswer) -> InsurerAnswer {
    match answer {
        InsurerAnswer::Place(report) => InsurerAnswer::Place(silent(report.pay_order_id)),
        InsurerAnswer::Query(report) => InsurerAnswer::Query(silent(report.pay_order_id)),
        InsurerAnswer::Bill(_) => InsurerAnswer::Bill(Vec::new()),
        other => other,
    }
}

fn another(answer: InsurerAnswer, nth: u32) -> InsurerAnswer {
    match answer {
        InsurerAnswer::Query(report) => InsurerAnswer::Query(OrderReport { insurer_no: report.insurer_no.map(|no| format!("{no}-{nth}")), ..report }),
        InsurerAnswer::Reverse(reversed) => InsurerAnswer::Reverse(InsurerReversed { reversal_no: Some(nth.to_string()), ..reversed }),
        other => other,
    }
}

fn twice(answer: InsurerAnswer, now: Timestamp) -> InsurerAnswer {
    let x = || Private::new("X");
    match answer {
        InsurerAnswer::Person(rows) if rows.is_empty() => InsurerAnswer::Person(vec![InsuredPerson {
            psn_no: x(),
            name: x(),
            id_type: "01".to_owned(),
            id_no: x(),
            insurance_type: "310".to_owned(),
            insured_place: "440500".to_owned(),
            balance_fen: None,
            active: true,
        }]),
        InsurerAnswer::Bill(rows) if rows.is_empty() => InsurerAnswer::Bill(vec![InsurerBillRow {
            order_no: None,
            insurer_no: "X".to_owned(),
            insurer_visit_id: None,
            reversal: false,
            total_fen: Money::ZERO,
            fund_fen: Money::ZERO,
            account_fen: Money::ZERO,
            at: now,
        }]),
        InsurerAnswer::Bill(rows) => InsurerAnswer::Bill(double(rows)),
        other => other,
    }
}
