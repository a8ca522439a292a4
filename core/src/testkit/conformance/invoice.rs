//! The law of [`crate::port::InvoicePlatform`], case by case, for one that tells of paper and of bookings.

use super::{Broken, Mishap, Verdict, answered, cases, holds, lost, recent, refused, same, unknown};
use crate::access::Private;
use crate::ident::{BusinessNo, ChannelCode, PatientId};
use crate::invoice::{InvoiceOrder, InvoiceState, Issued, Payer, RedOrder, Reddened};
use crate::money::Money;
use crate::payment::Amounts;
use crate::port::{CallCx, InvoiceAnswer, InvoiceCall, InvoicePlatform, Outcome};
use crate::testkit::world::{charge, visit};

/// A platform, fresh for every case: nothing was ever issued.
pub trait InvoiceStage {
    /// The platform.
    fn platform(&self) -> &dyn InvoicePlatform;

    /// The context of a first attempt that begins now.
    fn cx(&self) -> CallCx;

    /// The next call of this interface goes wrong.
    fn mishap(&self, interface: &'static str, mishap: Mishap);

    /// From now on every new invoice is refused, e.g. because no numbers are left; `false` heals.
    fn refuse(&self, refuses: bool);

    /// An invoice is changed to paper (换开), or its paper is taken back.
    fn print(&self, bus_no: &BusinessNo, printed: bool);

    /// The payer's unit books an invoice (入账), or gives it back.
    fn book(&self, bus_no: &BusinessNo, booked: bool);
}

cases! { dyn InvoiceStage;
    blue::a_number_is_issued_once, blue::a_number_belongs_to_one_ticket, blue::an_invoice_can_be_asked_about, blue::what_is_refused_was_not_issued,
    red::an_invoice_goes_red_once, red::a_red_names_the_invoice_as_it_is, red::paper_and_booked_invoices_stay_blue,
    troubles::what_happened_is_found_when_the_answer_is_lost, troubles::what_never_arrived_did_not_happen, troubles::no_answer_proves_nothing,
}

/// Two invoices.
const FIRST: &str = "B0000000000000000001";
const SECOND: &str = "B0000000000000000002";

async fn ask(stage: &dyn InvoiceStage, call: InvoiceCall) -> Outcome<InvoiceAnswer> {
    stage.platform().call(&stage.cx(), &call).await
}

/// `of!(Variant)`: takes the answer of that variant.
macro_rules! of {
    ($variant:ident) => {
        |answer| if let $crate::port::InvoiceAnswer::$variant(value) = answer { Some(value) } else { None }
    };
}

/// A ticket of one line that costs this much.
fn order(stage: &dyn InvoiceStage, number: &str, price: &str) -> Verdict<InvoiceOrder> {
    let visit = visit(&PatientId::new("P00001")?, "V1")?;
    let line = charge(&visit, "L1", "XYF", price, "1")?;
    Ok(InvoiceOrder {
        bus_no: BusinessNo::new(number)?,
        payer: Payer {
            patient_id: visit.patient_id.clone(),
            name: Private::new("测试甲"),
            sex: "男".to_owned(),
            age: "35岁".to_owned(),
            id_no: Some(Private::new("440599199003070058")),
            phone: None,
            openid: None,
        },
        visit_id: visit.visit_id,
        visit_date: visit.date,
        dept_name: visit.dept_name,
        total_fen: line.amount_fen,
        rounding_fen: Money::ZERO,
        amounts: Amounts::cash(line.amount_fen),
        lines: vec![line],
        channel: ChannelCode::new("wechat")?,
        trade_no: "4200000001".to_owned(),
        insurance_type: None,
        settled_at: stage.cx().now,
    })
}

fn issue(order: &InvoiceOrder) -> InvoiceCall {
    InvoiceCall::Issue { order: Box::new(order.clone()) }
}

async fn issued(stage: &dyn InvoiceStage, order: &InvoiceOrder) -> Verdict<Issued> {
    answered("an invoice is issued", ask(stage, issue(order)).await, of!(Issue))
}

fn red_of(stage: &dyn InvoiceStage, order: &InvoiceOrder, issued: &Issued) -> RedOrder {
    let (batch_code, bill_no) = (issued.batch_code.clone(), issued.bill_no.clone());
    RedOrder { bus_no: order.bus_no.clone(), batch_code, bill_no, reason: "退费".to_owned(), at: stage.cx().now }
}

fn redden(order: &RedOrder) -> InvoiceCall {
    InvoiceCall::Red { order: order.clone() }
}

async fn reddened(stage: &dyn InvoiceStage, order: &RedOrder) -> Verdict<Reddened> {
    answered("an invoice is reversed", ask(stage, redden(order)).await, of!(Red))
}

fn query(order: &InvoiceOrder) -> InvoiceCall {
    InvoiceCall::Query { bus_no: order.bus_no.clone() }
}

async fn state(stage: &dyn InvoiceStage, order: &InvoiceOrder) -> Verdict<InvoiceState> {
    answered("an invoice is asked about", ask(stage, query(order)).await, of!(Query))
}

mod blue {
    use super::*;

    /// A repeat gets the same one: code, number, check code, time. Its total is ours. Another number gets another one.
    pub(super) async fn a_number_is_issued_once(stage: &dyn InvoiceStage) -> Verdict {
        let (one, two) = (order(stage, FIRST, "121.32")?, order(stage, SECOND, "121.32")?);
        let first = issued(stage, &one).await?;
        same("the total is ours", first.total_fen, one.total_fen)?;
        holds("it has code, number and check code", [&first.batch_code, &first.bill_no, &first.check_code].iter().all(|text| !text.is_empty()))?;
        holds("the patient can look at it", !first.url.reveal().is_empty())?;
        recent("it was issued just now, in milliseconds", first.issued_at, stage.cx().now)?;
        same("a repeat gets the same invoice", &issued(stage, &one).await?, &first)?;
        holds("another number gets another one", issued(stage, &two).await?.bill_no != first.bill_no)
    }

    /// Another amount under a number that is used: never the invoice of the first, never a second one.
    pub(super) async fn a_number_belongs_to_one_ticket(stage: &dyn InvoiceStage) -> Verdict {
        let one = order(stage, FIRST, "121.32")?;
        let first = issued(stage, &one).await?;
        refused("another amount", &ask(stage, issue(&order(stage, FIRST, "121.33")?)).await)?;
        same("the invoice stays as it is", state(stage, &one).await?, InvoiceState::Blue(first))
    }

    /// Before: not found, which is no error. After: the invoice.
    pub(super) async fn an_invoice_can_be_asked_about(stage: &dyn InvoiceStage) -> Verdict {
        let one = order(stage, FIRST, "121.32")?;
        same("an unknown number is not found", state(stage, &one).await?, InvoiceState::NotFound)?;
        let first = issued(stage, &one).await?;
        same("it is shown as it was issued", state(stage, &one).await?, InvoiceState::Blue(first))?;
        same("another number is not found", state(stage, &order(stage, SECOND, "121.32")?).await?, InvoiceState::NotFound)
    }

    /// A definite no is one; and the same number may be asked for again.
    pub(super) async fn what_is_refused_was_not_issued(stage: &dyn InvoiceStage) -> Verdict {
        let one = order(stage, FIRST, "121.32")?;
        stage.refuse(true);
        refused("no invoice today", &ask(stage, issue(&one)).await)?;
        stage.refuse(false);
        same("there is none", state(stage, &one).await?, InvoiceState::NotFound)?;
        issued(stage, &one).await.map(drop)
    }
}

mod red {
    use super::*;

    /// A repeat gets the same red one, which has a number of its own; the blue one is shown with it, unchanged.
    pub(super) async fn an_invoice_goes_red_once(stage: &dyn InvoiceStage) -> Verdict {
        let (one, two) = (order(stage, FIRST, "121.32")?, order(stage, SECOND, "121.32")?);
        let (blue, other) = (issued(stage, &one).await?, issued(stage, &two).await?);
        let order = red_of(stage, &one, &blue);
        let first = reddened(stage, &order).await?;
        holds("it has a number of its own", !first.bill_no.is_empty() && first.bill_no != blue.bill_no)?;
        recent("it was issued just now, in milliseconds", first.at, stage.cx().now)?;
        same("a repeat gets the same red one", &reddened(stage, &order).await?, &first)?;
        same("both are shown", state(stage, &one).await?, InvoiceState::Red { blue, red: first })?;
        same("no other goes red with it", state(stage, &two).await?, InvoiceState::Blue(other))
    }

    /// Of nobody, or by another number than it has: nothing goes red.
    pub(super) async fn a_red_names_the_invoice_as_it_is(stage: &dyn InvoiceStage) -> Verdict {
        let one = order(stage, FIRST, "121.32")?;
        let blue = issued(stage, &one).await?;
        let strange = RedOrder { bill_no: "9999999999".to_owned(), ..red_of(stage, &one, &blue) };
        refused("no such number", &ask(stage, redden(&strange)).await)?;
        let nobody = RedOrder { bus_no: BusinessNo::new(SECOND)?, ..strange };
        refused("no such invoice", &ask(stage, redden(&nobody)).await)?;
        same("it stays blue", state(stage, &one).await?, InvoiceState::Blue(blue))
    }

    /// Until the paper is taken back, or the unit gives it back.
    pub(super) async fn paper_and_booked_invoices_stay_blue(stage: &dyn InvoiceStage) -> Verdict {
        let (one, two) = (order(stage, FIRST, "121.32")?, order(stage, SECOND, "121.32")?);
        let (printed, booked) = (issued(stage, &one).await?, issued(stage, &two).await?);
        stage.print(&one.bus_no, true);
        stage.book(&two.bus_no, true);
        for (order, blue, shown) in [(&one, &printed, InvoiceState::Paper(printed.clone())), (&two, &booked, InvoiceState::Booked(booked.clone()))] {
            same("it is told", &state(stage, order).await?, &shown)?;
            refused("it is not reversed", &ask(stage, redden(&red_of(stage, order, blue))).await)?;
            same("it stays as it is", state(stage, order).await?, shown)?;
        }
        stage.print(&one.bus_no, false);
        stage.book(&two.bus_no, false);
        for (order, blue) in [(&one, &printed), (&two, &booked)] {
            same("it is blue again", state(stage, order).await?, InvoiceState::Blue(blue.clone()))?;
            reddened(stage, &red_of(stage, order, blue)).await?;
        }
        Ok(())
    }
}

mod troubles {
    use super::*;

    /// Found by asking, and a repeat gets what the first call would have got.
    pub(super) async fn what_happened_is_found_when_the_answer_is_lost(stage: &dyn InvoiceStage) -> Verdict {
        for (number, mishap) in [(FIRST, Mishap::AnswerLost), (SECOND, Mishap::BrokenAfter)] {
            let one = order(stage, number, "121.32")?;
            stage.mishap("invoice.issue", mishap);
            unknown("an issue without answer", &ask(stage, issue(&one)).await)?;
            let InvoiceState::Blue(blue) = state(stage, &one).await? else { return Err(Broken("it was issued".to_owned())) };
            same("a repeat gets the same invoice", &issued(stage, &one).await?, &blue)?;
            let order = red_of(stage, &one, &blue);
            stage.mishap("invoice.red", mishap);
            unknown("a reversal without answer", &ask(stage, redden(&order)).await)?;
            let found = state(stage, &one).await?;
            let red = reddened(stage, &order).await?;
            same("it was reversed, once", found, InvoiceState::Red { blue, red })?;
        }
        Ok(())
    }

    /// Found missing by asking; then it may be asked for again under its number.
    pub(super) async fn what_never_arrived_did_not_happen(stage: &dyn InvoiceStage) -> Verdict {
        let one = order(stage, FIRST, "121.32")?;
        stage.mishap("invoice.issue", Mishap::RequestLost);
        unknown("an issue that is lost", &ask(stage, issue(&one)).await)?;
        same("it is not found", state(stage, &one).await?, InvoiceState::NotFound)?;
        let blue = issued(stage, &one).await?;
        let order = red_of(stage, &one, &blue);
        stage.mishap("invoice.red", Mishap::RequestLost);
        unknown("a reversal that is lost", &ask(stage, redden(&order)).await)?;
        same("it is still blue", state(stage, &one).await?, InvoiceState::Blue(blue))?;
        reddened(stage, &order).await.map(drop)
    }

    /// Of no call, however it is lost.
    pub(super) async fn no_answer_proves_nothing(stage: &dyn InvoiceStage) -> Verdict {
        let one = order(stage, FIRST, "121.32")?;
        let blue = issued(stage, &one).await?;
        for mishap in Mishap::ALL {
            for call in [issue(&one), redden(&red_of(stage, &one, &blue)), query(&one)] {
                stage.mishap(call.name(), mishap);
                lost(call.name(), mishap, &ask(stage, call.clone()).await)?;
            }
        }
        holds("afterwards it is asked as before", matches!(state(stage, &one).await?, InvoiceState::Red { .. }))
    }
}
