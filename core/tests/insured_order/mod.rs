//! An insured payment of 300 fen for walks: 80 fen cash, 70 account, 150 fund; and everything it can be told.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::Timestamp;
use menjie::access::Private;
use menjie::ident::{BusinessNo, ChannelCode, LineKey, PatientId, PaymentId, RefundId, SettlementId, VisitId};
use menjie::insurance::{Authorisation, Diagnosis, Fee, MobileSplit, National, OrderReport, Upload, UploadFacts};
use menjie::money::{Quantity, UnitPrice};
use menjie::payment::{Amounts, Handover, Method, Proof, TradeState};
use menjie::policy::Terms;
use menjie::port::Uploaded;
use menjie::testkit::world::insured_person;
use menjie::workflow::payment::{Decision, Event, InsuredOrder, New, Via};

use crate::walk::{fault, fen, no, now};

pub fn split(cash: i64, account: i64, fund: i64) -> MobileSplit {
    MobileSplit { total_fen: fen(cash + account + fund), cash_fen: fen(cash), account_fen: fen(account), fund_fen: fen(fund), ..MobileSplit::default() }
}

fn national(code: &str) -> National {
    National { code: code.to_owned(), name: "名".to_owned() }
}

pub fn upload(total: i64, at: Timestamp) -> Upload {
    let fee = Fee {
        line_id: LineKey::new("L1").unwrap(),
        order_no: None,
        catalogue_code: "X001".to_owned(),
        hospital_code: "Y001".to_owned(),
        name: "检查".to_owned(),
        level: None,
        restricted: false,
        approval: None,
        price: UnitPrice::parse(&fen(total).to_yuan()).unwrap(),
        quantity: Quantity::parse("1").unwrap(),
        amount_fen: fen(total),
        at,
        ordering: national("A15"),
        doctor: national("D440500000001"),
        executing: national("A30"),
    };
    Upload {
        order_no: BusinessNo::new("I0000000000000000001").unwrap(),
        batch_no: SettlementId::new(11).unwrap().business_no(),
        visit_id: VisitId::new("V1").unwrap(),
        person: insured_person(),
        authorisation: Authorisation::Mobile { pay_auth_no: Private::new("AUTH-1"), until: None },
        use_account: true,
        total_fen: fen(total),
        facts: UploadFacts {
            begun_at: at,
            med_type: "11".to_owned(),
            disease: None,
            category: "A15".to_owned(),
            dept: national("A15"),
            doctor: national("D440500000001"),
            diagnoses: vec![Diagnosis { code: Private::new("F20.900"), name: Private::new("诊断"), main: true, at }],
            fees: vec![fee],
        },
    }
}

pub fn payment() -> New {
    New {
        id: PaymentId::new(1).unwrap(),
        terms: Terms::default().hash().unwrap(),
        patient: PatientId::new("P1").unwrap(),
        channel: ChannelCode::new("wechat").unwrap(),
        method: Method::Native,
        shares: [(SettlementId::new(11).unwrap(), fen(300))].into(),
        insured: Some(Box::new(InsuredOrder { upload: upload(300, now()), until: now().plus_millis(300_000), cash_owner: menjie::port::CashOwner::Hospital })),
    }
}

fn report(order: &str, code: &str, split: Option<MobileSplit>) -> Box<OrderReport> {
    let settled = code == "6";
    Box::new(OrderReport {
        pay_order_id: order.to_owned(),
        code: code.to_owned(),
        split,
        settled_at: settled.then(now),
        insurer_no: settled.then(|| "H1".to_owned()),
        reversal_token: settled.then(|| Private::new("REVS")),
    })
}

/// What only an insured payment is told.
pub fn answers() -> Vec<Event> {
    let mut events = vec![
        Event::Uploaded { uploaded: Some(Box::new(Uploaded { pay_order_id: "PO1".to_owned(), pay_token: Private::new("TOKEN"), insurer_visit_id: None })) },
        Event::UploadRefused { no: no() },
        Event::UploadUnknown { fault: fault(), sent: 1 },
        Event::UploadUnknown { fault: fault(), sent: 2 },
        Event::PlaceRefused { no: no() },
        Event::PlaceUnknown { fault: fault() },
        Event::RevokeDone,
        Event::RevokeOpen { fault: fault() },
    ];
    for via in [Via::Callback, Via::Query] {
        for report in [
            report("PO1", "1", Some(split(80, 70, 150))),
            report("PO1", "1", Some(split(0, 150, 150))),
            report("PO1", "1", Some(split(81, 70, 150))),
            report("PO1", "1", Some(MobileSplit { total_fen: fen(300), ..split(1, 2, 3) })),
            report("PO1", "0", None),
            report("PO1", "2", None),
            report("PO1", "99", None),
            report("PO1", "6", Some(split(80, 70, 150))),
            report("PO1", "6", Some(split(0, 150, 150))),
            report("PO1", "6", None),
            report("PO1", "7", None),
            report("PO1", "12", None),
            report("PO1", "15", None),
            report("PO1", "16", None),
            report("PO2", "6", Some(split(80, 70, 150))),
        ] {
            events.push(Event::Ordered { via, report });
        }
    }
    events
}

fn proof(trade_no: &str, amount: i64) -> Proof {
    Proof { trade_no: trade_no.to_owned(), amount_fen: fen(amount), paid_at: now() }
}

/// Everything.
pub fn events() -> Vec<Event> {
    let settlement = SettlementId::new(11).unwrap();
    let mut events = answers();
    events.extend([
        Event::Cancel,
        Event::Accept,
        Event::Resolve { decision: Decision::AskAgain, evidence: "e".into() },
        Event::Resolve { decision: Decision::NoMoney, evidence: "e".into() },
        Event::Resolve { decision: Decision::Money { proof: proof("42A", 80) }, evidence: "e".into() },
        Event::Opened { handover: Some(Handover::Qr { code_url: Private::new("x") }) },
        Event::OpenRefused { no: no() },
        Event::OpenUnknown { fault: fault() },
        Event::CloseDone,
        Event::CloseOpen { fault: fault() },
        Event::Expire,
        Event::Overdue,
        Event::Recheck,
        Event::BillReady { settlement },
        Event::BillGone { settlement, why: "gone".into() },
    ]);
    for via in [Via::Callback, Via::Query] {
        for state in [
            TradeState::Paid(proof("42A", 80)),
            TradeState::Paid(proof("42B", 80)),
            TradeState::Paid(proof("42A", 1)),
            TradeState::NotPaid,
            TradeState::Paying,
            TradeState::Closed,
            TradeState::NotFound,
        ] {
            events.push(Event::Trade { via, state });
        }
    }
    let refund = RefundId::new(1_000).unwrap();
    for amounts in [
        Amounts::cash(fen(80)),
        Amounts { cash_fen: fen(80), account_fen: fen(70), fund_fen: fen(150), other_fen: fen(0) },
        Amounts { account_fen: fen(70), fund_fen: fen(150), ..Amounts::NOTHING },
    ] {
        events.push(Event::Reserve { refund, amounts });
        events.push(Event::Returned { refund, amounts });
    }
    events.push(Event::Release { refund });
    events
}
