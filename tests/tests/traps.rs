//! Every trap and open point of the field that the domain documents number has a test that would notice us falling in. A test that
//! is renamed or taken away is missed here; a number without a test needs a reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

/// A number, what it warns of, and its tests as `file::name`; a name with blanks is a case of a vector file.
type Trap = (u8, &'static str, &'static [&'static str]);

/// domain/hospital.md §9.
const HOSPITAL: [Trap; 20] = [
    (1, "MD5 key before the version", &["adapters/invoice/src/envelope.rs::trap_1_the_key_stands_before_the_version"]),
    (
        2,
        "health-card sign drops zero and empty, no separator before the secret",
        &["adapters/health-code/src/sign.rs::the_published_vector", "adapters/health-code/src/sign.rs::fields_without_a_value_are_left_out_and_sorted_over_both_halves"],
    ),
    (
        3,
        "a partial refund is a full reversal and a re-charge with new keys",
        &[
            "core/tests/refund_rules.rs::a_partial_refund_reverses_all_and_charges_the_rest_again",
            "core/tests/refunds.rs::a_partial_refund_charges_the_rest_again_and_a_second_one_follows_on_the_successor",
        ],
    ),
    (
        4,
        "red is for the whole invoice",
        &["core/tests/refund_rules.rs::an_invoice_is_looked_at_before_money_moves", "core/tests/refunds.rs::the_invoice_of_what_is_kept_waits_for_the_red_of_the_old_one"],
    ),
    (
        5,
        "two refund flows; only insurance has 反确认 and re-prescription",
        &["core/tests/refund_rules.rs::the_plans_are_those_of_the_design", "core/tests/insured_refunds.rs::an_insured_refund_is_whole_and_ends_with_a_new_prescription"],
    ),
    (
        6,
        "cross-month is the calendar month of the insurer's time, checked twice",
        &[
            "core/tests/refund_rules.rs::cross_month_counts_year_and_month_of_the_insurers_time_in_utc_plus_8",
            "core/tests/refund_rules.rs::requested_in_time_and_executed_too_late_has_a_code_of_its_own",
            "core/tests/insured_refunds.rs::the_month_turns_between_approval_and_execution",
        ],
    ),
    (
        7,
        "two independent splits on the ticket",
        &["adapters/invoice/tests/platform.rs::trap_7_every_sum_of_a_body_is_checked", "core/tests/refund_rules.rs::the_two_splits_of_a_ticket_are_independent"],
    ),
    (
        8,
        "half away from zero, per line; jiao rounding",
        &["core/tests/money_rules.rs::a_line_is_rounded_half_away_from_zero", "core/tests/money_rules.rs::cash_modes_and_the_sign_of_the_rounding_field"],
    ),
    (
        9,
        "unknown is not failed",
        &[
            "adapters/his-front/tests/default_profile.rs::a_success_without_its_amount_or_number_is_unknown",
            "adapters/his-front/tests/default_profile.rs::what_the_transport_cannot_prove_stays_unknown",
        ],
    ),
    (
        10,
        "长款 and 短款 of refunds, and the day's edge",
        &["core/tests/reconcile_rules.rs::the_vectors_of_the_domain", "core/tests/reconcile_rules.rs::a_pair_across_midnight_waits_one_day_and_nets_to_nothing"],
    ),
    (
        11,
        "visit first, then place; drugs by pharmacy; sets stay together",
        &[
            "core/tests/bill_rules.rs::rule_2_visit_then_place",
            "core/tests/bill_rules.rs::rule_2_drugs_go_to_their_pharmacy_others_to_the_executing_department",
            "core/tests/bill_rules.rs::rule_3_sets_follow_their_main_line_wherever_it_stands",
        ],
    ),
    (
        12,
        "splitting changes what insurance pays",
        &["core/tests/insurance_rules.rs::only_the_first_insured_bill_may_be_paid", "core/tests/insured.rs::insured_bills_are_settled_one_after_the_other"],
    ),
    (
        13,
        "code tables differ per system",
        &["core/src/code/map.rs::every_value_maps_or_is_refused_with_a_reason", "core/src/code/map.rs::three_and_four_are_swapped_between_the_front_page_and_the_kiosk"],
    ),
    (
        14,
        "810000, 820000, 830000 and 9-prefixed numbers",
        &[
            "tests/vectors/id_document/check.json::residence permit, Hong Kong",
            "tests/vectors/id_document/check.json::residence permit of Taiwan as one of Hong Kong",
            "tests/vectors/id_document/check.json::foreigner, new form",
            "tests/vectors/id_document/check.json::foreigner filed as identity card",
        ],
    ),
    (15, "1900-02-29 passes the checksum", &["core/src/patient/resident.rs::the_samples_of_the_standard", "tests/vectors/id_document/check.json::1900 was no leap year"]),
    (16, "ages of infants", &["core/src/patient/age.rs::the_vectors_of_the_domain_file"]),
    (17, "dispensed drugs do not go back", &["core/tests/refund_rules.rs::a_dispensed_drug_goes_back_as_far_as_the_pharmacy_took_it_back"]),
    (18, "取号 is not 报到", &["core/src/visit/attend.rs::a_number_taken_twice_is_one_number_and_needs_no_position", "core/src/visit/attend.rs::a_phone_must_be_near_a_kiosk_is"]),
    (20, "neutral wording", &["core/src/visit/message.rs::what_is_sent_is_neutral", "core/tests/refund_rules.rs::texts_are_neutral_and_say_what_to_do"]),
    (21, "payerType 1 is the person", &["adapters/invoice/tests/platform.rs::a_self_pay_invoice_is_issued"]),
];

/// 19 is about a standard's list of services, not about software; 22 (distinct patients are not added up) is about reports.
const HOSPITAL_WITHOUT: [u8; 2] = [19, 22];

/// domain/medins.md §10.
const MEDINS: [Trap; 19] = [
    (2, "spellings of the upload", &["adapters/medins/tests/mobile.rs::fields_travel_under_the_spelling_of_the_site"]),
    (
        3,
        "SM2 user id",
        &["adapters/medins/tests/known_answers.rs::every_published_record_is_replayed", "adapters/medins/tests/answers.rs::the_other_user_id_is_named_in_the_fault"],
    ),
    (4, "time in the envelope", &["adapters/medins/tests/answers.rs::the_envelopes_time_is_epoch_or_local"]),
    (
        5,
        "depth of dropping empties",
        &["adapters/medins/src/canonical.rs::the_published_sample_of_empties", "adapters/medins/src/canonical.rs::what_has_no_empty_value_is_the_same_under_both_readings"],
    ),
    (6, "ordStas 17 to 25", &["core/tests/insurance_rules.rs::an_unknown_order_state_is_still_processing"]),
    (7, "life of an authorisation", &["adapters/medins/tests/mobile.rs::what_is_configured_is_told_as_traits"]),
    (8, "decoder's codes", &["adapters/medins/tests/voucher.rs::a_no_keeps_its_code_and_anything_else_is_unknown"]),
    (9, "answer of userQuery", &["adapters/medins/tests/authorisation.rs::fields_are_read_wherever_they_stand_and_under_the_names_of_the_town"]),
    (10, "fund with the account inside", &["core/tests/insurance_rules.rs::the_fund_may_hold_the_account_and_both_readings_are_tried"]),
    (11, "who gives the cash back", &["core/tests/insured_refunds.rs::where_the_centre_owns_the_cash_the_channel_is_not_asked"]),
    (12, "parts under ALL", &["adapters/medins/tests/mobile.rs::a_settlement_that_his_cannot_post_goes_back_with_its_own_token"]),
    (
        13,
        "6201 is not idempotent",
        &[
            "adapters/medins/tests/mobile.rs::an_order_number_is_taken_once_and_a_voucher_opens_as_an_authorisation_does",
            "core/tests/insured.rs::a_lost_upload_is_made_again_under_another_number",
        ],
    ),
    (14, "place of the hospital", &["adapters/medins/tests/answers.rs::the_place_is_sent_when_it_is_known"]),
    (15, "filing a designation", &["core/tests/insurance_rules.rs::a_designation_is_shown_and_filed_only_where_the_town_allows_it"]),
    (
        16,
        "calendar month",
        &["core/tests/insurance_rules.rs::the_notice_names_the_last_day_of_the_month", "adapters/medins/tests/window.rs::a_clock_of_another_month_is_the_insurer_s_clock"],
    ),
    (17, "2206A and 2207A", &["adapters/medins/tests/window.rs::fees_are_taken_back_and_a_changed_price_is_refused"]),
    (18, "tolerance of quantity times price", &["tests/vectors/insurance/validate.json::INS-023: nothing is tolerated where the centre says so"]),
    (19, "how a notice is acknowledged", &["server-example/tests/server/insured.rs::the_centre_reads_the_acknowledgement_of_the_site"]),
    (20, "H-5 is regional", &["core/tests/insurance_rules.rs::the_details_warn_and_may_list_the_account"]),
];

/// 1: transactions that nobody has seen; there is no code for them.
const MEDINS_WITHOUT: [u8; 1] = [1];

/// What the sources of domain/medins.md §1 to §5 say differently.
const CONFLICTS: [Trap; 6] = [
    (1, "§1.2 epoch or local time", &["adapters/medins/tests/answers.rs::the_envelopes_time_is_epoch_or_local"]),
    (2, "§1.3 numbers signed as texts or as they stand", &["adapters/medins/tests/known_answers.rs::a_centre_that_signs_its_numbers_as_they_stand_or_as_texts_is_verified"]),
    (3, "§1.3 SM2 user id", &["adapters/medins/tests/answers.rs::the_other_user_id_is_named_in_the_fault"]),
    (4, "§2.6 life of payAuthNo", &["adapters/medins/tests/mobile.rs::what_is_configured_is_told_as_traits"]),
    (5, "§3.3 fund with or without the account", &["core/tests/insurance_rules.rs::the_fund_may_hold_the_account_and_both_readings_are_tried"]),
    (6, "§3.3 cash computed or read", &["core/tests/insurance_rules.rs::cash_is_read_and_never_computed"]),
];

/// Why a named test is none, if so.
fn missing(test: &str) -> Option<String> {
    let (file, name) = test.split_once("::").unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else { return Some(format!("{test}: there is no such file")) };
    let there = if file.ends_with(".json") {
        text.contains(&format!("{{\"name\": \"{name}\","))
    } else {
        // A test: the attribute stands above, with nothing but attributes and comments between.
        text.find(&format!("fn {name}(")).is_some_and(|at| {
            let above = text[..at].lines().rev().skip(usize::from(!text[..at].ends_with('\n')));
            above.map(str::trim_start).take_while(|line| line.starts_with('#') || line.starts_with("//")).any(|line| line.starts_with("#[") && line.contains("test"))
        })
    };
    (!there).then(|| format!("{test}: is no test"))
}

fn check(what: &str, last: u8, traps: &[Trap], without: &[u8]) {
    let missing: Vec<String> = traps.iter().flat_map(|(_, _, tests)| tests.iter()).filter_map(|test| missing(test)).collect();
    assert!(missing.is_empty(), "{what}:\n{}", missing.join("\n"));
    let mut numbers: Vec<u8> = traps.iter().map(|(number, ..)| *number).chain(without.iter().copied()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=last).collect::<Vec<u8>>(), "{what}: every number once");
    assert!(traps.iter().all(|(_, what, tests)| !what.is_empty() && !tests.is_empty()), "{what}");
}

#[test]
fn every_trap_of_the_hospital_has_a_test() {
    check("hospital.md §9", 22, &HOSPITAL, &HOSPITAL_WITHOUT);
}

#[test]
fn every_open_point_of_the_insurer_has_a_test() {
    check("medins.md §10", 20, &MEDINS, &MEDINS_WITHOUT);
    check("medins.md §1-5", 6, &CONFLICTS, &[]);
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    assert!(missing("tests/tests/traps.rs::missing").is_some(), "a function is no test");
    assert!(missing("tests/tests/traps.rs::nobody").is_some() && missing("tests/tests/nobody.rs::nobody").is_some());
    assert!(missing("tests/vectors/insurance/validate.json::INS-999").is_some());
    assert!(missing("tests/tests/traps.rs::a_test_that_is_not_there_is_missed").is_none());
}
