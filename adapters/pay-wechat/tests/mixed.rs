//! Mixed orders (`/v3/med-ins/*`) against the simulated WeChat Pay over real HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use menjie::access::Private;
use menjie::ident::{BusinessNo, LineKey, VisitId};
use menjie::insurance::{Authorisation, Diagnosis, Fee, InsuredPerson, MixedOrder, National, OrderClass, OrderRef, PersonKey, Placing, Upload, UploadFacts};
use menjie::money::{Quantity, UnitPrice};
use menjie::payment::{ChannelOrder, Handover, Method, MixedLeg, NoticeWhat, RawNotice, TradeState};
use menjie::port::{CallCx, ChannelAnswer, ChannelCall, Entropy, Insurer, InsurerAnswer, InsurerCall, Outcome, PaymentChannel, RecentTransfers};
use menjie::testkit::host::SeededEntropy;
use menjie::{Money, Timestamp};
use menjie_medins::MedInsurance;
use menjie_pay_wechat::mixed::{InsuranceRefund, MixedState, SUCCESS};
use menjie_pay_wechat::{WechatConfig, WechatPay};
use menjie_sim::day::{DayPlan, generate};
use menjie_sim::{Fault, Peer, SimConfig, SimCredentials, SimServer};
use menjie_transport::testing::call_cx;
use serde_json::{Value, json};

fn now() -> Timestamp {
    Timestamp::from_millis(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap())
}

fn fen(fen: i64) -> Money {
    Money::from_fen(fen).unwrap()
}

fn config(sim: &SimServer, more: &Value) -> WechatConfig {
    let keys = SimCredentials::fixed();
    let mut mixed = json!({
        "city_id": "440500", "med_inst_name": "演示医院", "med_inst_no": "H44050000001", "geo_location": "116.70,23.36",
        "callback_url": "http://127.0.0.1:9/notify/mixed",
    });
    mixed.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(json!({
        "mchid": keys.mchid, "appid": keys.appid, "merchant_serial": keys.merchant_serial, "merchant_key_pem": keys.merchant_key_pem, "apiv3_key": keys.api_v3_key,
        "verify_keys": [{"id": keys.platform_public_key_id, "pem": keys.platform_public_key_pem}], "notify_url": "http://127.0.0.1:9/notify/wechat",
        "base_url": sim.urls().wechat, "mixed": mixed,
    }))
    .unwrap()
}

struct Live {
    sim: SimServer,
    pay: WechatPay,
    log: Arc<RecentTransfers>,
}

impl Live {
    async fn start() -> Live {
        let sim = SimServer::start(SimConfig::local(generate(3, &DayPlan { visits: 4, ..DayPlan::default() }).unwrap())).await.unwrap();
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(now().millis().unsigned_abs()));
        let pay = WechatPay::connect(&config(&sim, &json!({})), entropy).unwrap();
        Live { sim, pay, log: Arc::new(RecentTransfers::new(100)) }
    }

    fn cx(&self) -> CallCx {
        call_cx(self.log.clone(), now(), 30_000).unwrap()
    }

    async fn open(&self, order: &ChannelOrder) -> Outcome<ChannelAnswer> {
        self.pay.call(&self.cx(), &ChannelCall::Open { order: order.clone() }).await
    }
}

/// 88.50: fund 56.00, account 30.00, and this much cash.
fn order(no: &str, cash: i64) -> ChannelOrder {
    let amounts = MixedOrder {
        total_fen: fen(8_600 + cash),
        fund_fen: fen(5_600),
        account_fen: fen(3_000),
        other_fen: Money::ZERO,
        insured_cash_fen: fen(cash),
        wechat_cash_fen: fen(cash),
        additions_fen: Vec::new(),
        reductions_fen: Vec::new(),
    };
    let person = InsuredPerson {
        psn_no: Private::new("44050000000000000001"),
        name: Private::new("张三"),
        id_type: "01".to_owned(),
        id_no: Private::new("44030019000101123x"),
        insurance_type: "310".to_owned(),
        insured_place: "440500".to_owned(),
        balance_fen: None,
        active: true,
    };
    let at_centre =
        OrderRef { order_no: BusinessNo::new(&format!("OP{no}")).unwrap(), pay_order_id: format!("ORD{no}"), pay_token: Private::new("TKN"), insurer_visit_id: None, person };
    let authorisation = Some(Authorisation::Mobile { pay_auth_no: Private::new("CANARY-AUTH-0001"), until: None });
    ChannelOrder {
        out_trade_no: BusinessNo::new(&format!("P0000000{no}")).unwrap(),
        amount_fen: fen(cash),
        description: "门诊缴费".to_owned(),
        method: Method::Jsapi { payer: Private::new("oSimPayer0000000000000000001") },
        expires_at: now().plus_millis(300_000),
        mixed: Some(Box::new(MixedLeg { amounts, order: at_centre, authorisation })),
    }
}

fn sheet(outcome: Outcome<ChannelAnswer>) -> std::collections::BTreeMap<String, Private> {
    match outcome {
        Outcome::Done(ChannelAnswer::Open(Handover::Jsapi { fields })) => fields,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_legs_are_one_order_and_a_repeat_is_the_same_order() {
    let live = Live::start().await;
    assert!(live.pay.traits().mixed);
    let both = order("0001", 250);
    let first = sheet(live.open(&both).await);
    assert!(first["package"].reveal().starts_with("prepay_id=wx") && first.contains_key("paySign"));
    let again = sheet(live.open(&both).await);
    assert_eq!(again["mixTradeNo"].reveal(), first["mixTradeNo"].reveal(), "the order that exists is asked for and used");
    let Outcome::Done(trade) = live.pay.query_mixed(&live.cx(), both.out_trade_no.as_str()).await else { panic!("a trade") };
    assert_eq!((trade.state, trade.cash, trade.insurance, trade.total_fen), (MixedState::Open, MixedState::Open, MixedState::Open, fen(8_850)));
    // Insurance alone has no cash order.
    let alone = order("0002", 0);
    let sheet = sheet(live.open(&alone).await);
    assert_eq!(sheet["package"].reveal(), "prepay_id=");
    let Outcome::Done(trade) = live.pay.query_mixed(&live.cx(), alone.out_trade_no.as_str()).await else { panic!("a trade") };
    assert_eq!((trade.cash, trade.insurance), (MixedState::Absent, MixedState::Open));
    let truth = live.sim.with(|hospital, now| hospital.wechat.truth(now));
    assert_eq!((truth.trades.len(), truth.mixed.len()), (1, 2));
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wechat_is_told_of_the_insurer_s_refund_once_the_order_is_paid() {
    let live = Live::start().await;
    let alone = order("0003", 0);
    let mix_trade_no = sheet(live.open(&alone).await)["mixTradeNo"].reveal().to_owned();
    let refund = InsuranceRefund { mix_trade_no, out_refund_no: "R0001".to_owned(), fund_fen: fen(5_600), account_fen: fen(3_000), other_fen: Money::ZERO, at: now() };
    assert!(matches!(live.pay.tell_insurance_refund(&live.cx(), &refund).await, Outcome::Unknown(_)), "not paid yet");
    let unknown = live.sim.with(|hospital, now| hospital.pay(alone.out_trade_no.as_str(), now));
    assert!(unknown.is_err(), "the insurer knows no such order, so nothing is paid");
    let Outcome::Done(trade) = live.pay.query_mixed(&live.cx(), alone.out_trade_no.as_str()).await else { panic!("a trade") };
    assert_eq!(trade.state, MixedState::Open);
    let wrong = InsuranceRefund { mix_trade_no: "a b".to_owned(), ..refund };
    assert!(matches!(live.pay.tell_insurance_refund(&live.cx(), &wrong).await, Outcome::Refused(no) if no.code == "request"));
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_an_order_is_refused_before_it_is_sent() {
    let live = Live::start().await;
    let changed = |change: fn(&mut ChannelOrder)| {
        let mut changed = order("0004", 250);
        change(&mut changed);
        changed
    };
    for (what, bad) in [
        ("formula", changed(|order| order.mixed.as_mut().unwrap().amounts.total_fen = fen(1))),
        ("cash", changed(|order| order.amount_fen = fen(251))),
        ("serial", changed(|order| order.mixed.as_mut().unwrap().order.order_no = BusinessNo::new(&"X".repeat(21)).unwrap())),
        ("card", changed(|order| order.mixed.as_mut().unwrap().order.person.id_type = "99".to_owned())),
        ("voucher", changed(|order| order.mixed.as_mut().unwrap().authorisation = Some(Authorisation::Voucher { ec_token: Private::new("T") }))),
        ("native", changed(|order| order.method = Method::Native)),
    ] {
        assert!(matches!(live.open(&bad).await, Outcome::Refused(_)), "{what}");
    }
    let requests = live.sim.with(|hospital, now| hospital.wechat.truth(now).requests);
    assert!(requests.is_empty(), "nor was a cash order opened: {requests:?}");
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_for_an_order_that_is_not_proven() {
    let live = Live::start().await;
    for (at, fault) in [Fault::ForgedReply, Fault::ServerError, Fault::TimeoutAfter { ms: 5 }, Fault::TimeoutBefore { ms: 5 }].into_iter().enumerate() {
        live.sim.with(|hospital, _| hospital.faults.next(Peer::Wechat, "mixed", fault));
        let both = order(&format!("10{at:02}"), 250);
        assert!(matches!(live.open(&both).await, Outcome::Unknown(_)), "{fault:?}");
        let done = sheet(live.open(&both).await);
        assert!(done.contains_key("mixTradeNo"), "the same order afterwards, {fault:?}");
    }
    let rows = live.log.recent();
    let log: String = rows
        .iter()
        .map(|(_, b, e)| format!("{b:?}{}{}", String::from_utf8_lossy(&b.body), e.as_ref().map_or(String::new(), |e| String::from_utf8_lossy(&e.body).into_owned())))
        .collect();
    for secret in ["张三", "CANARY-AUTH", "oSimPayer", "44030019"] {
        assert!(!log.contains(secret), "{secret}");
    }
    assert!(log.contains("/v3/med-ins/orders"));
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_named_and_without_them_only_cash_is_taken() {
    let live = Live::start().await;
    for (more, field) in [
        (json!({"city_id": ""}), "mixed.city_id"),
        (json!({"geo_location": "116"}), "mixed.geo_location"),
        (json!({"callback_url": "https://a.example/x?y"}), "mixed.callback_url"),
        (json!({"med_inst_no": "x".repeat(33)}), "mixed.med_inst_no"),
    ] {
        let error = config(&live.sim, &more).check().unwrap_err();
        assert_eq!(error.context().find(|(k, _)| *k == "field").map(|(_, v)| v), Some(field));
    }
    let plain = WechatConfig { mixed: None, ..config(&live.sim, &json!({})) };
    let pay = WechatPay::connect(&plain, Arc::new(SeededEntropy::new(1))).unwrap();
    assert!(!pay.traits().mixed);
    let outcome = pay.call(&live.cx(), &ChannelCall::Open { order: order("0005", 250) }).await;
    assert!(matches!(outcome, Outcome::Refused(no) if no.code == "absent"));
    live.sim.stop().await;
}

/// Insurance and cash confirmed with one password: the insurer's order, WeChat's order over it, both paid, both told.
#[tokio::test(flavor = "multi_thread")]
async fn one_password_settles_both_legs() {
    let live = Live::start().await;
    let (urls, keys) = (live.sim.urls().clone(), SimCredentials::fixed());
    let medins = json!({
        "http": { "peer": "insurer", "base_url": urls.identity }, "org_id": keys.insurance_org_id, "operator_id": "zzj01", "operator_name": "自助机01",
        "office_id": "A32", "office_name": "收费处",
        "centre": {
            "http": { "peer": "insurer_centre", "base_url": urls.insurer }, "app_id": keys.insurance_app_id, "app_secret": keys.insurance_app_secret,
            "private_key": keys.insurance_private_key, "centre_public_key": keys.insurance_centre_public_key,
        },
        "gateway": {
            "http": { "peer": "insurer_gateway", "base_url": urls.insurer }, "path": "/ebus/gdyb_inf/poc/hsa/hgs/{infno}", "place": "440500", "institution_name": "演示医院",
            "tif": { "paas_id": keys.insurance_paas_id, "secret": keys.insurance_paas_secret },
        },
    });
    let insurer = MedInsurance::connect(serde_json::from_value(medins).unwrap(), Arc::new(SeededEntropy::new(2))).unwrap();
    let (patient_id, token) = live.sim.with(|hospital, now| {
        let patient_id = hospital.insurer.insured().keys().next().unwrap().clone();
        let token = hospital.insurer.authorise(&patient_id, now).unwrap().code;
        (patient_id, token)
    });
    let key = PersonKey::Voucher { token: Private::new(token), insured_place: "440500".to_owned() };
    let Outcome::Done(InsurerAnswer::Person(rows)) = insurer.call(&live.cx(), &InsurerCall::Person { by: Box::new(key) }).await else { panic!("a person") };
    let person = InsuredPerson::chosen(&rows).unwrap().clone();
    let authorise = || Authorisation::Mobile { pay_auth_no: Private::new(live.sim.with(|hospital, now| hospital.insurer.authorise(&patient_id, now).unwrap().code)), until: None };
    let upload = upload(person.clone(), authorise());
    let Outcome::Done(InsurerAnswer::Upload(uploaded)) = insurer.call(&live.cx(), &InsurerCall::Upload { upload: Box::new(upload.clone()) }).await else { panic!("uploaded") };
    let at_centre =
        OrderRef { order_no: upload.order_no.clone(), pay_order_id: uploaded.pay_order_id, pay_token: uploaded.pay_token, insurer_visit_id: uploaded.insurer_visit_id, person };
    let placing = Placing { order: at_centre.clone(), batch_no: upload.batch_no.clone(), authorisation: authorise(), use_account: true };
    let Outcome::Done(InsurerAnswer::Place(priced)) = insurer.call(&live.cx(), &InsurerCall::Place { placing: Box::new(placing) }).await else { panic!("priced") };
    let amounts = MixedOrder::of(&priced.split.unwrap()).unwrap();
    let out_trade_no = BusinessNo::new("P000000000042").unwrap();
    let mixed = MixedLeg { amounts: amounts.clone(), order: at_centre.clone(), authorisation: Some(authorise()) };
    let order = ChannelOrder { out_trade_no: out_trade_no.clone(), amount_fen: amounts.wechat_cash_fen, mixed: Some(Box::new(mixed)), ..order("0042", 0) };
    let mix_trade_no = sheet(live.open(&order).await)["mixTradeNo"].reveal().to_owned();
    live.sim.record();
    live.sim.with(|hospital, now| hospital.pay(out_trade_no.as_str(), now)).unwrap();
    // The centre settles by itself once it is paid.
    let mut settled = None;
    for _ in 0..400 {
        let Outcome::Done(InsurerAnswer::Query(report)) = insurer.call(&live.cx(), &InsurerCall::Query { order: Box::new(at_centre.clone()) }).await else { panic!("a report") };
        settled = Some(report).filter(|report| report.class() == OrderClass::Settled);
        if settled.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let settled = settled.expect("settled within 20 s");
    assert_eq!(settled.split, priced.split);
    let Outcome::Done(ChannelAnswer::Query(TradeState::Paid(proof))) = live.pay.call(&live.cx(), &ChannelCall::Query { out_trade_no: out_trade_no.clone() }).await else {
        panic!("paid")
    };
    assert_eq!(proof.amount_fen, amounts.wechat_cash_fen, "cash is proven by the cash order");
    let Outcome::Done(trade) = live.pay.query_mixed(&live.cx(), out_trade_no.as_str()).await else { panic!("a trade") };
    assert_eq!((trade.state, trade.pay_order_id.as_deref()), (MixedState::Success, Some(at_centre.pay_order_id.as_str())));
    live.sim.delivered(std::time::Duration::from_secs(10)).await;
    let callback = live.sim.recorded().into_iter().find(|exchange| exchange.target.ends_with("/notify/mixed")).expect("the channel has told");
    let notice = live.pay.accept(&RawNotice { headers: &callback.headers, body: &callback.body }, now()).unwrap();
    assert!(matches!(notice.what, NoticeWhat::Other { event } if event == SUCCESS), "a genuine message that proves nothing by itself");
    let refund =
        InsuranceRefund { mix_trade_no, out_refund_no: "R0042".to_owned(), fund_fen: amounts.fund_fen, account_fen: amounts.account_fen, other_fen: Money::ZERO, at: now() };
    assert!(matches!(live.pay.tell_insurance_refund(&live.cx(), &refund).await, Outcome::Done(())));
    let Outcome::Done(trade) = live.pay.query_mixed(&live.cx(), out_trade_no.as_str()).await else { panic!("a trade") };
    assert_eq!(trade.state, MixedState::Refunded);
    live.sim.stop().await;
}

/// One fee of 100.00 within the policy.
fn upload(person: InsuredPerson, authorisation: Authorisation) -> Upload {
    let national = |code: &str, name: &str| National { code: code.to_owned(), name: name.to_owned() };
    let at = now().plus_millis(-60_000);
    let fee = Fee {
        line_id: LineKey::new("1").unwrap(),
        order_no: None,
        catalogue_code: "XN0001".to_owned(),
        hospital_code: "Y1".to_owned(),
        name: "演示项目".to_owned(),
        level: None,
        restricted: false,
        approval: None,
        price: UnitPrice::parse("100").unwrap(),
        quantity: Quantity::parse("1").unwrap(),
        amount_fen: fen(10_000),
        at,
        ordering: national("A15", "门诊"),
        doctor: national("D440500000001", "李四"),
        executing: national("A32", "药剂科"),
    };
    let facts = UploadFacts {
        begun_at: at,
        med_type: "11".to_owned(),
        disease: None,
        category: "A15".to_owned(),
        dept: national("A15", "门诊"),
        doctor: national("D440500000001", "李四"),
        diagnoses: vec![Diagnosis { code: Private::new("Z00.000"), name: Private::new("体检"), main: true, at }],
        fees: vec![fee],
    };
    let number = |text: &str| BusinessNo::new(text).unwrap();
    Upload { order_no: number("OP42"), batch_no: number("B42"), visit_id: VisitId::new("MZ42").unwrap(), person, authorisation, use_account: true, total_fen: fen(10_000), facts }
}
