//! What finance follows: refunds that were approved and are not done, those that hang first.

use super::list::{RefundItem, refund_of};
use super::view::words;
use crate::access::{Caller, Object, Right, check};
use crate::error::Result;
use crate::port::Scan;
use crate::service::engine::Engine;
use crate::workflow::{Refund, RefundSt};

/// So many of each state are shown; there are never so many for long.
const OF_A_STATE: u32 = 100;

/// A refund that was approved and is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundUnderWay {
    /// The refund.
    pub item: RefundItem,
    /// How it stands.
    pub text: &'static str,
    /// Why it needs a person, if it does: a short stable word.
    pub hangs: Option<String>,
}

impl Engine {
    /// The refunds on their way, for finance; those that need a person first, then oldest first.
    pub async fn refunds_under_way(&self, caller: &Caller) -> Result<Vec<RefundUnderWay>> {
        check(caller, Right::ApproveAsFinance, Object::Hospital)?;
        let mut found: Vec<Refund> = Vec::new();
        for st in [RefundSt::Held, RefundSt::Checking, RefundSt::Insurer, RefundSt::His, RefundSt::Returning, RefundSt::Red] {
            let page = self.inner.store.scan(&Scan::Refunds(caller.hospital.clone(), st), None, OF_A_STATE).await?;
            found.extend(page.rows.into_iter().filter_map(refund_of));
        }
        found.sort_by_key(|refund| (hangs(refund).is_none(), refund.id));
        let items = self.items(caller, &found).await?;
        Ok(items.into_iter().zip(&found).map(|(item, refund)| RefundUnderWay { item, text: words(refund).0, hangs: hangs(refund) }).collect())
    }
}

fn hangs(refund: &Refund) -> Option<String> {
    let held = refund.base.held.as_ref().map(|held| held.reason.clone());
    held.or_else(|| refund.base.attention.as_ref().map(|attention| attention.reason.clone()))
}
