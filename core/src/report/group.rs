//! Groups of cells: details by the axes of a query, subtotals by each axis that is no time, the total.

use std::collections::BTreeMap;

use super::cube::{Filling, Key, slot};
use super::fact::{Business, InsuranceClass, Word};
use super::names::Names;
use super::query::Axis;
use super::table::{Cell, Holds, Level, Table};
use crate::calendar::BizDate;

/// What a group is of: one number an axis, in the order of the axes; the places behind them are 0.
pub(super) type Group = Key;

/// The axes of a query, and where the keys of a cube have them.
#[derive(Clone)]
pub(super) struct Axes(Vec<(Axis, usize)>);

impl Axes {
    pub(super) fn of(axes: &[Axis], place: impl Fn(Axis) -> usize) -> Axes {
        Axes(axes.iter().map(|axis| (*axis, place(*axis))).collect())
    }

    /// The group that a cell belongs to.
    pub(super) fn group(&self, key: &Key) -> Group {
        let mut group = Group::default();
        group.iter_mut().zip(&self.0).for_each(|(number, (axis, place))| *number = period(*axis, slot(key, *place)));
        group
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

    /// How a row names its group.
    pub(super) fn labels(&self, shown: &Shown, level: Level, names: &Names) -> Vec<Cell> {
        let label = |(at, (axis, _)): (usize, &(Axis, usize))| match shown.number(at) {
            Some(number) => Cell::text(label(*axis, number, names)),
            None if at == 0 && level == Level::Total => Cell::text("合计"),
            None => Cell::Blank,
        };
        self.0.iter().enumerate().map(label).collect()
    }
}

/// The groups that a row is of: those that have its numbers in the places that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    group: Group,
    /// All, one or none of the axes.
    which: Which,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    All,
    Only(usize),
    None,
}

impl Shown {
    /// The number of an axis, if the row shows it.
    fn number(&self, at: usize) -> Option<u16> {
        let shown = match self.which {
            Which::All => true,
            Which::Only(axis) => axis == at,
            Which::None => false,
        };
        shown.then(|| slot(&self.group, at))
    }

    /// The group, if the row is of one only.
    pub(super) fn detail(&self) -> Option<Group> {
        (self.which == Which::All).then_some(self.group)
    }
}

/// The rows of a table: the details, then each subtotal, then the total; and in which of them each group is.
pub(super) struct Rows {
    pub(super) shown: Vec<(Level, Shown)>,
    /// By position of the group.
    pub(super) of_group: Vec<Vec<u32>>,
}

impl Rows {
    /// Of these groups, in any order.
    pub(super) fn of(axes: &Axes, groups: &[Group]) -> Rows {
        let mut details: Vec<(Group, usize)> = groups.iter().copied().zip(0..).collect();
        details.sort_unstable();
        let mut rows = Rows { shown: Vec::with_capacity(groups.len() + 1), of_group: vec![Vec::new(); groups.len()] };
        for (group, at) in &details {
            rows.put(Level::Detail, Shown { group: *group, which: Which::All }, &[*at]);
        }
        for (axis, _) in axes.0.iter().enumerate().filter(|(_, (axis, _))| axes.0.len() > 1 && !axis.is_time()) {
            let mut values: BTreeMap<u16, (Group, Vec<usize>)> = BTreeMap::new();
            details.iter().for_each(|(group, at)| values.entry(slot(group, axis)).or_insert_with(|| (*group, Vec::new())).1.push(*at));
            for (group, of) in values.values() {
                rows.put(Level::Subtotal, Shown { group: *group, which: Which::Only(axis) }, of);
            }
        }
        let all: Vec<usize> = (0..groups.len()).collect();
        rows.put(Level::Total, Shown { group: Group::default(), which: Which::None }, &all);
        rows
    }

    fn put(&mut self, level: Level, shown: Shown, groups: &[usize]) {
        let row = u32::try_from(self.shown.len()).unwrap_or(u32::MAX);
        self.shown.push((level, shown));
        for group in groups {
            self.of_group.iter_mut().skip(*group).take(1).for_each(|rows| rows.push(row));
        }
    }

    /// The sums of every row: each group is added to all of its rows.
    pub(super) fn sums<S: Default, G>(&self, groups: &[(Group, G)], add: impl Fn(&mut S, &G)) -> Vec<S> {
        let mut sums: Vec<S> = self.shown.iter().map(|_| S::default()).collect();
        for ((_, of), rows) in groups.iter().zip(&self.of_group) {
            for row in rows {
                sums.iter_mut().skip(*row as usize).take(1).for_each(|sums| add(sums, of));
            }
        }
        sums
    }
}

/// Every row with its sums.
pub(super) fn rows<S: Default>(axes: &Axes, groups: &Filling<S>, add: impl Fn(&mut S, &S)) -> Vec<(Level, Shown, S)> {
    let rows = Rows::of(axes, &groups.cells().iter().map(|(group, _)| *group).collect::<Vec<_>>());
    let sums = rows.sums(groups.cells(), add);
    rows.shown.into_iter().zip(sums).map(|((level, shown), sums)| (level, shown, sums)).collect()
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
