//! The `server.pages` section: what a hospital changes without a compiler (docs/guide/server.md).

use std::collections::BTreeMap;
use std::path::PathBuf;

use menjie::error::{Code, Error, Result};
use menjie::port::IdentifyWay;
use serde::Deserialize;

/// How the pages look and speak.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageSettings {
    /// Serve them at all?
    pub enabled: bool,
    /// The hospital as patients call it.
    pub hospital_name: String,
    /// Where staff help, e.g. `门诊一楼收费窗口`.
    pub window: String,
    /// A number patients may call.
    pub phone: Option<String>,
    /// Colours.
    pub colours: Colours,
    /// A folder with content files; what it does not have comes from the built-in ones.
    pub content: Option<PathBuf>,
    /// Texts by id that replace ours.
    pub texts: BTreeMap<String, String>,
    /// Lists name no clinic, only "门诊": for hospitals whose department names tell too much on a public screen.
    pub hide_departments: bool,
    /// Who may show the pages in a frame (kiosk shells); nobody by default.
    pub frame_ancestors: Vec<String>,
    /// The kiosk.
    pub kiosk: Kiosk,
    /// The official account.
    pub h5: Phone,
}

/// What is said about the pages in the official account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Phone {
    /// The address browsers reach us at, for the way back from WeChat; as the browser called us when left out.
    pub public_url: Option<String>,
    /// So many patients an account may act for.
    pub patients_max: u32,
    /// By what a file is bound or found here, among `server.identify_ways`: `phone`, `visit_no`. A phone cannot show that a card
    /// is in somebody's hand, so a number alone is for hospitals whose numbers cannot be guessed.
    pub identify_ways: Vec<IdentifyWay>,
    /// Where designated institutions are registered (粤医保 门诊选点登记); patients only read about it when left out.
    pub designation_url: Option<String>,
}

/// Three colours; everything else is derived from them by the style sheet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Colours {
    /// Buttons, links, marks.
    pub brand: String,
    /// Behind selected things; light.
    pub brand_soft: String,
    /// Amounts and the one thing that matters now.
    pub accent: String,
}

/// What is said about a kiosk.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kiosk {
    /// Seconds without a touch until the identify page asks whether anybody is there.
    pub idle_identify_s: u32,
    /// The same for lists and forms.
    pub idle_work_s: u32,
    /// The same for a result, which then leaves without asking.
    pub idle_result_s: u32,
    /// The same for a place in the queue.
    pub idle_ticket_s: u32,
    /// Seconds the question stands before the session is wiped.
    pub warn_s: u32,
    /// What reads cards and codes.
    pub device: Device,
}

/// What reads cards and codes (domain/pages.md §3.7).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "kind")]
pub enum Device {
    /// Nothing: numbers are typed.
    #[default]
    None,
    /// Buttons and a paste box, for demonstrations and tests.
    Demo {
        /// Cards and codes of invented people, each a button.
        #[serde(default)]
        samples: Vec<Sample>,
    },
    /// A scanner that types. What it types must be whole: prefix, body, suffix.
    Wedge {
        /// Typed before every code; e.g. `~`.
        prefix: String,
        /// Typed after every code; e.g. `Enter`.
        suffix: String,
    },
    /// A program on the kiosk that listens on loopback.
    Agent {
        /// Where, e.g. `http://127.0.0.1:18080`.
        url: String,
        /// What it expects to be told.
        token: String,
    },
}

/// A card or code of somebody invented.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// `card`, `health` or `voucher`.
    pub way: String,
    /// On the button.
    pub label: String,
    /// What the device would read.
    pub token: String,
}

impl Default for PageSettings {
    fn default() -> PageSettings {
        PageSettings {
            enabled: true,
            hospital_name: "示例专科医院".to_owned(),
            window: "门诊一楼收费窗口".to_owned(),
            phone: None,
            colours: Colours::default(),
            content: None,
            texts: BTreeMap::new(),
            hide_departments: false,
            frame_ancestors: Vec::new(),
            kiosk: Kiosk::default(),
            h5: Phone::default(),
        }
    }
}

impl Default for Colours {
    fn default() -> Colours {
        Colours { brand: "#0b6b72".to_owned(), brand_soft: "#e3f1f1".to_owned(), accent: "#b4501e".to_owned() }
    }
}

impl Default for Phone {
    fn default() -> Phone {
        Phone { public_url: None, patients_max: 4, identify_ways: vec![IdentifyWay::Phone], designation_url: None }
    }
}

impl Default for Kiosk {
    fn default() -> Kiosk {
        Kiosk { idle_identify_s: 60, idle_work_s: 90, idle_result_s: 30, idle_ticket_s: 20, warn_s: 30, device: Device::None }
    }
}

impl Kiosk {
    /// The longest a page with something personal on it stays without a touch, in seconds: waiting, then asking. Large type
    /// waits twice as long.
    pub fn longest_s(&self, large: bool) -> u32 {
        let idle = self.idle_identify_s.max(self.idle_work_s).max(self.idle_result_s).max(self.idle_ticket_s);
        idle.saturating_mul(if large { 2 } else { 1 }).saturating_add(self.warn_s)
    }
}

impl PageSettings {
    /// Checks every value; the error names the field.
    pub fn check(&self) -> Result<()> {
        for (field, text) in [("hospital_name", &self.hospital_name), ("window", &self.window)] {
            if text.trim().is_empty() || text.chars().count() > 40 || text.chars().any(char::is_control) {
                return bad(field, "must have 1 to 40 printable characters");
            }
        }
        for (field, colour) in [("colours.brand", &self.colours.brand), ("colours.brand_soft", &self.colours.brand_soft), ("colours.accent", &self.colours.accent)] {
            if !is_colour(colour) {
                return bad(field, "must be # and six hex digits");
            }
        }
        for (field, seconds, least) in [
            ("kiosk.idle_identify_s", self.kiosk.idle_identify_s, 20),
            ("kiosk.idle_work_s", self.kiosk.idle_work_s, 20),
            ("kiosk.idle_result_s", self.kiosk.idle_result_s, 10),
            ("kiosk.idle_ticket_s", self.kiosk.idle_ticket_s, 10),
            ("kiosk.warn_s", self.kiosk.warn_s, 20),
        ] {
            if !(least..=600).contains(&seconds) {
                return bad(field, "must lie between 20 (results: 10) and 600 seconds");
            }
        }
        if !(1..=10).contains(&self.h5.patients_max) {
            return bad("h5.patients_max", "must lie between 1 and 10");
        }
        if self.h5.public_url.as_deref().is_some_and(|url| !(url.starts_with("https://") || url.starts_with("http://127.0.0.1:")) || url.ends_with('/')) {
            return bad("h5.public_url", "must begin with https:// and have no / at its end");
        }
        if self.h5.designation_url.as_deref().is_some_and(|url| !url.starts_with("https://") || url.contains(char::is_whitespace)) {
            return bad("h5.designation_url", "must begin with https://");
        }
        if !self.h5.identify_ways.iter().all(|way| matches!(way, IdentifyWay::Phone | IdentifyWay::VisitNo)) {
            return bad("h5.identify_ways", "may name phone and visit_no");
        }
        let source = |s: &String| s.starts_with("http://") || s.starts_with("https://") || s == "'self'";
        if !self.frame_ancestors.iter().all(|s| source(s) && !s.contains([' ', ';', ','])) {
            return bad("frame_ancestors", "must name origins such as https://kiosk.example");
        }
        match &self.kiosk.device {
            Device::None | Device::Demo { .. } => Ok(()),
            Device::Wedge { prefix, suffix } if prefix.is_empty() || suffix.is_empty() => bad("kiosk.device", "a scanner that types needs a prefix and a suffix"),
            Device::Agent { url, .. } if !is_loopback(url) => bad("kiosk.device.url", "must be http://127.0.0.1 or http://localhost with a port"),
            Device::Wedge { .. } | Device::Agent { .. } => Ok(()),
        }
    }
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The origin goes into the policy header, so nothing else may be in it.
fn is_loopback(url: &str) -> bool {
    let rest = url.strip_prefix("http://127.0.0.1:").or_else(|| url.strip_prefix("http://localhost:"));
    rest.is_some_and(|port| port.parse::<u16>().is_ok())
}

fn bad(field: &str, problem: &'static str) -> Result<()> {
    Err(Error::new(Code::BadPolicy).with("field", format!("server.pages.{field}")).with("problem", problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(document: &str) -> String {
        let error = serde_json::from_str::<PageSettings>(document).unwrap().check().unwrap_err();
        error.context().find(|(k, _)| *k == "field").map(|(_, v)| v.to_owned()).unwrap()
    }

    #[test]
    fn defaults_hold() {
        PageSettings::default().check().unwrap();
        assert!(serde_json::from_str::<PageSettings>(r#"{"hospitalname":"x"}"#).is_err(), "unknown fields are refused");
    }

    #[test]
    fn wrong_values_are_named() {
        for (document, field) in [
            (r#"{"hospital_name":" "}"#, "server.pages.hospital_name"),
            (r#"{"colours":{"brand":"red"}}"#, "server.pages.colours.brand"),
            (r##"{"colours":{"accent":"#12345;"}}"##, "server.pages.colours.accent"),
            (r#"{"kiosk":{"warn_s":5}}"#, "server.pages.kiosk.warn_s"),
            (r#"{"h5":{"patients_max":0}}"#, "server.pages.h5.patients_max"),
            (r#"{"h5":{"identify_ways":["id_card"]}}"#, "server.pages.h5.identify_ways"),
            (r#"{"h5":{"public_url":"http://pay.example"}}"#, "server.pages.h5.public_url"),
            (r#"{"h5":{"designation_url":"javascript:alert(1)"}}"#, "server.pages.h5.designation_url"),
            (r#"{"frame_ancestors":["https://a; script-src *"]}"#, "server.pages.frame_ancestors"),
            (r#"{"kiosk":{"device":{"kind":"wedge","prefix":"","suffix":"Enter"}}}"#, "server.pages.kiosk.device"),
            (r#"{"kiosk":{"device":{"kind":"agent","url":"http://10.1.1.1:80","token":"t"}}}"#, "server.pages.kiosk.device.url"),
            (r#"{"kiosk":{"device":{"kind":"agent","url":"http://127.0.0.1:80 https://x","token":"t"}}}"#, "server.pages.kiosk.device.url"),
        ] {
            assert_eq!(refused(document), field, "{document}");
        }
    }
}
