//! Counterparts that lie: what they do is right, what they say of it is not.

mod channel;
mod his;
mod insurer;
mod invoice;
mod notifier;

pub(crate) use channel::SpoiledChannel;
pub(crate) use his::SpoiledHis;
pub(crate) use insurer::SpoiledInsurer;
pub(crate) use invoice::SpoiledInvoices;
pub(crate) use notifier::SpoiledNotifier;

/// What a liar says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The truth.
    Nothing,
    /// Everything that was refused has been done.
    Yes,
    /// What was done has been refused, when it is asked for again.
    NotAgain,
    /// Nothing is on record.
    NoRecord,
    /// Another number, place or file at every answer.
    Another,
    /// Lists have every item twice, or items of others.
    Twice,
    /// What is not known has been refused.
    Known,
}

pub(crate) fn claims() -> [Claim; 6] {
    [Claim::Yes, Claim::NotAgain, Claim::NoRecord, Claim::Another, Claim::Twice, Claim::Known]
}

/// Every item of a list twice.
fn double<T: Clone>(items: Vec<T>) -> Vec<T> {
    items.iter().flat_map(|item| [item.clone(), item.clone()]).collect()
}
