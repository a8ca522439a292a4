//! HIS.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use menjie::ident::PatientId;
use menjie::port::{CallCx, Fault, His, HisAnswer, HisCall, HisReceipt, HisReversed, HisTraits, LockReceipt, No, Outcome, PostState};
use menjie::visit::{FeeBack, QueueTicket, Rebooked};

use super::{Claim, double};

pub(crate) struct SpoiledHis {
    inner: Arc<dyn His>,
    claim: Claim,
    answers: AtomicU32,
}

impl SpoiledHis {
    pub(crate) fn new(inner: Arc<dyn His>, claim: Claim) -> SpoiledHis {
        SpoiledHis { inner, claim, answers: AtomicU32::new(0) }
    }
}

#[async_trait]
impl His for SpoiledHis {
    fn traits(&self) -> HisTraits {
        self.inner.traits()
    }

    async fn call(&self, cx: &CallCx, call: &HisCall) -> Outcome<HisAnswer> {
        let outcome = self.inner.call(cx, call).await;
        let nth = self.answers.fetch_add(1, Ordering::SeqCst);
        match (self.claim, outcome) {
            (Claim::Yes, Outcome::Refused(_)) => made_up(cx, call),
            (Claim::NotAgain, Outcome::Done(_)) if nth > 0 && call.business_no().is_some() => Outcome::Refused(No::new("1001", "again")),
            (Claim::NoRecord, Outcome::Done(answer)) => Outcome::Done(forgotten(answer)),
            (Claim::Another, Outcome::Done(answer)) => Outcome::Done(another(answer, nth)),
            (Claim::Twice, Outcome::Done(answer)) => Outcome::Done(twice(answer)),
            (Claim::Known, Outcome::Unknown(Fault { code, text })) => Outcome::Refused(No::new(code, text)),
            (_, outcome) => outcome,
        }
    }
}

fn made_up(cx: &CallCx, call: &HisCall) -> Outcome<HisAnswer> {
    let ticket = QueueTicket { number: "X1".to_owned(), ahead: None, room: None };
    Outcome::Done(match call {
        HisCall::Lock { bill } => HisAnswer::Lock(LockReceipt { total_fen: bill.total_fen }),
        HisCall::Post { posting } => {
            let bill = &posting.bill;
            let (no, patient_id) = (bill.no.clone(), bill.patient_id.clone());
            HisAnswer::Post(HisReceipt { receipt_no: "X".to_owned(), no, patient_id, total_fen: bill.total_fen, posted_at: cx.now, guidance: None })
        }
        HisCall::CancelPost { .. } => HisAnswer::CancelPost,
        HisCall::Reverse { reversal } => HisAnswer::Reverse(HisReversed { no: reversal.no.clone(), amount_fen: reversal.amount_fen, at: cx.now, successor: None }),
        HisCall::CheckIn { .. } => HisAnswer::CheckIn(ticket),
        HisCall::Rebook { .. } => HisAnswer::Rebook(Rebooked::Cancelled { fee: FeeBack::Free }),
        other => return Outcome::Refused(No::new("X", other.name())),
    })
}

fn forgotten(answer: HisAnswer) -> HisAnswer {
    match answer {
        HisAnswer::QueryPost(_) => HisAnswer::QueryPost(PostState::NotRecorded),
        HisAnswer::QueryReverse(_) => HisAnswer::QueryReverse(None),
        HisAnswer::QueryCheckIn(_) => HisAnswer::QueryCheckIn(None),
        HisAnswer::QueryRebook(_) => HisAnswer::QueryRebook(None),
        HisAnswer::QueryFile(_) => HisAnswer::QueryFile(None),
        HisAnswer::Registrations(_) => HisAnswer::Registrations(Vec::new()),
        other => other,
    }
}

fn another(answer: HisAnswer, nth: u32) -> HisAnswer {
    let place = |ticket: QueueTicket| QueueTicket { number: format!("{}-{nth}", ticket.number), ..ticket };
    match answer {
        HisAnswer::Post(receipt) => HisAnswer::Post(HisReceipt { receipt_no: format!("{}-{nth}", receipt.receipt_no), ..receipt }),
        HisAnswer::Reverse(reversed) => HisAnswer::Reverse(HisReversed { at: reversed.at.plus_millis(i64::from(nth)), ..reversed }),
        HisAnswer::TakeNumber(ticket) => HisAnswer::TakeNumber(place(ticket)),
        HisAnswer::CheckIn(ticket) => HisAnswer::CheckIn(place(ticket)),
        HisAnswer::OpenFile(mut opened) => {
            opened.file.patient_id = PatientId::new(&format!("X{nth}")).unwrap();
            HisAnswer::OpenFile(opened)
        }
        other => other,
    }
}

fn twice(answer: HisAnswer) -> HisAnswer {
    match answer {
        HisAnswer::Unpaid(mut charges) => {
            charges.lines = double(charges.lines);
            HisAnswer::Unpaid(charges)
        }
        HisAnswer::Notices(notices) => HisAnswer::Notices(double(notices)),
        HisAnswer::DayFile(rows) => HisAnswer::DayFile(double(rows)),
        HisAnswer::Affected(mut page) => {
            page.items = double(page.items);
            HisAnswer::Affected(page)
        }
        other => other,
    }
}
