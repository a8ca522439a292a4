//! The national authorisation: the page's address, every shape its unpublished answer may have, what the log keeps, and the
//! exchange with a counterpart that verifies it by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::live::{Live, done};
use common::{authorisation, config};
use menjie::Timestamp;
use menjie::access::Private;
use menjie::port::{Authorised, Insurer, InsurerAnswer, InsurerCall, Outcome, RecentTransfers};
use menjie::testkit::block_on;
use menjie::testkit::host::SeededEntropy;
use menjie_medins::authorisation::{Reply, open, page_url};
use menjie_medins::{MedInsurance, MedinsConfig};
use menjie_sim::Fault;
use menjie_transport::Http;
use menjie_transport::testing::{ScriptedHttp, call_cx};
use serde_json::{Value, json};

const CODE: &str = "CANARY-AUTH-CODE";
const OPENID: &str = "oCANARY";

fn hospital() -> MedinsConfig {
    config(&json!({"authorisation": {
        "http": {"peer": "insurer_authorisation", "base_url": "http://127.0.0.1:9"}, "partner_id": "partner-demo", "partner_secret": "MADEUPPARTNERSECRET",
        "authorize_url": "https://insurer.example/page?to={back}",
    }}))
}

fn ask() -> InsurerCall {
    InsurerCall::Authorise { code: Private::new(CODE), openid: Private::new(OPENID) }
}

fn told() -> Authorised {
    Authorised { pay_auth_no: Private::new("CANARYAUTH01"), name: Private::new("张三"), id_no: Private::new("440500199001010017") }
}

struct Bench {
    http: Arc<ScriptedHttp>,
    port: MedInsurance,
    log: Arc<RecentTransfers>,
}

impl Bench {
    fn new() -> Bench {
        let http = Arc::new(ScriptedHttp::new());
        let port = MedInsurance::new(hospital(), &(http.clone() as Arc<dyn Http>), Arc::new(SeededEntropy::new(1))).unwrap();
        Bench { port, http, log: Arc::new(RecentTransfers::new(100)) }
    }

    fn answer(&self, status: u16, body: &Value) -> Outcome<InsurerAnswer> {
        self.http.put_answer(status, body.to_string());
        let cx = call_cx(self.log.clone(), Timestamp::from_millis(1_746_000_000_000), 8_000).unwrap();
        block_on(self.port.call(&cx, &ask()))
    }
}

#[test]
fn a_phone_is_sent_there_with_its_way_back() {
    let back = "https://h.example/h5/insurance/back";
    assert_eq!(page_url(&authorisation(&json!({})), back, "s 1"), "https://insurer.example/page?to=https%3A%2F%2Fh.example%2Fh5%2Finsurance%2Fback&state=s%201");
    // A page that gives no state back finds it in the address.
    let inside = authorisation(&json!({"authorize_url": "https://insurer.example/page?to={back}"}));
    assert_eq!(page_url(&inside, back, "s1"), "https://insurer.example/page?to=https%3A%2F%2Fh.example%2Fh5%2Finsurance%2Fback%3Fstate%3Ds1");
    let without = MedInsurance::connect(config(&json!({})), Arc::new(SeededEntropy::new(1))).unwrap();
    assert_eq!((without.authorise_url(back, "s"), without.designation_rule()), (None, None));
}

#[test]
fn the_exchange_is_asked_as_the_field_does() {
    let bench = Bench::new();
    let answer = json!({"code": 0, "pay_auth_no": "CANARYAUTH01", "user_name": "张三", "id_no": "440500199001010017"});
    assert_eq!(bench.answer(200, &answer), Outcome::Done(InsurerAnswer::Authorise(told())));
    let request = bench.http.requests()[0].clone();
    assert!(request.url.ends_with("/api/mipuserquery/userQuery/partner-demo"), "{}", request.url);
    assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), json!({"qrcode": CODE, "openid": OPENID}));
    let header = |name: &str| request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).unwrap().1.clone();
    assert_eq!(header("god-portal-signature"), "43d52e92f04ccf2ed07f928213bd351c0caaf6ea3a43648cb0c9d47e0138a071");
    assert!(header("god-portal-request-id").len() == 32 && header("god-portal-timestamp") == "1746000000000");
}

#[test]
fn fields_are_read_wherever_they_stand_and_under_the_names_of_the_town() {
    let fields = json!({"payAuthNo": "CANARYAUTH01", "userName": "张三", "idNo": "440500199001010017"});
    let own = authorisation(&json!({"names": {"pay_auth_no": ["auth"], "name": ["who"], "id_no": ["card"]}}));
    let usual = authorisation(&json!({}));
    for (config, answer) in [
        (&usual, fields.clone()),
        (&usual, json!({"code": "0", "data": fields})),
        (&usual, json!({"code": "00000", "data": fields.to_string()})),
        (&usual, json!({"data": {"payAuthNo": "CANARYAUTH01"}, "user_name": "张三", "user_card_no": "440500199001010017"})),
        (&own, json!({"auth": "CANARYAUTH01", "who": "张三", "card": "440500199001010017"})),
    ] {
        assert_eq!(open(answer.to_string().as_bytes(), config).unwrap(), Reply::Authorised(told()), "{answer}");
    }
    for missing in ["payAuthNo", "userName", "idNo"] {
        let mut answer = fields.clone();
        answer.as_object_mut().unwrap().remove(missing);
        assert!(open(answer.to_string().as_bytes(), &usual).is_err(), "without {missing} nobody is known");
    }
}

#[test]
fn a_no_is_refused_and_anything_else_is_unknown() {
    let bench = Bench::new();
    assert!(matches!(bench.answer(200, &json!({"code": 1001, "message": "张三的授权已失效"})), Outcome::Refused(no) if no.code == "1001" && !no.text.contains("张三")));
    for (status, body) in [(500, json!({})), (401, json!({"code": 1})), (200, json!([])), (200, json!({})), (200, json!({"code": 0})), (200, json!({"code": 0, "data": "x"}))] {
        assert!(matches!(bench.answer(status, &body), Outcome::Unknown(_)), "{status} {body}");
    }
    let absent = MedInsurance::new(config(&json!({})), &(bench.http.clone() as Arc<dyn Http>), Arc::new(SeededEntropy::new(1))).unwrap();
    let cx = call_cx(bench.log.clone(), Timestamp::from_millis(0), 8_000).unwrap();
    assert!(matches!(block_on(absent.call(&cx, &ask())), Outcome::Refused(no) if no.code == "absent"));
}

#[test]
fn neither_code_nor_authorisation_nor_person_reaches_the_log() {
    let bench = Bench::new();
    let fields = json!({"pay_auth_no": "CANARYAUTH01", "user_name": "张三", "id_no": "440500199001010017", "mobile": "CANARY-PHONE"});
    for answer in [fields.clone(), json!({"code": 0, "data": fields}), json!({"code": 0, "data": fields.to_string()})] {
        assert!(matches!(bench.answer(200, &answer), Outcome::Done(_)));
    }
    let rows = bench.log.recent();
    let text: String = rows.iter().map(|(_, b, e)| format!("{b:?}{}{}", String::from_utf8_lossy(&b.body), String::from_utf8_lossy(&e.as_ref().unwrap().body))).collect();
    for secret in ["CANARY", "张三", "440500199001010017", "MADEUPPARTNERSECRET"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert!(text.contains("userQuery"));
    let kept = format!("{}{}", serde_json::to_string(&ask().for_log()).unwrap(), serde_json::to_string(&InsurerAnswer::Authorise(told()).for_log()).unwrap());
    assert!(!kept.contains("CANARY"), "{kept}");
}

#[test]
fn wrong_configuration_is_named() {
    for (more, field) in [
        (json!({"partner_id": ""}), "partner_id"),
        (json!({"partner_id": "a/b"}), "partner_id"),
        (json!({"partner_secret": ""}), "partner_secret"),
        (json!({"path": "/api/userQuery"}), "path"),
        (json!({"authorize_url": "http://insurer.example/{back}"}), "authorize_url"),
        (json!({"authorize_url": "https://insurer.example/"}), "authorize_url"),
        (json!({"authorize_url": "https://insurer.example/{back}{state}{state}"}), "authorize_url"),
        (json!({"names": {"id_no": []}}), "names.id_no"),
        (json!({"http": {"peer": "p", "base_url": "http://10.0.0.1"}}), "http.base_url"),
    ] {
        let error = authorisation(&more).check().unwrap_err();
        assert_eq!(error.context().find(|(k, _)| *k == "field").map(|(_, v)| v), Some(field), "{more}");
    }
    let whole = MedinsConfig { authorisation: Some(authorisation(&json!({"partner_secret": ""}))), ..hospital() };
    assert_eq!(whole.check().unwrap_err().context().find(|(k, _)| *k == "field").map(|(_, v)| v.to_owned()), Some("authorisation.partner_secret".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counterpart_with_its_own_cryptography_gives_the_person_once() {
    let live = Live::start().await;
    let code = live.sim.with(|hospital, now| hospital.insurer.consent(&live.patient_id, now).unwrap());
    let call = InsurerCall::Authorise { code: Private::new(code), openid: Private::new(OPENID) };
    let InsurerAnswer::Authorise(authorised) = done(live.call(call.clone()).await) else { panic!("another answer") };
    assert_eq!((&authorised.id_no, &authorised.name), (&live.person.id_no, &live.person.name));
    assert!(matches!(live.call(call).await, Outcome::Refused(_)), "used");
    // What it gave opens an order.
    let mut upload = live.new_upload();
    upload.authorisation = menjie::insurance::Authorisation::Mobile { pay_auth_no: authorised.pay_auth_no, until: None };
    assert!(matches!(live.call(InsurerCall::Upload { upload: Box::new(upload) }).await, Outcome::Done(InsurerAnswer::Upload(_))));
    live.fault("user_query", Fault::TimeoutAfter { ms: 10 });
    let code = live.sim.with(|hospital, now| hospital.insurer.consent(&live.patient_id, now).unwrap());
    let lost = live.call(InsurerCall::Authorise { code: Private::new(code), openid: Private::new(OPENID) }).await;
    assert!(matches!(lost, Outcome::Unknown(_)), "{lost:?}");
}
