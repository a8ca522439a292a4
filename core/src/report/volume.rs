//! 门诊量与挂号量统计 (C): registrations and visits by the day of the visit, income by the day of the settlement.

use super::cube::{Filling, Key, slot};
use super::fact::{Course, InsuranceClass, VisitKind, VisitState, Word};
use super::fold::Flags;
use super::group::{Axes, Group, Rows, Shown};
use super::income::is_drug;
use super::partial::Partial;
use super::people::{NOWHERE, people};
use super::query::{Axis, Query};
use super::table::{Cell, Holds, Table};
use crate::calendar::BizDate;
use crate::error::Result;
use crate::money::Net;

#[derive(Clone, Copy, Default)]
struct Volume {
    registered: u64,
    cancelled: u64,
    appointments: u64,
    self_service: u64,
    missed: u64,
    visits: u64,
    emergencies: u64,
    first: u64,
    returns: u64,
    insured: u64,
    self_pay: u64,
    income: Net,
    drugs: Net,
}

/// A group: what it is shown with, and its visits on any day.
#[derive(Clone, Copy, Default)]
struct OfGroup {
    shown: bool,
    volume: Volume,
    ever: u64,
}

impl OfGroup {
    fn add(&mut self, more: &Volume) {
        self.shown = true;
        self.volume.add(more);
    }
}

impl Volume {
    fn add(&mut self, o: &Volume) {
        for (into, more) in [
            (&mut self.registered, o.registered),
            (&mut self.cancelled, o.cancelled),
            (&mut self.appointments, o.appointments),
            (&mut self.self_service, o.self_service),
            (&mut self.missed, o.missed),
            (&mut self.visits, o.visits),
            (&mut self.emergencies, o.emergencies),
            (&mut self.first, o.first),
            (&mut self.returns, o.returns),
            (&mut self.insured, o.insured),
            (&mut self.self_pay, o.self_pay),
        ] {
            *into += more;
        }
        self.income += o.income;
        self.drugs += o.drugs;
    }

    fn of_visits(key: &Key, count: u64) -> Volume {
        let [_, _, _, _, _, _, insurance, flags] = key;
        let flags = Flags::of(*flags);
        let mut volume = Volume::default();
        if flags.kind == VisitKind::CheckUp {
            return volume;
        }
        volume.registered = count;
        let kept = if flags.state == VisitState::Cancelled { 0 } else { count };
        volume.cancelled = count - kept;
        volume.appointments = if flags.appointment { kept } else { 0 };
        volume.self_service = if flags.self_service { kept } else { 0 };
        volume.missed = if flags.state == VisitState::NoShow { count } else { 0 };
        if flags.is_visit() {
            volume.visits = count;
            volume.emergencies = if flags.kind == VisitKind::Emergency { count } else { 0 };
            *match flags.course {
                Course::First => &mut volume.first,
                Course::Return => &mut volume.returns,
                Course::Unknown => return volume.insured_as(InsuranceClass::of_slot(*insurance)),
            } = count;
        }
        volume.insured_as(InsuranceClass::of_slot(*insurance))
    }

    fn insured_as(mut self, class: InsuranceClass) -> Volume {
        match class {
            InsuranceClass::Unknown => {}
            InsuranceClass::SelfPay => self.self_pay = self.visits,
            InsuranceClass::Employee | InsuranceClass::Resident | InsuranceClass::Public | InsuranceClass::Other => self.insured = self.visits,
        }
        self
    }
}

const COLUMNS: [(&str, &str, Holds); 22] = [
    ("registered", "挂号（毛）", Holds::Count),
    ("cancelled", "退号", Holds::Count),
    ("kept", "挂号（净）", Holds::Count),
    ("appointments", "其中预约", Holds::Count),
    ("self_service", "其中自助/移动", Holds::Count),
    ("missed", "爽约", Holds::Count),
    ("visits", "就诊人次", Holds::Count),
    ("emergencies", "其中急诊", Holds::Count),
    ("first", "初诊", Holds::Count),
    ("returns", "复诊", Holds::Count),
    ("course_unknown", "初复诊未知", Holds::Count),
    ("patients", "就诊人数（去重）", Holds::Count),
    ("insured", "医保人次", Holds::Count),
    ("self_pay", "自费人次", Holds::Count),
    ("insurance_unknown", "医保类别未知人次", Holds::Count),
    ("income_fen", "门诊收入", Holds::Fen),
    ("drug_fen", "药品收入", Holds::Fen),
    ("per_visit_fen", "次均费用", Holds::Fen),
    ("drug_share", "药占比", Holds::Percent),
    ("appointment_share", "预约率", Holds::Percent),
    ("year_on_year", "就诊人次同比", Holds::Percent),
    ("period_on_period", "就诊人次环比", Holds::Percent),
];

pub(super) fn volume(partial: &Partial, query: &Query) -> Result<Table> {
    let (names, days, insured) = (&partial.names, query.days(), query.insured());
    let place = |dept, doctor| {
        move |axis| match axis {
            Axis::Dept => dept,
            Axis::Doctor => doctor,
            _ => 0,
        }
    };
    // Income counts where it was ordered: that is where the visit was.
    let (axes, charged) = (Axes::of(query.axes(), place(1, 2)), Axes::of(query.axes(), place(2, 3)));
    let visited = |key: &Key| insured(slot(key, 6));
    let in_range = |key: &Key| days.contains(&u32::from(slot(key, 0)));
    let mut all: Filling<OfGroup> = Filling::new();
    let mut group_of = Vec::with_capacity(partial.visits.cells().len());
    for (key, sums) in partial.visits.cells() {
        if !visited(key) {
            group_of.push(NOWHERE);
            continue;
        }
        let (shown, volume) = (in_range(key), Volume::of_visits(key, sums.count));
        let group = all.add(axes.group(key), |of| {
            of.ever += volume.visits;
            if shown {
                of.add(&volume);
            }
        });
        group_of.push(if shown { u32::try_from(group).unwrap_or(NOWHERE) } else { NOWHERE });
    }
    for (key, sums) in partial.charges.cells().iter().filter(|(key, _)| in_range(key) && insured(slot(key, 5))) {
        let drugs = if is_drug(names, slot(key, 4)) { sums.net_fen } else { Net::ZERO };
        all.add(charged.group(key), |of| of.add(&Volume { income: sums.net_fen, drugs, ..Volume::default() }));
    }
    // Groups of other days are there to be compared with only.
    let (mut groups, mut place) = (Vec::new(), Vec::with_capacity(all.cells().len()));
    for (group, of) in all.cells() {
        place.push(if of.shown { u32::try_from(groups.len()).unwrap_or(NOWHERE) } else { NOWHERE });
        if of.shown {
            groups.push((*group, of.volume));
        }
    }
    group_of.iter_mut().for_each(|group| *group = place.get(*group as usize).copied().unwrap_or(NOWHERE));
    let rows = Rows::of(&axes, &groups.iter().map(|(group, _)| *group).collect::<Vec<_>>());
    let volumes = rows.sums(&groups, Volume::add);
    let patients = people(&partial.visits, &partial.people, rows.shown.len(), &group_of, &rows.of_group);
    let mut table = Table::of(query, partial.until_ms, "挂号与就诊按就诊日期、收入按结算日期统计（北京时间）；体检不计；就诊人数去重，各行不可相加");
    axes.columns(&mut table);
    COLUMNS.iter().for_each(|(key, title, holds)| table.column(*key, *title, *holds));
    for (((level, shown), v), patients) in rows.shown.iter().zip(&volumes).zip(&patients) {
        let before = |earlier: fn(Axis, BizDate) -> Option<BizDate>| earlier_group(&axes, shown, earlier).and_then(|group| all.get(group)).map(|of| of.ever);
        let change = |before: Option<u64>| Cell::percent(before.and_then(|before| (count(v.visits) - count(before)).share_of(count(before))));
        let kept = v.registered - v.cancelled;
        let mut cells = axes.labels(shown, *level, names);
        cells.extend([v.registered, v.cancelled, kept, v.appointments, v.self_service, v.missed, v.visits, v.emergencies, v.first, v.returns].map(Cell::count));
        cells.extend([v.visits - v.first - v.returns, *patients, v.insured, v.self_pay, v.visits - v.insured - v.self_pay].map(Cell::count));
        cells.extend([Cell::fen(v.income), Cell::fen(v.drugs), v.income.each_of(v.visits).map_or(Cell::Blank, Cell::fen)]);
        cells.extend([Cell::percent(v.drugs.share_of(v.income)), Cell::percent(count(v.appointments).share_of(count(kept)))]);
        cells.extend([change(before(year_before)), change(before(period_before))]);
        table.row(*level, cells);
    }
    Ok(table)
}

/// A count, for exact shares.
fn count(count: u64) -> Net {
    Net::of_fen(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The group of an earlier period; none when the row is of no period.
fn earlier_group(axes: &Axes, shown: &Shown, earlier: fn(Axis, BizDate) -> Option<BizDate>) -> Option<Group> {
    let (at, axis) = axes.time()?;
    let mut group = shown.detail()?;
    let place = group.get_mut(at)?;
    let day = earlier(axis, BizDate::of_number((*place).into()))?;
    *place = u16::try_from(day.number()).ok()?;
    Some(group)
}

fn year_before(axis: Axis, day: BizDate) -> Option<BizDate> {
    // The same weekday: 52 weeks.
    if axis == Axis::Week { Some(day.days_before(364)) } else { day.year_before() }
}

fn period_before(axis: Axis, day: BizDate) -> Option<BizDate> {
    Some(match axis {
        Axis::Month => day.month().previous().first_day(),
        Axis::Week => day.days_before(7),
        _ => day.days_before(1),
    })
}
