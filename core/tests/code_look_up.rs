//! Codes and names are found without an allocation, in every table and through every mapping: a kiosk validates with them on
//! each key, a batch a million times.
#![allow(clippy::unwrap_used)]

use menjie::code::{Mapped, code_maps, code_tables, countries, country, country_of_alpha2, country_of_numeric, find_code_map, find_code_table};

/// How many allocations the work made, and what it found.
fn allocations<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let mut found = None;
    let info = allocation_counter::measure(|| found = Some(work()));
    (info.count_total, found.unwrap())
}

#[test]
fn an_allocation_would_be_seen() {
    let (made, text) = allocations(|| "女".to_owned());
    assert_eq!((made, text.as_str()), (1, "女"));
}

#[test]
fn a_table_finds_codes_and_names_without_allocating() {
    let mut rows = 0;
    for table in code_tables() {
        for (code, name) in table.iter() {
            let (made, found) = allocations(|| (find_code_table(table.key()).is_some(), table.name(code), table.has(code), table.code(name)));
            assert_eq!(made, 0, "{} {code}", table.key());
            assert_eq!((found.0, found.1, found.2), (true, Some(name), true), "{} {code}", table.key());
            // Of two codes with one name the first answers.
            assert_eq!(found.3.and_then(|code| table.name(code)), Some(name), "{} {name}", table.key());
            rows += 1;
        }
        let (made, found) = allocations(|| (table.name("没有的代码"), table.code("没有的名称")));
        assert_eq!((made, found), (0, (None, None)), "{}", table.key());
    }
    assert!(rows > 600, "only {rows} rows");
}

#[test]
fn a_mapping_answers_both_ways_without_allocating() {
    let mut kept = 0;
    for map in code_maps() {
        let Some(table) = map.table() else { continue };
        for (code, _) in table.iter() {
            let (made, out) = allocations(|| find_code_map(map.key()).map(|map| map.outward(code)));
            assert_eq!(made, 0, "{} {code}", map.key());
            if let Some(Mapped::To(theirs)) = out {
                let (made, back) = allocations(|| map.inward(theirs));
                assert_eq!(made, 0, "{} {theirs}", map.key());
                kept += u32::from(matches!(back, Mapped::To(ours) if ours == code));
            }
        }
    }
    assert!(kept > 500, "only {kept} codes come back as themselves");
}

#[test]
fn a_country_is_found_by_each_of_its_codes_without_allocating() {
    for of in countries() {
        let (made, found) = allocations(|| (country(of.alpha3), country_of_alpha2(of.alpha2), country_of_numeric(of.numeric)));
        assert_eq!(made, 0, "{}", of.alpha3);
        for found in [found.0, found.1, found.2] {
            assert_eq!(found.unwrap().alpha3, of.alpha3);
        }
    }
}
