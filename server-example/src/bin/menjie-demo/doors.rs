//! The doors of the hospital: who may still come in, and how many have left.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// Shared by those who let patients in and those who count them.
pub(crate) struct Doors {
    open: AtomicBool,
    served: watch::Sender<usize>,
}

impl Doors {
    /// Open, and nobody has left yet.
    pub(crate) fn open() -> Doors {
        Doors { open: AtomicBool::new(true), served: watch::Sender::new(0) }
    }

    pub(crate) fn close(&self) {
        self.open.store(false, Ordering::Release);
    }

    pub(crate) fn are_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// One patient is served and leaves.
    pub(crate) fn leave(&self) {
        self.served.send_modify(|served| *served += 1);
    }

    /// Until `count` patients have left.
    pub(crate) async fn have_left(&self, count: usize) {
        // The sender lives in `self`, so the only answer is that the count is reached.
        let _ = self.served.subscribe().wait_for(|served| *served >= count).await;
    }
}
