//! What may go wrong (domain/quality.md §3.3), as switches of a history. Each is counted where it takes effect.

use std::collections::BTreeSet;

use crate::dice::Dice;

macro_rules! faults {
    ($($name:ident $of:literal $code:literal $text:literal),+ $(,)?) => {
        /// A fault. The order is the order of domain/quality.md.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $(#[doc = $text] $name,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Fault] = &[$(Fault::$name),+];

            /// Its family in domain/quality.md §3.3.
            pub const fn family(self) -> &'static str {
                match self { $(Fault::$name => $of),+ }
            }

            /// Its name on the command line and in tables.
            pub const fn code(self) -> &'static str {
                match self { $(Fault::$name => $code),+ }
            }

            /// What happens.
            pub const fn text(self) -> &'static str {
                match self { $(Fault::$name => $text),+ }
            }
        }
    };
}

faults! {
    Crash "F1" "crash" "a replica dies between two steps of its tasks and starts again",
    CrashBefore "F1" "crash_before_effect" "a replica dies while a call is on its way there",
    CrashAfter "F2" "crash_after_effect" "a replica dies after the counterpart did it, before it knows",
    CrashInCommit "F1" "crash_in_commit" "a replica dies just before a commit lands",
    CrashAfterCommit "F2" "crash_after_commit" "a replica dies just after a commit has landed",
    ChannelBefore "F3" "channel_not_done" "channel: the request is lost, nothing happens",
    ChannelAfter "F3" "channel_done" "channel: it happens, the answer is lost",
    ChannelLater "F3" "channel_later" "channel: it happens after the caller gave up",
    HisBefore "F4" "his_not_done" "HIS: the request is lost, nothing happens",
    HisAfter "F4" "his_done" "HIS: it happens, the answer is lost",
    HisLater "F4" "his_later" "HIS: it happens after the caller gave up",
    HisRepeat "F4" "his_refuses_repeat" "HIS answers a repeated posting that it is settled already",
    HisBlind "F4" "his_blind" "HIS finds a posting only minutes later",
    Contradicts "F4" "contradicts" "a counterpart names another amount or number than it should",
    PoorHis "F4" "his_lacks" "HIS lacks abilities: no lock, no query, no cancelling, or tells nothing by itself",
    InsurerLost "F5" "insurer_unknown" "insurer: request or answer lost, or it happens later",
    OneLeg "F5" "one_leg" "one part of the money is taken, and the other counterpart never hears of it",
    ReversalRefused "F5" "reversal_refused" "the insurer refuses to reverse",
    CallbackLost "F6" "callback_lost" "a callback never comes",
    CallbackTwice "F6" "callback_twice" "a callback comes twice",
    CallbackLate "F6" "callback_late" "a callback comes much later, in another order",
    CallbackOver "F6" "callback_after_close" "a callback for an order that is closed",
    CallbackStranger "F6" "callback_stranger" "a callback for an order nobody knows",
    Forged "F7" "forged" "a callback with a wrong signature, or cut short",
    Lie "F7" "lie" "a callback whose signature is right and whose amount is not",
    Replayed "F7" "replayed" "an old callback again under another message number",
    TwoDevices "F8" "two_devices" "two devices pay the same bills at once",
    Race "F8" "race" "cancel, refund or window work on what is being paid or refunded",
    Skew "F9" "skew" "the clock of one replica is an hour or a day off, or steps back",
    MonthBetween "F10" "month_between" "a month ends between payment, request and approval",
    CommitLost "F11" "commit_lost" "it is not known whether a commit landed: it did",
    CommitLater "F11" "commit_later" "it is not known whether a commit landed: it does later, or never",
    StoreFails "F12" "store_fails" "the store fails, is full or busy",
    LogFull "F12" "log_full" "the transfer log takes no more records",
    InvoiceLost "F14" "invoice_unknown" "invoice platform: request or answer lost, or it happens later",
    RedRefused "F14" "red_refused" "the invoice was changed to paper or booked, and cannot be reversed",
    NoticeLost "F15" "notice_unknown" "message gateway: request or answer lost",
    NoticeRefused "F15" "notice_refused" "the gateway refuses a message",
    Slow "F16" "slow" "a counterpart takes seconds",
    Gray "F16" "gray" "a counterpart is silent for longer than anybody waits",
    Unsent "F16" "unsent" "nothing leaves",
    Outage "F17" "outage" "a counterpart is away for minutes",
    Burst "F17" "burst" "ten times the devices at once",
    BillLate "F18" "bill_late" "the bill of the day is not ready",
    BillStranger "F18" "bill_stranger" "the bill has a row of an order nobody knows",
    BillLoses "F18" "bill_loses" "the bill lacks an order",
    Reload "F19" "reload" "a replica starts with other terms and another pace while machines are under way",
    OldRow "F21" "old_row" "a row is read as another version of the program wrote it",
    ApproveTwice "F22" "approve_twice" "an approval is given twice, or by one person at two steps",
    ApproveLate "F22" "approve_late" "an approval after the patient took the request back",
    AtWindow "F22" "at_window" "window staff reverses, changes or takes cash outside the system",
    TwinProcess "F23" "twin_process" "a second process starts under the name of a living one",
    PaidClosed "F6" "paid_although_closed" "the channel lets somebody pay an order that it had closed, and tells nobody",
    Refuses "F4" "refuses" "a counterpart refuses what it could do, and does nothing",
    PaidUnopened "F6" "paid_unopened" "the channel holds money under a number that was never opened",
    ClosedElsewhere "F6" "closed_elsewhere" "channel or centre closes an order that nobody asked it to close",
    Untrue "F7" "untrue" "a genuine message tells of a second refund, or of a reversal that never was",
    BillWrong "F18" "bill_wrong" "the bill has another amount than was paid, or an order that nobody paid",
    LogPower "F13" "log_torn" "the power goes while the log is written: what was not flushed is there in part",
    LogKey "F13" "log_key" "a writer of the log starts with another key, or somebody looks without one",
    LogDamage "F13" "log_damaged" "a bit of the log is flipped, an end cut off, a segment taken away or swapped with another",
    Rash "F22" "rash" "a person decides while the counterpart is still asked, and is wrong",
}

/// The family of what happens to the sealed log's files.
const SEALED_LOG: &str = "F13";

impl Fault {
    /// The fault of a code.
    pub fn from_code(code: &str) -> Option<Fault> {
        Fault::ALL.iter().copied().find(|fault| fault.code() == code)
    }
}

/// The switches of one history: a random subset of the faults, at random rates (swarm).
#[derive(Clone, Debug)]
pub struct Knobs {
    on: BTreeSet<Fault>,
    /// Of 1000 calls, how many meet each trouble that is on.
    pub rate: u64,
}

impl Knobs {
    /// The switches of a seed.
    pub fn of(seed: u64) -> Knobs {
        let dice = Dice::new(seed, 0x6b6e_6f62);
        // Mostly many of them; sometimes all, sometimes few.
        let (some, of) = [(1, 1), (1, 3), (2, 3), (3, 4), (3, 4)][dice.at(5)];
        let mut on: BTreeSet<Fault> = Fault::ALL.iter().copied().filter(|_| dice.of(of) < some).collect();
        let rate = [8, 20, 45, 60][dice.at(4)];
        // Signatures take more time than all the rest of a history: the logs are sealed in one of sixteen.
        let sealed = dice.one_in(16);
        on.retain(|fault| fault.family() != SEALED_LOG || sealed);
        on.extend([Fault::LogPower, Fault::LogDamage].into_iter().filter(|_| sealed));
        Knobs { on, rate }
    }

    /// Are the transfer logs sealed logs on disks of their own?
    pub fn seals(&self) -> bool {
        self.on.iter().any(|fault| fault.family() == SEALED_LOG)
    }

    /// Without these.
    #[must_use]
    pub fn without(mut self, off: &[Fault]) -> Knobs {
        self.on.retain(|fault| !off.contains(fault));
        self
    }

    /// Is it switched on?
    pub fn has(&self, fault: Fault) -> bool {
        self.on.contains(&fault)
    }

    /// What is switched on.
    pub fn on(&self) -> Vec<Fault> {
        self.on.iter().copied().collect()
    }

    /// The rate of a trouble on the wire: nothing when it is off.
    pub fn rate_of(&self, fault: Fault) -> u64 {
        if self.has(fault) { self.rate } else { 0 }
    }
}
