//! Seeded charge lines: one insured visit for B1, columns of many patients for B2, and the CSV the peers read.

use std::fmt::{Display, Write as _};
use std::io::{self, Write as _};

use menjie::bill::{GroupRequest, LineColumns};
use menjie::charge::ItemKind;
use menjie::money::{Quantity, UnitPrice, line_amount};
use serde_json::json;

/// SplitMix64: small, seeded, the same everywhere.
pub struct Rng(u64);

impl Rng {
    /// A generator of this seed.
    pub const fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T], default: T) -> T {
        from.get(self.below(from.len() as u64) as usize).copied().unwrap_or(default)
    }
}

const DEPTS: [&str; 6] = ["JYK", "DSL", "XLZX", "FSK", "ZLS", "MZ"];
const PHARMACIES: [&str; 2] = ["XYF", "ZYF"];

/// Price × 10^6 and quantity × 10^4 of a line, and its amount in fen.
fn sums(rng: &mut Rng) -> (i64, i64, i64) {
    let price = (100 + rng.below(2_000_000)) as i64 * 100; // 4 decimals, below 200 yuan
    let quantity = (1 + rng.below(28)) as i64 * 10_000;
    let amount = UnitPrice::from_scaled(price).and_then(|p| line_amount(p, Quantity::from_scaled(quantity)?, 1));
    (price, quantity, amount.map_or(0, |a| a.fen()))
}

fn decimal(scaled: i64, digits: usize) -> String {
    let unit = 10i64.pow(digits as u32);
    format!("{}.{:0digits$}", scaled / unit, scaled % unit)
}

/// The bytes of a `bill.group` request: one insured visit with drugs, services, self-paid items and one set of a main
/// line with its attached material in every ten lines (the material has no executing department of its own).
pub fn request_json(lines: usize, seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let rows: Vec<_> = (0..lines)
        .map(|at| {
            let (price, quantity, amount_fen) = sums(&mut rng);
            let dept = rng.pick(&DEPTS, "MZ");
            let (drug, main, attached) = (at % 10 < 4, at % 10 == 7, at % 10 == 8);
            let mut line = json!({
                "line_id": format!("L{:011}{at:05}", 20_260_310),
                "version": 1 + rng.below(2),
                "patient_id": "P0000100234",
                "visit_id": "V202603100001",
                "order_no": format!("R20260310{:04}", at / 5),
                "line_no": at % 5 + 1,
                "kind": if drug { "drug" } else if attached { "material" } else { "service" },
                "fee_class": if drug { "09" } else { "04" },
                "item_code": format!("X{:06}", rng.below(999_999)),
                "item_name": if drug { "盐酸舍曲林片" } else { "汉密尔顿抑郁量表" },
                "unit": if drug { "片" } else { "次" },
                "price": decimal(price, 6),
                "quantity": decimal(quantity, 4),
                "amount_fen": amount_fen,
                "order_dept_code": "MZ",
                "order_dept_name": "精神科门诊",
                "self_paid_item": rng.below(8) == 0,
            });
            if let Some(fields) = line.as_object_mut() {
                let mut put = |key: &str, value: serde_json::Value| fields.insert(key.to_owned(), value);
                if drug {
                    put("spec", json!("50mg*28"));
                    put("pharmacy_code", json!(rng.pick(&PHARMACIES, "XYF")));
                    put("pharmacy_name", json!("门诊药房"));
                } else if !attached {
                    put("exec_dept_code", json!(dept));
                    put("exec_dept_name", json!("执行科室"));
                }
                if main || attached {
                    put("atomic_key", json!(format!("K{}", at / 10)));
                    put("main_line", json!(main));
                }
            }
            line
        })
        .collect();
    let visit = json!({
        "visit_id": "V202603100001", "patient_id": "P0000100234", "date": "2026-03-10", "dept_code": "MZ", "dept_name": "精神科门诊",
        "payer": "insured", "med_type": "14", "dise_codg": "F32.900",
    });
    json!({"visits": [visit], "lines": rows}).to_string()
}

/// The request behind [`request_json`].
pub fn request(lines: usize, seed: u64) -> serde_json::Result<GroupRequest> {
    serde_json::from_str(&request_json(lines, seed))
}

/// Texts of one column, one behind the other in row order, as Arrow and the peers keep them.
#[derive(Default)]
pub(crate) struct Column {
    text: String,
    ends: Vec<usize>,
}

impl Column {
    pub(crate) fn of(count: usize, rows: impl Iterator<Item = impl Display>) -> Column {
        let mut column = Column { text: String::new(), ends: Vec::with_capacity(count) };
        for row in rows {
            // Writing into a String does not fail.
            let _ = write!(column.text, "{row}");
            column.ends.push(column.text.len());
        }
        column
    }

    /// As `utf8`; an empty text is null in a column that is optional.
    pub(crate) fn write_arrow(&self, name: &str, optional: bool, out: &mut impl io::Write) -> io::Result<()> {
        let ends = [0].into_iter().chain(self.ends.iter().copied());
        let ends: Vec<u8> = ends.flat_map(|end| i32::try_from(end).unwrap_or_default().to_le_bytes()).collect();
        let there: Vec<bool> = self.iter().map(|text| !text.is_empty()).collect();
        let bits: Vec<u8> = if optional { there.chunks(8).map(|rows| rows.iter().rev().fold(0, |bits, row| bits << 1 | u8::from(*row))).collect() } else { Vec::new() };
        write_column(out, name, "u", self.ends.len(), &[&bits, &ends, self.text.as_bytes()])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| self.text.get(std::mem::replace(&mut start, *end)..*end).unwrap_or_default())
    }
}

/// A column of whole numbers, none of them null.
pub(crate) fn write_numbers(out: &mut impl io::Write, name: &str, numbers: impl ExactSizeIterator<Item = i64>) -> io::Result<()> {
    let rows = numbers.len();
    let bytes: Vec<u8> = numbers.flat_map(i64::to_le_bytes).collect();
    write_column(out, name, "l", rows, &[&[], &bytes])
}

/// A column as Arrow has it: a line that describes it, and each buffer behind its length.
fn write_column(out: &mut impl io::Write, name: &str, format: &str, rows: usize, buffers: &[&[u8]]) -> io::Result<()> {
    writeln!(out, "{name} {format} {rows} {}", buffers.len())?;
    for buffer in buffers {
        writeln!(out, "{}", buffer.len())?;
        out.write_all(buffer)?;
        writeln!(out)?;
    }
    Ok(())
}

/// What a line is made of, before its texts are written.
#[derive(Clone, Copy)]
struct Seed {
    line: usize,
    visit: u64,
    order: u64,
    version: u32,
    drug: bool,
    price: i64,
    quantity: i64,
    amount: i64,
    exec: &'static str,
    pharmacy: &'static str,
}

/// Lines of many patients, in columns: 3–8 lines a visit, 1–4 places, no sets and no reversals (the peers would need
/// another pass for those).
pub struct Table {
    line_id: Column,
    patient_id: Column,
    visit_id: Column,
    order_no: Column,
    exec: Column,
    pharmacy: Column,
    version: Vec<u32>,
    kind: Vec<ItemKind>,
    price: Vec<i64>,
    quantity: Vec<i64>,
    amount: Vec<i64>,
    constant: Vec<&'static str>,
}

impl Table {
    /// `count` lines in visit order, or shuffled.
    pub fn new(count: usize, seed: u64, shuffled: bool) -> Table {
        let mut rng = Rng::new(seed);
        let mut rows = Vec::with_capacity(count);
        let mut visit = 0u64;
        while rows.len() < count {
            visit += 1;
            let places = 1 + rng.below(3) as usize;
            for n in 0..3 + rng.below(6) {
                if rows.len() == count {
                    break;
                }
                let (price, quantity, amount) = sums(&mut rng);
                let drug = n % 2 == 0;
                let version = 1 + rng.below(2) as u32;
                let exec = if rng.below(100) > 0 { rng.pick(DEPTS.get(..places).unwrap_or(&DEPTS), "MZ") } else { "" };
                let pharmacy = if drug && rng.below(20) > 0 { rng.pick(&PHARMACIES, "XYF") } else { "" };
                rows.push(Seed { line: rows.len(), visit, order: n / 3, version, drug, price, quantity, amount, exec, pharmacy });
            }
        }
        if shuffled {
            for at in (1..rows.len()).rev() {
                rows.swap(at, rng.below(at as u64 + 1) as usize);
            }
        }
        Table {
            line_id: Column::of(count, rows.iter().map(|r| format!("L{:08}{:08}", 20_260_310, r.line))),
            patient_id: Column::of(count, rows.iter().map(|r| format!("P{:010}", r.visit % 60_000))),
            visit_id: Column::of(count, rows.iter().map(|r| format!("V20260310{:07}", r.visit))),
            order_no: Column::of(count, rows.iter().map(|r| format!("R{:07}{}", r.visit, r.order))),
            exec: Column::of(count, rows.iter().map(|r| r.exec)),
            pharmacy: Column::of(count, rows.iter().map(|r| r.pharmacy)),
            version: rows.iter().map(|r| r.version).collect(),
            kind: rows.iter().map(|r| if r.drug { ItemKind::Drug } else { ItemKind::Service }).collect(),
            price: rows.iter().map(|r| r.price).collect(),
            quantity: rows.iter().map(|r| r.quantity).collect(),
            amount: rows.iter().map(|r| r.amount).collect(),
            constant: vec!["MZ"; count],
        }
    }

    /// Borrowed texts of the owned columns.
    pub fn texts(&self) -> Texts<'_> {
        fn given(column: &Column) -> Vec<Option<&str>> {
            column.iter().map(|text| (!text.is_empty()).then_some(text)).collect()
        }
        Texts {
            table: self,
            line_id: self.line_id.iter().collect(),
            patient_id: self.patient_id.iter().collect(),
            visit_id: self.visit_id.iter().collect(),
            order_no: given(&self.order_no),
            exec: given(&self.exec),
            pharmacy: given(&self.pharmacy),
        }
    }

    /// Writes the buffers of Arrow columns, for a program of another language (`peers/crossing/crossing.c` says how).
    pub fn write_arrow(&self, out: impl io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        let count = self.amount.len();
        for (name, column, optional) in [
            ("line_id", &self.line_id, false),
            ("patient_id", &self.patient_id, false),
            ("visit_id", &self.visit_id, false),
            ("order_no", &self.order_no, true),
            ("exec_dept_code", &self.exec, true),
            ("pharmacy_code", &self.pharmacy, true),
        ] {
            column.write_arrow(name, optional, &mut out)?;
        }
        let constant = Column::of(count, self.constant.iter());
        for name in ["fee_class", "item_code", "order_dept_code"] {
            constant.write_arrow(name, false, &mut out)?;
        }
        let kinds = self.kind.iter().map(|kind| if *kind == ItemKind::Drug { "drug" } else { "service" });
        Column::of(count, kinds).write_arrow("kind", false, &mut out)?;
        let versions: Vec<u8> = self.version.iter().flat_map(|number| number.to_le_bytes()).collect();
        write_column(&mut out, "version", "I", count, &[&[], &versions])?;
        for (name, numbers) in [("price_e6", &self.price), ("quantity_e4", &self.quantity), ("amount_fen", &self.amount)] {
            write_numbers(&mut out, name, numbers.iter().copied())?;
        }
        out.flush()
    }

    /// Writes what the peers read.
    pub fn write_csv(&self, out: impl io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        writeln!(out, "line_id,version,visit_id,kind,amount_fen,order_dept,exec_dept,pharmacy")?;
        let rows = self.line_id.iter().zip(&self.version).zip(self.visit_id.iter()).zip(&self.kind).zip(&self.amount).zip(self.exec.iter()).zip(self.pharmacy.iter());
        for ((((((line, version), visit), kind), amount), exec), pharmacy) in rows {
            let kind = if *kind == ItemKind::Drug { "drug" } else { "service" };
            writeln!(out, "{line},{version},{visit},{kind},{amount},MZ,{exec},{pharmacy}")?;
        }
        out.flush()
    }
}

/// A [`Table`] with its texts borrowed, as a host's columns would be.
pub struct Texts<'a> {
    table: &'a Table,
    line_id: Vec<&'a str>,
    patient_id: Vec<&'a str>,
    visit_id: Vec<&'a str>,
    order_no: Vec<Option<&'a str>>,
    exec: Vec<Option<&'a str>>,
    pharmacy: Vec<Option<&'a str>>,
}

impl Texts<'_> {
    /// The columns.
    pub fn columns(&self) -> LineColumns<'_> {
        let t = self.table;
        LineColumns {
            line_id: &self.line_id,
            version: Some(&t.version),
            patient_id: &self.patient_id,
            visit_id: &self.visit_id,
            payer: None,
            med_type: None,
            dise_codg: None,
            visit_dept_code: None,
            order_no: Some(&self.order_no),
            line_no: None,
            kind: &t.kind,
            fee_class: &t.constant,
            item_code: &t.constant,
            price_e6: &t.price,
            quantity_e4: &t.quantity,
            doses: None,
            amount_fen: &t.amount,
            order_dept_code: &t.constant,
            exec_dept_code: Some(&self.exec),
            pharmacy_code: Some(&self.pharmacy),
            atomic_key: None,
            main_line: None,
            self_paid_item: None,
            reverses: None,
        }
    }
}
