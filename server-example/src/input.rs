//! What a request brings: a bounded JSON body, a query, an id in the path, an idempotency key. Errors name the field and
//! never repeat the value.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use menjie::error::{Code, Error};
use menjie::ident::RequestKey;
use menjie_bridge::strict;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, Misuse};

/// A JSON body of a known shape; unknown and repeated fields are refused.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Failure> {
        Ok(Body(strict::request(&text(request, state).await?)?))
    }
}

/// As [`Body`], for shapes that hold tagged enums.
pub struct Exact<T>(pub T);

impl<T: DeserializeOwned + Serialize, S: Send + Sync> FromRequest<S> for Exact<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Exact<T>, Failure> {
        Ok(Exact(strict::exact(&text(request, state).await?)?))
    }
}

/// The raw bytes of a body within the route's limit.
pub async fn raw<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Failure> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        if too_large { Misuse::TooLarge.into() } else { Error::new(Code::BadRequest).with("problem", "the body did not arrive whole").into() }
    })
}

/// The text of a request with a JSON body.
async fn text<S: Send + Sync>(request: Request, state: &S) -> Result<String, Failure> {
    let declared = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = declared.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Misuse::NotJson.into());
    }
    let bytes = raw(request, state).await?;
    String::from_utf8(bytes.into()).map_err(|_| Error::new(Code::BadRequest).with("problem", "is not UTF-8").into())
}

/// A query string of a known shape.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Asked<T>, Failure> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Asked(asked)).map_err(|_| Error::field("query", "has an unknown field or a wrong value").into())
    }
}

/// An id in the path. What is no id belongs to nobody: 404, like a stranger's.
pub struct Id<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Id<T>, Failure> {
        let id = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Error::new(Code::NotFound))?.0;
        serde_json::from_value(serde_json::Value::String(id)).map(Id).map_err(|_| Error::new(Code::NotFound).into())
    }
}

/// The idempotency key of a command: the header, or the body's `key`; when both are given they are the same.
pub fn key_of(headers: &HeaderMap, body: Option<RequestKey>) -> Result<RequestKey, Failure> {
    let header = match headers.get("idempotency-key") {
        None => None,
        Some(value) => Some(value.to_str().ok().and_then(|v| RequestKey::new(v).ok()).ok_or_else(|| Error::field("idempotency-key", "must have 1 to 64 printable characters"))?),
    };
    match (header, body) {
        (Some(header), Some(body)) if header != body => Err(Error::field("key", "differs from the Idempotency-Key header").into()),
        (Some(key), _) | (None, Some(key)) => Ok(key),
        (None, None) => Err(Error::field("key", "is missing: give the Idempotency-Key header or the key field").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_from_the_header_or_the_body() {
        let mut headers = HeaderMap::new();
        let key = RequestKey::new("k1").unwrap();
        assert_eq!(key_of(&headers, Some(key.clone())).unwrap(), key);
        assert_eq!(key_of(&headers, None).unwrap_err().status.as_u16(), 422);
        headers.insert("idempotency-key", "k1".parse().unwrap());
        assert_eq!(key_of(&headers, None).unwrap(), key);
        assert_eq!(key_of(&headers, Some(key.clone())).unwrap(), key);
        assert!(key_of(&headers, Some(RequestKey::new("k2").unwrap())).is_err());
        headers.insert("idempotency-key", " ".parse().unwrap());
        assert!(key_of(&headers, None).is_err());
    }
}
