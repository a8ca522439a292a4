//! Registrations (挂号记录), taking a number (取号), checking in (签到), and clinics that are stopped (停诊): the rules.
//! The machines are [`crate::workflow::check_in`], [`crate::workflow::stop`], [`crate::workflow::suspension`] and
//! [`crate::workflow::notice`].

mod attend;
mod message;
mod place;
mod registration;
mod stop;
mod terms;

pub use attend::{Attend, Attendance, Presence, Turn, VisitState, attendance, state};
pub use message::{Message, MessageKind, is_neutral};
pub use place::Position;
pub use registration::{QueueTicket, Registration, Session, Standing};
pub use stop::{Affected, AffectedPage, Choice, Contact, FeeBack, Rebooked, StopKind, StopNotice, StopReason, Substitute};
pub use terms::{CheckInTerms, Delivery, LateRule, NoticeTerms, VisitTerms};
