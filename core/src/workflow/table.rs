//! The transitions each machine may make, as data: for the state log's audit and for the documents.
//!
//! A test walks every state and event through the step functions and proves that this table is exactly what they do.

use super::MachineKind;

/// Transitions `(from, to)`; the birth state has no `from`. A move that keeps the state is always allowed.
pub const fn transitions(kind: MachineKind) -> &'static [(Option<&'static str>, &'static str)] {
    match kind {
        MachineKind::Payment => PAYMENT,
        MachineKind::Settlement => SETTLEMENT,
        MachineKind::Refund => REFUND,
        MachineKind::Invoice => INVOICE,
        MachineKind::CheckIn => CHECK_IN,
        MachineKind::Stop => STOP,
        MachineKind::Suspension => SUSPENSION,
        MachineKind::Notice => NOTICE,
        MachineKind::Filing => FILING,
    }
}

/// Is this step in the table? Every state may be held by the fold, when a consequence of a fact is impossible.
pub fn allows(kind: MachineKind, from: Option<&str>, to: &str) -> bool {
    from == Some(to) || (from.is_some() && to == "held") || transitions(kind).iter().any(|(f, t)| *f == from && *t == to)
}

/// In these states it is not known what a counterpart did: only evidence may leave them (I19).
pub fn unknown(kind: MachineKind, st: &str) -> bool {
    match kind {
        // Not `pricing`: an upload that nobody has agreed to moves no money, whatever became of it.
        MachineKind::Payment => matches!(st, "ordering" | "paying" | "closing"),
        MachineKind::Settlement => matches!(st, "posting" | "refunding" | "releasing"),
        MachineKind::Refund => matches!(st, "checking" | "insurer" | "his" | "returning" | "red"),
        MachineKind::Invoice => matches!(st, "issuing" | "redding"),
        MachineKind::CheckIn => st == "asking",
        MachineKind::Stop => false,
        MachineKind::Suspension => matches!(st, "rebooking" | "refunding"),
        MachineKind::Notice => st == "sending",
        MachineKind::Filing => st == "asking",
    }
}

/// Would a timer decide with this step what only evidence may? It may ask another question (`closing`), and leave one open for good
/// (`unsure`).
pub fn timer_decides(kind: MachineKind, from: &str, to: &str) -> bool {
    unknown(kind, from) && from != to && !matches!(to, "closing" | "unsure")
}

const PAYMENT: &[(Option<&str>, &str)] = &[
    (None, "preparing"),
    (Some("preparing"), "pricing"),
    (Some("preparing"), "ordering"),
    (Some("preparing"), "paid"),
    (Some("preparing"), "closed"),
    (Some("preparing"), "held"),
    (Some("pricing"), "priced"),
    (Some("pricing"), "closing"),
    (Some("pricing"), "closed"),
    (Some("pricing"), "held"),
    (Some("priced"), "ordering"),
    (Some("priced"), "closing"),
    (Some("priced"), "closed"),
    (Some("priced"), "held"),
    (Some("ordering"), "paying"),
    (Some("ordering"), "closing"),
    (Some("ordering"), "closed"),
    (Some("ordering"), "paid"),
    (Some("ordering"), "held"),
    (Some("paying"), "paid"),
    (Some("paying"), "closing"),
    (Some("paying"), "closed"),
    (Some("paying"), "held"),
    (Some("closing"), "paid"),
    (Some("closing"), "closed"),
    (Some("closing"), "held"),
    (Some("closed"), "paid"),
    (Some("closed"), "held"),
    (Some("paid"), "held"),
    (Some("held"), "paid"),
    (Some("held"), "closing"),
    (Some("held"), "closed"),
];

const SETTLEMENT: &[(Option<&str>, &str)] = &[
    (None, "locking"),
    (None, "locked"),
    (None, "posted"),
    (Some("locking"), "locked"),
    (Some("locking"), "posting"),
    (Some("locking"), "releasing"),
    (Some("locking"), "void"),
    (Some("locked"), "posting"),
    (Some("locked"), "releasing"),
    (Some("posting"), "posted"),
    (Some("posting"), "refunding"),
    (Some("posting"), "releasing"),
    (Some("posting"), "held"),
    (Some("posted"), "refunding"),
    (Some("posted"), "reversed"),
    (Some("posted"), "held"),
    (Some("refunding"), "releasing"),
    (Some("refunding"), "posted"),
    (Some("refunding"), "reversed"),
    (Some("refunding"), "replaced"),
    (Some("refunding"), "held"),
    (Some("releasing"), "void"),
    (Some("releasing"), "refunding"),
    (Some("releasing"), "held"),
    (Some("void"), "releasing"),
    (Some("void"), "refunding"),
    (Some("void"), "held"),
    (Some("held"), "posted"),
    (Some("held"), "posting"),
    (Some("held"), "refunding"),
    (Some("held"), "releasing"),
    (Some("held"), "void"),
];

const REFUND: &[(Option<&str>, &str)] = &[
    (None, "doctor"),
    (None, "finance"),
    (None, "insurer"),
    (None, "returning"),
    (Some("doctor"), "unconfirm"),
    (Some("doctor"), "finance"),
    (Some("doctor"), "rejected"),
    (Some("doctor"), "withdrawn"),
    (Some("doctor"), "refused"),
    (Some("unconfirm"), "finance"),
    (Some("unconfirm"), "rejected"),
    (Some("unconfirm"), "refused"),
    (Some("finance"), "checking"),
    (Some("finance"), "insurer"),
    (Some("finance"), "returning"),
    (Some("finance"), "rejected"),
    (Some("finance"), "refused"),
    (Some("finance"), "held"),
    (Some("checking"), "insurer"),
    (Some("checking"), "his"),
    (Some("checking"), "refused"),
    (Some("checking"), "held"),
    (Some("insurer"), "his"),
    (Some("insurer"), "returning"),
    (Some("insurer"), "red"),
    (Some("insurer"), "done"),
    (Some("insurer"), "refused"),
    (Some("insurer"), "held"),
    (Some("his"), "returning"),
    (Some("his"), "red"),
    (Some("his"), "done"),
    (Some("his"), "refused"),
    (Some("his"), "held"),
    (Some("returning"), "red"),
    (Some("returning"), "done"),
    (Some("returning"), "held"),
    (Some("red"), "done"),
    (Some("red"), "held"),
    (Some("done"), "held"),
    (Some("rejected"), "held"),
    (Some("withdrawn"), "held"),
    (Some("refused"), "held"),
    (Some("held"), "checking"),
    (Some("held"), "insurer"),
    (Some("held"), "his"),
    (Some("held"), "returning"),
    (Some("held"), "red"),
    (Some("held"), "done"),
    (Some("held"), "refused"),
];

const INVOICE: &[(Option<&str>, &str)] = &[
    (None, "issuing"),
    (None, "waiting"),
    (None, "none"),
    (Some("waiting"), "issuing"),
    (Some("waiting"), "none"),
    (Some("issuing"), "issued"),
    (Some("issuing"), "redding"),
    (Some("issuing"), "held"),
    (Some("issued"), "redding"),
    (Some("issued"), "held"),
    (Some("redding"), "red"),
    (Some("redding"), "held"),
    (Some("held"), "issuing"),
    (Some("held"), "redding"),
    (Some("held"), "issued"),
];

const CHECK_IN: &[(Option<&str>, &str)] = &[
    (None, "asking"),
    (Some("asking"), "done"),
    (Some("asking"), "refused"),
    (Some("done"), "held"),
    (Some("refused"), "held"),
    (Some("held"), "done"),
    (Some("held"), "refused"),
];

const STOP: &[(Option<&str>, &str)] = &[
    (None, "expanding"),
    (Some("expanding"), "told"),
    (Some("expanding"), "withdrawn"),
    (Some("expanding"), "held"),
    (Some("told"), "withdrawn"),
    (Some("held"), "expanding"),
    (Some("held"), "told"),
    (Some("held"), "withdrawn"),
];

const SUSPENSION: &[(Option<&str>, &str)] = &[
    (None, "notified"),
    (Some("notified"), "rebooking"),
    (Some("notified"), "window"),
    (Some("notified"), "withdrawn"),
    (Some("rebooking"), "moved"),
    (Some("rebooking"), "refunding"),
    (Some("rebooking"), "refunded"),
    (Some("rebooking"), "window"),
    (Some("rebooking"), "held"),
    (Some("refunding"), "refunded"),
    (Some("refunding"), "window"),
    (Some("held"), "window"),
];

const NOTICE: &[(Option<&str>, &str)] = &[
    (None, "waiting"),
    (None, "sending"),
    (Some("waiting"), "sending"),
    (Some("waiting"), "withdrawn"),
    (Some("waiting"), "held"),
    (Some("sending"), "accepted"),
    (Some("sending"), "refused"),
    (Some("sending"), "handled"),
    (Some("sending"), "withdrawn"),
    (Some("sending"), "unsure"),
    (Some("withdrawn"), "accepted"),
    (Some("unsure"), "accepted"),
    (Some("accepted"), "held"),
    (Some("refused"), "held"),
    (Some("held"), "handled"),
];

const FILING: &[(Option<&str>, &str)] = &[
    (None, "asking"),
    (Some("asking"), "filed"),
    (Some("asking"), "refused"),
    (Some("asking"), "held"),
    (Some("filed"), "held"),
    (Some("refused"), "held"),
    (Some("held"), "filed"),
    (Some("held"), "refused"),
];
