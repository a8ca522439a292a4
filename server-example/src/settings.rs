//! The `server` section of the configuration; everything else in the file belongs to the bridge.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use menjie::access::Role;
use menjie::error::{Code, Error, Result};
use menjie::ident::{DeptCode, HospitalId, StaffId};
use menjie::port::IdentifyWay;
use menjie::staff::Rules;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::pages::settings::PageSettings;

/// How the server serves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where it listens. Anything but loopback needs `behind_tls_proxy`.
    pub listen: SocketAddr,
    /// A proxy on this host or network ends TLS; cookies are then marked `Secure`.
    pub behind_tls_proxy: bool,
    /// Proxies whose `X-Forwarded-For` names the client.
    pub trusted_proxies: Vec<IpAddr>,
    /// Whose patients are served; may be left out when the configuration has one hospital.
    pub hospital: Option<HospitalId>,
    /// By what patients may identify themselves; `phone` needs a message gateway.
    pub identify_ways: Vec<IdentifyWay>,
    /// A session ends after so long without a request, in seconds.
    pub session_idle_s: u32,
    /// A session ends after so long whatever happens, in seconds.
    pub session_max_s: u32,
    /// So many failed tries lock an address.
    pub lock_after: u32,
    /// For so long at first, in seconds; doubled each time, at most an hour.
    pub lock_s: u32,
    /// So many codes by SMS an address may cause an hour.
    pub sms_per_hour: u32,
    /// Serve `POST /api/v1/ops/{op}` (staff token, patient's session or loopback).
    pub ops: bool,
    /// Programs that may use the staff API, each with a token; none by default. People log in at `/a`.
    pub staff: Vec<StaffToken>,
    /// Passwords and locks of the accounts of staff.
    pub accounts: Rules,
    /// A session of staff ends after so long without a request, in seconds.
    pub staff_idle_s: u32,
    /// And after so long whatever happens, in seconds.
    pub staff_max_s: u32,
    /// Staff page 38: auditors look at the transfer log with keys of their own. Off by default, since a key is then in this server's memory.
    pub log_viewer: bool,
    /// Pause between two looks at HIS's notices, in seconds.
    pub notices_every_s: u32,
    /// What the insurer's centre is answered when its message (6302) is taken: no public source shows the body (domain/medins.md
    /// §10 item 19).
    pub insurer_taken: Map<String, Value>,
    /// The day before is reconciled from this moment on, in seconds after midnight; WeChat's bill is there at 10:00.
    pub reconcile_after_s: u32,
    /// So many days back a missed day is caught up; 0 leaves reconciliation to whoever asks for it.
    pub reconcile_days: u32,
    /// How long requests and calls in flight may take to finish at shutdown, in seconds.
    pub drain_s: u32,
    /// Connections at once.
    pub max_connections: u32,
    /// What patients see.
    pub pages: PageSettings,
}

/// A program of the staff with a token. The file holds the hash only; `menjie-server token` makes both.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffToken {
    /// Who.
    pub staff: StaffId,
    /// What he may be.
    pub roles: Vec<Role>,
    /// The departments he works for; doctors and executing departments act for no others.
    #[serde(default)]
    pub departments: Vec<DeptCode>,
    /// SM3 of the token, 64 lower hex digits.
    pub token_sm3: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            behind_tls_proxy: false,
            trusted_proxies: Vec::new(),
            hospital: None,
            identify_ways: vec![IdentifyWay::IdCard, IdentifyWay::HealthCode, IdentifyWay::EVoucher],
            session_idle_s: 600,
            session_max_s: 14_400,
            lock_after: 5,
            lock_s: 60,
            sms_per_hour: 60,
            ops: false,
            staff: Vec::new(),
            accounts: Rules::default(),
            staff_idle_s: 900,
            staff_max_s: 43_200,
            log_viewer: false,
            notices_every_s: 15,
            insurer_taken: [("code".to_owned(), 0.into()), ("success".to_owned(), true.into()), ("message".to_owned(), "成功".into())].into_iter().collect(),
            reconcile_after_s: 37_800,
            reconcile_days: 7,
            drain_s: 20,
            max_connections: 1_024,
            pages: PageSettings::default(),
        }
    }
}

impl Settings {
    /// Checks every value; the error names the field.
    pub fn check(&self) -> Result<()> {
        if !self.listen.ip().is_loopback() && !self.behind_tls_proxy {
            return bad("server.listen", "is not loopback; plain HTTP on a network needs server.behind_tls_proxy = true");
        }
        if self.identify_ways.is_empty() {
            return bad("server.identify_ways", "must name at least one way");
        }
        for way in &self.identify_ways {
            match way {
                IdentifyWay::PatientNo => return bad("server.identify_ways", "patient_no is never typed by a patient"),
                IdentifyWay::IdCard | IdentifyWay::HealthCode | IdentifyWay::EVoucher | IdentifyWay::VisitNo | IdentifyWay::Phone => {}
            }
        }
        between("server.session_idle_s", self.session_idle_s, 60, 86_400)?;
        between("server.session_max_s", self.session_max_s, self.session_idle_s, 86_400)?;
        between("server.lock_after", self.lock_after, 1, 100)?;
        between("server.lock_s", self.lock_s, 1, 3_600)?;
        self.accounts.check()?;
        between("server.staff_idle_s", self.staff_idle_s, 60, 1_800)?;
        between("server.staff_max_s", self.staff_max_s, self.staff_idle_s, 86_400)?;
        between("server.sms_per_hour", self.sms_per_hour, 1, 10_000)?;
        between("server.notices_every_s", self.notices_every_s, 1, 3_600)?;
        between("server.reconcile_after_s", self.reconcile_after_s, 0, 86_399)?;
        between("server.reconcile_days", self.reconcile_days, 0, 60)?;
        between("server.drain_s", self.drain_s, 1, 300)?;
        between("server.max_connections", self.max_connections, 1, 65_536)?;
        for (at, staff) in self.staff.iter().enumerate() {
            let hex = staff.token_sm3.len() == 64 && staff.token_sm3.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            if !hex {
                return bad(format!("server.staff[{at}].token_sm3"), "must be 64 lower hex digits");
            }
            if staff.roles.is_empty() || Role::may_be_held_together(&staff.roles).is_err() {
                return bad(format!("server.staff[{at}].roles"), "must name staff roles, and an administrator's alone");
            }
            if self.staff.iter().take(at).any(|other| other.token_sm3 == staff.token_sm3) {
                return bad(format!("server.staff[{at}].token_sm3"), "two members of staff share a token");
            }
        }
        Ok(())
    }
}

fn bad<T>(field: impl Into<std::borrow::Cow<'static, str>>, problem: &'static str) -> Result<T> {
    Err(Error::new(Code::BadPolicy).with("field", field).with("problem", problem))
}

fn between(field: &'static str, value: u32, least: u32, most: u32) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::new(Code::BadPolicy).with("field", field).with("problem", format!("must lie between {least} and {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_of(settings: &Settings) -> String {
        let error = settings.check().unwrap_err();
        error.context().find(|(k, _)| *k == "field").map(|(_, v)| v.to_owned()).unwrap()
    }

    #[test]
    fn defaults_hold_and_have_no_staff_and_no_ops() {
        let settings = Settings::default();
        settings.check().unwrap();
        assert!(settings.staff.is_empty() && !settings.ops && !settings.log_viewer && settings.listen.ip().is_loopback());
    }

    #[test]
    fn wrong_values_are_named() {
        let base = Settings::default;
        let staff = |token: &str, roles: &[Role]| StaffToken { staff: StaffId::new("S1").unwrap(), roles: roles.to_vec(), departments: Vec::new(), token_sm3: token.to_owned() };
        let hash = "0".repeat(64);
        for (settings, field) in [
            (Settings { listen: "0.0.0.0:80".parse().unwrap(), ..base() }, "server.listen"),
            (Settings { identify_ways: vec![], ..base() }, "server.identify_ways"),
            (Settings { identify_ways: vec![IdentifyWay::PatientNo], ..base() }, "server.identify_ways"),
            (Settings { session_idle_s: 0, ..base() }, "server.session_idle_s"),
            (Settings { session_max_s: 60, ..base() }, "server.session_max_s"),
            (Settings { lock_after: 0, ..base() }, "server.lock_after"),
            (Settings { sms_per_hour: 0, ..base() }, "server.sms_per_hour"),
            (Settings { drain_s: 0, ..base() }, "server.drain_s"),
            (Settings { reconcile_after_s: 86_400, ..base() }, "server.reconcile_after_s"),
            (Settings { reconcile_days: 61, ..base() }, "server.reconcile_days"),
            (Settings { staff: vec![staff("xyz", &[Role::Finance])], ..base() }, "server.staff[0].token_sm3"),
            (Settings { staff: vec![staff(&hash, &[])], ..base() }, "server.staff[0].roles"),
            (Settings { staff: vec![staff(&hash, &[Role::Patient])], ..base() }, "server.staff[0].roles"),
            (Settings { staff: vec![staff(&hash, &[Role::Finance, Role::AuditAdmin])], ..base() }, "server.staff[0].roles"),
            (Settings { accounts: Rules { lock_after: 0, ..Rules::default() }, ..base() }, "server.accounts.lock_after"),
            (Settings { staff_idle_s: 86_400, ..base() }, "server.staff_idle_s"),
            (Settings { staff_max_s: 60, ..base() }, "server.staff_max_s"),
            (Settings { staff: vec![staff(&hash, &[Role::Finance]), staff(&hash, &[Role::Operator])], ..base() }, "server.staff[1].token_sm3"),
        ] {
            assert_eq!(field_of(&settings), field);
        }
        Settings { listen: "0.0.0.0:80".parse().unwrap(), behind_tls_proxy: true, ..base() }.check().unwrap();
        assert!(serde_json::from_str::<Settings>(r#"{"lisen":"127.0.0.1:1"}"#).is_err(), "unknown fields are refused");
    }
}
