//! The trade bill (交易账单): a file of a day, made at 10:00 of the next, fetched with a token (domain/payments.md §1.15).

use menjie::Timestamp;
use menjie::calendar::BizDate;
use serde::Deserialize;
use serde_json::json;
use sha1::{Digest, Sha1};

use super::Wechat;
use super::answer::Refusal;
use super::refund::RefundStatus;
use crate::rng::ALPHANUMERIC;
use crate::wire::{Request, Response};

/// So long a file can be fetched.
const LIFE_MS: i64 = 5 * 60_000;

const TITLES: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,\
    微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
const SUMMARY: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";

/// A file that waits to be fetched.
#[derive(Clone, Debug)]
pub(super) struct Bill {
    until: Timestamp,
    text: Vec<u8>,
}

/// A line of a bill that belongs to no order made here, or repeats one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Astray {
    /// The merchant's order number.
    pub out_trade_no: String,
    /// The merchant's refund number, of a refund.
    #[serde(default)]
    pub out_refund_no: Option<String>,
    /// The amount.
    pub amount_fen: i64,
    /// When.
    pub at: Timestamp,
}

impl Wechat {
    pub(super) fn bill(&mut self, request: &Request, now: Timestamp) -> Result<Response, Refusal> {
        let date = request.parameter("bill_date").and_then(|date| BizDate::parse(date).ok()).ok_or_else(|| Refusal::parameter("/query/bill_date", "须为yyyy-MM-dd"))?;
        if request.parameter("bill_type").is_some_and(|kind| kind != "ALL") || request.parameter("tar_type").is_some() {
            return Err(Refusal::parameter("/query/bill_type", "仅支持未压缩的ALL"));
        }
        if now < date.next().start().plus_millis(i64::from(self.options.bill_after_s) * 1000) {
            return Err(Refusal::new(400, "INVALID_REQUEST", 268_435_463, "账单正在生成，请稍后再试"));
        }
        let text = self.bill_of(date).ok_or_else(|| Refusal::new(400, "NO_STATEMENT_EXIST", 268_435_462, "账单文件不存在"))?.into_bytes();
        let token = self.rng.text(ALPHANUMERIC, 40);
        let sha1: String = Sha1::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        // It is fetched where it was asked for.
        let at = request.header("host").map_or_else(|| "https://api.mch.weixin.qq.com".to_owned(), |host| format!("http://{host}"));
        let answer = json!({"hash_type": "SHA1", "hash_value": sha1, "download_url": format!("{at}/v3/billdownload/file?token={token}")});
        self.bills.insert(token, Bill { until: now.plus_millis(LIFE_MS), text });
        Ok(Response::json(200, &answer))
    }

    pub(super) fn bill_file(&self, request: &Request, now: Timestamp) -> Result<Response, Refusal> {
        let bill = request.parameter("token").and_then(|token| self.bills.get(token)).filter(|bill| now < bill.until);
        let bill = bill.ok_or_else(|| Refusal::new(404, "RESOURCE_NOT_EXISTS", 268_512_771, "下载地址已失效"))?;
        Ok(Response { status: 200, headers: vec![("content-type".to_owned(), "text/plain".to_owned())], body: bill.text.clone() })
    }

    /// From now on the bill of its day has this line, too.
    pub fn write_into_bill(&mut self, line: Astray) {
        self.astray.push(line);
    }

    /// The file of a day; none when nothing moved.
    fn bill_of(&self, date: BizDate) -> Option<String> {
        let mut lines: Vec<Line<'_>> = Vec::new();
        for (no, order) in &self.orders {
            let Some(capture) = order.capture.as_ref() else { continue };
            let paid = Line {
                at: capture.at,
                transaction_id: &capture.transaction_id,
                out_trade_no: no,
                openid: &capture.openid,
                trade_type: order.asked.way.trade_type(),
                description: &order.asked.description,
                attach: order.asked.attach.as_deref().unwrap_or_default(),
                amount_fen: order.asked.total_fen,
                refund: None,
            };
            lines.extend(order.refunds.iter().filter_map(|(refund_no, refund)| match refund.status {
                RefundStatus::Success(at) => Some(Line { at, amount_fen: refund.amount_fen, refund: Some((&refund.refund_id, refund_no)), ..paid }),
                RefundStatus::Processing | RefundStatus::Abnormal => None,
            }));
            lines.push(paid);
        }
        lines.extend(self.astray.iter().map(|line| Line {
            at: line.at,
            transaction_id: "4200000000000000000000000000",
            out_trade_no: &line.out_trade_no,
            openid: "oSimAstray",
            trade_type: "NATIVE",
            description: "astray",
            attach: "",
            amount_fen: line.amount_fen,
            refund: line.out_refund_no.as_deref().map(|refund_no| ("50300000000000000000000000000", refund_no)),
        }));
        lines.retain(|line| line.at.biz_date() == date);
        if lines.is_empty() {
            return None;
        }
        lines.sort_by_key(|line| (line.at, line.out_trade_no));
        let sum = |refunds: bool| lines.iter().filter(|line| line.refund.is_some() == refunds).map(|line| line.amount_fen).sum::<i64>();
        let (paid, refunded, fee_e5) = (yuan(sum(false)), yuan(sum(true)), lines.iter().map(Line::fee_e5).sum::<i64>());
        let total = [format!("{}.0", lines.len()), paid.clone(), refunded.clone(), yuan(0), yuan(fee_e5 / 1000), paid, refunded];
        let rows = lines.iter().map(|line| line.cells(&self.credentials.appid, &self.credentials.mchid));
        let lines = [TITLES.to_owned()].into_iter().chain(rows).chain([SUMMARY.to_owned(), cells(&total)]);
        Some(format!("\u{feff}{}", lines.map(|line| line + "\r\n").collect::<String>()))
    }
}

/// A line of the bill.
#[derive(Clone, Copy)]
struct Line<'a> {
    at: Timestamp,
    transaction_id: &'a str,
    out_trade_no: &'a str,
    openid: &'a str,
    trade_type: &'a str,
    description: &'a str,
    attach: &'a str,
    amount_fen: i64,
    /// WeChat's number and the merchant's.
    refund: Option<(&'a str, &'a str)>,
}

impl Line<'_> {
    /// Six per mille: a fen has that many hundred-thousandths of a yuan.
    const fn fee_e5(&self) -> i64 {
        if self.refund.is_some() { -6 * self.amount_fen } else { 6 * self.amount_fen }
    }

    fn cells(&self, appid: &str, mchid: &str) -> String {
        let fee = self.fee_e5();
        let (refund_id, refund_no) = self.refund.unwrap_or(("0", "0"));
        let (paid, back) = if self.refund.is_some() { (0, self.amount_fen) } else { (self.amount_fen, 0) };
        let [kind, state, trade_state] = if self.refund.is_some() { ["ORIGINAL", "SUCCESS", "REFUND"] } else { ["", "", "SUCCESS"] };
        let fee = format!("{}{}.{:05}", if fee < 0 { "-" } else { "" }, fee.abs() / 100_000, fee.abs() % 100_000);
        let (at, paid, back, nothing) = (moment(self.at), yuan(paid), yuan(back), yuan(0));
        cells(&[
            &at,
            appid,
            mchid,
            "0",
            "",
            self.transaction_id,
            self.out_trade_no,
            self.openid,
            self.trade_type,
            trade_state,
            "OTHERS",
            "CNY",
            &paid,
            &nothing,
            refund_id,
            refund_no,
            &back,
            &nothing,
            kind,
            state,
            self.description,
            self.attach,
            &fee,
            "0.60%",
            &paid,
            &back,
            "",
        ])
    }
}

/// Every cell begins with a back-tick.
fn cells<T: std::fmt::Display>(cells: &[T]) -> String {
    cells.iter().map(|cell| format!("`{cell}")).collect::<Vec<_>>().join(",")
}

fn yuan(fen: i64) -> String {
    format!("{}{}.{:02}", if fen < 0 { "-" } else { "" }, fen.abs() / 100, fen.abs() % 100)
}

/// `2019-02-19 05:01:46`.
fn moment(at: Timestamp) -> String {
    at.to_string().chars().take(19).collect::<String>().replace('T', " ")
}
