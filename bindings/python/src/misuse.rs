//! What only a caller of a library can get wrong; the numbers are those of the C library.

use std::collections::BTreeMap;

use menjie::error::{Kind, Retry};
use menjie_bridge::Failure;

/// One of these, about an argument.
#[derive(Clone, Copy)]
pub(crate) enum Misuse {
    /// A text that is none.
    NotUtf8,
    /// It was closed.
    Closed,
    /// It was made in another process.
    Forked,
    /// Others still use it.
    StillInUse,
}

impl Misuse {
    /// The failure.
    pub(crate) fn of(self, argument: &'static str) -> Failure {
        let (code, message) = match self {
            Misuse::NotUtf8 => (11, "a text is not UTF-8: it holds half a surrogate pair"),
            Misuse::Closed => (12, "it was closed"),
            Misuse::Forked => (12, "it was made before fork: its threads are not in this process; make another one here"),
            Misuse::StillInUse => (18, "others still use it; it is freed when the last of them returns"),
        };
        let mut context = BTreeMap::from([("field".to_owned(), argument.to_owned())]);
        if matches!(self, Misuse::Forked) {
            context.insert("cause".to_owned(), "fork".to_owned());
        }
        Failure { code, kind: Kind::Misuse, retry: Retry::Never, message: message.to_owned(), context }
    }
}
