//! May he take his number, may he check in? Every answer is data: a state, a place in the queue, or a refusal.

use serde::{Deserialize, Serialize};

use super::place::Position;
use super::registration::{QueueTicket, Registration, Standing};
use super::terms::{CheckInTerms, LateRule};
use crate::calendar::Timestamp;
use crate::workflow::Refusal;

const MINUTE_MS: i64 = 60_000;

/// The two operations (PrintRegInfo 0 取号, 1 报到 of domain/hospital.md §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Attend {
    /// Take a number (取号).
    TakeNumber,
    /// Check in (签到).
    CheckIn,
}

impl Attend {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Attend::TakeNumber => "take_number",
            Attend::CheckIn => "check_in",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Attend::TakeNumber => "取号",
            Attend::CheckIn => "签到",
        }
    }
}

/// From where somebody attends. The host says it: it knows which door the session came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "from", deny_unknown_fields)]
pub enum Presence {
    /// A kiosk or the counter: he is in the hospital.
    Kiosk,
    /// His phone.
    Phone {
        /// Where it says it is (GCJ-02); none when he did not allow it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<Position>,
    },
}

/// How a registration looks on the check-in list (domain/pages.md §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VisitState {
    /// 未到时间.
    TooEarly,
    /// 待缴费: the fee must be paid first.
    Unpaid,
    /// 可签到.
    Open,
    /// 已签到.
    CheckedIn,
    /// 已过号.
    Missed,
    /// 已停诊.
    Stopped,
    /// 已退号.
    Cancelled,
}

/// Where he is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// By his time.
    InOrder,
    /// Behind all who wait.
    QueueEnd,
}

/// The answer of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attendance {
    /// HIS may be asked.
    Allowed(Turn),
    /// It is done already: the same place as before.
    Done(QueueTicket),
    /// Forbidden.
    Refused {
        /// Why, and what to do.
        refusal: Refusal,
        /// Possible from then, when waiting helps.
        opens_at: Option<Timestamp>,
    },
}

/// Its state on the list, for checking in.
pub fn state(registration: &Registration, terms: &CheckInTerms, now: Timestamp) -> VisitState {
    match registration.standing {
        Standing::Stopped => return VisitState::Stopped,
        Standing::Cancelled => return VisitState::Cancelled,
        Standing::CheckedIn => return VisitState::CheckedIn,
        Standing::Missed if terms.late != LateRule::QueueEnd => return VisitState::Missed,
        Standing::Booked | Standing::Numbered | Standing::Missed => {}
    }
    if now >= registration.ends_at || (is_late(registration, terms, now) && terms.late != LateRule::QueueEnd) {
        return VisitState::Missed;
    }
    if !registration.paid {
        return VisitState::Unpaid;
    }
    if now < opens_at(registration, terms, Attend::CheckIn) { VisitState::TooEarly } else { VisitState::Open }
}

/// When the operation becomes possible.
fn opens_at(registration: &Registration, terms: &CheckInTerms, what: Attend) -> Timestamp {
    let minutes = match what {
        Attend::TakeNumber => terms.number_opens_min,
        Attend::CheckIn => terms.opens_min,
    };
    registration.starts_at.plus_millis(-i64::from(minutes) * MINUTE_MS)
}

fn is_late(registration: &Registration, terms: &CheckInTerms, now: Timestamp) -> bool {
    now.since(registration.starts_at) > i64::from(terms.late_after_min) * MINUTE_MS
}

/// Decides about one operation. A repeat gets the place it had, whatever the clock says by then.
pub fn attendance(registration: &Registration, what: Attend, terms: &CheckInTerms, now: Timestamp, presence: Presence) -> Attendance {
    let verb = what.text();
    match (registration.standing, what, &registration.queue) {
        (Standing::Stopped, ..) => return no("visit_stopped", "该门诊已停诊", "请查看停诊通知，选择改约或退号"),
        (Standing::Cancelled, ..) => return no("visit_cancelled", "该挂号已退号", "如需就诊请重新挂号"),
        (Standing::CheckedIn, _, Some(ticket)) | (Standing::Numbered, Attend::TakeNumber, Some(ticket)) => return Attendance::Done(ticket.clone()),
        (Standing::CheckedIn, _, None) => return no("visit_checked_in", "您已签到", "请在候诊区等候叫号"),
        (Standing::Booked | Standing::Numbered | Standing::Missed, ..) => {}
    }
    if !registration.paid {
        return no("visit_unpaid", &format!("挂号费尚未支付，不能{verb}"), "请先缴费");
    }
    let opens = opens_at(registration, terms, what);
    if now < opens {
        let from = format!("{}{}", opens.biz_date().day_in_chinese(), opens.clock());
        let refusal = Refusal::new("visit_too_early", &format!("未到{verb}时间"), &format!("请于{from}起{verb}"));
        return Attendance::Refused { refusal, opens_at: Some(opens) };
    }
    if now >= registration.ends_at {
        return no("visit_over", &format!("该时段门诊已结束，不能{verb}"), "请到窗口办理");
    }
    let late = registration.standing == Standing::Missed || is_late(registration, terms, now);
    match (late, terms.late) {
        (true, LateRule::Void) => return no("visit_missed", "您已过号，本次挂号已失效", "请到窗口办理"),
        (true, LateRule::Counter) => return no("visit_late", "您已过号", "请到分诊台办理"),
        (true, LateRule::QueueEnd) | (false, _) => {}
    }
    if let (Attend::CheckIn, Presence::Phone { position }, Some(hospital), Some(radius)) = (what, presence, terms.position, terms.radius_m) {
        match position {
            None => return no("visit_no_position", "无法确认您是否已到院", "请允许获取位置后重试，或到院内自助机签到"),
            Some(here) if here.metres_to(hospital) > radius => return no("visit_too_far", "您还未到达医院，不能签到", "请到院后签到，或使用院内自助机"),
            Some(_) => {}
        }
    }
    Attendance::Allowed(if late { Turn::QueueEnd } else { Turn::InOrder })
}

fn no(reason: &str, text: &str, next: &str) -> Attendance {
    Attendance::Refused { refusal: Refusal::new(reason, text, next), opens_at: None }
}

#[cfg(test)]
mod tests {
    use super::super::registration::Session;
    use super::*;
    use crate::calendar::BizDate;
    use crate::ident::{DeptCode, PatientId, ScheduleId, VisitId};
    use crate::money::Money;
    use proptest::prelude::*;

    const HOSPITAL: Position = Position { lat_e6: 23_354_000, lon_e6: 116_682_000 };

    fn at(time: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-03-02T{time}:00+08:00")).unwrap()
    }

    fn registration(standing: Standing, paid: bool) -> Registration {
        let queue = matches!(standing, Standing::CheckedIn | Standing::Numbered).then(|| QueueTicket { number: "A12".into(), ahead: Some(3), room: None });
        Registration {
            visit_id: VisitId::new("V1").unwrap(),
            patient_id: PatientId::new("P1").unwrap(),
            schedule_id: ScheduleId::new("S1").unwrap(),
            date: BizDate::parse("2026-03-02").unwrap(),
            session: Session::Am,
            starts_at: at("09:00"),
            ends_at: at("12:00"),
            dept_code: DeptCode::new("D1").unwrap(),
            dept_name: "门诊一".into(),
            doctor_name: None,
            place: None,
            standing,
            paid,
            fee_fen: Money::ZERO,
            settlement_no: None,
            queue,
        }
    }

    fn ask(registration: &Registration, terms: &CheckInTerms, time: &str) -> String {
        match attendance(registration, Attend::CheckIn, terms, at(time), Presence::Kiosk) {
            Attendance::Allowed(Turn::InOrder) => "ok".into(),
            Attendance::Allowed(Turn::QueueEnd) => "end".into(),
            Attendance::Done(ticket) => ticket.number,
            Attendance::Refused { refusal, .. } => refusal.reason,
        }
    }

    #[test]
    fn the_window_opens_an_hour_before_and_closes_with_the_session() {
        let (booked, terms) = (registration(Standing::Booked, true), CheckInTerms::default());
        for (time, answer) in [("07:59", "visit_too_early"), ("08:00", "ok"), ("09:20", "ok"), ("09:21", "end"), ("11:59", "end"), ("12:00", "visit_over")] {
            assert_eq!(ask(&booked, &terms, time), answer, "{time}");
        }
        let Attendance::Refused { opens_at, refusal } = attendance(&booked, Attend::CheckIn, &terms, at("07:00"), Presence::Kiosk) else { panic!("too early") };
        assert_eq!((opens_at, refusal.next.as_str()), (Some(at("08:00")), "请于3月2日08:00起签到"));
    }

    #[test]
    fn late_is_what_the_hospital_says() {
        let booked = registration(Standing::Booked, true);
        let missed = registration(Standing::Missed, true);
        for (late, answer, called) in [(LateRule::QueueEnd, "end", "end"), (LateRule::Void, "visit_missed", "visit_missed"), (LateRule::Counter, "visit_late", "visit_late")] {
            let terms = CheckInTerms { late, ..CheckInTerms::default() };
            assert_eq!((ask(&booked, &terms, "09:21").as_str(), ask(&missed, &terms, "09:05").as_str()), (answer, called));
        }
    }

    #[test]
    fn standings_and_the_fee_come_before_the_clock() {
        let terms = CheckInTerms::default();
        for (standing, paid, answer, shown) in [
            (Standing::Stopped, true, "visit_stopped", VisitState::Stopped),
            (Standing::Cancelled, true, "visit_cancelled", VisitState::Cancelled),
            (Standing::CheckedIn, true, "A12", VisitState::CheckedIn),
            (Standing::Booked, false, "visit_unpaid", VisitState::Unpaid),
            (Standing::Numbered, true, "ok", VisitState::Open),
        ] {
            let registration = registration(standing, paid);
            assert_eq!((ask(&registration, &terms, "08:30").as_str(), state(&registration, &terms, at("08:30"))), (answer, shown));
        }
        assert_eq!(ask(&registration(Standing::CheckedIn, true), &terms, "13:00"), "A12", "a repeat gets its place, whatever the clock says");
    }

    #[test]
    fn a_number_taken_twice_is_one_number_and_needs_no_position() {
        let terms = CheckInTerms { position: Some(HOSPITAL), ..CheckInTerms::default() };
        let phone = Presence::Phone { position: None };
        let ask = |standing| attendance(&registration(standing, true), Attend::TakeNumber, &terms, at("08:30"), phone);
        assert_eq!(ask(Standing::Booked), Attendance::Allowed(Turn::InOrder));
        assert!(matches!(ask(Standing::Numbered), Attendance::Done(ticket) if ticket.number == "A12"));
    }

    #[test]
    fn a_phone_must_be_near_a_kiosk_is() {
        let terms = CheckInTerms { position: Some(HOSPITAL), ..CheckInTerms::default() };
        let booked = registration(Standing::Booked, true);
        let far = Position { lat_e6: 23_358_600, ..HOSPITAL };
        let near = Position { lat_e6: 23_358_400, ..HOSPITAL };
        let reason = |terms: &CheckInTerms, presence| match attendance(&booked, Attend::CheckIn, terms, at("08:30"), presence) {
            Attendance::Refused { refusal, .. } => refusal.reason,
            other => format!("{other:?}"),
        };
        let ok = "Allowed(InOrder)";
        for (presence, answer) in [
            (Presence::Kiosk, ok),
            (Presence::Phone { position: Some(near) }, ok),
            (Presence::Phone { position: Some(far) }, "visit_too_far"),
            (Presence::Phone { position: None }, "visit_no_position"),
        ] {
            assert_eq!(reason(&terms, presence), answer);
        }
        for terms in [CheckInTerms { radius_m: None, ..terms.clone() }, CheckInTerms { position: None, ..terms }] {
            assert_eq!(reason(&terms, Presence::Phone { position: None }), ok, "nothing is asked where nothing is set");
        }
    }

    proptest! {
        /// What the list shows is what the operation answers.
        #[test]
        fn list_and_operation_agree(minutes in 0i64..1440, late in 0usize..3, after in 0u32..200, standing in 0usize..6, paid in any::<bool>()) {
            let late = [LateRule::QueueEnd, LateRule::Void, LateRule::Counter][late];
            let standing = [Standing::Booked, Standing::Numbered, Standing::CheckedIn, Standing::Missed, Standing::Stopped, Standing::Cancelled][standing];
            let terms = CheckInTerms { late, late_after_min: after, ..CheckInTerms::default() };
            let registration = registration(standing, paid);
            let now = at("00:00").plus_millis(minutes * MINUTE_MS);
            let answer = attendance(&registration, Attend::CheckIn, &terms, now, Presence::Kiosk);
            let open = state(&registration, &terms, now) == VisitState::Open;
            prop_assert_eq!(matches!(answer, Attendance::Allowed(_)), open, "{:?}", answer);
            prop_assert_eq!(matches!(answer, Attendance::Done(_)), standing == Standing::CheckedIn);
            if let Attendance::Refused { refusal, .. } = answer {
                prop_assert!(!refusal.reason.is_empty() && !refusal.text.is_empty() && !refusal.next.is_empty());
            }
        }
    }
}
