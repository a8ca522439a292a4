//! Fault switches: plain data, drawn from a seed or scripted for the next calls.

use menjie::Timestamp;
use serde::{Deserialize, Serialize};

use crate::rng::Rng;

/// A counterpart inside the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// The hospital information system.
    His,
    /// WeChat Pay.
    Wechat,
    /// The fiscal e-invoice platform.
    Invoice,
    /// The health-code platform.
    HealthCode,
    /// The e-voucher decoder.
    Decoder,
    /// The SMS gateways.
    Sms,
    /// The official account.
    Account,
    /// The insurer: mobile centre and gateway.
    Insurer,
}

/// What goes wrong. The first group concerns any call; the others are understood by the peer they name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Fault {
    /// The answer comes late.
    Delay {
        /// By how much.
        ms: u32,
    },
    /// Nothing happens and the connection closes without an answer.
    TimeoutBefore {
        /// After this long.
        ms: u32,
    },
    /// It happens, but the connection closes without an answer.
    TimeoutAfter {
        /// After this long.
        ms: u32,
    },
    /// The connection closes without an answer; it happens later.
    EffectLater {
        /// How much later.
        ms: u32,
    },
    /// Nothing happens; the answer is HTTP 500.
    ServerError,
    /// It happens; the answer is HTTP 500.
    ServerErrorAfter,
    /// A definite no by rule (HIS: any change; WeChat refund: `NOT_ENOUGH`; invoice: issue, red; a code; a message).
    SaysNo,
    /// WeChat, HIS, invoice, insurer's centre: the reply's signature is wrong. Health code, decoder: it answers another request.
    ForgedReply,
    /// WeChat query, query_refund, callback, insurer callback: another amount than what was asked for.
    WrongAmount,
    /// WeChat query, callback: another merchant number.
    WrongMerchant,
    /// WeChat refund: it ends `ABNORMAL` (the payer's card is dead).
    RefundAbnormal,
    /// WeChat, insurer callback: sent this many extra times.
    Duplicate {
        /// Extra copies.
        times: u8,
    },
    /// WeChat, insurer callback: sent late, so that later ones overtake it.
    LateCallback {
        /// By how much.
        ms: u32,
    },
    /// WeChat, insurer callback: never sent.
    DropCallback,
    /// WeChat, insurer callback: a forged one goes ahead of the true one.
    ForgedCallback,
    /// HIS post, reverse: done, but queries do not show it for a while.
    FoundLater {
        /// For how long.
        ms: u32,
    },
    /// HIS: `data` is `null` where the operation has an answer.
    NullAnswer,
    /// HIS: fields without a value come as the text `"null"`.
    NullTexts,
    /// HIS: amounts come with four decimals, like `"12.0000"`.
    FourDecimals,
    /// HIS: the answer is encoded in GBK and does not say so.
    Gbk,
    /// HIS unpaid: no line names an executing department.
    MissingDepartment,
    /// Health code, official account's messages: the token is over before its time.
    TokenOver,
    /// Decoder: the answer's inside is a JSON text.
    TextData,
    /// Insurer `order`: priced only later (0, then 1); `confirm`: settled only later (2, then 6).
    Processing {
        /// How much later.
        ms: u32,
    },
    /// Insurer confirm: the cash leg is done, the insurance leg fails (3, then 15).
    SettlementFails,
    /// Insurer confirm: the insurance leg fails and the cash cannot be given back (16).
    MoneyStuck,
    /// Insurer refund: done, but the answer is EXP.
    RefundUnclear,
    /// Insurer: amounts and codes come as JSON numbers.
    Numbers,
    /// Insurer, centre: `encData` is lower-case hex.
    LowerHex,
    /// Insurer, centre: signed under the other SM2 identity.
    WrongUserId,
    /// Insurer: no `setlinfo` where there should be one.
    NoSetlinfo,
    /// Insurer: `setlinfo` is a list of one.
    SetlinfoList,
    /// Insurer, gateway: `infcode` is a text.
    TextInfcode,
    /// Insurer, gateway: `err_msg` is longer than two hundred characters.
    LongMessage,
    /// Insurer confirm, 2207: settled by a clock that is off, so that the month may be another.
    ClockOff {
        /// By how much.
        ms: i64,
    },
}

/// When a switch acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// On this many of the next matching calls, then never again.
    Next(u32),
    /// In this many of 1000 matching calls, by the seed.
    PerMille(u32),
}

/// One switch: whose calls, what goes wrong, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Whose calls.
    pub peer: Peer,
    /// Which interface, by the names in the truth's request counts; none for all of this peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// What goes wrong.
    pub fault: Fault,
    /// When.
    pub when: When,
}

/// All switches of a run, with the generator that decides chances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    switches: Vec<Switch>,
    rng: Rng,
}

impl Faults {
    /// Everything works.
    pub const fn none() -> Faults {
        Faults { switches: Vec::new(), rng: Rng::new(0) }
    }

    /// These switches, chances decided by the seed.
    pub fn new(seed: u64, switches: Vec<Switch>) -> Faults {
        Faults { switches, rng: Rng::new(seed).fork("faults") }
    }

    /// A bad day: a bit of everything a counterpart does to us, chosen so that each call usually still works.
    pub fn bad_day(seed: u64) -> Faults {
        let chance = |peer, interface: Option<&str>, fault, per_mille| Switch { peer, interface: interface.map(str::to_owned), fault, when: When::PerMille(per_mille) };
        let mut switches = Vec::new();
        for peer in [Peer::His, Peer::Wechat, Peer::Invoice, Peer::HealthCode, Peer::Decoder, Peer::Sms, Peer::Account, Peer::Insurer] {
            switches.extend([
                chance(peer, None, Fault::Delay { ms: 400 }, 60),
                chance(peer, None, Fault::TimeoutBefore { ms: 200 }, 15),
                chance(peer, None, Fault::TimeoutAfter { ms: 200 }, 20),
                chance(peer, None, Fault::EffectLater { ms: 3_000 }, 8),
                chance(peer, None, Fault::ServerError, 12),
                chance(peer, None, Fault::ServerErrorAfter, 12),
            ]);
        }
        switches.extend([
            chance(Peer::His, Some("post"), Fault::SaysNo, 15),
            chance(Peer::His, Some("post"), Fault::FoundLater { ms: 4_000 }, 20),
            chance(Peer::His, None, Fault::NullTexts, 20),
            chance(Peer::His, None, Fault::FourDecimals, 20),
            chance(Peer::His, None, Fault::Gbk, 20),
            chance(Peer::His, Some("unpaid"), Fault::NullAnswer, 5),
            chance(Peer::HealthCode, None, Fault::TokenOver, 20),
            chance(Peer::HealthCode, None, Fault::ForgedReply, 5),
            chance(Peer::Decoder, None, Fault::TextData, 100),
            chance(Peer::Insurer, Some("order"), Fault::Processing { ms: 3_000 }, 40),
            chance(Peer::Insurer, Some("confirm"), Fault::Processing { ms: 4_000 }, 60),
            chance(Peer::Insurer, Some("refund"), Fault::RefundUnclear, 30),
            chance(Peer::Insurer, None, Fault::Numbers, 40),
            chance(Peer::Insurer, None, Fault::LowerHex, 40),
            chance(Peer::Insurer, None, Fault::SetlinfoList, 40),
            chance(Peer::Insurer, None, Fault::TextInfcode, 40),
            chance(Peer::Insurer, None, Fault::ForgedReply, 5),
            chance(Peer::Insurer, Some("callback"), Fault::Duplicate { times: 2 }, 60),
            chance(Peer::Insurer, Some("callback"), Fault::LateCallback { ms: 5_000 }, 60),
            chance(Peer::Insurer, Some("callback"), Fault::DropCallback, 60),
            chance(Peer::Insurer, Some("callback"), Fault::WrongAmount, 10),
            chance(Peer::Wechat, Some("refund"), Fault::SaysNo, 30),
            chance(Peer::Wechat, None, Fault::ForgedReply, 5),
            chance(Peer::Wechat, Some("callback"), Fault::Duplicate { times: 2 }, 60),
            chance(Peer::Wechat, Some("callback"), Fault::LateCallback { ms: 5_000 }, 60),
            chance(Peer::Wechat, Some("callback"), Fault::DropCallback, 40),
            chance(Peer::Wechat, Some("callback"), Fault::ForgedCallback, 30),
            chance(Peer::Wechat, Some("callback"), Fault::WrongAmount, 10),
        ]);
        Faults::new(seed, switches)
    }

    /// Adds a switch.
    pub fn add(&mut self, switch: Switch) {
        self.switches.push(switch);
    }

    /// Scripts a fault for the next call of an interface.
    pub fn next(&mut self, peer: Peer, interface: &str, fault: Fault) {
        self.add(Switch { peer, interface: Some(interface.to_owned()), fault, when: When::Next(1) });
    }

    /// Turns everything off.
    pub fn clear(&mut self) {
        self.switches.clear();
    }

    /// The switches in force.
    pub fn switches(&self) -> &[Switch] {
        &self.switches
    }

    /// What goes wrong with this call. Scripted switches are used up; every matching chance is drawn.
    pub fn draw(&mut self, peer: Peer, interface: &str) -> Drawn {
        let mut drawn = Vec::new();
        for switch in &mut self.switches {
            if switch.peer != peer || switch.interface.as_deref().is_some_and(|wanted| wanted != interface) {
                continue;
            }
            let acts = match &mut switch.when {
                When::Next(left) => {
                    let acts = *left > 0;
                    *left = left.saturating_sub(1);
                    acts
                }
                When::PerMille(per_mille) => self.rng.chance(*per_mille),
            };
            if acts {
                drawn.push(switch.fault);
            }
        }
        self.switches.retain(|switch| switch.when != When::Next(0));
        Drawn(drawn)
    }
}

/// What goes wrong with one call.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Drawn(Vec<Fault>);

impl Drawn {
    /// Is this fault among them?
    pub fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }

    /// When a callback that is due goes out: the message itself, then its copies (`true`); nothing when it is dropped.
    pub(crate) fn deliveries(&self, due: Timestamp) -> Vec<(Timestamp, bool)> {
        if self.has(Fault::DropCallback) {
            return Vec::new();
        }
        let late = self.find(|fault| if let Fault::LateCallback { ms } = fault { Some(*ms) } else { None }).unwrap_or(0);
        let copies = self.find(|fault| if let Fault::Duplicate { times } = fault { Some(*times) } else { None }).unwrap_or(0);
        let at = due.plus_millis(i64::from(late));
        (0..=copies).map(|copy| (at.plus_millis(i64::from(copy) * 7), copy > 0)).collect()
    }

    /// The first that `pick` makes something of.
    pub fn find<T>(&self, pick: impl FnMut(&Fault) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(pick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scripted_fault_acts_as_often_as_it_says_on_the_interface_it_names() {
        let mut faults = Faults::none();
        faults.add(Switch { peer: Peer::His, interface: Some("post".to_owned()), fault: Fault::SaysNo, when: When::Next(2) });
        assert!(!faults.draw(Peer::His, "lock").has(Fault::SaysNo));
        assert!(!faults.draw(Peer::Wechat, "post").has(Fault::SaysNo));
        assert!(faults.draw(Peer::His, "post").has(Fault::SaysNo));
        assert!(faults.draw(Peer::His, "post").has(Fault::SaysNo));
        assert!(!faults.draw(Peer::His, "post").has(Fault::SaysNo));
        assert!(faults.switches().is_empty());
    }

    #[test]
    fn the_same_seed_draws_the_same_bad_day() {
        let draw = |seed| {
            let mut faults = Faults::bad_day(seed);
            (0..500).map(|_| faults.draw(Peer::Wechat, "callback")).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let bad = draw(7).iter().filter(|drawn| !drawn.0.is_empty()).count();
        assert!((50..300).contains(&bad), "{bad} of 500");
    }

    #[test]
    fn switches_travel_as_json_and_unknown_fields_are_refused() {
        let text = r#"{"peer":"his","interface":"post","fault":{"kind":"timeout_after","ms":50},"when":{"next":1}}"#;
        let switch: Switch = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&switch).unwrap(), text);
        assert!(serde_json::from_str::<Switch>(&text.replace("\"ms\"", "\"milliseconds\"")).is_err());
    }
}
