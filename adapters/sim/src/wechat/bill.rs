//! The trade bill (交易账单): a file of a day, made at 10:00 of the next, fetched with a token (domain/payments.md §1.15).

use menjie::Timestamp;
use menjie::calendar::BizDate;
use serde_json::json;
use sha1::{Digest, Sha1};

use super::Wechat;
use super::answer::Refusal;
use super::order::Order;
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

/// What a file adds up to.
#[derive(Default)]
struct Sums {
    rows: u32,
    paid_fen: i64,
    refunded_fen: i64,
    /// Six per mille: a fen has this many hundred-thousandths of a yuan.
    fee_e5: i64,
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

    /// The file of a day; none when nothing moved.
    fn bill_of(&self, date: BizDate) -> Option<String> {
        let mut sums = Sums::default();
        let mut rows: Vec<(Timestamp, String)> = Vec::new();
        for (no, order) in &self.orders {
            let Some(capture) = order.capture.as_ref() else { continue };
            if capture.at.biz_date() == date {
                sums.paid_fen += order.asked.total_fen;
                rows.push((capture.at, self.row(no, order, capture.at, None, &mut sums)));
            }
            for (refund_no, refund) in &order.refunds {
                let RefundStatus::Success(at) = refund.status else { continue };
                if at.biz_date() == date {
                    sums.refunded_fen += refund.amount_fen;
                    rows.push((at, self.row(no, order, at, Some((&refund.refund_id, refund_no, refund.amount_fen)), &mut sums)));
                }
            }
        }
        if rows.is_empty() {
            return None;
        }
        rows.sort();
        let total = [sums.rows.to_string() + ".0", yuan(sums.paid_fen), yuan(sums.refunded_fen), yuan(0), yuan(sums.fee_e5 / 1000), yuan(sums.paid_fen), yuan(sums.refunded_fen)];
        let lines = [TITLES.to_owned()].into_iter().chain(rows.into_iter().map(|(_, row)| row)).chain([SUMMARY.to_owned(), cells(&total)]);
        Some(format!("\u{feff}{}", lines.map(|line| line + "\r\n").collect::<String>()))
    }

    /// A payment, or a refund: WeChat's number, the merchant's, how much.
    fn row(&self, no: &str, order: &Order, at: Timestamp, refund: Option<(&str, &str, i64)>, sums: &mut Sums) -> String {
        let (refund_id, refund_no, back_fen) = refund.unwrap_or(("0", "0", 0));
        let (paid_fen, sign) = if refund.is_some() { (0, -1) } else { (order.asked.total_fen, 1) };
        let fee_e5 = (paid_fen + back_fen) * 6 * sign;
        sums.rows += 1;
        sums.fee_e5 += fee_e5;
        let capture = order.capture.as_ref();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let (kind, state) = if refund.is_some() { ("ORIGINAL", "SUCCESS") } else { ("", "") };
        cells(&[
            moment(at),
            self.credentials.appid.clone(),
            self.credentials.mchid.clone(),
            "0".to_owned(),
            String::new(),
            text(capture.map(|c| c.transaction_id.as_str())),
            no.to_owned(),
            text(capture.map(|c| c.openid.as_str())),
            order.asked.way.trade_type().to_owned(),
            if refund.is_some() { "REFUND" } else { "SUCCESS" }.to_owned(),
            "OTHERS".to_owned(),
            "CNY".to_owned(),
            yuan(paid_fen),
            yuan(0),
            refund_id.to_owned(),
            refund_no.to_owned(),
            yuan(back_fen),
            yuan(0),
            kind.to_owned(),
            state.to_owned(),
            order.asked.description.clone(),
            text(order.asked.attach.as_deref()),
            format!("{}{}.{:05}", if fee_e5 < 0 { "-" } else { "" }, fee_e5.abs() / 100_000, fee_e5.abs() % 100_000),
            "0.60%".to_owned(),
            yuan(paid_fen),
            yuan(back_fen),
            String::new(),
        ])
    }
}

/// Every cell begins with a back-tick.
fn cells(cells: &[String]) -> String {
    cells.iter().map(|cell| format!("`{cell}")).collect::<Vec<_>>().join(",")
}

fn yuan(fen: i64) -> String {
    format!("{}{}.{:02}", if fen < 0 { "-" } else { "" }, fen.abs() / 100, fen.abs() % 100)
}

/// `2019-02-19 05:01:46`.
fn moment(at: Timestamp) -> String {
    at.to_string().chars().take(19).collect::<String>().replace('T', " ")
}
