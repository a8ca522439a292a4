//! What goes wrong with the store in a simulation: one decision per operation.

use crate::ident::{BatchId, HospitalId};
use crate::port::{Batch, StoreError};

/// An operation of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// `load`.
    Load,
    /// `find`.
    Find,
    /// `record`.
    Record,
    /// `replied`.
    Replied,
    /// `commit`.
    Commit,
    /// `committed`.
    Committed,
    /// `claim`.
    Claim,
    /// `defer`.
    Defer,
    /// `reclaim`.
    Reclaim,
    /// `next_due`.
    NextDue,
    /// `scan`.
    Scan,
}

impl Op {
    /// Does it change what is stored?
    pub const fn writes(self) -> bool {
        matches!(self, Op::Commit | Op::Claim | Op::Defer | Op::Reclaim)
    }
}

/// The operation that is about to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its number over all operations of this store, from 1.
    pub n: u64,
    /// Its number among the writing operations, from 1; the number of those so far for a read.
    pub write: u64,
    /// Which.
    pub op: Op,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injected {
    /// Nothing goes wrong.
    Nothing,
    /// The queue is full; nothing happened.
    Busy,
    /// It failed; nothing happened.
    Failed,
    /// A commit is performed and its answer lost (`Unknown`). Any other operation fails.
    Lost,
    /// A commit is answered `Unknown` and lands right after somebody asked whether it was committed, or never. Any other
    /// operation fails.
    Later,
    /// A reply is looked for a moment before it is kept: there is none yet. Any other operation fails.
    Early,
}

impl Injected {
    /// What it does to a read or a lease.
    pub(super) fn to_read(self) -> Result<(), StoreError> {
        match self {
            Injected::Nothing => Ok(()),
            Injected::Busy => Err(StoreError::Busy),
            Injected::Failed | Injected::Lost | Injected::Later | Injected::Early => Err(StoreError::Failed("injected".to_owned())),
        }
    }
}

#[derive(Default)]
pub(super) struct Faults {
    pub(super) decide: Option<Box<dyn FnMut(Operation) -> Injected + Send>>,
    pub(super) performed: u64,
    writes: u64,
    pub(super) later: Vec<Batch>,
}

impl Faults {
    pub(super) fn next(&mut self, op: Op) -> Injected {
        self.performed += 1;
        self.writes += u64::from(op.writes());
        let operation = Operation { n: self.performed, write: self.writes, op };
        self.decide.as_mut().map_or(Injected::Nothing, |decide| decide(operation))
    }

    pub(super) fn take_later(&mut self, hospital: &HospitalId, batch: BatchId) -> Option<Batch> {
        let at = self.later.iter().position(|late| late.id == batch && late.hospital == *hospital)?;
        Some(self.later.swap_remove(at))
    }
}
