//! Where somebody was going when he had to log in first: the notice that a message led to. A cookie remembers it on the way
//! to WeChat and through binding a patient; it names one of our own pages and nothing else.

use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::answer;
use super::visit::cookie;

/// The cookie's name.
const NAME: &str = "mj_onward";
/// The only pages that messages lead to.
const PLACE: &str = "/h5/suspensions/";

/// Remembers the page; what is none of those is not remembered.
pub fn remember(response: &mut Response, path: &str, secure: bool) {
    if let Some(id) = id_of(path) {
        answer::add(response, SET_COOKIE, &format!("{NAME}={id}; Path=/h5; HttpOnly; SameSite=Lax; Max-Age=1800{}", mark(secure)));
    }
}

/// Where he was going.
pub fn remembered(headers: &HeaderMap) -> Option<String> {
    let id = cookie(headers, NAME)?;
    let path = format!("{PLACE}{id}");
    id_of(&path).is_some().then_some(path)
}

/// He is on his way there: it is remembered no longer.
pub fn forget(headers: &HeaderMap, response: &mut Response, secure: bool) {
    if remembered(headers).is_some() {
        answer::add(response, SET_COOKIE, &format!("{NAME}=; Path=/h5; HttpOnly; SameSite=Lax; Max-Age=0{}", mark(secure)));
    }
}

fn mark(secure: bool) -> &'static str {
    if secure { "; Secure" } else { "" }
}

fn id_of(path: &str) -> Option<&str> {
    let id = path.split('?').next()?.strip_prefix(PLACE)?;
    ((1..=40).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::COOKIE;
    use axum::response::IntoResponse;

    #[test]
    fn only_the_pages_that_messages_lead_to_are_remembered() {
        for (path, kept) in [
            ("/h5/suspensions/123-a", true),
            ("/h5/suspensions/123?choice=refund", true),
            ("/h5/unpaid", false),
            ("/h5/suspensions/", false),
            ("/h5/suspensions/a/state", false),
            ("//evil.example", false),
        ] {
            let mut response = ().into_response();
            remember(&mut response, path, false);
            assert_eq!(response.headers().contains_key(SET_COOKIE), kept, "{path}");
        }
        for (value, to) in [("123-a", Some("/h5/suspensions/123-a")), ("..%2f", None), ("a/../../k", None), ("", None)] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, format!("{NAME}={value}").parse().unwrap());
            assert_eq!(remembered(&headers).as_deref(), to, "{value}");
        }
    }
}
