//! The configuration of a server before the hospital in a box: for `./x demo` and for this crate's tests.

use menjie::access::Private;
use menjie_sim::SimCredentials;
use menjie_sim::shell::SimUrls;
use serde_json::{Value, json};

use crate::token;

/// Which HIS.
#[derive(Clone, Debug)]
pub struct His {
    /// Its address (docs/his-front.yaml).
    pub url: String,
    /// Our application there.
    pub app: String,
    /// Our secret there.
    pub secret: Private,
}

impl His {
    /// The simulated one.
    pub fn simulated(urls: &SimUrls) -> His {
        let keys = SimCredentials::fixed();
        His { url: urls.his.clone(), app: keys.his_app, secret: Private::new(keys.his_secret) }
    }
}

/// A configuration (docs/config.md) that listens on `port` of loopback; store, log and keys lie beside the file.
pub fn config(urls: &SimUrls, his: &His, terms: &Value, port: u16, staff: &Private) -> Value {
    let keys = SimCredentials::fixed();
    json!({
        "store": { "path": "menjie.db", "keys": "keys.json" },
        "log": { "folder": "log", "signer": "log-signer.pem", "auditors": ["auditor.pub.pem"], "reserve_mib": 4 },
        "hospitals": [{
            "id": "DEMO",
            "terms": terms,
            "pace": pace(),
            "his": { "http": { "base_url": his.url }, "app": his.app, "secret": his.secret },
            "invoice": {
                "http": { "base_url": urls.invoice }, "appid": keys.invoice_appid, "key": keys.invoice_key,
                "place_code": "DEMO01", "payee": "自助机", "author": "门结演示", "medical_institution": "公立专科医院", "card_type": "3101",
                "no_codes": menjie_sim::invoice::NO_CODES, "already_red_codes": menjie_sim::invoice::ALREADY_RED_CODES,
            },
            "health_code": {
                "http": { "base_url": urls.identity }, "app_id": keys.health_app_id, "app_secret": keys.health_app_secret, "hospital_id": keys.health_hospital_id,
                "token_expired_codes": menjie_sim::identity::TOKEN_EXPIRED_CODES, "extra": { "medicalStep": "000000" },
            },
            "insurer": {
                "http": { "base_url": urls.identity }, "org_id": keys.insurance_org_id, "operator_id": "zzj01", "operator_name": "自助机01",
                "office_id": "A32", "office_name": "收费处",
                "centre": {
                    "http": { "base_url": urls.insurer }, "app_id": keys.insurance_app_id, "app_secret": keys.insurance_app_secret,
                    "private_key": keys.insurance_private_key, "centre_public_key": keys.insurance_centre_public_key,
                },
                "gateway": {
                    "http": { "base_url": urls.insurer }, "path": "/ebus/gdyb_inf/poc/hsa/hgs/{infno}", "place": "440500", "institution_name": "门结演示医院", "day_by_statement": true,
                    "tif": { "paas_id": keys.insurance_paas_id, "secret": keys.insurance_paas_secret },
                },
                "authorisation": {
                    "http": { "base_url": urls.insurer }, "partner_id": keys.insurance_partner_id, "partner_secret": keys.insurance_partner_secret,
                    "authorize_url": format!("{}/oauth/authorize?return_url={{back}}&state={{state}}", urls.insurer),
                },
            },
            "notify": {
                "sms": { "aliyun": {
                    "base_url": urls.identity, "access_key_id": keys.sms_key_id, "access_key_secret": keys.sms_secret, "sign_name": "门结演示医院", "template_code": "SMS_000000001",
                    "notice": { "template_code": "SMS_000000002", "parameters": { "day": "day" } },
                }},
                "account": {
                    "appid": keys.appid, "secret": keys.account_secret, "base_url": urls.identity, "authorize_url": format!("{}/connect/oauth2/authorize", urls.identity),
                    "notice": { "kind": "template", "template_id": "DEMO-STOPPED", "data": { "thing1": "what", "time2": "day", "thing3": "todo" } },
                },
            },
            "channels": { "wechat": {
                "mchid": keys.mchid, "appid": keys.appid, "merchant_serial": keys.merchant_serial,
                "merchant_key_pem": keys.merchant_key_pem, "apiv3_key": keys.api_v3_key,
                "verify_keys": [{ "id": keys.platform_public_key_id, "pem": keys.platform_public_key_pem }],
                "notify_url": format!("http://127.0.0.1:{port}/notify/wechat"), "base_url": urls.wechat,
                "mixed": {
                    "city_id": "440500", "med_inst_name": "门结演示医院", "med_inst_no": keys.insurance_org_id, "geo_location": "116.70,23.36",
                    "callback_url": format!("http://127.0.0.1:{port}/notify/wechat"),
                },
            }},
        }],
        "server": {
            "listen": format!("127.0.0.1:{port}"),
            "identify_ways": ["id_card", "visit_no", "health_code", "e_voucher", "phone"],
            "ops": true,
            "notices_every_s": 2,
            "reconcile_days": 0,
            "pages": {
                "hospital_name": "示例专科医院",
                "kiosk": { "device": { "kind": "demo" } },
                "h5": { "public_url": format!("http://127.0.0.1:{port}"), "identify_ways": ["phone", "visit_no"] },
            },
            "staff": [{ "staff": "demo", "roles": ["operator", "finance", "auditor"], "token_sm3": token::hash(staff.reveal()) }],
        },
    })
}

/// A day of minutes instead of hours: the same ladders with shorter steps.
fn pace() -> Value {
    let lane = |slots: u32| {
        json!({
            "act": { "steps_s": [1, 1, 2, 3, 5], "slow_s": 5 }, "poll": { "steps_s": [1, 1, 2, 2, 3, 5], "slow_s": 5 },
            "deadline_ms": 3_000, "slots": slots, "overdue_s": 30,
        })
    };
    json!({ "his": lane(16), "channel": lane(16), "invoice": lane(8), "notify": lane(8), "insurer": lane(8), "lease_ms": 10_000, "idle_ms": 250, "not_found_s": 5, "recheck_s": 20 })
}
