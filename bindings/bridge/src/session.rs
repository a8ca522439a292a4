//! `session.*`: who stands before a kiosk, as the hospital's server knows him. The server makes and ends sessions; the engine that forwards to it
//! keeps the token and shows it with every call, so that no program ever holds one.

use menjie::access::Private;
use menjie::calendar::Timestamp;
use menjie::error::Code;
use menjie::ident::PatientId;
use menjie::port::IdentifyWay;
use menjie::workflow::Refusal;
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};

/// Request of `session.identify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentifyRequest {
    /// By what.
    pub way: IdentifyWay,
    /// The number or code; never in a URL.
    pub token: Private,
    /// For `phone` only, and then always: the code that `session.send_code` sent to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Private>,
}

/// Request of `session.send_code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SendCodeRequest {
    /// To which mobile number.
    pub phone: Private,
}

/// Request of `session.choose`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChooseRequest {
    /// Which of the choices.
    pub choice: u32,
}

/// Request of `session.exit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExitRequest {}

/// Response of `session.exit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExitResponse {
    /// Was there a session?
    pub ended: bool,
}

/// A file to choose from; masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileChoice {
    /// What to send to `session.choose` (`identify/choose`).
    pub choice: u32,
    /// Masked name.
    pub name: String,
    /// Masked phone, to tell namesakes apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// What became of identifying, and of choosing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum Identified {
    /// A session is open.
    Identified {
        /// Masked name.
        name: String,
        /// It ends then unless it is used.
        expires_at: Timestamp,
        /// The patient, whom requests of operations name; for programs (`bearer`).
        #[serde(skip_serializing_if = "Option::is_none")]
        patient_id: Option<PatientId>,
        /// The token, over HTTP and when `bearer` was asked for; an engine keeps it to itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<Private>,
    },
    /// Several files were found; choose one.
    Choose {
        /// The files.
        choices: Vec<FileChoice>,
        /// The choice must be made until then.
        expires_at: Timestamp,
        /// The token, over HTTP and when `bearer` was asked for; an engine keeps it to itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<Private>,
    },
    /// No file.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

/// Without a server nobody has sessions.
pub(crate) fn nowhere(_: &str) -> Result<String> {
    Err(Error::new(Code::UnknownOperation).with("problem", "needs an engine that forwards to the hospital's server"))
}
