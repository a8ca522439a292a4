//! The citizen identification number of GB 11643: area, birth date, serial, check character (MOD 11-2). Residence permits of
//! 港澳台居民 and new ones of foreigners have the same layout.

use crate::calendar::BizDate;

/// 18 characters whose shape and check character are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number<'a> {
    text: &'a str,
}

/// Why 18 characters are no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoNumber {
    /// Not 17 digits and a digit or X.
    Shape,
    /// The check character is another one.
    Check,
}

impl<'a> Number<'a> {
    /// `text` is normalised: ASCII, upper-case.
    pub(super) fn read(text: &'a str) -> Result<Number<'a>, NoNumber> {
        let Ok([body @ .., last]) = <&[u8; 18]>::try_from(text.as_bytes()) else { return Err(NoNumber::Shape) };
        // Without leaving early, so that many digits are looked at in one step.
        let digits = body.iter().fold(true, |all, digit| all & digit.is_ascii_digit());
        if !digits || !(last.is_ascii_digit() || *last == b'X') {
            return Err(NoNumber::Shape);
        }
        if check_character(body) == *last { Ok(Number { text }) } else { Err(NoNumber::Check) }
    }

    fn part(self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// The first six digits.
    pub(super) fn area(self) -> &'a str {
        self.part(0, 6)
    }

    /// The birth date; `None` for one that does not exist.
    pub(super) fn birth(self) -> Option<BizDate> {
        // All of them are digits.
        let number = |from, to| self.part(from, to).bytes().fold(0u16, |n, digit| n * 10 + u16::from(digit - b'0'));
        BizDate::new(number(6, 10).into(), number(10, 12) as u8, number(12, 14) as u8)
    }

    /// GB/T 2261.1 by the parity of digit 17: odd male, even female.
    pub(super) fn sex(self) -> &'static str {
        if matches!(self.part(16, 17).as_bytes(), [b'1' | b'3' | b'5' | b'7' | b'9']) { "1" } else { "2" }
    }
}

/// Weights of the first 17 digits, powers of two modulo 11.
const WEIGHTS: [u16; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

fn check_character(body: &[u8]) -> u8 {
    let sum: u16 = body.iter().zip(WEIGHTS).map(|(digit, weight)| u16::from(digit - b'0') * weight).sum();
    match (12 - sum % 11) % 11 {
        10 => b'X',
        value => b'0' + value as u8,
    }
}

/// The 18-character form of an old number of 15 digits (before 1999, no proof since 2013-01-01): `19` before the year, the
/// check character behind. `None` when it is not 15 digits.
pub fn upgrade_15(old: &str) -> Option<String> {
    let (area, rest) = old.split_at_checked(6)?;
    let body = format!("{area}19{rest}");
    let digits = old.len() == 15 && body.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| format!("{body}{}", char::from(check_character(body.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the standard defines it: the weights are 2^(18 - position) modulo 11, and sum and check character are 1 modulo 11.
    fn by_the_standard(body: &str) -> char {
        let weighted = body.chars().rev().zip(1u32..).fold(0, |sum, (c, power)| (sum + c.to_digit(10).unwrap() * 2u32.pow(power)) % 11);
        let check = (0..11).find(|check| (weighted + check) % 11 == 1).unwrap();
        if check == 10 { 'X' } else { char::from_digit(check, 10).unwrap() }
    }

    #[test]
    fn the_check_character_is_that_of_the_standard() {
        for n in 0..50_000u64 {
            let body = format!("{:017}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 100_000_000_000_000_000);
            assert_eq!(char::from(check_character(body.as_bytes())), by_the_standard(&body), "{body}");
        }
    }

    #[test]
    fn the_samples_of_the_standard() {
        let number = Number::read("11010519491231002X").unwrap();
        assert_eq!((number.area(), number.birth().unwrap().to_string().as_str(), number.sex()), ("110105", "1949-12-31", "2"));
        let number = Number::read("440524188001010014").unwrap();
        assert_eq!((number.birth().unwrap().to_string().as_str(), number.sex()), ("1880-01-01", "1"));
        assert_eq!(Number::read("440599199003070050"), Err(NoNumber::Check));
        assert_eq!(Number::read("44059919751112018x"), Err(NoNumber::Shape), "the caller normalises");
        assert!(Number::read("440599190002290015").unwrap().birth().is_none() && Number::read("44059920240230002X").unwrap().birth().is_none());
    }

    #[test]
    fn old_numbers_are_upgraded() {
        assert_eq!(upgrade_15("440599751112003").as_deref(), Some("440599197511120032"));
        for no in ["", "44059975111200", "44059975111200X", "四四零五九九七五一一一二零零三", "4405997511120030"] {
            assert_eq!(upgrade_15(no), None, "{no}");
        }
    }
}
