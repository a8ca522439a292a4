//! A code table: codes in ascending order, each with its name and the names it is read under.

use serde::{Deserialize, Serialize};

use super::index::{Index, WHOLE, index};
use super::rows::{Rows, include_rows};

/// A table of codes and names.
#[derive(Debug)]
pub struct CodeTable {
    key: &'static str,
    title: &'static str,
    open: bool,
    rows: Rows<3>,
    index: Index,
}

/// A code with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// The code, as text: zeros in front belong to it.
    pub code: String,
    /// The Chinese name.
    pub name: String,
}

impl CodeTable {
    /// By what the table is asked for, e.g. `sex`.
    pub const fn key(&self) -> &'static str {
        self.key
    }

    /// The Chinese title, with the standard it is of.
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// May there be codes that the table does not have (local ones, which are kept as they are)?
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// The name of a code.
    pub fn name(&self, code: &str) -> Option<&'static str> {
        self.rows.get(self.position(code)?).map(|[_, name, _]| name)
    }

    /// The position of the row with this code.
    pub(super) fn position(&self, code: &str) -> Option<usize> {
        let at = self.index.find(code)?;
        (code.len() <= WHOLE || self.rows.get(at).is_some_and(|[row, ..]| row == code)).then_some(at)
    }

    /// The code of a name, or of another name it is read under. Blanks at the ends do not count.
    pub fn code(&self, name: &str) -> Option<&'static str> {
        let name = name.trim();
        let by_name = self.rows.iter().find(|[_, row, _]| *row == name);
        let also = || self.rows.iter().find(|[_, _, also]| !name.is_empty() && also.split('|').any(|other| other == name));
        by_name.or_else(also).map(|[code, ..]| code)
    }

    /// Is it a code of the table?
    pub fn has(&self, code: &str) -> bool {
        self.position(code).is_some()
    }

    /// Every code with its name, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        self.rows.iter().map(|[code, name, _]| (code, name))
    }
}

macro_rules! tables {
    ($($table:ident $rows:ident $key:literal $title:literal $open:literal;)+) => {
        $(include_rows!($rows, 3, concat!("data/", $key, ".tsv"));
        pub(crate) static $table: CodeTable = CodeTable { key: $key, title: $title, open: $open, rows: $rows, index: index!($rows) };)+

        static ALL: &[&CodeTable] = &[&COUNTRY, $(&$table,)+];
    };
}

tables! {
    ADDRESS_CLASS ADDRESS_CLASS_ROWS "address_class" "地址类别代码 CV02.01.205" false;
    ADMDVS ADMDVS_ROWS "admdvs" "医保区划代码 admdvs" true;
    AGE_UNIT AGE_UNIT_ROWS "age_unit" "年龄单位" false;
    CHRGITM_LV CHRGITM_LV_ROWS "chrgitm_lv" "收费项目等级 chrgitm_lv" false;
    CLR_TYPE CLR_TYPE_ROWS "clr_type" "清算类别 clr_type" false;
    CLR_WAY CLR_WAY_ROWS "clr_way" "清算方式 clr_way" false;
    COUNTY_SHANTOU COUNTY_SHANTOU_ROWS "county_shantou" "汕头市区县代码 GB/T 2260" false;
    DIAG_TYPE DIAG_TYPE_ROWS "diag_type" "诊断类别 diag_type" false;
    DOCUMENT DOCUMENT_ROWS "document" "证件细类" false;
    ETHNIC ETHNIC_ROWS "ethnic" "民族代码 GB/T 3304" false;
    FUND_PAY_TYPE FUND_PAY_TYPE_ROWS "fund_pay_type" "基金支付类型 fund_pay_type" true;
    HOSP_APPR_FLAG HOSP_APPR_FLAG_ROWS "hosp_appr_flag" "医院审批标志 hosp_appr_flag" false;
    ID_TYPE ID_TYPE_ROWS "id_type" "身份证件类别代码 CV02.01.101" false;
    INSURANCE_CLASS INSURANCE_CLASS_ROWS "insurance_class" "医疗保险类别代码 CV02.01.204" false;
    INSUTYPE INSUTYPE_ROWS "insutype" "险种类型 insutype" false;
    INVOICE_PAYER_TYPE INVOICE_PAYER_TYPE_ROWS "invoice_payer_type" "电子票据医疗付费方式" false;
    LIST_TYPE LIST_TYPE_ROWS "list_type" "目录类别 list_type" false;
    MARITAL MARITAL_ROWS "marital" "婚姻状况代码 GB/T 2261.2" false;
    MDTRT_CERT_TYPE MDTRT_CERT_TYPE_ROWS "mdtrt_cert_type" "就诊凭证类型 mdtrt_cert_type" true;
    MED_TYPE MED_TYPE_ROWS "med_type" "医疗类别 med_type" true;
    OPTER_TYPE OPTER_TYPE_ROWS "opter_type" "经办人类别 opter_type" false;
    PATIENT_CLASS PATIENT_CLASS_ROWS "patient_class" "患者类型代码 CV09.00.404" false;
    PAY_LOC PAY_LOC_ROWS "pay_loc" "支付地点类别 pay_loc" false;
    PAY_METHOD PAY_METHOD_ROWS "pay_method" "医疗付费方式代码 CV07.10.005" false;
    PROVINCE PROVINCE_ROWS "province" "省级行政区划代码 GB/T 2260" false;
    PSN_INSU_STAS PSN_INSU_STAS_ROWS "psn_insu_stas" "人员参保状态 psn_insu_stas" false;
    PSN_SETLWAY PSN_SETLWAY_ROWS "psn_setlway" "个人结算方式 psn_setlway" false;
    REFD_SETL_FLAG REFD_SETL_FLAG_ROWS "refd_setl_flag" "退费结算标志 refd_setl_flag" false;
    REFD_TYPE REFD_TYPE_ROWS "refd_type" "移动支付退款类型 refdType" false;
    REGISTRANT REGISTRANT_ROWS "registrant" "建档对象 regType" false;
    RELATION RELATION_ROWS "relation" "家庭关系代码 GB/T 4761" false;
    RELATION_GROUP RELATION_GROUP_ROWS "relation_group" "家庭关系代码（大类）GB/T 4761" false;
    REPORTED_DISORDER REPORTED_DISORDER_ROWS "reported_disorder" "法定报告用代码" false;
    SETL_TYPE SETL_TYPE_ROWS "setl_type" "结算类别 setl_type" false;
    SEX SEX_ROWS "sex" "人的性别代码 GB/T 2261.1" false;
}

/// The countries under their alpha-3 codes; [`super::country()`] has all three columns.
pub(crate) static COUNTRY: CodeTable =
    CodeTable { key: "country", title: "世界各国和地区名称代码 GB/T 2659", open: false, rows: super::country::NAMES, index: index!(super::country::NAMES) };

/// Every table.
pub fn code_tables() -> &'static [&'static CodeTable] {
    ALL
}

/// A table by its key.
pub fn find_code_table(key: &str) -> Option<&'static CodeTable> {
    ALL.iter().copied().find(|table| table.key == key)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_is_sorted_named_and_read_both_ways() {
        for table in code_tables() {
            assert!(table.rows.iter().is_sorted_by(|a, b| a[0] < b[0]), "{}: not ascending, or a code twice", table.key);
            assert!(table.index.heads.is_sorted_by(|a, b| a < b) && table.index.heads.len() == table.rows.len(), "{}: two codes begin alike", table.key);
            let mut names = BTreeSet::new();
            for (row, (code, name)) in table.rows.iter().zip(table.iter()) {
                assert!(!code.is_empty() && !name.is_empty() && code.trim() == code && name.trim() == name, "{}: {row:?}", table.key);
                assert_eq!((table.name(code), table.code(name)), (Some(name), Some(code)), "{}", table.key);
                for read in std::iter::once(name).chain(row[2].split('|').filter(|also| !also.is_empty())) {
                    assert!(names.insert(read), "{}: {read} stands for two codes", table.key);
                    assert_eq!(table.code(read), Some(code), "{}", table.key);
                }
            }
            assert!(!table.has("") && table.code("").is_none() && table.code("不在表中").is_none());
        }
    }

    /// Sizes as domain/hospital.md §1 and domain/medins.md §7 give them.
    #[test]
    fn the_tables_are_complete() {
        let sizes = [
            ("sex", 4),
            ("marital", 8),
            ("ethnic", 58),
            ("country", 249),
            ("relation", 84),
            ("relation_group", 9),
            ("id_type", 8),
            ("document", 14),
            ("pay_method", 9),
            ("insurance_class", 8),
            ("address_class", 10),
            ("patient_class", 4),
            ("insutype", 14),
            ("med_type", 14),
            ("province", 35),
            ("list_type", 7),
        ];
        for (key, size) in sizes {
            assert_eq!(find_code_table(key).map(|table| table.rows.len()), Some(size), "{key}");
        }
        assert!(find_code_table("nothing").is_none());
        let keys: BTreeSet<&str> = code_tables().iter().map(|table| table.key()).collect();
        assert_eq!(keys.len(), code_tables().len());
    }

    #[test]
    fn ethnic_groups_are_read_with_and_without_the_suffix_and_under_old_names() {
        for (read, code) in [("汉", "01"), ("汉族", "01"), ("毛难族", "36"), ("毛难", "36"), ("崩龙族", "46"), ("京", "49"), ("基诺族", "56")] {
            assert_eq!(ETHNIC.code(read), Some(code), "{read}");
        }
        assert_eq!((ETHNIC.name("36"), ETHNIC.name("46")), (Some("毛南"), Some("德昂")));
    }
}
