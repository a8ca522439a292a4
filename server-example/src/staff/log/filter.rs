//! The conditions of the list, as they are typed and as the viewer's engine takes them. They travel in forms, never in an address:
//! a patient's number has no business in the logs of a proxy.

use menjie::Timestamp;
use menjie::calendar::BizDate;
use menjie::port::Direction;
use menjie_bridge::sealed_log::view::{Filter, Outcome};

use crate::pages::fields::Fields;

/// What was typed, to be shown again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) interface: String,
    pub(super) direction: String,
    pub(super) peer: String,
    pub(super) order: String,
    pub(super) patient: String,
    pub(super) result: String,
}

impl Typed {
    pub(super) fn of(fields: &Fields) -> Typed {
        let one = |name: &str| fields.one(name).unwrap_or_default().trim().to_owned();
        Typed {
            from: one("from"),
            to: one("to"),
            interface: one("interface"),
            direction: one("direction"),
            peer: one("peer"),
            order: one("order"),
            patient: one("patient"),
            result: one("result"),
        }
    }

    /// Names and values, for the forms that go on from here.
    pub(super) fn fields(&self) -> [(&'static str, &str); 8] {
        [
            ("from", &self.from),
            ("to", &self.to),
            ("interface", &self.interface),
            ("direction", &self.direction),
            ("peer", &self.peer),
            ("order", &self.order),
            ("patient", &self.patient),
            ("result", &self.result),
        ]
    }

    /// As the engine takes it; `Err` says what is wrong.
    pub(super) fn filter(&self) -> Result<Filter, &'static str> {
        let text = |value: &String| (!value.is_empty()).then(|| value.clone());
        let (from, to) = (moment(&self.from, false)?, moment(&self.to, true)?);
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err("起始时间晚于截止时间。");
        }
        let direction = match self.direction.as_str() {
            "out" => Some(Direction::Out),
            "in" => Some(Direction::In),
            _ => None,
        };
        Ok(Filter {
            from,
            to,
            order: text(&self.order),
            patient: text(&self.patient),
            peer: text(&self.peer),
            interface: text(&self.interface),
            direction,
            outcome: Outcome::of(&self.result),
            hospital: None,
            text: None,
        })
    }
}

/// A day or a minute: its beginning, or its end, since what is named belongs to the time as a whole.
fn moment(typed: &str, end: bool) -> Result<Option<Timestamp>, &'static str> {
    if typed.is_empty() {
        return Ok(None);
    }
    if let Ok(date) = BizDate::parse(typed) {
        return Ok(Some(if end { date.next().start().plus_millis(-1) } else { date.start() }));
    }
    let minute = Timestamp::parse(&format!("{}:00+08:00", typed.replacen(' ', "T", 1)));
    let minute = minute.map_err(|_| "时间请写作“2026-06-01”或“2026-06-01 08:30”。")?;
    Ok(Some(if end { minute.plus_millis(59_999) } else { minute }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_minutes_are_whole_and_wrong_ones_are_told() {
        let typed = Typed { from: "2026-06-01 08:30".to_owned(), to: "2026-06-01 08:30".to_owned(), direction: "in".to_owned(), result: "in_doubt".to_owned(), ..Typed::default() };
        let filter = typed.filter().unwrap();
        assert_eq!((filter.from.unwrap().to_string(), filter.to.unwrap().to_string()), ("2026-06-01T08:30:00.000+08:00".to_owned(), "2026-06-01T08:30:59.999+08:00".to_owned()));
        assert_eq!((filter.direction, filter.outcome), (Some(Direction::In), Some(Outcome::InDoubt)));
        assert!(Typed { to: "2026-06-01 08:29".to_owned(), ..typed.clone() }.filter().is_err());
        let day = Typed { from: "2026-06-01".to_owned(), to: "2026-06-01".to_owned(), ..Typed::default() }.filter().unwrap();
        assert_eq!(day.to.unwrap().since(day.from.unwrap()), 86_399_999);
        assert!(Typed { from: "yesterday".to_owned(), ..typed }.filter().is_err());
        assert_eq!(Typed::default().filter().unwrap(), Filter::default());
    }
}
