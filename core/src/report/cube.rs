//! A cube: sums by key. Cubes of different rows are added cell by cell.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::names::{Dimension, Moved};
use crate::money::Net;
use crate::table::{Table, mix_words};

/// What a cell is of: the day first (days since 1970), then names by number and words by position.
pub(super) type Key = [u16; 8];

/// What a place of a key holds.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// A number of its own: a day, years.
    Number,
    /// The number of a name.
    Name(Dimension),
    /// One of at most 16 words.
    Word,
    /// Words side by side: below 256.
    Words,
    /// Nothing.
    Empty,
}

impl Place {
    const fn bits(self) -> u32 {
        match self {
            Place::Number | Place::Name(_) => 16,
            Place::Word => 4,
            Place::Words => 8,
            Place::Empty => 0,
        }
    }
}

/// What the places of a key hold: 96 bits at most, because a row is sorted as one number, its key before its position.
pub(super) type Places = [Place; 8];

const fn bits(places: &Places) -> u32 {
    let [a, b, c, d, e, f, g, h] = places;
    a.bits() + b.bits() + c.bits() + d.bits() + e.bits() + f.bits() + g.bits() + h.bits()
}

/// What is added up in a cell.
pub(super) trait Sums: Clone + Default {
    /// What its key holds.
    const PLACES: Places;
    /// Adds another cell's.
    fn add(&mut self, other: &Self);
    /// May sums of this size be read? Then so many of them can be added as a memory holds.
    fn fits(&self) -> bool;
}

trait Fits {
    fn fits(&self) -> bool;
}

impl Fits for u64 {
    fn fits(&self) -> bool {
        *self <= 1 << 53
    }
}

impl Fits for Net {
    fn fits(&self) -> bool {
        true // it is read from 64 bits and has 128
    }
}

impl Fits for i128 {
    fn fits(&self) -> bool {
        i64::try_from(*self).is_ok()
    }
}

macro_rules! sums {
    ($(#[$doc:meta])* $name:ident, $places:expr, { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
        pub(super) struct $name { $($(#[$field_doc])* pub(super) $field: $type,)+ }

        const _: () = assert!(bits(&<$name as Sums>::PLACES) <= 96);

        impl Sums for $name {
            const PLACES: Places = $places;

            fn add(&mut self, other: &Self) {
                $(self.$field += other.$field;)+
            }

            fn fits(&self) -> bool {
                $(self.$field.fits())&&+
            }
        }
    };
}

use Dimension::{Channel, Dept, Disease, Doctor, Fee, Reason, Terminal};
use Place::{Empty, Name, Number, Word, Words};

sums! {
    /// Of movements: by day, channel, business, insurance, executing and ordering department, terminal.
    Movements, [Number, Name(Channel), Word, Word, Name(Dept), Name(Dept), Name(Terminal), Empty], {
        /// Payments.
        payments: u64,
        /// What they came to: fund, account, other funds and cash.
        paid_fen: Net,
        /// Refunds.
        refunds: u64,
        /// What they came to, above zero.
        refunded_fen: Net,
        /// Net 统筹.
        fund_fen: Net,
        /// Net 个账.
        account_fen: Net,
        /// Net other funds.
        other_fen: Net,
        /// Net cash.
        cash_fen: Net,
        /// Net borne by the hospital.
        hospital_fen: Net,
        /// Net discount.
        discount_fen: Net,
        /// Net 分币误差.
        rounding_fen: Net,
        /// Fees × 10^6 yuan.
        fee_e6: i128,
        /// Movements of cash whose fee nobody has told.
        fee_missing: u64,
        /// Invoices issued.
        issued: u64,
        /// Invoices reddened.
        red: u64,
        /// Results not known.
        pending: u64,
    }
}

sums! {
    /// Of visits: by day, department, doctor, disease, age + 1, sex, insurance, [`super::fold::Flags`].
    Visits, [Number, Name(Dept), Name(Doctor), Name(Disease), Number, Word, Word, Words], {
        /// Registrations.
        count: u64,
        /// Those that name no patient.
        unnamed: u64,
    }
}

sums! {
    /// Of charges: by day, executing and ordering department, doctor, fee class, insurance.
    Charges, [Number, Name(Dept), Name(Dept), Name(Doctor), Name(Fee), Word, Empty, Empty], {
        /// Rows.
        count: u64,
        /// Net income.
        net_fen: Net,
    }
}

sums! {
    /// Of requests for a refund: by day, department, reason, outcome.
    Requests, [Number, Name(Dept), Name(Reason), Word, Empty, Empty, Empty, Empty], {
        /// Requests.
        count: u64,
        /// What they asked for.
        amount_fen: Net,
        /// Those the doctor has decided, and their minutes.
        doctor: u64,
        /// Their minutes.
        doctor_minutes: u64,
        /// Those with 反确认.
        unconfirm: u64,
        /// Their minutes.
        unconfirm_minutes: u64,
        /// Those that finance has decided.
        finance: u64,
        /// Their minutes.
        finance_minutes: u64,
    }
}

/// Cells, ascending by key, each key once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Cube<S>(Vec<(Key, S)>);

impl<S> Default for Cube<S> {
    fn default() -> Cube<S> {
        Cube(Vec::new())
    }
}

impl<S: Sums> Cube<S> {
    pub(super) fn cells(&self) -> &[(Key, S)] {
        &self.0
    }

    /// Where a key is.
    pub(super) fn place(&self, key: &Key) -> Option<usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(key)).ok()
    }

    /// In order, each key once, every name known to `names`?
    pub(super) fn is_sound(&self, count: impl Fn(Dimension) -> usize) -> bool {
        let holds = |slot: u16, place| match place {
            Number => true,
            Name(dimension) => usize::from(slot) <= count(dimension),
            Word | Words => u32::from(slot) >> place.bits() == 0,
            Empty => slot == 0,
        };
        let known = |key: &Key| key.iter().zip(S::PLACES).all(|(slot, place)| holds(*slot, place));
        self.0.is_sorted_by(|a, b| a.0 < b.0) && self.0.iter().all(|(key, sums)| known(key) && sums.fits())
    }

    /// Both, cell by cell; the order of the keys must survive the moves.
    pub(super) fn merged(&self, here: &Moved, other: &Cube<S>, there: &Moved) -> Cube<S> {
        let moved = |cells: &[(Key, S)], by: &Moved| -> Vec<(Key, S)> { cells.iter().map(|(key, sums)| (rekeyed::<S>(*key, by), sums.clone())).collect() };
        let (a, b) = (moved(&self.0, here), moved(&other.0, there));
        let mut merged: Vec<(Key, S)> = Vec::with_capacity(a.len().max(b.len()));
        let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
        loop {
            let order = match (a.peek(), b.peek()) {
                (Some((x, _)), Some((y, _))) => x.cmp(y),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return Cube(merged),
            };
            let first = if order == Ordering::Greater { None } else { a.next() };
            let second = if order == Ordering::Less { None } else { b.next() };
            match (first, second) {
                (Some((key, mut sums)), Some((_, more))) => {
                    sums.add(&more);
                    merged.push((key, sums));
                }
                (one, other) => merged.extend(one.or(other)),
            }
        }
    }
}

/// The key after its names have moved.
pub(super) fn rekeyed<S: Sums>(key: Key, moved: &Moved) -> Key {
    let mut new = key;
    for (slot, place) in new.iter_mut().zip(S::PLACES) {
        if let Name(dimension) = place {
            *slot = moved.of(dimension, *slot);
        }
    }
    new
}

/// A cube that is being filled: cells in the order in which they came.
pub(super) struct Filling<S> {
    cells: Vec<(Key, S)>,
    index: Table,
    last: usize,
}

impl<S> Default for Filling<S> {
    fn default() -> Filling<S> {
        Filling { cells: Vec::new(), index: Table::default(), last: 0 }
    }
}

impl<S: Default> Filling<S> {
    pub(super) fn new() -> Filling<S> {
        Filling::default()
    }

    /// Adds to the cell of a key, and says where it is.
    pub(super) fn add(&mut self, key: Key, to: impl FnOnce(&mut S)) -> usize {
        if self.cells.get(self.last).is_none_or(|(last, _)| *last != key) {
            let next = self.cells.len();
            let cells = &self.cells;
            let same = |at: u32| cells.get(at as usize).is_some_and(|(known, _)| *known == key);
            let known = self.index.find_or_insert(hash(key), u32::try_from(next).unwrap_or(u32::MAX - 1), same, || spelled(key));
            self.last = known.map_or(next, |at| at as usize);
            if known.is_none() {
                self.cells.push((key, S::default()));
            }
        }
        if let Some((_, sums)) = self.cells.get_mut(self.last) {
            to(sums);
        }
        self.last
    }

    /// The cells, in the order in which they came.
    pub(super) fn cells(&self) -> &[(Key, S)] {
        &self.cells
    }

    /// The cell of a key.
    pub(super) fn get(&self, key: Key) -> Option<&S> {
        let place = self.index.find(hash(key), |at| self.cells.get(at as usize).is_some_and(|(known, _)| *known == key), || spelled(key))?;
        self.cells.get(place as usize).map(|(_, sums)| sums)
    }
}

impl<S: Sums> Filling<S> {
    /// Room for a cell a row.
    pub(super) fn for_rows(rows: usize) -> Filling<S> {
        Filling { cells: Vec::with_capacity(rows), ..Filling::default() }
    }

    /// Adds a cell without looking whether its key has one: where nearly every row has a cell of its own, sorting finds the others for less.
    pub(super) fn push(&mut self, key: Key, sums: S) {
        self.cells.push((key, sums));
    }

    /// The cube in order, its names moved; and where each cell has gone.
    pub(super) fn sorted(self, moved: &Moved) -> (Cube<S>, Vec<u32>) {
        let mut order: Vec<u128> = (0u32..).zip(&self.cells).map(|(at, (key, _))| packed::<S>(rekeyed::<S>(*key, moved)) << 32 | u128::from(at)).collect();
        order.sort_unstable();
        let mut places = vec![0u32; order.len()];
        let mut cells: Vec<(Key, S)> = Vec::with_capacity(order.len());
        let mut last = None;
        for number in order {
            let (key, at) = (number >> 32, number as u32 as usize);
            let (Some((_, sums)), Some(place)) = (self.cells.get(at), places.get_mut(at)) else { continue };
            match cells.last_mut() {
                Some((_, known)) if last == Some(key) => known.add(sums),
                _ => cells.push((unpacked::<S>(key), sums.clone())),
            }
            last = Some(key);
            *place = u32::try_from(cells.len() - 1).unwrap_or(u32::MAX);
        }
        (Cube(cells), places)
    }
}

/// A key as one number, in the order of keys: one comparison instead of eight.
fn packed<S: Sums>(key: Key) -> u128 {
    key.iter().zip(S::PLACES).fold(0, |number, (slot, place)| number << place.bits() | u128::from(*slot))
}

/// The key of such a number.
fn unpacked<S: Sums>(mut number: u128) -> Key {
    let mut key = Key::default();
    for (slot, place) in key.iter_mut().zip(S::PLACES).rev() {
        *slot = (number & ((1 << place.bits()) - 1)) as u16;
        number >>= place.bits();
    }
    key
}

fn spelled(key: Key) -> Vec<u8> {
    key.iter().flat_map(|slot| slot.to_le_bytes()).collect()
}

fn hash([a, b, c, d, e, f, g, h]: Key) -> u64 {
    let word = |a: u16, b: u16, c: u16, d: u16| u64::from(a) | u64::from(b) << 16 | u64::from(c) << 32 | u64::from(d) << 48;
    mix_words(word(a, b, c, d), word(e, f, g, h))
}

/// The number at a place of a key.
pub(super) fn slot(key: &Key, place: usize) -> u16 {
    key.get(place).copied().unwrap_or_default()
}
