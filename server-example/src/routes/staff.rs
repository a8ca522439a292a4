//! What staff need while there are no staff pages: what hangs, a decision about it, the audit.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use menjie::port::Cursor;
use menjie::service::{AttentionListRequest, AttentionResolveRequest, AuditRunRequest};
use menjie::workflow::MachineKind;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::caller::Staff;
use crate::detached::detached;
use crate::failure::{Failure, json};
use crate::input::{Asked, Body, Exact};

/// Query of `GET /api/v1/staff/attention`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Which kind of machine.
    pub kind: MachineKind,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<String>,
}

/// `GET /api/v1/staff/attention`.
pub async fn attention(State(app): State<App>, Staff(caller): Staff, Asked(listed): Asked<Listed>) -> Result<Response, Failure> {
    let request = AttentionListRequest { kind: listed.kind, after: listed.after.map(Cursor) };
    Ok(json(StatusCode::OK, &app.engine().attention_list(&caller, &request).await?))
}

/// `POST /api/v1/staff/attention/resolve`.
pub async fn resolve(State(app): State<App>, Staff(caller): Staff, Exact(request): Exact<AttentionResolveRequest>) -> Result<Response, Failure> {
    let resolved = detached(async move { app.engine().attention_resolve(&caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &resolved))
}

/// `POST /api/v1/staff/audit`.
pub async fn audit(State(app): State<App>, Staff(caller): Staff, Body(request): Body<AuditRunRequest>) -> Result<Response, Failure> {
    Ok(json(StatusCode::OK, &app.engine().audit(&caller, &request).await?))
}
