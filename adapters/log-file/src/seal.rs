//! The file `SEAL`: the first seal Z, wrapped for each auditor. They take a copy away: whoever has both the signing key and the seal could otherwise make
//! the whole log anew.

use std::collections::BTreeMap;

use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::gm::{hex, unhex};
use menjie::port::Entropy;
use menjie::seal::LogId;
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What it says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealFile {
    log_id: String,
    /// By key id, hex.
    pub(crate) seal: BTreeMap<String, String>,
}

impl SealFile {
    /// Of a new log, for those who may read it.
    pub(crate) fn founded(log_id: &LogId, seal: &[u8; 32], auditors: &[Sm2PublicKey], entropy: &dyn Entropy) -> Result<SealFile> {
        let wrapped = auditors.iter().map(|key| Ok((hex(&key.id()), hex(&key.wrap(entropy, seal)?))));
        Ok(SealFile { log_id: hex(log_id), seal: wrapped.collect::<Result<_>>()? })
    }

    /// Whose seal it is.
    pub(crate) fn log_id(&self) -> Option<LogId> {
        unhex(&self.log_id)?.try_into().ok()
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<SealFile> {
        menjie::json::read_bytes(bytes).ok()
    }

    pub(crate) fn json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|_| Error::internal("the seal file serialises"))
    }

    /// The seal, for whoever it was wrapped for.
    pub(crate) fn of(&self, auditor: &Sm2PrivateKey) -> Result<Option<Zeroizing<[u8; 32]>>> {
        self.seal.get(&hex(&auditor.public().id())).and_then(|wrapped| unhex(wrapped)).map(|wrapped| auditor.unwrap_secret(&wrapped)).transpose()
    }
}
