//! Everything that differs between sites of the platform.

use std::collections::BTreeMap;

use menjie::access::Private;
use menjie::{Error, Result};
use menjie_transport::ClientConfig;
use serde::Deserialize;

/// The configuration. [`InvoiceConfig::check`] names the wrong field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceConfig {
    /// Address up to and including `/api/medical`, limits, certificates.
    pub http: ClientConfig,
    /// Our application at the platform.
    pub appid: String,
    /// The signature's key.
    pub key: Private,
    /// The digest of the signature.
    #[serde(default)]
    pub digest: Digest,
    /// Answers must be signed; only for front-end machines that strip the signature set this to false.
    #[serde(default = "yes")]
    pub verify_answers: bool,
    /// Method names.
    #[serde(default)]
    pub methods: Methods,
    /// The platform's generation.
    #[serde(default)]
    pub version: PlatformVersion,
    /// 开票点编码 (`placeCode`): each kiosk group or official account has its own.
    pub place_code: String,
    /// 收费员 (`payee`).
    pub payee: String,
    /// 编制人 (`author`), also the operator of red invoices.
    pub author: String,
    /// 业务标识 (`busType`); `02` is outpatient.
    #[serde(default = "outpatient")]
    pub bus_type: String,
    /// Tickets of registration fees.
    #[serde(default)]
    pub registration: Registration,
    /// 医疗机构类型 (`medicalInstitution`).
    pub medical_institution: String,
    /// 卡类型 (`cardType`) of the patient's number.
    pub card_type: String,
    /// Our channel → `payChannelCode`.
    #[serde(default = "channels")]
    pub channels: BTreeMap<String, String>,
    /// `payChannelCode` of channels that are not listed; `99` is 其他.
    #[serde(default = "other_channel")]
    pub other_channel: String,
    /// `payChannelCode` of what the insurer pays; `11` is 医保.
    #[serde(default = "insurer_channel")]
    pub insurer_channel: String,
    /// Channels whose number is sent as `weChatOrderNo`.
    #[serde(default = "wechat")]
    pub wechat_channels: Vec<String>,
    /// Our fee class → the project of the province; the class's own code and name when not listed.
    #[serde(default)]
    pub charge_codes: BTreeMap<String, ChargeCode>,
    /// Result codes that are a definite no: nothing was issued or reversed, nothing will be.
    #[serde(default)]
    pub no_codes: Vec<String>,
    /// Result codes of the query that mean "no such business number".
    #[serde(default)]
    pub not_found_codes: Vec<String>,
    /// Result codes of red that mean "already red".
    #[serde(default)]
    pub already_red_codes: Vec<String>,
    /// Names in the state answer that differ between versions.
    #[serde(default)]
    pub state_fields: StateFields,
}

/// The digest of the envelope's signature; an external protocol need, no security of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// MD5, as every platform seen.
    #[default]
    Md5,
    /// SM3, should a platform ask for it.
    Sm3,
}

/// Method names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Methods {
    /// Issue an outpatient invoice.
    pub issue: String,
    /// Issue the invoice of a registration.
    pub issue_registration: String,
    /// Find one by business number.
    pub by_bus_no: String,
    /// State by code and number.
    pub state: String,
    /// Is it booked by the payer's unit (入账)? By code and number; empty where the platform does not tell.
    pub booked: String,
    /// Red.
    pub red: String,
}

impl Default for Methods {
    fn default() -> Methods {
        Methods {
            issue: "invoiceEBillOutpatient".into(),
            issue_registration: "invEBillRegistration".into(),
            by_bus_no: "getEBillByBusNo".into(),
            state: "getEBillStatesByBillInfo".into(),
            booked: "getEBillAccountStatus".into(),
            red: "writeOffEBill".into(),
        }
    }
}

/// Which tickets are those of a registration (挂号) and how they differ (domain/hospital.md §3.2, §3.3).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registration {
    /// Fee classes of a registration; a ticket that holds nothing else is one. Empty: every ticket is an outpatient one.
    pub fee_classes: Vec<String>,
    /// 业务标识 (`busType`).
    pub bus_type: String,
}

impl Default for Registration {
    fn default() -> Registration {
        Registration { fee_classes: vec!["13".into()], bus_type: "06".into() }
    }
}

/// The platform's generation: decimals, dates and names (domain/hospital.md §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
pub enum PlatformVersion {
    /// Newer than V3.1.
    #[default]
    #[serde(rename = "v3_2")]
    V32,
    /// V3.1 and older.
    #[serde(rename = "v3_1")]
    V31,
}

impl PlatformVersion {
    /// Decimals of a list row's price and quantity.
    pub(crate) const fn list_decimals(self) -> (usize, usize) {
        match self {
            PlatformVersion::V32 => (4, 2),
            PlatformVersion::V31 => (6, 6),
        }
    }

    /// Fields that carry the department's name.
    pub(crate) const fn department_fields(self) -> &'static [&'static str] {
        match self {
            PlatformVersion::V32 => &["category", "patientCategory"],
            PlatformVersion::V31 => &["patientCategory"],
        }
    }
}

/// A project of the province's table (`chargeCode`, `chargeName`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeCode {
    /// Its code.
    pub code: String,
    /// Its name as printed.
    pub name: String,
}

/// Names in the state answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateFields {
    /// 1 when changed to paper (换开).
    pub paper: String,
    /// In the answer about booking: 1 when booked (入账).
    pub booked: String,
    /// Code of the red invoice.
    pub red_code: String,
    /// Number of the red invoice.
    pub red_no: String,
    /// When the red invoice was issued; may be missing.
    pub red_at: String,
}

impl Default for StateFields {
    fn default() -> StateFields {
        StateFields {
            paper: "isPrtPaper".into(),
            booked: "accountStatus".into(),
            red_code: "scarletBillBatchCode".into(),
            red_no: "scarletBillNo".into(),
            red_at: "scarletDateTime".into(),
        }
    }
}

const fn yes() -> bool {
    true
}

fn outpatient() -> String {
    "02".into()
}

fn other_channel() -> String {
    "99".into()
}

fn insurer_channel() -> String {
    "11".to_owned()
}

fn wechat() -> Vec<String> {
    vec!["wechat".into()]
}

fn channels() -> BTreeMap<String, String> {
    [("wechat", "05"), ("alipay", "04"), ("unionpay", "08")].map(|(channel, code)| (channel.to_owned(), code.to_owned())).into()
}

impl InvoiceConfig {
    /// Refuses a wrong value; the error names the field.
    pub fn check(&self) -> Result<()> {
        self.http.check().map_err(|e| e.under("http"))?;
        let texts = [
            ("appid", self.appid.as_str(), 64),
            ("place_code", &self.place_code, 50),
            ("payee", &self.payee, 50),
            ("author", &self.author, 60),
            ("bus_type", &self.bus_type, 20),
            ("registration.bus_type", &self.registration.bus_type, 20),
            ("medical_institution", &self.medical_institution, 30),
            ("card_type", &self.card_type, 10),
            ("key", self.key.reveal(), 256),
            ("other_channel", &self.other_channel, 20),
        ];
        for (field, text, max) in texts {
            if text.trim().is_empty() || text.chars().count() > max {
                return Err(Error::field(field, format!("must have 1 to {max} characters")));
            }
        }
        let methods = &self.methods;
        let names = [
            ("methods.issue", &methods.issue, false),
            ("methods.issue_registration", &methods.issue_registration, false),
            ("methods.by_bus_no", &methods.by_bus_no, false),
            ("methods.state", &methods.state, false),
            ("methods.booked", &methods.booked, true),
            ("methods.red", &methods.red, false),
        ];
        for (field, method, may_be_empty) in names {
            if method.is_empty() && may_be_empty {
                continue;
            }
            if method.is_empty() || !method.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return Err(Error::field(field, "must be a method name of ASCII letters and digits"));
            }
        }
        let lists = [("no_codes", &self.no_codes), ("not_found_codes", &self.not_found_codes), ("already_red_codes", &self.already_red_codes)];
        for (field, codes) in lists {
            if codes.iter().any(|code| code == crate::wire::OK || code == crate::wire::PROXY_FAILED) {
                return Err(Error::field(field, "must not hold S0000 or ISIP0001"));
            }
        }
        Ok(())
    }
}
