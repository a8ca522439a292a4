//! The boundaries of the writer, where a test may stop the process. Without the feature `faults` nothing is watched.

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
