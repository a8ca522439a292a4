//! The gateway of the institution interface (定点医药机构接口).

use std::collections::BTreeMap;

use menjie::access::Private;
use menjie::insurance::DesignationPolicy;
use menjie::{Error, Result};
use menjie_transport::ClientConfig;
use serde::Deserialize;

use super::{clean_path, redacting, texts};
use crate::zip;

/// What the transactions hold that names a person or opens a settlement; the log keeps msgid, mdtrt_id and setl_id.
const SECRET: [&str; 22] = [
    "psn_no",
    "psn_name",
    "certno",
    "mdtrt_cert_no",
    "card_sn",
    "cainfo",
    "brdy",
    "naty",
    "emp_name",
    "tel",
    "addr",
    "agnter_name",
    "agnter_certno",
    "agnter_tel",
    "agnter_addr",
    "diseinfo",
    "main_cond_dscr",
    "dise_codg",
    "dise_name",
    "idetinfo",
    "rxno",
    "sign_no",
];

/// One gateway, as it is in one town.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Its address.
    pub http: ClientConfig,
    /// Path of a transaction; `{infno}` stands for its number.
    #[serde(default = "path")]
    pub path: String,
    /// Headers of the Guangdong gateway; none elsewhere.
    #[serde(default)]
    pub tif: Option<TifConfig>,
    /// 就医地 (mdtrtarea_admvs), six digits.
    pub place: String,
    /// Who receives (recer_sys_code): `01` in Zhongshan, `PQ` in Shenzhen.
    #[serde(default = "receiver")]
    pub receiver: String,
    /// Version (infver).
    #[serde(default = "version")]
    pub version: String,
    /// Kind of operator (opter_type): 1 clerk, 2 kiosk, 3 phone.
    #[serde(default = "operator_type")]
    pub operator_type: String,
    /// Name of the institution (fixmedins_name).
    pub institution_name: String,
    /// Number of the day's sign-in (9001), where the town wants one.
    #[serde(default)]
    pub sign_no: String,
    /// Number of a transaction → the variant to send, e.g. `2203` → `2203A`.
    #[serde(default)]
    pub variants: BTreeMap<String, String>,
    /// Number of a transaction → another root key of its input than the usual one.
    #[serde(default)]
    pub roots: BTreeMap<String, String>,
    /// What 1101 says of a certificate beside a token.
    #[serde(default)]
    pub certificate: Certificate,
    /// Does fund_pay_sumamt hold the personal account? Unsaid, both readings are tried.
    #[serde(default)]
    pub fund_includes_account: Option<bool>,
    /// Words in err_msg by which 2208 says that it was reversed before.
    #[serde(default = "reversed_words")]
    pub reversed_words: Vec<String>,
    /// The serial numbers (0 to 9999) that this process may use in msgid; other processes have others.
    #[serde(default)]
    pub first_serial: u16,
    /// The last of them.
    #[serde(default = "last_serial")]
    pub last_serial: u16,
    /// The town's rule about designated institutions.
    #[serde(default)]
    pub designation: DesignationConfig,
    /// Where settlements are cleared (setl_optins); the place unless said.
    #[serde(default)]
    pub clearing_place: Option<String>,
    /// May the insurer's day be read by comparing it with an empty list of ours (9101, 3202, 9102)? Every settlement comes back
    /// as one that the centre has and we have not. Not verified at a real centre, so it is off.
    #[serde(default)]
    pub day_by_statement: bool,
}

/// The town's rule about designated institutions (门诊选点). Patients file in the insurer's own mini-program.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DesignationConfig {
    /// How many a person may have at once: 1 to 9.
    pub at_most: u8,
    /// The insurance types that need one at all.
    pub insurance_types: Vec<String>,
}

impl Default for DesignationConfig {
    fn default() -> DesignationConfig {
        let DesignationPolicy { at_most, insurance_types, .. } = DesignationPolicy::default();
        DesignationConfig { at_most, insurance_types }
    }
}

impl DesignationConfig {
    /// As the rule reads it.
    pub(crate) fn policy(&self) -> DesignationPolicy {
        DesignationPolicy { at_most: self.at_most, insurance_types: self.insurance_types.clone(), ..DesignationPolicy::default() }
    }
}

/// Headers of the Guangdong gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TifConfig {
    /// x-tif-paasid.
    pub paas_id: String,
    /// The secret of x-tif-signature.
    pub secret: Private,
}

/// What 1101 says of a certificate beside a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certificate {
    /// Nothing (Guangdong).
    #[default]
    Omitted,
    /// Kind, number and name whenever they are known (Hunan).
    Beside,
}

fn path() -> String {
    "/ebus/gdyb_api/prd/hsa/hgs/{infno}".to_owned()
}

fn receiver() -> String {
    "01".to_owned()
}

fn version() -> String {
    "V1.0".to_owned()
}

fn operator_type() -> String {
    "2".to_owned()
}

fn reversed_words() -> Vec<String> {
    ["已撤销", "已冲正"].map(str::to_owned).into()
}

const fn last_serial() -> u16 {
    9999
}

impl GatewayConfig {
    /// Refuses a wrong value; the error names the field.
    pub fn check(&self) -> Result<()> {
        self.http.check().map_err(|e| e.under("http"))?;
        texts([
            ("receiver", &self.receiver, 1, 10),
            ("version", &self.version, 1, 6),
            ("operator_type", &self.operator_type, 1, 3),
            ("institution_name", &self.institution_name, 1, 20),
            ("sign_no", &self.sign_no, 0, 30),
        ])?;
        if self.path.matches("{infno}").count() != 1 {
            return Err(Error::field("path", "must hold {infno} once"));
        }
        clean_path("path", &self.path.replace("{infno}", "1101"))?;
        let division = |text: &str| text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        if !division(&self.place) {
            return Err(Error::field("place", "must be six digits"));
        }
        if self.clearing_place.as_deref().is_some_and(|place| !division(place)) {
            return Err(Error::field("clearing_place", "must be six digits"));
        }
        if self.tif.as_ref().is_some_and(|tif| tif.paas_id.is_empty()) {
            return Err(Error::field("tif.paas_id", "is empty"));
        }
        if self.tif.as_ref().is_some_and(|tif| tif.secret.reveal().is_empty()) {
            return Err(Error::field("tif.secret", "is empty"));
        }
        if self.first_serial > self.last_serial || self.last_serial > 9999 {
            return Err(Error::field("last_serial", "must be first_serial to 9999"));
        }
        if self.variants.iter().any(|(infno, variant)| infno.len() != 4 || !variant.starts_with(infno.as_str()) || variant.len() != 5) {
            return Err(Error::field("variants", "must say four digits and the same with a letter behind"));
        }
        if !(1..=9).contains(&self.designation.at_most) {
            return Err(Error::field("designation.at_most", "must be 1 to 9"));
        }
        if self.roots.values().any(String::is_empty) {
            return Err(Error::field("roots", "names nothing"));
        }
        if self.reversed_words.iter().any(String::is_empty) {
            return Err(Error::field("reversed_words", "has an empty word"));
        }
        Ok(())
    }

    /// How the transport reaches the gateway. The payloads of 6xxx may travel through it; statement files, which name persons, are
    /// withheld whole.
    pub fn transport(&self) -> ClientConfig {
        redacting(&self.http, SECRET.into_iter().chain(super::centre::SECRET).chain([zip::MAGIC]))
    }
}
