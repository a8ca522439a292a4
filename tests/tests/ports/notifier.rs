//! `notify` before the simulated gateways and the simulated account.

use std::sync::Arc;

use menjie::access::Private;
use menjie::port::{CallCx, NoticeChannel, Notifier};
use menjie::testkit::conformance::{Case, Verdict, broken, notifier};
use menjie_host::OsEntropy;
use menjie_notify::{NotifyConfig, NotifyFront};
use menjie_sim::faults::{Fault, Peer};
use menjie_sim::{HospitalOptions, SimCredentials};
use serde_json::{Value, json};

use crate::Boxed;

struct Stage {
    hospital: Boxed,
    front: NotifyFront,
    gateway: &'static str,
}

impl Stage {
    fn next(&self, channel: NoticeChannel, fault: Fault) {
        let (peer, interface) = match channel {
            NoticeChannel::Account => (Peer::Account, "template"),
            NoticeChannel::Sms => (Peer::Sms, self.gateway),
        };
        self.hospital.sim.with(|hospital, _| hospital.faults.next(peer, interface, fault));
    }
}

impl notifier::NotifierStage for Stage {
    fn notifier(&self) -> &dyn Notifier {
        &self.front
    }

    fn cx(&self) -> CallCx {
        self.hospital.cx()
    }

    fn people(&self, channel: NoticeChannel) -> [Private; 2] {
        match channel {
            NoticeChannel::Account => self.hospital.sim.with(|hospital, _| [0, 1].map(|at| hospital.account.users()[at].openid)),
            NoticeChannel::Sms => ["13900000001", "13900000002"],
        }
        .map(Private::new)
    }

    fn refuse(&self, channel: NoticeChannel, _to: &Private) {
        self.next(channel, Fault::SaysNo);
    }

    fn lose_answer(&self, channel: NoticeChannel, _call: &'static str) {
        self.next(channel, Fault::TimeoutAfter { ms: 0 });
    }

    /// It takes the message and says that it is busy, as WeChat does.
    fn busy(&self) {
        self.next(NoticeChannel::Account, Fault::ServerErrorAfter);
    }

    fn arrived(&self, channel: NoticeChannel, to: &Private) -> usize {
        self.hospital.sim.with(|hospital, _| match channel {
            NoticeChannel::Account => hospital.account.messages().iter().filter(|m| m.openid == to.reveal()).count(),
            NoticeChannel::Sms => hospital.sms.inbox().iter().filter(|m| m.phone == to.reveal() && m.code.is_empty()).count(),
        })
    }

    fn codes(&self, phone: &Private) -> Vec<Private> {
        let of = |m: &&menjie_sim::identity::Message| m.phone == phone.reveal() && !m.code.is_empty();
        self.hospital.sim.with(|hospital, _| hospital.sms.inbox().iter().filter(of).map(|m| Private::new(m.code.as_str())).collect())
    }

    fn authorise(&self) -> (Private, Private) {
        let [anna, _] = self.people(NoticeChannel::Account);
        let code = self.hospital.sim.with(|hospital, now| hospital.account.authorise(anna.reveal(), now)).unwrap();
        (Private::new(code), anna)
    }
}

fn gateway(which: &str, url: &str, credentials: &SimCredentials) -> Value {
    let (id, secret) = (&credentials.sms_key_id, &credentials.sms_secret);
    match which {
        "aliyun" => {
            let notice = json!({"template_code": "SMS_2", "parameters": {"day": "day", "name": "hospital"}});
            json!({"aliyun": {"base_url": url, "access_key_id": id, "access_key_secret": secret, "sign_name": "测试医院", "template_code": "SMS_1", "notice": notice}})
        }
        _ => {
            let notice = json!({"template_id": "200", "parameters": ["hospital", "day"]});
            json!({"tencent": {"base_url": url, "secret_id": id, "secret_key": secret, "sdk_app_id": "14", "sign_name": "测试医院", "template_id": "100", "notice": notice}})
        }
    }
}

fn play(gateway_name: &'static str) -> impl Fn(Case<dyn notifier::NotifierStage>) -> Verdict {
    move |case| {
        let hospital = Boxed::open(HospitalOptions::default());
        let (url, credentials) = (hospital.sim.urls().identity.clone(), SimCredentials::fixed());
        let notice = json!({"kind": "template", "template_id": "TPL-1", "data": {"thing1": "what", "time2": "day", "thing3": "todo"}});
        let account = json!({"appid": credentials.appid, "secret": credentials.account_secret, "base_url": url, "authorize_url": format!("{url}/connect/oauth2/authorize"), "notice": notice});
        let config: NotifyConfig = serde_json::from_value(json!({"sms": gateway(gateway_name, &url, &credentials), "account": account})).unwrap();
        let stage = Stage { front: NotifyFront::connect(config, Arc::new(OsEntropy)).unwrap(), hospital, gateway: gateway_name };
        let verdict = stage.hospital.runtime.block_on(case(&stage));
        stage.hospital.close();
        verdict
    }
}

#[test]
fn aliyun_and_the_account_keep_every_law() {
    assert_eq!(broken(notifier::CASES, play("aliyun")), []);
}

#[test]
fn tencent_and_the_account_keep_every_law() {
    assert_eq!(broken(notifier::CASES, play("tencent")), []);
}
