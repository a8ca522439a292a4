//! How much of a log a search reads: frames of 64 records of 482 bytes, as a busy day leaves them, in several segments.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use menjie::Timestamp;
use menjie::seal::{NewSegment, Record, SegmentWriter, Term};
use menjie::testkit::host::SeededEntropy;
use menjie_log_file::LogDir;
use menjie_log_file::view::{Filter, Viewer};

use crate::support::key;

const SEGMENTS: u64 = 4;
const FRAMES: u64 = 200;
const RECORDS: u64 = 64;
const PAYLOAD: usize = 482;
/// Exchanges of an order.
const EXCHANGES: u64 = 8;
const START: i64 = 1_780_000_000_000;

/// The record of a number and its terms: BEGIN and END in turn, a millisecond apart.
fn record(seq: u64) -> (Vec<u8>, Vec<(&'static str, String)>) {
    let at = Timestamp::from_millis(START + seq as i64).to_string();
    let exchange = (seq - 1) / 2;
    let order = format!("MZ{:08}", exchange / EXCHANGES);
    let interface = format!("POST /v{}/pay", exchange % 8);
    let (mut value, terms) = if seq % 2 == 1 {
        let value = serde_json::json!({ "what": "begin", "hospital": "h1", "at": at, "direction": "out", "peer": "his", "interface": interface,
            "business_no": order, "digest": "00", "body": { "text": "" } });
        (value, vec![("peer", "his".to_owned()), ("interface", interface), ("order", order)])
    } else {
        let value = serde_json::json!({ "what": "end", "of": seq - 1, "at": at, "result": "answered", "status": "200", "digest": "11", "body": { "text": "" } });
        (value, vec![("of", (seq - 1).to_string()), ("result", "answered".to_owned())])
    };
    let missing = PAYLOAD - value.to_string().len();
    value["body"]["text"] = "x".repeat(missing).into();
    (value.to_string().into_bytes(), terms)
}

fn write(dir: &Path) {
    let (signer, mut seq, mut chain) = (Arc::new(key(1)), 1, [0; 32]);
    for no in 1..=SEGMENTS {
        let new = NewSegment {
            log_id: [7; 16],
            segment_no: no,
            first_seq: seq,
            created_ns: START * 1_000_000,
            incarnation: 1,
            prev_digest: chain,
            after_crash: false,
            recipients: Arc::from([key(2).public().clone(), key(3).public().clone()]),
            signer: signer.clone(),
            seal: None,
            ratchet_frames: 256,
            pad_to: 64,
            codec: None,
            flushed_in_turn: false,
        };
        let mut bytes = Vec::new();
        let mut writer = SegmentWriter::begin(new, &SeededEntropy::new(no), &mut bytes).unwrap();
        for _ in 0..FRAMES {
            let written: Vec<_> = (seq..seq + RECORDS).map(record).collect();
            let terms: Vec<Vec<Term<'_>>> = written.iter().map(|(_, terms)| terms.iter().map(|(field, value)| Term { field, value }).collect()).collect();
            let time = |seq: u64| (START + seq as i64) * 1_000_000;
            let records: Vec<Record<'_>> = (seq..)
                .zip(written.iter().zip(&terms))
                .map(|(seq, ((payload, _), terms))| Record { time_ns: time(seq), kind: 1 + u16::from(seq % 2 == 0), payload, terms })
                .collect();
            writer.frame(&records, &mut bytes).unwrap();
            seq += RECORDS;
        }
        let closed = writer.close(0, &mut bytes).unwrap();
        chain = closed.chain;
        std::fs::write(dir.join(format!("transfers-{no:010}.gml")), bytes).unwrap();
        std::fs::write(dir.join(format!("transfers-{no:010}.gmx")), closed.index).unwrap();
    }
}

/// The numbers found, and the share of the bytes that was read.
fn searched(viewer: &Viewer, filter: &Filter) -> (Vec<u64>, f64) {
    let mut seqs = Vec::new();
    let coverage = viewer
        .search(filter, &mut |_| {}, &mut |item| {
            seqs.push(item.seq());
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!((coverage.segments, coverage.indexed, coverage.unreadable.len()), (SEGMENTS, SEGMENTS, 0));
    (seqs, coverage.read as f64 / coverage.bytes as f64)
}

#[test]
fn one_order_among_many_reads_less_than_a_hundredth() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let viewer = Viewer::new(LogDir::new(folder.path(), "transfers"), Arc::new(key(2)), None);
    let orders = SEGMENTS * FRAMES * RECORDS / 2 / EXCHANGES;
    let mut shares = BTreeMap::new();
    for order in [0, 1, orders / 3, orders / 2, orders - 1, orders] {
        let (seqs, share) = searched(&viewer, &Filter { order: Some(format!("MZ{order:08}")), ..Filter::default() });
        let exchanges = (order * EXCHANGES..(order + 1) * EXCHANGES).map(|exchange| exchange * 2 + 1);
        assert_eq!(seqs, exchanges.filter(|_| order < orders).collect::<Vec<_>>(), "{order}");
        shares.insert(order, share);
    }
    // Of each segment its header, and of the index a few parts of four KiB; and one frame of 31 KiB, which is an eighth of a hundredth here.
    assert!(shares.values().all(|share| *share < 0.005), "{shares:?}");
    assert!(shares[&orders] < 0.0015, "an order that is not there opens nothing: {shares:?}");
    // The newest of one interface: frames of one place, and of the index what leads there.
    let last = SEGMENTS * FRAMES * RECORDS;
    let from = Some(Timestamp::from_millis(START + last as i64 - 63));
    let (seqs, share) = searched(&viewer, &Filter { interface: Some("POST /v3/pay".to_owned()), from, ..Filter::default() });
    assert_eq!(seqs, [last - 57, last - 41, last - 25, last - 9]);
    assert!(share < 0.003, "{share}");
    // One record, by number.
    assert_eq!(viewer.show(last).unwrap().map(|item| item.seq()), Some(last - 1));
}

/// An index that is gone or damaged is made anew, byte by byte; one that is as the footer names it stays.
#[test]
fn a_missing_index_is_made_anew_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let file = |no: u64| folder.path().join(format!("transfers-{no:010}.gmx"));
    let before: Vec<Vec<u8>> = (1..=SEGMENTS).map(|no| std::fs::read(file(no)).unwrap()).collect();
    std::fs::remove_file(file(2)).unwrap();
    std::fs::write(file(3), &before[2][..before[2].len() - 40]).unwrap();
    let of = |seed: u64| Viewer::new(LogDir::new(folder.path(), "transfers"), Arc::new(key(seed)), None).reindex(&mut |_| {}).unwrap();
    let stranger = of(9);
    assert_eq!((stranger.made, stranger.already, stranger.impossible.iter().map(|(no, _)| *no).collect::<Vec<_>>()), (vec![], vec![1, 4], vec![2, 3]));
    let done = of(3);
    assert_eq!((done.made, done.already, done.impossible), (vec![2, 3], vec![1, 4], vec![]));
    assert_eq!((1..=SEGMENTS).map(|no| std::fs::read(file(no)).unwrap()).collect::<Vec<_>>(), before);
    assert_eq!(of(2).already, [1, 2, 3, 4]);
}
