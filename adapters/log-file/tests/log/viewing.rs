//! The viewer's engine: what is found does not depend on an index, nothing that cannot be read is passed over, nothing personal is shown
//! masked, and a verdict tells a crash from a theft.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use menjie::gm::sm2::Sm2PrivateKey;
use menjie::ident::HospitalId;
use menjie::port::{Clock, Direction, LogSink, TransferBegin, TransferEnd, TransferId, TransferResult};
use menjie::seal::Segment;
use menjie::testkit::block_on;
use menjie::testkit::host::SeededEntropy;
use menjie_log_file::view::{Checker, Coverage, CsvRow, Filter, Follower, Item, JsonRow, Outcome, SegmentState, Sight, Verdict, Viewer, overview, shown_body, verify};
use menjie_log_file::{Body, LogDir, SealedLog, Settings};

use crate::support::{Bench, key};

const CANARY: &str = "440599199003070058";

fn small() -> Settings {
    Settings { segment_bytes: 1 << 16, step_bytes: 1 << 16, ..Settings::default() }
}

fn open(bench: &Bench, dir: &Path) -> SealedLog {
    SealedLog::open(dir, small(), bench.identity(), bench.entropy(), bench.clock.clone()).unwrap()
}

fn start(bench: &Bench, log: &SealedLog, n: u64) -> TransferId {
    let peer = ["wechat", "his", "invoice"][usize::try_from(n % 3).unwrap()];
    let begin = TransferBegin {
        hospital: HospitalId::new("h1").unwrap(),
        at: bench.clock.now(),
        direction: Direction::Out,
        peer: peer.to_owned(),
        interface: format!("POST /v{}/pay", n % 2),
        business_no: (!n.is_multiple_of(5)).then(|| format!("P{n}")),
        digest: "00".repeat(32),
        body: format!(r#"{{"patient_id":"M{}","name":"张小三","id_no":"{CANARY}","total_fen":{n},"pad":"{}"}}"#, n % 7, "x".repeat(1500)).into_bytes(),
    };
    block_on(log.begin(begin)).unwrap()
}

fn finish(bench: &Bench, log: &SealedLog, id: TransferId, result: TransferResult) {
    bench.clock.advance(40);
    let body = br#"{"code":"OK","message":"done"}"#.to_vec();
    block_on(log.end(id, TransferEnd { at: bench.clock.now(), result, status: "200".to_owned(), digest: "11".repeat(32), body }));
}

/// Several segments: exchanges that overlap, some across segments, some without an end.
fn written(bench: &Bench, dir: &Path) {
    let mut under_way = Vec::new();
    for part in 0..4u64 {
        let log = open(bench, dir);
        for n in 0..60 {
            let n = part * 60 + n;
            bench.clock.advance(1_000);
            let id = start(bench, &log, n);
            under_way.push((n, id));
            if under_way.len() > 3 {
                let (n, id) = under_way.remove(0);
                match n % 10 {
                    7 => {}
                    8 => finish(bench, &log, id, TransferResult::Unknown),
                    9 => finish(bench, &log, id, TransferResult::Unsent),
                    _ => finish(bench, &log, id, TransferResult::Answered),
                }
            }
        }
        drop(log);
        bench.clock.advance(30_000);
    }
}

fn viewer(bench: &Bench, dir: &Path) -> Viewer {
    Viewer::new(LogDir::new(dir, "transfers"), Arc::new(bench.auditor.clone()), None)
}

fn found(viewer: &Viewer, filter: &Filter) -> (Vec<Item>, Coverage) {
    let mut items = Vec::new();
    let coverage = viewer
        .search(filter, &mut |_| {}, &mut |item| {
            items.push(item);
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    (items, coverage)
}

fn of(set: impl FnOnce(&mut Filter)) -> Filter {
    let mut filter = Filter::default();
    set(&mut filter);
    filter
}

fn copied(dir: &Path, to: &Path, keep: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if keep(entry.file_name().to_str().unwrap()) {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

fn filters(bench: &Bench) -> Vec<Filter> {
    let now = bench.clock.now();
    vec![
        Filter::default(),
        of(|f| f.order = Some("P42".to_owned())),
        of(|f| f.order = Some("P17".to_owned())),
        of(|f| f.patient = Some("M3".to_owned())),
        of(|f| f.peer = Some("his".to_owned())),
        of(|f| f.interface = Some("POST /v1/pay".to_owned())),
        of(|f| f.interface = Some("POST /v1*".to_owned())),
        of(|f| (f.peer, f.patient, f.outcome) = (Some("his".to_owned()), Some("M3".to_owned()), Some(Outcome::Answered))),
        of(|f| f.outcome = Some(Outcome::Unknown)),
        of(|f| f.outcome = Some(Outcome::InDoubt)),
        of(|f| f.text = Some("\"total_fen\":42,".to_owned())),
        of(|f| f.from = Some(now.plus_millis(-200_000))),
        of(|f| (f.from, f.to) = (Some(now.plus_millis(-300_000)), Some(now.plus_millis(-100_000)))),
        of(|f| f.order = Some("NOBODY".to_owned())),
    ]
}

#[test]
fn what_is_found_does_not_depend_on_the_index() {
    let (folder, plain) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bench = Bench::new();
    written(&bench, folder.path());
    copied(folder.path(), plain.path(), |name| !name.ends_with(".gmx"));
    // In the head, among the frames, among the tokens: a search meets it at once, late, or not at all.
    let damaged = [0, 1, 4, 5, 6, 7].map(|eighths| {
        let copy = tempfile::tempdir().unwrap();
        copied(folder.path(), copy.path(), |_| true);
        for entry in std::fs::read_dir(copy.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "gmx") {
                let mut bytes = std::fs::read(&path).unwrap();
                let at = bytes.len() * eighths / 8;
                bytes[at] ^= 1;
                std::fs::write(&path, bytes).unwrap();
            }
        }
        copy
    });
    let everything = found(&viewer(&bench, folder.path()), &Filter::default()).0;
    assert_eq!(everything.len(), 240, "every BEGIN is an exchange");
    assert!(everything.windows(2).all(|pair| pair[0].seq() < pair[1].seq()));
    let (mut sizes, mut unused) = (Vec::new(), [0; 6]);
    for filter in filters(&bench) {
        let (items, coverage) = found(&viewer(&bench, folder.path()), &filter);
        assert_eq!(coverage.indexed, coverage.segments, "{filter:?}");
        assert_eq!(found(&viewer(&bench, plain.path()), &filter).0, items, "{filter:?}");
        for (copy, unused) in damaged.iter().zip(&mut unused) {
            let (same, coverage) = found(&viewer(&bench, copy.path()), &filter);
            assert_eq!(same, items, "{filter:?}");
            *unused += coverage.segments - coverage.indexed;
        }
        let by_hand: Vec<Item> = everything.iter().filter(|item| filter.accepts(item)).cloned().collect();
        assert_eq!(items, by_hand, "{filter:?}");
        sizes.push(items.len());
    }
    assert!(unused.iter().all(|segments| *segments > 0), "what was damaged was met and told: {unused:?}");
    assert_eq!((sizes[1], sizes[2], sizes[10], sizes[13]), (1, 1, 1, 0), "{sizes:?}");
    assert!(sizes[..13].iter().all(|size| *size > 0), "{sizes:?}");
    // Those without an end, and those whose end stands in the next segment.
    let of = |outcome| everything.iter().filter(|item| matches!(item, Item::Exchange(e) if e.outcome() == outcome)).count();
    assert_eq!((of(Outcome::InDoubt), of(Outcome::Unknown), of(Outcome::Unsent)), (24 + 2, 23, 23), "the last three have no end");
}

#[test]
fn one_order_among_many_touches_few_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    let log = SealedLog::open(folder.path(), Settings::default(), bench.identity(), bench.entropy(), bench.clock.clone()).unwrap();
    for n in 0..3000 {
        let id = start(&bench, &log, n);
        finish(&bench, &log, id, TransferResult::Answered);
    }
    drop(log);
    let (items, coverage) = found(&viewer(&bench, folder.path()), &of(|f| f.order = Some("P1234".to_owned())));
    assert_eq!(items.len(), 1);
    assert!(coverage.read * 200 < coverage.bytes, "{coverage:?}");
}

#[test]
fn one_record_leads_to_its_exchange_and_the_last_ones_are_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    written(&bench, folder.path());
    let viewer = viewer(&bench, folder.path());
    let everything = found(&viewer, &Filter::default()).0;
    for item in everything.iter().step_by(7) {
        assert_eq!(viewer.show(item.seq()).unwrap().as_ref(), Some(item));
        if let Item::Exchange(exchange) = item
            && let Some(ended) = &exchange.ended
        {
            assert_eq!(viewer.show(ended.seq).unwrap().as_ref(), Some(item), "from its END");
        }
    }
    assert_eq!(viewer.show(0).unwrap(), None);
    assert_eq!(viewer.show(1_000_000).unwrap(), None);
    for count in [1, 10, 100, 1000] {
        let (last, _) = viewer.last(count, &Filter::default(), &mut |_| {}).unwrap();
        assert_eq!(last, everything[everything.len().saturating_sub(count)..], "{count}");
        for at in [0, 1, 37, 120, 239] {
            let (page, _) = viewer.last_before(everything[at].seq(), count, &Filter::default(), &mut |_| {}).unwrap();
            assert_eq!(page, everything[at.saturating_sub(count)..at], "{count} before the {at}th");
        }
    }
    assert!(viewer.fits().unwrap(), "it is his key");
    let (stats, _) = viewer.stats(&Filter::default(), &mut |_| {}).unwrap();
    assert_eq!(stats.interfaces.values().map(menjie_log_file::view::Tally::count).sum::<u64>(), 240);
    assert!(stats.interfaces.values().all(|tally| tally.mean_ms() > Some(0) && tally.longest_ms >= 40));
}

#[test]
fn a_log_is_followed_across_segments() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    let log = open(&bench, folder.path());
    let id = start(&bench, &log, 1);
    let mut follower = Follower::new(viewer(&bench, folder.path()), 0);
    let seqs = |items: &[Item]| items.iter().map(|item| (item.seq(), matches!(item, Item::Exchange(e) if e.ended.is_some()))).collect::<Vec<_>>();
    assert_eq!(seqs(&follower.look().unwrap().items), [(1, false)]);
    assert!(follower.look().unwrap().items.is_empty());
    finish(&bench, &log, id, TransferResult::Answered);
    drop(log);
    let log = open(&bench, folder.path());
    start(&bench, &log, 2);
    let items = follower.look().unwrap().items;
    assert_eq!(seqs(&items), [(1, true), (3, false)]);
    assert!(matches!(&items[0], Item::Exchange(e) if e.duration_ms() == Some(40)));
    drop(log);
    assert!(follower.look().unwrap().items.is_empty());
}

#[test]
fn nothing_personal_is_shown_masked() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    written(&bench, folder.path());
    for item in found(&viewer(&bench, folder.path()), &Filter::default()).0 {
        let (masked, clear) = (JsonRow::of(&item, Sight::Masked), JsonRow::of(&item, Sight::Clear));
        for row in [serde_json::to_string(&masked).unwrap(), CsvRow::of(&masked)] {
            assert!(!row.contains(CANARY) && !row.contains("张小三") && !row.contains("\"M3\""), "{row}");
        }
        assert!(clear.request.contains(CANARY) && masked.request.contains("440***********0058") && masked.request.contains("\"total_fen\":"));
    }
    let filter = of(|f| (f.patient, f.text, f.order) = (Some("M3".to_owned()), Some(CANARY.to_owned()), Some("P1".to_owned())));
    assert!(filter.described().starts_with("order=P1 patient=sm3:") && !filter.described().contains(CANARY) && !filter.described().contains("M3"));
    assert_eq!(shown_body(&Body::Text(String::new()), Sight::Masked, true), "");
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    written(&bench, folder.path());
    let stranger = Viewer::new(LogDir::new(folder.path(), "transfers"), Arc::new(key(77)), None);
    let (items, coverage) = found(&stranger, &Filter::default());
    assert!(items.is_empty() && coverage.unreadable.len() as u64 == coverage.segments && coverage.segments > 3, "{coverage:?}");
    let path = folder.path().join("transfers-0000000002.gml");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (_, coverage) = found(&viewer(&bench, folder.path()), &Filter::default());
    assert!(coverage.unreadable.iter().any(|(no, _)| *no == 2), "{coverage:?}");
    // After a rewrap the stranger reads as well.
    let dir = LogDir::new(folder.path(), "transfers");
    dir.rewrap(&bench.auditor, key(77).public(), &SeededEntropy::new(3), |_, _| {}).unwrap();
    let order = of(|f| f.order = Some("P1".to_owned()));
    assert_eq!(found(&stranger, &order).0, found(&viewer(&bench, folder.path()), &order).0);
}

fn verdict(dir: &Path, bench: &Bench, reader: Option<&Sm2PrivateKey>) -> Verdict {
    let writers = [bench.signer.public().clone()];
    let checker = Checker { writers: &writers, reader, ..Checker::default() };
    verify(&LogDir::new(dir, "transfers"), &checker, &mut |_| {}).unwrap().verdict()
}

#[test]
fn a_verdict_tells_a_crash_from_a_theft() {
    let bench = Bench::new();
    let whole = tempfile::tempdir().unwrap();
    written(&bench, whole.path());
    let lines = overview(&LogDir::new(whole.path(), "transfers")).unwrap();
    assert!(lines.iter().all(|line| line.state == SegmentState::Closed && line.indexed && line.recipients == [bench.auditor.public().id()]));
    assert_eq!(lines.iter().map(|line| line.records).sum::<u64>(), lines.last().map(|line| line.first_seq + line.records - 1).unwrap());
    let newest = lines.last().unwrap().no;
    let changed = |change: &dyn Fn(&Path)| {
        let copy = tempfile::tempdir().unwrap();
        copied(whole.path(), copy.path(), |_| true);
        change(copy.path());
        (verdict(copy.path(), &bench, None), verdict(copy.path(), &bench, Some(&bench.auditor)))
    };
    let file = |dir: &Path, no: u64, ending: &str| dir.join(format!("transfers-{no:010}.{ending}"));
    let both = |verdict| (verdict, verdict);
    assert_eq!(changed(&|_| {}), both(Verdict::Sound));
    // A writer that died in the middle of a frame, before the manifest knew the segment.
    let torn = |dir: &Path| {
        let bytes = std::fs::read(file(dir, newest, "gml")).unwrap();
        std::fs::write(file(dir, newest, "gml"), &bytes[..bytes.len() - 10]).unwrap();
        let manifest = std::fs::read_to_string(dir.join("MANIFEST")).unwrap();
        let kept: Vec<&str> = manifest.lines().take(manifest.lines().count() - 1).collect();
        std::fs::write(dir.join("MANIFEST"), kept.join("\n") + "\n").unwrap();
    };
    assert_eq!(changed(&torn), both(Verdict::Torn));
    assert_eq!(changed(&|dir| std::fs::remove_file(file(dir, 2, "gml")).unwrap()), both(Verdict::Tampered));
    assert_eq!(changed(&|dir| std::fs::remove_file(file(dir, newest, "gml")).unwrap()), both(Verdict::Tampered), "the newest: the manifest knows it");
    let manifest = |dir: &Path| {
        let text = std::fs::read_to_string(dir.join("MANIFEST")).unwrap();
        std::fs::write(dir.join("MANIFEST"), text.replacen("\"bytes\":", "\"bytes\":1", 1)).unwrap();
    };
    assert_eq!(changed(&manifest), both(Verdict::Tampered));
    let index = |dir: &Path| {
        let mut bytes = std::fs::read(file(dir, 1, "gmx")).unwrap();
        bytes[100] ^= 1;
        std::fs::write(file(dir, 1, "gmx"), bytes).unwrap();
    };
    assert_eq!(changed(&index), both(Verdict::Tampered));
    assert_eq!(verdict(whole.path(), &bench, Some(&key(77))), Verdict::Tampered, "a key that opens nothing proves nothing");
    assert_eq!(verdict(whole.path(), &Bench { signer: Arc::new(key(78)), ..Bench::new() }, None), Verdict::Tampered);
    let empty = tempfile::tempdir().unwrap();
    assert!(verify(&LogDir::new(empty.path(), "transfers"), &Checker::default(), &mut |_| {}).is_err());
}

/// Without an index a search walks over the frames. Whatever bit of a segment is changed, the rows are the same, or the gap is named.
#[test]
fn a_broken_frame_hides_no_record_in_silence() {
    let bench = Bench::new();
    let whole = tempfile::tempdir().unwrap();
    written(&bench, whole.path());
    let everything = found(&viewer(&bench, whole.path()), &Filter::default()).0;
    let copy = tempfile::tempdir().unwrap();
    copied(whole.path(), copy.path(), |name| !name.ends_with(".gmx"));
    let viewer = viewer(&bench, copy.path());
    let newest = viewer.dir().segments().unwrap().last().copied().unwrap();
    let seen = |no: u64, change: &dyn Fn(&mut Vec<u8>)| {
        let path = copy.path().join(format!("transfers-{no:010}.gml"));
        let bytes = std::fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        change(&mut changed);
        std::fs::write(&path, &changed).unwrap();
        let (items, coverage) = found(&viewer, &Filter::default());
        let named = coverage.unreadable.iter().any(|(named, _)| *named == no);
        assert!(named || items == everything, "segment {no}: {} of {}", items.len(), everything.len());
        // One by one: shown as it was, or an error; never that there is no such record.
        for item in everything.iter().step_by(67) {
            assert!(viewer.show(item.seq()).map_or(true, |shown| shown.as_ref() == Some(item)), "record {} with a change in segment {no}", item.seq());
        }
        let (mut follower, mut followed, mut told, mut last) = (Follower::new(viewer.clone(), 0), 0, false, 0);
        loop {
            let seen = follower.look().unwrap();
            if seen.items.is_empty() && seen.gaps.is_empty() {
                break;
            }
            assert!(seen.gaps.iter().all(|(named, _)| *named == no));
            followed += seen.items.len();
            told |= !seen.gaps.is_empty();
            last = seen.items.iter().map(Item::seq).max().unwrap_or_default().max(last);
        }
        std::fs::write(&path, bytes).unwrap();
        (named, told, followed, last)
    };
    let (.., all, end) = seen(1, &|_| {});
    for no in [1, 2, newest] {
        let len = std::fs::metadata(copy.path().join(format!("transfers-{no:010}.gml"))).unwrap().len() as usize;
        for at in (0..len - 300).step_by(len / 5) {
            let (named, told, followed, last) = seen(no, &|bytes| bytes[at] ^= 1);
            assert!(named && told || followed == all, "byte {at} of segment {no}: {followed} of {all}");
            assert!(no == newest || last == end, "what stands behind the gap in segment {no} is followed: {last} of {end}");
        }
    }
    // Cut off at a frame, with or without something behind it: the next segment began elsewhere.
    let bytes = std::fs::read(copy.path().join("transfers-0000000002.gml")).unwrap();
    let footer = Segment::read(&bytes).unwrap().frames().last().unwrap().offset as usize;
    assert!(seen(2, &|bytes| bytes.truncate(footer)).0);
    assert!(seen(2, &|bytes| bytes.extend([0, 1])).0);
}
