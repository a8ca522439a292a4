//! Groups of cells: details by the axes of a query, subtotals by each axis that is no time, the total.

use std::collections::{BTreeMap, BTreeSet};

use super::cube::{Key, Visits};
use super::fact::{Business, InsuranceClass, Word};
use super::names::Names;
use super::partial::Partial;
use super::query::Axis;
use super::table::{Cell, Holds, Level, Table};
use crate::calendar::BizDate;

/// What a group is of: one number an axis.
pub(super) type Group = Vec<u16>;

/// The axes of a query, and where the keys of a cube have them.
#[derive(Clone)]
pub(super) struct Axes(Vec<(Axis, usize)>);

impl Axes {
    pub(super) fn of(axes: &[Axis], place: impl Fn(Axis) -> usize) -> Axes {
        Axes(axes.iter().map(|axis| (*axis, place(*axis))).collect())
    }

    /// The group that a cell belongs to.
    pub(super) fn group(&self, key: &Key) -> Group {
        self.0.iter().map(|(axis, place)| period(*axis, key.get(*place).copied().unwrap_or_default())).collect()
    }

    /// Where the axis of time stands.
    pub(super) fn time(&self) -> Option<(usize, Axis)> {
        self.0.iter().position(|(axis, _)| axis.is_time()).and_then(|at| Some((at, self.0.get(at)?.0)))
    }

    /// A column an axis.
    pub(super) fn columns(&self, table: &mut Table) {
        for (axis, _) in &self.0 {
            let (key, title) = axis.heading();
            table.column(key, title, Holds::Text);
        }
    }

    /// The details, then each subtotal, then the total, as sets of groups.
    pub(super) fn levels(&self, groups: impl Iterator<Item = Group>) -> Vec<(Level, Shown)> {
        let details: BTreeSet<Group> = groups.collect();
        let mut levels: Vec<(Level, Shown)> = details.iter().map(|group| (Level::Detail, Shown(group.iter().copied().map(Some).collect()))).collect();
        if self.0.len() > 1 {
            for (at, _) in self.0.iter().enumerate().filter(|(_, (axis, _))| !axis.is_time()) {
                let values: BTreeSet<u16> = details.iter().filter_map(|group| group.get(at).copied()).collect();
                levels.extend(values.into_iter().map(|value| (Level::Subtotal, Shown((0..self.0.len()).map(|axis| (axis == at).then_some(value)).collect()))));
            }
        }
        levels.push((Level::Total, Shown(vec![None; self.0.len()])));
        levels
    }

    /// How a row names its group.
    pub(super) fn labels(&self, shown: &Shown, level: Level, names: &Names) -> Vec<Cell> {
        let label = |(at, ((axis, _), value)): (usize, (&(Axis, usize), &Option<u16>))| match value {
            Some(value) => Cell::text(label(*axis, *value, names)),
            None if at == 0 && level == Level::Total => Cell::text("合计"),
            None => Cell::Blank,
        };
        self.0.iter().zip(&shown.0).enumerate().map(label).collect()
    }
}

/// The groups that a row is of: those that have these numbers where there is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shown(pub(super) Vec<Option<u16>>);

/// Sums of every row: each group is added to its detail, its subtotals and the total.
pub(super) fn rows<S: Clone + Default>(axes: &Axes, groups: &BTreeMap<Group, S>, add: impl Fn(&mut S, &S)) -> Vec<(Level, Shown, S)> {
    let mut sums: BTreeMap<Shown, S> = BTreeMap::new();
    for (group, of) in groups {
        for shown in shown_in(axes, group) {
            add(sums.entry(shown).or_default(), of);
        }
    }
    let levels = axes.levels(groups.keys().cloned()).into_iter();
    levels.map(|(level, shown)| (level, shown.clone(), sums.remove(&shown).unwrap_or_default())).collect()
}

/// The rows that show a group.
pub(super) fn shown_in(axes: &Axes, group: &[u16]) -> BTreeSet<Shown> {
    let only = |keep: &dyn Fn(usize) -> bool| Shown(group.iter().enumerate().map(|(at, number)| keep(at).then_some(*number)).collect());
    let subtotals = axes.0.iter().enumerate().filter(|(_, (axis, _))| !axis.is_time() && axes.0.len() > 1).map(|(of, _)| only(&|at| at == of));
    subtotals.chain([only(&|_| true), only(&|_| false)]).collect()
}

/// The first day of the period of a day, or what is no day as it is.
fn period(axis: Axis, number: u16) -> u16 {
    let day = BizDate::of_number(number.into());
    let first = match axis {
        Axis::Week => day.monday(),
        Axis::Month => day.month().first_day(),
        _ => return number,
    };
    u16::try_from(first.number()).unwrap_or(number)
}

fn label(axis: Axis, number: u16, names: &Names) -> String {
    match (axis, axis.dimension()) {
        (_, Some(dimension)) => names.name(dimension, number).unwrap_or("未知").to_owned(),
        (Axis::Business, _) => Business::of_slot(number).label().to_owned(),
        (Axis::Insurance, _) => InsuranceClass::of_slot(number).label().to_owned(),
        (Axis::Month, _) => BizDate::of_number(number.into()).month().to_string(),
        _ => BizDate::of_number(number.into()).to_string(),
    }
}

/// How many people were seen, by group: patients once each, and those who name none one by one. Never added up over groups: asked again for each.
pub(super) fn people<G: Ord + Clone>(partial: &Partial, groups: impl Fn(&Key) -> Option<G>) -> BTreeMap<G, u64> {
    let cells = partial.visits.cells();
    let mut numbers: BTreeMap<G, u32> = BTreeMap::new();
    let mut of_cell: Vec<Option<u32>> = Vec::with_capacity(cells.len());
    for (key, _) in cells {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        of_cell.push(groups(key).map(|group| *numbers.entry(group).or_insert(next)));
    }
    let mut counts = vec![0u64; numbers.len()];
    let mut add = |group: u32, more: u64| {
        if let Some(count) = counts.get_mut(group as usize) {
            *count += more;
        }
    };
    let mut seen: Vec<(u32, u64)> = partial.people.iter().filter_map(|(cell, patient)| Some((of_cell.get(cell).copied().flatten()?, patient))).collect();
    seen.sort_unstable();
    seen.dedup();
    seen.iter().for_each(|(group, _)| add(*group, 1));
    cells.iter().zip(&of_cell).for_each(|((_, Visits { unnamed, .. }), group)| group.iter().for_each(|group| add(*group, *unnamed)));
    numbers.into_iter().map(|(group, number)| (group, counts.get(number as usize).copied().unwrap_or_default())).collect()
}
