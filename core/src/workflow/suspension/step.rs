//! The step of a suspension: one function per state, every event decided.

#![deny(clippy::wildcard_enum_match_arm)]

use super::{Correction, Decision, Ended, Event as E, New, Suspension, SuspensionSt as St, Told};
use crate::error::Result;
use crate::ident::{NoticeId, SettlementId};
use crate::policy::Lane;
use crate::port::{Call, HisCall, NoticeChannel, RebookOrder, RebookTo};
use crate::visit::{Choice, Delivery, FeeBack, Message, Rebooked};
use crate::workflow::decide::{attend, call_person, hold, known, moved, not_held, over, refuse, settle};
use crate::workflow::{Act, Ask, Base, Cx, Event, Key, Machine, Move, New as Birth, Step, Wake, notice, settlement};

impl Machine for Suspension {
    type St = St;
    type Event = E;
    type New = Box<New>;

    /// Born with its notices; who cannot be reached is an open task at once.
    fn open(new: &Box<New>, cx: &mut Cx<'_>) -> Result<Move<Suspension>> {
        let next = Suspension {
            id: new.id,
            st: St::Notified,
            base: Base { ver: 0, terms: new.terms.clone(), created_at: cx.now, since: cx.now, attention: None, held: None },
            stop: new.stop,
            notice: new.notice.clone(),
            registration: new.registration.clone(),
            contact: new.contact.clone(),
            notices: std::collections::BTreeMap::new(),
            told_by_hand: false,
            correction: None,
            choice: None,
            settlement: None,
            sent: 0,
            moved_to: None,
            no: None,
        };
        let channels = next.channels(cx);
        let wanted = match cx.terms.visit.notice.delivery {
            Delivery::Both => channels.len(),
            Delivery::Fallback => 1,
        };
        let mut m = Move::to(next);
        for channel in channels.into_iter().take(wanted) {
            m.announce(channel, cx)?;
        }
        if m.next.notices.is_empty() && !planted!(NoticeForgotten) {
            attend(&mut m.next.base, "no_contact", cx);
        }
        Ok(m)
    }

    fn step(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Suspension>> {
        match self.st {
            St::Notified => self.notified(event, cx),
            St::Rebooking => self.rebooking(event, cx),
            St::Refunding => self.refunding(event, cx),
            St::Moved | St::Refunded | St::Window => self.over(event),
            St::Withdrawn => self.withdrawn(event, cx),
            St::Held => self.held(event),
        }
    }

    fn wants(&self, _call: &Call) -> bool {
        self.st == St::Rebooking
    }
}

impl Move<Suspension> {
    /// One more notice, through a channel that has none yet.
    fn announce(&mut self, channel: NoticeChannel, cx: &mut Cx<'_>) -> Result<()> {
        if planted!(NoticeForgotten) || self.next.notices.values().any(|told| told.channel == channel) {
            return Ok(());
        }
        let Suspension { id, registration, .. } = &self.next;
        let message = Message::stopped(&cx.terms.visit.notice, registration.date, registration.session, *id);
        if let Some(id) = self.send(channel, message, cx)? {
            self.next.notices.insert(id, Told { channel, ended: None });
        }
        Ok(())
    }

    /// The one notice that takes back what he was told.
    fn correct(&mut self, channel: NoticeChannel, cx: &mut Cx<'_>) -> Result<()> {
        let Suspension { id, registration, .. } = &self.next;
        let message = Message::resumed(&cx.terms.visit.notice, registration.date, registration.session, *id);
        if let Some(notice) = self.send(channel, message, cx)? {
            self.next.correction = Some(Correction { notice, ended: None });
        }
        Ok(())
    }

    /// Gives birth to a notice; none when the channel leads nowhere.
    fn send(&mut self, channel: NoticeChannel, message: Message, cx: &mut Cx<'_>) -> Result<Option<NoticeId>> {
        let to = match channel {
            NoticeChannel::Account => self.next.contact.openid.clone(),
            NoticeChannel::Sms => self.next.contact.phone.clone(),
        };
        let Some(to) = to else { return Ok(None) };
        let id = NoticeId::new(cx.fresh.take()?)?;
        let Suspension { registration, base, .. } = &self.next;
        let new = notice::New { id, terms: base.terms.clone(), subject: notice::Subject::Suspension(self.next.id), channel, to, message, about: registration.starts_at };
        self.spawn.push(Birth::Notice(Box::new(new)));
        Ok(Some(id))
    }
}

impl Suspension {
    fn notified(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Suspension>> {
        match event {
            E::Choose { choice, settlement } => self.choose(*choice, *settlement, cx),
            E::NoticeEnded { notice, ended } => self.notice_ended(*notice, *ended, cx),
            E::Withdrawn => self.withdraw(cx),
            E::Resolve { decision: Decision::Told, .. } if self.base.attention.is_some() => {
                let mut next = Suspension { told_by_hand: true, ..self.clone() };
                settle(&mut next.base);
                moved(Move::to(next))
            }
            E::Resolve { decision: Decision::AtWindow, .. } => moved(self.end(St::Window)),
            E::Resolve { decision: Decision::Told, .. } => not_held(),
            E::Rebooked { .. } | E::RebookRefused { .. } | E::RebookUnknown { .. } | E::RebookFound { .. } | E::MoneyBack | E::Overdue => over(),
        }
    }

    fn rebooking(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Suspension>> {
        match event {
            E::Rebooked { rebooked } | E::RebookFound { rebooked: Some(rebooked) } => self.rebooked(rebooked, cx),
            E::RebookRefused { no } => moved(Suspension { no: Some(no.code.clone()), ..self.clone() }.end(St::Window)),
            E::RebookUnknown { sent, .. } => {
                let mut next = Suspension { sent: (*sent).max(self.sent), ..self.clone() };
                if cx.his.query_rebook {
                    let poll = Ask::Of(Call::His { call: HisCall::QueryRebook { no: self.no() } });
                    moved(Move { poll, wake: self.patience(), ..Move::to(next) })
                } else {
                    attend(&mut next.base, "his_cannot_query", cx);
                    moved(Move::to(next))
                }
            }
            E::RebookFound { rebooked: None } => match self.call() {
                Some(call) => moved(Move { acts: vec![Act { call, prior: self.sent }], wake: self.patience(), ..Move::to(self.clone()) }),
                None => moved(Move::to(self.hold_for("nothing_to_ask", cx))),
            },
            E::NoticeEnded { notice, ended } => self.note(*notice, *ended),
            E::Overdue => call_person(self, |s| &mut s.base, "rebook_overdue", cx),
            E::Choose { choice, .. } if self.choice == Some(*choice) => known(),
            E::Choose { .. } => chosen(),
            E::Resolve { decision: Decision::AtWindow, .. } if self.base.attention.is_some() => moved(self.end(St::Window)),
            E::Resolve { .. } => not_held(),
            // What he chose is under way: HIS decides, and the window helps when it says no.
            E::MoneyBack | E::Withdrawn => over(),
        }
    }

    fn refunding(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Suspension>> {
        match event {
            E::MoneyBack => moved(self.end(St::Refunded)),
            E::NoticeEnded { notice, ended } => self.note(*notice, *ended),
            E::Overdue => call_person(self, |s| &mut s.base, "refund_overdue", cx),
            E::Rebooked { .. } | E::RebookFound { rebooked: Some(_) } => known(),
            E::Choose { choice, .. } if self.choice == Some(*choice) => known(),
            E::Choose { .. } => chosen(),
            E::Resolve { decision: Decision::AtWindow, .. } if self.base.attention.is_some() => moved(self.end(St::Window)),
            E::Resolve { .. } => not_held(),
            E::RebookRefused { .. } | E::RebookUnknown { .. } | E::RebookFound { rebooked: None } | E::Withdrawn => over(),
        }
    }

    /// The end states: nothing happens any more.
    fn over(&self, event: &E) -> Result<Step<Suspension>> {
        match event {
            E::NoticeEnded { notice, ended } => self.note(*notice, *ended),
            E::Choose { choice, .. } if self.choice == Some(*choice) => known(),
            E::Choose { .. } => chosen(),
            E::Resolve { .. } => not_held(),
            E::Rebooked { .. } | E::MoneyBack => known(),
            E::RebookRefused { .. } | E::RebookUnknown { .. } | E::RebookFound { .. } | E::Withdrawn | E::Overdue => over(),
        }
    }

    /// The session takes place. Nothing happens any more but that who was told of the stop is told so.
    fn withdrawn(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Suspension>> {
        match event {
            E::NoticeEnded { notice, ended } => match self.correction {
                Some(correction) if correction.notice == *notice => self.correction_ended(correction, *ended, cx),
                Some(_) | None => self.told_after_all(*notice, *ended, cx),
            },
            E::Choose { .. } => refuse("resumed", "您预约的门诊照常进行", "请按原预约时间就诊，如需退号请到窗口办理"),
            E::Resolve { .. } if self.base.attention.is_some() => moved(self.end(St::Withdrawn)),
            E::Resolve { .. } => not_held(),
            E::Withdrawn => known(),
            E::Rebooked { .. } | E::RebookRefused { .. } | E::RebookUnknown { .. } | E::RebookFound { .. } | E::MoneyBack | E::Overdue => over(),
        }
    }

    fn held(&self, event: &E) -> Result<Step<Suspension>> {
        match event {
            E::Resolve { .. } => moved(self.end(St::Window)),
            E::NoticeEnded { notice, ended } => self.note(*notice, *ended),
            E::Choose { .. } => refuse("suspension_held", "该停诊记录正在人工处理", "请到窗口办理"),
            E::Rebooked { .. } | E::RebookRefused { .. } | E::RebookUnknown { .. } | E::RebookFound { .. } | E::MoneyBack | E::Withdrawn | E::Overdue => over(),
        }
    }

    /// What was not sent is not; what was, or may have been, is taken back by one message. Open tasks are closed.
    fn withdraw(&self, cx: &mut Cx<'_>) -> Result<Step<Suspension>> {
        let mut m = self.end(St::Withdrawn);
        let open = self.notices.iter().filter(|(_, told)| matches!(told.ended, None | Some(Ended::Unsure)));
        m.tells = open.map(|(id, _)| (Key::Notice(*id), Event::Notice(notice::Event::Withdrawn))).collect();
        let through = |ended| self.notices.values().filter(|told| told.ended == Some(ended)).map(|told| told.channel).min();
        match through(Ended::Accepted).or_else(|| through(Ended::Unsure)) {
            Some(channel) => m.correct(channel, cx)?,
            None if self.told_by_hand => match self.channels(cx).first() {
                Some(channel) => m.correct(*channel, cx)?,
                None => attend(&mut m.next.base, "tell_resumed", cx),
            },
            None => {}
        }
        moved(m)
    }

    /// A message of the stop that was under way has arrived, or may have.
    fn told_after_all(&self, notice: NoticeId, ended: Ended, cx: &mut Cx<'_>) -> Result<Step<Suspension>> {
        let Some(next) = self.with_end(notice, ended) else { return known() };
        let channel = next.notices.get(&notice).map(|told| told.channel).filter(|_| ended != Ended::Refused && self.correction.is_none());
        let mut m = Move::to(next);
        if let Some(channel) = channel {
            m.correct(channel, cx)?;
        }
        moved(m)
    }

    /// Who cannot be told that way is told by a person. A notice whose end nobody knows is an open task itself.
    fn correction_ended(&self, correction: Correction, ended: Ended, cx: &Cx<'_>) -> Result<Step<Suspension>> {
        if correction.ended == Some(ended) || correction.ended == Some(Ended::Accepted) {
            return known();
        }
        let mut next = Suspension { correction: Some(Correction { ended: Some(ended), ..correction }), ..self.clone() };
        match ended {
            Ended::Refused => attend(&mut next.base, "not_reached", cx),
            Ended::Accepted => next.base.attention = None,
            Ended::Unsure => {}
        }
        moved(Move::to(next))
    }

    fn choose(&self, choice: Choice, settlement: Option<SettlementId>, cx: &mut Cx<'_>) -> Result<Step<Suspension>> {
        if choice == Choice::Reschedule && self.notice.substitute.is_none() {
            return refuse("no_substitute", "该停诊没有可改约的时段", "请选择退号，或重新挂号");
        }
        let mut next = Suspension { choice: Some(choice), settlement, ..self.clone() };
        // Who chooses knows.
        settle(&mut next.base);
        if !cx.his.rebook {
            return moved(next.end(St::Window));
        }
        next.st = St::Rebooking;
        let Some(call) = next.call() else { return moved(Move::to(self.hold_for("nothing_to_ask", cx))) };
        moved(Move { acts: vec![Act::first(call)], wake: Some(Wake::Overdue(Lane::His)), ..Move::to(next) })
    }

    fn rebooked(&self, rebooked: &Rebooked, cx: &mut Cx<'_>) -> Result<Step<Suspension>> {
        match (rebooked, self.choice) {
            (Rebooked::Moved { registration }, Some(Choice::Reschedule)) => {
                if registration.patient_id != self.registration.patient_id {
                    return moved(Move::to(self.hold_for("patient_differs", cx)));
                }
                moved(Suspension { moved_to: Some((**registration).clone()), ..self.clone() }.end(St::Moved))
            }
            (Rebooked::Cancelled { fee }, Some(Choice::Refund)) => match fee {
                FeeBack::Free | FeeBack::Elsewhere => moved(self.end(St::Refunded)),
                FeeBack::Window => moved(self.end(St::Window)),
                FeeBack::Reversed { settlement_no, amount_fen } => match self.settlement {
                    Some(id) if id.business_no() == *settlement_no => {
                        let event = settlement::Event::Suspended { amount_fen: *amount_fen, suspension: Some(self.id) };
                        let mut next = Suspension { st: St::Refunding, ..self.clone() };
                        settle(&mut next.base);
                        let tells = vec![(Key::Settlement(id), Event::Settlement(event))];
                        moved(Move { tells, wake: Some(Wake::Overdue(Lane::Channel)), ..Move::to(next) })
                    }
                    // HIS reversed what we do not know as the fee of this registration.
                    Some(_) | None => moved(Move::to(self.hold_for("another_settlement", cx))),
                },
            },
            (Rebooked::Moved { .. } | Rebooked::Cancelled { .. }, _) => moved(Move::to(self.hold_for("another_choice", cx))),
        }
    }

    /// A notice ended while the patient may still choose: the next channel, or a person.
    fn notice_ended(&self, notice: NoticeId, ended: Ended, cx: &mut Cx<'_>) -> Result<Step<Suspension>> {
        let Some(next) = self.with_end(notice, ended) else { return known() };
        let mut m = Move::to(next);
        let fallback = cx.terms.visit.notice.delivery == Delivery::Fallback && ended == Ended::Refused;
        if fallback && self.channels(cx).contains(&NoticeChannel::Sms) {
            m.announce(NoticeChannel::Sms, cx)?;
        }
        if m.next.notices.values().all(|told| told.ended == Some(Ended::Refused)) {
            attend(&mut m.next.base, "not_reached", cx);
        } else if ended == Ended::Accepted {
            m.next.base.attention = None;
        }
        moved(m)
    }

    /// A notice ended when it does not matter any more; what is under way goes on.
    fn note(&self, notice: NoticeId, ended: Ended) -> Result<Step<Suspension>> {
        let Some(next) = self.with_end(notice, ended) else { return known() };
        let wake = match self.st {
            St::Rebooking => self.patience(),
            St::Refunding => self.base.attention.is_none().then_some(Wake::Overdue(Lane::Channel)),
            St::Notified | St::Moved | St::Refunded | St::Window | St::Withdrawn | St::Held => None,
        };
        moved(Move { poll: Ask::Keep, wake, ..Move::to(next) })
    }

    fn with_end(&self, notice: NoticeId, ended: Ended) -> Option<Suspension> {
        let mut next = self.clone();
        let told = next.notices.get_mut(&notice).filter(|told| told.ended != Some(ended) && told.ended != Some(Ended::Accepted))?;
        told.ended = Some(ended);
        Some(next)
    }

    /// The channels he can be reached through, the better one first.
    fn channels(&self, cx: &Cx<'_>) -> Vec<NoticeChannel> {
        let account = (cx.notifier.account_notice && self.contact.openid.is_some()).then_some(NoticeChannel::Account);
        let sms = (cx.notifier.sms_notice && self.contact.phone.is_some()).then_some(NoticeChannel::Sms);
        account.into_iter().chain(sms).collect()
    }

    fn call(&self) -> Option<Call> {
        let to = match self.choice? {
            Choice::Reschedule => RebookTo::Move { schedule_id: self.notice.substitute.as_ref()?.schedule_id.clone() },
            Choice::Refund => RebookTo::Cancel,
        };
        let order = RebookOrder { no: self.no(), visit_id: self.registration.visit_id.clone(), patient_id: self.registration.patient_id.clone(), to };
        Some(Call::His { call: HisCall::Rebook { order } })
    }

    fn end(&self, st: St) -> Move<Suspension> {
        let mut next = Suspension { st, ..self.clone() };
        settle(&mut next.base);
        Move::to(next)
    }

    /// Holds the suspension.
    pub(crate) fn hold_for(&self, reason: &str, cx: &Cx<'_>) -> Suspension {
        let mut next = Suspension { st: St::Held, ..self.clone() };
        hold(&mut next.base, self.st.code(), reason, cx);
        attend(&mut next.base, reason, cx);
        next
    }

    fn patience(&self) -> Option<Wake> {
        self.base.attention.is_none().then_some(Wake::Overdue(Lane::His))
    }
}

fn chosen<M>() -> Result<Step<M>> {
    refuse("chosen", "您已提交过选择", "如需更改请到窗口办理")
}
