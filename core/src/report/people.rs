//! Who was seen (就诊人): patients by keyed hash, each once in a row of a report however many of its visits are his.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cube::{Cube, Visits};
use super::fold::SeenPatients;
use super::partial::{PatientKey, UNSOUND};
use crate::gm::{hex, unhex};
use crate::table::{Table, mix, same};

/// The hash of a patient and a cell of the visits, ascending, each pair once: so all cells of a patient stand together. 64 bits of HMAC-SM3: among a
/// million patients two share a hash with a chance of one in thirty million.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct People(Vec<(u64, u32)>);

impl People {
    /// `places`: where each cell has gone since.
    pub(super) fn of(seen: SeenPatients<'_>, places: &[u32], key: &PatientKey) -> People {
        // Each patient is hashed once: hashing costs more than everything else.
        let mut index = Table::default();
        let mut patients: Vec<&str> = Vec::new();
        let mut visits: Vec<(u32, u32)> = Vec::with_capacity(seen.len());
        for (cell, patient) in seen {
            let next = u32::try_from(patients.len()).unwrap_or(u32::MAX - 1);
            let is_his = |at: u32| patients.get(at as usize).is_some_and(|known| same(known, patient));
            let known = index.find_or_insert(mix(0, patient.as_bytes()), next, is_his, || patient.as_bytes().to_vec());
            if known.is_none() {
                patients.push(patient);
            }
            visits.push((known.unwrap_or(next), places.get(cell as usize).copied().unwrap_or(cell)));
        }
        let mut hashes: Vec<(u64, u32)> = key.hashes(&patients).into_iter().zip(0..).collect();
        hashes.sort_unstable();
        // Each patient's visits stand together: those of patients with smaller hashes are counted, then each visit is put into its place.
        let mut rank = vec![0usize; hashes.len()];
        for (nth, (_, patient)) in hashes.iter().enumerate() {
            rank.iter_mut().skip(*patient as usize).take(1).for_each(|rank| *rank = nth);
        }
        let rank = |patient: u32| rank.get(patient as usize).copied().unwrap_or_default();
        let mut starts = vec![0usize; hashes.len() + 1];
        for (patient, _) in &visits {
            starts.iter_mut().skip(rank(*patient) + 1).take(1).for_each(|count| *count += 1);
        }
        let mut before = 0;
        starts.iter_mut().for_each(|count| {
            before += *count;
            *count = before;
        });
        let mut placed = vec![(0u64, 0u32); visits.len()];
        for (patient, cell) in visits {
            let nth = rank(patient);
            let (Some(place), Some((hash, _))) = (starts.get_mut(nth), hashes.get(nth)) else { continue };
            placed.iter_mut().skip(*place).take(1).for_each(|at| *at = (*hash, cell));
            *place += 1;
        }
        People::sorted(placed)
    }

    fn sorted(mut people: Vec<(u64, u32)>) -> People {
        // Nearly in order: only the visits of one patient are not.
        people.chunk_by_mut(|a, b| a.0 == b.0).for_each(<[(u64, u32)]>::sort_unstable);
        people.dedup();
        People(people)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Is every cell one of so many?
    pub(super) fn is_sound(&self, cells: usize) -> bool {
        self.0.iter().all(|(_, cell)| (*cell as usize) < cells)
    }

    /// With each cell where it has gone; the order of the cells stays.
    pub(super) fn moved(&self, place: impl Fn(u32) -> Option<u32>) -> People {
        People(self.0.iter().filter_map(|(patient, cell)| Some((*patient, place(*cell)?))).collect())
    }

    /// Both.
    pub(super) fn merged(&self, other: &People) -> People {
        let mut merged = Vec::with_capacity(self.0.len() + other.0.len());
        let (mut a, mut b) = (self.0.iter().copied().peekable(), other.0.iter().copied().peekable());
        loop {
            let next = match (a.peek(), b.peek()) {
                (Some(x), Some(y)) if x == y => {
                    b.next();
                    a.next()
                }
                (Some(x), Some(y)) if x < y => a.next(),
                (_, Some(_)) => b.next(),
                (_, None) => a.next(),
            };
            match next {
                Some(pair) => merged.push(pair),
                None => return People(merged),
            }
        }
    }
}

/// No row.
pub(super) const NOWHERE: u32 = u32::MAX;

/// How many people each of so many rows tells of: patients once each, and visits that name none one by one. Never added up over rows: counted
/// again for each. `group` is the group of each cell, or [`NOWHERE`]; `rows_of` are the rows that a group is in.
pub(super) fn people(visits: &Cube<Visits>, people: &People, rows: usize, group: &[u32], rows_of: &[Vec<u32>]) -> Vec<u64> {
    let mut counts = vec![0u64; rows];
    // The last patient who was counted in each row.
    let mut last = vec![0u32; rows];
    let of_cell = |cell: usize| group.get(cell).and_then(|group| rows_of.get(*group as usize)).map_or(&[][..], Vec::as_slice);
    for (patient, cells) in (1u32..).zip(people.0.chunk_by(|a, b| a.0 == b.0)) {
        for row in cells.iter().flat_map(|(_, cell)| of_cell(*cell as usize)) {
            let (Some(count), Some(last)) = (counts.get_mut(*row as usize), last.get_mut(*row as usize)) else { continue };
            *count += u64::from(*last != patient);
            *last = patient;
        }
    }
    for (cell, (_, Visits { unnamed, .. })) in visits.cells().iter().enumerate().filter(|(_, (_, visits))| visits.unnamed > 0) {
        for row in of_cell(cell) {
            counts.iter_mut().skip(*row as usize).take(1).for_each(|count| *count += unnamed);
        }
    }
    counts
}

/// By cell, the hashes as hexadecimal digits one behind the other: a number of 64 bits does not survive in every host.
impl Serialize for People {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        let mut by_cell: Vec<(u32, u64)> = self.0.iter().map(|(patient, cell)| (*cell, *patient)).collect();
        by_cell.sort_unstable();
        let of_cell = |people: &[(u32, u64)]| {
            let bytes: Vec<u8> = people.iter().flat_map(|(_, patient)| patient.to_be_bytes()).collect();
            (people.first().map_or(0, |(cell, _)| *cell), hex(&bytes))
        };
        s.collect_seq(by_cell.chunk_by(|a, b| a.0 == b.0).map(of_cell))
    }
}

impl<'de> Deserialize<'de> for People {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<People, D::Error> {
        let unsound = || serde::de::Error::custom(UNSOUND);
        let mut by_cell: Vec<(u32, u64)> = Vec::new();
        for (cell, hashes) in Vec::<(u32, String)>::deserialize(d)? {
            let bytes = unhex(&hashes).ok_or_else(unsound)?;
            let (hashes, rest) = bytes.as_chunks::<8>();
            if !rest.is_empty() {
                return Err(unsound());
            }
            by_cell.extend(hashes.iter().map(|hash| (cell, u64::from_be_bytes(*hash))));
        }
        if !by_cell.is_sorted_by(|a, b| a < b) {
            return Err(unsound());
        }
        let mut people: Vec<(u64, u32)> = by_cell.into_iter().map(|(cell, patient)| (patient, cell)).collect();
        people.sort_unstable();
        Ok(People(people))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(pairs: &[(u64, u32)]) -> People {
        let mut pairs = pairs.to_vec();
        pairs.sort_unstable();
        pairs.dedup();
        People(pairs)
    }

    #[test]
    fn a_hash_that_two_patients_share_is_one_patient() {
        // Their visits stand together, whichever of them came first.
        assert_eq!(People::sorted(vec![(7, 3), (7, 1), (7, 3), (9, 0)]), of(&[(7, 1), (7, 3), (9, 0)]));
    }

    proptest! {
        #[test]
        fn each_patient_is_there_with_each_of_his_cells_once(seen in prop::collection::vec((0..9u32, 0..7u8), 0..60)) {
            let names: Vec<String> = seen.iter().map(|(_, who)| format!("P{who}")).collect();
            let visits = seen.iter().zip(&names).map(|((cell, _), name)| (*cell, name.as_str())).collect();
            let places: Vec<u32> = (0..9).rev().collect();
            let key = PatientKey::new(&[1; 16]).unwrap();
            let hash = |name: &String| key.hashes(&[name.as_str()])[0];
            let wanted: Vec<(u64, u32)> = seen.iter().zip(&names).map(|((cell, _), name)| (hash(name), 8 - cell)).collect();
            prop_assert_eq!(People::of(visits, &places, &key), of(&wanted));
        }

        #[test]
        fn merging_is_union_and_json_gives_it_back(a in prop::collection::vec((0..9u64, 0..9u32), 0..40), b in prop::collection::vec((0..9u64, 0..9u32), 0..40)) {
            let both: Vec<(u64, u32)> = a.iter().chain(&b).copied().collect();
            let merged = of(&a).merged(&of(&b));
            prop_assert_eq!(&merged, &of(&both));
            let json = serde_json::to_string(&merged).unwrap();
            prop_assert_eq!(serde_json::from_str::<People>(&json).unwrap(), merged);
        }

        #[test]
        fn a_row_counts_each_patient_once(pairs in prop::collection::vec((0..6u64, 0..8u32), 0..60), group in prop::collection::vec(prop::option::of(0..4u32), 8), rows_of in prop::collection::vec(prop::collection::btree_set(0..5u32, 0..4), 4)) {
            let rows_of: Vec<Vec<u32>> = rows_of.into_iter().map(|rows| rows.into_iter().collect()).collect();
            let group: Vec<u32> = group.into_iter().map(|group| group.unwrap_or(NOWHERE)).collect();
            let counts = people(&Cube::default(), &of(&pairs), 5, &group, &rows_of);
            for (row, count) in counts.iter().enumerate() {
                let mut of_row: Vec<u64> = pairs.iter().filter(|(_, cell)| rows_of.get(group[*cell as usize] as usize).is_some_and(|rows| rows.contains(&(row as u32)))).map(|(patient, _)| *patient).collect();
                of_row.sort_unstable();
                of_row.dedup();
                prop_assert_eq!(*count, of_row.len() as u64);
            }
        }
    }

    #[test]
    fn json_that_nobody_wrote_is_refused() {
        for json in [r#"[[0,"00"]]"#, r#"[[1,"0000000000000001"],[0,"0000000000000001"]]"#, r#"[[0,"00000000000000010000000000000001"]]"#, r#"[[0,"g000000000000001"]]"#] {
            assert!(serde_json::from_str::<People>(json).is_err(), "{json}");
        }
    }
}
