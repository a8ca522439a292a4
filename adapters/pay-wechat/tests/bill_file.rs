//! The bill is asked for, downloaded, compared with its hash, and read only then.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use common::*;
use menjie::calendar::BizDate;
use menjie::port::{ChannelAnswer, ChannelCall, Outcome};
use menjie_transport::{Exchange, HttpResponse};
use serde_json::{Value, json};

const FIXTURE: &str = include_str!("../../../tests/vectors/payments/wechat_bill_all.csv");
const FILE: &str = "https://api.mch.weixin.qq.com/v3/billdownload/file?token=T0K3N";

fn bill() -> ChannelCall {
    ChannelCall::Bill { date: BizDate::parse("2019-02-19").unwrap() }
}

/// The published bill, of this merchant.
fn text() -> String {
    FIXTURE.replace("1921000401", MCHID)
}

fn told(url: &str) -> Value {
    let sha1 = menjie::gm::hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, text().as_bytes()).as_ref());
    json!({"hash_type": "SHA1", "hash_value": sha1.to_uppercase(), "download_url": url})
}

fn file(desk: &Desk, text: &str) {
    desk.http.put(Exchange::Answered(HttpResponse { status: 200, headers: Vec::new(), body: text.as_bytes().to_vec() }));
}

fn unknown(outcome: Outcome<ChannelAnswer>) -> String {
    match outcome {
        Outcome::Unknown(fault) => fault.code,
        other => panic!("not unknown: {other:?}"),
    }
}

#[tokio::test]
async fn a_bill_is_fetched_in_two_steps_and_the_log_keeps_no_payer() {
    let desk = Desk::new(&config());
    desk.answers(200, told(FILE));
    file(&desk, &text());
    let Outcome::Done(ChannelAnswer::Bill(rows)) = desk.call(&bill()).await else { panic!() };
    assert_eq!((rows.len(), rows[0].order_no.as_str()), (45, text().lines().nth(1).unwrap().split(",`").nth(6).unwrap()));
    let requests = desk.http.requests();
    assert_eq!(requests[0].url, "https://api.mch.weixin.qq.com/v3/bill/tradebill?bill_date=2019-02-19&bill_type=ALL");
    assert_eq!((requests[1].url.as_str(), header(&requests[1], "Accept")), (FILE, Some("*/*")));
    assert!(header(&requests[1], "Authorization").unwrap().starts_with("WECHATPAY2-SHA256-RSA2048 "));
    let log = format!("{:?}", desk.log.recent().into_iter().map(|(_, b, e)| (b.interface, String::from_utf8(e.unwrap().body).unwrap())).collect::<Vec<_>>());
    let payer = text().lines().nth(1).unwrap().split(",`").nth(7).unwrap().to_owned();
    assert!(!log.contains(&payer) && !log.contains("T0K3N") && log.contains("GET /v3/billdownload/file"), "{log}");
}

#[tokio::test]
async fn what_cannot_be_proven_is_no_bill() {
    let desk = Desk::new(&config());
    desk.answers(200, told(FILE));
    file(&desk, &text().replacen("0.01", "0.02", 1));
    assert_eq!(unknown(desk.call(&bill()).await), "hash");
    desk.answers(200, told("https://other.example/v3/billdownload/file?token=1"));
    assert_eq!(unknown(desk.call(&bill()).await), "download_url");
    desk.answers(200, json!({"hash_type": "MD5", "hash_value": "0", "download_url": FILE}));
    assert_eq!(unknown(desk.call(&bill()).await), "shape");
    desk.answers(200, told(FILE));
    desk.http.put(Exchange::Answered(HttpResponse { status: 404, headers: Vec::new(), body: Vec::new() }));
    assert_eq!(unknown(desk.call(&bill()).await), "http_404");
}

#[tokio::test]
async fn a_day_without_trades_is_an_empty_bill_and_one_that_is_not_made_yet_is_no_answer() {
    let desk = Desk::new(&config());
    desk.answers(400, json!({"code": "NO_STATEMENT_EXIST", "message": "账单文件不存在"}));
    assert_eq!(desk.call(&bill()).await, Outcome::Done(ChannelAnswer::Bill(Vec::new())));
    desk.answers(400, json!({"code": "INVALID_REQUEST", "message": "账单正在生成"}));
    assert_eq!(unknown(desk.call(&bill()).await), "invalid_request");
    desk.answers(429, json!({"code": "RATELIMIT_EXCEED", "message": "频率超限"}));
    assert_eq!(unknown(desk.call(&bill()).await), "http_429");
}
