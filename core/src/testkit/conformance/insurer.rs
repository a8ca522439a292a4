//! The law of [`crate::port::Insurer`], case by case, for one that does everything ([`crate::port::InsurerTraits`]).

mod bills;
mod orders;
mod people;
mod reversals;
mod troubles;

use super::{Broken, Mishap, Passing, Told, Verdict, answered, cases, holds, lost, recent, refused, same, unknown};
use crate::access::Private;
use crate::ident::{BusinessNo, LineKey, VisitId};
use crate::insurance::{Authorisation, Diagnosis, Fee, InsuredPerson, MobileSplit, National, OrderRef, OrderReport, PersonKey, Placing, SettlementPart, Upload, UploadFacts};
use crate::money::{Money, Quantity, UnitPrice};
use crate::payment::Amounts;
use crate::port::{CallCx, Insurer, InsurerAnswer, InsurerCall, InsurerReversal, Outcome, Uploaded};

/// An insurer with one insured person, fresh for every case: he has settled nothing yet, and of [`UploadFacts`] like these fund,
/// account and he himself each pay a part.
pub trait InsurerStage {
    /// The insurer.
    fn insurer(&self) -> &dyn Insurer;

    /// The context of a first attempt that begins now.
    fn cx(&self) -> CallCx;

    /// The next call of this interface goes wrong.
    fn mishap(&self, interface: &'static str, mishap: Mishap);

    /// Who is insured: his name and the number of his identity card.
    fn who(&self) -> (Private, Private);

    /// He opens his e-voucher before the scanner: its code.
    fn show_voucher(&self) -> Private;

    /// He consents on the national page: the code his browser comes back with, and his number at the official account.
    fn consent(&self) -> (Private, Private);

    /// He authorises one step on his phone.
    fn authorise(&self) -> Authorisation;

    /// He gives his password for an order, and his cash is paid with it. Is it settled?
    fn confirm(&self, order_no: &BusinessNo) -> bool;

    /// The notices that the insurer has sent since they were asked for last.
    fn callbacks(&self) -> Vec<Told>;

    /// Time goes by.
    fn pass(&self, ms: i64) -> Passing<'_>;
}

cases! { dyn InsurerStage;
    people::a_voucher_says_whose_it_is, people::a_consent_works_once, people::nobody_else_is_insured,
    orders::a_number_is_uploaded_once, orders::an_order_is_priced_to_the_fen, orders::an_order_settles_as_it_was_priced, orders::an_order_opens_to_its_token,
    orders::a_revoked_order_is_never_settled, orders::what_is_settled_cannot_be_revoked, orders::a_callback_says_what_a_query_says,
    reversals::a_number_gives_back_once, reversals::a_number_belongs_to_one_amount, reversals::the_insurance_part_goes_back_whole, reversals::only_what_is_settled_goes_back,
    bills::a_bill_has_what_moved_on_its_day_once, bills::a_day_without_settlements_is_an_empty_bill,
    troubles::what_happened_is_found_when_the_answer_is_lost, troubles::what_never_arrived_did_not_happen, troubles::no_answer_proves_nothing,
}

/// Two orders: the insurer's numbers of the first two payments.
const FIRST: &str = "I0000000000000000001";
const SECOND: &str = "I0000000000000000002";

async fn ask(stage: &dyn InsurerStage, call: InsurerCall) -> Outcome<InsurerAnswer> {
    stage.insurer().call(&stage.cx(), &call).await
}

/// `of!(Variant)`: takes the answer of that variant.
macro_rules! of {
    ($variant:ident) => {
        |answer| if let $crate::port::InsurerAnswer::$variant(value) = answer { Some(value) } else { None }
    };
}
use of;

const REVOKE: fn(InsurerAnswer) -> Option<()> = |answer| matches!(answer, InsurerAnswer::Revoke).then_some(());

fn by_document(stage: &dyn InsurerStage) -> PersonKey {
    let (name, id_no) = stage.who();
    PersonKey::Document { id_type: "01".to_owned(), id_no, name }
}

async fn rows(stage: &dyn InsurerStage, by: PersonKey) -> Verdict<Vec<InsuredPerson>> {
    answered("a person is looked up", ask(stage, InsurerCall::Person { by: Box::new(by) }).await, of!(Person))
}

/// The insured person, by his row.
async fn person(stage: &dyn InsurerStage) -> Verdict<InsuredPerson> {
    let rows = rows(stage, by_document(stage)).await?;
    InsuredPerson::chosen(&rows).cloned().ok_or_else(|| Broken("he is insured".to_owned()))
}

fn fee(line: &str, code: &str, price: &str, fen: i64, stage: &dyn InsurerStage) -> Verdict<Fee> {
    let national = |code: &str, name: &str| National { code: code.to_owned(), name: name.to_owned() };
    Ok(Fee {
        line_id: LineKey::new(line)?,
        order_no: Some("CF1".to_owned()),
        catalogue_code: code.to_owned(),
        hospital_code: "Y0001".to_owned(),
        name: "演示项目".to_owned(),
        level: None,
        restricted: false,
        approval: None,
        price: UnitPrice::parse(price)?,
        quantity: Quantity::parse("2")?,
        amount_fen: Money::from_fen(fen)?,
        at: stage.cx().now.plus_millis(-600_000),
        ordering: national("A15", "门诊一"),
        doctor: national("D440500000001", "医生甲"),
        executing: national("A32", "药剂科"),
    })
}

/// 100.00 that fund and account may pay, 50.00 with a first share of his own, 20.00 that is all his own.
async fn upload_of(stage: &dyn InsurerStage, number: &str) -> Verdict<Upload> {
    let fees = vec![fee("L1", "XN0001", "50", 10_000, stage)?, fee("L2", "XN0005", "25", 5_000, stage)?, fee("L3", "XN0009", "10", 2_000, stage)?];
    let (begun_at, national) = (stage.cx().now.plus_millis(-900_000), |code: &str, name: &str| National { code: code.to_owned(), name: name.to_owned() });
    let facts = UploadFacts {
        begun_at,
        med_type: "11".to_owned(),
        disease: None,
        category: "A15".to_owned(),
        dept: national("A15", "门诊一"),
        doctor: national("D440500000001", "医生甲"),
        diagnoses: vec![Diagnosis { code: Private::new("J00.x00"), name: Private::new("急性鼻咽炎"), main: true, at: begun_at }],
        fees,
    };
    Ok(Upload {
        order_no: BusinessNo::new(number)?,
        batch_no: BusinessNo::new(&number.replace('I', "S"))?,
        visit_id: VisitId::new(&number.replace('I', "V"))?,
        person: person(stage).await?,
        authorisation: stage.authorise(),
        use_account: true,
        total_fen: Money::from_fen(17_000)?,
        facts,
    })
}

fn send(upload: &Upload) -> InsurerCall {
    InsurerCall::Upload { upload: Box::new(upload.clone()) }
}

fn named(upload: &Upload, uploaded: &Uploaded) -> OrderRef {
    let Uploaded { pay_order_id, pay_token, insurer_visit_id } = uploaded.clone();
    OrderRef { order_no: upload.order_no.clone(), pay_order_id, pay_token, insurer_visit_id, person: upload.person.clone() }
}

async fn uploaded(stage: &dyn InsurerStage, number: &str) -> Verdict<(Upload, OrderRef)> {
    let upload = upload_of(stage, number).await?;
    let answer = answered("an order is uploaded", ask(stage, send(&upload)).await, of!(Upload))?;
    let order = named(&upload, &answer);
    Ok((upload, order))
}

fn place(stage: &dyn InsurerStage, upload: &Upload, order: &OrderRef) -> InsurerCall {
    let placing = Placing { order: order.clone(), batch_no: upload.batch_no.clone(), authorisation: stage.authorise(), use_account: true };
    InsurerCall::Place { placing: Box::new(placing) }
}

fn split_of(report: &OrderReport) -> Verdict<MobileSplit> {
    report.split.ok_or_else(|| Broken("a priced order says who pays what".to_owned()))
}

/// Uploads an order and has it priced.
async fn priced(stage: &dyn InsurerStage, number: &str) -> Verdict<(OrderRef, OrderReport)> {
    let (upload, order) = uploaded(stage, number).await?;
    let report = answered("an order is priced", ask(stage, place(stage, &upload, &order)).await, of!(Place))?;
    Ok((order, report))
}

fn query(order: &OrderRef) -> InsurerCall {
    InsurerCall::Query { order: Box::new(order.clone()) }
}

async fn report(stage: &dyn InsurerStage, order: &OrderRef) -> Verdict<OrderReport> {
    answered("an order is asked about", ask(stage, query(order)).await, of!(Query))
}

fn revoke(order: &OrderRef) -> InsurerCall {
    InsurerCall::Revoke { order: Box::new(order.clone()) }
}

/// Prices an order and has it settled.
async fn settled(stage: &dyn InsurerStage, number: &str) -> Verdict<(OrderRef, OrderReport)> {
    let (order, _) = priced(stage, number).await?;
    holds("it is settled", stage.confirm(&order.order_no))?;
    let report = report(stage, &order).await?;
    Ok((order, report))
}

/// Everything of an order back.
fn reversal(stage: &dyn InsurerStage, number: &str, order: &OrderRef, report: &OrderReport) -> Verdict<InsurerReversal> {
    let split = split_of(report)?;
    let amounts = Amounts { cash_fen: split.cash_fen, account_fen: split.account_fen, fund_fen: split.fund_fen, other_fen: split.other_fen.unwrap_or_default() };
    let (no, at) = (BusinessNo::new(number)?, stage.cx().now);
    Ok(InsurerReversal { no, order: order.clone(), part: SettlementPart::All, amounts, at, authorisation: Some(stage.authorise()), reversal_token: None })
}

fn give_back(reversal: &InsurerReversal) -> InsurerCall {
    InsurerCall::Reverse { reversal: Box::new(reversal.clone()) }
}
