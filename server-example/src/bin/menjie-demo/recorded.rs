//! I17: whatever the counterparts were asked stands in the sealed log, as often as they were asked it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use menjie::gm::{hex, sm3};
use menjie::port::Direction;
use menjie_bridge::sealed_log::view::{Filter, Item, Viewer};
use menjie_bridge::sealed_log::{LogDir, TRANSFER_STREAM, Zstd, read_private};
use menjie_sim::shell::Exchange;

/// How often each request went out, by the digest of its bytes.
type Asked = BTreeMap<String, u64>;

/// Compares what went over the wire with the log of this folder, whose auditor's key lies beside it (a demo's, for a trial); how many
/// exchanges were compared, and what is missing.
pub(crate) fn compare(folder: &Path, wire: &[Exchange]) -> Result<(u64, Vec<String>), String> {
    let mut asked = Asked::new();
    // Callbacks go the other way; their target is an address.
    for exchange in wire.iter().filter(|exchange| exchange.target.starts_with('/')) {
        *asked.entry(hex(&sm3(&exchange.body))).or_default() += 1;
    }
    Ok((asked.values().sum(), missing(&asked, &begun(folder)?)))
}

/// What the log says was sent.
fn begun(folder: &Path) -> Result<Asked, String> {
    let told = |error: menjie::Error| format!("the sealed log: {error}");
    let key = Arc::new(read_private(&folder.join("auditor.pem"), None).map_err(told)?);
    let viewer = Viewer::new(LogDir::new(&folder.join("log"), TRANSFER_STREAM), key, Some(Arc::new(Zstd)));
    let mut begun = Asked::new();
    let ours = Filter { direction: Some(Direction::Out), ..Filter::default() };
    viewer
        .search(&ours, &mut |_| {}, &mut |item| {
            if let Item::Exchange(exchange) = item
                && let Some(began) = exchange.began
            {
                *begun.entry(began.digest).or_default() += 1;
            }
            Ok(ControlFlow::Continue(()))
        })
        .map_err(told)?;
    Ok(begun)
}

fn missing(asked: &Asked, begun: &Asked) -> Vec<String> {
    let recorded = |digest: &String| begun.get(digest).copied().unwrap_or(0);
    let missing = asked.iter().filter(|(digest, times)| recorded(digest) < **times);
    missing.map(|(digest, times)| format!("I17: a request was sent {times} times and recorded {} times (SM3 {digest})", recorded(digest))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_recorded_less_often_than_it_was_sent_is_missing() {
        let of = |pairs: &[(&str, u64)]| pairs.iter().map(|(digest, times)| ((*digest).to_owned(), *times)).collect::<Asked>();
        let asked = of(&[("a", 2), ("b", 1)]);
        // What was begun may never have left.
        assert!(missing(&asked, &of(&[("a", 2), ("b", 3), ("c", 1)])).is_empty());
        assert_eq!(missing(&asked, &of(&[("a", 1), ("b", 1)])).len(), 1);
        assert!(missing(&asked, &of(&[("a", 2)]))[0].contains("SM3 b"));
    }
}
