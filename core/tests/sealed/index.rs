//! The index: what is found does not depend on it, whatever became of its bytes; and a look-up reads little of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use menjie::Result;
use menjie::seal::{Damaged, Defect, LogSegment, NewSegment, OpenSegment, OwnedRecord, ReadAt, Record, Segment, SegmentWriter, Term, Trust, verify_log};
use menjie::testkit::host::SeededEntropy;
use proptest::prelude::*;

use super::{defects, key};

/// A part has at most so many bytes: full ones of tokens, of frames.
const TOKENS_PART: usize = 338 * 12 + 32;
const FRAMES_PART: usize = 56 * 72 + 32;
const HEAD: usize = 120;
const HEAD_ALONE: Range<usize> = 0..HEAD;

/// A record to be written: its time, and its terms by field and number.
type Draft = (i64, Vec<(u8, u16)>);

/// A closed segment, and what it holds.
struct One {
    bytes: Vec<u8>,
    index: Vec<u8>,
    records: Vec<OwnedRecord>,
    drafts: BTreeMap<u64, Draft>,
}

const FIELDS: [&str; 4] = ["order", "patient", "peer", "of"];

fn named(terms: &[(u8, u16)]) -> Vec<(&'static str, String)> {
    terms.iter().map(|(field, value)| (FIELDS[usize::from(*field) % FIELDS.len()], value.to_string())).collect()
}

fn as_terms<'n>(named: &'n [(&'static str, String)]) -> Vec<Term<'n>> {
    named.iter().map(|(field, value)| Term { field, value }).collect()
}

/// Writes the frames; a checkpoint stands behind every fifth, so that frames of records have gaps between their numbers.
fn one(seed: u64, frames: &[Vec<Draft>]) -> One {
    let new = NewSegment {
        log_id: [7; 16],
        segment_no: 1,
        first_seq: 1,
        created_ns: 0,
        incarnation: 1,
        prev_digest: [0; 32],
        after_crash: false,
        recipients: Arc::from([key(1).public().clone()]),
        signer: Arc::new(key(10)),
        seal: None,
        ratchet_frames: 16,
        pad_to: 0,
        codec: None,
        flushed_in_turn: false,
    };
    let (mut bytes, mut records, mut all) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut writer = SegmentWriter::begin(new, &SeededEntropy::new(seed), &mut bytes).unwrap();
    for (at, frame) in frames.iter().enumerate() {
        let names: Vec<_> = frame.iter().map(|(_, terms)| named(terms)).collect();
        let terms: Vec<_> = names.iter().map(|names| as_terms(names)).collect();
        let written: Vec<Record<'_>> = frame.iter().zip(&terms).map(|((ms, _), terms)| Record { time_ns: ms * 1_000_000, kind: 1, payload: b"{}", terms }).collect();
        for (seq, (record, draft)) in (writer.next_seq()..).zip(written.iter().zip(frame)) {
            records.push(OwnedRecord { seq, time_ns: record.time_ns, kind: 1, payload: record.payload.to_vec() });
            all.insert(seq, draft.clone());
        }
        writer.frame(&written, &mut bytes).unwrap();
        if at % 5 == 4 {
            writer.checkpoint(0, &mut bytes).unwrap();
        }
    }
    let index = writer.close(0, &mut bytes).unwrap().index;
    One { bytes, index, records, drafts: all }
}

/// So many frames of six records, each with an order and an END of its own; times go on by a second a frame.
fn long(seed: u64, frames: u16) -> One {
    let draft = |frame: u16, i: u16| (i64::from(frame) * 1000 + i64::from(i), vec![(0, frame / 2), (2, 1), (3, frame * 6 + i)]);
    one(seed, &(0..frames).map(|frame| (0..6).map(|i| draft(frame, i)).collect()).collect::<Vec<_>>())
}

impl One {
    fn with<T>(&self, run: impl FnOnce(&OpenSegment<'_>) -> T) -> T {
        let segment = Segment::read(&self.bytes).unwrap();
        run(&segment.open(&segment.secret(&key(1), &[]).unwrap()).unwrap())
    }

    fn matches(&self, seq: u64, terms: &[(u8, u16)]) -> bool {
        let own = named(&self.drafts[&seq].1);
        named(terms).iter().all(|term| own.contains(term))
    }

    /// What is found through an index of these bytes, and whether it was of use.
    fn found(&self, open: &OpenSegment<'_>, index: Option<&[u8]>, terms: &[(u8, u16)], time: (i64, i64)) -> (Vec<u64>, bool) {
        let names = named(terms);
        let source = index.as_ref().map(|bytes| bytes as &dyn ReadAt);
        let found = open.search(&as_terms(&names), time.0, time.1, source, None, |record| self.matches(record.seq, terms)).unwrap();
        (found.records.iter().map(|record| record.seq).collect(), found.indexed)
    }

    /// By hand.
    fn expected(&self, terms: &[(u8, u16)], time: (i64, i64)) -> Vec<u64> {
        let in_time = |record: &&OwnedRecord| (time.0..=time.1).contains(&(record.time_ns / 1_000_000));
        self.records.iter().filter(in_time).map(|record| record.seq).filter(|seq| self.matches(*seq, terms)).collect()
    }

    fn verified(&self, index: &[u8]) -> BTreeSet<Defect> {
        let writers = [key(10).public().clone()];
        let trust = Trust { writers: &writers, ..Trust::default() };
        defects(&verify_log(&trust, [LogSegment { bytes: &self.bytes, index: Some(index), last: true }]).unwrap())
    }
}

const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

/// Counts what is read of an index, and where.
struct Counted<'a> {
    bytes: &'a [u8],
    read: RefCell<Vec<Range<usize>>>,
}

impl ReadAt for Counted<'_> {
    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let at = usize::try_from(offset).unwrap();
        self.read.borrow_mut().push(at..at + len);
        self.bytes.read_at(offset, len)
    }
}

impl<'a> Counted<'a> {
    fn of(bytes: &'a [u8]) -> Counted<'a> {
        Counted { bytes, read: RefCell::default() }
    }
}

/// 150 frames and 1200 tokens: three parts of frames and four of tokens, and above each a part that leads to them.
const FRAMES: u16 = 150;
const SPANS_AT: usize = HEAD + 150 * 72 + 3 * 32;
const TOKENS_AT: usize = SPANS_AT + 3 * 28 + 32;
const TOP_AT: usize = TOKENS_AT + 1200 * 12 + 4 * 32;
const END: usize = TOP_AT + 4 * 12 + 32;

#[test]
fn a_look_up_reads_the_parts_in_question_once() {
    let log = long(1, FRAMES);
    assert_eq!(log.index.len(), END);
    log.with(|open| {
        assert_eq!(open.rebuild_index(None, |record, found| as_terms(&named(&log.drafts[&record.seq].1)).into_iter().for_each(found)).unwrap(), log.index);
        let counted = Counted::of(&log.index);
        let mut index = open.index(&counted).unwrap();
        assert_eq!(counted.read.take(), vec![HEAD_ALONE]);
        let term = [Term { field: "of", value: "777" }];
        let found = open.candidates(&mut index, &term, i64::MIN, i64::MAX).unwrap();
        assert_eq!(found.len(), 1);
        let read = counted.read.take();
        assert_eq!((read.len(), &read[0], &read[2]), (4, &(TOP_AT..END), &(SPANS_AT..TOKENS_AT)));
        assert!((TOKENS_AT..TOP_AT).contains(&read[1].start) && read[1].len() <= TOKENS_PART && (HEAD..SPANS_AT).contains(&read[3].start) && read[3].len() <= FRAMES_PART);
        assert_eq!(open.candidates(&mut index, &term, i64::MIN, i64::MAX).unwrap(), found);
        assert_eq!(counted.read.take(), [], "once more: nothing is read twice");
        let parts_of_frames = [SPANS_AT..TOKENS_AT, HEAD + 2 * FRAMES_PART..SPANS_AT];
        let mut index = open.index(&counted).unwrap();
        assert_eq!(index.frame_of(700).unwrap().unwrap().first_seq, 697);
        assert_eq!(counted.read.take()[1..], parts_of_frames, "a number is in one part");
        let mut index = open.index(&counted).unwrap();
        let timely = open.candidates(&mut index, &[], 120_000, 122_000).unwrap();
        assert_eq!(timely.iter().map(|frame| frame.min_ms).collect::<Vec<_>>(), [120_000, 121_000, 122_000]);
        assert_eq!(counted.read.take()[1..], parts_of_frames, "three seconds are in one part");
        let mut index = open.index(&counted).unwrap();
        assert_eq!(open.candidates(&mut index, &[], 1_000_000, i64::MAX).unwrap(), []);
        assert_eq!(counted.read.take(), vec![HEAD_ALONE], "the head says that nothing was then");
    });
}

/// A term that is everywhere is looked for only where a rare one is.
#[test]
fn the_rarest_term_narrows_the_others() {
    let log = long(2, FRAMES);
    log.with(|open| {
        let counted = Counted::of(&log.index);
        let mut index = open.index(&counted).unwrap();
        let found = open.candidates(&mut index, &[Term { field: "peer", value: "1" }, Term { field: "order", value: "31" }], i64::MIN, i64::MAX).unwrap();
        assert_eq!(found.iter().map(|frame| frame.first_seq).collect::<Vec<_>>(), [62 * 6 + 1, 63 * 6 + 1]);
        // Head, the parts above, frames, and of the tokens two parts, or three where a border is between.
        assert!(counted.read.borrow().iter().map(Range::len).sum::<usize>() < HEAD + 200 + FRAMES_PART + 3 * TOKENS_PART);
    });
}

/// Whatever byte is changed: a search finds the same, with the index when it does not meet the damage, and the verifier finds it
/// without a key.
#[test]
fn a_changed_byte_changes_no_answer_and_is_found() {
    let log = long(3, FRAMES);
    let terms = [(0, 20)];
    log.with(|open| {
        let expected = log.expected(&terms, ALWAYS);
        assert_eq!(expected.len(), 12);
        let counted = Counted::of(&log.index);
        open.candidates(&mut open.index(&counted).unwrap(), &[Term { field: "order", value: "20" }], i64::MIN, i64::MAX).unwrap();
        let looked_at = counted.read.take();
        let mut forged = log.index.clone();
        let mut met = 0;
        for at in 0..forged.len() {
            let bit = 1 << (at % 8);
            forged[at] ^= bit;
            let meets = looked_at.iter().any(|range| range.contains(&at));
            // Those of large parts, and those that are not looked at, are many: a few of them are enough.
            if at < HEAD || at % if meets { 11 } else { 97 } == 0 {
                assert_eq!(log.found(open, Some(&forged), &terms, ALWAYS), (expected.clone(), !meets), "byte {at}");
                met += usize::from(meets);
            }
            if at % 211 == 0 || at == log.index.len() - 1 {
                assert_eq!(log.verified(&forged), BTreeSet::from([Defect::Index]), "byte {at}");
            }
            forged[at] ^= bit;
        }
        assert!(met > 800, "{met}");
        assert_eq!(log.verified(&log.index), BTreeSet::new());
    });
}

/// Every bit of a small one.
#[test]
fn no_bit_of_an_index_is_free() {
    let log = one(4, &(0..3).map(|at| vec![(at, vec![(0, 1)]), (at, vec![(0, 2 + at as u16)])]).collect::<Vec<_>>());
    let looked_up = |open: &OpenSegment<'_>, bytes: &[u8]| -> Result<usize, Damaged> {
        let mut index = open.index(&bytes)?;
        let term = [Term { field: "order", value: "1" }];
        Ok(open.candidates(&mut index, &term, i64::MIN, i64::MAX)?.len() + usize::from(index.frame_of(3)?.is_some()))
    };
    log.with(|open| {
        assert_eq!(looked_up(open, &log.index), Ok(4));
        for bit in 0..log.index.len() * 8 {
            let mut forged = log.index.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(looked_up(open, &forged), Err(Damaged), "bit {bit}");
        }
    });
}

/// Parts that are genuine in another place, of another segment, twice, or missing.
#[test]
fn parts_do_not_move() {
    let (log, other) = (long(5, FRAMES), long(6, FRAMES));
    assert_eq!(log.index.len(), other.index.len());
    let token_part = |no: usize| TOKENS_AT + no * TOKENS_PART..TOKENS_AT + (no + 1) * TOKENS_PART;
    let frame_part = |no: usize| HEAD + no * FRAMES_PART..HEAD + (no + 1) * FRAMES_PART;
    let mut changed = Vec::new();
    for (one, two) in [(token_part(0), token_part(1)), (token_part(1), token_part(2)), (frame_part(0), frame_part(1))] {
        let (first, second) = (log.index[one.clone()].to_vec(), log.index[two.clone()].to_vec());
        let mut exchanged = log.index.clone();
        exchanged[one.clone()].copy_from_slice(&second);
        let mut twice = exchanged.clone();
        exchanged[two.clone()].copy_from_slice(&first);
        twice.splice(one.clone(), first.iter().copied().chain(second.iter().copied()));
        changed.extend([exchanged, twice]);
        let mut without = log.index.clone();
        without.drain(one.clone());
        let mut foreign = log.index.clone();
        foreign[one.clone()].copy_from_slice(&other.index[one]);
        changed.extend([without, foreign]);
    }
    changed.extend([0, 60, HEAD, HEAD + 1, SPANS_AT, TOKENS_AT, TOKENS_AT + TOKENS_PART, TOP_AT, END - 1].map(|len| log.index[..len].to_vec()));
    changed.push(other.index.clone());
    changed.push([log.index.as_slice(), &[0]].concat());
    log.with(|open| {
        for (no, forged) in changed.iter().enumerate() {
            assert_eq!(log.verified(forged), BTreeSet::from([Defect::Index]), "{no}");
            let mut used = 0;
            for order in (0..FRAMES / 2).step_by(4) {
                let (found, indexed) = log.found(open, Some(forged), &[(0, order)], ALWAYS);
                assert_eq!(found, log.expected(&[(0, order)], ALWAYS), "{no}: {order}");
                used += usize::from(indexed);
            }
            // Only what was put behind the end is never met.
            assert_eq!(used < usize::from((FRAMES / 2).div_ceil(4)), no + 1 < changed.len(), "{no}");
        }
    });
}

fn drafts() -> impl Strategy<Value = Vec<Vec<Draft>>> {
    let term = (0..4u8, 0..5u16).prop_map(|(field, value)| (field, if field == 3 { value * 997 } else { value }));
    let record = (0..4000i64, prop::collection::vec(term, 0..4));
    prop_oneof![prop::collection::vec(prop::collection::vec(record.clone(), 1..6), 0..12), prop::collection::vec(prop::collection::vec(record, 1..5), 100..260),]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Clocks that jump, terms that are everywhere and nowhere, times that are wide, narrow and empty.
    #[test]
    fn what_is_found_does_not_depend_on_the_index(
        frames in drafts(),
        asked in prop::collection::vec((prop::collection::vec((0..4u8, 0..6u16), 0..4), prop_oneof![Just(None), (-10..4100i64, 0..900i64).prop_map(Some)]), 8),
        damage in any::<prop::sample::Index>(),
    ) {
        let log = one(9, &frames);
        let mut forged = log.index.clone();
        forged[damage.index(log.index.len())] ^= 0x40;
        log.with(|open| {
            for (terms, time) in &asked {
                let time = time.map_or(ALWAYS, |(from, len)| (from, from + len));
                let expected = log.expected(terms, time);
                assert_eq!(log.found(open, Some(&log.index), terms, time), (expected.clone(), true));
                assert_eq!(log.found(open, None, terms, time), (expected.clone(), false));
                assert_eq!(log.found(open, Some(&forged), terms, time).0, expected);
            }
            let mut seqs = log.records.iter().map(|record| record.seq).chain([0, u64::MAX]);
            let read = log.index.as_slice();
            let mut index = open.index(&read).unwrap();
            assert!(seqs.all(|seq| {
                let frame = index.frame_of(seq).unwrap();
                let by_hand = open.segment().frames().filter(|frame| frame.head.records > 0 && frame.head.first_seq <= seq).last();
                frame.map(|frame| (frame.no, frame.offset, frame.end())) == by_hand.map(|frame| (frame.head.no, frame.offset, frame.offset + frame.body.len() as u64 + 44))
            }));
        });
    }
}

/// Where the frames break off, a search says that there may be more, and no index is made that would hide it.
#[test]
fn a_gap_is_told_and_no_index_is_made_over_it() {
    let log = long(3, 20);
    let search = |bytes: &[u8]| {
        let segment = Segment::read(bytes).unwrap();
        let open = segment.open(&segment.secret(&key(1), &[]).unwrap()).unwrap();
        let found = open.search(&[], i64::MIN, i64::MAX, None, None, |_| true).unwrap();
        (found.records.len(), found.gap.is_some(), open.rebuild_index(None, |_, _| {}).is_err())
    };
    assert_eq!(search(&log.bytes), (log.records.len(), false, false));
    for at in [5, 12] {
        let frame = Segment::read(&log.bytes).unwrap().frames().nth(at).unwrap().offset as usize;
        let mut broken = log.bytes.clone();
        broken[frame + 50] ^= 1;
        let (records, gap, refused) = search(&broken);
        assert!(records > 0 && records < log.records.len() && gap && refused, "frame {at}: {records}");
    }
    let behind = [log.bytes.as_slice(), &[0, 1]].concat();
    assert!(search(&behind).1 && search(&behind).2);
}
