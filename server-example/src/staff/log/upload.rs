//! The form with which an auditor brings his key: a file and its password (`multipart/form-data`). What is held of it here is wiped;
//! a general reader of such forms would keep copies.

use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use menjie::error::Error;
use zeroize::Zeroizing;

use crate::failure::Misuse;
use crate::input;
use crate::pages::answer::Away;
use crate::pages::fields::form_token;
use crate::pages::visit::cookie;
use crate::staff::session::COOKIE;

/// What was brought, by a form that was made for this session.
pub struct Upload {
    /// The file.
    pub pem: Zeroizing<String>,
    /// Its password.
    pub password: Zeroizing<String>,
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Away;

    async fn from_request(request: Request, state: &S) -> Result<Upload, Away> {
        let wanted = form_token(cookie(request.headers(), COOKIE));
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let boundary = boundary(kind).ok_or_else(|| Error::field("form", "is not a form with a file"))?.to_owned();
        let body = Zeroizing::new(Vec::from(input::raw(request, state).await?));
        let parts = parts(&body, &boundary).ok_or_else(|| Error::field("form", "is not a form with a file"))?;
        let one = |name: &str| parts.iter().find(|(key, _)| *key == name).and_then(|(_, bytes)| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        if wanted.is_empty() || one("form") != wanted {
            return Err(Misuse::CrossSite.into());
        }
        Ok(Upload { pem: Zeroizing::new(one("key").to_owned()), password: Zeroizing::new(one("password").to_owned()) })
    }
}

fn boundary(kind: &str) -> Option<&str> {
    let (name, parameters) = kind.split_once(';')?;
    let named = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("boundary="))?.trim_matches('"');
    (name.trim().eq_ignore_ascii_case("multipart/form-data") && (1..=70).contains(&named.len())).then_some(named)
}

/// The parts of a body in order, each with its name (RFC 7578). `None` when it is not made of parts throughout.
fn parts<'b>(body: &'b [u8], boundary: &str) -> Option<Vec<(&'b str, &'b [u8])>> {
    let between = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(between.trim_start().as_bytes())?;
    let mut parts = Vec::new();
    while let Some(behind) = rest.strip_prefix(b"\r\n") {
        let (heads, content) = split(behind, b"\r\n\r\n")?;
        let (content, behind) = split(content, between.as_bytes())?;
        parts.push((name(std::str::from_utf8(heads).ok()?)?, content));
        rest = behind;
    }
    rest.starts_with(b"--").then_some(parts)
}

fn name(heads: &str) -> Option<&str> {
    let disposition = heads.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    disposition.split(';').find_map(|parameter| parameter.trim().strip_prefix("name=\"")?.strip_suffix('"'))
}

fn split<'b>(bytes: &'b [u8], at: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let found = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes.get(..found)?, bytes.get(found + at.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "--B1\r\nContent-Disposition: form-data; name=\"form\"\r\n\r\nproof\r\n--B1\r\ncontent-disposition: form-data; name=\"key\"; filename=\"审计;name.pem\"\r\nContent-Type: application/x-pem-file\r\n\r\n-----BEGIN X-----\r\n--B\r\n\r\n--B1--\r\n";

    #[test]
    fn parts_come_back_with_their_names_and_bytes() {
        let parts = parts(BODY.as_bytes(), "B1").unwrap();
        assert_eq!(parts, [("form", b"proof".as_slice()), ("key", b"-----BEGIN X-----\r\n--B\r\n".as_slice())]);
    }

    #[test]
    fn what_is_cut_off_or_without_a_name_is_no_form() {
        for cut in 0..BODY.len() - 4 {
            assert!(parts(&BODY.as_bytes()[..cut], "B1").is_none(), "{cut}");
        }
        assert!(parts(BODY.as_bytes(), "B2").is_none());
        assert!(parts(BODY.replace("name=\"form\"", "x=\"form\"").as_bytes(), "B1").is_none());
    }

    #[test]
    fn a_boundary_stands_in_the_type() {
        assert_eq!(boundary("multipart/form-data; boundary=----WebKit7"), Some("----WebKit7"));
        assert_eq!(boundary("Multipart/Form-Data;charset=utf-8; boundary=\"a b\""), Some("a b"));
        for none in ["", "multipart/form-data", "multipart/form-data; boundary=", "text/plain; boundary=x", "application/x-www-form-urlencoded"] {
            assert_eq!(boundary(none), None, "{none}");
        }
    }
}
