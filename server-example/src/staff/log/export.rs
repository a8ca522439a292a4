//! What a filter finds as a file: masked always, the reason written down before. In clear only the terminal exports, where the auditor
//! signs the file with his key (docs/guide/log.md).

use std::ops::ControlFlow;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use menjie::error::Error;
use menjie::gm::hex;
use menjie::staff::What;
use menjie_bridge::sealed_log::Act;
use menjie_bridge::sealed_log::view::{CsvRow, JsonRow, Sight};

use super::filter::Typed;
use super::look::{Look, reason};
use super::{lent, list, viewed};
use crate::app::App;
use crate::pages::answer::Page;
use crate::staff::form::Form;
use crate::staff::gate::StaffSession;

/// So many at most: a file for people. Whoever wants everything takes the terminal.
const MOST: usize = 5_000;

/// `POST /a/log/export`.
pub async fn export(State(app): State<App>, session: StaffSession, Form(fields): Form) -> Page<Response> {
    let key = lent(&app, &session)?;
    let typed = Typed::of(&fields);
    let told = match (typed.filter(), reason(fields.one("reason"))) {
        (Ok(filter), Ok(reason)) => Ok((filter, reason)),
        (Err(wrong), _) | (_, Err(wrong)) => Err(wrong),
    };
    let (filter, reason) = match told {
        Ok(told) => told,
        Err(wrong) => return list::show(&app, &session, typed, None, Some(wrong)).await,
    };
    let about = format!("export masked {}", filter.described());
    let id = hex(&key.public().id());
    Look { what: What::Exported, act: Act::Export, reason, about: about.trim_end().to_owned(), key: Some(id) }.write_down(&app, &session).await?;
    let (rows, whole) = viewed(&app)?
        .read(key, move |viewer| {
            let mut rows = Vec::new();
            let coverage = viewer.search(&filter, &mut |_| {}, &mut |item| {
                rows.push(JsonRow::of(&item, Sight::Masked));
                Ok(if rows.len() > MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            Ok((rows, coverage.unreadable.is_empty()))
        })
        .await?;
    if rows.len() > MOST {
        return list::show(&app, &session, typed, None, Some("所选记录超过5000条，请缩小范围，或用命令行工具导出。")).await;
    }
    // Whoever opens the file later sees by its name that something could not be read.
    let part = if whole { "" } else { "-incomplete" };
    let (text, kind, ending) = if fields.one("format") == Some("jsonl") {
        let lines: Result<Vec<String>, _> = rows.iter().map(serde_json::to_string).collect();
        let lines = lines.map_err(|_| Error::internal("rows serialise"))?;
        (lines.iter().map(|line| format!("{line}\n")).collect::<String>(), "application/jsonl; charset=utf-8", "jsonl")
    } else {
        let lines = rows.iter().map(|row| format!("{}\r\n", CsvRow::of(row)));
        // Spreadsheets take a file for UTF-8 by its first three bytes.
        (format!("\u{feff}{}\r\n{}", CsvRow::HEADER, lines.collect::<String>()), "text/csv; charset=utf-8", "csv")
    };
    let name = HeaderValue::from_str(&format!("attachment; filename=\"transfer-log{part}.{ending}\"")).map_err(|_| Error::internal("the name is printable"))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, name)], text).into_response())
}
