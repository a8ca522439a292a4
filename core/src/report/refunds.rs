//! 退费分析 (G): requests for a refund by the day they were asked for, by department and reason.

use super::cube::{Filling, Requests, Sums, slot};
use super::fact::{Outcome, Word};
use super::group::{Axes, rows};
use super::partial::Partial;
use super::query::{Axis, Query};
use super::table::{Cell, Holds, Table};
use crate::error::Result;

/// All requests, those that were given back, and how many were refused and refused for the month.
#[derive(Clone, Default)]
struct Asked {
    all: Requests,
    done: Requests,
    refused: u64,
    cross_month: u64,
}

impl Asked {
    fn add(&mut self, other: &Asked) {
        self.all.add(&other.all);
        self.done.add(&other.done);
        self.refused += other.refused;
        self.cross_month += other.cross_month;
    }
}

/// Hours with two decimals, rounded half up; blank when nobody has decided.
fn hours(decided: u64, minutes: u64) -> Cell {
    let (decided, minutes) = (i128::from(decided), i128::from(minutes));
    let hundredths = (minutes * 200 + decided * 60).checked_div(decided * 120);
    hundredths.map_or(Cell::Blank, |hours| Cell::decimal(hours, 2, 2))
}

pub(super) fn refunds(partial: &Partial, query: &Query) -> Result<Table> {
    let (names, days) = (&partial.names, query.days());
    let axes = Axes::of(query.axes(), |axis| match axis {
        Axis::Dept => 1,
        Axis::Reason => 2,
        _ => 0,
    });
    let mut groups: Filling<Asked> = Filling::new();
    for (key, sums) in partial.requests.cells().iter().filter(|(key, _)| days.contains(&u32::from(slot(key, 0)))) {
        let mut asked = Asked { all: *sums, ..Asked::default() };
        match Outcome::of_slot(slot(key, 3)) {
            Outcome::Open => {}
            Outcome::Done => asked.done = *sums,
            Outcome::Refused => asked.refused = sums.count,
            Outcome::CrossMonth => asked.cross_month = sums.count,
        }
        groups.add(axes.group(key), |all| all.add(&asked));
    }
    let mut table = Table::of(query, partial.until_ms, "按申请日期统计（北京时间）");
    axes.columns(&mut table);
    for (key, title, holds) in [
        ("requests", "申请笔数", Holds::Count),
        ("amount_fen", "申请金额", Holds::Fen),
        ("done", "已退笔数", Holds::Count),
        ("done_fen", "已退金额", Holds::Fen),
        ("refused", "拒绝笔数", Holds::Count),
        ("cross_month", "跨月拒绝笔数", Holds::Count),
        ("doctor_hours", "医生审核平均小时", Holds::Decimal),
        ("unconfirm_hours", "反确认平均小时", Holds::Decimal),
        ("finance_hours", "计财审核平均小时", Holds::Decimal),
    ] {
        table.column(key, title, holds);
    }
    for (level, shown, Asked { all, done, refused, cross_month }) in rows(&axes, &groups, Asked::add) {
        let mut cells = axes.labels(&shown, level, names);
        cells.extend([Cell::count(all.count), Cell::fen(all.amount_fen), Cell::count(done.count), Cell::fen(done.amount_fen), Cell::count(refused), Cell::count(cross_month)]);
        cells.extend([hours(all.doctor, all.doctor_minutes), hours(all.unconfirm, all.unconfirm_minutes), hours(all.finance, all.finance_minutes)]);
        table.row(level, cells);
    }
    Ok(table)
}
