//! Insurance: the identities with every number of domain/medins.md, its conflicts, and what must hold of any split.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::bill::{GroupRequest, group};
use menjie::insurance::{
    CLEARING_TYPES, CheckSplitRequest, Designation, DesignationPolicy, DesignationState, Filing, Funds, HisSplit, Identity, InsurerRefund, MixedOrder, MobileSplit, ORDER_STATES,
    OrderClass, Parts, PayPath, RefundPart, Relation, SettlementPart, Statement, Turn, h2, h3, h4, i1, i2, notice, order_class, pay_path, turns,
};
use menjie::refund::{Window, WindowRule};
use menjie::{BizDate, Money, Timestamp};
use proptest::prelude::*;

fn fen(fen: i64) -> Money {
    Money::from_fen(fen).unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// The sample of domain/medins.md §3.3.
fn sample() -> HisSplit {
    HisSplit {
        total_fen: fen(8850),
        pre_self_fen: fen(850),
        in_scope_fen: fen(8000),
        fund_fen: fen(5600),
        personal_fen: fen(3250),
        account_fen: fen(3000),
        cash_fen: fen(250),
        mutual_aid_fen: fen(1000),
        funds: Some(Funds { pooled_fen: fen(5600), ..Funds::default() }),
        details_fen: Some(vec![fen(5600)]),
        lines_fen: Some(vec![fen(8850)]),
        ..HisSplit::default()
    }
}

fn mobile() -> MobileSplit {
    MobileSplit { total_fen: fen(8850), cash_fen: fen(250), account_fen: fen(3000), fund_fen: fen(5600), ..MobileSplit::default() }
}

fn broken(request: &CheckSplitRequest) -> Vec<Identity> {
    request.run().unwrap().mismatches.iter().map(|m| m.identity).collect()
}

fn his(split: HisSplit) -> CheckSplitRequest {
    CheckSplitRequest { his: Some(split), ..CheckSplitRequest::default() }
}

fn mobile_of(split: MobileSplit) -> CheckSplitRequest {
    CheckSplitRequest { mobile: Some(split), ..CheckSplitRequest::default() }
}

#[test]
fn the_sample_settlement_closes() {
    let answer = his(sample()).run().unwrap();
    assert!(answer.holds && answer.warnings.is_empty(), "{answer:?}");
    assert_eq!(answer.account_in_fund, Some(false));
    let parts = answer.parts.unwrap();
    assert_eq!(parts, Parts { total_fen: fen(8850), fund_fen: fen(5600), account_fen: fen(3000), cash_fen: fen(250), other_fen: Money::ZERO });
}

#[test]
fn every_identity_of_a_his_side_split_is_checked_and_named() {
    type Spoil = fn(&mut HisSplit);
    let cases: [(Identity, Spoil); 5] = [
        (Identity::H1, |s| s.pre_self_fen = fen(851)),
        (Identity::H2, |s| s.hospital_fen = fen(1)),
        (Identity::H3, |s| s.funds.as_mut().unwrap().serious_fen = fen(1)),
        (Identity::H4, |s| s.cash_fen = fen(251)),
        (Identity::H6, |s| s.lines_fen = Some(vec![fen(8849)])),
    ];
    for (identity, spoil) in cases {
        let mut split = sample();
        spoil(&mut split);
        assert_eq!(broken(&his(split)), [identity]);
    }
    let mut split = sample();
    split.pre_self_fen = fen(851);
    let mismatch = his(split).run().unwrap().mismatches[0];
    assert_eq!((mismatch.left, mismatch.left_fen, mismatch.relation, mismatch.right_fen), ("medfee_sumamt", fen(8850), Relation::Equal, fen(8851)));
    assert_eq!(mismatch.right, "fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt");
}

/// medins.md §3.3, conflict: Hunan's fund leaves the account out, Guangdong's holds it.
#[test]
fn the_fund_may_hold_the_account_and_both_readings_are_tried() {
    let guangdong = HisSplit { fund_fen: fen(8600), funds: None, details_fen: None, ..sample() };
    let answer = his(guangdong.clone()).run().unwrap();
    assert!(answer.holds);
    assert_eq!(answer.account_in_fund, Some(true));
    assert_eq!(answer.parts.unwrap().fund_fen, fen(5600), "the account is counted once");
    // A site that has said how it counts is believed.
    let told = CheckSplitRequest { account_in_fund: Some(false), ..his(guangdong.clone()) };
    assert_eq!(broken(&told), [Identity::H2]);
    assert!(h2(&guangdong, true).unwrap().is_none() && h2(&guangdong, false).unwrap().is_some());
    // Neither reading closes: the mismatch is typed, cash is not derived from the rest.
    assert_eq!(broken(&his(HisSplit { fund_fen: fen(8601), ..guangdong })), [Identity::H2]);
    // Without account money nothing tells the readings apart.
    let no_account = HisSplit { account_fen: Money::ZERO, mutual_aid_fen: Money::ZERO, cash_fen: fen(3250), ..sample() };
    assert_eq!(his(no_account).run().unwrap().account_in_fund, None);
}

/// medins.md §3.3, conflict: one HIS computes cash = personal burden − account; we read it.
#[test]
fn cash_is_read_and_never_computed() {
    let split = HisSplit { cash_fen: Money::ZERO, ..sample() };
    assert_eq!(broken(&his(split)), [Identity::H4]);
}

/// medins.md §3.3: acct_pay already holds acct_mulaid_pay.
#[test]
fn mutual_aid_is_inside_the_account() {
    assert!(h4(&sample()).unwrap().is_none());
    let twice = HisSplit { personal_fen: fen(4250), fund_fen: fen(4600), funds: None, details_fen: None, ..sample() };
    assert_eq!(h4(&twice).unwrap().unwrap().right_fen, fen(3250), "mutual aid is not added again");
    let more = h4(&HisSplit { mutual_aid_fen: fen(3001), ..sample() }).unwrap().unwrap();
    assert_eq!((more.relation, more.left), (Relation::AtMost, "acct_mulaid_pay"));
}

/// medins.md §3.3, H-3: a separate hifdm_pay may be held by oth_pay already.
#[test]
fn the_disabled_fund_may_be_inside_other_or_beside_it() {
    let with = |funds: Funds| HisSplit { funds: Some(funds), ..sample() };
    let inside = Funds { pooled_fen: fen(5000), other_fen: fen(600), disabled_fen: Some(fen(600)), ..Funds::default() };
    let beside = Funds { pooled_fen: fen(5000), disabled_fen: Some(fen(600)), ..Funds::default() };
    let neither = Funds { pooled_fen: fen(5000), other_fen: fen(1), disabled_fen: Some(fen(600)), ..Funds::default() };
    assert!(h3(&with(inside), false).unwrap().is_none() && h3(&with(beside), false).unwrap().is_none());
    assert!(h3(&with(neither), false).unwrap().is_some());
}

/// medins.md §10 #20: H-5 is regional, so it warns.
#[test]
fn the_details_warn_and_may_list_the_account() {
    let listed = HisSplit { details_fen: Some(vec![fen(5600), fen(3000)]), ..sample() };
    assert!(his(listed).run().unwrap().warnings.is_empty());
    let answer = his(HisSplit { details_fen: Some(vec![fen(1)]), ..sample() }).run().unwrap();
    assert!(answer.holds);
    assert_eq!(answer.warnings[0].identity, Identity::H5);
}

/// medins.md §3.3: the sign of 2208's amounts is not established.
#[test]
fn a_reversal_is_taken_without_its_signs() {
    let mut negative = sample();
    for amount in [&mut negative.total_fen, &mut negative.pre_self_fen, &mut negative.in_scope_fen, &mut negative.fund_fen, &mut negative.personal_fen] {
        *amount = amount.negated();
    }
    for amount in [&mut negative.account_fen, &mut negative.cash_fen, &mut negative.mutual_aid_fen] {
        *amount = amount.negated();
    }
    negative.funds = Some(Funds { pooled_fen: fen(-5600), ..Funds::default() });
    negative.details_fen = Some(vec![fen(-5600)]);
    negative.lines_fen = Some(vec![fen(-8850)]);
    let request = CheckSplitRequest { reversal: true, ..his(negative.clone()) };
    assert_eq!(request.run().unwrap().parts, his(sample()).run().unwrap().parts);
    let error = his(negative).run().unwrap_err();
    assert!(error.to_string().contains("his.total_fen"), "{error}");
}

#[test]
fn every_identity_of_a_mobile_split_is_checked_and_named() {
    type Spoil = fn(&mut MobileSplit);
    let cases: [(&[Identity], Spoil); 8] = [
        (&[], |_| {}),
        (&[Identity::I1], |s| s.cash_fen = fen(251)),
        (&[Identity::I2], |s| (s.own_account_fen, s.mutual_aid_fen) = (Some(fen(2000)), Some(fen(1001)))),
        (&[Identity::I2], |s| s.mutual_aid_fen = Some(fen(3001))),
        (&[Identity::I3], |s| s.hospital_fen = Some(fen(1))),
        // The total closes only with the deposit: it was counted inside.
        (&[Identity::I1, Identity::I4], |s| (s.total_fen, s.deposit_fen) = (fen(9850), Some(fen(1000)))),
        (&[Identity::I1, Identity::I4], |s| (s.total_fen, s.delivery_fen, s.deposit_fen) = (fen(9950), Some(fen(100)), Some(fen(1000)))),
        (&[Identity::I5], |s| (s.delivery_fen, s.collect_fen) = (Some(fen(800)), Some(fen(250)))),
    ];
    for (identities, spoil) in cases {
        let mut split = mobile();
        spoil(&mut split);
        assert_eq!(broken(&mobile_of(split)), identities, "{split:?}");
    }
}

/// medins.md §2.2, I-1: an older text leaves othFeeAmt out.
#[test]
fn other_is_counted_when_it_is_told_and_nothing_when_it_is_not() {
    let split = MobileSplit { other_fen: Some(fen(100)), hospital_fen: Some(fen(60)), fund_fen: fen(5500), ..mobile() };
    assert!(i1(&split).unwrap().is_none());
    assert!(i1(&MobileSplit { other_fen: None, ..split }).unwrap().is_some());
    assert!(i1(&mobile()).unwrap().is_none(), "absent is nothing");
    // The hospital's part is a detail of other: counting it again would break the total.
    assert!(broken(&mobile_of(split)).is_empty());
}

#[test]
fn an_absent_part_of_the_account_is_not_zero() {
    assert!(i2(&mobile()).unwrap().is_none());
    assert!(i2(&MobileSplit { own_account_fen: Some(fen(2000)), ..mobile() }).unwrap().is_none());
    assert!(i2(&MobileSplit { own_account_fen: Some(fen(2000)), mutual_aid_fen: Some(Money::ZERO), ..mobile() }).unwrap().is_some());
}

#[test]
fn the_cash_due_counts_delivery_and_reductions() {
    let split = MobileSplit { delivery_fen: Some(fen(800)), reduction_fen: Some(fen(50)), collect_fen: Some(fen(1000)), ..mobile() };
    assert_eq!(split.cash_due().unwrap(), fen(1000));
    assert!(broken(&mobile_of(split)).is_empty());
    let order = MixedOrder::of(&split).unwrap();
    assert_eq!((order.total_fen, order.wechat_cash_fen, order.insured_cash_fen), (fen(9650), fen(1000), fen(250)));
    assert!(order.check().unwrap().is_empty());
    let too_much = MobileSplit { reduction_fen: Some(fen(9999)), collect_fen: None, ..split };
    assert!(MixedOrder::of(&too_much).unwrap_err().to_string().contains("split.reduction_fen"));
}

/// I16: a callback with a valid signature and another amount.
#[test]
fn what_was_settled_must_be_what_was_quoted() {
    let settled = MobileSplit { fund_fen: fen(5599), cash_fen: fen(251), ..mobile() };
    let request = CheckSplitRequest { quoted: Some(mobile()), ..mobile_of(settled) };
    assert_eq!(broken(&request), [Identity::Quoted, Identity::Quoted], "it closes in itself and is still another one");
    assert!(broken(&CheckSplitRequest { quoted: Some(mobile()), ..mobile_of(mobile()) }).is_empty());
}

#[test]
fn mixed_orders_close_in_three_ways_and_name_the_one_they_do_not() {
    let order = MixedOrder::of(&mobile()).unwrap();
    assert_eq!(order.mix_pay_type(), "CASH_AND_INSURANCE");
    type Spoil = fn(&mut MixedOrder);
    let cases: [(&[Identity], Spoil); 4] = [
        (&[Identity::W1, Identity::W2], |o| o.total_fen = fen(8851)),
        (&[Identity::W1, Identity::W3], |o| o.wechat_cash_fen = fen(251)),
        (&[Identity::W2, Identity::W3], |o| o.insured_cash_fen = fen(249)),
        (&[Identity::W1, Identity::W3], |o| o.reductions_fen = vec![fen(1)]),
    ];
    for (identities, spoil) in cases {
        let mut spoilt = order.clone();
        spoil(&mut spoilt);
        assert_eq!(broken(&CheckSplitRequest { wechat: Some(spoilt), ..CheckSplitRequest::default() }), identities);
    }
    let insured_only = MobileSplit { cash_fen: Money::ZERO, fund_fen: fen(5850), ..mobile() };
    assert_eq!(MixedOrder::of(&insured_only).unwrap().mix_pay_type(), "INSURANCE_ONLY");
    assert_eq!(MixedOrder { total_fen: fen(1), insured_cash_fen: fen(1), wechat_cash_fen: fen(1), ..MixedOrder::default() }.mix_pay_type(), "CASH_ONLY");
}

#[test]
fn a_request_without_a_split_or_with_a_lonely_quote_is_wrong() {
    assert!(CheckSplitRequest::default().run().is_err());
    assert!(CheckSplitRequest { quoted: Some(mobile()), ..his(sample()) }.run().is_err());
}

/// medins.md §10 #6: ordStas 17–25 and whatever comes later keep the question open, never paid.
#[test]
fn an_unknown_order_state_is_still_processing() {
    for code in ["17", "18", "25", "26", "", "06", "６", "paid"] {
        assert_eq!(order_class(code), OrderClass::Processing, "{code}");
        assert!(order_class(code).is_open());
    }
    let settled: Vec<_> = ORDER_STATES.iter().filter(|s| s.class == OrderClass::Settled).map(|s| s.code).collect();
    assert_eq!(settled, ["6"], "one state only proves payment");
    assert_eq!(order_class("3"), OrderClass::Candidate, "cash done proves no insurance");
    assert_eq!(order_class("16"), OrderClass::MoneyStuck);
    assert!(order_class("16").needs_person() && !order_class("16").is_open());
    for (at, state) in ORDER_STATES.iter().enumerate() {
        assert_eq!(state.code, at.to_string());
    }
}

#[test]
fn clearing_codes_are_those_of_the_tables() {
    assert_eq!(CLEARING_TYPES[0].code, "11");
    assert_eq!(
        ["0", "1", "2", "3", "4"].map(Statement::from_code),
        [Some(Statement::Equal), Some(Statement::CentreMore), Some(Statement::HospitalMore), Some(Statement::Differs), None]
    );
    for part in [SettlementPart::All, SettlementPart::Cash, SettlementPart::Insurance] {
        assert_eq!(SettlementPart::from_code(part.code()), Some(part));
    }
    assert_eq!(SettlementPart::from_code("hi"), None);
}

/// medins.md §2.4: what each refdType may give back.
#[test]
fn an_insurers_refund_keeps_to_its_scope() {
    let whole = |left: i64| RefundPart { left_fen: fen(left), back_fen: fen(left) };
    let none = |left: i64| RefundPart { left_fen: fen(left), back_fen: Money::ZERO };
    let all = InsurerRefund { part: SettlementPart::All, total_fen: fen(8850), cash: whole(250), account: whole(3000), fund: whole(5600) };
    assert!(all.check().unwrap().is_empty());
    assert_eq!(InsurerRefund { total_fen: fen(8849), ..all }.check().unwrap().len(), 1);
    assert!(!InsurerRefund { total_fen: fen(8600), cash: none(250), ..all }.check().unwrap().is_empty(), "ALL leaves nothing");
    let insurance = InsurerRefund { part: SettlementPart::Insurance, total_fen: fen(8600), cash: none(250), ..all };
    assert!(insurance.check().unwrap().is_empty());
    let part = RefundPart { left_fen: fen(5600), back_fen: fen(1) };
    assert!(!InsurerRefund { total_fen: fen(3001), fund: part, ..insurance }.check().unwrap().is_empty(), "no part of the fund");
    let cash = |back: i64| InsurerRefund {
        part: SettlementPart::Cash,
        total_fen: fen(back),
        cash: RefundPart { left_fen: fen(250), back_fen: fen(back) },
        account: none(3000),
        fund: none(5600),
    };
    assert!(cash(1).check().unwrap().is_empty() && cash(250).check().unwrap().is_empty());
    assert!(!cash(0).check().unwrap().is_empty() && !cash(251).check().unwrap().is_empty());
}

/// medins.md §10 #15: query only, unless the town allows more.
#[test]
fn a_designation_is_shown_and_filed_only_where_the_town_allows_it() {
    let day = BizDate::parse("2026-03-10").unwrap();
    let row = |code: &str, until: Option<&str>| Designation {
        institution_code: code.to_owned(),
        institution_name: "演示医院".to_owned(),
        from: BizDate::parse("2026-01-01").unwrap(),
        until: until.map(|u| BizDate::parse(u).unwrap()),
        insurance_type: "310".to_owned(),
    };
    let policy = DesignationPolicy::default();
    let of = |rows: &[Designation], policy: &DesignationPolicy| DesignationState::of(rows, "H1", "310", day, policy);
    assert_eq!(of(&[], &policy), DesignationState::FileYourself);
    assert_eq!(of(&[row("H1", None)], &policy), DesignationState::Here);
    assert_eq!(of(&[row("H1", Some("2026-03-10"))], &policy), DesignationState::Here, "the last day counts");
    assert_eq!(of(&[row("H1", Some("2026-03-09"))], &policy), DesignationState::FileYourself);
    assert_eq!(of(&[row("H2", None)], &policy), DesignationState::Elsewhere);
    let by_hospital = DesignationPolicy { filing: Filing::ByHospital, at_most: 2, ..policy.clone() };
    assert_eq!(of(&[row("H2", None)], &by_hospital), DesignationState::MayFile);
    assert_eq!(DesignationState::of(&[], "H1", "340", day, &policy), DesignationState::NotNeeded);
}

#[test]
fn the_notice_names_the_last_day_of_the_month() {
    for (settled, last, words) in [
        ("2026-02-10T09:00:00+08:00", "2026-02-28", "2026年2月28日"),
        ("2024-02-10T09:00:00+08:00", "2024-02-29", "2024年2月29日"),
        ("2026-12-31T23:59:00+08:00", "2026-12-31", "2026年12月31日"),
        // The last minute of the year in Shanghai is still the old year; in UTC it was so all along.
        ("2026-12-31T16:00:00Z", "2027-01-31", "2027年1月31日"),
        ("2026-01-31T23:59:59+08:00", "2026-01-31", "2026年1月31日"),
    ] {
        let shown = notice(at(settled), &Window::of(WindowRule::SameMonth));
        assert_eq!(shown.last_day.unwrap().to_string(), last);
        assert!(shown.text.contains(words) && shown.text.contains("跨月不能退费"), "{}", shown.text);
    }
    assert_eq!(notice(at("2026-02-27T09:00:00+08:00"), &Window::days(3)).last_day.unwrap().to_string(), "2026-03-02");
    assert_eq!(notice(at("2026-02-27T09:00:00+08:00"), &Window::of(WindowRule::Unlimited)).last_day, None);
}

/// DESIGN.md §4.1: insured bills one after the other, in the order of grouping; cash bills together.
#[test]
fn only_the_first_insured_bill_may_be_paid() {
    let bill = |dept: &str, amount: i64, own: bool| {
        serde_json::json!({"line_id": format!("L{dept}"), "patient_id": "P1", "visit_id": "V1", "kind": "service", "fee_class": "04", "item_code": "I", "item_name": "项目",
            "price": format!("{}", amount / 100), "quantity": "1", "amount_fen": amount, "order_dept_code": "MZ", "order_dept_name": "门诊", "exec_dept_code": dept,
            "exec_dept_name": dept, "self_paid_item": own})
    };
    let request = serde_json::json!({
        "visits": [{"visit_id": "V1", "patient_id": "P1", "date": "2026-03-10", "dept_code": "MZ", "dept_name": "门诊", "payer": "insured"}],
        "lines": [bill("A", 0, false), bill("B", 1000, false), bill("C", 2000, true), bill("D", 3000, false), bill("E", 500, false)],
    });
    let request: GroupRequest = serde_json::from_value(request).unwrap();
    let grouped = group(&menjie::bill::GroupInput { visits: &request.visits, lines: &request.lines }, &request.grouping, request.totalling).unwrap();
    assert_eq!(turns(&grouped.bills), [Turn::Confirm, Turn::Now, Turn::Now, Turn::After(1), Turn::After(1)]);
    assert_eq!(grouped.bills.iter().map(pay_path).collect::<Vec<_>>(), [PayPath::Insured, PayPath::Insured, PayPath::Cash, PayPath::Insured, PayPath::Insured]);
    let mut credit = grouped.bills.clone();
    credit[1].credit = true;
    assert_eq!(turns(&credit), [Turn::Confirm, Turn::Window, Turn::Now, Turn::Now, Turn::After(3)]);
}

proptest! {
    /// A split made of its parts closes, its mixed order closes, and any other single amount breaks one of its identities.
    #[test]
    fn a_split_of_its_parts_closes_and_a_touched_one_does_not(cash in 0..100_000i64, account in 1..100_000i64, fund in 0..100_000i64, other in 0..100_000i64, off in 1..1000i64, which in 0..5usize) {
        let split = MobileSplit {
            total_fen: fen(cash + account + fund + other),
            cash_fen: fen(cash),
            account_fen: fen(account),
            fund_fen: fen(fund),
            other_fen: Some(fen(other)),
            ..MobileSplit::default()
        };
        prop_assert!(split.check().unwrap().is_empty());
        prop_assert!(MixedOrder::of(&split).unwrap().check().unwrap().is_empty());
        let parts = Parts::of_mobile(&split);
        let sum = Money::sum([parts.fund_fen, parts.account_fen, parts.cash_fen, parts.other_fen]).unwrap();
        prop_assert_eq!(sum, parts.total_fen);
        let mut touched = split;
        let amount = match which {
            0 => &mut touched.total_fen,
            1 => &mut touched.cash_fen,
            2 => &mut touched.account_fen,
            3 => &mut touched.fund_fen,
            _ => touched.other_fen.as_mut().unwrap(),
        };
        *amount = amount.plus(fen(off)).unwrap();
        prop_assert!(!touched.check().unwrap().is_empty());
        prop_assert!(MixedOrder::of(&touched).is_err());
    }

    /// Whichever way the region counts the account, the parts add up to the total.
    #[test]
    fn the_parts_of_a_his_side_split_add_up(cash in 0..100_000i64, account in 0..100_000i64, fund in 0..100_000i64, hospital in 0..1000i64, inside in any::<bool>()) {
        let total = cash + account + fund + hospital;
        let split = HisSplit {
            total_fen: fen(total),
            in_scope_fen: fen(total),
            fund_fen: fen(if inside { fund + account } else { fund }),
            personal_fen: fen(account + cash),
            account_fen: fen(account),
            cash_fen: fen(cash),
            hospital_fen: fen(hospital),
            ..HisSplit::default()
        };
        let answer = his(split).run().unwrap();
        prop_assert!(answer.holds);
        let parts = answer.parts.unwrap();
        prop_assert_eq!(Money::sum([parts.fund_fen, parts.account_fen, parts.cash_fen, parts.other_fen]).unwrap(), parts.total_fen);
        prop_assert_eq!(parts.fund_fen, fen(fund));
    }
}
