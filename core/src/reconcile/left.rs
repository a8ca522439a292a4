//! What is left when everything that is plainly matched is counted.

use super::classify::{Given, kind, plainly_matched};
use super::entry::Part;
use super::group::Group;
use super::kind::Kind;
use super::matcher::Matcher;
use super::movement::Movement;
use crate::money::Net;

/// The few movements that somebody may have to look at.
#[derive(Default)]
pub(super) struct Left<'a> {
    /// In the order in which the sides tell them.
    pub(super) groups: Vec<Group<'a>>,
    /// (position in `groups`, slot, row) of every row that is not the first of its movement and slot.
    pub(super) more: Vec<(u32, usize, u32)>,
    /// How many movements are counted and gone, and what they moved.
    pub(super) matched: u64,
    pub(super) nets: Nets,
}

impl<'a> Left<'a> {
    /// One pass over everything; `texts` gives order and refund number of a movement as its first row wrote them.
    pub(super) fn of(matcher: &Matcher<'a>, given: Given, texts: impl Fn(&Movement) -> (&'a str, &'a str)) -> Left<'a> {
        let mut left = Left::default();
        let mut stays = vec![None; matcher.odd.len()];
        for movement in &matcher.movements {
            if plainly_matched(movement, given) {
                left.matched += 1;
                left.nets.add(movement.words.part(), nets(movement));
                continue;
            }
            let odd = (movement.odd as usize).checked_sub(1);
            let group = odd.and_then(|odd| matcher.odd.get(odd)).copied().unwrap_or_else(|| {
                let (order_no, refund_no) = texts(movement);
                Group::of(movement, order_no, refund_no)
            });
            if !group.pooled && kind(&group, given) == Kind::Matched {
                left.matched += 1;
                left.nets.add(group.part, group.nets);
                continue;
            }
            if let Some(place) = odd.and_then(|odd| stays.get_mut(odd)) {
                *place = Some(left.groups.len() as u32); // fewer than 2^32 movements
            }
            left.groups.push(group);
        }
        if planted!(DifferenceForgotten) {
            left.groups.pop();
        }
        let place = |odd: u32| stays.get(odd as usize).copied().flatten();
        left.more = matcher.more.iter().filter_map(|(odd, slot, row)| Some((place(*odd)?, *slot, *row))).collect();
        left
    }
}

/// What each slot has moved, when every row says the same.
#[inline]
fn nets(movement: &Movement) -> [Net; 3] {
    let mut nets = [Net::ZERO; 3];
    for (slot, net) in nets.iter_mut().enumerate() {
        if movement.held >> slot & 1 == 1 {
            *net = movement.moved.into();
        }
    }
    nets
}

/// What has moved, by side.
#[derive(Clone, Copy, Default)]
pub(super) struct Nets {
    pub(super) channel: Net,
    pub(super) insurer: Net,
    pub(super) his: Net,
    pub(super) ledger: Net,
}

impl Nets {
    #[inline]
    pub(super) fn add(&mut self, part: Part, [outside, his, ledger]: [Net; 3]) {
        match part {
            Part::Cash => self.channel += outside,
            Part::Fund | Part::Account | Part::Other => self.insurer += outside,
        }
        self.his += his;
        self.ledger += ledger;
    }

    /// By slot, as the rows were counted.
    pub(super) fn by_slot(&self) -> [Net; 3] {
        [self.channel + self.insurer, self.his, self.ledger]
    }
}
