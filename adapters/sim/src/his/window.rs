//! People inside the hospital: the charging window, the doctor, the executing department.

use menjie::Timestamp;
use menjie::charge::ChargeLine;
use menjie::ident::{LineKey, PatientId, ScheduleId, VisitId};
use menjie::money::{Quantity, line_amount};
use menjie::visit::Session;
use serde::{Deserialize, Serialize};

use super::His;
use super::book::{AMOUNT, Book, CHANGED, ELSEWHERE, Entry, MISFIT, NOT_FOUND, News, No, Reversed, SETTLED, Settlement, Standing};
use super::bookings::{NewBooking, NewStop};
use super::refund::Work;

/// An action of people inside the hospital.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields)]
pub enum WindowAction {
    /// The window charges these lines.
    Pay {
        /// The lines.
        lines: Vec<LineKey>,
    },
    /// The window reverses a settlement of ours.
    Reverse {
        /// Its number.
        settlement_no: String,
    },
    /// The window reverses the settlement on the receipt that the patient shows.
    ReverseReceipt {
        /// Its receipt.
        receipt_no: String,
    },
    /// The doctor changes a line.
    ChangeLine {
        /// The line.
        line_id: LineKey,
        /// The new quantity.
        quantity: Quantity,
    },
    /// The doctor takes a line back.
    VoidLine {
        /// The line.
        line_id: LineKey,
    },
    /// The doctor prescribes what was given back anew: unpaid, under a key of its own.
    PrescribeAgain {
        /// The line that was given back.
        line_id: LineKey,
    },
    /// The executing department confirms or un-confirms a paid line.
    Execute {
        /// The line.
        line_id: LineKey,
        /// Done, or undone.
        executed: bool,
    },
    /// Laboratory, imaging or pharmacy say something of a paid line.
    Work {
        /// The line.
        line_id: LineKey,
        /// What, from now on.
        work: Work,
    },
    /// The day file tells of something that no order of ours knows, or tells it once more.
    Astray {
        /// A reversal, not a posting.
        #[serde(default)]
        reversed: bool,
        /// Under which settlement number.
        settlement_no: String,
        /// The amount.
        amount_fen: i64,
        /// When HIS booked it.
        at: Timestamp,
    },
    /// The day is closed (已日结), or open again.
    CloseDay {
        /// Closed?
        closed: bool,
    },
    /// Somebody books a registration.
    Book(NewBooking),
    /// Somebody books a registration that starts now: for stories that do not know what time it is.
    BookNow {
        /// Its number.
        visit_id: VisitId,
        /// Whose.
        patient_id: PatientId,
        /// Which session.
        schedule_id: ScheduleId,
        /// It lasts so long.
        minutes: u32,
        /// The patient's number at the official account, if HIS knows it.
        #[serde(default)]
        openid: Option<String>,
    },
    /// A session is stopped.
    Stop(NewStop),
    /// A patient is registered for today, once in every state that a list can show.
    Today {
        /// Whose.
        patient_id: PatientId,
    },
}

/// HIS refused an action of its own people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ActionRefused {
    /// A code of the profile.
    pub code: u16,
    /// What staff reads.
    pub message: &'static str,
}

impl His {
    /// Something people inside the hospital do.
    pub fn act(&mut self, action: &WindowAction, now: Timestamp) -> Result<(), ActionRefused> {
        let done = match action {
            WindowAction::Pay { lines } => self.book.window_pay(lines, now),
            WindowAction::Reverse { settlement_no } => self.book.window_reverse(settlement_no, now),
            WindowAction::ReverseReceipt { receipt_no } => match self.book.number_of(receipt_no) {
                Some(no) => self.book.window_reverse(&no, now),
                None => Err(NOT_FOUND),
            },
            WindowAction::ChangeLine { line_id, quantity } => self.book.change(line_id, Some(*quantity), now),
            WindowAction::VoidLine { line_id } => self.book.change(line_id, None, now),
            WindowAction::PrescribeAgain { line_id } => self.book.prescribe_again(line_id),
            WindowAction::Execute { line_id, executed } => self.book.execute(line_id, *executed),
            WindowAction::Work { line_id, work } => self.book.work(line_id, work),
            WindowAction::Astray { reversed, settlement_no, amount_fen, at } => {
                self.book.astray.push((*reversed, settlement_no.clone(), format!("ASTRAY{}", self.book.astray.len() + 1), *amount_fen, *at));
                Ok(())
            }
            WindowAction::CloseDay { closed } => {
                self.book.day_closed = *closed;
                Ok(())
            }
            WindowAction::Book(new) => {
                let phone = self.book.phone_of(&new.patient_id);
                self.book.bookings.book(new.clone(), phone);
                Ok(())
            }
            WindowAction::BookNow { visit_id, patient_id, schedule_id, minutes, openid } => {
                let new = NewBooking {
                    visit_id: visit_id.clone(),
                    patient_id: patient_id.clone(),
                    schedule_id: schedule_id.clone(),
                    session: Session::AllDay,
                    starts_at: now,
                    ends_at: now.plus_millis(i64::from((*minutes).max(1)) * 60_000),
                    fee_fen: 0,
                    openid: openid.clone(),
                    clinic: None,
                };
                let phone = self.book.phone_of(patient_id);
                self.book.bookings.book(new, phone);
                Ok(())
            }
            WindowAction::Stop(stop) => self.book.stop(stop, now),
            WindowAction::Today { patient_id } => self.book.register_today(patient_id, now),
        };
        done.map_err(|no| ActionRefused { code: no.code, message: no.message })
    }
}

impl Book {
    /// The window charges free lines.
    pub(super) fn window_pay(&mut self, lines: &[LineKey], now: Timestamp) -> Result<(), No> {
        for key in lines {
            match self.lines.get(key).map(|entry| &entry.standing) {
                Some(Standing::Unpaid) => {}
                Some(Standing::Held(_)) => return Err(ELSEWHERE),
                Some(Standing::Paid) => return Err(SETTLED),
                Some(Standing::Void) | None => return Err(CHANGED),
            }
        }
        for key in lines {
            if let Some(entry) = self.lines.get_mut(key) {
                entry.standing = Standing::Paid;
            }
        }
        self.news.push((now, News::LinesChanged(lines.iter().map(LineKey::to_string).collect())));
        Ok(())
    }

    /// The window reverses a settlement of ours.
    pub(super) fn window_reverse(&mut self, no: &str, now: Timestamp) -> Result<(), No> {
        let amount_fen = self.reversible(no, &[])?;
        self.undo(no, Reversed { by: None, at: now, shown_from: now });
        self.news.push((now, News::Reversed { settlement_no: no.to_owned(), amount_fen, suspended: false }));
        Ok(())
    }

    /// Which settlement a receipt belongs to.
    pub(super) fn number_of(&self, receipt_no: &str) -> Option<String> {
        let booked = |settlement: &Settlement| settlement.posting.as_ref().is_some_and(|posting| posting.receipt_no == receipt_no);
        self.settlements.iter().find(|(_, settlement)| booked(settlement)).map(|(no, _)| no.clone())
    }

    /// The doctor changes a free line's quantity, or takes the line back.
    pub(super) fn change(&mut self, key: &LineKey, quantity: Option<Quantity>, now: Timestamp) -> Result<(), No> {
        let entry = self.lines.get_mut(key).ok_or(CHANGED)?;
        match &entry.standing {
            Standing::Unpaid => {}
            Standing::Held(_) => return Err(ELSEWHERE),
            Standing::Paid => return Err(SETTLED),
            Standing::Void => return Err(CHANGED),
        }
        match quantity {
            None => entry.standing = Standing::Void,
            Some(quantity) => {
                entry.line.amount_fen = line_amount(entry.line.price, quantity, entry.line.doses).map_err(|_| AMOUNT)?;
                entry.line.quantity = quantity;
            }
        }
        entry.line.version += 1;
        self.news.push((now, News::LinesChanged(vec![key.to_string()])));
        Ok(())
    }

    /// A new prescription of a line that was given back.
    pub(super) fn prescribe_again(&mut self, key: &LineKey) -> Result<(), No> {
        let old = self.lines.get(key).filter(|entry| entry.standing == Standing::Void).ok_or(CHANGED)?;
        let line_id = LineKey::new(&format!("{key}.N")).map_err(|_| MISFIT)?;
        if self.lines.contains_key(&line_id) {
            return Ok(());
        }
        let order_no = old.line.order_no.as_ref().map(|no| format!("{no}N"));
        let line = ChargeLine { line_id: line_id.clone(), order_no, version: 1, ..old.line.clone() };
        let entry = Entry { line, standing: Standing::Unpaid, executed: false, undone: false, work: Work::default() };
        self.lines.insert(line_id, entry);
        Ok(())
    }

    /// The executing department has done (or undone) a paid line.
    pub(super) fn execute(&mut self, key: &LineKey, executed: bool) -> Result<(), No> {
        let entry = self.lines.get_mut(key).filter(|entry| entry.standing == Standing::Paid).ok_or(CHANGED)?;
        entry.undone = !executed && (entry.executed || entry.undone);
        entry.executed = executed;
        Ok(())
    }

    /// Laboratory, imaging or pharmacy speak of a paid line.
    pub(super) fn work(&mut self, key: &LineKey, work: &Work) -> Result<(), No> {
        let entry = self.lines.get_mut(key).filter(|entry| entry.standing == Standing::Paid).ok_or(CHANGED)?;
        entry.work = work.clone();
        Ok(())
    }
}
