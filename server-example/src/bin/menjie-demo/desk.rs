//! A device at the hospital: the patient's side of the HTTP API, patient with a server that is away for a moment.

use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// A server that stays away for longer is a failure of the run.
const PATIENCE: Duration = Duration::from_secs(90);

/// One device with one session at a time.
pub(crate) struct Desk {
    client: Client,
    base: String,
    admin: String,
    token: Option<String>,
    /// Insured bills are paid with insurance, on the patient's own phone.
    insured: bool,
}

/// Why a call came to nothing.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// 401: the session is over.
    NoSession,
    /// Another definite failure: status and body.
    Failed(u16, Value),
    /// The server stayed away.
    Gone(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::NoSession => f.write_str("401 without a reason"),
            Trouble::Failed(status, body) => write!(f, "{status} {body}"),
            Trouble::Gone(why) => write!(f, "the server stayed away: {why}"),
        }
    }
}

impl Desk {
    /// A device that talks to this server; the payer's phone talks to the simulator's admin API.
    pub(crate) fn new(client: Client, base: &str, admin: &str) -> Desk {
        Desk { client, base: base.to_owned(), admin: admin.to_owned(), token: None, insured: false }
    }

    /// The patient's own phone.
    pub(crate) fn with_insurance(self) -> Desk {
        Desk { insured: true, ..self }
    }

    /// Are insured bills paid with insurance here?
    pub(crate) const fn takes_insurance(&self) -> bool {
        self.insured
    }

    /// Identifies; the session's token stays here.
    pub(crate) async fn identify(&mut self, way: &str, token: &str) -> Result<Value, Trouble> {
        self.token = None;
        let answer = self.call(Method::POST, "/api/v1/identify", None, Some(&json!({ "way": way, "token": token, "bearer": true }))).await?;
        self.token = answer.get("token").and_then(Value::as_str).map(str::to_owned);
        Ok(answer)
    }

    /// What is unpaid.
    pub(crate) async fn unpaid(&self) -> Result<Value, Trouble> {
        self.call(Method::GET, "/api/v1/bills/unpaid", None, None).await
    }

    /// A quote.
    pub(crate) async fn quote(&self, bill_ids: &[String]) -> Result<Value, Trouble> {
        self.call(Method::POST, "/api/v1/settlements/quote", None, Some(&json!({ "bill_ids": bill_ids }))).await
    }

    /// A quote of one bill with insurance, once the patient has authorised it on the national page; none for whom the insurer does
    /// not know.
    pub(crate) async fn quote_insured(&self, patient_id: &str, bill_id: &str) -> Result<Option<Value>, Trouble> {
        let permit = self.client.post(format!("{}/admin/insurer/authorise", self.admin)).json(&json!({ "patient_id": patient_id })).send().await;
        let permit = permit.map_err(|e| Trouble::Gone(format!("the simulator: {}", e.without_url())))?;
        if !permit.status().is_success() {
            return Ok(None);
        }
        let permit: Value = permit.json().await.map_err(|e| Trouble::Gone(format!("the simulator: {}", e.without_url())))?;
        let insurance = json!({ "by": "mobile", "pay_auth_no": permit.get("pay_auth_no") });
        self.call(Method::POST, "/api/v1/settlements/quote", None, Some(&json!({ "bill_ids": [bill_id], "insurance": insurance }))).await.map(Some)
    }

    /// Agrees to what the insurer pays.
    pub(crate) async fn accept(&self, payment_id: &str) -> Result<Value, Trouble> {
        let key = format!("accept-{payment_id}");
        self.call(Method::POST, &format!("/api/v1/payments/{payment_id}/accept"), Some(&key), Some(&json!({ "notice_seen": true }))).await
    }

    /// One settlement with its lines.
    pub(crate) async fn detail(&self, settlement_id: &str) -> Result<Value, Trouble> {
        self.call(Method::GET, &format!("/api/v1/settlements/{settlement_id}"), None, None).await
    }

    /// Asks for money back: these lines, or everything.
    pub(crate) async fn refund(&self, settlement_id: &str, lines: &Value) -> Result<Value, Trouble> {
        let body = json!({ "settlement_id": settlement_id, "lines": lines, "why": "changed" });
        let key = format!("refund-{settlement_id}-{}", lines.as_array().map_or(0, Vec::len));
        self.call(Method::POST, "/api/v1/refunds", Some(&key), Some(&body)).await
    }

    /// Begins to pay. The same key may be sent again.
    pub(crate) async fn pay(&self, key: &str, quote_id: &str, insured: bool) -> Result<Value, Trouble> {
        let method = if insured { json!({ "way": "jsapi", "payer": "oSimulatedUser0000000000001" }) } else { json!({ "way": "native" }) };
        let body = json!({ "quote_id": quote_id, "channel": "wechat", "method": method });
        self.call(Method::POST, "/api/v1/payments", Some(key), Some(&body)).await
    }

    /// How far a payment is, once it is not at version `since` any more.
    pub(crate) async fn follow(&self, payment_id: &str, wait_ms: u32, since: u64) -> Result<Value, Trouble> {
        self.call(Method::GET, &format!("/api/v1/payments/{payment_id}?wait_ms={wait_ms}&since={since}"), None, None).await
    }

    /// All that was paid, page by page.
    pub(crate) async fn paid(&self) -> Result<Vec<Value>, Trouble> {
        let mut all = Vec::new();
        let mut path = "/api/v1/settlements?limit=100".to_owned();
        loop {
            let page = self.call(Method::GET, &path, None, None).await?;
            all.extend(page.get("settlements").and_then(Value::as_array).into_iter().flatten().cloned());
            match page.get("next").and_then(Value::as_str) {
                Some(next) => path = format!("/api/v1/settlements?limit=100&after={next}"),
                None => return Ok(all),
            }
        }
    }

    /// Ends the session.
    pub(crate) async fn exit(&mut self) -> Result<(), Trouble> {
        self.call(Method::POST, "/api/v1/exit", None, None).await?;
        self.token = None;
        Ok(())
    }

    /// The payer scans the code and confirms. `false` when the order cannot be paid (any more).
    pub(crate) async fn scan(&self, code: &str) -> Result<bool, Trouble> {
        self.confirm(&json!({ "code": code })).await
    }

    /// The payer confirms on the pay sheet of his phone.
    pub(crate) async fn confirm_sheet(&self, out_trade_no: &str) -> Result<bool, Trouble> {
        self.confirm(&json!({ "out_trade_no": out_trade_no })).await
    }

    async fn confirm(&self, order: &Value) -> Result<bool, Trouble> {
        let answer = self.client.post(format!("{}/admin/pay", self.admin)).json(order).send().await;
        answer.map(|a| a.status().is_success()).map_err(|e| Trouble::Gone(format!("the simulator: {}", e.without_url())))
    }

    /// Calls until there is a definite answer. Everything it sends may be sent twice.
    async fn call(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Result<Value, Trouble> {
        let until = Instant::now() + PATIENCE;
        let mut pause_ms = 25;
        loop {
            let mut request = self.client.request(method.clone(), format!("{}{path}", self.base));
            if let Some(token) = &self.token {
                request = request.bearer_auth(token);
            }
            if let Some(key) = key {
                request = request.header("idempotency-key", key);
            }
            if let Some(body) = body {
                request = request.json(body);
            }
            let why = match request.send().await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    match (status, answer.bytes().await) {
                        (204, _) => return Ok(Value::Null),
                        (200, Ok(bytes)) => return serde_json::from_slice(&bytes).map_err(|_| Trouble::Failed(200, Value::Null)),
                        (401, _) => return Err(Trouble::NoSession),
                        // HIS or the store is in trouble: the same request later.
                        (502 | 503, _) => format!("status {status}"),
                        (status, Ok(bytes)) => return Err(Trouble::Failed(status, serde_json::from_slice(&bytes).unwrap_or_default())),
                        (_, Err(error)) => error.without_url().to_string(),
                    }
                }
                Err(error) => error.without_url().to_string(),
            };
            if Instant::now() >= until {
                return Err(Trouble::Gone(why));
            }
            sleep(Duration::from_millis(pause_ms)).await;
            pause_ms = (pause_ms * 2).min(500);
        }
    }
}
