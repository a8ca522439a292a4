//! Planted defects (变异体): one at a time they are switched on, to prove that the simulation and its checks can fail.
//!
//! Compiled in by the feature `mutants` only; without it every `planted!` is the constant `false` and nothing of it is left. Each
//! names the promise it breaks (domain/quality.md §3.2) and takes away every fence of that promise, or another fence would heal it.

/// Is this defect switched on?
#[cfg(feature = "mutants")]
macro_rules! planted {
    ($mutant:ident) => {
        $crate::mutant::is_planted($crate::mutant::Mutant::$mutant)
    };
}

/// Is this defect switched on? Not in a product.
#[cfg(not(feature = "mutants"))]
macro_rules! planted {
    ($mutant:ident) => {
        false
    };
}

#[cfg(feature = "mutants")]
pub use list::{Mutant, is_planted, plant};

#[cfg(feature = "mutants")]
mod list {
    use std::sync::atomic::{AtomicU8, Ordering};

    /// 0: none; else 1 + the position in [`Mutant::ALL`].
    static PLANTED: AtomicU8 = AtomicU8::new(0);

    /// Switches one defect on for the whole process, and every other one off.
    pub fn plant(mutant: Option<Mutant>) {
        PLANTED.store(mutant.map_or(0, |m| m as u8 + 1), Ordering::Relaxed);
    }

    /// Is it switched on?
    pub fn is_planted(mutant: Mutant) -> bool {
        PLANTED.load(Ordering::Relaxed) == mutant as u8 + 1
    }

    macro_rules! mutants {
        ($($(#[$doc:meta])* $name:ident $invariant:literal),+ $(,)?) => {
            /// The defects.
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum Mutant {
                $($(#[$doc])* $name),+
            }

            impl Mutant {
                /// All of them.
                pub const ALL: &[Mutant] = &[$(Mutant::$name),+];

                /// The invariant it breaks.
                pub const fn breaks(self) -> &'static str {
                    match self {
                        $(Mutant::$name => $invariant),+
                    }
                }
            }
        };
    }

    mutants! {
        /// Revenue of a posting is not written down.
        PostingNotJournalled "I1",
        /// Money that comes after the order was closed stays with the hospital.
        LateMoneyKept "I2",
        /// What the channel says of a closed order is not listened to.
        LateMoneyDropped "I2",
        /// A bill that is given up stays locked in HIS.
        UnlockForgotten "I2",
        /// A charge line may belong to two settlements.
        ClaimsIgnored "I3",
        /// A refund whose answer was lost is asked for again under another number.
        RetryWithNewNumber "I4",
        /// A refund sets nothing aside and looks at nothing that is.
        RefundWithoutReserve "I5",
        /// A settlement may have two refunds at once.
        SecondRefundOpen "I5",
        /// The channel gives the insurer's part back.
        InsuredPartByChannel "I6",
        /// An invoice whose answer was lost is issued again under another number.
        InvoiceIssuedTwice "I7",
        /// The invoice of what is charged again is of another amount.
        ReissuedAmountDiffers "I7",
        /// The invoice is reversed when somebody asks for a refund.
        RedWithoutDecision "I8",
        /// An order that is being closed is offered again when its opening is answered.
        ClosingOpensAgain "I9",
        /// One person may be doctor and finance, and decide again.
        FourEyesIgnored "I10",
        /// Finance is not asked.
        FinanceSkipped "I10",
        /// Of the month of an insured settlement the year is not compared.
        MonthWithoutYear "I11",
        /// The month is judged when somebody asks, and not again when money moves.
        MonthNotJudgedAgain "I11",
        /// An executed line is given back without its department's word.
        ExecutedIgnored "I12",
        /// A bill is shown without its last line.
        LineForgotten "I13",
        /// A repeated request is a new one.
        KeyForgotten "I14",
        /// Another request under a used key gets the first one's answer.
        KeyOfAnotherRequest "I14",
        /// A callback is answered before it is kept.
        AckBeforeDurable "I15",
        /// A forged callback is believed.
        ForgedBelieved "I16",
        /// A payment of another amount is a payment.
        AmountUnchecked "I16",
        /// What cannot be written into the transfer log is sent all the same.
        SentUnlogged "I17",
        /// The frames of the sealed log are authentic, but in the clear.
        FrameInClear "I18",
        /// A timer closes an order nobody has proven unpaid.
        TimerClosesUnknown "I19",
        /// A posting whose answer was lost counts as refused.
        PostUnknownIsNo "I19",
        /// A difference of the day is not listed.
        DifferenceForgotten "I20",
        /// Nobody is told that a session does not take place.
        NoticeForgotten "I21",
        /// What was undecided is not asked again.
        AskedOnce "I22",
        /// Evidence from a clock ahead of ours is a contradiction.
        ClockDecides "I23",
    }
}
