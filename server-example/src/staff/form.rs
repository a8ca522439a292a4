//! A form of a staff page: its cookie is `Strict`, its origin is checked, and it proves itself besides.

use axum::extract::{FromRequest, Request};

use super::session::COOKIE;
use crate::failure::Misuse;
use crate::pages::answer::Away;
use crate::pages::fields::{Fields, form_token};
use crate::pages::visit::cookie;

/// The fields of a form that was made for this session.
pub struct Form(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Away;

    async fn from_request(request: Request, state: &S) -> Result<Form, Away> {
        let wanted = form_token(cookie(request.headers(), COOKIE));
        let fields = Fields::read(request, state).await?;
        if wanted.is_empty() || fields.one("form") != Some(wanted.as_str()) {
            return Err(Misuse::CrossSite.into());
        }
        Ok(Form(fields))
    }
}

/// The fields of the one form that nobody has a session for yet: the login. Its origin is checked like every other's.
pub struct OpenForm(pub Fields);

impl<S: Send + Sync> FromRequest<S> for OpenForm {
    type Rejection = Away;

    async fn from_request(request: Request, state: &S) -> Result<OpenForm, Away> {
        Fields::read(request, state).await.map(OpenForm)
    }
}
