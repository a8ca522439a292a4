//! The designated institution (门诊选点): what 5302 tells about a person, and when 2505 may be offered (domain/medins.md §3.6).
//! The rules change every year and from town to town: they are policy, not code.

use serde::{Deserialize, Serialize};

use crate::calendar::BizDate;

/// One row of 5302 (`psnfixmedin`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Designation {
    /// The institution's code (fixmedins_code).
    pub institution_code: String,
    /// Its name.
    pub institution_name: String,
    /// Valid from.
    pub from: BizDate,
    /// Valid until, the day included; none for a long-term one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<BizDate>,
    /// Insurance type (insutype).
    pub insurance_type: String,
}

/// What a town allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Filing {
    /// Show the state only; the patient files in the insurer's own mini-program (the safe default).
    QueryOnly,
    /// The hospital may file (2505).
    ByHospital,
}

/// The town's rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DesignationPolicy {
    /// Who may file.
    pub filing: Filing,
    /// How many institutions a person may have at once (fix_srt_no).
    pub at_most: u8,
    /// The insurance types that need a designation at all.
    pub insurance_types: Vec<String>,
}

impl Default for DesignationPolicy {
    fn default() -> DesignationPolicy {
        DesignationPolicy { filing: Filing::QueryOnly, at_most: 1, insurance_types: vec!["310".to_owned(), "390".to_owned()] }
    }
}

/// What is so on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DesignationState {
    /// This insurance type needs none.
    NotNeeded,
    /// This hospital is designated.
    Here,
    /// Others are, and there is no room for another one.
    Elsewhere,
    /// There is room, and the hospital may file.
    MayFile,
    /// There is room; the patient files himself.
    FileYourself,
}

impl DesignationState {
    /// The state of a person at a hospital on a day. The answer of 5302 is a notice, no reason to refuse a payment: without
    /// a designation the insurer settles at another rate, or not, and says so when it is asked to price.
    pub fn of(rows: &[Designation], hospital: &str, insurance_type: &str, on: BizDate, policy: &DesignationPolicy) -> DesignationState {
        if !policy.insurance_types.iter().any(|t| t == insurance_type) {
            return DesignationState::NotNeeded;
        }
        let valid = || rows.iter().filter(|r| r.insurance_type == insurance_type && r.from <= on && r.until.is_none_or(|until| on <= until));
        if valid().any(|r| r.institution_code == hospital) {
            DesignationState::Here
        } else if valid().count() >= usize::from(policy.at_most) {
            DesignationState::Elsewhere
        } else if policy.filing == Filing::ByHospital {
            DesignationState::MayFile
        } else {
            DesignationState::FileYourself
        }
    }

    /// What the patient reads.
    pub const fn text(self) -> &'static str {
        match self {
            DesignationState::NotNeeded => "您的参保类型无需选点。",
            DesignationState::Here => "您已选定本院为门诊定点机构。",
            DesignationState::Elsewhere => "您的门诊定点机构不是本院，报销比例以医保结算结果为准。",
            DesignationState::MayFile => "您尚未选定本院，可在本页办理门诊选点登记。",
            DesignationState::FileYourself => "您尚未选定本院，请在“粤医保”小程序的“业务办理—门诊选点登记”中办理。",
        }
    }
}
