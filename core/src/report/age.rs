//! 患者年龄分布 (H): bands × sex × insured, by the age on the day of the visit in UTC+8.

use super::cube::{Key, slot};
use super::fact::{InsuranceClass, Sex, Word};
use super::fold::Flags;
use super::partial::Partial;
use super::people::{NOWHERE, people};
use super::query::Query;
use super::suppress::Counts;
use super::table::{Cell, Holds, Level, Table};
use crate::error::Result;

/// Lower bounds of the national discharge tables; psychiatric ones are 0, 7, 13, 18, 45, 60, 75 (domain/hospital.md §6.6).
const NATIONAL: [u16; 5] = [0, 5, 15, 45, 60];

const PAYERS: [(&str, &str); 3] = [("insured", "医保"), ("self_pay", "自费"), ("unknown", "未知")];

const SEXES: [(Sex, &str); 3] = [(Sex::Male, "male"), (Sex::Female, "female"), (Sex::Unknown, "unknown")];

/// Which of [`PAYERS`].
fn payer(class: InsuranceClass) -> usize {
    match class {
        InsuranceClass::SelfPay => 1,
        InsuranceClass::Unknown => 2,
        InsuranceClass::Employee | InsuranceClass::Resident | InsuranceClass::Public | InsuranceClass::Other => 0,
    }
}

/// Which of [`SEXES`].
pub(super) fn sex(key: &Key) -> usize {
    let sex = Sex::of_slot(slot(key, 5));
    SEXES.iter().position(|(known, _)| *known == sex).unwrap_or_default()
}

/// The headings of [`SEXES`].
pub(super) fn sexes() -> impl Iterator<Item = (&'static str, &'static str)> {
    SEXES.into_iter().map(|(sex, key)| (key, sex.label()))
}

/// Is the cell one of visits that are asked for?
pub(super) fn asked(query: &Query) -> impl Fn(&Key) -> bool + use<> {
    let (days, insured) = (query.days(), query.insured());
    move |key| days.contains(&u32::from(slot(key, 0))) && insured(slot(key, 6)) && Flags::of(slot(key, 7)).is_visit()
}

/// Visits and people of a table with the totals behind; `place` says in which row and column a cell of the visits is counted, by its position and key.
pub(super) fn counted(partial: &Partial, rows: usize, columns: usize, place: impl Fn(usize, &Key) -> Option<(usize, usize)>) -> Counts {
    let (width, cells) = (columns + 1, partial.visits.cells());
    // The cell itself, the end of its row, the end of its column, the end of both.
    let ends = |row: usize, column: usize| [row * width + column, row * width + columns, rows * width + column, rows * width + columns];
    let number = |at: usize| u32::try_from(at).unwrap_or(NOWHERE);
    let groups: Vec<Vec<u32>> = (0..rows * columns).map(|group| ends(group / columns, group % columns).map(number).to_vec()).collect();
    let mut visits = vec![0u64; groups.len()];
    let mut group_of = Vec::with_capacity(cells.len());
    for (at, (key, sums)) in cells.iter().enumerate() {
        let group = place(at, key).map(|(row, column)| row * columns + column);
        let into = group.and_then(|group| visits.get_mut(group));
        into.into_iter().for_each(|visits| *visits += sums.count);
        group_of.push(group.map_or(NOWHERE, number));
    }
    let size = (rows + 1) * width;
    let mut values = vec![0; size];
    for (of, count) in groups.iter().zip(visits) {
        of.iter().for_each(|at| values.iter_mut().skip(*at as usize).take(1).for_each(|value| *value += count));
    }
    Counts { columns: width, values, people: people(&partial.visits, &partial.people, size, &group_of, &groups) }
}

pub(super) fn ages(partial: &Partial, query: &Query) -> Result<Table> {
    let bands: &[u16] = if query.bands.is_empty() { &NATIONAL } else { &query.bands };
    let (rows, columns) = (bands.len() + 1, SEXES.len() * PAYERS.len());
    let asked = asked(query);
    let counts = counted(partial, rows, columns, |_, key| {
        let band = match slot(key, 4) {
            0 => bands.len(),
            age => bands.iter().rposition(|from| *from < age).unwrap_or_default(),
        };
        asked(key).then(|| (band, sex(key) * PAYERS.len() + payer(InsuranceClass::of_slot(slot(key, 6)))))
    });
    let mut table = Table::of(query, partial.until_ms, "就诊人次，按就诊日年龄统计（北京时间）；*为小单元抑制");
    table.column("band", "年龄段", Holds::Text);
    for (sex, sex_label) in sexes() {
        for (payer, payer_label) in PAYERS {
            table.column(format!("{sex}_{payer}"), format!("{sex_label}·{payer_label}"), Holds::Count);
        }
    }
    table.column("total", "合计", Holds::Count);
    let hidden = counts.hidden(query.min_cell.into());
    let shown: Vec<Cell> = counts.values.iter().zip(&hidden).map(|(value, hidden)| if *hidden { Cell::hidden() } else { Cell::count(*value) }).collect();
    for (row, cells) in shown.chunks(columns + 1).enumerate() {
        let label = match bands.get(row) {
            Some(from) => bands.get(row + 1).map_or_else(|| format!("≥{from}"), |next| band(*from, *next)),
            None if row == bands.len() => "未知".to_owned(),
            None => "合计".to_owned(),
        };
        let level = if row == rows { Level::Total } else { Level::Detail };
        table.row(level, [Cell::text(label)].into_iter().chain(cells.iter().cloned()).collect());
    }
    Ok(table)
}

fn band(from: u16, next: u16) -> String {
    if next - from == 1 { from.to_string() } else { format!("{from}–{}", next - 1) }
}
