//! What happens from outside, as a list made from the seed before anything runs. Each action has dice of its own, so the rest
//! of a history can be replayed without some of them.

use crate::dice::Dice;
use crate::fault::{Fault, Knobs};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A doctor orders.
    Order,
    /// Somebody quotes and pays at a device.
    Device,
    /// Two devices do so at once for one patient.
    TwoDevices,
    /// Payers pay what is open.
    Pay,
    /// Callbacks that wait are delivered, or not.
    Callbacks,
    /// Callbacks that were held back are delivered.
    LateCallbacks,
    /// Somebody forges a callback.
    Forge,
    /// A patient gives a payment up.
    Cancel,
    /// A patient asks for money back.
    AskBack,
    /// Approvers go through their lists.
    Lists,
    /// A department does what was ordered, or takes its word back.
    Execute,
    /// Window staff does something outside the system.
    Window,
    /// What HIS tells is read.
    Feed,
    /// The morning's reconciliation.
    Morning,
    /// The bill of the channel is spoiled.
    Spoil,
    /// Somebody books for today or a later day.
    Book,
    /// Somebody checks in.
    Attend,
    /// A clinic is stopped, or takes place after all.
    Stop,
    /// Somebody chooses what to do about a stopped clinic.
    Choose,
    /// A newcomer opens a file.
    Register,
    /// Patients answer what approvers ask.
    Answer,
    /// An operator goes through what needs a person.
    Operator,
    /// A counterpart tells what is not so, or does what nobody asked for.
    Untrue,
    /// A replica dies and starts again.
    Crash,
    /// The clock of a replica goes wrong, or right again.
    Skew,
    /// A replica starts with other rules.
    Reload,
    /// A second process starts under a living one's name.
    Twin,
    /// A counterpart is away for minutes; then everybody comes at once.
    Outage,
    /// The transfer log is full for a while.
    LogFull,
    /// The platform changes an invoice to paper, the unit books it, or takes it back.
    Paper,
    /// Hours, a night, days pass; or what is left of the month.
    Sleep,
}

/// One action.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// What.
    pub kind: Kind,
    /// So long after the one before, in milliseconds.
    pub gap_ms: i64,
    /// The seed of its dice.
    pub seed: u64,
    /// The fault it stands for: it does not happen when that is off.
    pub fault: Option<Fault>,
}

/// How many actions a history has.
const ACTIONS: usize = 640;

/// The kinds with their weights and the fault they stand for, if any.
const WEIGHTS: &[(Kind, u64, Option<Fault>)] = &[
    (Kind::Order, 150, None),
    (Kind::Device, 190, None),
    (Kind::TwoDevices, 20, Some(Fault::TwoDevices)),
    (Kind::Pay, 190, None),
    (Kind::Callbacks, 90, None),
    (Kind::LateCallbacks, 15, Some(Fault::CallbackLate)),
    (Kind::Forge, 14, None),
    (Kind::Cancel, 14, Some(Fault::Race)),
    (Kind::AskBack, 75, None),
    (Kind::Lists, 60, None),
    (Kind::Execute, 40, None),
    (Kind::Window, 18, Some(Fault::AtWindow)),
    (Kind::Feed, 30, None),
    (Kind::Morning, 12, None),
    (Kind::Spoil, 8, None),
    (Kind::Book, 16, None),
    (Kind::Attend, 16, None),
    (Kind::Stop, 8, None),
    (Kind::Choose, 12, None),
    (Kind::Register, 10, None),
    (Kind::Answer, 12, None),
    (Kind::Operator, 10, None),
    (Kind::Untrue, 22, None),
    (Kind::Crash, 30, Some(Fault::Crash)),
    (Kind::Skew, 10, Some(Fault::Skew)),
    (Kind::Reload, 4, Some(Fault::Reload)),
    (Kind::Twin, 4, Some(Fault::TwinProcess)),
    (Kind::Outage, 6, Some(Fault::Outage)),
    (Kind::LogFull, 4, Some(Fault::LogFull)),
    (Kind::Paper, 10, Some(Fault::RedRefused)),
    (Kind::Sleep, 22, None),
];

/// The actions of a seed.
pub fn actions(seed: u64, knobs: &Knobs) -> Vec<Action> {
    let dice = Dice::new(seed, 0xac71);
    let sum: u64 = WEIGHTS.iter().map(|(_, weight, _)| weight).sum();
    let mut actions = Vec::with_capacity(ACTIONS);
    for _ in 0..ACTIONS {
        let mut roll = dice.of(sum);
        let (gap_ms, seed) = (if dice.one_in(3) { dice.ms(200) } else { 200 + dice.ms(9_000) }, dice.bits());
        let drawn = WEIGHTS.iter().find(|(_, weight, _)| {
            let found = roll < *weight;
            roll = roll.saturating_sub(*weight);
            found
        });
        // A fault that is off leaves its place empty, so that the others stay where they are.
        actions.extend(drawn.filter(|(.., fault)| fault.is_none_or(|fault| knobs.has(fault))).map(|(kind, _, fault)| Action { kind: *kind, gap_ms, seed, fault: *fault }));
    }
    actions
}
