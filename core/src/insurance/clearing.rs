//! Clearing (清算): types, and what the insurer's statement of a settlement says (domain/medins.md §3.5, §7).

use serde::{Deserialize, Serialize};

/// A code of a table with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedCode {
    /// The code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
}

const fn entry(code: &'static str, name: &'static str) -> NamedCode {
    NamedCode { code, name }
}

/// clr_type: totals (3201) are kept by clearing place × insurance type × this × reversal flag.
pub const CLEARING_TYPES: [NamedCode; 5] = [entry("11", "门诊"), entry("21", "住院"), entry("41", "药店"), entry("51", "暂缓"), entry("99", "其他")];

/// insutype (险种).
pub const INSURANCE_TYPES: [NamedCode; 14] = [
    entry("310", "职工基本医疗保险"),
    entry("320", "公务员医疗补助"),
    entry("330", "大额医疗费用补助"),
    entry("340", "离休人员医疗保障"),
    entry("350", "一至六级残疾军人医疗补助"),
    entry("360", "老红军医疗保障"),
    entry("370", "企业补充医疗保险"),
    entry("380", "新型农村合作医疗"),
    entry("390", "城乡居民基本医疗保险"),
    entry("391", "城镇居民基本医疗保险"),
    entry("392", "城乡居民大病医疗保险"),
    entry("399", "其他特殊人员医疗保障"),
    entry("410", "长期照护保险"),
    entry("510", "生育保险"),
];

/// Which part of a mobile order a message speaks of (setlType, refdType).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SettlementPart {
    /// Everything.
    All,
    /// The cash part.
    Cash,
    /// The insurance part.
    Insurance,
}

impl SettlementPart {
    /// From `ALL`, `CASH`, `HI`.
    pub fn from_code(code: &str) -> Option<SettlementPart> {
        match code {
            "ALL" => Some(SettlementPart::All),
            "CASH" => Some(SettlementPart::Cash),
            "HI" => Some(SettlementPart::Insurance),
            _ => None,
        }
    }

    /// The code.
    pub const fn code(self) -> &'static str {
        match self {
            SettlementPart::All => "ALL",
            SettlementPart::Cash => "CASH",
            SettlementPart::Insurance => "HI",
        }
    }
}

/// What the result file of 3202 says of one settlement (stmt_rslt).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statement {
    /// 0 对平.
    Equal,
    /// 1 中心多: reverse it there (2601, 2208) or post it in HIS.
    CentreMore,
    /// 2 医药机构多: look for a lost reversal, or void it here.
    HospitalMore,
    /// 3 数据不一致: compare the fields.
    Differs,
}

impl Statement {
    /// From stmt_rslt; nothing for a code that is not known.
    pub fn from_code(code: &str) -> Option<Statement> {
        match code {
            "0" => Some(Statement::Equal),
            "1" => Some(Statement::CentreMore),
            "2" => Some(Statement::HospitalMore),
            "3" => Some(Statement::Differs),
            _ => None,
        }
    }
}
