//! Seeded charge lines: one insured visit for B1, columns of many patients for B2, and the CSV the peers read.

use std::io::{self, Write};

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

/// Lines of many patients, in columns: 3–8 lines a visit, 1–4 places, no sets and no reversals (the peers would need
/// another pass for those).
#[derive(Default)]
pub struct Table {
    line_id: Vec<String>,
    patient_id: Vec<String>,
    visit_id: Vec<String>,
    version: Vec<u32>,
    order_no: Vec<String>,
    kind: Vec<ItemKind>,
    price: Vec<i64>,
    quantity: Vec<i64>,
    amount: Vec<i64>,
    exec: Vec<Option<&'static str>>,
    pharmacy: Vec<Option<&'static str>>,
    constant: Vec<&'static str>,
}

impl Table {
    /// `count` lines in visit order, or shuffled.
    pub fn new(count: usize, seed: u64, shuffled: bool) -> Table {
        let mut rng = Rng::new(seed);
        let mut table = Table::default();
        let mut visit = 0u64;
        while table.line_id.len() < count {
            visit += 1;
            let places = 1 + rng.below(3) as usize;
            for n in 0..3 + rng.below(6) {
                if table.line_id.len() == count {
                    break;
                }
                let (price, quantity, amount) = sums(&mut rng);
                let drug = n % 2 == 0;
                table.line_id.push(format!("L{:08}{:08}", 20_260_310, table.line_id.len()));
                table.patient_id.push(format!("P{:010}", visit % 60_000));
                table.visit_id.push(format!("V20260310{visit:07}"));
                table.version.push(1 + rng.below(2) as u32);
                table.order_no.push(format!("R{visit:07}{}", n / 3));
                table.kind.push(if drug { ItemKind::Drug } else { ItemKind::Service });
                table.price.push(price);
                table.quantity.push(quantity);
                table.amount.push(amount);
                table.exec.push((rng.below(100) > 0).then(|| rng.pick(DEPTS.get(..places).unwrap_or(&DEPTS), "MZ")));
                table.pharmacy.push((drug && rng.below(20) > 0).then(|| rng.pick(&PHARMACIES, "XYF")));
                table.constant.push("MZ");
            }
        }
        if shuffled {
            table.shuffle(&mut rng);
        }
        table
    }

    fn shuffle(&mut self, rng: &mut Rng) {
        for at in (1..self.line_id.len()).rev() {
            let to = rng.below(at as u64 + 1) as usize;
            self.line_id.swap(at, to);
            self.patient_id.swap(at, to);
            self.visit_id.swap(at, to);
            self.version.swap(at, to);
            self.order_no.swap(at, to);
            self.kind.swap(at, to);
            self.price.swap(at, to);
            self.quantity.swap(at, to);
            self.amount.swap(at, to);
            self.exec.swap(at, to);
            self.pharmacy.swap(at, to);
        }
    }

    /// Borrowed texts of the owned columns.
    pub fn texts(&self) -> Texts<'_> {
        Texts {
            table: self,
            line_id: self.line_id.iter().map(String::as_str).collect(),
            patient_id: self.patient_id.iter().map(String::as_str).collect(),
            visit_id: self.visit_id.iter().map(String::as_str).collect(),
            order_no: self.order_no.iter().map(|s| Some(s.as_str())).collect(),
        }
    }

    /// Writes what the peers read.
    pub fn write_csv(&self, out: impl Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        writeln!(out, "line_id,version,visit_id,kind,amount_fen,order_dept,exec_dept,pharmacy")?;
        let rows = self.line_id.iter().zip(&self.version).zip(&self.visit_id).zip(&self.kind).zip(&self.amount).zip(&self.exec).zip(&self.pharmacy);
        for ((((((line, version), visit), kind), amount), exec), pharmacy) in rows {
            let kind = if *kind == ItemKind::Drug { "drug" } else { "service" };
            writeln!(out, "{line},{version},{visit},{kind},{amount},MZ,{},{}", exec.unwrap_or(""), pharmacy.unwrap_or(""))?;
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
            exec_dept_code: Some(&t.exec),
            pharmacy_code: Some(&t.pharmacy),
            atomic_key: None,
            main_line: None,
            self_paid_item: None,
            reverses: None,
        }
    }
}
