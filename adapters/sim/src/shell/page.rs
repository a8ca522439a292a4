//! The simulated WeChat (模拟微信): open orders, and the payer's big button.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::html::{self, escape};
use super::{Shared, now};
use crate::wechat::{CannotPay, Payable};

type Inside = State<Arc<Shared>>;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new().route("/wechat", get(list)).route("/wechat/pay", get(order).post(confirm)).with_state(Arc::clone(shared))
}

/// The code inside `weixin://wxpay/bizpayurl?pr=…`, or the text itself.
pub(super) fn code_of(text: &str) -> &str {
    let text = text.trim();
    text.rsplit_once("pr=").map_or(text, |(_, code)| code)
}

#[derive(Deserialize)]
struct Scanned {
    code: String,
}

async fn list(State(shared): Inside) -> Response {
    let open = shared.hospital().wechat.payable(now());
    let mut body = String::from(
        "<form class=scan action=/wechat/pay method=get><label for=code>扫一扫：粘贴二维码内容</label>\
         <input id=code name=code required placeholder='weixin://wxpay/bizpayurl?pr=…' autocomplete=off><button>识别</button></form><h2>待支付订单</h2>",
    );
    if open.is_empty() {
        body.push_str("<p class=empty>暂无待支付订单</p>");
    }
    body.push_str("<ul>");
    for order in &open {
        let _infallible =
            write!(body, "<li><a href='/wechat/pay?code={}'><span>{}</span><b>¥{}</b></a></li>", escape(&order.code), escape(&order.description), yuan(order.total_fen));
    }
    body.push_str("</ul>");
    page(StatusCode::OK, &body)
}

async fn order(State(shared): Inside, Query(scanned): Query<Scanned>) -> Response {
    let code = code_of(&scanned.code);
    let payable = shared.hospital().wechat.payable(now()).into_iter().find(|order| order.code == code);
    match payable {
        Some(order) => page(StatusCode::OK, &sheet(&order)),
        None => result(StatusCode::NOT_FOUND, "二维码无效、订单已支付或已关闭"),
    }
}

fn sheet(order: &Payable) -> String {
    format!(
        "<section class=sheet><p>{}</p><p class=amount>¥{}</p><form action=/wechat/pay method=post>\
         <input type=hidden name=code value='{}'><button class=pay>确认支付</button></form><p class=small>商户单号 {}</p></section>",
        escape(&order.description),
        yuan(order.total_fen),
        escape(&order.code),
        escape(&order.out_trade_no)
    )
}

async fn confirm(State(shared): Inside, Form(scanned): Form<Scanned>) -> Response {
    let paid = {
        let mut hospital = shared.hospital();
        let out_trade_no = hospital.wechat.by_code(code_of(&scanned.code)).map(str::to_owned);
        out_trade_no.ok_or(CannotPay::Unknown).and_then(|no| hospital.pay(&no, now()))
    };
    shared.bell.notify_one();
    match paid {
        Ok(()) => result(StatusCode::OK, "支付成功"),
        Err(CannotPay::Paid) => result(StatusCode::CONFLICT, "该订单已支付"),
        Err(CannotPay::Closed) => result(StatusCode::CONFLICT, "订单已关闭或已过期"),
        Err(CannotPay::Unknown) => result(StatusCode::NOT_FOUND, "二维码无效"),
    }
}

fn result(status: StatusCode, text: &str) -> Response {
    page(status, &format!("<section class=sheet><p class=result>{}</p><a class=back href=/wechat>返回</a></section>", escape(text)))
}

fn page(status: StatusCode, body: &str) -> Response {
    html::page(status, "模拟微信支付", "仅供演示与测试，不产生真实扣款", body)
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_the_qr_text_or_stands_alone() {
        assert_eq!(code_of(" weixin://wxpay/bizpayurl?pr=AbC123 "), "AbC123");
        assert_eq!(code_of("AbC123"), "AbC123");
    }
}
