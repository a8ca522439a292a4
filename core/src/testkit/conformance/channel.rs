//! The law of [`crate::port::PaymentChannel`], case by case, for one that refunds in parts and makes bills.

mod bills;
mod orders;
mod refunds;
mod troubles;

use super::{Broken, Mishap, Passing, Told, Verdict, answered, cases, holds, lost, recent, refused, same, unknown};
use crate::calendar::BizDate;
use crate::ident::BusinessNo;
use crate::money::Money;
use crate::payment::{ChannelOrder, Method, Proof, RefundOrder, RefundState, TradeState};
use crate::port::{CallCx, ChannelAnswer, ChannelCall, Outcome, PaymentChannel};
use crate::reconcile::Row;

/// A channel and its payers, fresh for every case: nothing was ever ordered. Today's bill shows what has moved so far, and an
/// order may be refunded in parts one after the other at once.
pub trait ChannelStage {
    /// The channel.
    fn channel(&self) -> &dyn PaymentChannel;

    /// The context of a first attempt that begins now.
    fn cx(&self) -> CallCx;

    /// The next call of this interface goes wrong.
    fn mishap(&self, interface: &'static str, mishap: Mishap);

    /// A payer tries to pay an order. Did his money move?
    fn pay(&self, out_trade_no: &BusinessNo) -> bool;

    /// The callbacks that the channel has sent since they were asked for last.
    fn callbacks(&self) -> Vec<Told>;

    /// Time goes by.
    fn pass(&self, ms: i64) -> Passing<'_>;
}

cases! { dyn ChannelStage;
    orders::a_number_opens_one_order, orders::an_order_can_be_asked_about, orders::a_closed_order_takes_no_money, orders::an_expired_order_takes_no_money,
    orders::what_is_paid_is_neither_closed_nor_opened_again, orders::nobody_closes_what_was_never_opened, orders::a_callback_says_what_a_query_says,
    refunds::a_number_refunds_once, refunds::a_refund_number_belongs_to_one_amount, refunds::no_more_goes_back_than_was_paid, refunds::only_what_was_paid_goes_back,
    bills::a_bill_has_what_moved_on_its_day_once, bills::a_day_without_trades_is_an_empty_bill, bills::a_bill_that_is_not_made_is_no_answer,
    troubles::what_happened_is_found_when_the_answer_is_lost, troubles::what_never_arrived_did_not_happen, troubles::no_answer_proves_nothing,
}

/// Two orders.
const FIRST: &str = "P0000000000000000001";
const SECOND: &str = "P0000000000000000002";

async fn ask(stage: &dyn ChannelStage, call: ChannelCall) -> Outcome<ChannelAnswer> {
    stage.channel().call(&stage.cx(), &call).await
}

/// `of!(Variant)`: takes the answer of that variant.
macro_rules! of {
    ($variant:ident) => {
        |answer| if let $crate::port::ChannelAnswer::$variant(value) = answer { Some(value) } else { None }
    };
}
use of;

const CLOSE: fn(ChannelAnswer) -> Option<()> = |answer| matches!(answer, ChannelAnswer::Close).then_some(());

fn no(text: &str) -> Verdict<BusinessNo> {
    Ok(BusinessNo::new(text)?)
}

fn fen(fen: i64) -> Verdict<Money> {
    Ok(Money::from_fen(fen)?)
}

fn order(stage: &dyn ChannelStage, number: &str, amount: i64) -> Verdict<ChannelOrder> {
    let expires_at = stage.cx().now.plus_millis(600_000);
    Ok(ChannelOrder { out_trade_no: no(number)?, amount_fen: fen(amount)?, description: "门诊缴费".to_owned(), method: Method::Native, expires_at, mixed: None })
}

fn open(order: &ChannelOrder) -> ChannelCall {
    ChannelCall::Open { order: order.clone() }
}

fn close(order: &ChannelOrder) -> ChannelCall {
    ChannelCall::Close { out_trade_no: order.out_trade_no.clone() }
}

fn refund(number: &str, order: &ChannelOrder, amount: i64) -> Verdict<RefundOrder> {
    let (out_refund_no, out_trade_no) = (no(number)?, order.out_trade_no.clone());
    Ok(RefundOrder { out_refund_no, out_trade_no, amount_fen: fen(amount)?, total_fen: order.amount_fen, reason: "退费".to_owned() })
}

fn give_back(refund: &RefundOrder) -> ChannelCall {
    ChannelCall::Refund { refund: refund.clone() }
}

async fn state(stage: &dyn ChannelStage, number: &BusinessNo) -> Verdict<TradeState> {
    answered("an order is asked about", ask(stage, ChannelCall::Query { out_trade_no: number.clone() }).await, of!(Query))
}

/// The proof of an order that is paid.
async fn proof(stage: &dyn ChannelStage, number: &BusinessNo) -> Verdict<Proof> {
    match state(stage, number).await? {
        TradeState::Paid(proof) => Ok(proof),
        other => Err(Broken(format!("a paid order is paid: {other:?}"))),
    }
}

/// Opens an order and pays it.
async fn paid(stage: &dyn ChannelStage, number: &str, amount: i64) -> Verdict<ChannelOrder> {
    let order = order(stage, number, amount)?;
    answered("an order is opened", ask(stage, open(&order)).await, of!(Open))?;
    holds("it is paid", stage.pay(&order.out_trade_no))?;
    Ok(order)
}

async fn refunded(stage: &dyn ChannelStage, number: &BusinessNo, amount_fen: Money) -> Verdict<RefundState> {
    answered("a refund is asked about", ask(stage, ChannelCall::QueryRefund { out_refund_no: number.clone(), amount_fen }).await, of!(QueryRefund))
}

/// Follows a refund that was accepted until it is over.
async fn returned(stage: &dyn ChannelStage, refund: &RefundOrder) -> Verdict<RefundState> {
    for _ in 0..200 {
        match refunded(stage, &refund.out_refund_no, refund.amount_fen).await? {
            RefundState::Processing => stage.pass(50).await,
            over => return Ok(over),
        }
    }
    Err(Broken("an accepted refund ends".to_owned()))
}

async fn bill(stage: &dyn ChannelStage, date: BizDate) -> Verdict<Vec<Row>> {
    answered("a bill is fetched", ask(stage, ChannelCall::Bill { date }).await, of!(Bill))
}
