//! `ec.query` at the decoder.

use menjie::access::Private;
use menjie::gm;
use menjie::port::{CallCx, Fault, InsurerAnswer, No, Outcome};
use menjie_transport::ApiRequest;

use super::MedInsurance;
use crate::field::short;
use crate::wire::{self, Reply};

impl MedInsurance {
    pub(super) async fn identify(&self, cx: &CallCx, code: &Private) -> Outcome<InsurerAnswer> {
        let body = wire::ec_query(&self.config, code).to_string();
        let hash = gm::hex(&gm::sm3(code.reveal().as_bytes()));
        let request =
            ApiRequest::post(self.config.path.as_str(), body).interface(wire::EC_QUERY).business_no(Some(&hash)).header("Content-Type", "application/json; charset=utf-8");
        let response = match self.decoder.exchange(cx, request).await.answered() {
            Ok(response) => response,
            Err(failed) => return failed.into(),
        };
        if response.status != 200 {
            return Outcome::Unknown(Fault::new(format!("http_{}", response.status), "the decoder answered with another status than 200"));
        }
        match wire::open(&response.body, &self.config.org_id) {
            Ok(Reply::Holder(holder)) => Outcome::Done(InsurerAnswer::Identify(holder)),
            Ok(Reply::No(code)) => Outcome::Refused(No::new(short(&code), "the decoder refused the code")),
            Err(shape) => Outcome::Unknown(shape.into()),
        }
    }
}
