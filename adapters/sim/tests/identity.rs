//! Health codes, e-vouchers, messages and logins, asked for with the libraries real clients use.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use aws_lc_rs::{digest, hmac};
use base64::{Engine, engine::general_purpose::STANDARD};
use menjie::Timestamp;
use menjie_sim::identity::TOKEN_EXPIRED_CODES;
use menjie_sim::wire::{Reply, Request};
use menjie_sim::{Fault, Hospital, Peer, SimCredentials};
use serde_json::{Value, json};
use support::{NINE, answer, headers, hospital, small_day};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hmac256(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn patient() -> String {
    small_day().patients[0].patient_id.as_str().to_owned()
}

/// A client of the health-code platform.
struct Platform {
    hospital: Hospital,
    ids: u64,
    now: Timestamp,
}

impl Platform {
    fn new() -> Platform {
        Platform { hospital: hospital(), ids: 0, now: NINE }
    }

    fn request(&mut self, operation: &str, token: &str, req: &Value) -> Request {
        let keys = SimCredentials::fixed();
        self.ids += 1;
        let (id, seconds) = (format!("{:032X}", self.ids), (self.now.millis() / 1000).to_string());
        let mut pairs = vec![("channelNum", "4".to_owned()), ("hospitalId", keys.health_hospital_id.clone()), ("requestId", id.clone()), ("timestamp", seconds.clone())];
        pairs.extend((!token.is_empty()).then(|| ("appToken", token.to_owned())));
        pairs.extend(req.as_object().unwrap().iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap().to_owned())));
        pairs.sort();
        let text = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("&") + &keys.health_app_secret;
        let sign = STANDARD.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        let common = json!({"appToken": token, "requestId": id, "hospitalId": keys.health_hospital_id, "timestamp": seconds, "channelNum": 4, "sign": sign});
        let target = match operation {
            "getAppToken" => "/rest/auth/HealthCard/HealthOpenAuth/AuthObj/getAppToken".to_owned(),
            other => format!("/rest/auth/HealthCard/HealthOpenPlatform/ISVOpenObj/{other}"),
        };
        Request { method: "POST".to_owned(), target, headers: headers(&[]), body: json!({"commonIn": common, "req": req}).to_string().into_bytes() }
    }

    fn send(&mut self, request: &Request) -> (String, Value) {
        let response = answer(self.hospital.handle(Peer::HealthCode, request, self.now));
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        (body["commonOut"]["resultCode"].as_str().unwrap().to_owned(), body["rsp"].clone())
    }

    fn token(&mut self) -> String {
        let request = self.request("getAppToken", "", &json!({"appId": SimCredentials::fixed().health_app_id}));
        let (code, rsp) = self.send(&request);
        assert_eq!((code.as_str(), rsp["expiresIn"].as_i64()), ("0", Some(7200)));
        rsp["appToken"].as_str().unwrap().to_owned()
    }

    fn verify(&mut self, token: &str, code: &str) -> (String, Value) {
        let request = self.request("verifyQRCode", token, &json!({"qrCodeText": code}));
        self.send(&request)
    }
}

#[test]
fn a_health_code_tells_its_holder_until_it_expires() {
    let mut platform = Platform::new();
    let minted = platform.hospital.health_code.mint(&patient(), 60, NINE).unwrap();
    let token = platform.token();
    let (code, rsp) = platform.verify(&token, &minted.code);
    let person = &small_day().patients[0];
    assert_eq!((code.as_str(), rsp["name"].as_str(), rsp["idNumber"].as_str()), ("0", Some(person.name.reveal()), person.id_no.as_ref().map(|no| no.reveal())));
    assert!(minted.code.len() == 66 && minted.code.ends_with(":0"));
    platform.now = minted.expires_at;
    assert_eq!(platform.verify(&token, &minted.code).0, "-20002");
    assert_eq!(platform.verify(&token, "nothing").0, "-20001");
    assert!(platform.hospital.health_code.mint("nobody", 60, NINE).is_none());
}

#[test]
fn a_wrong_signature_an_old_request_a_repeat_and_a_foreign_token_get_nothing() {
    let mut platform = Platform::new();
    let code = platform.hospital.health_code.mint(&patient(), 60, NINE).unwrap().code;
    let token = platform.token();
    let good = platform.request("verifyQRCode", &token, &json!({"qrCodeText": code}));
    assert_eq!(platform.send(&good).0, "0");
    assert_eq!(platform.send(&good).0, "-10001", "a repeat");
    let mut forged = platform.request("verifyQRCode", &token, &json!({"qrCodeText": code}));
    let text = String::from_utf8(forged.body.clone()).unwrap();
    forged.body = text.replace("\"channelNum\":4", "\"channelNum\":3").into_bytes();
    assert_eq!(platform.send(&forged).0, "-10001");
    let old = platform.request("verifyQRCode", &token, &json!({"qrCodeText": code}));
    platform.now = NINE.plus_millis(300_001);
    assert_eq!(platform.send(&old).0, "-10001");
    assert_eq!(platform.verify("OTHER", &code).0, TOKEN_EXPIRED_CODES[0]);
    platform.now = NINE.plus_millis(7_200_000);
    assert_eq!(platform.verify(&token, &code).0, TOKEN_EXPIRED_CODES[0]);
}

#[test]
fn faults_of_the_platform() {
    let mut platform = Platform::new();
    let code = platform.hospital.health_code.mint(&patient(), 60, NINE).unwrap().code;
    let token = platform.token();
    platform.hospital.faults.next(Peer::HealthCode, "verify", Fault::TokenOver);
    assert_eq!(platform.verify(&token, &code).0, TOKEN_EXPIRED_CODES[0]);
    let token = platform.token();
    platform.hospital.faults.next(Peer::HealthCode, "verify", Fault::ForgedReply);
    let request = platform.request("verifyQRCode", &token, &json!({"qrCodeText": code}));
    let response = answer(platform.hospital.handle(Peer::HealthCode, &request, NINE));
    assert!(String::from_utf8(response.body).unwrap().contains(&"0".repeat(32)));
    platform.hospital.faults.next(Peer::HealthCode, "verify", Fault::TimeoutAfter { ms: 5 });
    let request = platform.request("verifyQRCode", &token, &json!({"qrCodeText": code}));
    assert!(matches!(platform.hospital.handle(Peer::HealthCode, &request, NINE), Reply::Silence { after_ms: 5 }));
    let truth = platform.hospital.truth(NINE).identity;
    assert_eq!((truth.requests["health_code"]["token"], truth.requests["health_code"]["verify"]), (2, 3));
}

fn ec_query(hospital: &mut Hospital, org: &str, code: &str, now: Timestamp) -> Value {
    let data = json!({"orgId": org, "businessType": "01301", "operatorId": "z1", "operatorName": "自助机", "officeId": "A1", "officeName": "收费处", "ecQrCode": code});
    let body = json!({"transType": "ec.query", "orgId": org, "data": data}).to_string().into_bytes();
    let request = Request { method: "POST".to_owned(), target: "/api/hsecfc/localQrCodeQuery".to_owned(), headers: headers(&[]), body };
    serde_json::from_slice(&answer(hospital.handle(Peer::Decoder, &request, now)).body).unwrap()
}

#[test]
fn an_e_voucher_is_read_once_by_its_institution() {
    let mut hospital = hospital();
    let org = SimCredentials::fixed().insurance_org_id;
    let minted = hospital.decoder.mint(&patient(), 60, NINE).unwrap();
    assert_eq!(ec_query(&mut hospital, "H1", &minted.code, NINE)["code"], -1);
    let read = ec_query(&mut hospital, &org, &minted.code, NINE);
    let person = &small_day().patients[0];
    assert_eq!((read["code"].as_i64(), read["data"]["userName"].as_str(), read["data"]["insuOrg"].as_str()), (Some(0), Some(person.name.reveal()), Some("440500")));
    assert!(read["data"]["birthday"].as_str().unwrap().contains('.') && read["data"]["ecToken"].as_str().unwrap().len() == 32);
    assert_eq!(ec_query(&mut hospital, &org, &minted.code, NINE)["code"], -1, "read once");
    let late = hospital.decoder.mint(&patient(), 60, NINE).unwrap();
    assert_eq!(ec_query(&mut hospital, &org, &late.code, late.expires_at)["code"], -1);
    let text = hospital.decoder.mint(&patient(), 60, NINE).unwrap();
    hospital.faults.next(Peer::Decoder, "ec_query", Fault::TextData);
    let inner = ec_query(&mut hospital, &org, &text.code, NINE)["data"].as_str().unwrap().to_owned();
    assert!(serde_json::from_str::<Value>(&inner).unwrap()["idNo"].is_string());
}

/// `SendSms` as Aliyun's clients sign it.
fn aliyun(phone: &str, nonce: &str, now: Timestamp, secret: &str) -> Request {
    let keys = SimCredentials::fixed();
    let query = format!("PhoneNumbers={phone}&SignName=%E5%8C%BB%E9%99%A2&TemplateCode=SMS_1&TemplateParam=%7B%22code%22%3A%22428913%22%7D");
    let at = now.plus_millis(-8 * 3_600_000).to_string();
    let date = format!("{}Z", at.split('.').next().unwrap());
    let mut signed = vec![("host", "sms.sim"), ("x-acs-action", "SendSms"), ("x-acs-version", "2017-05-25"), ("x-acs-signature-nonce", nonce), ("x-acs-date", &date)];
    let hash = sha256(b"");
    signed.push(("x-acs-content-sha256", &hash));
    signed.sort_unstable();
    let names = signed.iter().map(|(k, _)| *k).collect::<Vec<_>>().join(";");
    let lines: String = signed.iter().map(|(k, v)| format!("{k}:{v}\n")).collect();
    let canonical = format!("POST\n/\n{query}\n{lines}\n{names}\n{hash}");
    let signature = hex(&hmac256(secret.as_bytes(), format!("ACS3-HMAC-SHA256\n{}", sha256(canonical.as_bytes())).as_bytes()));
    let authorization = format!("ACS3-HMAC-SHA256 Credential={},SignedHeaders={names},Signature={signature}", keys.sms_key_id);
    let mut all = headers(&signed);
    all.push(("authorization".to_owned(), authorization));
    Request { method: "POST".to_owned(), target: format!("/?{query}"), headers: all, body: Vec::new() }
}

fn tencent(phone: &str, now: Timestamp, secret: &str) -> Request {
    let keys = SimCredentials::fixed();
    let body = json!({"SmsSdkAppId": "14", "SignName": "医院", "TemplateId": "1", "TemplateParamSet": ["428913"], "PhoneNumberSet": [format!("+86{phone}")]}).to_string();
    let (seconds, day) = ((now.millis() / 1000).to_string(), now.plus_millis(-8 * 3_600_000).biz_date().to_string());
    let canonical = format!("POST\n/\n\ncontent-type:application/json\nhost:sms.sim\nx-tc-action:sendsms\n\ncontent-type;host;x-tc-action\n{}", sha256(body.as_bytes()));
    let text = format!("TC3-HMAC-SHA256\n{seconds}\n{day}/sms/tc3_request\n{}", sha256(canonical.as_bytes()));
    let key = [day.as_bytes(), b"sms", b"tc3_request"].iter().fold(format!("TC3{secret}").into_bytes(), |key, part| hmac256(&key, part));
    let authorization = format!(
        "TC3-HMAC-SHA256 Credential={}/{day}/sms/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature={}",
        keys.sms_key_id,
        hex(&hmac256(&key, text.as_bytes()))
    );
    let all = [
        ("content-type", "application/json"),
        ("host", "sms.sim"),
        ("x-tc-action", "SendSms"),
        ("x-tc-version", "2021-01-11"),
        ("x-tc-timestamp", &seconds),
        ("x-tc-region", "ap-guangzhou"),
        ("authorization", &authorization),
    ];
    Request { method: "POST".to_owned(), target: "/".to_owned(), headers: headers(&all), body: body.into_bytes() }
}

fn said(hospital: &mut Hospital, request: &Request, now: Timestamp) -> String {
    let body: Value = serde_json::from_slice(&answer(hospital.handle(Peer::Sms, request, now)).body).unwrap();
    let code = ["/Code", "/Response/Error/Code", "/Response/SendStatusSet/0/Code"].iter().find_map(|p| body.pointer(p)).unwrap();
    code.as_str().unwrap().to_owned()
}

#[test]
fn both_gateways_deliver_what_is_signed_within_their_limits() {
    let secret = SimCredentials::fixed().sms_secret;
    let mut hospital = hospital();
    assert_eq!(said(&mut hospital, &aliyun("13900000001", "n1", NINE, &secret), NINE), "OK");
    assert_eq!(said(&mut hospital, &aliyun("13900000001", "n2", NINE, &secret), NINE), "isv.BUSINESS_LIMIT_CONTROL");
    assert_eq!(said(&mut hospital, &tencent("13900000001", NINE, &secret), NINE), "LimitExceeded.PhoneNumberThirtySecondLimit");
    let later = NINE.plus_millis(60_000);
    assert_eq!(said(&mut hospital, &tencent("13900000001", later, &secret), later), "Ok");
    let inbox = hospital.sms.inbox();
    assert_eq!(
        inbox.iter().map(|m| (m.phone.as_str(), m.code.as_str(), m.gateway)).collect::<Vec<_>>(),
        [("13900000001", "428913", "aliyun"), ("13900000001", "428913", "tencent")]
    );
    assert!(inbox[0].text.contains("【医院】") && inbox[0].text.contains("428913"));
}

#[test]
fn a_message_that_is_not_signed_right_or_goes_nowhere_is_refused() {
    let secret = SimCredentials::fixed().sms_secret;
    let mut hospital = hospital();
    assert_eq!(said(&mut hospital, &aliyun("13900000001", "n1", NINE, "other"), NINE), "SignatureDoesNotMatch");
    assert_eq!(said(&mut hospital, &tencent("13900000001", NINE, "other"), NINE), "AuthFailure.SignatureFailure");
    let mut other_phone = aliyun("13900000001", "n2", NINE, &secret);
    other_phone.target = other_phone.target.replace("13900000001", "13900000002");
    assert_eq!(said(&mut hospital, &other_phone, NINE), "SignatureDoesNotMatch");
    let good = aliyun("13900000003", "n3", NINE, &secret);
    assert_eq!(said(&mut hospital, &good, NINE), "OK");
    assert_eq!(said(&mut hospital, &good, NINE), "SignatureDoesNotMatch", "a nonce works once");
    let late = NINE.plus_millis(900_001);
    assert_eq!(said(&mut hospital, &aliyun("13900000004", "n4", NINE, &secret), late), "SignatureDoesNotMatch");
    assert_eq!(said(&mut hospital, &tencent("13900000004", NINE, &secret), NINE.plus_millis(301_000)), "AuthFailure.SignatureFailure");
    assert_eq!(said(&mut hospital, &aliyun("1390000", "n5", NINE, &secret), NINE), "isv.MOBILE_NUMBER_ILLEGAL");
    hospital.faults.next(Peer::Sms, "tencent", Fault::SaysNo);
    assert_eq!(said(&mut hospital, &tencent("13900000005", NINE, &secret), NINE), "FailedOperation.PhoneNumberInBlacklist");
    assert_eq!(hospital.sms.inbox().len(), 1);
    hospital.faults.next(Peer::Sms, "aliyun", Fault::EffectLater { ms: 2_000 });
    assert!(matches!(hospital.handle(Peer::Sms, &aliyun("13900000006", "n6", NINE, &secret), NINE), Reply::Silence { .. }));
    hospital.advance(NINE.plus_millis(2_000));
    assert_eq!(hospital.sms.inbox().len(), 2, "it arrived all the same");
}

#[test]
fn a_login_code_works_once_for_five_minutes() {
    let mut hospital = hospital();
    let openid = hospital.account.users()[1].openid;
    let keys = SimCredentials::fixed();
    let exchange = |hospital: &mut Hospital, secret: &str, code: &str, now: Timestamp| -> Value {
        let target = format!("/sns/oauth2/access_token?appid={}&secret={secret}&code={code}&grant_type=authorization_code", keys.appid);
        let request = Request { method: "GET".to_owned(), target, headers: headers(&[]), body: Vec::new() };
        serde_json::from_slice(&answer(hospital.handle(Peer::Account, &request, now)).body).unwrap()
    };
    let code = hospital.account.authorise(openid, NINE).unwrap();
    assert_eq!(exchange(&mut hospital, "wrong", &code, NINE)["errcode"], 40_125);
    assert_eq!(exchange(&mut hospital, &keys.account_secret, &code, NINE)["openid"], openid);
    assert_eq!(exchange(&mut hospital, &keys.account_secret, &code, NINE)["errcode"], 40_163);
    let old = hospital.account.authorise(openid, NINE).unwrap();
    assert_eq!(exchange(&mut hospital, &keys.account_secret, &old, NINE.plus_millis(300_000))["errcode"], 40_029);
    assert_eq!(exchange(&mut hospital, &keys.account_secret, "never", NINE)["errcode"], 40_029);
    assert!(hospital.account.authorise("nobody", NINE).is_none());
}

#[test]
fn everybody_of_the_day_is_found_by_each_way() {
    let mut hospital = hospital();
    let mut his = support::HisClient::new();
    let day = small_day();
    for visit in &day.visits {
        let person = day.patients.iter().find(|p| p.patient_id == visit.visit.patient_id).unwrap();
        let text = |value: &Option<menjie::access::Private>| value.as_ref().map(|v| v.reveal().to_owned());
        let mut ways = vec![("visit_no", visit.visit.visit_id.as_str().to_owned()), ("visit_no", person.card_no.reveal().to_owned())];
        ways.extend(text(&person.id_no).map(|no| ("id_card", no)));
        ways.extend(text(&person.phone).map(|no| ("phone", no)));
        for (way, token) in ways {
            let (code, data) = his.call(&mut hospital, "find-patient", &json!({"way": way, "token": token}), NINE);
            assert_eq!((code.as_str(), data["patients"][0]["patient_id"].as_str()), ("0", Some(person.patient_id.as_str())), "{way}");
        }
        assert!(hospital.health_code.mint(person.patient_id.as_str(), 60, NINE).is_some() && hospital.decoder.mint(person.patient_id.as_str(), 60, NINE).is_some());
    }
}
