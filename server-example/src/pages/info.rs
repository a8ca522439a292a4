//! Pages 24 to 27: the hospital, its departments and experts, how to come. They need no patient.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::answer::{self, Page};
use super::content::{Department, Said};
use super::frame::{Frame, Idle};
use super::markdown::Block;
use super::visit::Visit;
use crate::app::App;
use crate::failure::Misuse;

#[derive(Template)]
#[template(path = "intro.html")]
struct Intro {
    f: Frame,
    said: Arc<Said>,
}

#[derive(Template)]
#[template(path = "departments.html")]
struct Departments {
    f: Frame,
    listed: Vec<(usize, Department)>,
}

#[derive(Template)]
#[template(path = "department.html")]
struct One {
    f: Frame,
    d: Department,
}

#[derive(Template)]
#[template(path = "experts.html")]
struct Experts {
    f: Frame,
    said: Arc<Said>,
}

#[derive(Template)]
#[template(path = "guide.html")]
struct GuidePage {
    f: Frame,
    said: Arc<Said>,
}

fn frame(app: &App, visit: &Visit) -> Frame {
    Frame::new(app, visit, Idle::Work)
}

/// `GET /intro`.
pub async fn intro(State(app): State<App>, visit: Visit) -> Page<Response> {
    answer::page(&Intro { f: frame(&app, &visit), said: app.pages().content.said() })
}

/// `GET /departments`.
pub async fn departments(State(app): State<App>, visit: Visit) -> Page<Response> {
    let said = app.pages().content.said();
    let listed = said.departments.iter().cloned().enumerate().filter(|(_, d)| d.listed).collect();
    answer::page(&Departments { f: frame(&app, &visit), listed })
}

/// `GET /departments/{at}`.
pub async fn department(State(app): State<App>, visit: Visit, Path(at): Path<String>) -> Page<Response> {
    let said = app.pages().content.said();
    let found = at.parse::<usize>().ok().and_then(|at| said.departments.get(at)).filter(|d| d.listed).cloned();
    answer::page(&One { f: frame(&app, &visit), d: found.ok_or(Misuse::NoRoute)? })
}

/// `GET /experts`.
pub async fn experts(State(app): State<App>, visit: Visit) -> Page<Response> {
    answer::page(&Experts { f: frame(&app, &visit), said: app.pages().content.said() })
}

/// `GET /guide`.
pub async fn guide(State(app): State<App>, visit: Visit) -> Page<Response> {
    answer::page(&GuidePage { f: frame(&app, &visit), said: app.pages().content.said() })
}

/// `GET /pictures/{name}`: as pictures they run nothing; opened alone, their policy still allows nothing.
pub async fn picture(State(app): State<App>, Path(name): Path<String>) -> Page<Response> {
    let (kind, bytes) = app.pages().content.picture(&name).ok_or(Misuse::NoRoute)?;
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_SECURITY_POLICY, policy)], bytes).into_response())
}
