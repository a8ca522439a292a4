//! I17: whatever went over the wire stands in the sealed log, as often as it did, and the log tells of nothing else.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use menjie::gm::{hex, sm3};
use menjie::port::{Direction, TransferResult};
use menjie_bridge::sealed_log::view::{Exchange as Logged, Filter, Item, Viewer};
use menjie_bridge::sealed_log::{LogDir, TRANSFER_STREAM, Zstd, read_private};
use menjie_sim::shell::Exchange;

/// What came of comparing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    /// Requests that counterparts got.
    pub(crate) requests: u64,
    /// Callbacks that counterparts sent and the server took or refused.
    pub(crate) callbacks: u64,
    /// What does not agree.
    pub(crate) wrong: Vec<String>,
}

/// How exchanges with the same bytes ended: the status of the answer, `None` for those that had none.
type Ends = BTreeMap<Option<String>, u64>;

/// Exchanges of one direction by the digest of their bytes.
type Tally = BTreeMap<String, Ends>;

/// Exchanges of both directions.
#[derive(Default)]
pub(crate) struct Both {
    requests: Tally,
    callbacks: Tally,
}

fn sent(wire: &[Exchange]) -> Both {
    let mut both = Both::default();
    for exchange in wire {
        // Callbacks go the other way; their target is an address.
        let tally = if exchange.target.starts_with('/') { &mut both.requests } else { &mut both.callbacks };
        count(tally, hex(&sm3(&exchange.body)), exchange.status.map(|status| status.to_string()));
    }
    both
}

/// What the log of this folder says, whose auditor's key lies beside it (a demo's, for a trial). A HIS that is not simulated is left out.
pub(crate) fn read(folder: &Path, own_his: bool) -> Result<Both, String> {
    let told = |error: menjie::Error| format!("the sealed log: {error}");
    let key = Arc::new(read_private(&folder.join("auditor.pem"), None).map_err(told)?);
    let viewer = Viewer::new(LogDir::new(&folder.join("log"), TRANSFER_STREAM), key, Some(Arc::new(Zstd)));
    let mut both = Both::default();
    viewer
        .search(&Filter::default(), &mut |_| {}, &mut |item| {
            if let Item::Exchange(exchange) = item {
                let Logged { began, ended, .. } = *exchange;
                if let Some(began) = began.filter(|began| own_his || began.peer != "his") {
                    let tally = if began.direction == Direction::Out { &mut both.requests } else { &mut both.callbacks };
                    count(tally, began.digest, ended.filter(|ended| ended.result == TransferResult::Answered).map(|ended| ended.status));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
        .map_err(told)?;
    Ok(both)
}

fn count(tally: &mut Tally, digest: String, end: Option<String>) {
    *tally.entry(digest).or_default().entry(end).or_default() += 1;
}

/// Compares what went over the wire, which does not stand still, with the log as it was read before that was taken and after it.
pub(crate) fn compare(wire: &[Exchange], before: &Both, after: &Both) -> Compared {
    let wire = sent(wire);
    let mut compared = Compared::default();
    missing(&wire, after, &mut compared);
    invented(&wire, before, &mut compared);
    compared
}

fn missing(wire: &Both, log: &Both, compared: &mut Compared) {
    let none = Ends::new();
    for (digest, ends) in &wire.requests {
        let (got, begun) = (total(ends), total(log.requests.get(digest).unwrap_or(&none)));
        compared.requests += got;
        // What was begun may never have left.
        if begun < got {
            compared.wrong.push(format!("I17: a request was sent {got} times and recorded {begun} times (SM3 {digest})"));
        }
    }
    for (digest, ends) in &wire.callbacks {
        let begun = log.callbacks.get(digest).unwrap_or(&none);
        // A server that cannot record takes nothing and answers 5xx; one that died before it answered may not have begun.
        let answered = ends.iter().filter_map(|(status, times)| Some((status.as_ref().filter(|status| !status.starts_with('5'))?, *times)));
        let mut all = 0;
        for (status, times) in answered {
            all += times;
            // Without an END: it was not written before the death, or is not on the disk yet.
            let known = begun.get(&Some(status.clone())).copied().unwrap_or(0) + open(begun);
            if known < times {
                compared.wrong.push(format!("I17: a callback was answered {status} {times} times and recorded so {known} times (SM3 {digest})"));
            }
        }
        compared.callbacks += all;
        if total(begun) < all {
            compared.wrong.push(format!("I17: a callback was answered {all} times and recorded {} times (SM3 {digest})", total(begun)));
        }
    }
}

fn invented(wire: &Both, log: &Both, compared: &mut Compared) {
    let none = Ends::new();
    for (digest, ends) in &log.requests {
        let (answered, got) = (total(ends) - open(ends), total(wire.requests.get(digest).unwrap_or(&none)));
        if answered > got {
            compared.wrong.push(format!("I17: the log tells of {answered} answers to a request that was sent {got} times (SM3 {digest})"));
        }
    }
    for (digest, begun) in &log.callbacks {
        let (begun, got) = (total(begun), total(wire.callbacks.get(digest).unwrap_or(&none)));
        if begun > got {
            compared.wrong.push(format!("I17: the log tells of {begun} callbacks, {got} were sent (SM3 {digest})"));
        }
    }
}

fn total(ends: &Ends) -> u64 {
    ends.values().sum()
}

fn open(ends: &Ends) -> u64 {
    ends.get(&None).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::time::Instant;

    use menjie::ident::HospitalId;
    use menjie::port::{Clock, LogSink, TransferBegin, TransferEnd};
    use menjie::testkit::block_on;
    use menjie_bridge::sealed_log::{Identity, OsEntropy, SealedLog, Settings, SystemClock, read_public};
    use menjie_sim::Peer;

    use super::*;

    /// Exchanges as the simulators keep them: of requests the target begins with a slash.
    fn wire(target: &str, body: &str, status: Option<u16>) -> Exchange {
        let now = Instant::now();
        Exchange { peer: Peer::Wechat, target: target.to_owned(), headers: Vec::new(), body: body.as_bytes().to_vec(), begun: now, ended: now, status }
    }

    /// How an exchange of the log ended, if it did.
    type End = Option<(TransferResult, &'static str)>;

    /// An exchange of the log: its direction, its bytes, its end.
    type Entry = (Direction, &'static str, End);

    const CALLBACK: &str = "http://127.0.0.1:1/notify/wechat";

    /// A log as a server writes it.
    fn logged(folder: &Path, exchanges: &[Entry]) {
        menjie_bridge::build::make_log_keys(folder).unwrap();
        let signer = Arc::new(read_private(&folder.join("log-signer.pem"), None).unwrap());
        let identity = Identity { signer, recipients: read_public(&folder.join("auditor.pub.pem")).unwrap().into() };
        let settings = Settings { segment_bytes: 1 << 16, step_bytes: 1 << 16, ..Settings::default() };
        let log = SealedLog::open(&folder.join("log"), settings, identity, Arc::new(OsEntropy), Arc::new(SystemClock)).unwrap();
        for (direction, body, end) in exchanges {
            let begin = TransferBegin {
                hospital: HospitalId::new("H1").unwrap(),
                at: SystemClock.now(),
                direction: *direction,
                peer: "wechat".to_owned(),
                interface: "POST /x".to_owned(),
                business_no: None,
                digest: hex(&sm3(body.as_bytes())),
                body: body.as_bytes().to_vec(),
            };
            let id = block_on(log.begin(begin)).unwrap();
            if let Some((result, status)) = end {
                let end = TransferEnd { at: SystemClock.now(), result: *result, status: (*status).to_owned(), digest: String::new(), body: Vec::new() };
                block_on(log.end(id, end));
            }
        }
        log.close().unwrap();
    }

    /// What is wrong when these went over the wire and those are in the log.
    fn verdict(went: &[Exchange], log: &[Entry]) -> Compared {
        let folder = tempfile::tempdir().unwrap();
        logged(folder.path(), log);
        let log = read(folder.path(), true).unwrap();
        compare(went, &log, &log)
    }

    const TAKEN: End = Some((TransferResult::Answered, "200"));

    #[test]
    fn a_day_that_was_recorded_agrees_also_when_the_server_died_in_it() {
        let went = [
            wire("/v3/x", "a", Some(200)),
            wire("/v3/x", "a", None),
            wire(CALLBACK, "b", Some(200)),
            wire(CALLBACK, "b", Some(200)),
            wire(CALLBACK, "c", Some(401)),
            // Killed before it answered, before it began, and before its END was on the disk.
            wire(CALLBACK, "d", None),
            wire(CALLBACK, "e", None),
            wire(CALLBACK, "f", Some(200)),
            // Its log was full.
            wire(CALLBACK, "g", Some(500)),
        ];
        let log = [
            (Direction::Out, "a", TAKEN),
            (Direction::Out, "a", Some((TransferResult::Unknown, "timeout"))),
            (Direction::Out, "never left", Some((TransferResult::Unsent, "connect"))),
            (Direction::In, "b", TAKEN),
            (Direction::In, "b", TAKEN),
            (Direction::In, "c", Some((TransferResult::Answered, "401"))),
            (Direction::In, "d", TAKEN),
            (Direction::In, "f", None),
        ];
        assert_eq!(verdict(&went, &log), Compared { requests: 2, callbacks: 4, wrong: Vec::new() });
    }

    #[test]
    fn a_callback_that_the_server_took_without_recording_it_is_missing() {
        let found = verdict(&[wire(CALLBACK, "b", Some(200)), wire(CALLBACK, "b", Some(200))], &[(Direction::In, "b", TAKEN)]);
        assert!(found.callbacks == 2 && found.wrong.iter().any(|w| w.contains("a callback was answered 2 times and recorded 1 times")), "{found:?}");
        // A request with the same bytes is not its record.
        let found = verdict(&[wire(CALLBACK, "b", Some(200))], &[(Direction::Out, "b", Some((TransferResult::Unknown, "")))]);
        assert!(found.wrong.iter().any(|w| w.contains("a callback was answered 1 times and recorded 0 times")), "{found:?}");
    }

    #[test]
    fn a_request_that_is_recorded_less_often_than_it_was_sent_is_missing() {
        let found = verdict(&[wire("/x", "a", Some(200)), wire("/x", "a", None)], &[(Direction::Out, "a", TAKEN)]);
        assert!(found.wrong.len() == 1 && found.wrong[0].contains("sent 2 times and recorded 1 times"), "{found:?}");
    }

    #[test]
    fn what_never_went_over_the_wire_may_not_be_recorded() {
        let found = verdict(&[], &[(Direction::In, "b", TAKEN), (Direction::Out, "a", TAKEN)]);
        assert!(found.wrong.len() == 2 && found.wrong.iter().all(|w| w.contains("the log tells of 1")), "{found:?}");
        let found = verdict(&[wire(CALLBACK, "b", Some(401))], &[(Direction::In, "b", TAKEN)]);
        assert!(found.wrong.len() == 1 && found.wrong[0].contains("answered 401 1 times and recorded so 0"), "{found:?}");
    }
}
