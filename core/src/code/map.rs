//! How other systems write our codes. Every value of ours has an answer: what they write, or why they have nothing for it.

use super::country;
use super::rows::{Rows, include_rows};
use super::table::{COUNTRY, CodeTable, DOCUMENT, ETHNIC, INSUTYPE, MARITAL, PAY_METHOD, RELATION, SEX};

/// A mapping between a table of ours and the codes of another system.
#[derive(Debug)]
pub struct CodeMap {
    key: &'static str,
    title: &'static str,
    /// What it maps; field names are in no table.
    table: Option<&'static CodeTable>,
    pairs: Pairs,
}

#[derive(Clone, Copy, Debug)]
enum Pairs {
    /// ours, theirs, way, reason.
    Ways(Rows<4>),
    /// ours, theirs; all of them both ways.
    Both(Rows<2>),
}

/// What a mapping says of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// It is written so there.
    To(&'static str),
    /// It has no counterpart; why, in Chinese.
    Refused(&'static str),
    /// The mapping does not know the code.
    Unknown,
}

impl CodeMap {
    /// By what the mapping is asked for, e.g. `sex_hl7`.
    pub const fn key(&self) -> &'static str {
        self.key
    }

    /// What it is, in Chinese.
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// The table of our side.
    pub const fn table(&self) -> Option<&'static CodeTable> {
        self.table
    }

    fn rows(&self) -> impl Iterator<Item = [&'static str; 4]> + use<> {
        let (ways, both) = match self.pairs {
            Pairs::Ways(rows) => (Some(rows), None),
            Pairs::Both(rows) => (None, Some(rows)),
        };
        let both = both.into_iter().flat_map(Rows::iter).map(|[ours, theirs]| [ours, theirs, "both", ""]);
        ways.into_iter().flat_map(Rows::iter).chain(both)
    }

    /// What the other system writes for a code of ours.
    pub fn outward(&self, ours: &str) -> Mapped {
        let row = self.rows().find(|[code, _, way, _]| *code == ours && matches!(*way, "both" | "out" | "no_out"));
        row.map_or(Mapped::Unknown, |[_, theirs, way, reason]| if way == "no_out" { Mapped::Refused(reason) } else { Mapped::To(theirs) })
    }

    /// What a code of the other system is with us.
    pub fn inward(&self, theirs: &str) -> Mapped {
        let row = self.rows().find(|[_, code, way, _]| *code == theirs && matches!(*way, "both" | "in" | "no_in"));
        row.map_or(Mapped::Unknown, |[ours, _, way, reason]| if way == "no_in" { Mapped::Refused(reason) } else { Mapped::To(ours) })
    }

    /// Does a code of ours come back as itself? The mapping is lossless for it.
    pub fn keeps(&self, ours: &str) -> bool {
        match self.outward(ours) {
            Mapped::To(theirs) => matches!(self.inward(theirs), Mapped::To(back) if back == ours),
            Mapped::Refused(_) | Mapped::Unknown => false,
        }
    }

    /// Does every code of our table come back as itself?
    pub fn is_lossless(&self) -> bool {
        self.table.is_some_and(|table| table.iter().all(|(code, _)| self.keeps(code)))
    }
}

macro_rules! maps {
    ($($rows:ident $key:literal $title:literal $table:expr;)+) => {
        $(include_rows!($rows, 4, concat!("data/maps/", $key, ".tsv"));)+

        static ALL: &[CodeMap] = &[
            CodeMap { key: "country_alpha2", title: "国籍：两位字母", table: Some(&COUNTRY), pairs: Pairs::Both(country::ALPHA2) },
            CodeMap { key: "country_numeric", title: "国籍：三位数字", table: Some(&COUNTRY), pairs: Pairs::Both(country::NUMERIC) },
            $(CodeMap { key: $key, title: $title, table: $table, pairs: Pairs::Ways($rows) },)+
        ];
    };
}

maps! {
    COUNTRY_SEED "country_seed" "国籍：个别地区字典的旧值、错值" None;
    ETHNIC_SITE "ethnic_site" "民族：个别站点的代码" Some(&ETHNIC);
    ID_TYPE_CV "id_type_cv" "证件：CV02.01.101，医保 psn_cert_type" Some(&DOCUMENT);
    ID_TYPE_GUANGZHOU "id_type_guangzhou" "证件：广州健康通" Some(&DOCUMENT);
    ID_TYPE_HEALTH_CARD "id_type_health_card" "证件：健康卡平台" Some(&DOCUMENT);
    ID_TYPE_RC038 "id_type_rc038" "证件：绩效考核 RC038" Some(&DOCUMENT);
    ID_TYPE_YXW "id_type_yxw" "证件：yxw 平台" Some(&DOCUMENT);
    INSUTYPE_INVOICE "insutype_invoice" "险种：电子票据医疗付费方式" Some(&INSUTYPE);
    MARITAL_FRONT_PAGE "marital_front_page" "婚姻：病案首页一位码" Some(&MARITAL);
    MARITAL_KIOSK "marital_kiosk" "婚姻：一家自助机厂商（3、4 与首页相反）" Some(&MARITAL);
    MEDINS_FIELD "medins_field" "医保 2xxx 与 6xxx 字段名" None;
    PAY_METHOD_INVOICE "pay_method_invoice" "付费方式：电子票据" Some(&PAY_METHOD);
    PAY_METHOD_PADDED "pay_method_padded" "付费方式：两位码及省内扩展码" Some(&PAY_METHOD);
    RELATION_GROUP "relation_group" "联系人关系：大类" Some(&RELATION);
    RELATION_OF_MAN "relation_of_man" "男患者是联系人的什么人" Some(&RELATION);
    RELATION_OF_WOMAN "relation_of_woman" "女患者是联系人的什么人" Some(&RELATION);
    SEX_FHIR "sex_fhir" "性别：FHIR" Some(&SEX);
    SEX_HL7 "sex_hl7" "性别：HL7 v2" Some(&SEX);
    SEX_LETTER "sex_letter" "性别：M、F" Some(&SEX);
    SEX_MEDINS "sex_medins" "性别：医保 gend" Some(&SEX);
    SEX_NUMBER "sex_number" "性别：1、2，未知为 0" Some(&SEX);
    SEX_TEXT "sex_text" "性别：文字" Some(&SEX);
    SEX_ZERO_MALE "sex_zero_male" "性别：0 男、1 女" Some(&SEX);
}

/// Every mapping.
pub fn code_maps() -> &'static [CodeMap] {
    ALL
}

/// A mapping by its key.
pub fn find_code_map(key: &str) -> Option<&'static CodeMap> {
    ALL.iter().find(|map| map.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(key: &str) -> &'static CodeMap {
        find_code_map(key).unwrap()
    }

    /// The promise of this module: no value of a mapped table is without an answer, and each answer is well formed.
    #[test]
    fn every_value_maps_or_is_refused_with_a_reason() {
        for map in code_maps() {
            for (code, name) in map.table.iter().flat_map(|table| table.iter()) {
                match map.outward(code) {
                    Mapped::To(theirs) => assert!(!theirs.is_empty(), "{} {code}", map.key),
                    Mapped::Refused(why) => assert!(!why.is_empty(), "{} {code}", map.key),
                    Mapped::Unknown => panic!("{}: nothing is said of {code} {name}", map.key),
                }
            }
            for [ours, theirs, way, reason] in map.rows() {
                assert!(["both", "out", "in", "no_out", "no_in"].contains(&way), "{} {way}", map.key);
                assert!(!way.starts_with("no_") || !reason.is_empty(), "{} {ours} {theirs}", map.key);
                if let (Some(table), false) = (map.table, ours.is_empty()) {
                    assert!(table.has(ours), "{}: {ours} is in no table of ours", map.key);
                }
                // What comes from them is answered too, each code once.
                if matches!(way, "both" | "in" | "no_in") {
                    assert_ne!(map.inward(theirs), Mapped::Unknown);
                    let same = map.rows().filter(|[_, code, way, _]| *code == theirs && matches!(*way, "both" | "in" | "no_in")).count();
                    assert_eq!(same, 1, "{}: {theirs} is read in two ways", map.key);
                }
            }
            assert_eq!((map.outward("?"), map.inward("?")), (Mapped::Unknown, Mapped::Unknown));
        }
    }

    #[test]
    fn three_and_four_are_swapped_between_the_front_page_and_the_kiosk() {
        assert_eq!((map("marital_front_page").outward("30"), map("marital_kiosk").outward("30")), (Mapped::To("3"), Mapped::To("4")));
        assert_eq!((map("marital_front_page").inward("3"), map("marital_kiosk").inward("3")), (Mapped::To("30"), Mapped::To("40")));
    }

    #[test]
    fn insurance_kinds_go_to_the_ticket_as_one_site_does() {
        let sent = |code| map("insutype_invoice").outward(code);
        for (codes, ticket) in [("310 320 330 370", "01"), ("390 391 392 380", "02"), ("340 360", "06"), ("350 410 399", "99")] {
            assert!(codes.split(' ').all(|code| sent(code) == Mapped::To(ticket)));
        }
        assert!(matches!(sent("510"), Mapped::Refused(_)));
        assert_eq!(map("pay_method_invoice").outward("7"), Mapped::To("07"));
    }

    #[test]
    fn one_digit_and_two_are_the_same_payment_method() {
        let read = |code| map("pay_method_padded").inward(code);
        assert_eq!([read("1"), read("01"), read("0102"), read("99")], [Mapped::To("1"), Mapped::To("1"), Mapped::To("1"), Mapped::To("99")]);
        assert!(map("pay_method_padded").is_lossless());
    }

    /// A man whose father is the contact is that father's son; whoever is whose is true in both directions.
    #[test]
    fn relations_turn_around() {
        let (man, woman) = (map("relation_of_man"), map("relation_of_woman"));
        assert_eq!((man.outward("51"), woman.outward("51")), (Mapped::To("20"), Mapped::To("30")));
        assert_eq!((man.outward("12"), woman.outward("11")), (Mapped::To("11"), Mapped::To("12")));
        assert!(matches!(man.outward("11"), Mapped::Refused(_)) && matches!(woman.outward("93"), Mapped::Refused(_)));
        let group = |code| if let Mapped::To(group) = map("relation_group").outward(code) { group } else { panic!("{code}") };
        let turned = |group: &str| match group {
            "0" | "1" | "7" => group.to_owned(),
            "2" | "3" => "5".to_owned(),
            "4" => "6".to_owned(),
            "5" => "2 3".to_owned(),
            "6" => "4".to_owned(),
            _ => "8".to_owned(),
        };
        for (code, _) in RELATION.iter() {
            for map in [man, woman] {
                if let Mapped::To(back) = map.outward(code) {
                    let back = group(back);
                    assert!(turned(group(code)).split(' ').any(|g| g == back), "{code} → {back}");
                }
            }
        }
    }

    #[test]
    fn lossless_mappings_say_so() {
        let lossless: Vec<&str> = code_maps().iter().filter(|map| map.is_lossless()).map(|map| map.key).collect();
        assert_eq!(lossless, ["country_alpha2", "country_numeric", "ethnic_site", "pay_method_invoice", "pay_method_padded", "sex_medins"]);
        assert!(map("id_type_cv").keeps("resident_id") && !map("id_type_cv").keeps("foreigner_residence"));
    }
}
