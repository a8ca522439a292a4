//! One refund: what is asked, how it stands now, and the word of whoever's turn it is. Every answer to a form is the case as it
//! is then, so who comes too late sees what happened.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use menjie::Timestamp;
use menjie::access::Private;
use menjie::error::Error;
use menjie::ident::{LineKey, RefundId};
use menjie::port::HisSuccessor;
use menjie::refund::{Cause, ReasonShown};
use menjie::service::{
    AttentionResolveRequest, AttentionResolveResponse, CaseTurn, LookWhy, PatientInClear, RefundCase, RefundDecideRequest, RefundDecideResponse, RefundVerdict, RefundWork,
    Resolution,
};
use menjie::workflow::refund::Decision;
use menjie::workflow::{Key, Refusal};

use super::shown::Shown;
use super::words::decision;
use super::{key_of, page_of};
use crate::app::App;
use crate::detached::detached;
use crate::input::Id;
use crate::pages::answer::{self, Page};
use crate::pages::fields::Fields;
use crate::pages::insurance::fresh_key;
use crate::staff::desk::Desk;
use crate::staff::form::Form;
use crate::staff::gate::StaffSession;

/// The longest remark.
const REMARK: usize = 200;
/// What is written down when somebody only asks again.
const ASKED: &str = "在退费页面重新查询";

/// What a person may decide about a refund that hangs.
struct Choice {
    word: &'static str,
    button: &'static str,
    means: &'static str,
    /// The channel's number has to be told.
    number: bool,
    /// What was charged again has to be told: for each line its old key, the key we proposed, its amount.
    charged: Vec<(String, String, String)>,
    /// The evidence has to be told.
    evidence: bool,
}

#[derive(Template)]
#[template(path = "staff/refund.html")]
struct Case {
    d: Desk,
    title: &'static str,
    path: &'static str,
    key: String,
    c: Shown,
    finance: bool,
    unconfirm: bool,
    /// The caller may agree.
    may_agree: bool,
    /// The caller may say no.
    may_refuse: bool,
    /// He may ask the patient first.
    may_ask: bool,
    barred: Option<ReasonShown>,
    agree: &'static str,
    choices: Vec<Choice>,
    looks: Vec<(&'static str, &'static str)>,
    clear: Option<PatientInClear>,
    wrong: Option<String>,
}

/// `GET /a/refunds/…/{id}`.
pub fn one(step: RefundWork) -> MethodRouter<App> {
    get(move |State(app): State<App>, session: StaffSession, Id(id): Id<RefundId>| async move { show(&app, &session, step, id, Told::default()).await })
}

/// `POST /a/refunds/…/{id}/decide`: yes, no with a reason, or a question to the patient.
pub fn decide(step: RefundWork) -> MethodRouter<App> {
    post(move |State(app): State<App>, session: StaffSession, Id(id): Id<RefundId>, form: Form| async move { decided(&app, &session, step, id, form).await })
}

/// `POST /a/refunds/…/{id}/patient`: the patient in clear, this once.
pub fn patient(step: RefundWork) -> MethodRouter<App> {
    post(move |State(app): State<App>, session: StaffSession, Id(id): Id<RefundId>, Form(fields): Form| async move {
        let Some(why) = fields.one("why").and_then(LookWhy::of) else {
            return show(&app, &session, step, id, Told::wrong(StatusCode::UNPROCESSABLE_ENTITY, "请选择查看原因。")).await;
        };
        let clear = app.engine().refund_patient(session.by(), id, step, why).await?;
        show(&app, &session, step, id, Told { clear: Some(clear), ..Told::default() }).await
    })
}

/// `POST /a/refunds/finance/{id}/resolve`: what becomes of a refund that hangs.
pub fn resolve() -> MethodRouter<App> {
    post(move |State(app): State<App>, session: StaffSession, Id(id): Id<RefundId>, form: Form| async move { resolved(&app, &session, id, form).await })
}

async fn decided(app: &App, session: &StaffSession, step: RefundWork, id: RefundId, Form(fields): Form) -> Page<Response> {
    let verdict = match fields.one("verdict") {
        Some("approve") => RefundVerdict::Approve,
        Some("reject") => RefundVerdict::Reject,
        Some("ask") => RefundVerdict::Ask,
        _ => return Err(Error::field("verdict", "is none of approve, reject and ask").into()),
    };
    let note = fields.one("note").unwrap_or_default().trim().to_owned();
    if note.chars().count() > REMARK || (verdict != RefundVerdict::Approve && note.is_empty()) {
        let text = if verdict == RefundVerdict::Ask {
            "请填写要患者补充说明的问题，不超过200字；患者会看到。"
        } else {
            "不同意须填写原因，说明不超过200字；患者会看到。"
        };
        return show(app, session, step, id, Told::wrong(StatusCode::UNPROCESSABLE_ENTITY, text)).await;
    }
    let request = RefundDecideRequest { key: key_of(&fields)?, refund_id: id, stage: step.stage(), verdict, note };
    let answer = {
        let (app, session) = (app.clone(), session.clone());
        detached(async move { app.engine().refund_decide(&session.caller, &request).await }).await?
    };
    match answer {
        RefundDecideResponse::Accepted { .. } => Ok(answer::see(&format!("{}/{id}", page_of(step).0))),
        RefundDecideResponse::Refused { refusal } => show(app, session, step, id, Told::refused(&refusal)).await,
    }
}

async fn resolved(app: &App, session: &StaffSession, id: RefundId, Form(fields): Form) -> Page<Response> {
    let text = |name: &str| fields.one(name).unwrap_or_default().trim().to_owned();
    let (evidence, number) = (text("evidence"), text("refund_no"));
    let decision = match fields.one("decision") {
        Some("ask_again") => Decision::AskAgain,
        Some("given_back") => Decision::GivenBack { refund_no: number.clone() },
        Some("reversed") => Decision::Reversed,
        Some("charged_again") => match charged(app, session, id, &fields).await? {
            Some(made) => Decision::ChargedAgain { made: Box::new(made) },
            None => return show(app, session, RefundWork::Finance, id, Told::wrong(StatusCode::UNPROCESSABLE_ENTITY, "须填写重收的收据号、收费时间和每条明细的新编号。")).await,
        },
        Some("give_up") => Decision::GiveUp,
        _ => return Err(Error::field("decision", "is none of those the page offers").into()),
    };
    let asks = decision == Decision::AskAgain;
    let told = !evidence.is_empty() && evidence.chars().count() <= 500;
    let numbered = !matches!(decision, Decision::GivenBack { .. }) || (!number.is_empty() && number.len() <= 64 && number.bytes().all(|b| b.is_ascii_graphic()));
    if !(asks || (told && numbered)) {
        return show(app, session, RefundWork::Finance, id, Told::wrong(StatusCode::UNPROCESSABLE_ENTITY, "须填写依据；登记已退款的，还须填写渠道退款单号。")).await;
    }
    let evidence = if asks { ASKED.to_owned() } else { evidence };
    let request = AttentionResolveRequest { key: key_of(&fields)?, machine: Key::Refund(id), resolution: Resolution::Refund(decision), evidence };
    let answer = {
        let (app, session) = (app.clone(), session.clone());
        detached(async move { app.engine().attention_resolve(&session.caller, &request).await }).await?
    };
    match answer {
        AttentionResolveResponse::Accepted { .. } => Ok(answer::see(&format!("{}/{id}", page_of(RefundWork::Finance).0))),
        AttentionResolveResponse::Refused { refusal } => show(app, session, RefundWork::Finance, id, Told::refused(&refusal)).await,
    }
}

/// What HIS charged again, as somebody read it there; none when something is missing.
async fn charged(app: &App, session: &StaffSession, id: RefundId, fields: &Fields) -> Page<Option<HisSuccessor>> {
    let case = app.engine().refund_case(&session.caller, id, RefundWork::Finance).await?;
    let offered = case.choices.into_iter().find_map(|choice| if let Decision::ChargedAgain { made } = choice { Some(*made) } else { None });
    // It is decided already: whoever pressed twice sees what came of it.
    let mut made = offered.ok_or_else(|| answer::Away::to(format!("{}/{id}", page_of(RefundWork::Finance).0)))?;
    let receipt_no = fields.one("receipt_no").unwrap_or_default().trim();
    let at = Timestamp::parse(&format!("{}:00+08:00", fields.one("charged_at").unwrap_or_default()));
    let (false, Ok(at)) = (receipt_no.is_empty() || receipt_no.len() > 64, at) else { return Ok(None) };
    made.receipt.receipt_no = receipt_no.to_owned();
    made.receipt.posted_at = at;
    for line in &mut made.lines {
        match fields.one(&format!("line.{}", line.original_line_id)).map(|key| LineKey::new(key.trim())) {
            Some(Ok(key)) => line.line_id = key,
            Some(Err(_)) | None => return Ok(None),
        }
    }
    Ok(Some(made))
}

/// What a form came to, besides the case.
#[derive(Default)]
struct Told {
    status: Option<StatusCode>,
    wrong: Option<String>,
    clear: Option<PatientInClear>,
}

impl Told {
    fn wrong(status: StatusCode, text: &str) -> Told {
        Told { status: Some(status), wrong: Some(text.to_owned()), clear: None }
    }

    fn refused(refusal: &Refusal) -> Told {
        let ended = |text: &str| text.trim_end_matches('。').to_owned();
        Told::wrong(StatusCode::CONFLICT, &format!("{}。{}。", ended(&refusal.text), ended(&refusal.next)))
    }
}

async fn show(app: &App, session: &StaffSession, step: RefundWork, id: RefundId, told: Told) -> Page<Response> {
    let case = app.engine().refund_case(&session.caller, id, step).await?;
    answer::with_status(told.status.unwrap_or(StatusCode::OK), &page(app, session, step, &case, told))
}

fn page(app: &App, session: &StaffSession, step: RefundWork, case: &RefundCase, told: Told) -> Case {
    let (path, title) = page_of(step);
    let (may_agree, barred) = match &case.turn {
        CaseTurn::Yours => (true, None),
        CaseTurn::NotNow => (false, None),
        CaseTurn::Barred(reason) => (false, Some(reason.clone())),
    };
    // Nobody says no, either, to what he may not decide at all.
    let may_refuse = may_agree || barred.as_ref().is_some_and(|reason| reason.reason != menjie::refund::Reason::FourEyes);
    let choice = |decided: &Decision| {
        let (word, button, means) = decision(decided);
        let lines = if let Decision::ChargedAgain { made } = decided { made.lines.as_slice() } else { &[] };
        let charged = lines.iter().map(|line| (line.original_line_id.to_string(), line.line_id.to_string(), line.amount_fen.to_yuan())).collect();
        Choice { word, button, means, number: matches!(decided, Decision::GivenBack { .. }), charged, evidence: *decided != Decision::AskAgain }
    };
    Case {
        title,
        path,
        key: fresh_key(app),
        c: Shown::of(case, app.engine().now()),
        finance: step == RefundWork::Finance,
        unconfirm: step == RefundWork::Unconfirm,
        may_agree,
        may_refuse,
        may_ask: may_refuse && case.view.cause == Cause::Patient && case.view.question.is_none(),
        barred,
        agree: match step {
            RefundWork::Doctor => "同意退费",
            RefundWork::Unconfirm => "确认已撤销执行",
            RefundWork::Finance => "同意并退款",
        },
        choices: if step == RefundWork::Finance { case.choices.iter().map(choice).collect() } else { Vec::new() },
        looks: LookWhy::ALL.iter().map(|why| (why.code(), why.text())).collect(),
        clear: told.clear,
        wrong: told.wrong,
        d: Desk::of(app, session, path),
    }
}

impl Case {
    /// A text in clear, or a dash.
    fn clear<'p>(&self, text: Option<&'p Private>) -> &'p str {
        text.map_or("—", |text| text.reveal())
    }
}
