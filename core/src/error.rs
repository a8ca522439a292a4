//! Errors: a kind, a stable number, retry advice and context. A refusal by rule is data, never an error.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The call itself is wrong (unknown operation, bad JSON).
    Misuse,
    /// A field is missing or wrong.
    Validation,
    /// Same key, other request; or the object changed under the caller.
    Conflict,
    /// The caller may not do this, or the object is not his (both look alike).
    NotFound,
    /// A counterpart could not be reached or its answer is not understood.
    Counterpart,
    /// The store failed.
    Store,
    /// Keys, seals, signatures.
    Crypto,
    /// A broken promise of our own.
    Internal,
}

/// May the caller try again?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// No: the same request fails the same way.
    Never,
    /// Yes, with the same idempotency key.
    SameKey,
    /// Only after asking what became of the first attempt.
    AfterQuery,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $kind:ident, $retry:ident, $text:literal;)+) => {
        /// Stable error codes, numbered by area with gaps (DESIGN.md §3); never renumbered.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name = $number,)+ }

        impl Code {
            /// Every code, ascending.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];
            /// The stable number.
            pub const fn number(self) -> u16 { self as u16 }
            /// The kind it belongs to.
            pub const fn kind(self) -> Kind { match self { $(Code::$name => Kind::$kind,)+ } }
            /// The usual retry advice.
            pub const fn retry(self) -> Retry { match self { $(Code::$name => Retry::$retry,)+ } }
            /// What it means, in one English sentence.
            pub const fn text(self) -> &'static str { match self { $(Code::$name => $text,)+ } }
            /// The name, for documents and tests.
            pub const fn name(self) -> &'static str { match self { $(Code::$name => stringify!($name),)+ } }
        }
    };
}

codes! {
    /// Unknown operation.
    UnknownOperation = 1, Misuse, Never, "the operation does not exist";
    /// The request is not JSON of the operation's shape.
    BadRequest = 2, Misuse, Never, "the request does not have the shape of this operation";
    /// A field is missing or wrong.
    BadField = 100, Validation, Never, "a field is missing or has a wrong value";
    /// An amount is out of range.
    AmountRange = 101, Validation, Never, "an amount is beyond the accepted range";
    /// Lines of several patients in one request.
    MixedPatients = 110, Validation, Never, "the lines belong to several patients";
    /// A line names a visit that was not given.
    UnknownVisit = 111, Validation, Never, "a line names a visit that is not in the request";
    /// The same line twice.
    DuplicateLine = 112, Validation, Never, "the same charge line appears twice";
    /// A line's amount is not price times quantity.
    LineAmount = 113, Validation, Never, "a line's amount differs from price times quantity";
    /// A configuration or policy document is wrong.
    BadPolicy = 120, Validation, Never, "the policy or configuration has a wrong value";
    /// Not there, or not the caller's.
    NotFound = 200, NotFound, Never, "there is no such object for this caller";
    /// Same key, other content.
    KeyReused = 201, Conflict, Never, "the idempotency key was used for a different request";
    /// The object changed meanwhile.
    Conflict = 202, Conflict, SameKey, "the object changed meanwhile; read it again";
    /// HIS could not be reached; nothing was sent.
    HisUnreachable = 300, Counterpart, SameKey, "HIS could not be reached; nothing was changed";
    /// HIS answered something we do not understand.
    HisAnswer = 301, Counterpart, AfterQuery, "HIS gave an answer that is not understood";
    /// The payment channel could not be reached.
    ChannelUnreachable = 400, Counterpart, SameKey, "the payment channel could not be reached";
    /// The payment channel's answer is not understood.
    ChannelAnswer = 401, Counterpart, AfterQuery, "the payment channel gave an answer that is not understood";
    /// A signature does not verify.
    BadSignature = 410, Crypto, Never, "the signature does not verify";
    /// A signed message is too old or from the future.
    StaleMessage = 411, Crypto, Never, "the signed message is outside the time window";
    /// The e-voucher decoder could not be reached.
    InsurerUnreachable = 500, Counterpart, SameKey, "the insurer could not be reached";
    /// The e-voucher decoder's answer is not understood.
    InsurerAnswer = 501, Counterpart, SameKey, "the insurer gave an answer that is not understood";
    /// The health-code platform could not be reached.
    HealthCodeUnreachable = 550, Counterpart, SameKey, "the health-code platform could not be reached";
    /// The health-code platform's answer is not understood.
    HealthCodeAnswer = 551, Counterpart, SameKey, "the health-code platform gave an answer that is not understood";
    /// The invoice platform could not be reached.
    InvoiceUnreachable = 600, Counterpart, SameKey, "the invoice platform could not be reached";
    /// The invoice platform's answer is not understood.
    InvoiceAnswer = 601, Counterpart, AfterQuery, "the invoice platform gave an answer that is not understood";
    /// The message gateway or the official account could not be reached.
    NotifyUnreachable = 650, Counterpart, SameKey, "the message gateway or official account could not be reached; nothing was sent";
    /// The message gateway's or the official account's answer is not understood.
    NotifyAnswer = 651, Counterpart, SameKey, "the message gateway or official account gave an answer that is not understood";
    /// The store refused or failed.
    StoreFailed = 700, Store, SameKey, "the store failed; nothing was changed";
    /// The store is busy: back-pressure.
    StoreBusy = 701, Store, SameKey, "the store is busy; try again shortly";
    /// It is not known whether the store committed.
    StoreUnknown = 702, Store, AfterQuery, "it is not known whether the change was stored";
    /// A stored row cannot be opened or does not verify.
    StoreCorrupt = 703, Store, Never, "a stored row cannot be read: wrong key or tampered data";
    /// A host that shares the ledger of the hospital's server could not reach it.
    ServerUnreachable = 710, Counterpart, SameKey, "the hospital's server could not be reached; nothing was sent";
    /// A host that shares the ledger of the hospital's server got no answer that it understands.
    ServerUnknown = 711, Counterpart, AfterQuery, "it is not known what the hospital's server did; repeat with the same idempotency key";
    /// A key is missing or wrong.
    BadKey = 800, Crypto, Never, "a key is missing, expired or has a wrong length";
    /// Sealed data does not open.
    SealBroken = 801, Crypto, Never, "sealed data does not open: wrong key or tampered data";
    /// The transfer log cannot be written, so nothing may be sent.
    LogFailed = 810, Store, SameKey, "the transfer log cannot be written; nothing was sent";
    /// A broken promise of our own.
    Internal = 900, Internal, AfterQuery, "an internal promise was broken";
    /// A panic was caught at a boundary.
    Panicked = 901, Internal, AfterQuery, "an internal fault was caught";
}

/// A failure. The text never carries personal data; [`Error::context`] names fields and numbers only.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    code: Code,
    retry: Retry,
    context: Vec<(Cow<'static, str>, Cow<'static, str>)>,
}

impl Error {
    /// An error of this code with its usual retry advice.
    pub fn new(code: Code) -> Error {
        Error { code, retry: code.retry(), context: Vec::new() }
    }

    /// Adds a context pair. Values must not be personal data or secrets.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Error {
        self.context.push((key.into(), value.into()));
        self
    }

    /// A wrong field: `field` is its path, `what` says what is wrong in English.
    pub fn field(field: impl Into<Cow<'static, str>>, what: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Code::BadField).with("field", field).with("problem", what)
    }

    /// An amount out of range.
    pub fn amount_range(field: &'static str) -> Error {
        Error::new(Code::AmountRange).with("field", field)
    }

    /// A line whose amount is not price × quantity × doses; amounts in fen.
    pub(crate) fn line_amount(expected: crate::Money, given: i64) -> Error {
        Error::new(Code::LineAmount).with("field", "amount_fen").with("expected_fen", expected.fen().to_string()).with("given_fen", given.to_string())
    }

    /// A broken promise of our own; `what` names the promise.
    pub fn internal(what: &'static str) -> Error {
        Error::new(Code::Internal).with("promise", what)
    }

    /// The stable code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The kind.
    pub const fn kind(&self) -> Kind {
        self.code.kind()
    }

    /// The retry advice.
    pub const fn retry(&self) -> Retry {
        self.retry
    }

    /// Field names, numbers and the like.
    pub fn context(&self) -> impl Iterator<Item = (&str, &str)> {
        self.context.iter().map(|(k, v)| (k.as_ref(), v.as_ref()))
    }

    /// The same error with the field path put under `prefix` (`lines[3].price`).
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Error {
        for (key, value) in &mut self.context {
            if key == "field" {
                *value = Cow::Owned(format!("{prefix}.{value}"));
            }
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.code.number(), self.code.text())?;
        for (i, (key, value)) in self.context.iter().enumerate() {
            write!(f, "{}{key}={value}", if i == 0 { ": " } else { ", " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
