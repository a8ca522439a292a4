//! Names as numbers: every text of a dimension once, in order; 0 is what is not known.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::table::{Table, mix, same};

/// One name.
type Name = String;

/// What names are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    Channel,
    Dept,
    Doctor,
    Terminal,
    Fee,
    Reason,
    Disease,
}

impl Dimension {
    pub(super) const COUNT: usize = 7;
}

/// The names of a partial: by dimension, ascending and each once.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Names(Vec<Vec<Name>>);

impl Names {
    pub(super) fn of(&self, dimension: Dimension) -> &[Name] {
        self.0.get(dimension as usize).map_or(&[], Vec::as_slice)
    }

    /// The name of a number.
    pub(super) fn name(&self, dimension: Dimension, number: u16) -> Option<&str> {
        self.of(dimension).get(usize::from(number).checked_sub(1)?).map(String::as_str)
    }

    /// Is it well formed?
    pub(super) fn is_sound(&self) -> bool {
        let sorted = |names: &Vec<Name>| names.len() <= MOST && names.is_sorted_by(|a, b| a < b) && names.iter().all(|name| !name.is_empty());
        self.0.len() == Dimension::COUNT && self.0.iter().all(sorted)
    }

    /// The names of both, and where those of each have gone; the order of the numbers stays.
    pub(super) fn union(&self, other: &Names) -> Result<(Names, Moved, Moved)> {
        let mut union = Names(Vec::with_capacity(Dimension::COUNT));
        let (mut here, mut there) = (Moved::default(), Moved::default());
        for at in 0..Dimension::COUNT {
            let empty = Vec::new();
            let (a, b) = (self.0.get(at).unwrap_or(&empty), other.0.get(at).unwrap_or(&empty));
            let mut all: Vec<Name> = a.iter().chain(b).cloned().collect();
            all.sort_unstable();
            all.dedup();
            let places = |names: &[Name]| names.iter().filter_map(|name| all.binary_search(name).ok()).map(number).collect::<Result<Vec<u16>>>();
            here.0.push(places(a)?);
            there.0.push(places(b)?);
            union.0.push(all);
        }
        Ok((union, here, there))
    }
}

/// So many names a dimension may have.
const MOST: usize = u16::MAX as usize - 1;

fn number(place: usize) -> Result<u16> {
    let number = u16::try_from(place + 1).ok().filter(|number| usize::from(*number) <= MOST);
    number.ok_or_else(|| Error::field("names", "has more than 65534 different names of one kind"))
}

/// Where the numbers of names have gone, by dimension.
#[derive(Clone, Debug, Default)]
pub(super) struct Moved(Vec<Vec<u16>>);

impl Moved {
    pub(super) fn of(&self, dimension: Dimension, number: u16) -> u16 {
        let place = usize::from(number).checked_sub(1);
        place.and_then(|place| self.0.get(dimension as usize)?.get(place)).copied().unwrap_or_default()
    }
}

/// Numbers names as they come.
#[derive(Default)]
pub(super) struct Numbered<'a> {
    dimensions: [Seen<'a>; Dimension::COUNT],
}

#[derive(Default)]
struct Seen<'a> {
    names: Vec<&'a str>,
    index: Table,
}

impl<'a> Numbered<'a> {
    pub(super) fn number(&mut self, dimension: Dimension, name: &'a str) -> Result<u16> {
        let Some(Seen { names, index }) = self.dimensions.get_mut(dimension as usize) else { return Ok(0) };
        let place = u32::try_from(names.len()).unwrap_or(u32::MAX - 1);
        let is_it = |at: u32| names.get(at as usize).is_some_and(|known| same(known, name));
        match index.find_or_insert(mix(0, name.as_bytes()), place, is_it, || name.as_bytes().to_vec()) {
            Some(place) => number(place as usize),
            None => {
                names.push(name);
                number(place as usize)
            }
        }
    }

    /// The names in order, and where their numbers have gone.
    pub(super) fn sorted(self) -> Result<(Names, Moved)> {
        let (mut names, mut moved) = (Names::default(), Moved::default());
        for seen in self.dimensions {
            let mut order: Vec<usize> = (0..seen.names.len()).collect();
            order.sort_unstable_by_key(|at| seen.names.get(*at));
            let mut places = vec![0u16; order.len()];
            for (place, at) in order.iter().enumerate() {
                if let Some(of) = places.get_mut(*at) {
                    *of = number(place)?;
                }
            }
            names.0.push(order.iter().filter_map(|at| seen.names.get(*at)).map(|name| (*name).to_owned()).collect());
            moved.0.push(places);
        }
        Ok((names, moved))
    }
}

/// A column of names: most rows name what the row before them named.
pub(super) struct Reading<'a> {
    dimension: Dimension,
    last: Option<(&'a str, u16)>,
}

impl<'a> Reading<'a> {
    pub(super) const fn of(dimension: Dimension) -> Reading<'a> {
        Reading { dimension, last: None }
    }

    /// The number of what stands in a row; an empty text is as good as none.
    pub(super) fn number(&mut self, names: &mut Numbered<'a>, column: &[Option<&'a str>], row: usize) -> Result<u16> {
        let Some(name) = column.get(row).copied().flatten().filter(|name| !name.is_empty()) else { return Ok(0) };
        match self.last {
            Some((last, number)) if same(last, name) => Ok(number),
            _ => {
                let number = names.number(self.dimension, name)?;
                self.last = Some((name, number));
                Ok(number)
            }
        }
    }
}
