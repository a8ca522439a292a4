//! userQuery behind the national authorisation page.

use menjie::access::Private;
use menjie::gm;
use menjie::port::{Authorised, CallCx, Fault, No, Outcome};
use menjie_transport::ApiRequest;

use super::{MedInsurance, absent};
use crate::authorisation::{self, Reply};
use crate::field::short;

impl MedInsurance {
    pub(super) async fn authorise(&self, cx: &CallCx, code: &Private, openid: &Private) -> Outcome<Authorised> {
        let (Some(config), Some(client)) = (&self.config.authorisation, &self.authorisation) else { return absent("authorisation") };
        let mut noise = [0; 16];
        self.entropy.fill(&mut noise);
        let hash = gm::hex(&gm::sm3(code.reveal().as_bytes()));
        let target = config.path.replace("{partner_id}", &config.partner_id);
        let request = ApiRequest::post(target, authorisation::user_query(code, openid).to_string()).interface(authorisation::USER_QUERY).business_no(Some(&hash));
        let request = request.header("Content-Type", "application/json; charset=utf-8");
        let request = authorisation::headers(config, cx.now, &gm::hex(&noise)).into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let response = match client.exchange(cx, request).await.answered() {
            Ok(response) => response,
            Err(failed) => return failed.into(),
        };
        if response.status != 200 {
            return Outcome::Unknown(Fault::new(format!("http_{}", response.status), "the exchange answered with another status than 200"));
        }
        match authorisation::open(&response.body, config) {
            Ok(Reply::Authorised(authorised)) => Outcome::Done(authorised),
            Ok(Reply::No(code)) => Outcome::Refused(No::new(short(&code), "the exchange refused the code")),
            Err(shape) => Outcome::Unknown(shape.into()),
        }
    }
}
