//! The paths of reconciliation.

use menjie::service::{Day, ReconcileDayResponse, ReconcileListResponse, ReconcileResolveResponse};

use super::{Doc, Who, inline, of};
use crate::routes::recon;

pub(super) const DOCS: &[Doc] = &[
    Doc {
        method: "get",
        path: "/api/v1/recon",
        summary: "A day of a channel as it was reconciled, with its differences; for finance",
        who: Who::Staff,
        keyed: false,
        query: Some(inline::<recon::OfDay>),
        request: None,
        response: Some(of::<Day>),
        failures: &[401, 404],
    },
    Doc {
        method: "get",
        path: "/api/v1/recon/days",
        summary: "How days end, channel by channel, and which are not reconciled yet",
        who: Who::Staff,
        keyed: false,
        query: Some(inline::<recon::Days>),
        request: None,
        response: Some(of::<ReconcileListResponse>),
        failures: &[401, 404],
    },
    Doc {
        method: "post",
        path: "/api/v1/recon/{date}",
        summary: "Reconcile a day now, or anew; what people did about differences stays",
        who: Who::Staff,
        keyed: true,
        query: None,
        request: Some(of::<recon::Make>),
        response: Some(of::<ReconcileDayResponse>),
        failures: &[401, 404, 409],
    },
    Doc {
        method: "post",
        path: "/api/v1/recon/{date}/{item}/resolve",
        summary: "Deal with a difference, with a note",
        who: Who::Staff,
        keyed: true,
        query: None,
        request: Some(of::<recon::Resolve>),
        response: Some(of::<ReconcileResolveResponse>),
        failures: &[401, 404, 409],
    },
];
