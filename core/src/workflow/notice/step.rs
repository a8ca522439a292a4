//! The step of a notice: one function per state, every event decided.

#![deny(clippy::wildcard_enum_match_arm)]

use super::{Event as E, New, Notice, NoticeSt as St, Subject};
use crate::error::Result;
use crate::port::{Call, NoticeOrder, NotifyCall};
use crate::workflow::decide::{attend, hold, known, moved, not_held, over, settle};
use crate::workflow::suspension::{self, Ended};
use crate::workflow::{Act, Ask, Base, Cx, Event, Key, Machine, Move, Step, Wake};

impl Machine for Notice {
    type St = St;
    type Event = E;
    type New = New;

    fn open(new: &New, cx: &mut Cx<'_>) -> Result<Move<Notice>> {
        let next = Notice {
            id: new.id,
            st: St::Waiting,
            base: Base { ver: 0, terms: new.terms.clone(), created_at: cx.now, since: cx.now, attention: None, held: None },
            subject: new.subject,
            channel: new.channel,
            to: new.to.clone(),
            message: new.message.clone(),
            useful_until: new.about,
            late: false,
            no: None,
        };
        let send_at = cx.terms.visit.notice.send_at(cx.now, new.about);
        Ok(if send_at > cx.now { Move { wake: Some(Wake::ExpireAt(send_at)), ..Move::to(next) } } else { next.send() })
    }

    fn step(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Notice>> {
        match self.st {
            St::Waiting => self.waiting(event, cx),
            St::Sending => self.sending(event, cx),
            St::Accepted => self.accepted(event, cx),
            St::Refused => self.refused(event, cx),
            St::Handled => self.handled(event),
            St::Withdrawn => self.withdrawn(event),
            St::Unsure => self.unsure(event),
            St::Held => self.held(event),
        }
    }

    fn wants(&self, _call: &Call) -> bool {
        self.st == St::Sending && !self.late
    }
}

impl Notice {
    fn waiting(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Notice>> {
        match event {
            E::Expire | E::Overdue => {
                let send_at = cx.terms.visit.notice.send_at(cx.now, self.useful_until);
                if send_at > cx.now { moved(Move { wake: Some(Wake::ExpireAt(send_at)), ..Move::to(self.clone()) }) } else { moved(self.send()) }
            }
            E::Withdrawn => self.withdraw(),
            E::Taken | E::Refused { .. } | E::Unknown { .. } => moved(Move::to(self.hold_for("answered_before_sent", cx))),
            E::Resolve { .. } => not_held(),
        }
    }

    fn sending(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Notice>> {
        match event {
            E::Taken => {
                let mut next = Notice { st: St::Accepted, ..self.clone() };
                settle(&mut next.base);
                moved(next.tell(Ended::Accepted))
            }
            E::Refused { no } => {
                let mut next = Notice { st: St::Refused, no: Some(no.code.clone()), ..self.clone() };
                settle(&mut next.base);
                moved(next.tell(Ended::Refused))
            }
            E::Unknown { .. } => self.open_task("notice_unknown", cx),
            // Nothing more is sent: what it says is over. An answer that still comes counts.
            E::Expire | E::Overdue => Notice { late: true, ..self.clone() }.open_task("notice_late", cx),
            E::Withdrawn => self.withdraw(),
            E::Resolve { .. } if self.base.attention.is_some() => moved(self.resolved()),
            E::Resolve { .. } => not_held(),
        }
    }

    fn accepted(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Notice>> {
        match event {
            E::Taken => known(),
            E::Refused { .. } => moved(Move::to(self.hold_for("refused_after_taken", cx))),
            E::Unknown { .. } | E::Withdrawn | E::Expire | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn refused(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Notice>> {
        match event {
            E::Taken => moved(Move::to(self.hold_for("taken_after_no", cx))),
            E::Refused { .. } => known(),
            E::Unknown { .. } | E::Withdrawn | E::Expire | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn handled(&self, event: &E) -> Result<Step<Notice>> {
        match event {
            E::Taken | E::Refused { .. } | E::Unknown { .. } | E::Withdrawn | E::Expire | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    /// It was perhaps under way when it was withdrawn: if it arrived, or may have, the suspension has to know.
    fn withdrawn(&self, event: &E) -> Result<Step<Notice>> {
        match event {
            E::Taken => moved(Notice { st: St::Accepted, ..self.clone() }.tell(Ended::Accepted)),
            E::Unknown { .. } => moved(self.clone().tell(Ended::Unsure)),
            E::Withdrawn => known(),
            E::Refused { .. } | E::Expire | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn unsure(&self, event: &E) -> Result<Step<Notice>> {
        match event {
            E::Taken => moved(Move::to(Notice { st: St::Accepted, ..self.clone() })),
            // The no to what was never sent, or an answer that proves less than it says: either way nothing follows.
            E::Refused { .. } | E::Unknown { .. } | E::Withdrawn | E::Expire | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn withdraw(&self) -> Result<Step<Notice>> {
        let mut next = Notice { st: St::Withdrawn, ..self.clone() };
        settle(&mut next.base);
        moved(Move::to(next))
    }

    fn held(&self, event: &E) -> Result<Step<Notice>> {
        match event {
            E::Resolve { .. } => moved(self.resolved()),
            E::Taken | E::Refused { .. } | E::Unknown { .. } | E::Withdrawn | E::Expire | E::Overdue => over(),
        }
    }

    /// The one time the gateway is told.
    fn send(&self) -> Move<Notice> {
        let next = Notice { st: St::Sending, ..self.clone() };
        let order = NoticeOrder { no: self.no(), channel: self.channel, to: self.to.clone(), message: self.message.clone() };
        Move { acts: vec![Act::first(Call::Notify { call: NotifyCall::Send { order } })], wake: Some(Wake::ExpireAt(self.useful_until)), ..Move::to(next) }
    }

    /// Nothing is sent again: a person is called where the patient has to know.
    fn open_task(&self, reason: &str, cx: &Cx<'_>) -> Result<Step<Notice>> {
        if matches!(self.subject, Subject::Invoice(_) | Subject::Refund(_)) {
            return moved(Move { poll: Ask::Nothing, ..Move::to(Notice { st: St::Unsure, ..self.clone() }) });
        }
        if self.base.attention.is_some() {
            return known();
        }
        let mut next = self.clone();
        attend(&mut next.base, reason, cx);
        moved(next.tell(Ended::Unsure))
    }

    fn resolved(&self) -> Move<Notice> {
        let mut next = Notice { st: St::Handled, ..self.clone() };
        settle(&mut next.base);
        Move::to(next)
    }

    fn tell(self, ended: Ended) -> Move<Notice> {
        let tells = match self.subject {
            Subject::Suspension(id) => vec![(Key::Suspension(id), Event::Suspension(suspension::Event::NoticeEnded { notice: self.id, ended }))],
            Subject::Invoice(_) | Subject::Refund(_) => Vec::new(),
        };
        Move { tells, poll: Ask::Nothing, ..Move::to(self) }
    }

    /// Holds the notice.
    pub(crate) fn hold_for(&self, reason: &str, cx: &Cx<'_>) -> Notice {
        let mut next = Notice { st: St::Held, ..self.clone() };
        hold(&mut next.base, self.st.code(), reason, cx);
        attend(&mut next.base, reason, cx);
        next
    }
}
