//! Notices through both gateways and the official account over the scripted transport.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use menjie::access::Private;
use menjie::ident::{NoticeId, RefundId, SettlementId, SuspensionId};
use menjie::port::{NoticeChannel, NoticeOrder, Notifier, NotifyAnswer, NotifyCall, Outcome, RecentTransfers};
use menjie::testkit::block_on;
use menjie::testkit::host::SeededEntropy;
use menjie::visit::{Message, MessageKind as About, NoticeTerms, Session};
use menjie::{BizDate, Money, Timestamp};
use menjie_notify::{MessageKind, NotifyConfig, NotifyFront, message, sms};
use menjie_transport::Http;
use menjie_transport::testing::{ScriptedHttp, call_cx};
use proptest::prelude::*;
use serde_json::{Value, json};

const PHONE: &str = "13900000001";
const OPENID: &str = "oCANARY_1-x";

fn account(kind: &str) -> Value {
    let notice = json!({"kind": kind, "template_id": "TPL-1", "data": {"thing1": "what", "time2": "day", "thing3": "todo"}});
    json!({"account": {"appid": "wx01", "secret": "canary-secret", "notice": notice}})
}

fn aliyun() -> Value {
    let notice = json!({"template_code": "SMS_9", "parameters": {"day": "day", "name": "hospital"}});
    json!({"sms": {"aliyun": {"access_key_id": "AK1", "access_key_secret": "canary-secret", "sign_name": "市第四医院", "template_code": "SMS_1", "notice": notice}}})
}

fn tencent() -> Value {
    let notice = json!({"template_id": "200", "parameters": ["hospital", "day"]});
    json!({"sms": {"tencent": {"secret_id": "SI1", "secret_key": "canary-secret", "sdk_app_id": "14", "sign_name": "市第四医院", "template_id": "100", "notice": notice}}})
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

    fn send(&self, channel: NoticeChannel, answers: &[&str], seconds: i64) -> Outcome<NotifyAnswer> {
        self.say(channel, About::ClinicStopped, answers, seconds)
    }

    fn say(&self, channel: NoticeChannel, kind: About, answers: &[&str], seconds: i64) -> Outcome<NotifyAnswer> {
        for body in answers {
            self.http.put_answer(200, *body);
        }
        let terms = NoticeTerms {
            hospital_name: "市第四医院".into(),
            link: Some("https://pay.example/h5/suspensions/".into()),
            invoice_link: Some("https://pay.example/h5/paid/".into()),
            refund_link: Some("https://pay.example/h5/refunds/".into()),
            ..NoticeTerms::default()
        };
        let (date, suspension) = (BizDate::parse("2026-03-05").unwrap(), SuspensionId::new(7).unwrap());
        let message = match kind {
            About::ClinicStopped => Message::stopped(&terms, date, Session::Pm, suspension),
            About::ClinicResumed => Message::resumed(&terms, date, Session::Pm, suspension),
            About::RefundQuestion => Message::questioned(&terms, date, RefundId::new(9).unwrap()),
            About::InvoiceIssued => Message::invoiced(&terms, date, Money::from_fen(12_132).unwrap(), SettlementId::new(9).unwrap()),
        };
        let to = if channel == NoticeChannel::Sms { PHONE } else { OPENID };
        let order = NoticeOrder { no: NoticeId::new(9).unwrap().business_no(), channel, to: Private::new(to), message };
        let now = Timestamp::parse("2026-03-02T07:20:00+08:00").unwrap().plus_millis(seconds * 1000);
        block_on(self.front.call(&call_cx(self.log.clone(), now, 8_000).unwrap(), &NotifyCall::Send { order }))
    }

    fn asked(&self) -> Vec<String> {
        self.http.requests().iter().map(|r| r.url.trim_start_matches("https://api.weixin.qq.com").to_owned()).collect()
    }

    fn body(&self, index: usize) -> Value {
        serde_json::from_slice(&self.http.requests()[index].body).unwrap()
    }
}

const TOKEN: &str = r#"{"access_token":"CANARY-T1","expires_in":7200}"#;
const TOKEN2: &str = r#"{"access_token":"CANARY-T2","expires_in":7200}"#;
const OK: &str = r#"{"errcode":0,"errmsg":"ok","msgid":1}"#;

#[test]
fn a_template_message_is_sent_with_a_token_that_is_kept() {
    let bench = Bench::new(&account("template"));
    let traits = bench.front.traits();
    assert_eq!((traits.account_notice, traits.sms_notice), (true, false));
    assert_eq!(bench.send(NoticeChannel::Account, &[TOKEN, OK], 0), Outcome::Done(NotifyAnswer::Send));
    assert_eq!(bench.body(0), json!({"grant_type": "client_credential", "appid": "wx01", "secret": "canary-secret", "force_refresh": false}));
    assert_eq!(
        bench.body(1),
        json!({
            "touser": OPENID, "template_id": "TPL-1", "client_msg_id": "N0000000000000000009", "url": "https://pay.example/h5/suspensions/7",
            "data": {"thing1": {"value": "您预约的门诊有变动"}, "time2": {"value": "3月5日下午"}, "thing3": {"value": "请选择改约或退号"}},
        })
    );
    let _ = bench.send(NoticeChannel::Account, &[OK], 6_899);
    let _ = bench.send(NoticeChannel::Account, &[TOKEN2, OK], 6_900);
    let token = "/cgi-bin/stable_token";
    let send = "/cgi-bin/message/template/send?access_token=CANARY-T";
    assert_eq!(bench.asked(), [token.to_owned(), format!("{send}1"), format!("{send}1"), token.to_owned(), format!("{send}2")], "300 seconds early");
}

#[test]
fn a_wrong_token_is_renewed_once() {
    for code in [40_001, 40_014, 42_001] {
        let wrong = json!({"errcode": code}).to_string();
        let bench = Bench::new(&account("subscribe"));
        assert_eq!(bench.send(NoticeChannel::Account, &[TOKEN, &wrong, TOKEN2, OK], 0), Outcome::Done(NotifyAnswer::Send));
        assert_eq!(bench.body(2)["force_refresh"], true);
        let send = "/cgi-bin/message/subscribe/bizsend?access_token=CANARY-T";
        assert_eq!((bench.asked()[1].clone(), bench.asked()[3].clone()), (format!("{send}1"), format!("{send}2")));
        assert_eq!(bench.body(3)["page"], "https://pay.example/h5/suspensions/7");
        let bench = Bench::new(&account("subscribe"));
        assert!(matches!(bench.send(NoticeChannel::Account, &[TOKEN, &wrong, TOKEN2, &wrong], 0), Outcome::Unsent(_)), "once, not for ever");
        assert_eq!(bench.asked().len(), 4);
    }
}

#[test]
fn what_wechat_says_is_sorted_as_the_table_has_it() {
    // domain/payments.md §4.1: (errcode, template, subscribe).
    for (code, template, subscribe) in [
        (-1, "unsent", "unknown"),
        (40_003, "refused", "refused"),
        (40_037, "refused", "refused"),
        (40_164, "unsent", "unsent"),
        (41_030, "refused", "refused"),
        (43_004, "refused", "refused"),
        (43_101, "refused", "refused"),
        (43_107, "refused", "refused"),
        (43_108, "unsent", "unsent"),
        (45_009, "unsent", "unsent"),
        (45_011, "unsent", "unsent"),
        (45_168, "refused", "refused"),
        (47_003, "refused", "refused"),
        (48_001, "refused", "refused"),
        (50_002, "refused", "refused"),
        (89_501, "unsent", "unsent"),
        (89_503, "unsent", "unsent"),
    ] {
        for (kind, expected) in [("template", template), ("subscribe", subscribe)] {
            let bench = Bench::new(&account(kind));
            let outcome = bench.send(NoticeChannel::Account, &[TOKEN, &json!({"errcode": code}).to_string()], 0);
            let found = match &outcome {
                Outcome::Done(_) => "done",
                Outcome::Refused(no) => {
                    assert_eq!(no.code, code.to_string());
                    "refused"
                }
                Outcome::Unsent(_) => "unsent",
                Outcome::Unknown(_) => "unknown",
            };
            assert_eq!(found, expected, "{kind} {code}");
        }
    }
    for body in ["{}", "<html>", r#"{"errcode":"0"}"#] {
        assert!(matches!(Bench::new(&account("template")).send(NoticeChannel::Account, &[TOKEN, body], 0), Outcome::Unknown(_)), "{body}");
    }
    for (body, refused) in [(r#"{"errcode":40125}"#, true), (r#"{"errcode":40013}"#, true), (r#"{"errcode":-1}"#, false), (r#"{"access_token":""}"#, false), ("<html>", false)] {
        let bench = Bench::new(&account("template"));
        let outcome = bench.send(NoticeChannel::Account, &[body], 0);
        assert!(if refused { matches!(outcome, Outcome::Refused(_)) } else { matches!(outcome, Outcome::Unsent(_)) }, "no token, no message: {body}");
        assert_eq!(bench.asked().len(), 1);
    }
}

#[test]
fn a_value_that_does_not_fit_its_field_is_never_sent() {
    let mut config = account("template");
    config["account"]["notice"]["data"]["phrase9"] = "what".into();
    let bench = Bench::new(&config);
    assert!(matches!(bench.send(NoticeChannel::Account, &[TOKEN], 0), Outcome::Refused(no) if no.code == "value_phrase9"));
    assert_eq!(bench.asked().len(), 1, "only the token was asked for");
}

#[test]
fn both_gateways_get_the_template_of_notices_and_our_number() {
    let bench = Bench::new(&aliyun());
    assert_eq!(bench.send(NoticeChannel::Sms, &[r#"{"Code":"OK"}"#], 0), Outcome::Done(NotifyAnswer::Send));
    let url = bench.http.requests()[0].url.clone();
    assert_eq!(
        url.strip_prefix("https://dysmsapi.aliyuncs.com/?").unwrap(),
        "OutId=N0000000000000000009&PhoneNumbers=13900000001&SignName=%E5%B8%82%E7%AC%AC%E5%9B%9B%E5%8C%BB%E9%99%A2&TemplateCode=SMS_9&TemplateParam=%7B%22day%22%3A%223%E6%9C%885%E6%97%A5%E4%B8%8B%E5%8D%88%22%2C%22name%22%3A%22%E5%B8%82%E7%AC%AC%E5%9B%9B%E5%8C%BB%E9%99%A2%22%7D"
    );
    let bench = Bench::new(&tencent());
    let state = |code: &str| json!({"Response": {"SendStatusSet": [{"PhoneNumber": "+8613900000001", "Code": code}]}}).to_string();
    assert_eq!(bench.send(NoticeChannel::Sms, &[&state("Ok")], 0), Outcome::Done(NotifyAnswer::Send));
    let body = bench.body(0);
    assert_eq!(
        (body["TemplateParamSet"].clone(), body["TemplateId"].clone(), body["SessionContext"].clone()),
        (json!(["市第四医院", "3月5日下午"]), json!("200"), json!("N0000000000000000009"))
    );
    // Permanent errors, limits, and what nobody can say (domain/payments.md §4.3).
    for (code, expected) in [
        ("isv.MOBILE_NUMBER_ILLEGAL", "refused"),
        ("isv.AMOUNT_NOT_ENOUGH", "refused"),
        ("isp.RAM_PERMISSION_DENY", "refused"),
        ("isv.BUSINESS_LIMIT_CONTROL", "unsent"),
        ("isp.SYSTEM_ERROR", "unknown"),
    ] {
        assert_eq!(word(&Bench::new(&aliyun()).send(NoticeChannel::Sms, &[&json!({"Code": code}).to_string()], 0)), expected, "{code}");
    }
    for (code, expected) in [
        ("FailedOperation.PhoneNumberInBlacklist", "refused"),
        ("UnauthorizedOperation.SdkAppIdIsDisabled", "refused"),
        ("LimitExceeded.PhoneNumberDailyLimit", "unsent"),
        ("InternalError.Timeout", "unknown"),
    ] {
        assert_eq!(word(&Bench::new(&tencent()).send(NoticeChannel::Sms, &[&state(code)], 0)), expected, "{code}");
    }
}

fn word(outcome: &Outcome<NotifyAnswer>) -> &'static str {
    match outcome {
        Outcome::Done(_) => "done",
        Outcome::Refused(_) => "refused",
        Outcome::Unsent(_) => "unsent",
        Outcome::Unknown(_) => "unknown",
    }
}

/// A template without `what` has words of its own, that a clinic is stopped.
#[test]
fn only_a_template_that_takes_what_happened_takes_a_stop_back() {
    let what = |mut config: Value, place: &str, name: &str| {
        *config.pointer_mut(place).unwrap() = json!(name);
        config
    };
    for (channel, config, answers) in [
        (NoticeChannel::Sms, aliyun(), vec![r#"{"Code":"OK"}"#]),
        (NoticeChannel::Sms, tencent(), vec![r#"{"Response":{"SendStatusSet":[{"PhoneNumber":"+8613900000001","Code":"Ok"}]}}"#]),
        (NoticeChannel::Account, what(account("template"), "/account/notice/data/thing1", "session"), vec![TOKEN, OK]),
    ] {
        assert_eq!(word(&Bench::new(&config).say(channel, About::ClinicResumed, &[], 0)), "refused");
        assert_eq!(word(&Bench::new(&config).say(channel, About::ClinicStopped, &answers, 0)), "done");
    }
    let bench = Bench::new(&account("template"));
    assert_eq!(word(&bench.say(NoticeChannel::Account, About::ClinicResumed, &[TOKEN, OK], 0)), "done");
    assert_eq!(bench.body(1)["data"]["thing1"]["value"], "您预约的门诊照常进行");
    for (config, place, answer) in [
        (aliyun(), "/sms/aliyun/notice/parameters/day", r#"{"Code":"OK"}"#),
        (tencent(), "/sms/tencent/notice/parameters/1", r#"{"Response":{"SendStatusSet":[{"PhoneNumber":"+8613900000001","Code":"Ok"}]}}"#),
    ] {
        assert_eq!(word(&Bench::new(&what(config, place, "what")).say(NoticeChannel::Sms, About::ClinicResumed, &[answer], 0)), "done");
    }
}

#[test]
fn an_invoice_has_a_template_of_its_own() {
    let mut config = account("template");
    let bench = Bench::new(&config);
    assert!(!bench.front.traits().account_invoice);
    assert_eq!(word(&bench.say(NoticeChannel::Account, About::InvoiceIssued, &[], 0)), "refused", "the words of another template do not fit");
    config["account"]["invoice"] = json!({"kind": "template", "template_id": "TPL-2", "data": {"amount1": "amount", "time2": "day", "thing3": "what"}});
    let bench = Bench::new(&config);
    assert!(bench.front.traits().account_invoice);
    assert_eq!(word(&bench.say(NoticeChannel::Account, About::InvoiceIssued, &[TOKEN, OK], 0)), "done");
    assert_eq!(
        bench.body(1),
        json!({
            "touser": OPENID, "template_id": "TPL-2", "client_msg_id": "N0000000000000000009", "url": "https://pay.example/h5/paid/9",
            "data": {"amount1": {"value": "121.32元"}, "time2": {"value": "3月5日"}, "thing3": {"value": "您的电子票据已开具"}},
        })
    );
    config["account"]["invoice"]["data"]["thing3"] = "dept".into();
    let error = serde_json::from_value::<NotifyConfig>(config).unwrap().check().unwrap_err();
    assert_eq!(error.context().find(|(k, _)| *k == "field").map(|(_, v)| v), Some("account.invoice.data"));
}

#[test]
fn a_question_about_a_refund_has_a_template_of_its_own() {
    let mut config = account("template");
    config["account"]["invoice"] = json!({"kind": "template", "template_id": "TPL-2", "data": {"thing1": "what"}});
    let bench = Bench::new(&config);
    assert!(!bench.front.traits().account_refund);
    assert_eq!(word(&bench.say(NoticeChannel::Account, About::RefundQuestion, &[], 0)), "refused");
    config["account"]["refund"] = json!({"kind": "template", "template_id": "TPL-3", "data": {"thing1": "what", "time2": "day", "thing3": "todo"}});
    let bench = Bench::new(&config);
    assert!(bench.front.traits().account_refund);
    assert_eq!(word(&bench.say(NoticeChannel::Account, About::RefundQuestion, &[TOKEN, OK], 0)), "done");
    assert_eq!(
        bench.body(1),
        json!({
            "touser": OPENID, "template_id": "TPL-3", "client_msg_id": "N0000000000000000009", "url": "https://pay.example/h5/refunds/9",
            "data": {"thing1": {"value": "您的退费申请需要补充说明"}, "time2": {"value": "3月5日"}, "thing3": {"value": "请点击查看并补充说明"}},
        })
    );
    config["account"]["refund"]["template_id"] = "".into();
    let error = serde_json::from_value::<NotifyConfig>(config).unwrap().check().unwrap_err();
    assert_eq!(error.context().find(|(k, _)| *k == "field").map(|(_, v)| v), Some("account.refund.template_id"));
}

#[test]
fn without_a_template_nothing_is_sent() {
    for (mut config, pointer, channel) in
        [(aliyun(), "/sms/aliyun", NoticeChannel::Sms), (tencent(), "/sms/tencent", NoticeChannel::Sms), (account("template"), "/account", NoticeChannel::Account)]
    {
        config.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove("notice");
        let bench = Bench::new(&config);
        assert_eq!(word(&bench.send(channel, &[], 0)), "refused");
        assert!(bench.http.requests().is_empty());
        assert!(!bench.front.traits().sms_notice && !bench.front.traits().account_notice);
    }
}

#[test]
fn neither_person_nor_token_reaches_the_log() {
    for (config, channel, answers) in [
        (account("template"), NoticeChannel::Account, vec![TOKEN, OK]),
        (aliyun(), NoticeChannel::Sms, vec![r#"{"Code":"isv.X","Message":"13900000001"}"#]),
        (tencent(), NoticeChannel::Sms, vec!["{}"]),
    ] {
        let bench = Bench::new(&config);
        let _ = bench.send(channel, &answers, 0);
        let log: String =
            bench.log.recent().iter().map(|(_, b, e)| format!("{b:?}{}{}", String::from_utf8_lossy(&b.body), String::from_utf8_lossy(&e.as_ref().unwrap().body))).collect();
        assert!(!log.contains("CANARY") && !log.contains("canary") && !log.contains(PHONE), "{log}");
        assert!(channel == NoticeChannel::Account || log.contains("N0000000000000000009"), "{log}");
    }
}

#[test]
fn wrong_templates_are_named() {
    for (mut config, pointer, field) in [
        (account("template"), "/account/notice/data/thing1", "account.notice.data"),
        (aliyun(), "/sms/aliyun/notice/parameters/day", "sms.aliyun.notice.parameters"),
        (tencent(), "/sms/tencent/notice/parameters/0", "sms.tencent.notice.parameters"),
    ] {
        *config.pointer_mut(pointer).unwrap() = "dept".into();
        let error = serde_json::from_value::<NotifyConfig>(config).unwrap().check().unwrap_err();
        assert_eq!(error.context().find(|(k, _)| *k == "field").map(|(_, v)| v), Some(field));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = message::read(MessageKind::Template, &bytes);
        let _ = message::read_token(&bytes, Timestamp::from_millis(0));
    }

    #[test]
    fn only_zero_is_taken(code in any::<i64>()) {
        let body = json!({"errcode": code}).to_string();
        for kind in [MessageKind::Template, MessageKind::Subscribe] {
            prop_assert_eq!(message::read(kind, body.as_bytes()) == Ok(message::Said::Taken), code == 0);
        }
    }

    #[test]
    fn a_limit_is_never_an_ok(code in "[A-Za-z.]{0,30}") {
        prop_assert!(!sms::is_limit(&code) || (code != "OK" && code != "Ok"));
    }
}
