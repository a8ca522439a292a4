//! Times as people write them.

use clap::ArgMatches;
use menjie::calendar::{BizDate, Timestamp};
use menjie::port::Direction;
use menjie_bridge::sealed_log::view::{Filter, Outcome};

use super::text;
use crate::exit::Stop;

/// The filter of the arguments.
pub(super) fn filter(given: &ArgMatches, now: Timestamp) -> Result<Filter, Stop> {
    let owned = |name| text(given, name).map(str::to_owned);
    let time = |name, end| text(given, name).map(|text| moment(text, end, now).ok_or_else(|| Stop::usage(format!("--{name}: is no time")))).transpose();
    Ok(Filter {
        from: time("from", false)?,
        to: time("to", true)?,
        order: owned("order"),
        patient: owned("patient"),
        peer: owned("peer"),
        interface: owned("interface"),
        direction: text(given, "direction").map(|code| if code == "in" { Direction::In } else { Direction::Out }),
        outcome: text(given, "result").and_then(Outcome::of),
        hospital: owned("hospital"),
        text: owned("text"),
    })
}

/// A time with a zone, a date (its beginning or its end), `today`, `yesterday`, or how long ago: `90s`, `30m`, `2h`, `7d`.
fn moment(text: &str, end: bool, now: Timestamp) -> Option<Timestamp> {
    let day = |date: BizDate| if end { date.next().start().plus_millis(-1) } else { date.start() };
    match text {
        "today" | "今天" => return Some(day(now.biz_date())),
        "yesterday" | "昨天" => return Some(day(now.plus_millis(-86_400_000).biz_date())),
        _ => {}
    }
    if let Ok(date) = BizDate::parse(text) {
        return Some(day(date));
    }
    let unit = [("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)].into_iter().find_map(|(unit, ms)| Some((text.strip_suffix(unit)?, ms)));
    if let Some((count, ms)) = unit
        && let Ok(count) = count.parse::<u32>()
    {
        return Some(now.plus_millis(-i64::from(count) * ms));
    }
    Timestamp::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_understood() {
        let now = Timestamp::parse("2026-06-02T10:00:00+08:00").unwrap();
        let at = |text: &str, end| moment(text, end, now).map(|at| at.to_string());
        assert_eq!(at("2026-06-01", false).unwrap(), "2026-06-01T00:00:00.000+08:00");
        assert_eq!(at("2026-06-01", true).unwrap(), "2026-06-01T23:59:59.999+08:00");
        assert_eq!(at("今天", false).unwrap(), "2026-06-02T00:00:00.000+08:00");
        assert_eq!(at("yesterday", true).unwrap(), "2026-06-01T23:59:59.999+08:00");
        assert_eq!(at("2h", false).unwrap(), "2026-06-02T08:00:00.000+08:00");
        assert_eq!(at("2026-06-01T00:00:00Z", false).unwrap(), "2026-06-01T08:00:00.000+08:00");
        for wrong in ["", "h", "-2h", "2026-13-01", "soon", "99999999999d"] {
            assert_eq!(at(wrong, false), None, "{wrong}");
        }
    }
}
