//! What an operation is: one row of the table.

use std::future::Future;
use std::pin::Pin;

use menjie::Result;
use menjie::access::Caller;
use menjie::error::Code;
use menjie::service::Engine;

/// What an operation needs and does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Computes; needs no engine.
    Pure,
    /// Works on files of this machine that the request names; needs no engine.
    Local,
    /// Reads through an engine.
    Read,
    /// Changes something through an engine; carries an idempotency key where it changes money.
    Command,
    /// Makes or ends a session of the hospital's server, to which the engine forwards.
    Session,
}

impl Kind {
    /// Short stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Pure => "pure",
            Kind::Local => "local",
            Kind::Read => "read",
            Kind::Command => "command",
            Kind::Session => "session",
        }
    }

    /// Can it only be called through an engine?
    pub const fn needs_engine(self) -> bool {
        matches!(self, Kind::Read | Kind::Command | Kind::Session)
    }
}

/// From where an operation may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Also by name over a network (`POST /api/v1/ops/{op}`).
    Network,
    /// Only within the host's process or terminal: its request or response holds keys or unmasked personal data.
    HostOnly,
}

impl Reach {
    /// Short stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Reach::Network => "network",
            Reach::HostOnly => "host_only",
        }
    }
}

/// A future that borrows its engine, caller and request.
pub(crate) type Served<'a> = Pin<Box<dyn Future<Output = Result<String>> + Send + 'a>>;

/// How it is run: request text in, response text out.
pub(crate) enum Run {
    /// Without an engine.
    Alone(fn(&str) -> Result<String>),
    /// Through an engine, for a caller.
    Engine(for<'a> fn(&'a Engine, &'a Caller, &'a str) -> Served<'a>),
}

/// Makes the schema of a type.
#[cfg(feature = "schema")]
pub(crate) type MakeSchema = fn(&mut schemars::SchemaGenerator) -> schemars::Schema;

/// One operation.
pub struct Op {
    /// `area.verb`, the same in every host; never renamed.
    pub name: &'static str,
    /// What it needs.
    pub kind: Kind,
    /// From where it may be called.
    pub reach: Reach,
    /// What it is for, in one English sentence.
    pub purpose: &'static str,
    /// What it may fail with, besides [`crate::COMMON_ERRORS`].
    pub errors: &'static [Code],
    pub(crate) run: Run,
    #[cfg(feature = "schema")]
    pub(crate) request: MakeSchema,
    #[cfg(feature = "schema")]
    pub(crate) response: MakeSchema,
}

#[cfg(feature = "schema")]
impl Op {
    /// JSON Schema (2020-12) of its request.
    pub fn request_schema(&self) -> serde_json::Value {
        schema(self.request, schemars::generate::SchemaSettings::draft2020_12())
    }

    /// JSON Schema (2020-12) of its response. Clients ignore members they do not know.
    pub fn response_schema(&self) -> serde_json::Value {
        schema(self.response, schemars::generate::SchemaSettings::draft2020_12().for_serialize())
    }
}

/// A whole document: the type, the definitions it refers to, the dialect.
#[cfg(feature = "schema")]
pub(crate) fn schema(make: MakeSchema, settings: schemars::generate::SchemaSettings) -> serde_json::Value {
    let dialect = settings.meta_schema.clone();
    let mut generator = settings.into_generator();
    let mut schema = make(&mut generator);
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), definitions.into());
    }
    if let Some(dialect) = dialect {
        schema.insert("$schema".to_owned(), dialect.into_owned().into());
    }
    schema.to_value()
}

impl std::fmt::Debug for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Op({})", self.name)
    }
}
