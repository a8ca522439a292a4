//! Which movement a row belongs to: (order number, refund number, direction, part), as words that are compared and hashed at once.
//!
//! Nearly every order number is short (ours have 20 characters) and nearly every row is a payment. Such a
//! key is three words, so that a movement is recognised without a look at any text: in a bill in no order each look is a wait for memory.

use super::entry::{Direction, Entry, Part};
use crate::table::{mix, mix_words, short};

/// As many bytes of an order number as the words hold, beside its length and the kind of movement.
const HELD: usize = 22;
/// The length of a key that its words do not tell: its texts are compared.
const SPELLED: u8 = u8::MAX;

/// The part of a key that is stored with a movement: 22 bytes, then length and kind. Equal words are equal keys unless [`Words::are_spelled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Words([u64; 3]);

impl Words {
    /// Are the texts needed, because they are longer than the words or there is a refund number?
    #[inline]
    pub(super) const fn are_spelled(self) -> bool {
        self.last() >> 56 == SPELLED as u64
    }

    #[inline]
    pub(super) const fn hash(self) -> u64 {
        let [a, b, c] = self.0;
        mix_words(mix_words(a, b), c)
    }

    const fn last(self) -> u64 {
        let [.., last] = self.0;
        last
    }

    pub(super) const fn direction(self) -> Direction {
        if self.last() >> 48 & 1 == 0 { Direction::Pay } else { Direction::Refund }
    }

    pub(super) const fn part(self) -> Part {
        match self.last() >> 49 & 3 {
            0 => Part::Cash,
            1 => Part::Fund,
            2 => Part::Account,
            _ => Part::Other,
        }
    }
}

/// A row's key, with its texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    pub(super) words: Words,
    pub(super) order_no: &'a str,
    pub(super) refund_no: &'a str,
}

impl<'a> Key<'a> {
    #[inline]
    pub(super) fn of<E: Entry<'a>>(entry: E) -> Key<'a> {
        let (order_no, refund_no) = (entry.order_no(), entry.refund_no());
        let direction = match entry.direction() {
            Direction::Pay => 0,
            Direction::Refund => 1,
        };
        let part = match entry.part() {
            Part::Cash => 0,
            Part::Fund => 1,
            Part::Account => 2,
            Part::Other => 3,
        };
        let text = order_no.as_bytes();
        let (mut words, length) = if text.len() > HELD || !refund_no.is_empty() {
            ([mix(mix(0, text), refund_no.as_bytes()), 0, 0], SPELLED)
        } else {
            (words(text), text.len() as u8) // at most HELD
        };
        let [.., last] = &mut words;
        *last |= u64::from(length) << 56 | part << 49 | direction << 48;
        Key { words: Words(words), order_no, refund_no }
    }

    /// The whole key as bytes, equal when and only when the key is.
    pub(super) fn spelled(&self) -> Vec<u8> {
        let kind = [self.words.direction() as u8, self.words.part() as u8];
        [&kind, &(self.order_no.len() as u64).to_le_bytes()[..], self.order_no.as_bytes(), self.refund_no.as_bytes()].concat()
    }
}

/// The bytes of a text of at most [`HELD`] bytes, in order, zeros behind: with its length they are the text.
#[inline]
fn words(text: &[u8]) -> [u64; 3] {
    match text.as_chunks::<8>() {
        ([a, b, ..], rest) => [u64::from_le_bytes(*a), u64::from_le_bytes(*b), short(rest)],
        ([a], rest) => [u64::from_le_bytes(*a), short(rest), 0],
        ([], rest) => [short(rest), 0, 0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Timestamp;
    use crate::money::Money;
    use crate::reconcile::Row;
    use proptest::prelude::*;

    fn row(order_no: &str, refund_no: &str, direction: Direction, part: Part) -> Row {
        Row {
            order_no: order_no.to_owned(),
            refund_no: refund_no.to_owned(),
            trade_no: String::new(),
            direction,
            part,
            amount_fen: Money::from_fen(1).unwrap(),
            status: Default::default(),
            fee: None,
            at: Timestamp::from_millis(0),
        }
    }

    fn any_row() -> impl Strategy<Value = Row> {
        let direction = prop_oneof![Just(Direction::Pay), Just(Direction::Refund)];
        let part = prop_oneof![Just(Part::Cash), Just(Part::Fund), Just(Part::Account), Just(Part::Other)];
        ("[ab]{0,2}", 0..30usize, "[ab]{0,1}", prop::option::of("[ab]{1,2}"), direction, part)
            .prop_map(|(head, middle, tail, refund, direction, part)| row(&format!("{head}{}{tail}", "a".repeat(middle)), &refund.unwrap_or_default(), direction, part))
    }

    proptest! {
        /// Words that say they are the key are the key: equal when and only when texts, direction and part are.
        #[test]
        fn words_are_the_key(one in any_row(), other in any_row()) {
            let (a, b) = (Key::of(&one), Key::of(&other));
            let same = (&one.order_no, &one.refund_no, one.direction, one.part) == (&other.order_no, &other.refund_no, other.direction, other.part);
            if same {
                prop_assert_eq!(a.words, b.words);
                prop_assert_eq!(a.words.hash(), b.words.hash());
            }
            if a.words == b.words && !a.words.are_spelled() {
                prop_assert!(same, "{one:?} {other:?}");
            }
            prop_assert_eq!(a.spelled() == b.spelled(), same);
            prop_assert_eq!((a.words.direction(), a.words.part()), (one.direction, one.part));
        }

        /// Every byte of a short order number is in its words.
        #[test]
        fn one_byte_is_another_key(text in "[a-z0-9]{1,22}", at in 0..22usize) {
            let mut changed = text.clone().into_bytes();
            let at = at % changed.len();
            changed[at] = b'#';
            let changed = String::from_utf8(changed).unwrap();
            let of = |text: &str| Key::of(&row(text, "", Direction::Pay, Part::Cash)).words;
            prop_assert!(!of(&text).are_spelled());
            prop_assert_ne!(of(&text), of(&changed));
        }
    }
}
