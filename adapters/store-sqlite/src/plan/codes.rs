//! Codes of columns.

use menjie::port::{InboxState, RecordKind, WakeKind};
use menjie::workflow::{Key, MachineKind};

/// The number of a kind of machine; the numbers follow the order of [`MachineKind`].
pub const fn machine_code(kind: MachineKind) -> i64 {
    match kind {
        MachineKind::Payment => 1,
        MachineKind::Settlement => 2,
        MachineKind::Refund => 3,
        MachineKind::Invoice => 4,
        MachineKind::CheckIn => 5,
        MachineKind::Stop => 6,
        MachineKind::Suspension => 7,
        MachineKind::Notice => 8,
        MachineKind::Filing => 9,
    }
}

/// The kind of machine of a number.
pub fn kind_of(code: i64) -> Option<MachineKind> {
    MachineKind::ALL.into_iter().find(|kind| machine_code(*kind) == code)
}

/// The machine of two columns.
pub(super) fn machine_of(code: i64, id: i64) -> Option<Key> {
    kind_of(code).and_then(|kind| Key::new(kind, id).ok())
}

pub(super) const fn inbox_code(state: InboxState) -> &'static str {
    match state {
        InboxState::Applied => "applied",
        InboxState::Quarantined => "quarantined",
    }
}

pub(super) fn wake_of(code: &str) -> Option<WakeKind> {
    WakeKind::ALL.into_iter().find(|kind| kind.code() == code)
}

/// The place of a record in AADs.
pub(super) fn record_place(kind: RecordKind, key: &str) -> String {
    format!("{}\0{key}", kind.code())
}
