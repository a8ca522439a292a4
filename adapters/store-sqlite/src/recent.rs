//! What this process wrote last, in memory. The store's file has one owner, so the last committed version of a row is what
//! the file says; reading it again would cost a change of thread, a decryption and a parse.
//!
//! Rows come in after their COMMIT, before anybody hears of it. Reads of the file put nothing in: they may be older.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use menjie::calendar::Timestamp;
use menjie::ident::HospitalId;
use menjie::port::{Batch, Record, RecordKind};
use menjie::workflow::{Key, Row};

/// What a commit leaves behind.
pub(crate) struct Written {
    hospital: HospitalId,
    at: Timestamp,
    rows: Vec<Row>,
    records: Vec<Record>,
}

impl Written {
    /// Of a batch.
    pub(crate) fn by(batch: &Batch) -> Written {
        let rows = batch.writes.iter().map(|write| write.row.clone()).collect();
        let records = batch.records.iter().map(|write| write.record.clone()).collect();
        Written { hospital: batch.hospital.clone(), at: batch.at, rows, records }
    }
}

/// The rows and records written last.
pub(crate) struct Recent {
    inner: Mutex<Inner>,
}

struct Inner {
    rows: Generations<(HospitalId, Key), Row>,
    records: Generations<(HospitalId, RecordKind, String), Record>,
    /// Records that expired until then may be gone from the file: a commit that writes records sweeps.
    swept: Option<Timestamp>,
}

impl Recent {
    /// Remembers at least `capacity` rows and as many records, at most twice as many.
    pub(crate) fn new(capacity: usize) -> Recent {
        Recent { inner: Mutex::new(Inner { rows: Generations::new(capacity), records: Generations::new(capacity), swept: None }) }
    }

    /// All of these rows, as of one instant, or `None`.
    pub(crate) fn rows(&self, hospital: &HospitalId, keys: &[Key]) -> Option<Vec<Row>> {
        let inner = self.lock();
        keys.iter().map(|key| inner.rows.get(&(hospital.clone(), *key)).cloned()).collect()
    }

    /// A record.
    pub(crate) fn record(&self, hospital: &HospitalId, kind: RecordKind, key: &str) -> Option<Record> {
        let inner = self.lock();
        let record = inner.records.get(&(hospital.clone(), kind, key.to_owned()))?;
        let gone = record.expires.zip(inner.swept).is_some_and(|(expires, swept)| expires <= swept);
        (!gone).then(|| record.clone())
    }

    /// A commit is on the disk.
    pub(crate) fn wrote(&self, written: Written) {
        let Written { hospital, at, rows, records } = written;
        let mut inner = self.lock();
        if !records.is_empty() {
            inner.swept = inner.swept.max(Some(at));
        }
        for row in rows {
            inner.rows.put((hospital.clone(), row.key()), row);
        }
        for record in records {
            inner.records.put((hospital.clone(), record.kind, record.key.clone()), record);
        }
    }

    /// It is not known what the file says.
    pub(crate) fn forget(&self) {
        let mut inner = self.lock();
        inner.rows.clear();
        inner.records.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bounded map that forgets what was not written for long: when the young half is full, the old half goes.
struct Generations<K, V> {
    capacity: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V> Generations<K, V> {
    fn new(capacity: usize) -> Generations<K, V> {
        Generations { capacity, young: HashMap::new(), old: HashMap::new() }
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    fn put(&mut self, key: K, value: V) {
        if self.capacity == 0 {
            return;
        }
        if self.young.len() >= self.capacity && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use menjie::payment::Part;
    use menjie::port::{RecordWrite, Source};
    use menjie::testkit::fixture::{NOON, batch, hospital, payment, writing};

    use super::*;

    fn record(expires: i64) -> RecordWrite {
        RecordWrite { record: Record { kind: RecordKind::Session, key: "s".to_owned(), ver: 1, expires: Some(NOON.plus_millis(expires)), body: vec![1] }, expected: None }
    }

    #[test]
    fn a_young_value_hides_an_old_one_and_what_is_not_written_goes() {
        let mut map = Generations::new(2);
        map.put(1, "a");
        map.put(2, "b");
        map.put(1, "A"); // no new key: nothing goes
        map.put(3, "c");
        map.put(1, "AA");
        assert_eq!((map.get(&1), map.get(&2), map.get(&3)), (Some(&"AA"), Some(&"b"), Some(&"c")));
        map.put(4, "d");
        assert_eq!((map.get(&1), map.get(&2), map.get(&4)), (Some(&"AA"), None, Some(&"d")));
        map.clear();
        assert_eq!(map.get(&1), None);
        let mut none = Generations::new(0);
        none.put(1, "a");
        assert_eq!(none.get(&1), None);
    }

    #[test]
    fn rows_come_all_or_not_at_all_and_only_to_their_hospital() {
        let recent = Recent::new(8);
        let row = payment(1, 1, Part::default()).unwrap();
        let (one, two) = (row.key(), payment(2, 1, Part::default()).unwrap().key());
        recent.wrote(Written::by(&writing(1, vec![row.clone()]).unwrap()));
        assert_eq!(recent.rows(&hospital().unwrap(), &[one]), Some(vec![row]));
        assert_eq!(recent.rows(&hospital().unwrap(), &[one, two]), None);
        assert_eq!(recent.rows(&HospitalId::new("OTHER").unwrap(), &[one]), None);
        recent.forget();
        assert_eq!(recent.rows(&hospital().unwrap(), &[one]), None);
    }

    #[test]
    fn a_record_that_may_have_been_swept_is_not_remembered() {
        let recent = Recent::new(8);
        let wrote = |record: RecordWrite, at: i64| Written::by(&Batch { records: vec![record], at: NOON.plus_millis(at), ..batch(1, Source::Housekeeping).unwrap() });
        recent.wrote(wrote(record(1_000), 0));
        assert!(recent.record(&hospital().unwrap(), RecordKind::Session, "s").is_some());
        let other = RecordWrite { record: Record { key: "t".to_owned(), ..record(9_000).record }, expected: None };
        recent.wrote(wrote(other, 1_000));
        assert!(recent.record(&hospital().unwrap(), RecordKind::Session, "s").is_none());
        assert!(recent.record(&hospital().unwrap(), RecordKind::Session, "t").is_some());
    }
}
