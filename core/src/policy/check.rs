//! `policy.check`: is a policy document sound, what does it mean with its defaults, which hash will machines pin?

use serde::{Deserialize, Serialize};

use super::{Pace, Terms};
use crate::error::Result;
use crate::ident::TermsHash;

/// Request of `policy.check`; what is left out has its default.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// The terms.
    #[serde(default)]
    pub terms: Terms,
    /// The pace.
    #[serde(default)]
    pub pace: Pace,
}

/// Response of `policy.check`: the documents as they will be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckResponse {
    /// The hash that machines born under these terms pin.
    pub terms_hash: TermsHash,
    /// The terms, defaults filled in.
    pub terms: Terms,
    /// The pace, defaults filled in.
    pub pace: Pace,
}

impl CheckRequest {
    /// Runs the operation; a wrong value is an error that names its field.
    pub fn run(&self) -> Result<CheckResponse> {
        self.terms.check()?;
        self.pace.check()?;
        Ok(CheckResponse { terms_hash: self.terms.hash()?, terms: self.terms.clone(), pace: self.pace.clone() })
    }
}
