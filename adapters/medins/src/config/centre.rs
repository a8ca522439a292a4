//! The centre of mobile payment (医保移动支付中心).

use std::collections::BTreeMap;

use menjie::access::Private;
use menjie::port::CashOwner;
use menjie::{Error, Result};
use menjie_transport::ClientConfig;
use serde::Deserialize;

use super::{clean_path, redacting, texts};
use crate::canonical::EmptyRule;
use crate::cipher::HexCase;
use crate::envelope::{Codec, TimestampForm};
use crate::sign::UserId;

/// What 6201 to 6401 hold that opens a settlement or names a person; the log keeps payOrdId and medOrgOrd.
pub(super) const SECRET: [&str; 19] = [
    "encData",
    "signData",
    "payAuthNo",
    "payToken",
    "revsToken",
    "ecToken",
    "ecCode",
    "idNo",
    "userName",
    "psnNo",
    "idType",
    "uldLatlnt",
    "setlLatlnt",
    "mainCondDscr",
    "diseinfoList",
    "extData",
    "expContent",
    "medListName",
    "rxno",
];

/// One centre, as it is in one town.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CentreConfig {
    /// Its address.
    pub http: ClientConfig,
    /// How the payloads travel.
    #[serde(default)]
    pub transport: CentreTransport,
    /// Application id as issued (appId).
    pub app_id: String,
    /// Secret as issued (appSecret).
    pub app_secret: Private,
    /// Our SM2 private key: Base64 or hex, 32 bytes or 33 with a leading 00.
    pub private_key: Private,
    /// The centre's SM2 public key: Base64 or hex, with or without the leading 04.
    pub centre_public_key: String,
    /// The identity in SM2's Z_A.
    #[serde(default)]
    pub user_id: UserId,
    /// Version of the envelope.
    #[serde(default = "version")]
    pub version: String,
    /// Time in the envelope.
    #[serde(default)]
    pub timestamp: TimestampForm,
    /// Case of encData.
    #[serde(default)]
    pub hex: HexCase,
    /// Which empty values the centre leaves out of the signed text.
    #[serde(default)]
    pub empties: EmptyRule,
    /// Paths.
    #[serde(default)]
    pub paths: CentrePaths,
    /// The institution's number at the e-voucher platform (orgId), where the centre wants it.
    #[serde(default)]
    pub voucher_org_id: Option<String>,
    /// How long a payAuthNo is good, in seconds: 60 to 7200. Sources say minutes, or two hours.
    #[serde(default = "pay_auth_life_s")]
    pub pay_auth_life_s: u32,
    /// Who gives the cash part back.
    #[serde(default = "cash_owner")]
    pub cash_owner: CashOwner,
    /// Does 6203 under ALL say the insurance parts?
    #[serde(default)]
    pub refund_parts: RefundParts,
    /// 公立医院改革标志 (pubHospRfomFlag).
    #[serde(default = "yes")]
    pub reformed: bool,
    /// "longitude,latitude" of the hospital (uldLatlnt, setlLatlnt), where the centre wants it.
    #[serde(default)]
    pub place: Option<String>,
    /// Their name of a field → ours, in answers and notices. `ownpayAmt` (Hainan) is known.
    #[serde(default = "aliases")]
    pub aliases: BTreeMap<String, String>,
    /// Our name of a field of a request → theirs: two spellings of some are quoted (`feedetailList`, `feeDetlList`).
    #[serde(default)]
    pub spellings: BTreeMap<String, String>,
    /// Codes that prove nothing although the envelope is signed: the call may have been done.
    #[serde(default = "unsure_codes")]
    pub unsure_codes: Vec<String>,
    /// How 6302 comes.
    #[serde(default)]
    pub notice: NoticeForm,
}

/// How the payloads of 6xxx travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CentreTransport {
    /// In the centre's signed envelope.
    #[default]
    Direct,
    /// Inside the gateway's envelope, with the number as infno.
    Wrapped,
}

/// Paths of the centre.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CentrePaths {
    /// 6201.
    pub upload: String,
    /// 6202.
    pub order: String,
    /// 6301.
    pub query: String,
    /// 6401.
    pub revoke: String,
    /// 6203.
    pub refund: String,
}

impl Default for CentrePaths {
    fn default() -> CentrePaths {
        let path = |name: &str| format!("/org/local/api/hos/{name}");
        CentrePaths { upload: path("uldFeeInfo"), order: path("pay_order"), query: path("query_order_info"), revoke: path("revoke_order"), refund: path("refund_Order") }
    }
}

/// What 6203 under ALL says of account and fund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundParts {
    /// Their amounts.
    #[default]
    Filled,
    /// Nothing: total and cash only, as two production callers do.
    Absent,
}

/// How 6302 comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeForm {
    /// In the signed envelope.
    #[default]
    Signed,
    /// Bare JSON (Hainan): nobody signed it, so it only makes us ask.
    Bare,
}

fn version() -> String {
    "2.0.1".to_owned()
}

const fn pay_auth_life_s() -> u32 {
    300
}

const fn cash_owner() -> CashOwner {
    CashOwner::Hospital
}

const fn yes() -> bool {
    true
}

fn aliases() -> BTreeMap<String, String> {
    [("ownpayAmt".to_owned(), "ownPayAmt".to_owned())].into()
}

fn unsure_codes() -> Vec<String> {
    ["-2", "500", "502", "503", "504"].map(str::to_owned).into()
}

impl CentreConfig {
    /// Refuses a wrong value; the error names the field.
    pub fn check(&self) -> Result<()> {
        self.http.check().map_err(|e| e.under("http"))?;
        texts([("app_id", &self.app_id, 16, 64), ("version", &self.version, 1, 16)])?;
        if !self.app_id.is_ascii() {
            return Err(Error::field("app_id", "must be ASCII"));
        }
        if self.app_secret.reveal().is_empty() {
            return Err(Error::field("app_secret", "is empty"));
        }
        if let UserId::Fixed(text) = &self.user_id
            && text.is_empty()
        {
            return Err(Error::field("user_id", "is empty"));
        }
        if !(60..=7200).contains(&self.pay_auth_life_s) {
            return Err(Error::field("pay_auth_life_s", "must be 60 to 7200"));
        }
        let paths = &self.paths;
        for (field, path) in
            [("paths.upload", &paths.upload), ("paths.order", &paths.order), ("paths.query", &paths.query), ("paths.revoke", &paths.revoke), ("paths.refund", &paths.refund)]
        {
            clean_path(field, path)?;
        }
        if self.place.as_deref().is_some_and(|place| !is_place(place)) {
            return Err(Error::field("place", "must be longitude,latitude"));
        }
        if self.spellings.iter().any(|(ours, theirs)| ours.is_empty() || theirs.is_empty()) {
            return Err(Error::field("spellings", "names nothing"));
        }
        if self.aliases.iter().any(|(theirs, ours)| theirs.is_empty() || ours.is_empty()) {
            return Err(Error::field("aliases", "names nothing"));
        }
        Codec::new(self).map(drop)
    }

    /// How the transport reaches the centre.
    pub fn transport(&self) -> ClientConfig {
        redacting(&self.http, SECRET)
    }
}

fn is_place(text: &str) -> bool {
    let degrees =
        |part: &str| part.split_once('.').is_some_and(|(whole, rest)| (1..=3).contains(&whole.len()) && [whole, rest].iter().all(|p| p.bytes().all(|b| b.is_ascii_digit())));
    text.split_once(',').is_some_and(|(longitude, latitude)| degrees(longitude) && degrees(latitude))
}
