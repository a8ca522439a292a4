//! The trade bill: the published fixture, the traps of domain/payments.md §1.15, and files that must not be used.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::Result;
use menjie::money::Net;
use menjie::reconcile::{Direction, Row, RowStatus};
use menjie_pay_wechat::bill::{BillTotals, is_empty_day, read, rows};
use proptest::prelude::*;

const FIXTURE: &[u8] = include_bytes!("../../../tests/vectors/payments/wechat_bill_all.csv");
const MERCHANT: &str = "1921000401";

fn all(bill: &[u8]) -> Result<(BillTotals, Vec<Row>)> {
    let mut found = Vec::new();
    let totals = read(bill, MERCHANT, |row| found.push(row.to_row()))?;
    Ok((totals, found))
}

fn fixture() -> String {
    String::from_utf8(FIXTURE.to_vec()).unwrap()
}

#[test]
fn the_published_bill_reads_to_its_own_summary() {
    let (totals, rows) = all(FIXTURE).unwrap();
    assert_eq!(totals, BillTotals { rows: 45, paid: Net::of_fen(47), refunded: Net::of_fen(14), fee_e6: 80_000 });
    let (paid, back): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|r| r.direction == Direction::Pay);
    assert_eq!((paid.len(), back.len()), (31, 14));
    assert_eq!([1, 3].map(|fen| paid.iter().filter(|r| r.amount_fen.fen() == fen).count()), [23, 8]);
    assert!(rows.iter().all(|r| r.status == RowStatus::Done));
    assert!(paid.iter().all(|r| r.refund_no.is_empty()) && back.iter().all(|r| r.refund_no.starts_with("REF42") && r.trade_no.starts_with("5000")));
    assert_eq!(rows[0].at.to_string(), "2019-02-19T05:01:46.000+08:00");
    assert_eq!(rows[2].fee.unwrap().to_string(), "0.01");
}

#[test]
fn line_ends_and_a_missing_mark_do_not_matter() {
    let (want, plain) = (all(FIXTURE).unwrap(), fixture().replace('\u{feff}', "").replace("\r\n", "\n"));
    assert_eq!(all(plain.as_bytes()).unwrap(), want);
    assert_eq!(all(format!("\u{feff}{}", plain.replace('\n', "\r\n")).as_bytes()).unwrap(), want);
    assert_eq!(all(plain.trim_end().as_bytes()).unwrap(), want);
}

/// WxJava strips commas and splits at back-ticks, and misaligns.
#[test]
fn names_may_hold_commas_and_back_ticks() {
    for name in ["`a, b", "`a`b", "`a,b`,c", "`，"] {
        let bill = fixture().replacen("`autotest,", &format!("{name},"), 1);
        assert_ne!(bill, fixture());
        assert_eq!(all(bill.as_bytes()).unwrap(), all(FIXTURE).unwrap(), "{name}");
    }
}

const HEAD: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额";

fn line(cells: &[&str]) -> String {
    cells.iter().map(|cell| format!("`{cell}")).collect::<Vec<_>>().join(",")
}

fn first(state: &str) -> Vec<&str> {
    vec!["2026-01-05 10:00:00", "wx0", MERCHANT, "0", "", "42001", "P1", "o", "JSAPI", state, "OTHERS", "CNY", "9.00", "1.00"]
}

/// ALL, SUCCESS and REFUND have different columns: they are found by title.
#[test]
fn the_success_and_refund_files_are_read_by_their_titles() {
    let summary = |rows: &str, paid: &str, back: &str| {
        format!("总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\n{}\n", line(&[rows, "0.00", "0.00", "0.0", "0.06", paid, back]))
    };
    let success = [first("SUCCESS"), vec!["门诊缴费", "", "0.06000", "0.60%", "10.00", ""]].concat();
    let bill = format!("{HEAD},商品名称,商户数据包,手续费,费率,订单金额,费率备注\n{}\n{}", line(&success), summary("1.0", "10.00", "0.00"));
    let (totals, rows) = all(bill.as_bytes()).unwrap();
    assert_eq!((totals.paid.fen(), rows[0].amount_fen.fen()), (1000, 1000), "with the voucher: what the payer was charged");

    let titles = "退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
    let refund = |state: &'static str, done_at: &'static str| {
        let more = vec!["2026-01-05 11:00:00", done_at, "50001", "R1", "4.50", "0.00", "ORIGINAL", state, "门诊缴费", "", "-0.03000", "0.60%", "0.00", "5.00", ""];
        let fee = summary("1.0", "0.00", "5.00").replace("`0.06", "`-0.03");
        format!("{HEAD},{titles}\n{}\n{fee}", line(&[first("REFUND"), more].concat()))
    };
    let (totals, rows) = all(refund("SUCCESS", "2026-01-06 00:00:01").as_bytes()).unwrap();
    assert_eq!((totals.refunded.fen(), totals.fee_e6), (500, -30_000), "the fee comes back");
    assert_eq!((rows[0].direction, rows[0].order_no.as_str(), rows[0].refund_no.as_str(), rows[0].trade_no.as_str()), (Direction::Refund, "P1", "R1", "50001"));
    assert_eq!(rows[0].at.to_string(), "2026-01-06T00:00:01.000+08:00");
    for (state, status) in [("PROCESSING", RowStatus::Pending), ("FAIL", RowStatus::Failed), ("CHANGE", RowStatus::Failed), ("新状态", RowStatus::Pending)] {
        assert_eq!(all(refund(state, "").as_bytes()).unwrap().1[0].status, status);
    }
}

/// 24 columns and a summary of 5: older files.
#[test]
fn an_older_file_is_read_too() {
    let titles = "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,企业红包金额,微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率";
    let row = [first("SUCCESS"), vec!["0", "0", "0.00", "0.00", "", "", "门诊缴费", "", "0.05000", "0.60%"]].concat();
    let bill = format!("{titles}\n{}\n总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额\n{}\n", line(&row), line(&["1.0", "9.00", "0.00", "0.00", "0.05"]));
    assert_eq!(all(bill.as_bytes()).unwrap().0, BillTotals { rows: 1, paid: Net::of_fen(900), refunded: Net::ZERO, fee_e6: 50_000 });
}

#[test]
fn a_bill_that_must_not_be_used_is_an_error() {
    let text = fixture();
    let lines: Vec<&str> = text.lines().collect();
    let error = |bill: String| all(bill.as_bytes()).unwrap_err().to_string();
    let without = |at: usize| lines.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, l)| *l).collect::<Vec<_>>().join("\n");
    assert!(error(without(3)).contains("does not add up"), "a row is missing");
    assert!(error(lines[..20].join("\n")).contains("ends before its summary"), "torn");
    assert!(error(lines[..46].join("\n")).contains("ends before its summary"));
    assert!(error(without(46)).contains("number of cells"), "no titles of the summary: its values look like a row");
    assert!(error([&lines[..], &[lines[1]]].concat().join("\n")).contains("goes on"));
    assert!(error([&lines[..2], &[lines[1]], &lines[2..]].concat().join("\n")).contains("does not add up"), "a row stands twice");
    assert!(error(text.replacen("`0.01,`0.00,`ORIGINAL", "`0.011,`0.00,`ORIGINAL", 1).replacen("`0.00,`0.01,`\r", "`0.00,`0.011,`\r", 1)).contains("申请退款金额"));
    assert!(error(text.replacen("`CNY", "`USD", 1)).contains("CNY"));
    assert!(error(text.replacen("`0.00000,`39", "`-,`39", 1)).contains("手续费"));
    assert!(error(text.replacen("2019-02-19 05:01:46", "2019-02-30 05:01:46", 1)).contains("交易时间"));
    assert!(error(text.replacen("手续费", "费用", 1)).contains("手续费"));
    assert!(error(text.replacen(",`autotest,`,", ",`autotest,", 1)).contains("number of cells"));
    assert!(error(String::new()).contains("no titles"));
    assert!(read(FIXTURE, "1900000001", |_| {}).unwrap_err().to_string().contains("merchant"));
    assert!(rows(&[0xff, 0xfe], MERCHANT).unwrap_err().to_string().contains("UTF-8"));
    // Nothing of a cell is repeated in an error.
    assert!(!error(text.replacen("`CNY", "`secret", 1)).contains("secret"));
}

#[test]
fn a_day_without_trades_is_known_by_its_code() {
    assert!(is_empty_day("NO_STATEMENT_EXIST") && is_empty_day("No Bill Exist"));
    assert!(!is_empty_day("INVALID_REQUEST") && !is_empty_day("RATELIMIT_EXCEED"), "not ready is not empty");
}

proptest! {
    /// Whatever is cut out of a bill, it is refused or reads as a whole one: never fewer rows than its summary says.
    #[test]
    fn a_damaged_bill_is_never_a_smaller_one(start in 0..14_000usize, length in 1..3000usize) {
        let mut bytes = FIXTURE.to_vec();
        let start = start.min(bytes.len());
        bytes.drain(start..(start + length).min(bytes.len()));
        if let Ok((totals, rows)) = all(&bytes) {
            prop_assert_eq!((totals.rows, rows.len()), (45, 45));
            prop_assert_eq!(rows.iter().map(|r| r.amount_fen.fen()).sum::<i64>(), 61);
        }
    }
}
