//! The conservation invariants of the ledger, as functions over journals; the audit runs them over any store.

use std::collections::BTreeMap;
use std::fmt;

use super::{Account, Journal};
use crate::ident::PaymentId;
use crate::money::Net;

/// One violation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Which invariant of domain/quality.md §3.2.
    pub invariant: &'static str,
    /// Business number of the journal, or of the payment.
    pub subject: String,
    /// What is wrong, with the amount in fen.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.invariant, self.subject, self.what)
    }
}

/// I1 for each journal: debits equal credits, every posting has exactly one positive side, and a journal
/// (kind, reference) is written once.
pub fn check_journals<'a>(journals: impl IntoIterator<Item = &'a Journal>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut written = BTreeMap::new();
    for journal in journals {
        let mut report = |what: String| findings.push(Finding { invariant: "I1", subject: journal.reference.clone(), what });
        let imbalance = journal.imbalance();
        if !imbalance.is_zero() {
            report(format!("journal {} is out of balance by {imbalance} fen", journal.kind.code()));
        }
        for posting in &journal.postings {
            let one_side = posting.debit_fen.is_positive() && posting.credit_fen.is_zero() || posting.credit_fen.is_positive() && posting.debit_fen.is_zero();
            if !one_side {
                report(format!("journal {} has a posting on {} without exactly one positive side", journal.kind.code(), posting.account.code()));
            }
        }
        let times: &mut u32 = written.entry((journal.kind, journal.reference.as_str())).or_default();
        *times += 1;
        if *times == 2 {
            report(format!("journal {} was written more than once", journal.kind.code()));
        }
    }
    findings
}

/// I2 for each payment at rest: nothing is left in suspense (money that is neither revenue nor owed) nor in
/// refund_payable (money owed and not given back). `at_rest` says whether a payment has nothing under way; the others
/// are still moving and are not looked at.
pub fn check_at_rest<'a>(journals: impl IntoIterator<Item = &'a Journal>, at_rest: impl Fn(PaymentId) -> bool) -> Vec<Finding> {
    let mut left: BTreeMap<(PaymentId, Account), Net> = BTreeMap::new();
    for journal in journals {
        for posting in journal.postings.iter().filter(|p| matches!(p.account, Account::Suspense | Account::RefundPayable)) {
            *left.entry((journal.payment, posting.account.clone())).or_default() += posting.net();
        }
    }
    left.into_iter()
        .filter(|((payment, _), left)| !left.is_zero() && at_rest(*payment))
        .map(|((payment, account), left)| Finding {
            invariant: "I2",
            subject: payment.business_no().to_string(),
            what: format!("{} is {left} fen at rest, must be 0", account.code()),
        })
        .collect()
}
