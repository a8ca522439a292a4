//! Conformance suites: what every implementation of a port must do, as cases that any executor can run.

pub mod store;

use std::fmt;

use crate::error::Error;
use crate::port::{CommitError, StoreError};

/// What a case found.
pub type Verdict<T = ()> = Result<T, Broken>;

/// A law that does not hold, in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Broken(pub String);

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Broken {
        Broken(error.to_string())
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Broken {
        Broken(error.to_string())
    }
}

impl From<CommitError> for Broken {
    fn from(error: CommitError) -> Broken {
        Broken(format!("a sound batch was refused: {error:?}"))
    }
}

/// Are they equal? `law` says what should hold.
pub(crate) fn same<T: PartialEq + fmt::Debug>(law: &str, found: T, wanted: T) -> Verdict {
    if found == wanted { Ok(()) } else { Err(Broken(format!("{law}: found {found:?}, wanted {wanted:?}"))) }
}

/// Does it hold?
pub(crate) fn holds(law: &str, kept: bool) -> Verdict {
    if kept { Ok(()) } else { Err(Broken(law.to_owned())) }
}
