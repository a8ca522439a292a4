//! One difference: what each side says, what was done, and what may be done about it.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use menjie::error::{Code, Error};
use menjie::reconcile::Action;
use menjie::service::{Day, Effect, Item, ReconcileResolveRequest, ReconcileResolveResponse};
use serde::Deserialize;

use super::{Shown, chosen, fresh_key, key, shown, stored};
use crate::app::App;
use crate::detached::detached;
use crate::pages::answer::{self, Page, see};
use crate::staff::desk::Desk;
use crate::staff::form::Form;
use crate::staff::gate::StaffSession;

/// What the address may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    date: String,
    channel: String,
    item: String,
}

/// Something that was done.
struct Done {
    action: &'static str,
    note: String,
    by: String,
    at: String,
    effect: String,
}

#[derive(Template)]
#[template(path = "staff/recon_item.html")]
struct One {
    d: Desk,
    date: String,
    channel: String,
    shown: Shown,
    /// Code, name, chosen.
    actions: Vec<(String, &'static str, bool)>,
    steps: Vec<Done>,
    /// The key of another line that is perhaps the other half.
    suggestion: String,
    note: String,
    wrong: Option<String>,
    key: String,
}

/// `GET /a/recon/item`.
pub async fn page(State(app): State<App>, session: StaffSession, Query(asked): Query<Asked>) -> Page<Response> {
    match find(&app, &session, &asked).await? {
        Some((day, item)) => show(&app, &session, &day, &item, StatusCode::OK, None, None),
        None => Ok(see("/a/recon")),
    }
}

/// `POST /a/recon/item`.
pub async fn resolve(State(app): State<App>, session: StaffSession, Form(fields): Form) -> Page<Response> {
    let field = |name: &str| fields.one(name).unwrap_or_default().to_owned();
    let asked = Asked { date: field("date"), channel: field("channel"), item: field("item") };
    let (date, channel) = chosen(&app, &asked.date, &asked.channel)?;
    let Some((day, item)) = find(&app, &session, &asked).await? else { return Err(Error::field("item", "is no line of this day").into()) };
    let note = field("note");
    let action = serde_json::from_value::<Action>(serde_json::Value::String(field("action"))).ok();
    let Some(action) = action else {
        return show(&app, &session, &day, &item, StatusCode::UNPROCESSABLE_ENTITY, Some((None, note)), Some("请选择处理方式".to_owned()));
    };
    let request = ReconcileResolveRequest { key: key(&fields)?, date, channel: channel.clone(), item: asked.item.clone(), action, note: note.clone() };
    let (engine, caller) = (app.engine().clone(), session.caller.clone());
    match detached(async move { engine.reconcile_resolve(&caller, &request).await }).await {
        Ok(ReconcileResolveResponse::Accepted { .. }) => Ok(see(&format!("/a/recon/item?date={date}&channel={channel}&item={}", item.key))),
        Ok(ReconcileResolveResponse::Refused { refusal }) => {
            let wrong = format!("{}。{}", refusal.text, refusal.next);
            show(&app, &session, &day, &item, StatusCode::CONFLICT, Some((Some(action), note)), Some(wrong))
        }
        Err(error) if error.code() == Code::BadField => {
            let wrong = "请填写处理说明（1至500字）：依据哪一方的哪个页面或单号".to_owned();
            show(&app, &session, &day, &item, StatusCode::UNPROCESSABLE_ENTITY, Some((Some(action), note)), Some(wrong))
        }
        Err(error) => Err(error.into()),
    }
}

async fn find(app: &App, session: &StaffSession, asked: &Asked) -> Result<Option<(Day, Item)>, Error> {
    let (date, channel) = chosen(app, &asked.date, &asked.channel)?;
    let day = stored(app, session, date, &channel).await?;
    Ok(day.and_then(|day| {
        let item = day.items.iter().find(|item| item.key == asked.item).cloned()?;
        Some((day, item))
    }))
}

fn show(app: &App, session: &StaffSession, day: &Day, item: &Item, status: StatusCode, typed: Option<(Option<Action>, String)>, wrong: Option<String>) -> Page<Response> {
    let (chosen, note) = typed.unwrap_or_default();
    let actions = item.actions.iter().copied().chain([Action::Note]);
    let code = |action: Action| serde_json::to_value(action).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    answer::with_status(
        status,
        &One {
            date: day.date.to_string(),
            channel: day.channel.to_string(),
            shown: shown(day, item, app.engine().now()),
            actions: actions.map(|action| (code(action), action.text(), chosen == Some(action))).collect(),
            steps: item
                .steps
                .iter()
                .map(|step| Done {
                    action: step.action.text(),
                    note: step.note.clone(),
                    by: step.by.strip_prefix("staff:").unwrap_or(&step.by).to_owned(),
                    at: step.at.plain(),
                    effect: effect(&step.effect),
                })
                .collect(),
            suggestion: item.suggestion.clone().unwrap_or_default(),
            note,
            wrong,
            key: fresh_key(app),
            d: Desk::of(app, session, "/a/recon"),
        },
    )
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Machine { machine, st } => format!("已由系统办理：{} 现为 {st}", machine.business_no()),
        Effect::NoAnswer => "对方未应答，可再次查询".to_owned(),
        Effect::ByHand => "人工办理，以说明为准".to_owned(),
        Effect::Noted => "仅记录说明".to_owned(),
    }
}
