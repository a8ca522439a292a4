//! Both gateways and the official account over the scripted transport.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use menjie::Timestamp;
use menjie::access::Private;
use menjie::port::{Notifier, NotifierTraits, NotifyAnswer, NotifyCall, Outcome, RecentTransfers};
use menjie::testkit::block_on;
use menjie::testkit::host::SeededEntropy;
use menjie_notify::{NotifyConfig, NotifyFront, account, sms};
use menjie_transport::Http;
use menjie_transport::testing::{ScriptedHttp, call_cx};
use proptest::prelude::*;
use serde_json::{Value, json};

const PHONE: &str = "13900000001";
const CODE: &str = "428913";

fn aliyun() -> Value {
    json!({"sms": {"aliyun": {"access_key_id": "AK1", "access_key_secret": "canary-secret", "sign_name": "专科医院", "template_code": "SMS_1"}}})
}

fn tencent() -> Value {
    json!({"sms": {"tencent": {"secret_id": "SI1", "secret_key": "canary-secret", "sdk_app_id": "1400000001", "sign_name": "专科医院", "template_id": "100"}}})
}

fn wechat() -> Value {
    json!({"account": {"appid": "wx01", "secret": "canary-secret"}})
}

struct Bench {
    http: Arc<ScriptedHttp>,
    front: NotifyFront,
    log: Arc<RecentTransfers>,
}

impl Bench {
    fn new(config: &Value) -> Bench {
        let http = Arc::new(ScriptedHttp::new());
        let config: NotifyConfig = serde_json::from_value(config.clone()).unwrap();
        let front = NotifyFront::new(config, &(http.clone() as Arc<dyn Http>), Arc::new(SeededEntropy::new(1))).unwrap();
        Bench { http, front, log: Arc::new(RecentTransfers::new(50)) }
    }

    fn call(&self, call: &NotifyCall, seconds: i64) -> Outcome<NotifyAnswer> {
        let now = Timestamp::parse("2026-03-02T07:20:00+08:00").unwrap().plus_millis(seconds * 1000);
        block_on(self.front.call(&call_cx(self.log.clone(), now, 8_000).unwrap(), call))
    }

    fn send(&self, status: u16, body: &str) -> Outcome<NotifyAnswer> {
        self.http.put_answer(status, body);
        self.call(&NotifyCall::SmsCode { phone: Private::new(PHONE), code: Private::new(CODE) }, 0)
    }

    fn login(&self, code: &str, seconds: i64) -> Outcome<NotifyAnswer> {
        self.call(&NotifyCall::Login { code: Private::new(code) }, seconds)
    }

    fn logged(&self) -> String {
        let rows = self.log.recent();
        rows.iter().map(|(_, b, e)| format!("{b:?}{}{}", String::from_utf8_lossy(&b.body), String::from_utf8_lossy(&e.as_ref().unwrap().body))).collect()
    }
}

fn tencent_answer(number: &str, code: &str) -> String {
    json!({"Response": {"SendStatusSet": [{"SerialNo": "1", "PhoneNumber": number, "Fee": 1, "SessionContext": "", "Code": code, "Message": "", "IsoCode": "CN"}], "RequestId": "r"}}).to_string()
}

#[test]
fn aliyun_gets_one_signed_request_with_text_values() {
    let bench = Bench::new(&aliyun());
    assert_eq!(bench.front.traits(), NotifierTraits { sms: true, ..NotifierTraits::default() });
    assert_eq!(bench.send(200, r#"{"Code":"OK","Message":"OK","BizId":"1^0","RequestId":"r"}"#), Outcome::Done(NotifyAnswer::SmsCode));
    let request = bench.http.requests()[0].clone();
    let query = request.url.strip_prefix("https://dysmsapi.aliyuncs.com/?").unwrap();
    assert_eq!(query, "PhoneNumbers=13900000001&SignName=%E4%B8%93%E7%A7%91%E5%8C%BB%E9%99%A2&TemplateCode=SMS_1&TemplateParam=%7B%22code%22%3A%22428913%22%7D");
    let header = |name: &str| request.headers.iter().find(|(k, _)| k == name).unwrap().1.clone();
    assert_eq!((header("x-acs-action"), header("x-acs-version"), header("x-acs-date")), ("SendSms".to_owned(), "2017-05-25".to_owned(), "2026-03-01T23:20:00Z".to_owned()));
    let signed = "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,";
    assert!(header("Authorization").starts_with("ACS3-HMAC-SHA256 Credential=AK1,") && header("Authorization").contains(signed));
    assert!(request.body.is_empty());
}

#[test]
fn what_aliyun_says_is_sorted() {
    let bench = Bench::new(&aliyun());
    for (status, code) in
        [(200, "isv.MOBILE_NUMBER_ILLEGAL"), (200, "isv.BUSINESS_LIMIT_CONTROL"), (200, "isp.RAM_PERMISSION_DENY"), (400, "SignatureDoesNotMatch"), (403, "Throttling.User")]
    {
        let outcome = bench.send(status, &json!({"Code": code, "Message": "13900000001"}).to_string());
        assert!(matches!(&outcome, Outcome::Refused(no) if no.code == code && !no.text.contains(PHONE)), "{outcome:?}");
    }
    for (status, body) in [(200, r#"{"Code":"isp.SYSTEM_ERROR"}"#), (500, r#"{"Code":"InternalError"}"#), (200, "{}"), (200, "<html>"), (200, r#"{"Code":""}"#)] {
        assert!(matches!(bench.send(status, body), Outcome::Unknown(_)), "{body}");
    }
}

#[test]
fn tencent_gets_one_signed_request_and_the_state_of_our_phone_counts() {
    let bench = Bench::new(&tencent());
    assert_eq!(bench.send(200, &tencent_answer("+8613900000001", "Ok")), Outcome::Done(NotifyAnswer::SmsCode));
    let request = bench.http.requests()[0].clone();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, json!({"SmsSdkAppId": "1400000001", "SignName": "专科医院", "TemplateId": "100", "TemplateParamSet": [CODE], "PhoneNumberSet": ["+8613900000001"]}));
    let header = |name: &str| request.headers.iter().find(|(k, _)| k == name).unwrap().1.clone();
    assert_eq!((header("X-TC-Action"), header("X-TC-Region"), header("X-TC-Timestamp")), ("SendSms".to_owned(), "ap-guangzhou".to_owned(), "1772407200".to_owned()));
    assert!(header("Authorization").starts_with("TC3-HMAC-SHA256 Credential=SI1/2026-03-01/sms/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature="));
    for code in ["LimitExceeded.PhoneNumberOneHourLimit", "FailedOperation.PhoneNumberInBlacklist"] {
        assert!(matches!(bench.send(200, &tencent_answer("+8613900000001", code)), Outcome::Refused(no) if no.code == code));
    }
    let error = |code: &str| json!({"Response": {"Error": {"Code": code, "Message": "x"}, "RequestId": "r"}}).to_string();
    assert!(matches!(bench.send(200, &error("AuthFailure.SignatureFailure")), Outcome::Refused(_)));
    for body in [
        error("InternalError.Timeout"),
        tencent_answer("+8613900000001", "InternalError.SendAndRecvFail"),
        tencent_answer("+8613900000002", "Ok"),
        json!({"Response": {}}).to_string(),
    ] {
        assert!(matches!(bench.send(200, &body), Outcome::Unknown(_)), "{body}");
    }
    assert!(matches!(bench.send(502, "bad gateway"), Outcome::Unknown(_)));
}

#[test]
fn neither_phone_nor_code_nor_secret_reaches_the_log() {
    for config in [aliyun(), tencent()] {
        let bench = Bench::new(&config);
        let _ = bench.send(200, &tencent_answer("+8613900000001", "Ok"));
        let _ = bench.send(200, r#"{"Code":"isv.MOBILE_NUMBER_ILLEGAL","Message":"13900000001 号码非法"}"#);
        let log = bench.logged();
        for secret in [PHONE, CODE, "canary-secret"] {
            assert!(!log.contains(secret), "{log}");
        }
        assert!(log.contains("SendSms"));
    }
    let bench = Bench::new(&wechat());
    bench.http.put_answer(200, r#"{"access_token":"CANARY-T","expires_in":7200,"refresh_token":"CANARY-R","openid":"oCANARY","scope":"snsapi_base","unionid":"CANARY-U"}"#);
    assert!(matches!(bench.login("CANARY-CODE", 0), Outcome::Done(_)));
    assert!(!bench.logged().contains("CANARY") && !bench.logged().contains("canary"), "{}", bench.logged());
    assert!(!format!("{:?}", bench.front).contains("canary"));
}

#[test]
fn a_login_code_is_exchanged_once_and_remembered_for_a_minute() {
    let bench = Bench::new(&wechat());
    assert_eq!(bench.front.traits(), NotifierTraits { login: true, ..NotifierTraits::default() });
    let openid = |outcome| match outcome {
        Outcome::Done(NotifyAnswer::Login(user)) => user.openid.reveal().to_owned(),
        other => panic!("{other:?}"),
    };
    bench.http.put_answer(200, r#"{"access_token":"t","openid":"oUser_1-x","scope":"snsapi_base"}"#);
    assert_eq!(openid(bench.login("c1", 0)), "oUser_1-x");
    assert_eq!(bench.http.requests()[0].url, "https://api.weixin.qq.com/sns/oauth2/access_token?appid=wx01&secret=canary-secret&code=c1&grant_type=authorization_code");
    assert_eq!(openid(bench.login("c1", 59)), "oUser_1-x");
    assert_eq!(bench.http.requests().len(), 1, "browsers come back twice");
    bench.http.put_answer(200, r#"{"errcode":40163,"errmsg":"code been used"}"#);
    assert!(matches!(bench.login("c1", 60), Outcome::Refused(no) if no.code == "40163"));
}

#[test]
fn what_wechat_says_is_sorted() {
    let bench = Bench::new(&wechat());
    let ask = |status: u16, body: &str| {
        bench.http.put_answer(status, body);
        bench.login("c", 0)
    };
    for body in [r#"{"errcode":40029,"errmsg":"invalid code"}"#, r#"{"openid":"oVirtual","is_snapshotuser":1}"#] {
        assert!(matches!(ask(200, body), Outcome::Refused(_)), "{body}");
    }
    for body in [r#"{"errcode":-1}"#, r#"{"errcode":40125}"#, r#"{"errcode":40164}"#, r#"{"errcode":"x"}"#, "{}", "<html>", r#"{"openid":"o user"}"#, r#"{"openid":""}"#] {
        assert!(matches!(ask(200, body), Outcome::Unknown(_)), "{body}");
    }
    assert!(matches!(ask(500, r#"{"openid":"oUser"}"#), Outcome::Unknown(_)));
}

#[test]
fn the_authorise_address_has_its_order() {
    let bench = Bench::new(&wechat());
    let url = bench.front.login_url("https://pay.hospital.example/h5/login?next=/h5", "s&1").unwrap();
    assert_eq!(
        url,
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx01&redirect_uri=https%3A%2F%2Fpay.hospital.example%2Fh5%2Flogin%3Fnext%3D%2Fh5&response_type=code&scope=snsapi_base&state=s%261#wechat_redirect"
    );
    assert_eq!(Bench::new(&aliyun()).front.login_url("https://a.example", "s"), None);
}

#[test]
fn what_is_not_configured_is_never_sent() {
    assert!(matches!(Bench::new(&aliyun()).login("c", 0), Outcome::Unsent(_)));
    let call = NotifyCall::SmsCode { phone: Private::new(PHONE), code: Private::new(CODE) };
    assert!(matches!(Bench::new(&wechat()).call(&call, 0), Outcome::Unsent(_)));
}

#[test]
fn wrong_configuration_is_named() {
    let set = |mut config: Value, pointer: &str, value: Value| {
        *config.pointer_mut(pointer).unwrap() = value;
        config
    };
    let mut both = aliyun();
    both["sms"]["tencent"] = tencent()["sms"]["tencent"].clone();
    for (config, field) in [
        (json!({}), "sms"),
        (json!({"sms": {}}), "sms"),
        (both, "sms"),
        (set(aliyun(), "/sms/aliyun/sign_name", "".into()), "sms.aliyun.sign_name"),
        (set(aliyun(), "/sms/aliyun/access_key_secret", "a b".into()), "sms.aliyun.access_key_secret"),
        (set(tencent(), "/sms/tencent/secret_id", "".into()), "sms.tencent.secret_id"),
        (set(wechat(), "/account/secret", "".into()), "account.secret"),
    ] {
        let parsed: NotifyConfig = serde_json::from_value(config).unwrap();
        let error = parsed.check().unwrap_err();
        assert_eq!(error.context().find(|(k, _)| *k == "field").map(|(_, v)| v), Some(field));
    }
    for (field, url) in
        [("base_url", "https://api.weixin.qq.com/x"), ("base_url", "http://10.0.0.1"), ("authorize_url", "http://open.example/x"), ("authorize_url", "https://a.example/?x=1")]
    {
        let mut config = wechat();
        config["account"][field] = url.into();
        let error = serde_json::from_value::<NotifyConfig>(config).unwrap().check().unwrap_err();
        assert_eq!(error.context().find(|(k, _)| *k == "field").map(|(_, v)| v.to_owned()), Some(format!("account.{field}")));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), status in 100u16..600) {
        let _ = sms::aliyun::read(status, &bytes);
        let _ = sms::tencent::read(status, &bytes, &Private::new(PHONE));
        let _ = account::read(&bytes);
    }

    #[test]
    fn only_an_ok_is_taken(code in "[A-Za-z.]{0,30}") {
        let aliyun = sms::aliyun::read(200, json!({"Code": code}).to_string().as_bytes());
        prop_assert_eq!(matches!(aliyun, Ok(sms::Sent::Taken)), code == "OK");
        let tencent = sms::tencent::read(200, tencent_answer("+8613900000001", &code).as_bytes(), &Private::new(PHONE));
        prop_assert_eq!(matches!(tencent, Ok(sms::Sent::Taken)), code == "Ok");
    }
}
