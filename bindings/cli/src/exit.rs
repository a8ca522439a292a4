//! How the process ends.

use std::process::ExitCode;

use menjie::error::Kind;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Refused by a rule, or violations or problems were found.
    Refused = 1,
    /// Wrong usage or request.
    Usage = 2,
    /// A failure.
    Failure = 3,
    /// A sealed log was changed.
    Tampered = 4,
    /// A sealed log is as it was written, but its very end is torn.
    Torn = 5,
}

impl Exit {
    /// Of a failed operation.
    pub(crate) const fn of_kind(kind: Kind) -> Exit {
        match kind {
            Kind::Misuse | Kind::Validation => Exit::Usage,
            Kind::Conflict | Kind::NotFound => Exit::Refused,
            Kind::Counterpart | Kind::Store | Kind::Crypto | Kind::Internal => Exit::Failure,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command stops before it has an answer; the text goes to standard error.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) exit: Exit,
    pub(crate) text: String,
}

impl Stop {
    pub(crate) fn usage(text: impl Into<String>) -> Stop {
        Stop { exit: Exit::Usage, text: text.into() }
    }

    pub(crate) fn failure(text: impl Into<String>) -> Stop {
        Stop { exit: Exit::Failure, text: text.into() }
    }
}
