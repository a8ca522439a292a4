//! Key files that a request names.

use std::path::Path;

use menjie::access::Private;
use menjie::error::Code;
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::{Error, Result};

use crate::sealed_log::{read_private, read_public};

/// A private key; `field` names it in the request.
pub(super) fn private(file: &str, password: Option<&Private>, field: &str) -> Result<Sm2PrivateKey> {
    read_private(Path::new(file), password.map(Private::reveal)).map_err(|error| at(&error, field.to_owned()))
}

/// The public keys of several files.
pub(super) fn public(files: &[String], field: &str) -> Result<Vec<Sm2PublicKey>> {
    let mut keys = Vec::new();
    for (no, file) in files.iter().enumerate() {
        keys.extend(read_public(Path::new(file)).map_err(|error| at(&error, format!("{field}[{no}]")))?);
    }
    Ok(keys)
}

/// What is wrong with a key file, under the name that it has in the request.
fn at(error: &Error, field: String) -> Error {
    error.context().filter(|(key, _)| *key != "field").fold(Error::new(Code::BadKey).with("field", field), |told, (key, value)| told.with(key.to_owned(), value.to_owned()))
}
