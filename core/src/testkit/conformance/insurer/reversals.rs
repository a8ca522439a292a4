//! Giving a settled order back: one number, one refund, the insurance part whole.

use super::{FIRST, InsurerStage, Verdict, answered, ask, give_back, holds, of, priced, refused, report, reversal, same, settled};
use crate::ident::BusinessNo;
use crate::insurance::{OrderClass, SettlementPart};
use crate::money::Money;
use crate::payment::Amounts;
use crate::port::InsurerReversal;

/// However often it is asked for; nothing is left for another number.
pub(super) async fn a_number_gives_back_once(stage: &dyn InsurerStage) -> Verdict {
    let (order, told) = settled(stage, FIRST).await?;
    let all = reversal(stage, "R0000000000000000001", &order, &told)?;
    let first = answered("an order is given back", ask(stage, give_back(&all)).await, of!(Reverse))?;
    stage.pass(1_100).await;
    same("a repeat is the same refund", answered("it is repeated", ask(stage, give_back(&all)).await, of!(Reverse))?, first)?;
    same("the order says so", report(stage, &order).await?.class(), OrderClass::Refunded)?;
    let second = InsurerReversal { no: BusinessNo::new("R0000000000000000002")?, ..all };
    refused("nothing is left to give back", &ask(stage, give_back(&second)).await)
}

/// Another amount under a number that is used is refused, and nothing more moves.
pub(super) async fn a_number_belongs_to_one_amount(stage: &dyn InsurerStage) -> Verdict {
    let (order, told) = settled(stage, FIRST).await?;
    let all = reversal(stage, "R0000000000000000001", &order, &told)?;
    let insured = InsurerReversal { part: SettlementPart::Insurance, amounts: all.amounts.insured(), ..all.clone() };
    answered("the insurance part is given back", ask(stage, give_back(&insured)).await, of!(Reverse))?;
    let class = report(stage, &order).await?.class();
    same("the order says so", class, OrderClass::InsuranceRefunded)?;
    refused("another amount under the number", &ask(stage, give_back(&all)).await)?;
    same("nothing more moved", report(stage, &order).await?.class(), class)
}

/// Neither a part of it, nor more, nor together with cash that does not belong to it.
pub(super) async fn the_insurance_part_goes_back_whole(stage: &dyn InsurerStage) -> Verdict {
    let (order, told) = settled(stage, FIRST).await?;
    let all = reversal(stage, "R0000000000000000001", &order, &told)?;
    let with =
        |number: &str, part: SettlementPart, amounts: Amounts| -> Verdict<InsurerReversal> { Ok(InsurerReversal { no: BusinessNo::new(number)?, part, amounts, ..all.clone() }) };
    let fen = Money::from_fen(1)?;
    let insured = all.amounts.insured();
    let less = Amounts { fund_fen: insured.fund_fen.minus(fen)?, ..insured };
    let more = Amounts { account_fen: insured.account_fen.plus(fen)?, ..insured };
    let short = Amounts { cash_fen: all.amounts.cash_fen.minus(fen)?, ..all.amounts };
    for (law, wrong) in [
        ("less than the fund paid", with("R0000000000000000002", SettlementPart::Insurance, less)?),
        ("more than the account paid", with("R0000000000000000003", SettlementPart::Insurance, more)?),
        ("not all the cash", with("R0000000000000000004", SettlementPart::All, short)?),
        ("cash with the insurance part", with("R0000000000000000005", SettlementPart::Insurance, all.amounts)?),
    ] {
        refused(law, &ask(stage, give_back(&wrong)).await)?;
    }
    same("nothing moved", report(stage, &order).await?, told)?;
    answered("as it was settled it goes back", ask(stage, give_back(&with("R0000000000000000006", SettlementPart::Insurance, insured)?)).await, of!(Reverse)).map(drop)
}

/// A price is no money.
pub(super) async fn only_what_is_settled_goes_back(stage: &dyn InsurerStage) -> Verdict {
    let (order, told) = priced(stage, FIRST).await?;
    refused("it is not settled", &ask(stage, give_back(&reversal(stage, "R0000000000000000001", &order, &told)?)).await)?;
    same("it stays as it is", report(stage, &order).await?, told)?;
    holds("it can still be settled", stage.confirm(&order.order_no))
}
