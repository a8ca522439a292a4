//! 6201 to 6401 and 6203 at the centre of mobile payment.

use menjie::insurance::{OrderRef, OrderReport, Placing, Upload};
use menjie::port::{CallCx, Fault, InsurerReversal, InsurerReversed, No, Outcome, Uploaded};
use menjie_transport::{ApiRequest, Client, Shape};
use serde_json::{Map, Value};

use super::{MedInsurance, absent};
use crate::config::{CentreConfig, CentrePaths, CentreTransport};
use crate::envelope::{Codec, NotOpened};
use crate::field::short;
use crate::mobile::{self, Mobile, RefundStatus};

/// The centre, reached.
pub(super) struct Centre {
    pub(super) client: Client,
    pub(super) codec: Codec,
}

type Data = Map<String, Value>;

/// The path of a transaction.
fn path(paths: &CentrePaths, what: Mobile) -> &str {
    match what {
        Mobile::Upload => &paths.upload,
        Mobile::Order => &paths.order,
        Mobile::Query => &paths.query,
        Mobile::Revoke => &paths.revoke,
        Mobile::Refund => &paths.refund,
    }
}

impl MedInsurance {
    pub(super) async fn upload(&self, cx: &CallCx, upload: &Upload) -> Outcome<Uploaded> {
        let Some(config) = &self.config.centre else { return absent("centre") };
        let data = mobile::upload(&self.config, config, upload);
        let place = &upload.person.insured_place;
        self.mobile(cx, config, Mobile::Upload, upload.order_no.as_str(), place, data, mobile::uploaded).await
    }

    pub(super) async fn place(&self, cx: &CallCx, placing: &Placing) -> Outcome<OrderReport> {
        let Some(config) = &self.config.centre else { return absent("centre") };
        let (order, data) = (&placing.order, mobile::place(&self.config, config, placing));
        let place = &order.person.insured_place;
        self.mobile(cx, config, Mobile::Order, order.order_no.as_str(), place, data, |data| mobile::report_of(data, order, &config.aliases)).await
    }

    pub(super) async fn query(&self, cx: &CallCx, order: &OrderRef) -> Outcome<OrderReport> {
        let Some(config) = &self.config.centre else { return absent("centre") };
        let data = mobile::query(&self.config, order);
        let place = &order.person.insured_place;
        self.mobile(cx, config, Mobile::Query, order.order_no.as_str(), place, data, |data| mobile::report_of(data, order, &config.aliases)).await
    }

    pub(super) async fn revoke(&self, cx: &CallCx, order: &OrderRef) -> Outcome<()> {
        let Some(config) = &self.config.centre else { return absent("centre") };
        let data = mobile::revoke(&self.config, order);
        self.mobile(cx, config, Mobile::Revoke, order.order_no.as_str(), &order.person.insured_place, data, |_| Ok(())).await
    }

    pub(super) async fn refund(&self, cx: &CallCx, reversal: &InsurerReversal) -> Outcome<InsurerReversed> {
        let Some(config) = &self.config.centre else { return absent("centre") };
        let data = match mobile::refund(config, reversal) {
            Ok(data) => data,
            Err(no) => return Outcome::Refused(no),
        };
        let place = &reversal.order.person.insured_place;
        let status = self.mobile(cx, config, Mobile::Refund, reversal.no.as_str(), place, data, mobile::refund_status).await;
        match status {
            Outcome::Done(RefundStatus::Done) => Outcome::Done(InsurerReversed { reversal_no: None, at: None }),
            Outcome::Done(RefundStatus::Failed) => Outcome::Refused(No::new("FAIL", "the centre gave nothing back")),
            Outcome::Done(RefundStatus::Unclear) => Outcome::Unknown(Fault::new("EXP", "the centre does not know whether it gave back")),
            Outcome::Refused(no) => Outcome::Refused(no),
            Outcome::Unsent(fault) => Outcome::Unsent(fault),
            Outcome::Unknown(fault) => Outcome::Unknown(fault),
        }
    }

    /// One transaction in the envelope of the site.
    #[allow(clippy::too_many_arguments)]
    async fn mobile<T>(
        &self,
        cx: &CallCx,
        config: &CentreConfig,
        what: Mobile,
        business_no: &str,
        insured_place: &str,
        data: Data,
        read: impl FnOnce(&Data) -> Result<T, Shape>,
    ) -> Outcome<T> {
        let data = mobile::spelled(data, &config.spellings);
        let answered = match config.transport {
            CentreTransport::Direct => self.direct(cx, config, what, business_no, &data).await,
            CentreTransport::Wrapped => self.wrapped(cx, what, business_no, insured_place, data).await,
        };
        match answered {
            Outcome::Done(data) => {
                let ours = mobile::of_institution(&data, &self.config.org_id);
                ours.and_then(|()| read(&data)).map_or_else(|shape| Outcome::Unknown(shape.into()), Outcome::Done)
            }
            Outcome::Refused(no) => Outcome::Refused(no),
            Outcome::Unsent(fault) => Outcome::Unsent(fault),
            Outcome::Unknown(fault) => Outcome::Unknown(fault),
        }
    }

    async fn direct(&self, cx: &CallCx, config: &CentreConfig, what: Mobile, business_no: &str, data: &Data) -> Outcome<Data> {
        let Some(centre) = &self.centre else { return absent("centre") };
        let Ok(body) = centre.codec.seal(data, cx.now) else { return Outcome::Unsent(Fault::new("sign", "the request cannot be signed")) };
        let request =
            ApiRequest::post(path(&config.paths, what), body).interface(what.number()).business_no(Some(business_no)).header("Content-Type", "application/json; charset=utf-8");
        let response = match centre.client.exchange(cx, request).await.answered() {
            Ok(response) => response,
            Err(failed) => return failed.into(),
        };
        if response.status != 200 {
            return Outcome::Unknown(Fault::new(format!("http_{}", response.status), "the centre answered with another status than 200"));
        }
        match centre.codec.open(&response.body) {
            Ok(opened) if matches!(opened.code.as_str(), "0" | "") => Outcome::Done(opened.data),
            Ok(opened) if config.unsure_codes.contains(&opened.code) => Outcome::Unknown(Fault::new("code", format!("the centre answered {}", short(&opened.code)))),
            Ok(opened) => Outcome::Refused(No::new(short(&opened.code), "the centre refused")),
            Err(NotOpened::Shape(shape)) => Outcome::Unknown(shape.into()),
            Err(NotOpened::Signature(problem)) => Outcome::Unknown(Fault::new("signature", problem.text())),
        }
    }

    /// The same payload inside the gateway's envelope.
    async fn wrapped(&self, cx: &CallCx, what: Mobile, business_no: &str, insured_place: &str, data: Data) -> Outcome<Data> {
        let answered = self.transact(cx, what.number(), None, Some(business_no), insured_place, data).await;
        answered.map(|mut output| match output.remove("data") {
            Some(Value::Object(data)) => data,
            _ => output,
        })
    }
}
