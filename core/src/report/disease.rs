//! 疾病谱 (I): the primary diagnosis of each visit, one a visit; the largest rows, the others together, what has no code apart.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::age::{asked, counted, sex, sexes};
use super::cube::{Key, slot};
use super::icd;
use super::names::Dimension;
use super::partial::Partial;
use super::people::{NOWHERE, people};
use super::query::{DiseaseLevel, Query};
use super::table::{Cell, Holds, Level, Table};
use crate::error::Result;
use crate::money::Net;

/// What a row is of, in the order of the rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Disease {
    /// A category, block or chapter: code and name.
    Known(String, String),
    /// 其他: all that is not among the first, or of too few people.
    Rest,
    /// 未编码.
    Uncoded,
}

/// What a category is counted as.
fn disease(category: Option<&str>, level: DiseaseLevel) -> Disease {
    let Some(category) = category else { return Disease::Uncoded };
    let alone = || Disease::Known(category.to_owned(), icd::category_name(category).to_owned());
    match level {
        DiseaseLevel::Category => alone(),
        DiseaseLevel::Block => icd::block(category).map_or_else(alone, |(block, name)| Disease::Known(block, name.to_owned())),
        DiseaseLevel::Chapter => icd::chapter(category).map_or(Disease::Uncoded, |(number, range)| Disease::Known(number, range)),
    }
}

/// Known ages, and what they add up to.
#[derive(Clone, Copy, Default)]
struct Ages {
    known: u64,
    years: u64,
}

impl Ages {
    fn add(&mut self, key: &Key, count: u64) {
        if let Some(age) = slot(key, 4).checked_sub(1) {
            self.known += count;
            self.years += u64::from(age) * count;
        }
    }

    /// With one decimal, rounded half up.
    fn mean(self) -> Cell {
        let (known, years) = (i128::from(self.known), i128::from(self.years));
        (years * 20 + known).checked_div(known * 2).map_or(Cell::Blank, |tenths| Cell::decimal(tenths, 1, 1))
    }
}

pub(super) fn diseases(partial: &Partial, query: &Query) -> Result<Table> {
    let asked = asked(query);
    let categories = partial.names.of(Dimension::Disease).len();
    let kinds: Vec<Disease> =
        (0..=categories).map(|number| disease(u16::try_from(number).ok().and_then(|number| partial.names.name(Dimension::Disease, number)), query.level)).collect();
    // Several categories may be one kind; kinds are numbered in their order.
    let distinct: Vec<&Disease> = kinds.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let numbers: Vec<usize> = kinds.iter().map(|kind| distinct.binary_search(&kind).unwrap_or_default()).collect();
    let kind = |key: &Key| if asked(key) { numbers.get(usize::from(slot(key, 3))).map_or(NOWHERE, |kind| u32::try_from(*kind).unwrap_or(NOWHERE)) } else { NOWHERE };
    let kind_of: Vec<u32> = partial.visits.cells().iter().map(|(key, _)| kind(key)).collect();

    let mut visits: Vec<Option<u64>> = vec![None; distinct.len()];
    for (kind, (_, sums)) in kind_of.iter().zip(partial.visits.cells()) {
        visits.iter_mut().skip(*kind as usize).take(1).for_each(|visits| *visits.get_or_insert(0) += sums.count);
    }
    let alone: Vec<Vec<u32>> = (0..).take(distinct.len()).map(|kind| vec![kind]).collect();
    let patients = people(&partial.visits, &partial.people, distinct.len(), &kind_of, &alone);
    let seen = distinct.iter().zip(&visits).zip(&patients).enumerate().filter_map(|(at, ((kind, visits), patients))| Some((at, *kind, (*visits)?, *patients)));
    let known: Vec<(usize, &Disease, u64, u64)> = seen.clone().filter(|(_, kind, ..)| matches!(kind, Disease::Known(..))).collect();
    let mut first: Vec<&(usize, &Disease, u64, u64)> = known.iter().filter(|(.., patients)| *patients >= u64::from(query.min_cell)).collect();
    first.sort_by_key(|(at, _, visits, _)| (Reverse(*visits), *at));
    first.truncate(query.top as usize);
    let uncoded = seen.clone().find(|(_, kind, ..)| **kind == Disease::Uncoded);
    let rest = (known.len() > first.len()).then_some(first.len());
    let mut rows: Vec<Disease> = first.iter().map(|(_, kind, ..)| (*kind).clone()).collect();
    rows.extend(rest.map(|_| Disease::Rest));
    rows.extend(uncoded.map(|_| Disease::Uncoded));
    // What is neither among the first nor uncoded is in the rest.
    let mut row_of: Vec<Option<usize>> = vec![rest; distinct.len()];
    let named = first.iter().enumerate().map(|(row, (at, ..))| (*at, row)).chain(uncoded.map(|(at, ..)| (at, rows.len() - 1)));
    named.for_each(|(at, row)| row_of.iter_mut().skip(at).take(1).for_each(|of| *of = Some(row)));
    let place = |at: usize| kind_of.get(at).and_then(|kind| row_of.get(*kind as usize)).copied().flatten();

    let columns = sexes().count();
    let counts = counted(partial, rows.len(), columns, |at, key| Some((place(at)?, sex(key))));
    let mut ages = vec![Ages::default(); rows.len() + 1];
    for (at, (key, sums)) in partial.visits.cells().iter().enumerate() {
        let Some(row) = place(at) else { continue };
        [row, rows.len()].into_iter().for_each(|row| ages.iter_mut().skip(row).take(1).for_each(|ages| ages.add(key, sums.count)));
    }

    let mut table = Table::of(query, partial.until_ms, "就诊人次，按主要诊断与就诊日期统计（北京时间），就诊人数去重；*为小单元抑制");
    for (key, title, holds) in [("rank", "序号", Holds::Count), ("code", "编码", Holds::Text), ("name", "名称", Holds::Text), ("visits", "就诊人次", Holds::Count)] {
        table.column(key, title, holds);
    }
    table.column("patients", "就诊人数（去重）", Holds::Count);
    table.column("share", "占比", Holds::Percent);
    sexes().for_each(|(key, title)| table.column(key, title, Holds::Count));
    table.column("mean_age", "平均年龄", Holds::Decimal);

    let hidden = counts.hidden(query.min_cell.into());
    let width = columns + 1;
    let all = count(counts.values.last().copied().unwrap_or_default());
    let whole_hidden = hidden.last() == Some(&true);
    let anything = hidden.chunks(width).any(|row| row.last() == Some(&true));
    let lines = counts.values.chunks(width).zip(counts.people.chunks(width)).zip(hidden.chunks(width)).zip(&ages);
    for (at, (((values, people), hidden), ages)) in lines.enumerate() {
        let is_total = at == rows.len();
        let (rank, code, name) = match rows.get(at) {
            Some(Disease::Known(code, name)) => (Cell::count(at as u64 + 1), Cell::text(code), Cell::text(name)),
            Some(Disease::Rest) => (Cell::Blank, Cell::Blank, Cell::text("其他")),
            Some(Disease::Uncoded) => (Cell::Blank, Cell::Blank, Cell::text("未编码")),
            None => (Cell::Blank, Cell::Blank, Cell::text("合计")),
        };
        let (visits, patients) = (values.last().copied().unwrap_or_default(), people.last().copied().unwrap_or_default());
        // What is not added up must not be subtracted either: with a hidden row, the total's other numbers are hidden.
        let (row_hidden, rest_hidden) = (hidden.last() == Some(&true), hidden.last() == Some(&true) || (is_total && anything));
        let shown = |hidden: bool, cell: Cell| if hidden { Cell::hidden() } else { cell };
        let mut cells = vec![rank, code, name, shown(row_hidden, Cell::count(visits)), shown(rest_hidden, Cell::count(patients))];
        cells.push(shown(row_hidden || whole_hidden, Cell::percent(count(visits).share_of(all))));
        cells.extend(values.iter().zip(hidden).take(columns).map(|(value, hidden)| shown(*hidden, Cell::count(*value))));
        cells.push(shown(rest_hidden, ages.mean()));
        table.row(if is_total { Level::Total } else { Level::Detail }, cells);
    }
    Ok(table)
}

fn count(count: u64) -> Net {
    Net::of_fen(i64::try_from(count).unwrap_or(i64::MAX))
}
