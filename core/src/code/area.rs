//! The area of an identity number (GB/T 2260): its province, and the counties there are and have been.

use super::rows::include_rows;
use super::table::PROVINCE;

include_rows!(COUNTIES, 2, "data/county.tsv");

/// Do two digits stand for a province, or for 港澳台居民 (81–83)?
pub fn is_province(two: &str) -> bool {
    PROVINCE.has(two)
}

/// Is it a county we know of, also one that was cancelled? People keep the number they were born with, and no list has all
/// old counties: a real person may be unknown here. 81–83 have no counties.
pub fn is_county(six: &str) -> bool {
    let Some((prefecture, county)) = six.split_at_checked(4) else { return false };
    let residence = matches!(six, "810000" | "820000" | "830000");
    let found = COUNTIES.search(prefecture);
    residence || found.is_some_and(|[_, counties]| counties.as_bytes().chunks_exact(2).any(|two| two == county.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::find_code_table;

    #[test]
    fn present_and_cancelled_counties_are_known_and_others_are_not() {
        for known in ["440507", "440523", "110105", "110221", "810000"] {
            assert!(is_county(known), "{known}");
        }
        for unknown in ["440599", "440500", "000000", "44", "", "440507x", "四四零五"] {
            assert!(!is_county(unknown), "{unknown}");
        }
        assert!(COUNTIES.iter().is_sorted_by(|a, b| a[0] < b[0]));
        assert!(COUNTIES.iter().all(|[four, counties]| four.len() == 4 && counties.len().is_multiple_of(2) && is_province(&four[..2])));
        assert_eq!(COUNTIES.iter().map(|[_, counties]| counties.len() / 2).sum::<usize>(), 3_887);
        assert!(find_code_table("county_shantou").unwrap().iter().all(|(code, _)| is_county(code)));
    }

    #[test]
    fn the_provinces_are_those_of_the_domain_file() {
        let ranges = [11..=15, 21..=23, 31..=37, 41..=46, 50..=54, 61..=65, 71..=71, 81..=83];
        for two in 0..100 {
            assert_eq!(is_province(&format!("{two:02}")), ranges.iter().any(|range| range.contains(&two)), "{two}");
        }
    }
}
