//! Countries and regions: three columns, one of which is ours (alpha-3). A code is never guessed by its length.

use super::rows::{self, Rows, include_rows};
use super::table::COUNTRY;

include_rows!(FIVE, 5, "data/country.tsv");

/// alpha-3, name, other names.
pub(super) const NAMES: Rows<3> = Rows { text: FIVE.text, cells: &rows::columns::<{ FIVE.len() }, _, _>(&FIVE, [0, 3, 4]) };
/// alpha-3, alpha-2: both ways.
pub(super) const ALPHA2: Rows<2> = Rows { text: FIVE.text, cells: &rows::columns::<{ FIVE.len() }, _, _>(&FIVE, [0, 1]) };
/// alpha-3, numeric: both ways.
pub(super) const NUMERIC: Rows<2> = Rows { text: FIVE.text, cells: &rows::columns::<{ FIVE.len() }, _, _>(&FIVE, [0, 2]) };

/// A country or region of ISO 3166-1 (GB/T 2659).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    /// `CHN`: how it is stored.
    pub alpha3: &'static str,
    /// `CN`.
    pub alpha2: &'static str,
    /// `156`; a text, because of `036`.
    pub numeric: &'static str,
    /// The Chinese name; 中国香港, 中国澳门, 中国台湾.
    pub name: &'static str,
}

impl Country {
    const fn of(row: [&'static str; 5]) -> Country {
        let [alpha3, alpha2, numeric, name, _] = row;
        Country { alpha3, alpha2, numeric, name }
    }

    /// A region of China with a code of its own: never a nationality.
    pub fn is_region_of_china(&self) -> bool {
        matches!(self.alpha3, "HKG" | "MAC" | "TWN")
    }
}

/// All 249, by alpha-3 code.
pub fn countries() -> impl Iterator<Item = Country> {
    FIVE.iter().map(Country::of)
}

/// By alpha-3 code.
pub fn country(alpha3: &str) -> Option<Country> {
    FIVE.get(COUNTRY.position(alpha3)?).map(Country::of)
}

/// By alpha-2 code.
pub fn country_of_alpha2(alpha2: &str) -> Option<Country> {
    countries().find(|country| country.alpha2 == alpha2)
}

/// By numeric code, three digits.
pub fn country_of_numeric(numeric: &str) -> Option<Country> {
    countries().find(|country| country.numeric == numeric)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn three_columns_each_unique_and_well_formed() {
        let all: Vec<Country> = countries().collect();
        assert_eq!(all.len(), 249);
        for pick in [|c: &Country| c.alpha3, |c: &Country| c.alpha2, |c: &Country| c.numeric, |c: &Country| c.name] {
            assert_eq!(all.iter().map(pick).collect::<BTreeSet<_>>().len(), 249);
        }
        for c in &all {
            assert!(c.alpha3.len() == 3 && c.alpha2.len() == 2 && c.numeric.len() == 3 && c.numeric.bytes().all(|b| b.is_ascii_digit()), "{c:?}");
            assert_eq!((country(c.alpha3), country_of_alpha2(c.alpha2), country_of_numeric(c.numeric)), (Some(*c), Some(*c), Some(*c)));
        }
        assert!(country("XKX").is_none() && country("CN").is_none() && country_of_numeric("36").is_none());
    }

    /// The 40 commonest of domain/hospital.md §1.5.
    #[test]
    fn the_commonest_are_as_the_domain_file_says() {
        let forty = "CN CHN 156 中国|TH THA 764 泰国|KZ KAZ 398 哈萨克斯坦|CA CAN 124 加拿大|HK HKG 344 中国香港|MM MMR 104 缅甸|RU RUS 643 俄罗斯|BR BRA 076 巴西|MO MAC 446 中国澳门|MY MYS 458 马来西亚|UA UKR 804 乌克兰|AU AUS 036 澳大利亚|TW TWN 158 中国台湾|SG SGP 702 新加坡|GB GBR 826 英国|NZ NZL 554 新西兰|JP JPN 392 日本|ID IDN 360 印度尼西亚|FR FRA 250 法国|ZA ZAF 710 南非|KR KOR 410 韩国|PH PHL 608 菲律宾|DE DEU 276 德国|EG EGY 818 埃及|KP PRK 408 朝鲜|BN BRN 096 文莱|IT ITA 380 意大利|NG NGA 566 尼日利亚|MN MNG 496 蒙古|IN IND 356 印度|ES ESP 724 西班牙|TR TUR 792 土耳其|VN VNM 704 越南|PK PAK 586 巴基斯坦|NL NLD 528 荷兰|SA SAU 682 沙特阿拉伯|LA LAO 418 老挝|BD BGD 050 孟加拉国|CH CHE 756 瑞士|AE ARE 784 阿联酋|KH KHM 116 柬埔寨|NP NPL 524 尼泊尔|US USA 840 美国|TL TLS 626 东帝汶";
        assert_eq!(forty.split('|').count(), 44);
        for line in forty.split('|') {
            let [alpha2, alpha3, numeric, name] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            assert_eq!(country(alpha3), Some(Country { alpha3, alpha2, numeric, name }));
        }
        assert!(["HKG", "MAC", "TWN"].iter().all(|code| country(code).unwrap().is_region_of_china()) && !country("CHN").unwrap().is_region_of_china());
    }
}
