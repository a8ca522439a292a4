//! Amounts in Chinese capital words (大写金额).

use super::Money;

const DIGITS: [&str; 10] = ["零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"];

/// The amount in capital words (大写), e.g. `壹佰贰拾壹元叁角贰分`, `壹拾元伍角`, `壹元零伍分`, `伍分`, `零元整`, `负壹元整`.
/// Rules: 《票据法》 style; 整 only after 元 or when nothing follows; a run of zeros is one 零 (domain/hospital.md §3.5).
pub fn amount_in_words(amount: Money) -> String {
    let fen = amount.fen().unsigned_abs();
    let (yuan, jiao, cent) = (fen / 100, (fen / 10) % 10, fen % 10);
    let mut words = String::new();
    if amount.is_negative() {
        words.push('负');
    }
    if fen == 0 {
        return "零元整".to_owned();
    }
    if yuan > 0 {
        push_integer(&mut words, yuan);
        words.push('元');
    }
    match (jiao, cent) {
        (0, 0) => words.push('整'),
        (0, c) => {
            if yuan > 0 {
                words.push('零');
            }
            push_digit(&mut words, c);
            words.push('分');
        }
        (j, c) => {
            push_digit(&mut words, j);
            words.push('角');
            if c > 0 {
                push_digit(&mut words, c);
                words.push('分');
            }
        }
    }
    words
}

fn push_digit(words: &mut String, digit: u64) {
    // A decimal digit is always below ten.
    words.push_str(DIGITS.get(usize::try_from(digit % 10).unwrap_or(0)).copied().unwrap_or("零"));
}

/// Writes a positive integer below 10^12, four digits at a time (亿, 万, 个).
fn push_integer(words: &mut String, value: u64) {
    let mut zero_pending = false;
    let mut started = false;
    for (section_unit, section) in [("亿", value / 100_000_000), ("万", value / 10_000 % 10_000), ("", value % 10_000)] {
        if section == 0 {
            zero_pending |= started;
            continue;
        }
        for (unit, digit) in [("仟", section / 1000), ("佰", section / 100 % 10), ("拾", section / 10 % 10), ("", section % 10)] {
            if digit == 0 {
                zero_pending |= started;
                continue;
            }
            if zero_pending {
                words.push('零');
                zero_pending = false;
            }
            push_digit(words, digit);
            words.push_str(unit);
            started = true;
        }
        // Zeros at the end of a section are bridged by its unit: 壹拾万元, not 壹拾零万元.
        if section % 10 == 0 {
            zero_pending = false;
        }
        words.push_str(section_unit);
    }
}
