//! Every example runs and prints what its reader is promised.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code)]
#[path = "../examples/clinic_day.rs"]
mod clinic_day;
#[allow(dead_code)]
#[path = "../examples/group_bills.rs"]
mod group_bills;
#[allow(dead_code)]
#[path = "../examples/own_his.rs"]
mod own_his;

#[test]
fn group_bills_prints_four_bills_in_yuan() {
    let text = group_bills::run(group_bills::UNPAID).unwrap();
    let bills: Vec<&str> = text.lines().filter(|l| !l.starts_with(' ')).map(|l| l.split(" (").next().unwrap()).collect();
    assert_eq!(bills, ["V1 电生理室 120.00", "V1 检验科 89.87", "V1 西药房 121.32", "V2 门诊 25.00", "total 356.19"]);
    assert!(text.contains("    药品A 3.265 × 28 = 91.42\n"), "{text}");
}

#[test]
fn clinic_day_settles_both_bills_and_the_books_agree() {
    let text = clinic_day::run().unwrap();
    assert_eq!(text.matches("settled  ").count(), 2, "{text}");
    assert_eq!(text.matches("receipt yes invoice issued").count(), 2, "{text}");
    assert!(text.contains("quoted   209.87\n") && text.contains("callback 200\n"), "{text}");
    assert!(text.ends_with("audit    HIS 20987 channel 20987 invoices 20987 ledger 20987 fen, 0 violations\n"), "{text}");
}

/// What the same kiosk in C prints, but for how it writes an error.
#[test]
fn own_his_lists_what_its_file_holds() {
    let wanted = include_str!("../../c/own_his.txt").replace("status 300, retry same_key", "error 300");
    assert_eq!(own_his::run().unwrap(), wanted);
}

#[test]
fn no_example_is_left_out() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut found: Vec<String> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, ["clinic_day.rs", "group_bills.rs", "own_his.rs"], "an example without a test");
}
