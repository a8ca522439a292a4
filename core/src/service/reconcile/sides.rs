//! The outside of a day: the channel's bill, the insurer's and HIS's day file, each asked once. A side that does not answer makes
//! no run: half a comparison would invent differences.

use super::DaySide;
use crate::calendar::BizDate;
use crate::ident::ChannelCode;
use crate::port::{Answer, Call, ChannelAnswer, ChannelCall, DayRow, Fault, HisAnswer, HisCall, InsurerAnswer, InsurerBillRow, InsurerCall, No, Outcome};
use crate::reconcile::{Row, Side};
use crate::service::engine::{Engine, Hospital};

/// What the outside says of a day. A side that takes no part is absent.
pub(super) struct Outside {
    pub(super) channel: Vec<Row>,
    pub(super) insurer: Option<Vec<InsurerBillRow>>,
    pub(super) his: Option<Vec<DayRow>>,
}

/// A side that cannot say this at all: not connected, or not agreed on with the counterpart.
const ABSENT: [&str; 2] = ["absent", "unsupported"];

impl Engine {
    pub(super) async fn outside(&self, hospital: &Hospital, channel: &ChannelCode, date: BizDate) -> Result<Outside, DaySide> {
        let call = Call::Channel { channel: channel.clone(), call: ChannelCall::Bill { date } };
        let bill = match self.perform(hospital, &call, 1).await {
            Outcome::Done(Answer::Channel(ChannelAnswer::Bill(rows))) => rows,
            other => return Err(silent(Side::Channel, other)),
        };
        let insurer = match &hospital.insurer {
            None => None,
            Some(_) => match self.perform(hospital, &Call::Insurer { call: InsurerCall::Bill { date } }, 1).await {
                Outcome::Done(Answer::Insurer(InsurerAnswer::Bill(rows))) => Some(rows),
                other if takes_no_part(&other) => None,
                other => return Err(silent(Side::Insurer, other)),
            },
        };
        let his = match self.perform(hospital, &Call::His { call: HisCall::DayFile { date } }, 1).await {
            Outcome::Done(Answer::His(HisAnswer::DayFile(rows))) => Some(rows),
            other if takes_no_part(&other) => None,
            other => return Err(silent(Side::His, other)),
        };
        Ok(Outside { channel: bill, insurer, his })
    }
}

fn takes_no_part(outcome: &Outcome<Answer>) -> bool {
    match outcome {
        Outcome::Refused(No { code, .. }) | Outcome::Unsent(Fault { code, .. }) => ABSENT.contains(&code.as_str()),
        Outcome::Done(_) | Outcome::Unknown(_) => false,
    }
}

fn silent(side: Side, outcome: Outcome<Answer>) -> DaySide {
    let (fault, text) = match outcome {
        Outcome::Refused(No { code, text }) => (code, text),
        Outcome::Unsent(Fault { code, text }) | Outcome::Unknown(Fault { code, text }) => (code, text),
        Outcome::Done(_) => ("shape".to_owned(), "the answer does not belong to this call".to_owned()),
    };
    DaySide { side, fault, text }
}
