//! B6 (domain BENCHMARKS.md): the report pack over a year of settlements, against the peers, in one run.
//!
//! `b6 [--settlements 1000000,5000000] [--runs 5] [--python PATH] [--peers DIR] [--work DIR] [--alone yes]` prints a Markdown table.
//! Every number of a peer's tables is compared with ours before its times count.

use std::io::Write as _;
use std::path::PathBuf;

use menjie::BizDate;
use menjie::report::{Axis, Cell, Facts, Level, MovementColumns, Partial, PatientKey, Query, ReportName, Table, VisitColumns, finish, fold};
use menjie_benches::Fallible;
use menjie_benches::measure::{Timing, checksum, measure};
use menjie_benches::peers::{option, report, run};
use menjie_benches::process::memory_kib;
use menjie_benches::settlements::{Settlements, year};

const SEED: u64 = 20_260_101;
const SECRET: [u8; 32] = [7; 32];
const MONEY: &[&str] = &["payments", "paid_fen", "refunds", "refunded_fen", "fund_fen", "account_fen", "cash_fen"];

/// A report of the pack: its name for the peers, the question, the columns that name a row, and the numbers that are compared.
struct Asked {
    name: &'static str,
    query: Query,
    keys: &'static [&'static str],
    numbers: &'static [&'static str],
}

fn pack(from: BizDate, to: BizDate) -> Vec<Asked> {
    let query = |report, by: &[Axis]| Query { by: by.to_vec(), min_cell: 0, ..Query::new(report, from, to) };
    let money = |name, axis, keys| Asked { name, query: query(ReportName::Receipts, &[axis]), keys, numbers: MONEY };
    let ages = &["male_insured", "male_self_pay", "female_insured", "female_self_pay", "total"];
    vec![
        money("day", Axis::Day, &["day"]),
        money("exec_dept", Axis::ExecDept, &["exec_dept"]),
        money("insurance", Axis::Insurance, &["insurance"]),
        money("channel", Axis::Channel, &["channel"]),
        Asked { name: "volume", query: query(ReportName::Volume, &[Axis::Day, Axis::Dept]), keys: &["day", "dept"], numbers: &["visits", "patients", "insured", "self_pay"] },
        Asked { name: "ages", query: query(ReportName::Ages, &[]), keys: &["band"], numbers: ages },
        Asked { name: "diseases", query: Query { top: 100, ..query(ReportName::Diseases, &[]) }, keys: &["code"], numbers: &["visits", "patients", "male", "female", "mean_age"] },
    ]
}

fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: &str| option(&args, name, default);
    let sizes: Vec<usize> = option("--settlements", "1000000,5000000").split(',').map(str::parse).collect::<Result<_, _>>()?;
    let runs: usize = option("--runs", "5").parse()?;
    let peers = PathBuf::from(option("--peers", concat!(env!("CARGO_MANIFEST_DIR"), "/peers")));
    let work = PathBuf::from(option("--work", &std::env::temp_dir().join("menjie-b6").display().to_string()));
    let python = option("--python", "python3");
    let alone = option("--alone", "no") == "yes";
    std::fs::create_dir_all(&work)?;

    let (from, to) = (BizDate::parse("2025-01-01")?, BizDate::parse("2026-02-28")?);
    let pack = pack(from, to);
    let key = PatientKey::new(&SECRET)?;
    let (mut timings, mut names, mut added) = (Vec::<Timing>::new(), Vec::new(), Vec::new());
    for count in sizes {
        for (order, shuffled) in [("by day", false), ("shuffled", true)] {
            let name = format!("{count} {order}");
            let settlements = year(count, SEED, from, shuffled);
            if !alone {
                write(&settlements, &work, &name)?;
            }
            let facts = settlements.facts();
            let tables = whole(&facts, &key, &pack)?;
            let check = check(&tables, &pack)?;
            timings.push(measure(&format!("b6 {name}"), runs, 1, check, || whole(&facts, &key, &pack)));
            if !shuffled {
                added.push(a_new_day(&facts, &key, &pack, count, runs)?);
            }
            names.push(name);
        }
    }
    let ours = timings.clone();
    if !alone {
        // A process for each table, so that no peer has to keep two in memory.
        for script in ["report_pandas.py", "report_polars.py", "report_duckdb.py"] {
            for name in &names {
                timings.extend(run(&python, &peers.join(script), &work, runs, Some(name))?);
            }
        }
    }
    report(&ours, &timings, runs)?;
    let mut out = std::io::stdout();
    write!(out, "{}", new_days(&added))?;
    writeln!(out, "\nMost memory that menjie has had, the facts and the making of them included: {} MiB.", memory_kib("self", "VmHWM")? / 1024)?;
    Ok(())
}

fn write(settlements: &Settlements, work: &std::path::Path, name: &str) -> Fallible<()> {
    let file = |what: &str| std::fs::File::create(work.join(format!("{what}_{}.csv", name.replace(' ', "_"))));
    Ok(settlements.write_csv(file("movements")?, file("visits")?)?)
}

/// The whole pack of facts.
fn whole(facts: &Facts<'_>, key: &PatientKey, pack: &[Asked]) -> menjie::Result<Vec<Table>> {
    let partial = fold(facts, key)?;
    finished(&partial, pack)
}

fn finished(partial: &Partial, pack: &[Asked]) -> menjie::Result<Vec<Table>> {
    pack.iter().map(|asked| finish(partial, &asked.query)).collect()
}

/// A year is there as a partial, and its last day comes to it: the day is folded and merged, and the pack is finished anew.
fn a_new_day(facts: &Facts<'_>, key: &PatientKey, pack: &[Asked], count: usize, runs: usize) -> Fallible<(usize, Timing, Timing, Timing)> {
    let last = facts.visits.at.iter().max().copied().unwrap_or_default() - 43_200_000;
    let place = |at: &[i64]| at.iter().rposition(|ms| *ms < last).map_or(0, |before| before + 1);
    let (moved, seen) = (place(&facts.movements.at), place(&facts.visits.at));
    let (before, day) = (part(facts, 0..moved, 0..seen), part(facts, moved..facts.movements.at.len(), seen..facts.visits.at.len()));
    let (year, new) = (fold(&before, key)?, fold(&day, key)?);
    let both = year.merge(&new)?;
    Ok((
        count,
        measure("fold", runs, 1, String::new(), || fold(&day, key)),
        measure("merge", runs, 1, String::new(), || year.merge(&new)),
        measure("finish", runs, 1, String::new(), || finished(&both, pack)),
    ))
}

fn part<'a>(facts: &'a Facts<'_>, moved: std::ops::Range<usize>, seen: std::ops::Range<usize>) -> Facts<'a> {
    fn of<'a, T: Clone>(column: &'a [T], rows: &std::ops::Range<usize>) -> std::borrow::Cow<'a, [T]> {
        column.get(rows.clone()).unwrap_or_default().into()
    }
    let (m, v) = (&facts.movements, &facts.visits);
    Facts {
        movements: MovementColumns {
            at: of(&m.at, &moved),
            event: of(&m.event, &moved),
            channel: of(&m.channel, &moved),
            exec_dept: of(&m.exec_dept, &moved),
            insurance: of(&m.insurance, &moved),
            fund_fen: of(&m.fund_fen, &moved),
            account_fen: of(&m.account_fen, &moved),
            cash_fen: of(&m.cash_fen, &moved),
            ..MovementColumns::default()
        },
        visits: VisitColumns {
            at: of(&v.at, &seen),
            state: of(&v.state, &seen),
            dept: of(&v.dept, &seen),
            patient: of(&v.patient, &seen),
            insurance: of(&v.insurance, &seen),
            birth_date: of(&v.birth_date, &seen),
            sex: of(&v.sex, &seen),
            diagnosis: of(&v.diagnosis, &seen),
            ..VisitColumns::default()
        },
        ..Facts::default()
    }
}

/// Of every number that peers have, too: `report|row` with the number's name.
fn check(tables: &[Table], pack: &[Asked]) -> Fallible<String> {
    let mut told = Vec::new();
    for (table, asked) in tables.iter().zip(pack) {
        let place = |key: &&str| table.columns.iter().position(|column| column.key == **key).ok_or_else(|| format!("{} has no {key}", asked.name));
        let keys = asked.keys.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let numbers = asked.numbers.iter().map(|key| Ok((*key, place(key)?))).collect::<Result<Vec<_>, String>>()?;
        for row in table.rows.iter().filter(|row| row.level == Level::Detail) {
            let text = |at: &usize| if let Some(Cell::Text(text)) = row.cells.get(*at) { text.clone() } else { String::new() };
            let name = keys.iter().map(text).collect::<Vec<_>>().join("|");
            for (number, at) in &numbers {
                let value = match row.cells.get(*at) {
                    Some(Cell::Number(number)) => *number,
                    // A mean with one decimal.
                    Some(Cell::Text(text)) => text.replace('.', "").parse()?,
                    _ => 0,
                };
                // Rows of zeros are ours alone: peers have no row where there is nothing.
                if value != 0 {
                    told.push((format!("{}|{name}", asked.name), *number, value));
                }
            }
        }
    }
    Ok(checksum(told.iter().map(|(row, number, value)| (row.as_str(), *number, *value))))
}

fn new_days(added: &[(usize, Timing, Timing, Timing)]) -> String {
    let mut text = String::from("\nA new day: folded, merged with the year before it, and the pack finished anew. CPU ms of menjie, medians.\n\n");
    text.push_str("| settlements of the year | fold the day | merge | finish the pack |\n|---:|---:|---:|---:|\n");
    for (count, fold, merge, finish) in added {
        text.push_str(&format!("| {count} | {:.2} | {:.2} | {:.2} |\n", fold.cpu() / 1e3, merge.cpu() / 1e3, finish.cpu() / 1e3));
    }
    text
}
