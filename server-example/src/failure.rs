//! Errors as HTTP: the one place where a code becomes a status. A refusal by rule is not here; it is a 200 with
//! `decision: "refused"`.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use menjie::error::{Code, Error, Kind, Retry};
use serde::Serialize;

/// What only HTTP can get wrong. Numbers lie in the misuse area of the code table and are never renumbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misuse {
    /// No live patient session.
    NoSession,
    /// No valid staff token.
    NoStaff,
    /// Too many failed tries; wait.
    Locked,
    /// The body is larger than the route takes.
    TooLarge,
    /// The body is not declared as JSON.
    NotJson,
    /// The path exists, the method does not.
    Method,
    /// There is no such path.
    NoRoute,
    /// Another site's page sent the request.
    CrossSite,
    /// The answer took too long.
    TooSlow,
}

impl Misuse {
    /// Every one, ascending by number.
    pub const ALL: [Misuse; 9] =
        [Misuse::NoSession, Misuse::NoStaff, Misuse::Locked, Misuse::TooLarge, Misuse::NotJson, Misuse::Method, Misuse::NoRoute, Misuse::CrossSite, Misuse::TooSlow];

    /// The stable number.
    pub const fn number(self) -> u16 {
        match self {
            Misuse::NoSession => 20,
            Misuse::NoStaff => 21,
            Misuse::Locked => 22,
            Misuse::TooLarge => 23,
            Misuse::NotJson => 24,
            Misuse::Method => 25,
            Misuse::NoRoute => 26,
            Misuse::CrossSite => 27,
            Misuse::TooSlow => 28,
        }
    }

    /// The status.
    pub const fn status(self) -> StatusCode {
        match self {
            Misuse::NoSession | Misuse::NoStaff => StatusCode::UNAUTHORIZED,
            Misuse::Locked => StatusCode::TOO_MANY_REQUESTS,
            Misuse::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Misuse::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Misuse::Method => StatusCode::METHOD_NOT_ALLOWED,
            Misuse::NoRoute => StatusCode::NOT_FOUND,
            Misuse::CrossSite => StatusCode::FORBIDDEN,
            Misuse::TooSlow => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What it means.
    pub const fn text(self) -> &'static str {
        match self {
            Misuse::NoSession => "identify first: there is no live session",
            Misuse::NoStaff => "a staff token is needed",
            Misuse::Locked => "too many failed tries; wait and try again",
            Misuse::TooLarge => "the body is too large",
            Misuse::NotJson => "the body must be application/json",
            Misuse::Method => "the path does not take this method",
            Misuse::NoRoute => "there is no such path",
            Misuse::CrossSite => "requests from other sites are refused",
            Misuse::TooSlow => "the answer took too long; ask what became of it",
        }
    }

    const fn retry(self) -> Retry {
        match self {
            Misuse::TooSlow => Retry::AfterQuery,
            Misuse::Locked => Retry::SameKey,
            Misuse::NoSession | Misuse::NoStaff | Misuse::TooLarge | Misuse::NotJson | Misuse::Method | Misuse::NoRoute | Misuse::CrossSite => Retry::Never,
        }
    }
}

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The status.
    pub status: StatusCode,
    /// The body, in the envelope of every host.
    pub body: menjie_bridge::Failure,
    /// `Retry-After`, in seconds.
    pub wait_s: Option<u64>,
}

impl Failure {
    /// Adds when to come back.
    #[must_use]
    pub fn wait(mut self, seconds: u64) -> Failure {
        self.wait_s = Some(seconds);
        self
    }
}

impl From<Misuse> for Failure {
    fn from(misuse: Misuse) -> Failure {
        let body = menjie_bridge::Failure { code: misuse.number(), kind: Kind::Misuse, retry: misuse.retry(), message: misuse.text().to_owned(), context: BTreeMap::new() };
        Failure { status: misuse.status(), body, wait_s: None }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let status = status_of(error.code());
        let inside = status == StatusCode::INTERNAL_SERVER_ERROR;
        if status.is_server_error() {
            tracing::warn!(target: "menjie::failure", code = error.code().number(), error = %error, "a request failed");
        }
        let mut body = menjie_bridge::Failure::from(&error);
        if inside {
            // What broke inside is for the log, not for whoever asks.
            body.context.clear();
        }
        let wait_s = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
        Failure { status, body, wait_s }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &self.body);
        if let Some(seconds) = self.wait_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An answer in JSON.
pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The status of a code.
pub fn status_of(code: Code) -> StatusCode {
    match (code.kind(), code) {
        (Kind::Misuse, Code::UnknownOperation) | (Kind::NotFound, _) => StatusCode::NOT_FOUND,
        (Kind::Misuse, _) => StatusCode::BAD_REQUEST,
        (Kind::Validation, _) | (Kind::Crypto, Code::BadSignature | Code::StaleMessage) => StatusCode::UNPROCESSABLE_ENTITY,
        (Kind::Conflict, _) => StatusCode::CONFLICT,
        (
            Kind::Counterpart,
            Code::HisUnreachable
            | Code::ChannelUnreachable
            | Code::InsurerUnreachable
            | Code::HealthCodeUnreachable
            | Code::InvoiceUnreachable
            | Code::NotifyUnreachable
            | Code::ServerUnreachable,
        ) => StatusCode::SERVICE_UNAVAILABLE,
        (Kind::Counterpart, _) => StatusCode::BAD_GATEWAY,
        (Kind::Store, Code::StoreCorrupt) | (Kind::Crypto | Kind::Internal, _) => StatusCode::INTERNAL_SERVER_ERROR,
        (Kind::Store, _) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ascending_in_the_misuse_area_and_meet_no_core_code() {
        let numbers: Vec<u16> = Misuse::ALL.iter().map(|m| m.number()).collect();
        assert!(numbers.windows(2).all(|w| w[0] < w[1]), "{numbers:?}");
        assert!(numbers.iter().all(|n| (1..100).contains(n)));
        for code in Code::ALL {
            assert!(!numbers.contains(&code.number()), "{} is taken", code.name());
        }
    }

    #[test]
    fn they_stand_in_the_list_of_errors() {
        let page = include_str!("../../docs/errors.md");
        for misuse in Misuse::ALL {
            let retry = serde_json::to_value(misuse.retry()).unwrap();
            let row = format!("| {} | {} | `{}` | {} |", misuse.number(), misuse.status().as_u16(), retry.as_str().unwrap(), misuse.text());
            assert!(page.contains(&row), "{row}");
        }
        let rows = page.split("## The server").nth(1).unwrap().split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| 2")).count();
        assert_eq!(rows, Misuse::ALL.len());
    }

    #[test]
    fn every_code_has_a_status_of_its_kind() {
        for &code in Code::ALL {
            let status = status_of(code);
            let wanted: &[u16] = match code.kind() {
                Kind::Misuse => &[400, 404],
                Kind::Validation => &[422],
                Kind::NotFound => &[404],
                Kind::Conflict => &[409],
                Kind::Counterpart => &[502, 503],
                Kind::Store => &[500, 503],
                Kind::Crypto => &[422, 500],
                Kind::Internal => &[500],
            };
            assert!(wanted.contains(&status.as_u16()), "{}: {status}", code.name());
        }
    }

    #[test]
    fn what_broke_inside_is_not_told() {
        let failure = Failure::from(Error::internal("a promise"));
        assert_eq!((failure.status.as_u16(), failure.body.context.len()), (500, 0));
        let failure = Failure::from(Error::field("bill_ids", "is named twice"));
        assert_eq!(failure.body.context.get("field").map(String::as_str), Some("bill_ids"));
        assert_eq!((failure.body.kind, failure.body.retry), (Kind::Validation, Retry::Never));
    }
}
