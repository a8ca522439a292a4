//! What a form sends.

use axum::extract::{Form, FromRequest, Request};

use super::answer::Away;
use super::visit::{Layout, Visit};
use crate::failure::Misuse;
use crate::token;

/// The fields of a form in their order; a name may come several times.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first field of this name.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All fields of this name.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The proof that a form came from our own page: made from the session's token, so nobody else can know it.
pub fn form_token(session: Option<&str>) -> String {
    session.map(|token| token::hash(&format!("form:{token}")).chars().take(32).collect()).unwrap_or_default()
}

impl Fields {
    /// Reads a form, whoever it is from.
    pub async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Fields, Away> {
        match Form::<Vec<(String, String)>>::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Fields(fields)),
            Err(_) => Err(menjie::Error::field("form", "is not a form").into()),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Away;

    /// Reads the form. A phone's cookie is `Lax`, so there each form proves itself besides the check of its origin.
    async fn from_request(request: Request, state: &S) -> Result<Fields, Away> {
        let path = request.extensions().get::<axum::extract::OriginalUri>().map_or_else(|| request.uri().path().to_owned(), |u| u.path().to_owned());
        let visit = Visit::read(&path, request.headers());
        let fields = Fields::read(request, state).await?;
        if visit.layout == Layout::Phone && visit.token.is_some() && fields.one("form") != Some(form_token(visit.token.as_deref()).as_str()) {
            return Err(Misuse::CrossSite.into());
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_token_belongs_to_one_session_and_does_not_tell_it() {
        let (one, other) = ("a".repeat(64), "b".repeat(64));
        assert_ne!(form_token(Some(&one)), form_token(Some(&other)));
        assert_eq!(form_token(Some(&one)).len(), 32);
        assert_eq!(form_token(None), "");
    }
}
