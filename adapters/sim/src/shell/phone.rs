//! A patient's phone (模拟手机): reads messages, shows a health code or an e-voucher to be scanned.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use menjie::access::Private;
use serde::Deserialize;

use super::html::{self, escape};
use super::identity::LIFE_S;
use super::{Shared, now};
use crate::day::DayPatient;
use crate::identity::Minted;

type Inside = State<Arc<Shared>>;

/// So many people and messages are listed.
const LISTED: usize = 20;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new().route("/phone", get(phone)).route("/phone/health-code", post(health_code)).route("/phone/e-voucher", post(e_voucher)).with_state(Arc::clone(shared))
}

#[derive(Deserialize)]
struct Who {
    #[serde(default)]
    who: String,
}

#[derive(Deserialize)]
struct Holder {
    patient_id: String,
}

/// By patient number, card, phone, document or visit number.
fn find<'a>(shared: &'a Shared, who: &str) -> Option<&'a DayPatient> {
    let visit = shared.day.visits.iter().find(|v| v.visit.visit_id.as_str() == who).map(|v| &v.visit.patient_id);
    let is = |value: &Option<Private>| value.as_ref().is_some_and(|v| v.reveal() == who);
    shared.day.patients.iter().find(|p| p.patient_id.as_str() == who || p.card_no.reveal() == who || is(&p.phone) || is(&p.id_no) || visit == Some(&p.patient_id))
}

async fn phone(State(shared): Inside, Query(Who { who }): Query<Who>) -> Response {
    let who = who.trim();
    let mut body = String::from(
        "<form class=scan action=/phone method=get><label for=who>谁的手机：就诊号、就诊卡号、手机号或身份证号</label>\
         <input id=who name=who autocomplete=off><button>打开</button></form>",
    );
    match find(&shared, who) {
        Some(person) => {
            let text = |value: &Option<Private>| value.as_ref().map_or_else(|| "（无）".to_owned(), |v| escape(v.reveal()));
            let (name, id) = (escape(person.name.reveal()), escape(person.patient_id.as_str()));
            let _infallible = write!(body, "<section class=sheet><p class=result>{name}</p><p class=small>手机 {} 证件 {}</p>", text(&person.phone), text(&person.id_no));
            for (action, label) in [("/phone/health-code", "出示电子健康码"), ("/phone/e-voucher", "出示医保电子凭证")] {
                let _infallible = write!(body, "<form action={action} method=post><input type=hidden name=patient_id value='{id}'><p><button>{label}</button></p></form>");
            }
            body.push_str("</section>");
        }
        None if who.is_empty() => {
            body.push_str("<h2>今日就诊</h2><ul>");
            for person in shared.day.patients.iter().take(LISTED) {
                let (id, phone) = (escape(person.patient_id.as_str()), person.phone.as_ref().map_or_else(String::new, |p| escape(p.reveal())));
                let _infallible = write!(body, "<li><a href='/phone?who={id}'><span>{}</span><span>{phone}</span></a></li>", escape(person.name.reveal()));
            }
            body.push_str("</ul>");
        }
        None => body.push_str("<p class=empty>查无此人</p>"),
    }
    let wanted = find(&shared, who).map(|person| person.phone.as_ref().map_or_else(String::new, |p| p.reveal().to_owned()));
    body.push_str("<h2>短信</h2><ul>");
    let hospital = shared.hospital();
    let messages = hospital.sms.inbox().iter().rev().filter(|message| wanted.as_ref().is_none_or(|phone| *phone == message.phone));
    for message in messages.take(LISTED) {
        let _infallible = write!(body, "<li><p class=sheet>{}<br><span class=small>{} · {}</span></p></li>", escape(&message.text), escape(&message.phone), message.at);
    }
    body.push_str("</ul>");
    page(StatusCode::OK, &body)
}

async fn health_code(State(shared): Inside, Form(holder): Form<Holder>) -> Response {
    shown("电子健康码", shared.hospital().health_code.mint(&holder.patient_id, LIFE_S, now()))
}

async fn e_voucher(State(shared): Inside, Form(holder): Form<Holder>) -> Response {
    shown("医保电子凭证", shared.hospital().decoder.mint(&holder.patient_id, LIFE_S, now()))
}

fn shown(what: &str, minted: Option<Minted>) -> Response {
    match minted {
        Some(minted) => {
            let body = format!(
                "<section class=sheet><p class=result>{what}</p><p class=small>请复制到扫码框</p><p>{}</p><p class=small>有效期至 {}</p><a class=back href=/phone>返回</a></section>",
                escape(&minted.code),
                minted.expires_at
            );
            page(StatusCode::OK, &body)
        }
        None => page(StatusCode::NOT_FOUND, "<p class=empty>查无此人，或没有证件号码</p>"),
    }
}

fn page(status: StatusCode, body: &str) -> Response {
    html::page(status, "模拟手机", "仅供演示与测试，人员均为虚构", body)
}
