//! The access trail, for the audit administrator: newest first, its chain checked on demand, its export written down.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use menjie::service::TrailCheck;
use menjie::staff::Entry;
use serde::Deserialize;

use super::desk::Desk;
use super::form::Form;
use super::gate::StaffSession;
use crate::app::App;
use crate::pages::answer::{self, Page};

/// So many entries a page.
const A_PAGE: u32 = 50;

/// An entry, for people.
struct Shown {
    no: u32,
    at: String,
    what: &'static str,
    failure: bool,
    actor: String,
    roles: String,
    from: String,
    object: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "staff/trail.html")]
struct Trail {
    d: Desk,
    entries: Vec<Shown>,
    /// Older ones begin before this number.
    older: Option<u32>,
    newest: bool,
    checked: Option<TrailCheck>,
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    before: Option<u32>,
}

/// `GET /a/trail`.
pub async fn page(State(app): State<App>, session: StaffSession, Query(asked): Query<Asked>) -> Page<Response> {
    show(&app, &session, asked.before, None).await
}

/// `GET /a/trail/check`.
pub async fn check(State(app): State<App>, session: StaffSession) -> Page<Response> {
    let checked = app.engine().check_trail(&session.caller).await?;
    show(&app, &session, None, Some(checked)).await
}

async fn show(app: &App, session: &StaffSession, before: Option<u32>, checked: Option<TrailCheck>) -> Page<Response> {
    let entries = app.engine().trail(&session.caller, before, A_PAGE).await?;
    let older = entries.last().map(|entry| entry.no).filter(|no| *no > 1);
    let page = Trail { entries: entries.iter().map(shown).collect(), older, newest: before.is_none(), checked, d: Desk::of(app, session, "/a/trail") };
    answer::page(&page)
}

/// `POST /a/trail/export`: a CSV file for spreadsheets.
pub async fn export(State(app): State<App>, session: StaffSession, Form(_): Form) -> Page<Response> {
    let entries = app.engine().export_trail(session.by()).await?;
    let head = "编号,时间,事件,操作人,角色,来源,对象,内容\r\n";
    let rows = entries.iter().map(shown).map(|e| {
        let cells = [e.no.to_string(), e.at, e.what.to_owned(), e.actor, e.roles, e.from, e.object, e.detail];
        cells.map(|cell| quoted(&cell)).join(",") + "\r\n"
    });
    // Spreadsheets take a file for UTF-8 by its first three bytes.
    let text = format!("\u{feff}{head}{}", rows.collect::<String>());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"access-trail.csv\"")),
    ];
    Ok((headers, text).into_response())
}

/// A cell that stays text, whatever it begins with.
pub(super) fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

fn shown(entry: &Entry) -> Shown {
    let note = &entry.note;
    let actor = match note.actor.as_str() {
        "nobody" => "未登录".to_owned(),
        "console" => "服务器控制台".to_owned(),
        actor => actor.strip_prefix("staff:").unwrap_or(actor).to_owned(),
    };
    Shown {
        no: entry.no,
        at: entry.at.plain(),
        what: note.what.name(),
        failure: note.what.is_failure(),
        actor,
        roles: note.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join("、"),
        from: note.from.clone(),
        object: note.object.clone().unwrap_or_default(),
        detail: note.detail.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for (cell, wanted) in [("S1", "\"S1\""), ("=1+1", "\"'=1+1\""), ("@x", "\"'@x\""), ("a\"b,c", "\"a\"\"b,c\""), ("", "\"\"")] {
            assert_eq!(quoted(cell), wanted);
        }
    }
}
