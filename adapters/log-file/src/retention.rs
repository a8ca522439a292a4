//! How long segments are kept (留存期) that were closed, or that a crash cut off. One that has expired is removed whole, behind a signed tombstone: a verifier can tell it from
//! one that somebody took away.

use menjie::calendar::Timestamp;
use menjie::seal::{EndedSegment, ManifestEntry, Tombstone};
use menjie::{Error, Result};

use crate::disk::Disk;
use crate::files;
use crate::logbook::{Logbook, disk_error};

/// Network logs are kept at least six months (Cybersecurity Law); no setting goes below.
pub const FLOOR_DAYS: u32 = 180;
/// Evidence of money is kept at least three years.
pub const MONEY_FLOOR_DAYS: u32 = 1096;

/// A pass removes no more: whoever sets the clock wrong has time to notice.
const AT_ONCE: usize = 16;
const DAY_MS: i64 = 86_400_000;
/// A clock is believed when a segment ended under it between so many days ago and …
const SETTLED_DAYS: i64 = 7;
/// … so many.
const RECENT_DAYS: i64 = 62;

/// How long segments are kept that have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Retention {
    /// For good.
    #[default]
    Everything,
    /// So many days after they were closed, or were found to be cut off.
    Days(u32),
}

impl Retention {
    pub(crate) fn check(self, money: bool) -> Result<()> {
        match self {
            Retention::Days(days) if days < FLOOR_DAYS => Err(Error::field("retention", "is below 180 days")),
            Retention::Days(days) if money && days < MONEY_FLOOR_DAYS => Err(Error::field("retention", "is below three years (1096 days), and the stream is evidence of money")),
            Retention::Days(_) | Retention::Everything => Ok(()),
        }
    }

    /// Segments that ended before this instant have expired.
    fn limit(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Retention::Everything => None,
            Retention::Days(days) => Some(now.plus_millis(-i64::from(days) * DAY_MS)),
        }
    }
}

/// A clock that jumped ahead must not make everything expire: some segment ended under it a while ago.
fn is_settled(kept: &[EndedSegment], now: Timestamp) -> bool {
    kept.iter().any(|ended| (SETTLED_DAYS * DAY_MS..RECENT_DAYS * DAY_MS).contains(&now.since(ended.at)))
}

impl<D: Disk> Logbook<D> {
    /// Removes what has expired, the oldest first and none out of turn. Done once a day; what is left waits for the next pass.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Result<()> {
        self.clear_away()?;
        let Some(limit) = self.settings.retention.limit(now).filter(|_| is_settled(&self.kept, now)) else { return Ok(()) };
        let expired: Vec<EndedSegment> = self.kept.iter().take_while(|ended| ended.at < limit).take(AT_ONCE).cloned().collect();
        for EndedSegment { segment, last_seq, chain, .. } in expired {
            let reason = format!("retention {}", if let Retention::Days(days) = self.settings.retention { days } else { 0 });
            self.note(&ManifestEntry::Deleted(Tombstone { segment, last_seq, chain, deleted_at: now, reason }))?;
            self.durable.gone(segment, self.manifest_len);
            self.kept.retain(|kept| kept.segment != segment);
            self.gone.push(segment);
        }
        self.clear_away()
    }

    /// The tombstone comes first: a crash between the two leaves a segment too many, never one too few.
    fn clear_away(&mut self) -> Result<()> {
        if self.gone.is_empty() {
            return Ok(());
        }
        let io = |error: std::io::Error| disk_error(&error);
        let names = self.disk.names().map_err(io)?;
        for name in names.iter().filter(|name| files::number(&self.settings.stream, name).is_some_and(|no| self.gone.contains(&no))) {
            self.disk.remove(name).map_err(io)?;
        }
        self.disk.flush_names().map_err(io)?;
        self.gone.clear();
        Ok(())
    }
}
