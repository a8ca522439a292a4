//! What every host gets back: the response, or `{code, kind, retry, message, context}`.

use std::collections::BTreeMap;

use menjie::Error;
use menjie::error::{Kind, Retry};
use serde::{Deserialize, Serialize};

/// A failure as hosts see it. A refusal by rule is no failure: it is a response with `"decision": "refused"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failure {
    /// The stable number (docs/errors.md).
    pub code: u16,
    /// What sort of failure it is.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub kind: Kind,
    /// May the caller try again?
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub retry: Retry,
    /// The code's meaning in one English sentence; never personal data.
    pub message: String,
    /// Field paths, numbers and the like.
    pub context: BTreeMap<String, String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Failure {
        Failure {
            code: error.code().number(),
            kind: error.kind(),
            retry: error.retry(),
            message: error.code().text().to_owned(),
            context: error.context().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        }
    }
}

/// The answer of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    json: String,
}

impl Reply {
    /// 0 for a response, otherwise the failure's code.
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// Is it a response?
    pub const fn is_response(&self) -> bool {
        self.code == 0
    }

    /// The response or the failure, as JSON text.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The same, owned.
    pub fn into_json(self) -> String {
        self.json
    }

    #[cfg(feature = "remote")]
    pub(crate) const fn failed(code: u16, json: String) -> Reply {
        Reply { code, json }
    }

    pub(crate) fn of(result: Result<String, Error>) -> Reply {
        match result {
            Ok(json) => Reply { code: 0, json },
            Err(error) => Reply::from(&error),
        }
    }
}

impl From<&Error> for Reply {
    fn from(error: &Error) -> Reply {
        let failure = Failure::from(error);
        // Numbers and texts only: this cannot fail, and an empty text would still be told apart by the code.
        Reply { code: failure.code, json: serde_json::to_string(&failure).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use menjie::error::Code;

    #[test]
    fn a_failure_has_exactly_the_five_members() {
        let reply = Reply::from(&Error::field("lines[0].price", "is not a decimal number"));
        assert_eq!(reply.code(), 100);
        assert!(!reply.is_response());
        let expected = r#"{"code":100,"kind":"validation","retry":"never","message":"a field is missing or has a wrong value","context":{"field":"lines[0].price","problem":"is not a decimal number"}}"#;
        assert_eq!(reply.json(), expected);
        assert_eq!(reply.into_json(), expected);
    }

    #[test]
    fn every_code_becomes_an_envelope_with_its_own_number() {
        for code in Code::ALL {
            let reply = Reply::from(&Error::new(*code));
            let failure: Failure = serde_json::from_str(reply.json()).unwrap();
            assert_eq!((reply.code(), failure.code), (code.number(), code.number()));
            assert_eq!((failure.kind, failure.retry, failure.message.as_str()), (code.kind(), code.retry(), code.text()));
        }
    }
}
