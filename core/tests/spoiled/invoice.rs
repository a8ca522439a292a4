//! The invoice platform.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use menjie::access::Private;
use menjie::invoice::{InvoiceState, Issued, Reddened};
use menjie::port::{CallCx, Fault, InvoiceAnswer, InvoiceCall, InvoicePlatform, No, Outcome};

use super::Claim;

pub(crate) struct SpoiledInvoices {
    inner: Arc<dyn InvoicePlatform>,
    claim: Claim,
    answers: AtomicU32,
}

impl SpoiledInvoices {
    pub(crate) fn new(inner: Arc<dyn InvoicePlatform>, claim: Claim) -> SpoiledInvoices {
        SpoiledInvoices { inner, claim, answers: AtomicU32::new(0) }
    }
}

#[async_trait]
impl InvoicePlatform for SpoiledInvoices {
    async fn call(&self, cx: &CallCx, call: &InvoiceCall) -> Outcome<InvoiceAnswer> {
        let outcome = self.inner.call(cx, call).await;
        let nth = self.answers.fetch_add(1, Ordering::SeqCst);
        match (self.claim, outcome) {
            (Claim::Yes, Outcome::Refused(_)) => made_up(cx, call),
            (Claim::NotAgain, Outcome::Done(_)) if nth > 0 => Outcome::Refused(No::new("E2002", "again")),
            (Claim::NoRecord, Outcome::Done(InvoiceAnswer::Query(_))) => Outcome::Done(InvoiceAnswer::Query(InvoiceState::NotFound)),
            (Claim::Another, Outcome::Done(answer)) => Outcome::Done(another(answer, nth)),
            (Claim::Known, Outcome::Unknown(Fault { code, text })) => Outcome::Refused(No::new(code, text)),
            (_, outcome) => outcome,
        }
    }
}

fn made_up(cx: &CallCx, call: &InvoiceCall) -> Outcome<InvoiceAnswer> {
    let (batch_code, bill_no) = ("44060126".to_owned(), "X".to_owned());
    Outcome::Done(match call {
        InvoiceCall::Issue { order } => {
            let (check_code, url) = ("x".to_owned(), Private::new("https://example.invalid/x"));
            InvoiceAnswer::Issue(Issued { batch_code, bill_no, check_code, issued_at: cx.now, total_fen: order.total_fen, url })
        }
        InvoiceCall::Red { .. } => InvoiceAnswer::Red(Reddened { batch_code, bill_no, at: cx.now }),
        InvoiceCall::Query { .. } => return Outcome::Refused(No::new("X", call.name())),
    })
}

fn another(answer: InvoiceAnswer, nth: u32) -> InvoiceAnswer {
    match answer {
        InvoiceAnswer::Issue(issued) => InvoiceAnswer::Issue(Issued { check_code: format!("{}-{nth}", issued.check_code), ..issued }),
        InvoiceAnswer::Red(red) => InvoiceAnswer::Red(Reddened { bill_no: format!("{}-{nth}", red.bill_no), ..red }),
        other @ InvoiceAnswer::Query(_) => other,
    }
}
