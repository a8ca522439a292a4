//! The OpenAPI 3.1 document, assembled from the same types that are read and written. Committed as docs/openapi.json.

mod recon;
mod refunds;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use menjie::service::{
    AttendResponse, AttentionListResponse, AttentionResolveRequest, AttentionResolveResponse, AuditReport, AuditRunRequest, InsuranceBindingResponse, PaidListResponse,
    PayResponse, PaymentAcceptResponse, PaymentCancelResponse, PaymentView, QuoteResponse, RegistrationListResponse, SendCodeResponse, SettlementView, SuspensionChooseResponse,
    SuspensionListResponse, SuspensionView, UnpaidResponse, VisitProgressResponse,
};
use menjie_bridge::session::Identified;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::routes::{bills, identify, patients, payments, settlements, sms, staff, visits};

type Make = fn(&mut SchemaGenerator) -> Schema;

/// Who may call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Anybody,
    Patient,
    Staff,
    /// A patient or staff.
    Either,
}

/// One operation of the document.
struct Doc {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    who: Who,
    /// Takes an `Idempotency-Key`.
    keyed: bool,
    /// Its query parameters.
    query: Option<Make>,
    request: Option<Make>,
    response: Option<Make>,
    /// Failures besides 400, 413, 415, 422, 500 and 503 of every operation with a body.
    failures: &'static [u16],
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

fn inline<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

const DOCS: &[Doc] = &[
    Doc {
        method: "post",
        path: "/api/v1/identify",
        summary: "Find the patient and open a session",
        who: Who::Anybody,
        keyed: false,
        query: None,
        request: Some(of::<identify::Identify>),
        response: Some(of::<Identified>),
        failures: &[429, 502],
    },
    Doc {
        method: "post",
        path: "/api/v1/identify/sms",
        summary: "Send a one-time code to a phone, to identify with it",
        who: Who::Anybody,
        keyed: false,
        query: None,
        request: Some(of::<sms::SendCode>),
        response: Some(of::<SendCodeResponse>),
        failures: &[409, 429],
    },
    Doc {
        method: "post",
        path: "/api/v1/identify/choose",
        summary: "Choose one of several files",
        who: Who::Patient,
        keyed: false,
        query: None,
        request: Some(of::<identify::Choose>),
        response: Some(of::<Identified>),
        failures: &[401],
    },
    Doc {
        method: "get",
        path: "/api/v1/session",
        summary: "Who is identified, until when",
        who: Who::Patient,
        keyed: false,
        query: None,
        request: None,
        response: Some(of::<identify::SessionView>),
        failures: &[401],
    },
    Doc { method: "post", path: "/api/v1/exit", summary: "End the session", who: Who::Anybody, keyed: false, query: None, request: None, response: None, failures: &[] },
    Doc {
        method: "post",
        path: "/api/v1/patients",
        summary: "Open a file for somebody who has none; follow it with GET. Whoever has one is told to identify himself",
        who: Who::Anybody,
        keyed: true,
        query: None,
        request: Some(of::<patients::Newcomer>),
        response: Some(of::<patients::Registered>),
        failures: &[404, 409, 429, 502],
    },
    Doc {
        method: "get",
        path: "/api/v1/filings/{id}",
        summary: "How far the opening of a file is, for the session that sent the record; when it is made, a session about its patient follows",
        who: Who::Patient,
        keyed: false,
        query: Some(inline::<patients::Follow>),
        request: None,
        response: Some(of::<patients::Filing>),
        failures: &[401, 404],
    },
    Doc {
        method: "get",
        path: "/api/v1/bills/unpaid",
        summary: "Unpaid bills by visit and executing department",
        who: Who::Patient,
        keyed: false,
        query: None,
        request: None,
        response: Some(of::<UnpaidResponse>),
        failures: &[401, 502],
    },
    Doc {
        method: "get",
        path: "/api/v1/insurance/binding",
        summary: "How the patient is insured, and which institutions he has designated",
        who: Who::Patient,
        keyed: false,
        query: None,
        request: None,
        response: Some(of::<InsuranceBindingResponse>),
        failures: &[401, 404, 502],
    },
    Doc {
        method: "post",
        path: "/api/v1/settlements/quote",
        summary: "Fix what is to be paid for some bills",
        who: Who::Patient,
        keyed: false,
        query: None,
        request: Some(of::<bills::Quote>),
        response: Some(of::<QuoteResponse>),
        failures: &[401, 404, 502],
    },
    Doc {
        method: "post",
        path: "/api/v1/payments",
        summary: "Begin to pay a quote; follow it with GET",
        who: Who::Patient,
        keyed: true,
        query: None,
        request: Some(of::<payments::Pay>),
        response: Some(of::<PayResponse>),
        failures: &[401, 404, 409],
    },
    Doc {
        method: "get",
        path: "/api/v1/payments/{id}",
        summary: "How far a payment is; may wait for a change",
        who: Who::Patient,
        keyed: false,
        query: Some(inline::<payments::Follow>),
        request: None,
        response: Some(of::<PaymentView>),
        failures: &[401, 404],
    },
    Doc {
        method: "post",
        path: "/api/v1/payments/{id}/accept",
        summary: "The patient agrees to what the insurer pays",
        who: Who::Patient,
        keyed: true,
        query: None,
        request: Some(of::<payments::Accept>),
        response: Some(of::<PaymentAcceptResponse>),
        failures: &[401, 404, 409],
    },
    Doc {
        method: "post",
        path: "/api/v1/payments/{id}/cancel",
        summary: "Give a payment up",
        who: Who::Patient,
        keyed: true,
        query: None,
        request: Some(of::<payments::Cancel>),
        response: Some(of::<PaymentCancelResponse>),
        failures: &[401, 404, 409],
    },
    Doc {
        method: "get",
        path: "/api/v1/settlements",
        summary: "What was paid, newest first",
        who: Who::Patient,
        keyed: false,
        query: Some(inline::<settlements::Paging>),
        request: None,
        response: Some(of::<PaidListResponse>),
        failures: &[401],
    },
    Doc {
        method: "get",
        path: "/api/v1/settlements/{id}",
        summary: "One settlement with its lines",
        who: Who::Patient,
        keyed: false,
        query: None,
        request: None,
        response: Some(of::<SettlementView>),
        failures: &[401, 404],
    },
    Doc {
        method: "get",
        path: "/api/v1/registrations",
        summary: "The registrations of a day, as the check-in list shows them",
        who: Who::Patient,
        keyed: false,
        query: Some(inline::<visits::Day>),
        request: None,
        response: Some(of::<RegistrationListResponse>),
        failures: &[401, 502],
    },
    Doc {
        method: "post",
        path: "/api/v1/registrations/{id}/check-in",
        summary: "Check in; a repeat is the first one. Follow it with GET",
        who: Who::Patient,
        keyed: true,
        query: None,
        request: Some(of::<visits::Here>),
        response: Some(of::<AttendResponse>),
        failures: &[401, 404, 409, 502],
    },
    Doc {
        method: "post",
        path: "/api/v1/registrations/{id}/take-number",
        summary: "Take a number; a repeat is the first one. Follow it with GET",
        who: Who::Patient,
        keyed: true,
        query: None,
        request: Some(of::<visits::Here>),
        response: Some(of::<AttendResponse>),
        failures: &[401, 404, 409, 502],
    },
    Doc {
        method: "get",
        path: "/api/v1/check-ins/{id}",
        summary: "How far a check-in is; may wait for the answer",
        who: Who::Patient,
        keyed: false,
        query: Some(inline::<visits::Wait>),
        request: None,
        response: Some(of::<VisitProgressResponse>),
        failures: &[401, 404],
    },
    Doc {
        method: "get",
        path: "/api/v1/suspensions",
        summary: "What stopped clinics mean for the registrations of the patient",
        who: Who::Patient,
        keyed: false,
        query: Some(inline::<visits::Wait>),
        request: None,
        response: Some(of::<SuspensionListResponse>),
        failures: &[401],
    },
    Doc {
        method: "get",
        path: "/api/v1/suspensions/{id}",
        summary: "What a stopped clinic means for one registration",
        who: Who::Patient,
        keyed: false,
        query: Some(inline::<visits::Wait>),
        request: None,
        response: Some(of::<SuspensionView>),
        failures: &[401, 404],
    },
    Doc {
        method: "post",
        path: "/api/v1/suspensions/{id}/choose",
        summary: "Choose another time, or the fee back",
        who: Who::Patient,
        keyed: true,
        query: None,
        request: Some(of::<visits::Choose>),
        response: Some(of::<SuspensionChooseResponse>),
        failures: &[401, 404, 409],
    },
    Doc {
        method: "get",
        path: "/api/v1/staff/attention",
        summary: "What needs a person",
        who: Who::Staff,
        keyed: false,
        query: Some(inline::<staff::Listed>),
        request: None,
        response: Some(of::<AttentionListResponse>),
        failures: &[401, 404],
    },
    Doc {
        method: "post",
        path: "/api/v1/staff/attention/resolve",
        summary: "What a person decided, with the evidence",
        who: Who::Staff,
        keyed: false,
        query: None,
        request: Some(of::<AttentionResolveRequest>),
        response: Some(of::<AttentionResolveResponse>),
        failures: &[401, 404, 409],
    },
    Doc {
        method: "post",
        path: "/api/v1/staff/audit",
        summary: "Check the invariants over the whole store",
        who: Who::Staff,
        keyed: false,
        query: None,
        request: Some(of::<AuditRunRequest>),
        response: Some(of::<AuditReport>),
        failures: &[401, 404],
    },
];

fn docs() -> impl Iterator<Item = &'static Doc> {
    DOCS.iter().chain(recon::DOCS).chain(refunds::DOCS)
}

/// Method and path of every documented operation.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    docs().map(|doc| (doc.method, doc.path))
}

/// `GET /openapi.json`.
pub async fn serve() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text()).into_response()
}

/// The document as it is committed.
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default(); // maps with text keys serialise
    text.push('\n');
    text
}

/// The document.
pub fn document() -> Value {
    let settings = || SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into());
    let mut requests = settings().into_generator();
    let mut responses = settings().for_serialize().into_generator();
    let failure = responses.subschema_for::<menjie_bridge::Failure>().to_value();
    let mut paths: Map<String, Value> = Map::new();
    for doc in docs() {
        let operation = operation(doc, &mut requests, &mut responses, &failure);
        if let Some(path) = paths.entry(doc.path).or_insert_with(|| json!({})).as_object_mut() {
            path.insert(doc.method.to_owned(), operation);
        }
    }
    let mut schemas = requests.take_definitions(true);
    schemas.extend(responses.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "menjie",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Outpatient settlement. Amounts are integer fen (`*_fen`), ids decimal strings, times RFC 3339 with +08:00. A refusal by rule is a 200 with `decision: \"refused\"`; failures have the shape of `Failure`.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": crate::session::COOKIE_NAME },
                "bearer": { "type": "http", "scheme": "bearer" },
                "staff": { "type": "http", "scheme": "bearer" },
            },
        },
    })
}

fn operation(doc: &Doc, requests: &mut SchemaGenerator, responses: &mut SchemaGenerator, failure: &Value) -> Value {
    let mut operation = Map::new();
    operation.insert("summary".to_owned(), json!(doc.summary));
    operation.insert(
        "security".to_owned(),
        match doc.who {
            Who::Anybody => json!([]),
            Who::Patient => json!([{"session": []}, {"bearer": []}]),
            Who::Staff => json!([{"staff": []}]),
            Who::Either => json!([{"session": []}, {"bearer": []}, {"staff": []}]),
        },
    );
    let parameters = parameters(doc, requests);
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), Value::Array(parameters));
    }
    let mut failures: Vec<u16> = doc.failures.to_vec();
    failures.extend([500, 503]);
    if doc.query.is_some() {
        failures.push(422);
    }
    if let Some(request) = doc.request {
        failures.extend([400, 413, 415, 422]);
        let schema = request(requests).to_value();
        operation.insert("requestBody".to_owned(), json!({"required": true, "content": {"application/json": {"schema": schema}}}));
    }
    failures.sort_unstable();
    failures.dedup();
    let mut answers = Map::new();
    match doc.response {
        Some(response) => {
            let schema = response(responses).to_value();
            answers.insert("200".to_owned(), json!({"description": "Done, or refused by a rule.", "content": {"application/json": {"schema": schema}}}));
        }
        None => {
            answers.insert("204".to_owned(), json!({"description": "Done."}));
        }
    }
    for status in failures {
        answers.insert(status.to_string(), json!({"description": "Failed.", "content": {"application/json": {"schema": failure}}}));
    }
    operation.insert("responses".to_owned(), Value::Object(answers));
    Value::Object(operation)
}

fn parameters(doc: &Doc, requests: &mut SchemaGenerator) -> Vec<Value> {
    let mut parameters = Vec::new();
    if doc.path.contains("{id}") {
        parameters.push(json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}));
    }
    if doc.keyed {
        let description = "Client-made; the same key with the same request gives the same answer. May be given as `key` in the body instead.";
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "required": false, "description": description, "schema": {"type": "string", "maxLength": 64}}));
    }
    if let Some(query) = doc.query {
        let schema = query(requests).to_value();
        let required: Vec<&str> = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, of) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            parameters.push(json!({"name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": of}));
        }
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_and_response_schemas_of_one_name_are_one_schema() {
        let settings = || SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into());
        let (mut requests, mut responses) = (settings().into_generator(), settings().for_serialize().into_generator());
        for doc in docs() {
            doc.request.map(|make| make(&mut requests));
            doc.query.map(|make| make(&mut requests));
            doc.response.map(|make| make(&mut responses));
        }
        let (requests, responses) = (requests.take_definitions(true), responses.take_definitions(true));
        for (name, schema) in &requests {
            if let Some(other) = responses.get(name) {
                assert_eq!(schema, other, "{name} is read and written in different shapes");
            }
        }
    }

    #[test]
    fn every_reference_resolves() {
        let document = document();
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut found = 0;
        for part in text.split("\"$ref\":\"").skip(1) {
            let target = part.split('"').next().unwrap();
            let name = target.strip_prefix("#/components/schemas/").unwrap_or_else(|| panic!("{target}"));
            assert!(schemas.contains_key(name), "{name}");
            found += 1;
        }
        assert!(found > 30, "{found}");
    }
}
