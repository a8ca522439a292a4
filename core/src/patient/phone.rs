//! Phone numbers: mainland mobiles (virtual operators too), Hong Kong, Macau, Taiwan, landlines (domain/hospital.md §1.8).

/// What sort of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneKind {
    /// A mobile of the mainland.
    Mobile,
    /// A mobile of a virtual operator (162, 165, 167, 170, 171): as good as any other.
    Virtual,
    /// `+852` and 8 digits.
    HongKong,
    /// `+853` and 8 digits, the first a 6.
    Macau,
    /// `+886` and 9 digits.
    Taiwan,
    /// With area code, `0754-88880000`, or without.
    Landline,
}

/// Reads what people type: full-width digits, blanks, hyphens, brackets, `+` or `00` before the country.
pub fn phone_kind(text: &str) -> Option<PhoneKind> {
    // Nearly all are eleven digits and nothing else.
    if let Ok(eleven) = <&[u8; 11]>::try_from(text.as_bytes())
        && eleven.iter().fold(eleven.starts_with(b"1"), |all, digit| all & digit.is_ascii_digit())
    {
        return of_the_mainland(eleven);
    }
    let mut typed = Digits::default();
    for c in text.chars() {
        typed.take(c)?;
    }
    let digits = typed.digits();
    let international = if typed.plus { Some(digits) } else { digits.strip_prefix(b"00") };
    match international {
        Some([b'8', b'6', national @ ..]) => of_the_mainland(national),
        Some(other) => of_a_region(other),
        None => of_the_mainland(digits).or_else(|| of_a_region(digits)).or_else(|| landline(digits)),
    }
}

/// Eleven digits, 13 to 19.
fn of_the_mainland(digits: &[u8]) -> Option<PhoneKind> {
    let [b'1', second @ b'3'..=b'9', third, rest @ ..] = digits else { return None };
    let virtual_operator = matches!([*second, *third], [b'6', b'2' | b'5' | b'7'] | [b'7', b'0' | b'1']);
    (rest.len() == 8).then_some(if virtual_operator { PhoneKind::Virtual } else { PhoneKind::Mobile })
}

fn of_a_region(digits: &[u8]) -> Option<PhoneKind> {
    match digits {
        [b'8', b'5', b'2', b'1'..=b'9', rest @ ..] if rest.len() == 7 => Some(PhoneKind::HongKong),
        [b'8', b'5', b'3', b'6', rest @ ..] if rest.len() == 7 => Some(PhoneKind::Macau),
        [b'8', b'8', b'6', b'1'..=b'9', rest @ ..] if rest.len() == 8 => Some(PhoneKind::Taiwan),
        _ => None,
    }
}

/// Area code of three or four digits and a number of seven or eight; or the number alone.
fn landline(digits: &[u8]) -> Option<PhoneKind> {
    let fits = match digits {
        [b'0', b'1'..=b'9', rest @ ..] => (8..=10).contains(&rest.len()),
        [b'2'..=b'9', rest @ ..] => (6..=7).contains(&rest.len()),
        _ => false,
    };
    fits.then_some(PhoneKind::Landline)
}

/// At most 16 digits, kept without an allocation.
#[derive(Default)]
struct Digits {
    kept: [u8; 16],
    count: usize,
    plus: bool,
}

impl Digits {
    fn take(&mut self, c: char) -> Option<()> {
        let digit = match c {
            '0'..='9' => c as u8,
            '０'..='９' => (u32::from(c) - 0xff10) as u8 + b'0',
            '+' | '＋' if self.count == 0 && !self.plus => {
                self.plus = true;
                return Some(());
            }
            '-' | '－' | '(' | ')' | '（' | '）' => return Some(()),
            _ => return c.is_whitespace().then_some(()),
        };
        *self.kept.get_mut(self.count)? = digit;
        self.count += 1;
        Some(())
    }

    fn digits(&self) -> &[u8] {
        self.kept.get(..self.count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_sort_is_recognised() {
        for (kind, numbers) in [
            (Some(PhoneKind::Mobile), "13900000001 19900000001 139-0000-0001 +8613900000001 008613900000001 １３９００００００01"),
            (Some(PhoneKind::Virtual), "17000000001 17100000001 16200000001 16500000001 16700000001"),
            (Some(PhoneKind::HongKong), "+85291234567 0085291234567 85291234567"),
            (Some(PhoneKind::Macau), "+85366123456"),
            (Some(PhoneKind::Taiwan), "+886912345678"),
            (Some(PhoneKind::Landline), "0754-88880000 075488880000 (0754)88880000 010-12345678 88880000 021-5555555"),
            (None, "1390000000 139000000011 12900000001 +85321234567 +8529123456 +886012345678 +1 110 0 +13900000001 1390000000x 00000000000 +861390000000 ++8613900000001"),
        ] {
            for number in numbers.split(' ') {
                assert_eq!(phone_kind(number), kind, "{number}");
            }
        }
        assert_eq!(phone_kind(""), None);
        assert_eq!(phone_kind(" 139 0000\u{3000}0001 "), Some(PhoneKind::Mobile));
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "\\PC{0,24}|[0-9+ ()-]{0,24}") {
            let digits = text.chars().filter(|c| c.is_ascii_digit() || ('０'..='９').contains(c)).count();
            prop_assert!(phone_kind(&text).is_none() || (7..=15).contains(&digits));
        }
    }
}
