//! 门诊量与挂号量统计 (C): registrations and visits by the day of the visit, income by the day of the settlement.

use std::collections::{BTreeMap, BTreeSet};

use super::cube::{Key, slot};
use super::fact::{Course, InsuranceClass, VisitKind, VisitState, Word};
use super::fold::Flags;
use super::group::{Axes, Group, Shown, people, rows, shown_in};
use super::income::is_drug;
use super::partial::Partial;
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
    let mut groups: BTreeMap<Group, Volume> = BTreeMap::new();
    let mut ever: BTreeMap<Shown, u64> = BTreeMap::new();
    for (key, sums) in partial.visits.cells().iter().filter(|(key, _)| visited(key)) {
        let (group, volume) = (axes.group(key), Volume::of_visits(key, sums.count));
        for shown in shown_in(&axes, &group) {
            *ever.entry(shown).or_default() += volume.visits;
        }
        if in_range(key) {
            groups.entry(group).or_default().add(&volume);
        }
    }
    for (key, sums) in partial.charges.cells().iter().filter(|(key, _)| in_range(key) && insured(slot(key, 5))) {
        let volume = groups.entry(charged.group(key)).or_default();
        volume.income += sums.net_fen;
        if is_drug(names, slot(key, 4)) {
            volume.drugs += sums.net_fen;
        }
    }
    let wanted = |key: &Key| (visited(key) && in_range(key)).then(|| shown_in(&axes, &axes.group(key)));
    let patients = patients(partial, wanted);
    let mut table = Table::of(query, partial.until_ms, "挂号与就诊按就诊日期、收入按结算日期统计（北京时间）；体检不计；就诊人数去重，各行不可相加");
    axes.columns(&mut table);
    COLUMNS.iter().for_each(|(key, title, holds)| table.column(*key, *title, *holds));
    for (level, shown, v) in rows(&axes, &groups, Volume::add) {
        let before = |earlier: fn(Axis, BizDate) -> Option<BizDate>| earlier_shown(&axes, &shown, earlier).and_then(|shown| ever.get(&shown).copied());
        let change = |before: Option<u64>| Cell::percent(before.and_then(|before| (count(v.visits) - count(before)).share_of(count(before))));
        let kept = v.registered - v.cancelled;
        let mut cells = axes.labels(&shown, level, names);
        cells.extend([v.registered, v.cancelled, kept, v.appointments, v.self_service, v.missed, v.visits, v.emergencies, v.first, v.returns].map(Cell::count));
        cells
            .extend([v.visits - v.first - v.returns, patients.get(&shown).copied().unwrap_or_default(), v.insured, v.self_pay, v.visits - v.insured - v.self_pay].map(Cell::count));
        cells.extend([Cell::fen(v.income), Cell::fen(v.drugs), v.income.each_of(v.visits).map_or(Cell::Blank, Cell::fen)]);
        cells.extend([Cell::percent(v.drugs.share_of(v.income)), Cell::percent(count(v.appointments).share_of(count(kept)))]);
        cells.extend([change(before(year_before)), change(before(period_before))]);
        table.row(level, cells);
    }
    Ok(table)
}

/// A count, for exact shares.
fn count(count: u64) -> Net {
    Net::of_fen(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Patients of every row, each once.
fn patients(partial: &Partial, rows: impl Fn(&Key) -> Option<BTreeSet<Shown>>) -> BTreeMap<Shown, u64> {
    let all: BTreeSet<Shown> = partial.visits.cells().iter().filter_map(|(key, _)| rows(key)).flatten().collect();
    // One pass a kind of row: a cell lies in one row of each kind.
    let kinds: BTreeSet<Vec<bool>> = all.iter().map(|Shown(shown)| shown.iter().map(Option::is_some).collect()).collect();
    let of_kind = |kind: &Vec<bool>| people(partial, |key| rows(key)?.into_iter().find(|Shown(shown)| shown.iter().map(Option::is_some).eq(kind.iter().copied())));
    kinds.iter().flat_map(of_kind).collect()
}

/// The row of an earlier period; none when the row is of no period.
fn earlier_shown(axes: &Axes, shown: &Shown, earlier: fn(Axis, BizDate) -> Option<BizDate>) -> Option<Shown> {
    let (at, axis) = axes.time()?;
    let mut other = shown.clone();
    let place = other.0.get_mut(at)?;
    let day = earlier(axis, BizDate::of_number((*place)?.into()))?;
    *place = Some(u16::try_from(day.number()).ok()?);
    Some(other)
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
