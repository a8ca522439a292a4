//! The rules by name and number, and what may be found.

use serde::{Deserialize, Serialize};

use crate::patient::Field;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The record cannot be filed.
    Error,
    /// It can, somebody should look.
    Warning,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $number:literal, $name:literal;)+) => {
        /// A rule with its stable name and number; numbers are those of the 100s and never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule { $($(#[$doc])* $rule = $number,)+ }

        impl Rule {
            /// Every rule, ascending.
            pub const ALL: &'static [Rule] = &[$(Rule::$rule,)+];
            /// The number.
            pub const fn number(self) -> u16 { self as u16 }
            /// `REG-010`.
            pub const fn name(self) -> &'static str { match self { $(Rule::$rule => $name,)+ } }
        }
    };
}

rules! {
    /// A mandatory field is blank.
    Blank = 130, "REG-001";
    /// Too long, or characters that do not belong there.
    Text = 131, "REG-002";
    /// The birth date is no date, in the future, or too long ago.
    BirthDate = 132, "REG-003";
    /// The document number is wrong for its kind.
    IdNumber = 133, "REG-010";
    /// Birth date and document number differ.
    IdBirth = 134, "REG-011";
    /// Sex and document number differ.
    IdSex = 135, "REG-012";
    /// A residence permit filed as identity card.
    ResidencePermit = 136, "REG-013";
    /// A foreigner's permit filed as identity card.
    ForeignerPermit = 137, "REG-014";
    /// Nationality does not fit the document.
    Nationality = 138, "REG-015";
    /// Ethnic group of China with a foreign nationality.
    Ethnic = 139, "REG-016";
    /// Married below the legal age.
    Marital = 140, "REG-017";
    /// Insurance without a document.
    NoDocument = 141, "REG-018";
    /// The phone number is none.
    Phone = 142, "REG-020";
    /// A phone of too many patients.
    SharedPhone = 143, "REG-021";
    /// A minor, or somebody without full capacity, without guardian.
    GuardianMissing = 144, "REG-030";
    /// A guardian who cannot be one.
    GuardianUnfit = 145, "REG-031";
    /// The contact of a minor is neither parent, grandparent nor guardian.
    MinorContact = 146, "REG-032";
    /// Relation 本人 with another name.
    ContactSelf = 147, "REG-040";
    /// The patient's own name with another relation.
    ContactName = 148, "REG-041";
    /// A code that is in no table.
    UnknownCode = 149, "REG-050";
    /// Another dot than U+00B7 in a name.
    NameDot = 150, "REG-060";
    /// A rare character in a name at its old place.
    NameMoved = 151, "REG-061";
    /// The document is already filed.
    AlreadyFiled = 152, "REG-070";
    /// A charge line lacks a field.
    ChargeBlank = 160, "CHG-001";
    /// Amount is not price × quantity × doses.
    ChargeAmount = 161, "CHG-010";
    /// A negative price.
    ChargePrice = 162, "CHG-011";
    /// No quantity, or a negative one on a row that reverses nothing.
    ChargeQuantity = 163, "CHG-012";
    /// Doses that make no sense.
    ChargeDoses = 164, "CHG-013";
    /// A fee class that the ticket does not have.
    ChargeFeeClass = 165, "CHG-020";
    /// Ordered in the future, or before the visit.
    ChargeDate = 166, "CHG-030";
    /// A drug without pharmacy and without executing department.
    ChargePlace = 167, "CHG-031";
    /// The same line twice.
    ChargeTwice = 168, "CHG-040";
    /// The visit is not given, or another patient's.
    ChargeVisit = 169, "CHG-041";
    /// An upload lacks a field.
    UploadBlank = 175, "INS-001";
    /// No catalogue code (医保目录编码).
    UploadCatalogue = 176, "INS-010";
    /// The level of a charge item is unknown.
    UploadLevel = 177, "INS-011";
    /// A restricted drug without the hospital's approval flag.
    UploadApproval = 178, "INS-012";
    /// Not the national code of a doctor.
    UploadDoctor = 179, "INS-013";
    /// Not the national code of a department.
    UploadDept = 180, "INS-014";
    /// A time in the future or before the visit.
    UploadTime = 181, "INS-020";
    /// The quantity is not above zero.
    UploadQuantity = 182, "INS-021";
    /// A negative price.
    UploadPrice = 183, "INS-022";
    /// A line's amount is not price × quantity.
    UploadAmount = 184, "INS-023";
    /// Name or document number is wrong.
    UploadPerson = 185, "INS-030";
    /// The lines do not add up to the total.
    UploadTotal = 186, "INS-040";
    /// Lines of several charge batches.
    UploadBatch = 187, "INS-041";
    /// The same line number twice.
    UploadTwice = 188, "INS-042";
    /// Not exactly one main diagnosis.
    UploadDiagnosis = 189, "INS-043";
    /// A code that is in no table.
    UploadCode = 190, "INS-050";
}

macro_rules! reasons {
    ($($reason:ident $rule:ident $severity:ident $text:literal;)+) => {
        /// Why a rule is not met; each belongs to one rule. Its words follow the field's label.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "Reason::text says it")]
        pub enum Reason { $($reason,)+ }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Reason] = &[$(Reason::$reason,)+];
            /// The rule.
            pub const fn rule(self) -> Rule { match self { $(Reason::$reason => Rule::$rule,)+ } }
            /// How bad it is, unless the site's rules say otherwise.
            pub const fn severity(self) -> Severity { match self { $(Reason::$reason => Severity::$severity,)+ } }
            /// In Chinese; follows the field's label.
            pub const fn text(self) -> &'static str { match self { $(Reason::$reason => $text,)+ } }
        }
    };
}

reasons! {
    Blank Blank Error "不能为空";
    TooLong Text Error "超过规定长度";
    NameDigit Text Error "不能含数字";
    NameCharacter Text Error "含姓名中不允许的字符";
    NamePlaceholder Text Error "含占位符号，生僻字请按证件补全";
    ControlCharacter Text Error "含不可显示的字符";
    NotADate BirthDate Error "不是有效日期（YYYY-MM-DD）";
    BornInFuture BirthDate Error "晚于今天";
    BornTooEarly BirthDate Error "早于合理范围";
    IdShape IdNumber Error "长度或字符不符合该证件的规则";
    IdOld IdNumber Error "是15位旧号，已停用，请填18位号码";
    IdCheck IdNumber Error "校验码不正确";
    IdDate IdNumber Error "中的出生日期不存在";
    IdFuture IdNumber Error "中的出生日期晚于今天";
    IdTooOld IdNumber Error "中的出生日期早于合理范围";
    IdArea IdNumber Error "中的地区代码不存在";
    IdCountry IdNumber Error "中的国籍代码不存在";
    IdBirthDiffers IdBirth Error "与证件号码中的出生日期不一致";
    IdSexDiffers IdSex Error "与证件号码不一致";
    IdSexDiffersPerhaps IdSex Warning "与证件号码可能不一致，请核对";
    IsResidencePermit ResidencePermit Error "是港澳台居民居住证号码，证件类型请选居住证";
    IsForeignerPermit ForeignerPermit Error "是外国人永久居留身份证号码，证件类型请选永久居留身份证";
    CitizenOnly Nationality Error "与证件不符：持居民身份证者国籍应为中国";
    ForeignerOnly Nationality Error "与证件不符：持外国人永久居留身份证者国籍不应为中国";
    OtherCountry Nationality Warning "与证件号码中的国籍可能不一致，请核对";
    RegionOnly Nationality Error "应填中国（CHN），香港、澳门、台湾是地区代码";
    EthnicOfForeigner Ethnic Warning "与外国国籍不符，请核对";
    MarriedEarly Marital Warning "与法定婚龄不符，请核对";
    InsuredWithoutDocument NoDocument Error "无证件建档不能选择医保";
    NoPhone Phone Error "格式不正确";
    Landline Phone Warning "是固定电话，收不到短信";
    LandlineRefused Phone Error "请填手机号码";
    PhoneShared SharedPhone Warning "已被多名患者使用，请核对";
    GuardianMissing GuardianMissing Error "未填写：未满18周岁或行为能力受限的患者须登记监护人";
    GuardianBlank GuardianMissing Error "不能为空";
    GuardianIsPatient GuardianUnfit Error "不能是患者本人";
    GuardianMinor GuardianUnfit Error "未满18周岁";
    MinorContact MinorContact Error "应为父母、祖父母、外祖父母或监护人";
    ContactNotSelf ContactSelf Warning "选了本人，但联系人姓名与患者不同";
    ContactIsPatient ContactName Error "与患者姓名相同，但关系不是本人";
    NoSuchCode UnknownCode Error "不在代码表中";
    NameDot NameDot Warning "中的间隔号不是“·”，核对时按“·”处理";
    NameMoved NameMoved Warning "含旧编码的生僻字，核对时按新编码处理";
    AlreadyFiled AlreadyFiled Warning "已建档，请使用原档案";
    ChargeBlank ChargeBlank Error "不能为空";
    ChargeAmount ChargeAmount Error "不等于单价×数量×付数";
    ChargeRange ChargeAmount Error "超出金额范围";
    ChargePrice ChargePrice Error "不能为负";
    ChargeNoQuantity ChargeQuantity Error "不能为零";
    ChargeNegative ChargeQuantity Error "为负，但该行不是冲销行";
    ChargeNotNegative ChargeQuantity Error "应为负：该行是冲销行";
    ChargeNoDoses ChargeDoses Error "不能为零";
    ChargeDosesOfOther ChargeDoses Warning "大于1，但该行不是中药饮片";
    ChargeFeeClass ChargeFeeClass Warning "不在门诊票据项目中，将归入其他门诊收费";
    ChargeInFuture ChargeDate Error "晚于今天";
    ChargeBeforeVisit ChargeDate Warning "早于就诊日期";
    ChargeNoPlace ChargePlace Warning "未填写：药品没有发药药房和执行科室";
    ChargeTwice ChargeTwice Error "重复";
    ChargeUnknownVisit ChargeVisit Error "没有对应的就诊记录";
    ChargeOtherPatient ChargeVisit Error "与就诊记录的患者不一致";
    UploadBlank UploadBlank Error "不能为空";
    UploadCatalogue UploadCatalogue Error "缺少医保目录编码";
    UploadLevel UploadLevel Error "不在收费项目等级中";
    UploadApproval UploadApproval Error "限制用药须有医院审批标志";
    UploadApprovalCode UploadApproval Error "不在医院审批标志中";
    UploadDoctor UploadDoctor Error "不是国家医保医师代码";
    UploadDept UploadDept Error "不是国家医保科室代码";
    UploadInFuture UploadTime Error "晚于当前时间";
    UploadBeforeVisit UploadTime Warning "早于就诊时间";
    UploadQuantity UploadQuantity Error "必须大于零";
    UploadPrice UploadPrice Error "不能为负";
    UploadAmount UploadAmount Error "与单价×数量不符";
    UploadName UploadPerson Error "含姓名中不允许的字符";
    UploadIdNo UploadPerson Error "证件号码不正确";
    UploadTotal UploadTotal Error "与明细合计不符";
    UploadBatch UploadBatch Error "与其他明细不一致：一次上传只能有一个收费批次";
    UploadTwice UploadTwice Error "重复";
    UploadDiagnosis UploadDiagnosis Error "必须恰好有一个主要诊断";
    UploadCode UploadCode Error "不在代码表中";
}

/// What was found in a record: where, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where.
    pub field: Field,
    /// Why.
    pub reason: Reason,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::error::Code;

    #[test]
    fn names_and_numbers_are_unique_ascending_and_no_error_codes() {
        assert!(Rule::ALL.is_sorted_by(|a, b| a.number() < b.number() && (a.name()[..3] != b.name()[..3] || a.name() < b.name())));
        for rule in Rule::ALL {
            assert!((130..200).contains(&rule.number()) && Code::ALL.iter().all(|code| code.number() != rule.number()));
            assert!(Reason::ALL.iter().any(|reason| reason.rule() == *rule), "{} is never told", rule.name());
        }
        assert_eq!(Rule::ALL.iter().map(|r| r.name()).collect::<BTreeSet<_>>().len(), Rule::ALL.len());
    }

    /// Every code of the matrix of domain/hospital.md §1.12.
    #[test]
    fn the_matrix_is_complete() {
        for name in ["001", "010", "011", "012", "013", "014", "015", "016", "020", "030", "031", "040", "050", "060", "070"] {
            assert!(Rule::ALL.iter().any(|rule| rule.name() == format!("REG-{name}")), "REG-{name}");
        }
    }

    /// Patients read these: nothing about psychiatry (DESIGN.md §7).
    #[test]
    fn texts_are_neutral() {
        for reason in Reason::ALL {
            assert!(!reason.text().is_empty() && !["精神", "疾病", "患病"].iter().any(|word| reason.text().contains(word)), "{}", reason.text());
        }
    }
}
