//! The staff side: audit, open work, and deciding what needs a person the way the simulated finance office would.

use std::time::Duration;

use menjie::access::Private;
use menjie::service::{AttentionListResponse, AuditReport};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::deploy::Deployed;

/// The staff API of the deployed server.
pub(crate) struct Staff<'a> {
    client: Client,
    deployed: &'a Deployed,
    token: &'a Private,
}

impl<'a> Staff<'a> {
    pub(crate) fn new(client: Client, deployed: &'a Deployed) -> Staff<'a> {
        Staff { client, deployed, token: &deployed.staff }
    }

    /// The same API for somebody else.
    pub(crate) fn as_holder_of(client: Client, deployed: &'a Deployed, token: &'a Private) -> Staff<'a> {
        Staff { client, deployed, token }
    }

    /// Audits the whole store.
    pub(crate) async fn audit(&self) -> Result<AuditReport, String> {
        let audit = self.post("/api/v1/staff/audit", &json!({})).await?;
        serde_json::from_value(audit).map_err(|_| "the audit's answer has another shape".to_owned())
    }

    /// Acts, polls and timers not done yet.
    pub(crate) async fn open_work(&self) -> Result<u64, String> {
        let page = self.client.get(format!("{}/metrics", self.deployed.base)).send().await.map_err(|e| e.without_url().to_string())?;
        let page = page.text().await.map_err(|e| e.without_url().to_string())?;
        if !page.contains("menjie_store_up 1") {
            return Err("the store does not answer".to_owned());
        }
        Ok(page.lines().filter(|l| l.starts_with("menjie_jobs_open{")).filter_map(|l| l.rsplit(' ').next()?.parse::<u64>().ok()).sum())
    }

    /// Asks counterparts again about everything that is held: a person has looked, the cause is gone. How many.
    pub(crate) async fn ask_again(&self, round: u32) -> Result<u64, String> {
        let mut decided = 0;
        for (kind, decision) in [("payment", "ask_again"), ("settlement", "ask_again"), ("refund", "ask_again"), ("invoice", "go_on")] {
            let list = self.get(&format!("/api/v1/staff/attention?kind={kind}")).await?;
            let list: AttentionListResponse = serde_json::from_value(list).map_err(|_| "the attention list has another shape".to_owned())?;
            for item in list.items.into_iter().filter(|item| item.held) {
                let body = json!({
                    "key": format!("again-{round}-{}", item.business_no),
                    "machine": item.machine,
                    "resolution": { "of": kind, "decision": { "decide": decision } },
                    "evidence": "演示：已在对方后台核对，故障已排除，继续",
                });
                self.post("/api/v1/staff/attention/resolve", &body).await?;
                decided += 1;
            }
        }
        Ok(decided)
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, String> {
        self.send(self.client.get(format!("{}{path}", self.deployed.base))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.send(self.client.post(format!("{}{path}", self.deployed.base)).json(body)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, String> {
        let request = request.bearer_auth(self.token.reveal());
        for _ in 0..20 {
            let again = request.try_clone().ok_or("a request with a body can be repeated")?;
            match again.send().await {
                Ok(answer) if answer.status().as_u16() == 503 => {}
                Ok(answer) => {
                    let status = answer.status();
                    let body: Value = answer.json().await.map_err(|e| e.without_url().to_string())?;
                    return if status.is_success() { Ok(body) } else { Err(format!("staff API: {status} {body}")) };
                }
                Err(error) if error.is_connect() => {}
                Err(error) => return Err(error.without_url().to_string()),
            }
            sleep(Duration::from_millis(250)).await;
        }
        Err("the staff API stayed away".to_owned())
    }
}
