//! Who looks, and why: a record is on the disk before anything personal is shown.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use menjie::gm::hex;
use menjie::gm::sm2::Sm2PublicKey;
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};

use super::keys;
use super::wait::wait;
use crate::sealed_log::view::{Sight, Viewer};
use crate::sealed_log::{Access, Act, now, open_access_log};

/// Everything as it was sent, instead of masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Unmask {
    /// Who looks; stands in the access record.
    pub actor: String,
    /// Why; stands in the access record.
    pub reason: String,
    /// Where access records are written; DIR/access when it is left out.
    #[serde(default)]
    pub access_log: Option<String>,
    /// Files with the public keys of those who may read the access records, besides whoever looks.
    #[serde(default)]
    pub supervisors: Vec<String>,
}

/// Writes the access record of an auditor, in his own log below `folder`: nobody needs another's key to write. `about` says what is looked at.
pub fn record(viewer: &Viewer, folder: &Path, supervisors: &[Sm2PublicKey], actor: String, act: Act, reason: &str, about: &str) -> Result<()> {
    let key = hex(&viewer.key().public().id());
    let log = open_access_log(&folder.join(&key), Arc::new(viewer.key().clone()), supervisors)?;
    let access = Access { at: now(), actor, key: Some(key), act, reason: reason.to_owned(), about: about.trim_end().to_owned() };
    wait(log.access(access)).map(drop)
}

/// How much may be shown. For everything the access record is written first; `about` says what is looked for.
pub(super) fn sight(unmask: Option<&Unmask>, viewer: &Viewer, dir: &str, about: &str) -> Result<Sight> {
    let Some(unmask) = unmask else { return Ok(Sight::Masked) };
    for (field, text) in [("unmask.actor", &unmask.actor), ("unmask.reason", &unmask.reason)] {
        if text.trim().is_empty() {
            return Err(Error::field(field, "is empty: it stands in the access record"));
        }
    }
    let folder = unmask.access_log.as_ref().map_or_else(|| Path::new(dir).join("access"), PathBuf::from);
    let supervisors = keys::public(&unmask.supervisors, "unmask.supervisors")?;
    let about = format!("{dir} {} {about}", viewer.dir().stream());
    record(viewer, &folder, &supervisors, unmask.actor.trim().to_owned(), Act::Unmask, unmask.reason.trim(), &about)?;
    Ok(Sight::Clear)
}
