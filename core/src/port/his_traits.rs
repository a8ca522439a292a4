//! What a HIS can do.

use serde::{Deserialize, Serialize};

/// What a HIS can do; missing abilities are data, not errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HisTraits {
    /// It locks bills; otherwise our claim alone guards.
    pub lock: bool,
    /// It can say what became of a posting; otherwise an unknown posting goes to a person.
    pub query_post: bool,
    /// It can cancel a posting number for good.
    pub cancel_post: bool,
    /// It tells what must be uploaded to the insurer; otherwise bills are settled with insurance at its window only.
    #[serde(default)]
    pub upload_facts: bool,
    /// It says what stands in the way of a refund and reverses what it has posted; otherwise the window does.
    #[serde(default)]
    pub reverse: bool,
    /// It can say what became of a reversal; otherwise an unknown one goes to a person.
    #[serde(default)]
    pub query_reverse: bool,
    /// It pushes or lists notices.
    pub notices: bool,
    /// It lists registrations, gives numbers and takes check-ins.
    #[serde(default)]
    pub check_in: bool,
    /// It can say what became of a check-in; otherwise an unknown one goes to a person.
    #[serde(default)]
    pub query_check_in: bool,
    /// It moves and takes back registrations of a stopped session; otherwise the window does.
    #[serde(default)]
    pub rebook: bool,
    /// It can say what became of a rebooking.
    #[serde(default)]
    pub query_rebook: bool,
    /// It finds files by document and opens new ones.
    #[serde(default)]
    pub open_file: bool,
    /// It can say what became of the opening of a file; otherwise an unknown one goes to a person.
    #[serde(default)]
    pub query_file: bool,
}

impl Default for HisTraits {
    fn default() -> HisTraits {
        HisTraits {
            lock: true,
            query_post: true,
            cancel_post: true,
            upload_facts: true,
            reverse: true,
            query_reverse: true,
            notices: true,
            check_in: true,
            query_check_in: true,
            rebook: true,
            query_rebook: true,
            open_file: true,
            query_file: true,
        }
    }
}
