//! The paths of refunds.

use menjie::service::{RefundDecideResponse, RefundListResponse, RefundPreviewRequest, RefundPreviewResponse, RefundRequestResponse, RefundView};

use super::{Doc, Who, inline, of};
use crate::routes::refunds;

pub(super) const DOCS: &[Doc] = &[
    Doc {
        method: "post",
        path: "/api/v1/refunds",
        summary: "Ask for a refund of all or of a part; follow it with GET",
        who: Who::Patient,
        keyed: true,
        query: None,
        request: Some(of::<refunds::Ask>),
        response: Some(of::<RefundRequestResponse>),
        failures: &[401, 404, 409, 502],
    },
    Doc {
        method: "get",
        path: "/api/v1/refunds",
        summary: "What waits for an approver, of his own departments",
        who: Who::Staff,
        keyed: false,
        query: Some(inline::<refunds::Waiting>),
        request: None,
        response: Some(of::<RefundListResponse>),
        failures: &[401, 404],
    },
    Doc {
        method: "post",
        path: "/api/v1/refunds/preview",
        summary: "What a request would meet: what stands in the way, its steps, what goes back and where; nothing is written",
        who: Who::Patient,
        keyed: false,
        query: None,
        request: Some(of::<RefundPreviewRequest>),
        response: Some(of::<RefundPreviewResponse>),
        failures: &[401, 404, 502],
    },
    Doc {
        method: "get",
        path: "/api/v1/refunds/{id}",
        summary: "How far a refund is; for the patient, its approvers and whoever sees the hospital's business",
        who: Who::Either,
        keyed: false,
        query: Some(inline::<refunds::Follow>),
        request: None,
        response: Some(of::<RefundView>),
        failures: &[401, 404],
    },
    Doc {
        method: "post",
        path: "/api/v1/refunds/{id}/withdraw",
        summary: "Take a request back, while nobody has decided",
        who: Who::Patient,
        keyed: true,
        query: None,
        request: Some(of::<refunds::Withdraw>),
        response: Some(of::<RefundDecideResponse>),
        failures: &[401, 404, 409],
    },
    Doc {
        method: "post",
        path: "/api/v1/refunds/{id}/decision",
        summary: "An approver's word",
        who: Who::Staff,
        keyed: true,
        query: None,
        request: Some(of::<refunds::Decide>),
        response: Some(of::<RefundDecideResponse>),
        failures: &[401, 404, 409],
    },
];
