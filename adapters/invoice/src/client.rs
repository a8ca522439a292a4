//! The invoice platform port over the transport.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use menjie::Result;
use menjie::gm::hex;
use menjie::ident::BusinessNo;
use menjie::invoice::{InvoiceOrder, InvoiceState, RedOrder};
use menjie::port::{CallCx, Entropy, Fault, InvoiceAnswer, InvoiceCall, InvoicePlatform, No, Outcome};
use menjie_transport::{ApiRequest, Client, Failed, Http, later};
use serde_json::{Map, Value};

use crate::config::InvoiceConfig;
use crate::envelope::{Refused, Reply, Signer};
use crate::wire::{self, BillState, OK};

/// The fiscal e-invoice platform, usually behind the hospital's front-end machine.
pub struct InvoiceFront {
    client: Client,
    config: InvoiceConfig,
    signer: Signer,
    entropy: Arc<dyn Entropy>,
}

/// One exchange: the inside of an answer, or how it failed.
type Asked = std::result::Result<Reply, Failed>;

impl InvoiceFront {
    /// Over our own sockets.
    pub fn connect(config: InvoiceConfig, entropy: Arc<dyn Entropy>) -> Result<InvoiceFront> {
        config.check()?;
        let client = Client::connect(&config.http)?;
        Ok(InvoiceFront::over(client, config, entropy))
    }

    /// Over the host's own HTTP.
    pub fn new(config: InvoiceConfig, http: Arc<dyn Http>, entropy: Arc<dyn Entropy>) -> Result<InvoiceFront> {
        config.check()?;
        let client = Client::new(&config.http, http)?;
        Ok(InvoiceFront::over(client, config, entropy))
    }

    fn over(client: Client, config: InvoiceConfig, entropy: Arc<dyn Entropy>) -> InvoiceFront {
        let signer = Signer { appid: config.appid.clone(), key: config.key.clone(), digest: config.digest };
        InvoiceFront { client, config, signer, entropy }
    }

    async fn ask(&self, cx: &CallCx, call: &InvoiceCall, method: &str, business: &Value) -> Asked {
        let mut noise = [0; 16];
        self.entropy.fill(&mut noise);
        let body = self.signer.seal(business, &hex(&noise));
        let request = ApiRequest::post(format!("/{method}"), body).business_no(call.business_no()).header("Content-Type", "application/json; charset=utf-8");
        let response = self.client.exchange(cx, request).await.answered()?;
        if response.status != 200 {
            return Err(Failed::Unknown(Fault::new(format!("http_{}", response.status), "the platform answered with another status than 200")));
        }
        self.signer.open(&response.body, self.config.verify_answers).map_err(|refused| {
            Failed::Unknown(match refused {
                Refused::Signature => Fault::new("signature", "the platform's answer is not signed, or its signature does not verify"),
                Refused::Shape(shape) => shape.into(),
            })
        })
    }

    async fn issue(&self, cx: &CallCx, call: &InvoiceCall, order: &InvoiceOrder) -> Outcome<InvoiceAnswer> {
        let business = match wire::issue(&self.config, order) {
            Ok(business) => business,
            // A ticket whose sums do not close is never sent (domain/hospital.md §3.4); a person must look at the bill.
            Err(problem) => return Outcome::Refused(No::new("sums", problem)),
        };
        let method = wire::Ticket::of(&self.config, order).method(&self.config);
        match self.ask(cx, call, method, &business).await {
            Err(failed) => failed.into(),
            Ok(reply) if reply.result == OK => match fields(&reply).and_then(|fields| wire::issued(&fields, Some(order.total_fen))) {
                Ok(issued) => Outcome::Done(InvoiceAnswer::Issue(issued)),
                Err(shape) => Outcome::Unknown(shape.into()),
            },
            Ok(reply) => self.no_or_unknown(&reply),
        }
    }

    async fn red(&self, cx: &CallCx, call: &InvoiceCall, order: &RedOrder) -> Outcome<InvoiceAnswer> {
        let started = Instant::now();
        match self.ask(cx, call, &self.config.methods.red, &wire::red(&self.config, order)).await {
            Err(failed) => failed.into(),
            Ok(reply) if reply.result == OK => match fields(&reply).and_then(|fields| wire::reddened(&fields)) {
                Ok(red) => Outcome::Done(InvoiceAnswer::Red(red)),
                Err(shape) => Outcome::Unknown(shape.into()),
            },
            Ok(reply) if self.config.already_red_codes.contains(&reply.result) => {
                match self.state(&later(cx, started), call, &order.batch_code, &order.bill_no).await {
                    Ok(BillState::Red(red)) => Outcome::Done(InvoiceAnswer::Red(red)),
                    Ok(BillState::Normal | BillState::Paper | BillState::Booked) => {
                        Outcome::Unknown(Fault::new("already_red", "the platform says already red, but its state answer shows no red invoice"))
                    }
                    // The red request itself was answered: what is missing is only the proof, so nothing here is "unsent".
                    Err(Failed::Unsent(fault) | Failed::Unknown(fault)) => Outcome::Unknown(fault),
                }
            }
            Ok(reply) => self.no_or_unknown(&reply),
        }
    }

    async fn query(&self, cx: &CallCx, call: &InvoiceCall, bus_no: &BusinessNo) -> Outcome<InvoiceAnswer> {
        let started = Instant::now();
        let reply = match self.ask(cx, call, &self.config.methods.by_bus_no, &wire::by_bus_no(bus_no)).await {
            Ok(reply) => reply,
            Err(failed) => return failed.into(),
        };
        let not_found = || Outcome::Done(InvoiceAnswer::Query(InvoiceState::NotFound));
        if self.config.not_found_codes.contains(&reply.result) {
            return not_found();
        }
        if reply.result != OK {
            return unknown(&reply);
        }
        let blue = match reply.fields() {
            Ok(None) => return not_found(),
            Ok(Some(fields)) => wire::issued(&fields, None),
            Err(shape) => Err(shape),
        };
        let blue = match blue {
            Ok(blue) => blue,
            Err(shape) => return Outcome::Unknown(shape.into()),
        };
        let state = match self.state(&later(cx, started), call, &blue.batch_code, &blue.bill_no).await {
            // Only what is valid can be booked, and a platform that does not tell is not asked.
            Ok(BillState::Normal) if !self.config.methods.booked.is_empty() => self.booking(&later(cx, started), call, &blue.batch_code, &blue.bill_no).await,
            told => told,
        };
        match state {
            Ok(state) => Outcome::Done(InvoiceAnswer::Query(state.of(blue))),
            Err(failed) => failed.into(),
        }
    }

    async fn booking(&self, cx: &CallCx, call: &InvoiceCall, batch_code: &str, bill_no: &str) -> std::result::Result<BillState, Failed> {
        let fields = self.look_up(cx, call, &self.config.methods.booked, batch_code, bill_no).await?;
        let booked = wire::booked(&self.config, &fields).map_err(|shape| Failed::Unknown(shape.into()))?;
        Ok(if booked { BillState::Booked } else { BillState::Normal })
    }

    async fn state(&self, cx: &CallCx, call: &InvoiceCall, batch_code: &str, bill_no: &str) -> std::result::Result<BillState, Failed> {
        let fields = self.look_up(cx, call, &self.config.methods.state, batch_code, bill_no).await?;
        wire::bill_state(&self.config, &fields, cx.now).map_err(|shape| Failed::Unknown(shape.into()))
    }

    /// What a method tells of a ticket by code and number.
    async fn look_up(&self, cx: &CallCx, call: &InvoiceCall, method: &str, batch_code: &str, bill_no: &str) -> std::result::Result<Map<String, Value>, Failed> {
        let reply = self.ask(cx, call, method, &wire::by_number(batch_code, bill_no)).await?;
        if reply.result != OK {
            return Err(Failed::Unknown(Fault::new("code", format!("the platform answered {}", code(&reply)))));
        }
        fields(&reply).map_err(|shape| Failed::Unknown(shape.into()))
    }

    /// Only listed codes are a no.
    fn no_or_unknown(&self, reply: &Reply) -> Outcome<InvoiceAnswer> {
        if self.config.no_codes.contains(&reply.result) {
            return Outcome::Refused(No::new(code(reply), "the platform refused"));
        }
        unknown(reply)
    }
}

fn unknown(reply: &Reply) -> Outcome<InvoiceAnswer> {
    Outcome::Unknown(Fault::new("code", format!("the platform answered {}", code(reply))))
}

/// The result code, fit for a log. The message stays out of faults: platforms quote the payer in it; the transfer log has it.
fn code(reply: &Reply) -> String {
    reply.result.chars().filter(char::is_ascii_alphanumeric).take(32).collect()
}

fn fields(reply: &Reply) -> std::result::Result<Map<String, Value>, menjie_transport::Shape> {
    reply.fields()?.ok_or(menjie_transport::Shape::new("message", "is empty"))
}

#[async_trait]
impl InvoicePlatform for InvoiceFront {
    fn logs_wire(&self) -> bool {
        true
    }

    async fn call(&self, cx: &CallCx, call: &InvoiceCall) -> Outcome<InvoiceAnswer> {
        match call {
            InvoiceCall::Issue { order } => self.issue(cx, call, order).await,
            InvoiceCall::Red { order } => self.red(cx, call, order).await,
            InvoiceCall::Query { bus_no } => self.query(cx, call, bus_no).await,
        }
    }
}

impl std::fmt::Debug for InvoiceFront {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InvoiceFront({})", self.config.appid)
    }
}
