//! A request under its idempotency key (幂等键): the same key with the same request is the same command, however often and however close
//! together it is sent.

use serde::{Deserialize, Serialize};

use super::apply::{Applied, Event};
use super::engine::{Engine, Hospital};
use super::{
    AttendResponse, AttentionResolveResponse, PayResponse, PaymentAcceptResponse, PaymentCancelResponse, ReconcileDayResponse, ReconcileResolveResponse, RefundDecideResponse,
    RefundRequestResponse, RegisterResponse, SuspensionChooseResponse,
};
use crate::access::{Actor, Caller};
use crate::error::{Code, Error, Result};
use crate::gm;
use crate::ident::RequestKey;
use crate::port::{Reply, Source};
use crate::workflow::fold::Changes;

/// The answer to a command.
pub(super) trait Answer: for<'de> Deserialize<'de> {
    /// Whether it was committed under the request's key. Everything else only says how things stand.
    fn accepted(&self) -> bool;
}

macro_rules! answers {
    ($($response:ty),+ $(,)?) => {$(
        impl Answer for $response {
            fn accepted(&self) -> bool {
                matches!(self, Self::Accepted { .. })
            }
        }
    )+};
}

answers!(
    AttendResponse,
    AttentionResolveResponse,
    PayResponse,
    PaymentAcceptResponse,
    PaymentCancelResponse,
    ReconcileResolveResponse,
    RefundDecideResponse,
    RefundRequestResponse,
    RegisterResponse,
    SuspensionChooseResponse,
);

impl Answer for ReconcileDayResponse {
    fn accepted(&self) -> bool {
        matches!(self, Self::Made { .. })
    }
}

impl Engine {
    /// Answers a request with the reply that was fixed for its key, or else with what `first` comes to.
    ///
    /// Somebody who presses twice at once may look for the reply a moment before it is kept, and then find things as his own
    /// first press has left them: asked for already, decided, paid. So a refusal stands only if the key still has no reply.
    pub(super) async fn once<T: Answer>(&self, caller: &Caller, source: &Source, first: impl Future<Output = Result<T>> + Send) -> Result<T> {
        if let Some(reply) = self.replied(caller, source).await? {
            return reply;
        }
        let answer = first.await;
        let stands = match &answer {
            Ok(answer) => answer.accepted(),
            Err(error) => error.code() != Code::Conflict,
        };
        if !stands && let Some(reply) = self.replied(caller, source).await? {
            return reply;
        }
        answer
    }

    /// Commits a command under its request's key, and answers it: with what `accepted` makes of its changes, or with what was fixed when
    /// the request came first. `Err` is what it came to instead.
    pub(super) async fn command<T: Serialize + for<'de> Deserialize<'de>>(
        &self,
        hospital: &Hospital,
        event: Event<'_>,
        accepted: &(dyn Fn(&Changes) -> Result<T> + Sync),
    ) -> Result<std::result::Result<T, Applied>> {
        let reply = |changes: &Changes| encode(&accepted(changes)?);
        match self.apply(hospital, Event { reply: Some(&reply), ..event }).await? {
            Applied::Changed(changes) => accepted(&changes).map(Ok),
            Applied::Replayed(first) => decode(&first).map(Ok),
            Applied::KeyReused => Err(reused()),
            other @ (Applied::Refused(_) | Applied::Stayed | Applied::Stale | Applied::Claimed { .. }) => Ok(Err(other)),
        }
    }

    /// The reply that was fixed for this request, if it was committed before.
    pub(super) async fn replied<T: for<'de> Deserialize<'de>>(&self, caller: &Caller, source: &Source) -> Result<Option<Result<T>>> {
        let Source::Request { scope, key, fingerprint } = source else { return Ok(None) };
        Ok(self
            .inner
            .store
            .replied(&caller.hospital, scope, key)
            .await?
            .map(|(first, reply)| if &first == fingerprint || planted!(KeyOfAnotherRequest) { decode(&reply) } else { Err(reused()) }))
    }
}

fn reused() -> Error {
    Error::new(Code::KeyReused).with("field", "key")
}

/// The source of a command: whose key, and what exactly was asked.
pub(super) fn request_source<T: Serialize>(caller: &Caller, key: &RequestKey, op: &str, request: &T) -> Result<Source> {
    let body = serde_json::to_vec(&(op, request)).map_err(|_| Error::internal("requests serialise"))?;
    // The scope is the actor, hashed: a patient's number is personal.
    let actor = serde_json::to_vec(&caller.actor).map_err(|_| Error::internal("actors serialise"))?;
    let scope = match &caller.actor {
        Actor::Engine => "engine".to_owned(),
        Actor::Patient { .. } | Actor::Newcomer | Actor::Staff { .. } => gm::hex(&gm::sm3(&actor)),
    };
    Ok(Source::Request { scope, key: key.clone(), fingerprint: gm::hex(&gm::sm3(&body)) })
}

pub(super) fn encode<T: Serialize>(value: &T) -> Result<Reply> {
    serde_json::to_vec(value).map(Reply).map_err(|_| Error::internal("replies serialise"))
}

pub(super) fn decode<T: for<'de> Deserialize<'de>>(reply: &Reply) -> Result<T> {
    crate::json::read_bytes(&reply.0).map_err(|_| Error::new(Code::StoreCorrupt).with("record", "reply"))
}
