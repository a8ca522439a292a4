//! The boundaries of the writer, where a test may stop the process, and its connection, which a test may spoil. Without the feature
//! `faults` nothing is watched or spoiled.

/// A place between two steps of the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// The transaction of a group has begun.
    Begun,
    /// The savepoint of a job is set.
    Savepoint,
    /// A statement of a job has run.
    Statement,
    /// A job's savepoint was released.
    Released,
    /// The group is committed, nobody was told.
    Committed,
    /// Everybody was told.
    Told,
}

/// Who watches the boundaries.
#[cfg(feature = "faults")]
#[derive(Clone)]
pub struct Watch(pub std::sync::Arc<dyn Fn(Boundary) + Send + Sync>);

#[cfg(feature = "faults")]
impl Default for Watch {
    fn default() -> Watch {
        Watch(std::sync::Arc::new(|_| ()))
    }
}

#[cfg(feature = "faults")]
impl Watch {
    pub(crate) fn pass(&self, boundary: Boundary) {
        (self.0)(boundary);
    }
}

/// Nobody watches.
#[cfg(not(feature = "faults"))]
#[derive(Clone, Default)]
pub(crate) struct Watch(());

#[cfg(not(feature = "faults"))]
impl Watch {
    pub(crate) const fn pass(&self, _: Boundary) {}
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

/// What happens to the writing connection before each group: it may run out of pages, or become read-only.
#[cfg(feature = "faults")]
#[derive(Clone)]
pub struct Meddler(pub std::sync::Arc<dyn Fn(&rusqlite::Connection) + Send + Sync>);

#[cfg(feature = "faults")]
impl Default for Meddler {
    fn default() -> Meddler {
        Meddler(std::sync::Arc::new(|_| ()))
    }
}

#[cfg(feature = "faults")]
impl Meddler {
    pub(crate) fn meddle(&self, conn: &rusqlite::Connection) {
        (self.0)(conn);
    }
}

/// Nothing happens.
#[cfg(not(feature = "faults"))]
#[derive(Clone, Default)]
pub(crate) struct Meddler(());

#[cfg(not(feature = "faults"))]
impl Meddler {
    pub(crate) const fn meddle(&self, _: &rusqlite::Connection) {}
}

impl std::fmt::Debug for Meddler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meddler")
    }
}
