//! Rounding, totals, cash, allocation and capital words (domain/hospital.md §2.4, §3.5).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::Money;
use menjie::bill::{TotalLine, total};
use menjie::error::Code;
use menjie::money::{CashRounding, Exact, MAX_FEN, Quantity, Totalling, UnitPrice, amount_in_words, line_amount};
use proptest::prelude::*;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

fn fen(fen: i64) -> Money {
    Money::from_fen(fen).unwrap()
}

fn amount(price: &str, quantity: &str, doses: u32) -> i64 {
    line_amount(UnitPrice::parse(price).unwrap(), Quantity::parse(quantity).unwrap(), doses).unwrap().fen()
}

fn total_line(price: &str, quantity: &str) -> TotalLine {
    TotalLine { price: UnitPrice::parse(price).unwrap(), quantity: Quantity::parse(quantity).unwrap(), doses: 1, amount_fen: None }
}

#[test]
fn a_line_is_rounded_half_away_from_zero() {
    for (price, quantity, doses, want) in [
        ("1.1150", "3", 1, 335),
        ("0.4560", "3", 1, 137),
        ("3.2650", "28", 1, 9_142),
        ("2.1357", "14", 1, 2_990),
        ("1.1150", "-3", 1, -335),
        ("0.005", "1", 1, 1),
        ("0.004999", "1", 1, 0),
        ("0.005", "-1", 1, -1),
        ("0.12", "15", 7, 1_260),
        ("0.333333", "3", 1, 100),
        ("100000000", "1", 1, MAX_FEN),
    ] {
        assert_eq!(amount(price, quantity, doses), want, "{price} × {quantity} × {doses}");
    }
    let too_much = line_amount(UnitPrice::parse("100000000").unwrap(), Quantity::parse("100000000").unwrap(), u32::MAX);
    assert_eq!(too_much.unwrap_err().code(), Code::AmountRange);
}

#[test]
fn totals_of_lines_or_rounded_sums() {
    let lines = [total_line("1.1150", "3"), total_line("1.1150", "3")];
    let by_line = total(&lines, Totalling::SumOfLines, CashRounding::None).unwrap();
    assert_eq!((by_line.total_fen, by_line.rounding_fen), (fen(670), Money::ZERO));
    let by_sum = total(&lines, Totalling::RoundedSum, CashRounding::None).unwrap();
    assert_eq!((by_sum.total_fen, by_sum.rounding_fen), (fen(669), fen(-1)));
    // The refund mirrors the charge.
    let back = [total_line("1.1150", "-3"), total_line("1.1150", "-3")];
    let by_sum = total(&back, Totalling::RoundedSum, CashRounding::None).unwrap();
    assert_eq!((by_sum.total_fen, by_sum.rounding_fen), (fen(-669), fen(1)));
    let wrong = [TotalLine { amount_fen: Some(fen(334)), ..total_line("1.1150", "3") }];
    let error = total(&wrong, Totalling::SumOfLines, CashRounding::None).unwrap_err();
    assert_eq!(error.to_string(), "[113] a line's amount differs from price times quantity: field=lines[0].amount_fen, expected_fen=335, given_fen=334");
}

#[test]
fn cash_modes_and_the_sign_of_the_rounding_field() {
    use CashRounding::{JiaoDown, JiaoHalfUp, JiaoUp, None, YuanDown, YuanHalfUp, YuanUp};
    for (mode, from, rounded, field) in [
        (None, 12_132, 12_132, 0),
        (JiaoHalfUp, 12_132, 12_130, 2),
        (JiaoHalfUp, 12_135, 12_140, -5),
        (JiaoDown, 12_139, 12_130, 9),
        (JiaoUp, 12_132, 12_140, -8),
        (JiaoUp, 12_130, 12_130, 0),
        (YuanHalfUp, 12_150, 12_200, -50),
        (YuanHalfUp, 12_149, 12_100, 49),
        (YuanDown, 12_199, 12_100, 99),
        (YuanUp, 12_101, 12_200, -99),
        (YuanUp, 12_100, 12_100, 0),
    ] {
        assert_eq!(mode.round(fen(from)).unwrap(), (fen(rounded), fen(field)), "{mode:?} {from}");
        assert_eq!(mode.round(fen(-from)).unwrap(), (fen(-rounded), fen(-field)), "{mode:?} -{from}");
    }
    assert!(YuanUp.round(fen(MAX_FEN - 1)).is_ok());
    // The names are the contract; the numbers of hsa-his are their order.
    let names = [None, JiaoHalfUp, JiaoDown, JiaoUp, YuanHalfUp, YuanDown, YuanUp].map(|m| serde_json::to_string(&m).unwrap());
    assert_eq!(names.join(","), r#""none","jiao_half_up","jiao_down","jiao_up","yuan_half_up","yuan_down","yuan_up""#);
}

#[test]
fn the_last_part_takes_what_is_left() {
    let parts = |total: i64, weights: &[u64]| fen(total).allocate(weights).unwrap().into_iter().map(Money::fen).collect::<Vec<_>>();
    assert_eq!(parts(1_000, &[1, 1, 1]), [333, 333, 334]);
    assert_eq!(parts(-1_000, &[1, 1, 1]), [-333, -333, -334]);
    assert_eq!(parts(5, &[1; 10]), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    assert_eq!(parts(100, &[0, 3, 0, 1]), [0, 75, 0, 25]);
    assert_eq!(parts(0, &[1, 2]), [0, 0]);
    assert_eq!(parts(MAX_FEN, &[u64::MAX, u64::MAX]), [MAX_FEN / 2, MAX_FEN / 2]);
    for none in [&[][..], &[0, 0][..]] {
        assert_eq!(fen(1).allocate(none).unwrap_err().code(), Code::BadField);
    }
}

#[test]
fn yuan_text_is_read_exactly() {
    for (text, want) in [("12", 1_200), ("12.0", 1_200), ("12.0000", 1_200), ("-0.05", -5), ("0.5", 50), ("121.32", 12_132), ("0000012.30", 1_230), ("100000000", MAX_FEN)] {
        assert_eq!(Money::from_yuan(text, "x").unwrap().fen(), want, "{text}");
    }
    for text in ["", "-", "null", ".5", "1.", "1.005", "1e2", "+1", " 1", "1 ", "--1", "1,000", "１２", "100000000.01", "9999999999999"] {
        let error = Money::from_yuan(text, "pay_amount").unwrap_err();
        assert!(error.context().any(|(k, v)| (k, v) == ("field", "pay_amount")), "{text}");
    }
}

#[test]
fn prices_and_quantities_refuse_what_they_cannot_hold() {
    for text in ["", "null", "1e3", "abc", "1.2.3", "0.0000001", "100000001", "1 "] {
        assert!(UnitPrice::parse(text).is_err(), "{text}");
    }
    assert!(Quantity::parse("0.00001").is_err());
    assert_eq!(UnitPrice::parse("3.265000000").unwrap().to_string(), "3.265", "zeros at the end are no decimals");
    for scaled in [0, 1, -1, 123_456_789, 100_000_000_000_000, -100_000_000_000_000] {
        assert_eq!(UnitPrice::from_scaled(scaled).unwrap().scaled(), scaled);
    }
}

#[test]
fn capital_words() {
    for (amount, words) in [
        (0, "零元整"),
        (1, "壹分"),
        (5, "伍分"),
        (10, "壹角"),
        (15, "壹角伍分"),
        (100, "壹元整"),
        (105, "壹元零伍分"),
        (150, "壹元伍角"),
        (1_000, "壹拾元整"),
        (1_050, "壹拾元伍角"),
        (10_000, "壹佰元整"),
        (10_100, "壹佰零壹元整"),
        (11_000, "壹佰壹拾元整"),
        (12_132, "壹佰贰拾壹元叁角贰分"),
        (32_504, "叁佰贰拾伍元零肆分"),
        (100_000, "壹仟元整"),
        (100_100, "壹仟零壹元整"),
        (101_000, "壹仟零壹拾元整"),
        (140_950, "壹仟肆佰零玖元伍角"),
        (168_032, "壹仟陆佰捌拾元叁角贰分"),
        (600_714, "陆仟零柒元壹角肆分"),
        (1_000_000, "壹万元整"),
        (1_000_001, "壹万元零壹分"),
        (1_000_100, "壹万零壹元整"),
        (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
        (2_000_005, "贰万元零伍分"),
        (10_000_000, "壹拾万元整"),
        (10_010_000, "壹拾万零壹佰元整"),
        (10_700_053, "壹拾万柒仟元伍角叁分"),
        (101_010_101, "壹佰零壹万零壹佰零壹元零壹分"),
        (100_000_000, "壹佰万元整"),
        (1_000_000_000, "壹仟万元整"),
        (1_001_000_000, "壹仟零壹万元整"),
        (MAX_FEN, "壹亿元整"),
        (MAX_FEN - 1, "玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
        (-100, "负壹元整"),
        (-5, "负伍分"),
    ] {
        assert_eq!(amount_in_words(fen(amount)), words, "{amount}");
    }
}

/// Reads capital words back; written independently of the writer.
fn read_words(words: &str) -> i64 {
    let (sign, words) = words.strip_prefix('负').map_or((1, words), |rest| (-1, rest));
    let (mut total, mut section, mut digit) = (0i64, 0i64, 0i64);
    for c in words.chars() {
        match c {
            '拾' | '佰' | '仟' => {
                section += digit * 10i64.pow("拾佰仟".chars().position(|u| u == c).unwrap() as u32 + 1);
                digit = 0;
            }
            '万' | '亿' => {
                total = (total + section + digit) * if c == '万' { 10_000 } else { 100_000_000 };
                (section, digit) = (0, 0);
            }
            '元' => {
                total = (total + section + digit) * 100;
                (section, digit) = (0, 0);
            }
            '角' => {
                total += digit * 10;
                digit = 0;
            }
            '分' => {
                total += digit;
                digit = 0;
            }
            '整' => {}
            _ => digit = "零壹贰叁肆伍陆柒捌玖".chars().position(|d| d == c).unwrap() as i64,
        }
    }
    sign * total
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn words_can_be_read_back_and_have_no_stray_zeros(amount in prop_oneof![-MAX_FEN..=MAX_FEN, -200_000i64..200_000, (0i64..100_000_000).prop_map(|n| n * 100), (0i64..10_000).prop_map(|n| n * 1_000_000)]) {
        let words = amount_in_words(fen(amount));
        prop_assert_eq!(read_words(&words), amount, "{}", &words);
        let stray = ["零零", "零元", "零万", "零亿", "零拾", "零佰", "零仟", "零角", "零分", "零整", "亿万"];
        prop_assert!(amount == 0 || !stray.iter().any(|s| words.contains(s)), "{}", words);
        prop_assert_eq!(words.ends_with('整'), amount % 100 == 0);
    }

    /// The integer rounding is the decimal one.
    #[test]
    fn line_amounts_agree_with_decimal_arithmetic(price in -100_000_000_000i64..=100_000_000_000, quantity in -10_000_000i64..=10_000_000, doses in 0u32..20) {
        let exact = Decimal::new(price, 6) * Decimal::new(quantity, 4) * Decimal::from(doses) * Decimal::ONE_HUNDRED;
        let want = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64().unwrap();
        let got = line_amount(UnitPrice::from_scaled(price).unwrap(), Quantity::from_scaled(quantity).unwrap(), doses);
        prop_assert_eq!(got.ok().map(Money::fen), (want.abs() <= MAX_FEN).then_some(want));
    }

    /// A refund row of the same price and the opposite quantity has the opposite amount.
    #[test]
    fn refunds_mirror_charges(price in 0i64..1_000_000_000, quantity in 0i64..1_000_000, doses in 1u32..10) {
        let one = |q: i64| Exact::of_line(price, q, doses).round().unwrap();
        prop_assert_eq!(one(quantity).negated(), one(-quantity));
    }

    #[test]
    fn allocations_close_keep_the_sign_and_are_fair(total in -MAX_FEN..=MAX_FEN, weights in prop::collection::vec(0u64..1_000, 1..12)) {
        prop_assume!(weights.iter().any(|w| *w > 0));
        let parts = fen(total).allocate(&weights).unwrap();
        prop_assert_eq!(Money::sum(parts.iter().copied()).unwrap().fen(), total);
        let sum: u64 = weights.iter().sum();
        for (part, weight) in parts.iter().zip(&weights) {
            prop_assert!(part.fen() * total.signum() >= 0);
            let share = i128::from(total) * i128::from(*weight);
            prop_assert!((i128::from(part.fen()) * i128::from(sum) - share).abs() < i128::from(sum), "off by a fen or more");
        }
    }

    #[test]
    fn cash_rounding_closes_and_stays_near(amount in -1_000_000i64..1_000_000, mode in 0usize..7) {
        use CashRounding::{JiaoDown, JiaoHalfUp, JiaoUp, None, YuanDown, YuanHalfUp, YuanUp};
        let (rounded, field) = [None, JiaoHalfUp, JiaoDown, JiaoUp, YuanHalfUp, YuanDown, YuanUp][mode].round(fen(amount)).unwrap();
        prop_assert_eq!(rounded.plus(field).unwrap().fen(), amount);
        let unit = [1, 10, 10, 10, 100, 100, 100][mode];
        prop_assert!(rounded.fen() % unit == 0 && field.fen().abs() < unit);
    }

    #[test]
    fn yuan_text_round_trips(amount in -MAX_FEN..=MAX_FEN) {
        prop_assert_eq!(Money::from_yuan(&fen(amount).to_yuan(), "x").unwrap().fen(), amount);
    }
}
