//! The texts of one record, read once: several rules ask for the same ones.

use crate::patient::{Field, RecordRow};

/// Fields that hold a text, one bit each. They come out in the order of [`Field::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields(u32);

impl Fields {
    /// These fields.
    pub(super) const fn of<const N: usize>(fields: [Field; N]) -> Fields {
        let (mut bits, mut rest) = (0, fields.as_slice());
        while let [field, others @ ..] = rest {
            bits |= 1 << *field as u32;
            rest = others;
        }
        Fields(bits)
    }

    /// Is it among them?
    pub(super) const fn has(self, field: Field) -> bool {
        self.0 >> field as u32 & 1 == 1
    }

    /// Those of both.
    pub(super) const fn and(self, other: Fields) -> Fields {
        Fields(self.0 & other.0)
    }

    /// Those that are not among the others.
    pub(super) const fn without(self, others: Fields) -> Fields {
        Fields(self.0 & !others.0)
    }
}

impl Iterator for Fields {
    type Item = Field;

    #[inline]
    fn next(&mut self) -> Option<Field> {
        let field = Field::ALL.get(self.0.trailing_zeros() as usize).copied()?;
        self.0 &= self.0 - 1;
        Some(field)
    }
}

/// The texts of a record.
pub(super) struct Texts<'a> {
    texts: [&'a str; Field::ALL.len()],
    blank: Fields,
}

impl<'a> Texts<'a> {
    #[inline]
    pub(super) fn of<R: RecordRow<'a>>(row: R) -> Texts<'a> {
        let texts = row.texts();
        let blank = texts.iter().rev().fold(0, |bits, text| bits << 1 | u32::from(is_blank(text)));
        Texts { texts, blank: Fields(blank) }
    }

    /// The text of a field; empty when it was not given.
    #[inline]
    pub(super) fn get(&self, field: Field) -> &'a str {
        self.texts.get(field as usize).copied().unwrap_or_default()
    }

    /// The text without blanks around it.
    pub(super) fn trimmed(&self, field: Field) -> &'a str {
        match self.get(field) {
            // Nearly no text has any.
            text if matches!(text.as_bytes(), [b'!'..=b'~', .., b'!'..=b'~']) => text,
            text => text.trim(),
        }
    }

    /// The fields with nothing to be seen in them.
    pub(super) const fn blank(&self) -> Fields {
        self.blank
    }
}

#[inline]
fn is_blank(text: &str) -> bool {
    // Nearly all texts begin with something visible, or are empty.
    match text.as_bytes().first() {
        None => true,
        Some(b'!'..=b'~' | 0xe4..=0xe9) => false,
        Some(_) => text.trim().is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patient::Record;

    #[test]
    fn fields_come_out_once_in_their_order() {
        let some = Fields::of([Field::GuardianPhone, Field::Name, Field::Sex]);
        assert_eq!(some.collect::<Vec<_>>(), [Field::Name, Field::Sex, Field::GuardianPhone]);
        assert_eq!(some.without(Fields::of([Field::Sex, Field::Phone])).and(Fields::of([Field::Name, Field::Phone])).collect::<Vec<_>>(), [Field::Name]);
        assert!(some.has(Field::Sex) && !some.has(Field::Phone) && !some.has(Field::Guardian));
        assert_eq!(Fields::of([]).next(), None);
        assert!(Field::ALL.is_sorted() && Field::ALL.iter().enumerate().all(|(at, field)| *field as usize == at) && Field::ALL.len() < 32);
    }

    #[test]
    fn every_text_is_under_its_field_and_blank_ones_are_known() {
        let mut record = Record::default();
        for field in Field::ALL {
            record.set(*field, field.path());
        }
        let texts = Texts::of(&record);
        assert!(Field::ALL.iter().all(|field| texts.get(*field) == field.path()) && texts.blank() == Fields::of([]));
        for (text, blank) in [("", true), (" ", true), ("\u{3000}\t", true), (" 1", false), ("\u{3000}张", false), ("Ａ", false)] {
            record.set(Field::Address, text);
            record.set(Field::GuardianName, text);
            let wanted = if blank { Fields::of([Field::Address, Field::GuardianName]) } else { Fields::of([]) };
            assert_eq!(Texts::of(&record).blank(), wanted, "{text:?}");
        }
        assert_eq!(Texts::of(&record).get(Field::Guardian), "");
        for (text, trimmed) in [("1990-03-07", "1990-03-07"), (" 1990-03-07", "1990-03-07"), ("1990-03-07\u{3000}", "1990-03-07"), ("7", "7"), ("", "")] {
            record.set(Field::BirthDate, text);
            assert_eq!(Texts::of(&record).trimmed(Field::BirthDate), trimmed);
        }
    }
}
