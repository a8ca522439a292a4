//! I1, I2 and I5 (domain/quality.md §3.2): the ledger balances, nothing is left in between, refunds never exceed what was paid.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::ident::{ChannelCode, DeptCode, PaymentId, SettlementId};
use menjie::ledger::{Account, Balances, Journal, JournalKind, Posting, check_at_rest, check_journals};
use menjie::money::Net;
use menjie::payment::{Amounts, Parts};
use menjie::{Money, Timestamp};
use proptest::prelude::*;

fn fen(fen: i64) -> Money {
    Money::from_fen(fen).unwrap()
}

fn payment(id: i64) -> PaymentId {
    PaymentId::new(id).unwrap()
}

fn cash() -> Account {
    Account::Cash(ChannelCode::new("wechat").unwrap())
}

fn revenue(dept: &str) -> Account {
    Account::Revenue(DeptCode::new(dept).unwrap())
}

fn journal(kind: JournalKind, of: i64, reference: &str, sides: Vec<(Account, Money)>) -> Journal {
    Journal::balanced(kind, reference, payment(of), Timestamp::from_millis(1), sides).unwrap()
}

/// The life of a payment of `amount`, refunded when `back`.
fn life(of: i64, amount: i64, back: bool) -> Vec<Journal> {
    let a = fen(amount);
    let settlement = SettlementId::new(of).unwrap().business_no().to_string();
    let mut journals = vec![
        journal(JournalKind::Proven, of, &format!("P{of}"), vec![(cash(), a), (Account::Suspense, a.negated())]),
        journal(JournalKind::Posted, of, &settlement, vec![(Account::Suspense, a), (revenue("LAB"), a.negated())]),
    ];
    if back {
        journals.push(journal(JournalKind::Reversed, of, &settlement, vec![(revenue("LAB"), a), (Account::RefundPayable, a.negated())]));
        journals.push(journal(JournalKind::Returned, of, &format!("R{of}"), vec![(Account::RefundPayable, a), (cash(), a.negated())]));
    }
    journals
}

#[test]
fn an_unbalanced_journal_cannot_be_made() {
    let sides = vec![(cash(), fen(100)), (Account::Suspense, fen(-99))];
    let error = Journal::balanced(JournalKind::Proven, "P1", payment(1), Timestamp::from_millis(1), sides).unwrap_err();
    assert!(error.to_string().contains("I1"), "{error}");
}

#[test]
fn zero_sides_are_left_out_and_rounding_balances() {
    // Rounded sum: 6.69 received, lines 6.70, 货币误差 −0.01.
    let made = journal(JournalKind::Posted, 1, "S1", vec![(Account::Suspense, fen(669)), (revenue("LAB"), fen(-670)), (Account::Rounding, fen(1)), (revenue("EEG"), fen(0))]);
    assert_eq!(made.postings.len(), 3);
    assert_eq!(made.imbalance(), Net::ZERO);
}

#[test]
fn accounts_round_trip_through_their_codes() {
    for account in [cash(), Account::Suspense, Account::RefundPayable, revenue("LAB.1"), Account::Rounding] {
        assert_eq!(Account::from_code(&account.code()).unwrap(), account);
        let json = serde_json::to_string(&account).unwrap();
        assert_eq!(serde_json::from_str::<Account>(&json).unwrap(), account);
    }
    for code in ["", "cash", "cash.", "revenue.", "suspense.x", "other", "rounding.x"] {
        assert!(Account::from_code(code).is_err(), "{code}");
    }
}

#[test]
fn journal_kinds_have_unique_codes() {
    let mut codes: Vec<&str> = JournalKind::ALL.iter().map(|k| k.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), JournalKind::ALL.len());
}

#[test]
fn i1_names_what_does_not_balance() {
    assert_eq!(check_journals(&life(1, 500, true)), []);
    let mut torn = life(1, 500, false);
    torn[1].postings[0].debit_fen = fen(499);
    torn[0].postings[0].credit_fen = fen(3);
    let found: Vec<String> = check_journals(&torn).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "I1 P1: journal proven is out of balance by -3 fen",
            "I1 P1: journal proven has a posting on cash.wechat without exactly one positive side",
            "I1 S0000000000000000001: journal posted is out of balance by -1 fen",
        ]
    );
    let twice: Vec<Journal> = [life(1, 500, false), life(1, 500, false), life(1, 500, false)].concat();
    let found: Vec<String> = check_journals(&twice).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["I1 P1: journal proven was written more than once", "I1 S0000000000000000001: journal posted was written more than once"]);
}

#[test]
fn i1_finds_negative_sides_that_balance() {
    let sides = [Posting { account: cash(), debit_fen: fen(-5), credit_fen: fen(0) }, Posting { account: Account::Suspense, debit_fen: fen(0), credit_fen: fen(-5) }];
    let odd = Journal { postings: sides.to_vec(), ..life(1, 5, false)[0].clone() };
    assert_eq!(check_journals([&odd]).len(), 2);
}

#[test]
fn i2_names_what_is_left_at_rest() {
    let mut journals = life(1, 500, true);
    journals.extend(life(2, 700, false));
    assert_eq!(check_at_rest(&journals, |_| true), []);
    // Payment 3 was proven and forgotten; payment 4 is owed money.
    journals.push(life(3, 900, false).remove(0));
    journals.extend(life(4, 100, true).into_iter().take(3));
    let found: Vec<String> = check_at_rest(&journals, |_| true).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["I2 P0000000000000000003: suspense is -900 fen at rest, must be 0", "I2 P0000000000000000004: refund_payable is -100 fen at rest, must be 0"]);
    // Still moving: no finding yet.
    assert_eq!(check_at_rest(&journals, |p| p.get() < 3), []);
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Reserve(i64, i64),
    Release(i64, i64),
    Returned(i64, i64),
}

fn op() -> impl Strategy<Value = Op> {
    let amounts = || (prop_oneof![Just(0i64), -20i64..120], prop_oneof![Just(0i64), -20i64..120]);
    prop_oneof![
        amounts().prop_map(|(cash, fund)| Op::Reserve(cash, fund)),
        amounts().prop_map(|(cash, fund)| Op::Release(cash, fund)),
        amounts().prop_map(|(cash, fund)| Op::Returned(cash, fund))
    ]
}

fn amounts([cash, fund]: [i64; 2]) -> Amounts {
    Amounts { fund_fen: fen(fund), ..Amounts::cash(fen(cash)) }
}

proptest! {
    /// I1: whatever balanced journals are added, in whatever order, the ledger sums to zero and the order is forgotten.
    #[test]
    fn balanced_journals_keep_the_ledger_at_zero(amounts in prop::collection::vec((-5_000i64..5_000, 0usize..5, 0usize..5), 0..20)) {
        let accounts = [cash(), Account::Suspense, Account::RefundPayable, revenue("LAB"), Account::Fund];
        let journals: Vec<Journal> = amounts
            .iter()
            .enumerate()
            .map(|(i, (amount, from, to))| journal(JournalKind::Proven, 1, &i.to_string(), vec![(accounts[*from].clone(), fen(*amount)), (accounts[*to].clone(), fen(-amount))]))
            .collect();
        let (mut forth, mut back) = (Balances::default(), Balances::default());
        journals.iter().for_each(|j| forth.add(j));
        journals.iter().rev().for_each(|j| back.add(j));
        prop_assert_eq!(forth.total(), Net::ZERO);
        prop_assert_eq!(&forth, &back);
        prop_assert_eq!(check_journals(&journals), vec![]);
        for (i, account) in accounts.iter().enumerate() {
            let want: i64 = amounts.iter().map(|(amount, from, to)| amount * (i64::from(*from == i) - i64::from(*to == i))).sum();
            prop_assert_eq!(forth.of(account).fen(), want);
        }
    }

    /// I5 under any interleaving, of each part by itself: 0 ≤ reserved, 0 ≤ refunded, reserved + refunded ≤ paid; a refusal
    /// changes nothing, and the fund's money never stands in for the patient's.
    #[test]
    fn refunds_never_exceed_what_was_paid(paid in [0i64..300, 0i64..300], ops in prop::collection::vec(op(), 0..40)) {
        let mut parts = Parts { paid: amounts(paid), ..Parts::default() };
        let (mut reserved, mut refunded) = ([0; 2], [0; 2]);
        for op in ops {
            let (Op::Reserve(cash, fund) | Op::Release(cash, fund) | Op::Returned(cash, fund)) = op;
            let asked = [cash, fund];
            let some = asked != [0, 0] && asked.iter().all(|amount| *amount >= 0);
            let next = match op {
                Op::Reserve(..) => {
                    let next = parts.reserve(&amounts(asked)).unwrap();
                    prop_assert_eq!(next.is_some(), some && (0..2).all(|i| reserved[i] + refunded[i] + asked[i] <= paid[i]));
                    next
                }
                Op::Release(..) | Op::Returned(..) => {
                    let next = if matches!(op, Op::Release(..)) { parts.release(&amounts(asked)) } else { parts.returned(&amounts(asked)) };
                    prop_assert_eq!(next.is_ok(), some && (0..2).all(|i| asked[i] <= reserved[i]));
                    next.ok()
                }
            };
            let Some(next) = next else { continue };
            parts = next;
            for i in 0..2 {
                reserved[i] += if matches!(op, Op::Reserve(..)) { asked[i] } else { -asked[i] };
                refunded[i] += if matches!(op, Op::Returned(..)) { asked[i] } else { 0 };
            }
            prop_assert_eq!((parts.paid, parts.reserved, parts.refunded), (amounts(paid), amounts(reserved), amounts(refunded)));
            prop_assert_eq!(parts.free().unwrap(), amounts([0, 1].map(|i| paid[i] - reserved[i] - refunded[i])));
            prop_assert!(parts.free().unwrap().is_sound() && parts.total().unwrap().free().unwrap().fen() >= 0);
        }
    }
}
