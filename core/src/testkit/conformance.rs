//! Conformance suites: what every implementation of a port must do, as cases that any executor can run.

pub mod channel;
pub mod his;
pub mod insurer;
pub mod invoice;
pub mod notifier;
pub mod store;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::calendar::Timestamp;
use crate::error::Error;
use crate::port::{CommitError, Outcome, StoreError};

/// What a case found.
pub type Verdict<T = ()> = Result<T, Broken>;

/// A law that can be tried on a stage, whatever runs it.
pub type Case<S> = for<'a> fn(&'a S) -> Pin<Box<dyn Future<Output = Verdict> + 'a>>;

/// The laws that do not hold, by name: `run` plays one case on a fresh stage.
pub fn broken<S: ?Sized>(cases: &[(&'static str, Case<S>)], run: impl Fn(Case<S>) -> Verdict) -> Vec<(&'static str, Broken)> {
    cases.iter().filter_map(|(name, case)| run(*case).err().map(|broken| (*name, broken))).collect()
}

/// How the next call of an interface goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It never arrives, and nobody answers.
    RequestLost,
    /// It is done, but its answer is lost.
    AnswerLost,
    /// It is done, but whoever should answer says that he is broken.
    BrokenAfter,
}

impl Mishap {
    /// All of them.
    pub const ALL: [Mishap; 3] = [Mishap::RequestLost, Mishap::AnswerLost, Mishap::BrokenAfter];
}

/// A callback as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

/// A while.
pub type Passing<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// `cases!(dyn Stage; area::law, …)`: the laws with their names.
macro_rules! cases {
    ($stage:ty; $($area:ident :: $law:ident,)+) => {
        /// The laws.
        pub const CASES: &[(&str, $crate::testkit::conformance::Case<$stage>)] = &[$((stringify!($law), |stage| Box::pin($area::$law(stage)))),+];
    };
}
pub(crate) use cases;

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

/// The answer of a call that must succeed; `pick` knows the variant it must have.
pub(crate) fn answered<A: fmt::Debug, T>(law: &str, outcome: Outcome<A>, pick: impl FnOnce(A) -> Option<T>) -> Verdict<T> {
    match outcome {
        Outcome::Done(answer) => pick(answer).ok_or_else(|| Broken(format!("{law}: the answer belongs to another call"))),
        other => Err(Broken(format!("{law}: {other:?}"))),
    }
}

/// Was it a definite no?
pub(crate) fn refused<A: fmt::Debug>(law: &str, outcome: &Outcome<A>) -> Verdict {
    if matches!(outcome, Outcome::Refused(_)) { Ok(()) } else { Err(Broken(format!("{law}: {outcome:?} is no refusal"))) }
}

/// Does nobody know?
pub(crate) fn unknown<A: fmt::Debug>(law: &str, outcome: &Outcome<A>) -> Verdict {
    if matches!(outcome, Outcome::Unknown(_)) { Ok(()) } else { Err(Broken(format!("{law}: {outcome:?} claims to know"))) }
}

/// Does nobody know after this mishap?
pub(crate) fn lost<A: fmt::Debug>(call: &str, mishap: Mishap, outcome: &Outcome<A>) -> Verdict {
    unknown(&format!("{call}, {mishap:?}"), outcome)
}

/// Is it a time of now? Whoever tells seconds where milliseconds are meant is off by decades.
pub(crate) fn recent(law: &str, at: Timestamp, now: Timestamp) -> Verdict {
    if at.since(now).abs() <= 60_000 { Ok(()) } else { Err(Broken(format!("{law}: {at} is not {now}"))) }
}
