//! What only a caller of the C interface can get wrong. Numbers lie in the misuse area of the code table (docs/errors.md), beside those
//! that only HTTP has, and are never renumbered.

use std::collections::BTreeMap;

use menjie::error::{Kind, Retry};
use menjie_bridge::Failure;

/// Done.
pub const MJ_OK: i32 = 0;
/// An argument that is needed is NULL.
pub const MJ_NULL_ARGUMENT: i32 = 10;
/// A text is not UTF-8, or holds a NUL.
pub const MJ_NOT_UTF8: i32 = 11;
/// A handle was freed, was never given out, or is of another kind.
pub const MJ_BAD_HANDLE: i32 = 12;
/// A text to be freed was freed before, or is none of this library's.
pub const MJ_BAD_TEXT: i32 = 13;
/// A text is longer than this library takes.
pub const MJ_TOO_LONG: i32 = 14;
/// The options are shorter than any version's, or of a header that this library does not fit.
pub const MJ_BAD_ABI: i32 = 15;
/// The function must not be called from within a callback of this library.
pub const MJ_REENTRANT: i32 = 16;
/// There are too many handles of this kind.
pub const MJ_TOO_MANY_HANDLES: i32 = 17;
/// Other threads still use the handle; it is freed when the last of them returns.
pub const MJ_STILL_IN_USE: i32 = 18;

/// Nobody waits for this answer: it was given before, it is too late, or nothing was asked under this token.
pub const MJ_UNWANTED_ANSWER: i32 = 19;

/// One of these, about an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misuse {
    NullArgument,
    NotUtf8,
    BadHandle,
    BadText,
    TooLong,
    BadAbi,
    Reentrant,
    TooManyHandles,
    StillInUse,
    #[cfg(feature = "ports")]
    UnwantedAnswer,
}

impl Misuse {
    const fn told(self) -> (i32, &'static str) {
        match self {
            Misuse::NullArgument => (MJ_NULL_ARGUMENT, "an argument that is needed is NULL"),
            Misuse::NotUtf8 => (MJ_NOT_UTF8, "a text is not UTF-8, or holds a NUL"),
            Misuse::BadHandle => (MJ_BAD_HANDLE, "the handle was freed, was never given out, or is of another kind"),
            Misuse::BadText => (MJ_BAD_TEXT, "the text was freed before, or is none of this library's"),
            Misuse::TooLong => (MJ_TOO_LONG, "a text is longer than this library takes"),
            Misuse::BadAbi => (MJ_BAD_ABI, "the options are too short, or of a header that this library does not fit"),
            Misuse::Reentrant => (MJ_REENTRANT, "the function must not be called from within a callback"),
            Misuse::TooManyHandles => (MJ_TOO_MANY_HANDLES, "there are too many handles of this kind"),
            Misuse::StillInUse => (MJ_STILL_IN_USE, "other threads still use the handle; it is freed when the last of them returns"),
            #[cfg(feature = "ports")]
            Misuse::UnwantedAnswer => (MJ_UNWANTED_ANSWER, "nobody waits for this answer: it was given before, is too late, or was never asked for"),
        }
    }

    /// The failure; `argument` is the name that it has in the header.
    pub(crate) fn of(self, argument: &'static str) -> Failure {
        let (code, message) = self.told();
        Failure {
            code: u16::try_from(code).unwrap_or_default(),
            kind: Kind::Misuse,
            retry: Retry::Never,
            message: message.to_owned(),
            context: BTreeMap::from([("field".to_owned(), argument.to_owned())]),
        }
    }
}
