//! Failures of staff pages as pages, and the headers staff pages wear: no script runs on them at all.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use menjie::error::Error;

use super::desk::Desk;
use super::gate::StaffSession;
use super::session;
use crate::app::App;
use crate::pages::answer;
use crate::pages::visit::cookie;
use crate::trace::RequestId;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "staff/trouble.html")]
struct Trouble {
    d: Desk,
    title: &'static str,
    text: &'static str,
    status: u16,
    number: Option<String>,
}

/// The page of a failure.
pub fn page(app: &App, session: Option<&StaffSession>, status: StatusCode, number: Option<String>) -> Result<Response, Error> {
    let (title, text) = match status {
        StatusCode::FORBIDDEN if session.is_some() => ("没有权限", "您的角色不能使用该功能，本次访问已记录。如确需使用，请联系安全管理员。"),
        StatusCode::FORBIDDEN => ("不能这样打开", "这个请求不是从本页面发出的，请返回首页重新操作。"),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => ("没有找到", "内容可能已经变化，请返回首页重新查看。"),
        StatusCode::CONFLICT => ("内容已被他人变更", "您操作期间有其他人变更了同一内容，请返回后重新查看再操作。"),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => ("填写的内容有误", "请返回上一页检查后重新提交。"),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY => ("系统暂时没有响应", "请稍候重试；如持续出现，请把编号告诉运维人员。"),
        _ => ("出了点问题", "我们已记录这个问题；请重试，或把编号告诉运维人员。"),
    };
    let d = session.map_or_else(|| Desk::open(app), |session| Desk::of(app, session, ""));
    let trouble = Trouble { d, title, text, status: status.as_u16(), number };
    let html = trouble.render().map_err(|_| Error::internal("a template renders"))?;
    Ok((status, [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], html).into_response())
}

/// The layer around all routes: for the paths of staff, failures become pages and the headers of pages are set.
pub async fn dress(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path != "/a" && !path.starts_with("/a/") {
        return next.run(request).await;
    }
    let number = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let somebody = cookie(request.headers(), session::COOKIE).is_some();
    let mut response = next.run(request).await;
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if failed
        && !is_page
        && let Ok(shown) = page(&app, None, response.status(), number)
    {
        response = shown;
    }
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if somebody && response.status() == StatusCode::OK {
        // Whoever leaves his desk leaves nothing on the screen for longer than his session lives.
        let leave = format!("{}; url=/a/login?ended=1", app.settings().staff_idle_s.saturating_add(1));
        answer::add(&mut response, HeaderName::from_static("refresh"), &leave);
    }
    response
}
