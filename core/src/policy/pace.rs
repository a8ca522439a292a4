//! How patiently each counterpart is asked: back-off ladders, deadlines, parallel slots, when to call a person.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};

/// Which counterpart a call goes to; slots and ladders are per hospital and lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// HIS.
    His,
    /// Payment channels.
    Channel,
    /// The insurer's centre, for orders.
    Insurer,
    /// E-invoice platform.
    Invoice,
    /// Our own timers.
    Timer,
    /// Message gateways and the official account, for notices.
    Notify,
    /// Whoever is asked while a person waits: health-code platform, e-voucher decoder, codes and logins. Never queued.
    Person,
}

impl Lane {
    /// Every lane work is queued in.
    pub const ALL: [Lane; 6] = [Lane::His, Lane::Channel, Lane::Insurer, Lane::Invoice, Lane::Timer, Lane::Notify];

    /// Short stable code (a column).
    pub const fn code(self) -> &'static str {
        match self {
            Lane::His => "his",
            Lane::Channel => "channel",
            Lane::Insurer => "insurer",
            Lane::Invoice => "invoice",
            Lane::Timer => "timer",
            Lane::Notify => "notify",
            Lane::Person => "person",
        }
    }

    /// The lane of a code that queued work was stored with.
    pub fn from_code(code: &str) -> Option<Lane> {
        Lane::ALL.into_iter().find(|l| l.code() == code)
    }
}

/// Waiting times before the 2nd, 3rd … attempt, in seconds; after the last step the slow step repeats for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// The steps.
    pub steps_s: Vec<u32>,
    /// Repeated after the last step and whenever the machine already has `attention`: acts that move money never die.
    pub slow_s: u32,
}

impl Ladder {
    /// Milliseconds to wait after `attempts` attempts have been made.
    pub fn wait_ms(&self, attempts: u32, slow: bool) -> i64 {
        let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let seconds = if slow { self.slow_s } else { self.steps_s.get(step).copied().unwrap_or(self.slow_s) };
        i64::from(seconds) * 1000
    }
}

/// One lane's pace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LanePace {
    /// Retries of acts.
    pub act: Ladder,
    /// Repeats of the one read a machine is waiting on.
    pub poll: Ladder,
    /// Deadline of one call, in milliseconds.
    pub deadline_ms: u32,
    /// Calls in flight at once, per hospital.
    pub slots: u32,
    /// After this long in one step a person is called (`attention`), in seconds.
    pub overdue_s: u32,
}

/// How patiently we ask; always the current document, never pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// HIS: domain/hospital.md §2.6.
    pub his: LanePace,
    /// Channels: domain/payments.md §7.
    pub channel: LanePace,
    /// The insurer's centre: domain/medins.md §2.3, §8.
    #[serde(default = "insurer")]
    pub insurer: LanePace,
    /// Invoice platform.
    pub invoice: LanePace,
    /// Message gateways and the official account, for notices.
    #[serde(default = "notify")]
    pub notify: LanePace,
    /// A lease lasts this long, in milliseconds; longer than any deadline.
    pub lease_ms: u32,
    /// Fallback interval of the runner's polling, in milliseconds.
    pub idle_ms: u32,
    /// "Not found" from a channel counts only after this long and two answers, in seconds (domain/payments.md §7).
    pub not_found_s: u32,
    /// Each closed order is asked once more after this long, in seconds: a late success whose callback never came.
    pub recheck_s: u32,
    /// Deadline of a call to the health-code platform, the e-voucher decoder or a message gateway, in milliseconds: a
    /// person stands there and waits.
    #[serde(default = "person_ms")]
    pub person_ms: u32,
}

const fn person_ms() -> u32 {
    8_000
}

/// Twelve times every fifteen seconds, then hourly with a person called.
fn insurer() -> LanePace {
    let ladder = || Ladder { steps_s: vec![15; 12], slow_s: 3600 };
    LanePace { act: ladder(), poll: Ladder { steps_s: [vec![3, 3, 5, 5, 10], vec![15; 12]].concat(), slow_s: 3600 }, deadline_ms: 30_000, slots: 8, overdue_s: 1_800 }
}

fn notify() -> LanePace {
    LanePace {
        act: Ladder { steps_s: vec![5, 30, 60, 300, 600, 1_800], slow_s: 3600 },
        poll: Ladder { steps_s: vec![60], slow_s: 3600 },
        deadline_ms: 15_000,
        slots: 4,
        overdue_s: 3_600,
    }
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            his: LanePace {
                act: Ladder { steps_s: vec![2, 10, 30, 90, 180, 300, 600], slow_s: 3600 },
                poll: Ladder { steps_s: vec![5, 15, 30, 60, 120, 300, 600], slow_s: 3600 },
                deadline_ms: 10_000,
                slots: 8,
                overdue_s: 1_800,
            },
            channel: LanePace {
                act: Ladder { steps_s: vec![2, 5, 10, 30, 60, 120, 300], slow_s: 3600 },
                poll: Ladder { steps_s: vec![2, 3, 3, 3, 5, 5, 10, 10, 30, 30, 60, 120, 300, 600], slow_s: 3600 },
                deadline_ms: 15_000,
                slots: 16,
                overdue_s: 1_800,
            },
            insurer: insurer(),
            invoice: LanePace {
                act: Ladder { steps_s: vec![2, 10, 30, 60, 300, 600], slow_s: 3600 },
                poll: Ladder { steps_s: vec![5, 30, 60, 300, 600], slow_s: 3600 },
                deadline_ms: 15_000,
                slots: 4,
                overdue_s: 3_600,
            },
            notify: notify(),
            lease_ms: 60_000,
            idle_ms: 500,
            not_found_s: 60,
            recheck_s: 86_400,
            person_ms: person_ms(),
        }
    }
}

impl Pace {
    /// The pace of a lane; timers run at the pace of the channel, and so would whoever is asked for a person.
    pub const fn lane(&self, lane: Lane) -> &LanePace {
        match lane {
            Lane::His => &self.his,
            Lane::Channel | Lane::Timer | Lane::Person => &self.channel,
            Lane::Insurer => &self.insurer,
            Lane::Invoice => &self.invoice,
            Lane::Notify => &self.notify,
        }
    }

    /// Deadline of one call in a lane, in milliseconds.
    pub const fn deadline_ms(&self, lane: Lane) -> u32 {
        match lane {
            Lane::His | Lane::Channel | Lane::Insurer | Lane::Invoice | Lane::Timer | Lane::Notify => self.lane(lane).deadline_ms,
            Lane::Person => self.person_ms,
        }
    }

    /// Checks every value; the error names the field.
    pub fn check(&self) -> Result<()> {
        let bad = |field: String, problem: &'static str| Err(Error::new(Code::BadPolicy).with("field", field).with("problem", problem));
        for (name, lane) in [("his", &self.his), ("channel", &self.channel), ("insurer", &self.insurer), ("invoice", &self.invoice), ("notify", &self.notify)] {
            if lane.slots == 0 || lane.slots > 1024 {
                return bad(format!("pace.{name}.slots"), "must lie between 1 and 1024");
            }
            if lane.deadline_ms < 100 || lane.deadline_ms >= self.lease_ms {
                return bad(format!("pace.{name}.deadline_ms"), "must be at least 100 and below pace.lease_ms");
            }
            for (ladder, which) in [(&lane.act, "act"), (&lane.poll, "poll")] {
                if ladder.slow_s == 0 || ladder.steps_s.contains(&0) {
                    return bad(format!("pace.{name}.{which}"), "a waiting time must not be 0");
                }
            }
            if lane.overdue_s == 0 {
                return bad(format!("pace.{name}.overdue_s"), "must not be 0");
            }
        }
        if !(100..=60_000).contains(&self.person_ms) {
            return bad("pace.person_ms".to_owned(), "must lie between 100 and 60000");
        }
        if self.idle_ms == 0 || self.not_found_s == 0 || self.recheck_s == 0 {
            return bad("pace".to_owned(), "idle_ms, not_found_s and recheck_s must not be 0");
        }
        Ok(())
    }
}
