//! From the outcome of a call to the fact a machine is told. Pure.
//!
//! **A refusal is a definite no only on the first attempt.** If any earlier attempt under the same business number is not
//! proven unsent, the no may be the echo of our own success ("already settled"), so it becomes a question for the query,
//! never a refund (DESIGN.md §4.4).

use super::refund::{HisSays, InsurerSays};
use super::{Event, Key, check_in, filing, invoice, notice, payment, refund, settlement, stop, suspension};
use crate::payment::RefundState;
use crate::port::{
    Answer, Call, ChannelAnswer, ChannelCall, Fault, HisAnswer, HisCall, InsurerAnswer, InsurerCall, InvoiceAnswer, InvoiceCall, No, NotifyAnswer, NotifyCall, Outcome, PostState,
};

/// How often a lost `open` is repeated under its number before it is closed instead.
const OPEN_TRIES: u32 = 3;

/// What follows from an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The machine is told.
    Fact(Event),
    /// The same call again, later.
    Again {
        /// This attempt is proven not to have been sent.
        unsent: bool,
    },
}

/// The outcome of an act, as a fact. `sent` counts the attempts under this number that are not proven unsent, this one
/// included; `attempt` counts all of this row.
pub fn of_act(call: &Call, outcome: Outcome<Answer>, sent: u32, attempt: u32) -> Verdict {
    match call {
        Call::His { call } => his_act(call, his(outcome), sent),
        Call::Channel { call, .. } => channel_act(call, channel(outcome), sent, attempt),
        Call::Invoice { call } => invoice_act(call, invoice(outcome), sent),
        Call::Notify { call: NotifyCall::Send { .. } } => notice_act(outcome, sent),
        Call::Insurer { call: InsurerCall::Reverse { .. } } => reclaim_act(outcome, sent),
        // Asked while a person waits, never queued.
        Call::HealthCode { .. } | Call::Notify { call: NotifyCall::SmsCode { .. } | NotifyCall::Login { .. } } => AGAIN,
        Call::Insurer { call } => insurer_act(call, insurer(outcome), sent),
    }
}

/// An act that must not be performed again once an attempt is not proven unsent: a message has no number by which its
/// gateway would know it. `sent` counts this attempt, too.
pub fn instead(call: &Call, sent: u32) -> Option<Event> {
    let again = sent > 1 && matches!(call, Call::Notify { call: NotifyCall::Send { .. } });
    again.then(|| Event::Notice(notice::Event::Unknown { fault: Fault::new("interrupted", "an earlier attempt may have been sent") }))
}

/// The outcome of a poll of this machine, as a fact. Everything but an answer is asked again.
pub fn of_poll(machine: Key, call: &Call, outcome: Outcome<Answer>) -> Verdict {
    let Outcome::Done(answer) = outcome else { return Verdict::Again { unsent: false } };
    let event = match (call, answer) {
        (Call::His { call: HisCall::QueryPost { .. } }, Answer::His(HisAnswer::QueryPost(state))) => Event::Settlement(match state {
            PostState::Posted(receipt) => settlement::Event::PostFound { receipt },
            PostState::NotRecorded => settlement::Event::PostNotRecorded,
            PostState::Cancelled => settlement::Event::PostCancelled,
        }),
        (Call::Channel { call: ChannelCall::Query { .. }, .. }, Answer::Channel(ChannelAnswer::Query(state))) => {
            Event::Payment(payment::Event::Trade { via: payment::Via::Query, state })
        }
        (Call::Channel { call: ChannelCall::QueryRefund { .. }, .. }, Answer::Channel(ChannelAnswer::QueryRefund(state))) => {
            Event::Refund(refund::Event::Channel { state, sent: 0 })
        }
        (Call::Invoice { call: InvoiceCall::Query { .. } }, Answer::Invoice(InvoiceAnswer::Query(state))) => match machine {
            Key::Refund(_) => Event::Refund(refund::Event::Invoice { state }),
            _ => Event::Invoice(invoice::Event::Found { state }),
        },
        (Call::His { call: HisCall::Refundable { .. } }, Answer::His(HisAnswer::Refundable(refundable))) => his_says(HisSays::Stands { refundable: Box::new(refundable) }),
        (Call::His { call: HisCall::QueryReverse { .. } }, Answer::His(HisAnswer::QueryReverse(reversed))) => {
            his_says(reversed.map_or(HisSays::NotReversed, |reversed| HisSays::Reversed { reversed }))
        }
        (Call::Insurer { call: InsurerCall::Query { .. } }, Answer::Insurer(InsurerAnswer::Query(report))) => match machine {
            Key::Refund(_) => Event::Refund(refund::Event::Insurer { says: InsurerSays::Order { code: report.code } }),
            _ => Event::Payment(payment::Event::Ordered { via: payment::Via::Query, report: Box::new(report) }),
        },
        (Call::His { call: HisCall::QueryCheckIn { .. } }, Answer::His(HisAnswer::QueryCheckIn(ticket))) => Event::CheckIn(check_in::Event::Found { ticket }),
        (Call::His { call: HisCall::QueryFile { .. } }, Answer::His(HisAnswer::QueryFile(opened))) => Event::Filing(filing::Event::Found { opened }),
        (Call::His { call: HisCall::Affected { .. } }, Answer::His(HisAnswer::Affected(page))) => Event::Stop(stop::Event::Found { page }),
        (Call::His { call: HisCall::QueryRebook { .. } }, Answer::His(HisAnswer::QueryRebook(rebooked))) => Event::Suspension(suspension::Event::RebookFound { rebooked }),
        // An answer of another shape decides nothing.
        _ => return Verdict::Again { unsent: false },
    };
    Verdict::Fact(event)
}

/// The queue an act runs in: channel refunds of one payment never overlap.
pub fn queue(machine: Key, call: &Call) -> Key {
    match call {
        Call::Channel { call: ChannelCall::Refund { refund }, .. } => crate::ident::PaymentId::from_business_no(refund.out_trade_no.as_str()).map_or(machine, Key::Payment),
        Call::Channel { .. } | Call::His { .. } | Call::Invoice { .. } | Call::HealthCode { .. } | Call::Insurer { .. } | Call::Notify { .. } => machine,
    }
}

const UNSENT: Verdict = Verdict::Again { unsent: true };
const AGAIN: Verdict = Verdict::Again { unsent: false };

fn late(no: &No) -> Fault {
    Fault::new("refused_late", format!("{}: {}", no.code, no.text))
}

fn his_act(call: &HisCall, outcome: Outcome<HisAnswer>, sent: u32) -> Verdict {
    match call {
        HisCall::TakeNumber { .. } | HisCall::CheckIn { .. } => attend_act(outcome, sent),
        HisCall::Rebook { .. } => rebook_act(outcome, sent),
        HisCall::OpenFile { .. } => file_act(outcome, sent),
        HisCall::Reverse { .. } => reverse_act(outcome, sent),
        HisCall::Lock { .. }
        | HisCall::Unlock { .. }
        | HisCall::Post { .. }
        | HisCall::CancelPost { .. }
        | HisCall::FindPatient { .. }
        | HisCall::Unpaid { .. }
        | HisCall::UploadFacts { .. }
        | HisCall::QueryPost { .. }
        | HisCall::Refundable { .. }
        | HisCall::QueryReverse { .. }
        | HisCall::Notices { .. }
        | HisCall::DayFile { .. }
        | HisCall::Registrations { .. }
        | HisCall::FindFiles { .. }
        | HisCall::QueryFile { .. }
        | HisCall::QueryCheckIn { .. }
        | HisCall::Affected { .. }
        | HisCall::QueryRebook { .. } => settlement_act(call, outcome, sent),
    }
}

fn attend_act(outcome: Outcome<HisAnswer>, sent: u32) -> Verdict {
    use check_in::Event as E;
    Verdict::Fact(Event::CheckIn(match outcome {
        Outcome::Unsent(_) => return UNSENT,
        Outcome::Done(HisAnswer::TakeNumber(ticket) | HisAnswer::CheckIn(ticket)) => E::Answered { ticket },
        Outcome::Done(_) => E::Unknown { fault: shape(), sent },
        Outcome::Refused(no) if sent <= 1 => E::Refused { no },
        Outcome::Refused(no) => E::Unknown { fault: late(&no), sent },
        Outcome::Unknown(fault) => E::Unknown { fault, sent },
    }))
}

fn file_act(outcome: Outcome<HisAnswer>, sent: u32) -> Verdict {
    use filing::Event as E;
    Verdict::Fact(Event::Filing(match outcome {
        Outcome::Unsent(_) => return UNSENT,
        Outcome::Done(HisAnswer::OpenFile(opened)) => E::Answered { opened },
        Outcome::Done(_) => E::Unknown { fault: shape(), sent },
        Outcome::Refused(no) if sent <= 1 => E::Refused { no },
        Outcome::Refused(no) => E::Unknown { fault: late(&no), sent },
        Outcome::Unknown(fault) => E::Unknown { fault, sent },
    }))
}

fn rebook_act(outcome: Outcome<HisAnswer>, sent: u32) -> Verdict {
    use suspension::Event as E;
    Verdict::Fact(Event::Suspension(match outcome {
        Outcome::Unsent(_) => return UNSENT,
        Outcome::Done(HisAnswer::Rebook(rebooked)) => E::Rebooked { rebooked },
        Outcome::Done(_) => E::RebookUnknown { fault: shape(), sent },
        Outcome::Refused(no) if sent <= 1 => E::RebookRefused { no },
        Outcome::Refused(no) => E::RebookUnknown { fault: late(&no), sent },
        Outcome::Unknown(fault) => E::RebookUnknown { fault, sent },
    }))
}

fn his_says(says: HisSays) -> Event {
    Event::Refund(refund::Event::His { says })
}

fn reverse_act(outcome: Outcome<HisAnswer>, sent: u32) -> Verdict {
    Verdict::Fact(his_says(match outcome {
        Outcome::Unsent(_) => return UNSENT,
        Outcome::Done(HisAnswer::Reverse(reversed)) => HisSays::Reversed { reversed },
        Outcome::Done(_) => HisSays::Unknown { fault: shape(), late_no: None, sent },
        Outcome::Refused(no) if sent <= 1 => HisSays::Refused { no },
        Outcome::Refused(no) => HisSays::Unknown { fault: late(&no), late_no: Some(no), sent },
        Outcome::Unknown(fault) => HisSays::Unknown { fault, late_no: None, sent },
    }))
}

fn reclaim_act(outcome: Outcome<Answer>, sent: u32) -> Verdict {
    let says = match outcome {
        Outcome::Unsent(_) => return UNSENT,
        Outcome::Done(Answer::Insurer(InsurerAnswer::Reverse(reversed))) => InsurerSays::Reversed { reversal_no: reversed.reversal_no, at: reversed.at },
        Outcome::Done(_) => InsurerSays::Unknown { fault: shape(), sent },
        Outcome::Refused(no) if sent <= 1 => InsurerSays::Refused { no },
        Outcome::Refused(no) => InsurerSays::Unknown { fault: late(&no), sent },
        Outcome::Unknown(fault) => InsurerSays::Unknown { fault, sent },
    };
    Verdict::Fact(Event::Refund(refund::Event::Insurer { says }))
}

fn notice_act(outcome: Outcome<Answer>, sent: u32) -> Verdict {
    use notice::Event as E;
    Verdict::Fact(Event::Notice(match outcome {
        Outcome::Unsent(_) => return UNSENT,
        Outcome::Done(Answer::Notify(NotifyAnswer::Send)) => E::Taken,
        Outcome::Done(_) => E::Unknown { fault: shape() },
        Outcome::Refused(no) if sent <= 1 => E::Refused { no },
        Outcome::Refused(no) => E::Unknown { fault: late(&no) },
        Outcome::Unknown(fault) => E::Unknown { fault },
    }))
}

fn settlement_act(call: &HisCall, outcome: Outcome<HisAnswer>, sent: u32) -> Verdict {
    use settlement::Event as E;
    let event = match (call, outcome) {
        (_, Outcome::Unsent(_)) => return UNSENT,
        (HisCall::Lock { .. }, Outcome::Done(HisAnswer::Lock(receipt))) => E::LockDone { receipt },
        (HisCall::Lock { .. }, Outcome::Refused(no)) if sent <= 1 => E::LockRefused { no },
        (HisCall::Lock { .. }, Outcome::Refused(no)) => E::LockRefusedLate { no },
        (HisCall::Unlock { .. }, Outcome::Done(HisAnswer::Unlock)) => E::UnlockDone,
        (HisCall::Unlock { .. }, Outcome::Refused(no)) => E::UnlockRefused { no },
        (HisCall::Post { .. }, Outcome::Done(HisAnswer::Post(receipt))) => E::PostDone { receipt },
        (HisCall::Post { .. }, Outcome::Refused(no)) if sent <= 1 => E::PostRefused { no },
        (HisCall::Post { .. }, Outcome::Refused(no)) => E::PostRefusedLate { no, sent },
        (HisCall::Post { .. }, Outcome::Unknown(fault)) => E::PostUnknown { fault, sent },
        (HisCall::Post { .. }, Outcome::Done(_)) => E::PostUnknown { fault: shape(), sent },
        (HisCall::CancelPost { .. }, Outcome::Done(HisAnswer::CancelPost)) => E::PostCancelled,
        (HisCall::CancelPost { .. }, Outcome::Refused(no)) => E::CancelRefused { no },
        // Locks, unlocks and cancellations are repeated under their number until HIS answers; reads are not acts.
        (_, Outcome::Unknown(_) | Outcome::Done(_) | Outcome::Refused(_)) => return AGAIN,
    };
    Verdict::Fact(Event::Settlement(event))
}

fn channel_act(call: &ChannelCall, outcome: Outcome<ChannelAnswer>, sent: u32, attempt: u32) -> Verdict {
    match (call, outcome) {
        (_, Outcome::Unsent(_)) => UNSENT,
        (ChannelCall::Open { .. }, outcome) => {
            use payment::Event as E;
            let event = match outcome {
                Outcome::Done(ChannelAnswer::Open(handover)) => E::Opened { handover: Some(handover) },
                Outcome::Refused(no) if sent <= 1 => E::OpenRefused { no },
                Outcome::Refused(no) => E::OpenUnknown { fault: late(&no) },
                Outcome::Unknown(_) if attempt < OPEN_TRIES => return AGAIN,
                Outcome::Unknown(fault) | Outcome::Unsent(fault) => E::OpenUnknown { fault },
                Outcome::Done(_) => E::OpenUnknown { fault: shape() },
            };
            Verdict::Fact(Event::Payment(event))
        }
        (ChannelCall::Close { .. }, outcome) => {
            use payment::Event as E;
            let event = match outcome {
                Outcome::Done(ChannelAnswer::Close) => E::CloseDone,
                Outcome::Done(_) => E::CloseOpen { fault: shape() },
                Outcome::Refused(no) => E::CloseOpen { fault: late(&no) },
                Outcome::Unknown(fault) | Outcome::Unsent(fault) => E::CloseOpen { fault },
            };
            Verdict::Fact(Event::Payment(event))
        }
        (ChannelCall::Refund { .. }, outcome) => {
            use refund::Event as E;
            let event = match outcome {
                Outcome::Done(ChannelAnswer::Refund(RefundState::NotFound)) => E::ReturnUnknown { fault: shape(), sent },
                Outcome::Done(ChannelAnswer::Refund(state)) => E::Channel { state, sent },
                Outcome::Done(_) => E::ReturnUnknown { fault: shape(), sent },
                Outcome::Refused(no) if sent <= 1 => E::ReturnRefused { no },
                Outcome::Refused(no) => E::ReturnUnknown { fault: late(&no), sent },
                Outcome::Unknown(fault) | Outcome::Unsent(fault) => E::ReturnUnknown { fault, sent },
            };
            Verdict::Fact(Event::Refund(event))
        }
        // Reads are never acts.
        (ChannelCall::Query { .. } | ChannelCall::QueryRefund { .. } | ChannelCall::Bill { .. }, _) => AGAIN,
    }
}

fn insurer_act(call: &InsurerCall, outcome: Outcome<InsurerAnswer>, sent: u32) -> Verdict {
    use payment::Event as E;
    let event = match (call, outcome) {
        (_, Outcome::Unsent(_)) => return UNSENT,
        (InsurerCall::Upload { .. }, Outcome::Done(InsurerAnswer::Upload(uploaded))) => E::Uploaded { uploaded: Some(Box::new(uploaded)) },
        (InsurerCall::Upload { .. }, Outcome::Refused(no)) if sent <= 1 => E::UploadRefused { no },
        (InsurerCall::Upload { .. }, Outcome::Refused(no)) => E::UploadUnknown { fault: late(&no), sent },
        (InsurerCall::Upload { .. }, Outcome::Unknown(fault)) => E::UploadUnknown { fault, sent },
        (InsurerCall::Upload { .. }, Outcome::Done(_)) => E::UploadUnknown { fault: shape(), sent },
        (InsurerCall::Place { .. }, Outcome::Done(InsurerAnswer::Place(report))) => E::Ordered { via: payment::Via::Query, report: Box::new(report) },
        (InsurerCall::Place { .. }, Outcome::Refused(no)) if sent <= 1 => E::PlaceRefused { no },
        (InsurerCall::Place { .. }, Outcome::Refused(no)) => E::PlaceUnknown { fault: late(&no) },
        (InsurerCall::Place { .. }, Outcome::Unknown(fault)) => E::PlaceUnknown { fault },
        (InsurerCall::Place { .. }, Outcome::Done(_)) => E::PlaceUnknown { fault: shape() },
        (InsurerCall::Revoke { .. }, Outcome::Done(InsurerAnswer::Revoke)) => E::RevokeDone,
        (InsurerCall::Revoke { .. }, Outcome::Done(_)) => E::RevokeOpen { fault: shape() },
        (InsurerCall::Revoke { .. }, Outcome::Refused(no)) => E::RevokeOpen { fault: late(&no) },
        (InsurerCall::Revoke { .. }, Outcome::Unknown(fault)) => E::RevokeOpen { fault },
        // Reads are never acts.
        (_, Outcome::Done(_) | Outcome::Refused(_) | Outcome::Unknown(_)) => return AGAIN,
    };
    Verdict::Fact(Event::Payment(event))
}

fn invoice_act(call: &InvoiceCall, outcome: Outcome<InvoiceAnswer>, sent: u32) -> Verdict {
    use invoice::Event as E;
    let event = match (call, outcome) {
        (_, Outcome::Unsent(_)) => return UNSENT,
        (InvoiceCall::Issue { .. }, Outcome::Done(InvoiceAnswer::Issue(issued))) => E::IssueDone { issued },
        (InvoiceCall::Issue { .. }, Outcome::Refused(no)) if sent <= 1 => E::IssueRefused { no },
        (InvoiceCall::Issue { .. }, Outcome::Refused(no)) => E::IssueUnknown { fault: late(&no), sent },
        (InvoiceCall::Issue { .. }, Outcome::Unknown(fault)) => E::IssueUnknown { fault, sent },
        (InvoiceCall::Issue { .. }, Outcome::Done(_)) => E::IssueUnknown { fault: shape(), sent },
        (InvoiceCall::Red { .. }, Outcome::Done(InvoiceAnswer::Red(red))) => E::RedDone { red },
        (InvoiceCall::Red { .. }, Outcome::Refused(no)) if sent <= 1 => E::RedRefused { no },
        (InvoiceCall::Red { .. }, Outcome::Refused(no)) => E::RedUnknown { fault: late(&no), sent },
        (InvoiceCall::Red { .. }, Outcome::Unknown(fault)) => E::RedUnknown { fault, sent },
        (InvoiceCall::Red { .. }, Outcome::Done(_)) => E::RedUnknown { fault: shape(), sent },
        // Reads are never acts.
        (InvoiceCall::Query { .. }, Outcome::Done(_) | Outcome::Refused(_) | Outcome::Unknown(_)) => return AGAIN,
    };
    Verdict::Fact(Event::Invoice(event))
}

fn shape() -> Fault {
    Fault::new("shape", "the answer does not belong to this call")
}

fn his(outcome: Outcome<Answer>) -> Outcome<HisAnswer> {
    match outcome {
        Outcome::Done(Answer::His(answer)) => Outcome::Done(answer),
        Outcome::Done(Answer::Channel(_) | Answer::Invoice(_) | Answer::HealthCode(_) | Answer::Insurer(_) | Answer::Notify(_)) => Outcome::Unknown(shape()),
        Outcome::Refused(no) => Outcome::Refused(no),
        Outcome::Unsent(fault) => Outcome::Unsent(fault),
        Outcome::Unknown(fault) => Outcome::Unknown(fault),
    }
}

fn channel(outcome: Outcome<Answer>) -> Outcome<ChannelAnswer> {
    match outcome {
        Outcome::Done(Answer::Channel(answer)) => Outcome::Done(answer),
        Outcome::Done(Answer::His(_) | Answer::Invoice(_) | Answer::HealthCode(_) | Answer::Insurer(_) | Answer::Notify(_)) => Outcome::Unknown(shape()),
        Outcome::Refused(no) => Outcome::Refused(no),
        Outcome::Unsent(fault) => Outcome::Unsent(fault),
        Outcome::Unknown(fault) => Outcome::Unknown(fault),
    }
}

fn insurer(outcome: Outcome<Answer>) -> Outcome<InsurerAnswer> {
    match outcome {
        Outcome::Done(Answer::Insurer(answer)) => Outcome::Done(answer),
        Outcome::Done(Answer::His(_) | Answer::Channel(_) | Answer::Invoice(_) | Answer::HealthCode(_) | Answer::Notify(_)) => Outcome::Unknown(shape()),
        Outcome::Refused(no) => Outcome::Refused(no),
        Outcome::Unsent(fault) => Outcome::Unsent(fault),
        Outcome::Unknown(fault) => Outcome::Unknown(fault),
    }
}

fn invoice(outcome: Outcome<Answer>) -> Outcome<InvoiceAnswer> {
    match outcome {
        Outcome::Done(Answer::Invoice(answer)) => Outcome::Done(answer),
        Outcome::Done(Answer::His(_) | Answer::Channel(_) | Answer::HealthCode(_) | Answer::Insurer(_) | Answer::Notify(_)) => Outcome::Unknown(shape()),
        Outcome::Refused(no) => Outcome::Refused(no),
        Outcome::Unsent(fault) => Outcome::Unsent(fault),
        Outcome::Unknown(fault) => Outcome::Unknown(fault),
    }
}
