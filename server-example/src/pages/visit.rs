//! Who asks for a page, from where, and how he likes to see it.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use menjie::access::Private;

use super::answer::{self, Away};
use super::look::Look;
use crate::app::App;
use crate::session::{self, Life, Session};

/// Which of the two front ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A kiosk in the hall: large targets, wiped after every patient.
    Kiosk,
    /// A phone inside the official account.
    Phone,
}

impl Layout {
    /// By the path of a request; `None` for paths that are no pages.
    pub fn of(path: &str) -> Option<Layout> {
        let below = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if below("/k") {
            Some(Layout::Kiosk)
        } else if below("/h5") {
            Some(Layout::Phone)
        } else {
            None
        }
    }

    /// Where its paths begin.
    pub const fn root(self) -> &'static str {
        match self {
            Layout::Kiosk => "/k",
            Layout::Phone => "/h5",
        }
    }

    /// The cookie that carries its session: they never share one.
    pub const fn cookie(self) -> &'static str {
        match self {
            Layout::Kiosk => session::COOKIE_NAME,
            Layout::Phone => "mj_h5",
        }
    }

    /// A phone comes back from the login of another site and must keep its session; a kiosk never leaves.
    pub const fn same_site(self) -> &'static str {
        match self {
            Layout::Kiosk => "Strict",
            Layout::Phone => "Lax",
        }
    }
}

/// A request for a page.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Which front end.
    pub layout: Layout,
    /// How it is to look.
    pub look: Look,
    /// The session's token, if the browser has one; not checked yet.
    pub token: Option<String>,
    /// Path and query, so that a page can come back to itself.
    pub path: String,
    /// A part of a page is asked for, not a page.
    pub part: bool,
}

impl Visit {
    /// Reads it from path and headers.
    pub fn read(path: &str, headers: &HeaderMap) -> Visit {
        let layout = Layout::of(path.split('?').next().unwrap_or_default()).unwrap_or(Layout::Kiosk);
        let look = cookie(headers, Look::COOKIE).map(Look::parse).unwrap_or_default();
        let token = cookie(headers, layout.cookie()).map(str::to_owned);
        let part = headers.contains_key("hx-request") && !headers.contains_key("hx-boosted");
        Visit { layout, look, token, path: path.to_owned(), part }
    }

    /// A path of this front end.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.layout.root())
    }

    /// The same request once it belongs to another session, or to none.
    pub fn with(&self, token: Option<&Private>) -> Visit {
        Visit { token: token.map(|token| token.reveal().to_owned()), ..self.clone() }
    }

    /// How long a session lives on after this page. While money is on its way a kiosk page waits without asking, so the
    /// session must outlast an interrupted network and the order's life, too.
    pub fn life(&self) -> Life {
        let paying = self.path.strip_prefix(self.layout.root()).is_some_and(|rest| rest.starts_with("/pay/"));
        match self.layout {
            Layout::Kiosk if !paying => Life::Kiosk { large: self.look.large },
            Layout::Kiosk | Layout::Phone => Life::Own,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Visit, Infallible> {
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let path = uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
        Ok(Visit::read(&path, &parts.headers))
    }
}

/// A visit of somebody with a live session.
pub struct Signed {
    /// The visit.
    pub visit: Visit,
    /// Whose.
    pub session: Session,
}

impl FromRequestParts<App> for Signed {
    type Rejection = Away;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Signed, Away> {
        let Ok(visit) = Visit::from_request_parts(parts, app).await;
        let found = match &visit.token {
            Some(token) => session::find_for(app, token, visit.life()).await?,
            None => None,
        };
        match found {
            Some(session) => Ok(Signed { visit, session }),
            // What is left of an ended session must not show itself again: the way back leads to the beginning.
            None if visit.part => Err(Away::Response(Box::new(answer::leave(StatusCode::UNAUTHORIZED, &visit.at(""))))),
            None => Err(Away::to(visit.at(""))),
        }
    }
}

/// A cookie's value.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_known_by_its_path_alone() {
        for (path, layout) in
            [("/k", Some(Layout::Kiosk)), ("/k/unpaid", Some(Layout::Kiosk)), ("/h5/pay/1", Some(Layout::Phone)), ("/keys", None), ("/h51", None), ("/api/v1/k", None)]
        {
            assert_eq!(Layout::of(path), layout, "{path}");
        }
    }

    #[test]
    fn a_kiosk_session_lives_as_long_as_its_page_but_with_money_on_its_way() {
        let mut headers = HeaderMap::new();
        let life = |path: &str, headers: &HeaderMap| Visit::read(path, headers).life();
        assert_eq!(life("/k/unpaid", &headers), Life::Kiosk { large: false });
        assert_eq!(life("/k/pay/01J/state?since=3", &headers), Life::Own);
        assert_eq!(life("/k/result/01J", &headers), Life::Kiosk { large: false });
        assert_eq!(life("/h5/unpaid", &headers), Life::Own);
        headers.insert(COOKIE, "mj_look=large".parse().unwrap());
        assert_eq!(life("/k/unpaid", &headers), Life::Kiosk { large: true });
    }

    #[test]
    fn each_front_end_reads_its_own_cookie() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "mj_session=a; mj_h5=b; mj_look=large".parse().unwrap());
        assert_eq!(Visit::read("/k/unpaid?x=1", &headers).token.as_deref(), Some("a"));
        let phone = Visit::read("/h5", &headers);
        assert_eq!((phone.token.as_deref(), phone.look.large, phone.part), (Some("b"), true, false));
        headers.insert("hx-request", "true".parse().unwrap());
        assert!(Visit::read("/h5", &headers).part);
        headers.insert("hx-boosted", "true".parse().unwrap());
        assert!(!Visit::read("/h5", &headers).part, "a boosted link asks for a whole page");
    }
}
