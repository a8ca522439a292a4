//! Page 19: asking for a refund: what, why, whom to call; beside it the way the request will take and what comes back, which
//! follow every change. What is typed stays in the browser when something is wrong: only the answer is put in place.

use askama::Template;
use axum::extract::{Path as InPath, State};
use axum::http::HeaderMap;
use axum::response::Response;
use menjie::access::Private;
use menjie::charge::PayerClass;
use menjie::error::{Code, Error};
use menjie::ident::{LineKey, RequestKey, SettlementId};
use menjie::money::{Money, Quantity};
use menjie::refund::{Reason, ReasonShown, Why};
use menjie::service::{Picked, RefundPreviewLine, RefundPreviewRequest, RefundPreviewResponse, RefundRequestRequest, RefundRequestResponse, SettlementDetailRequest};

use super::offer::may;
use super::path::{Path, back};
use crate::app::App;
use crate::detached::detached;
use crate::pages::answer::{self, Page};
use crate::pages::fields::Fields;
use crate::pages::frame::{Frame, Idle};
use crate::pages::insurance::fresh_key;
use crate::pages::pay::id_of;
use crate::pages::shown::yuan;
use crate::pages::visit::Signed;
use crate::session::Session;

/// No list of quantities is longer; more goes back whole or at the window.
const MOST: u32 = 60;

/// An item of the settlement.
struct Item {
    id: String,
    name: String,
    /// `2 盒`.
    quantity: String,
    amount: String,
    work: Option<String>,
    /// Why it may not, and what to do; of what it may not.
    why_not: Option<(String, String)>,
    /// It is to go back.
    ticked: bool,
    /// How much of it may be picked, with what is picked; empty when it goes whole or not at all.
    amounts: Vec<(String, bool)>,
}

/// What a request would meet.
struct Plan {
    /// What stands in the way of what is picked, and what to do.
    problems: Vec<(String, String)>,
    /// A problem of the last press: it is read first.
    pressed: bool,
    path: Path,
    back: Vec<(String, String)>,
    /// What goes back, all parts together.
    total: String,
    /// The same, so that nobody agrees to another amount than he saw.
    fen: i64,
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "refund_ask.html")]
struct AskPage {
    f: Frame,
    part: bool,
    id: String,
    dept: String,
    key: String,
    items: Vec<Item>,
    /// May items be picked one by one?
    parts: bool,
    insured: bool,
    whys: Vec<(&'static str, &'static str, bool)>,
    note: String,
    /// All of it may be asked for, or a part.
    askable: bool,
    p: Plan,
}

#[derive(Template)]
#[template(path = "refund_plan.html")]
struct PlanPart {
    f: Frame,
    part: bool,
    p: Plan,
}

/// What the form offers, with the word it sends.
const WHYS: [(&str, Why); 5] = [("not_done", Why::NotDone), ("mistake", Why::Mistake), ("changed", Why::Changed), ("twice", Why::Twice), ("other", Why::Other)];

/// `GET /paid/{id}/refund`.
pub async fn page(State(app): State<App>, signed: Signed, InPath(id): InPath<String>) -> Page<Response> {
    show(&app, signed, id_of(&id)?, None, Vec::new()).await
}

/// `POST /paid/{id}/refund/plan`: what the request would meet, as it is picked now.
pub async fn plan(State(app): State<App>, Signed { visit, session }: Signed, InPath(id): InPath<String>, fields: Fields) -> Page<Response> {
    let settlement_id: SettlementId = id_of(&id)?;
    let f = Frame::of(&app, &visit, &session, Idle::Work);
    let p = match picked(&fields)? {
        Some(lines) => planned(&f, &look(&app, &session, settlement_id, lines).await?),
        None => nothing_picked(&f),
    };
    answer::page(&PlanPart { part: true, p, f })
}

/// `POST /paid/{id}/refund`: asks. Pressed twice, it is one request.
pub async fn send(State(app): State<App>, signed: Signed, InPath(id): InPath<String>, headers: HeaderMap, fields: Fields) -> Page<Response> {
    let settlement_id: SettlementId = id_of(&id)?;
    let key = RequestKey::new(fields.one("key").ok_or_else(|| Error::field("key", "is missing"))?)?;
    let t = &app.pages().texts;
    let told = |text: &str, todo: &str| vec![(text.to_owned(), todo.to_owned())];
    let Some(lines) = picked(&fields)? else { return show(&app, signed, settlement_id, Some(&fields), Vec::new()).await };
    let Some(why) = fields.one("why").and_then(|word| WHYS.iter().find(|(known, _)| *known == word)).map(|(_, why)| *why) else {
        return show(&app, signed, settlement_id, Some(&fields), told(&t.refund_why_missing, &t.refund_why_missing_next)).await;
    };
    // A request that was taken already is answered as it was; any other is made for the amount that was shown.
    let shown = fields.one("shown").and_then(|fen| fen.parse::<i64>().ok());
    let preview = look(&app, &signed.session, settlement_id, lines.clone()).await?;
    if preview.refusal.is_none() && Some(preview.refund_fen.fen()) != shown {
        return show(&app, signed, settlement_id, Some(&fields), told(&t.refund_changed, &t.refund_changed_next)).await;
    }
    let text = |name: &str| fields.one(name).map(str::trim).filter(|text| !text.is_empty()).map(Private::new);
    let request = RefundRequestRequest { key, settlement_id, lines, why, note: text("note"), contact: text("contact") };
    let (caller, asked) = (signed.session.caller.clone(), app.clone());
    let answer = match detached(async move { asked.engine().refund_request(&caller, &request).await }).await {
        // The same form was sent with other words: the first one was taken, and the settlement knows its request.
        Err(error) if error.code() == Code::KeyReused => return Ok(elsewhere(&headers, &signed.visit.at(&format!("/paid/{id}")))),
        answer => answer?,
    };
    match answer {
        RefundRequestResponse::Accepted { refund_id, .. } => Ok(elsewhere(&headers, &signed.visit.at(&format!("/refunds/{refund_id}")))),
        RefundRequestResponse::Refused { refusal, .. } => show(&app, signed, settlement_id, Some(&fields), told(&refusal.text, &refusal.next)).await,
    }
}

/// The script puts an answer into this page; it is told to show another one instead.
fn elsewhere(headers: &HeaderMap, path: &str) -> Response {
    if headers.contains_key("hx-request") { answer::show_instead(path) } else { answer::see(path) }
}

async fn look(app: &App, session: &Session, settlement_id: SettlementId, lines: Vec<Picked>) -> Page<RefundPreviewResponse> {
    Ok(app.engine().refund_preview(&session.caller, &RefundPreviewRequest { settlement_id, lines }).await?)
}

/// The page; `fields` are what was sent, `pressed` what stood in the way of it.
async fn show(app: &App, Signed { visit, session }: Signed, settlement_id: SettlementId, fields: Option<&Fields>, pressed: Vec<(String, String)>) -> Page<Response> {
    let settlement = app.engine().detail(&session.caller, &SettlementDetailRequest { settlement_id }).await?;
    let whole = look(app, &session, settlement_id, Vec::new()).await?;
    let f = Frame::of(app, &visit, &session, Idle::Work);
    // None: nothing is picked; no lines: everything is.
    let lines = match fields.map(picked).transpose()? {
        Some(sent) => sent,
        // When not all of it may, what may is picked.
        None => Some(whole.may.iter().map(|line| Picked { line_id: line.clone(), quantity: None }).collect()),
    };
    let p = match &lines {
        None => nothing_picked(&f),
        Some(lines) if lines.is_empty() => planned(&f, &whole),
        Some(lines) => planned(&f, &look(app, &session, settlement_id, lines.clone()).await?),
    };
    let p = if pressed.is_empty() { Plan { pressed: fields.is_some(), ..p } } else { Plan { problems: pressed, pressed: true, ..p } };
    let chosen = fields.and_then(|fields| fields.one("why")).unwrap_or_default();
    let items: Vec<Item> = whole.lines.iter().map(|line| item(&whole, line, lines.as_deref())).collect();
    answer::page(&AskPage {
        part: false,
        id: settlement_id.to_string(),
        dept: f.discreet(&settlement.dept_name),
        key: fresh_key(app),
        askable: may(&whole),
        parts: whole.parts && (items.len() > 1 || items.iter().any(|item| !item.amounts.is_empty())),
        items,
        insured: whole.payer == PayerClass::Insured,
        whys: WHYS.iter().map(|(word, why)| (*word, why.text(), *word == chosen)).collect(),
        note: fields.and_then(|fields| fields.one("note")).unwrap_or_default().to_owned(),
        p,
        f,
    })
}

/// What is picked: nothing, everything (no lines), or these. Only a form that lets items be picked says so.
fn picked(fields: &Fields) -> Page<Option<Vec<Picked>>> {
    if fields.one("parts").is_none() {
        return Ok(Some(Vec::new()));
    }
    let mut lines = Vec::new();
    for id in fields.all("line") {
        let quantity = fields.one(&format!("q.{id}")).map(Quantity::parse).transpose().map_err(|e| e.under("line"))?;
        lines.push(Picked { line_id: LineKey::new(id)?, quantity });
    }
    Ok(Some(lines).filter(|lines| !lines.is_empty()))
}

fn nothing_picked(f: &Frame) -> Plan {
    let told = ReasonShown::plain(Reason::NothingPicked);
    Plan { problems: vec![(told.text, told.next)], pressed: false, path: Path::of(f, &[], &[]), back: Vec::new(), total: yuan(Money::ZERO), fen: 0, until: None }
}

fn planned(f: &Frame, preview: &RefundPreviewResponse) -> Plan {
    let mut problems: Vec<(String, String)> = preview.reasons.iter().map(|reason| (reason.text.clone(), reason.next.clone())).collect();
    if let Some(refusal) = preview.refusal.as_ref().filter(|_| problems.is_empty()) {
        problems.push((refusal.text.clone(), refusal.next.clone()));
    }
    problems.sort();
    problems.dedup();
    Plan {
        problems,
        pressed: false,
        path: Path::of(f, &preview.steps, &preview.after),
        back: back(&preview.back),
        total: yuan(preview.refund_fen),
        fen: preview.refund_fen.fen(),
        until: preview.last_day.map(menjie::BizDate::in_chinese),
    }
}

fn item(whole: &RefundPreviewResponse, line: &RefundPreviewLine, lines: Option<&[Picked]>) -> Item {
    let reason = whole.reasons.iter().find(|reason| reason.line_id.as_ref() == Some(&line.line_id));
    let pick = lines.and_then(|lines| lines.iter().find(|pick| pick.line_id == line.line_id));
    let ticked = pick.is_some() || lines.is_some_and(<[Picked]>::is_empty);
    let unit = line.unit.as_deref().map_or_else(String::new, |unit| format!(" {unit}"));
    Item {
        id: line.line_id.to_string(),
        name: line.name.clone(),
        quantity: format!("{}{unit}", line.quantity),
        amount: yuan(line.amount_fen),
        work: line.work_text.clone(),
        why_not: reason.map(|reason| (reason.text.clone(), reason.next.clone())),
        ticked,
        amounts: quantities(line, pick.and_then(|pick| pick.quantity)),
    }
}

/// How much of a line may be picked: every whole number up to its quantity, the last unless another is picked.
fn quantities(line: &RefundPreviewLine, picked: Option<Quantity>) -> Vec<(String, bool)> {
    let chosen = picked.unwrap_or(line.quantity).to_string();
    match line.quantity.to_string().parse::<u32>() {
        Ok(most) if (2..=MOST).contains(&most) => (1..=most).rev().map(|n| (n.to_string(), n.to_string() == chosen)).collect(),
        Ok(_) | Err(_) => Vec::new(),
    }
}
