//! Writes one visit's charge lines.

use menjie::calendar::Timestamp;
use menjie::charge::{ChargeLine, FeeClass, ItemKind, Visit};
use menjie::ident::{DeptCode, LineKey};
use menjie::money::{Quantity, UnitPrice};
use menjie::{Error, Money, Result};

use super::catalogue::{DEPARTMENTS, DRUGS, HERBS, PACKAGES, PROCEDURES, Package, Procedure};
use crate::rng::Rng;

/// An item about to become a line.
struct Item<'a> {
    kind: ItemKind,
    fee_class: &'a str,
    code: &'a str,
    name: &'a str,
    spec: Option<&'a str>,
    unit: &'a str,
    price: &'a str,
    quantity: i64,
    doses: u32,
    dept: &'a str,
}

impl<'a> Item<'a> {
    const fn service(code: &'a str, name: &'a str, unit: &'a str, price: &'a str, fee_class: &'a str, dept: &'a str) -> Item<'a> {
        Item { kind: ItemKind::Service, fee_class, code, name, spec: None, unit, price, quantity: 1, doses: 1, dept }
    }
}

/// The lines of one visit as they are written.
pub(super) struct Pad<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) visit: &'a Visit,
    pub(super) ordered_at: Timestamp,
    pub(super) lines: &'a mut Vec<ChargeLine>,
    pub(super) stem: &'a str,
    pub(super) first: usize,
    pub(super) orders: u32,
}

impl Pad<'_> {
    /// How many lines this visit has so far.
    pub(super) fn written(&self) -> usize {
        self.lines.len() - self.first
    }

    /// Would a line of this department still leave the visit with at most four?
    pub(super) fn has_place_for(&self, dept: &str) -> bool {
        const MOST_DEPARTMENTS: usize = 4;
        let lines = self.lines.get(self.first..).unwrap_or_default();
        let mut depts: Vec<&str> = lines.iter().map(|line| line.exec_dept_code.as_ref().unwrap_or(&line.order_dept_code).as_str()).collect();
        depts.sort_unstable();
        depts.dedup();
        depts.contains(&dept) || depts.len() < MOST_DEPARTMENTS
    }

    /// The consultation fee, executed by the clinic itself.
    pub(super) fn consultation(&mut self) -> Result<()> {
        let dept = self.visit.dept_code.clone();
        let price = if self.rng.chance(250) { "35.00" } else { "25.00" };
        self.write(&Item::service("S001", "诊察费", "次", price, "02", dept.as_str()), None, None, false)
    }

    /// The consultation fee was taken back: a negative row cancels the positive one.
    pub(super) fn cancel_consultation(&mut self) -> Result<()> {
        let Some(paid) = self.lines.get(self.first).cloned() else { return Ok(()) };
        let line = ChargeLine {
            line_id: self.next_key()?,
            quantity: Quantity::parse("-1")?,
            amount_fen: paid.amount_fen.negated(),
            reverses: Some(paid.line_id.clone()),
            line_no: 2,
            ..paid
        };
        self.lines.push(line);
        Ok(())
    }

    /// A drug prescription of `count` items.
    pub(super) fn drugs(&mut self, count: usize) -> Result<()> {
        let order = self.next_order("CF");
        for _ in 0..count {
            let drug = self.rng.pick(&DRUGS).ok_or_else(|| Error::internal("there are drugs"))?;
            let quantity = i64::from(self.rng.pick(&drug.quantities).copied().unwrap_or(1));
            let item = Item {
                kind: ItemKind::Drug,
                fee_class: drug.fee_class,
                code: drug.code,
                name: drug.name,
                spec: Some(drug.spec),
                unit: drug.unit,
                price: drug.price,
                quantity,
                doses: 1,
                dept: "XYF",
            };
            self.write(&item, Some(&order), None, false)?;
        }
        Ok(())
    }

    /// A herb prescription: `count` herbs, so many doses, never to be split.
    pub(super) fn herbs(&mut self, count: usize) -> Result<()> {
        let order = self.next_order("ZY");
        let doses = self.rng.pick(&[5_u32, 7, 7, 14]).copied().unwrap_or(7);
        let start = self.rng.below(HERBS.len() as u64) as usize;
        for (i, (code, name, price)) in HERBS.iter().cycle().skip(start).take(count).enumerate() {
            let quantity = i64::from(self.rng.pick(&[6_u32, 9, 10, 12, 15]).copied().unwrap_or(9));
            let item = Item { kind: ItemKind::Herb, fee_class: "10", code, name, spec: Some("饮片"), unit: "g", price, quantity, doses, dept: "ZYF" };
            self.write(&item, Some(&order), Some(&order), i == 0)?;
        }
        Ok(())
    }

    /// An examination, laboratory test or treatment; what it uses up is attached to it.
    pub(super) fn procedure(&mut self, missing_dept_per_mille: u32) -> Result<()> {
        let possible: Vec<&Procedure> = PROCEDURES.iter().filter(|procedure| self.has_place_for(procedure.dept)).collect();
        // Of four departments at most two are pharmacies and one is the clinic: something is always possible.
        let chosen = self.rng.pick(&possible).ok_or_else(|| Error::internal("a visit has place for a procedure"))?;
        let Procedure { code, name, unit, price, fee_class, dept, material } = chosen;
        let order = self.next_order("SQ");
        let nowhere = self.rng.chance(missing_dept_per_mille);
        let dept = if nowhere { "" } else { dept };
        let set = material.map(|_| format!("{order}-1"));
        self.write(&Item::service(code, name, unit, price, fee_class, dept), Some(&order), set.as_deref(), material.is_some())?;
        if let Some((code, name, price, most)) = material {
            let item = Item {
                kind: ItemKind::Material,
                fee_class: "08",
                code,
                name,
                spec: None,
                unit: "件",
                price,
                quantity: i64::try_from(self.rng.between(1, u64::from(*most))).unwrap_or(1),
                doses: 1,
                dept: "",
            };
            self.write(&item, Some(&order), set.as_deref(), false)?;
        }
        Ok(())
    }

    /// A package with one price: the main line carries it, the parts are zero.
    pub(super) fn package(&mut self) -> Result<()> {
        let Package { code, name, price, parts } = self.rng.pick(&PACKAGES).ok_or_else(|| Error::internal("there are packages"))?;
        let order = self.next_order("ZT");
        self.write(&Item::service(code, name, "套", price, "03", "CPS"), Some(&order), Some(&order), true)?;
        for (code, name) in parts {
            self.write(&Item::service(code, name, "次", "0.00", "03", "CPS"), Some(&order), Some(&order), false)?;
        }
        Ok(())
    }

    /// A free follow-up: a bill of zero.
    pub(super) fn free_follow_up(&mut self) -> Result<()> {
        let order = self.next_order("SF");
        self.write(&Item::service("S601", "社区随访登记", "次", "0.00", "14", "CPS"), Some(&order), None, false)
    }

    fn write(&mut self, item: &Item<'_>, order: Option<&str>, set: Option<&str>, main_line: bool) -> Result<()> {
        let price = UnitPrice::parse(item.price)?;
        let quantity = Quantity::parse(&item.quantity.to_string())?;
        let dept = (!item.dept.is_empty()).then(|| DeptCode::new(item.dept)).transpose()?;
        let dept_name = DEPARTMENTS.iter().find(|(code, ..)| *code == item.dept).map(|(_, name, _)| (*name).to_owned());
        let pharmacy = matches!(item.kind, ItemKind::Drug | ItemKind::Herb);
        let insured = self.visit.payer == menjie::charge::PayerClass::Insured;
        let line = ChargeLine {
            line_id: self.next_key()?,
            version: 0,
            patient_id: self.visit.patient_id.clone(),
            visit_id: self.visit.visit_id.clone(),
            order_no: order.map(str::to_owned),
            line_no: u32::try_from(self.written() + 1).unwrap_or(u32::MAX),
            kind: item.kind,
            fee_class: FeeClass(item.fee_class.to_owned()),
            item_code: item.code.to_owned(),
            item_name: item.name.to_owned(),
            spec: item.spec.map(str::to_owned),
            unit: Some(item.unit.to_owned()),
            price,
            quantity,
            doses: item.doses,
            amount_fen: amount(price, quantity, item.doses)?,
            order_dept_code: self.visit.dept_code.clone(),
            order_dept_name: self.visit.dept_name.clone(),
            pharmacy_code: dept.clone().filter(|_| pharmacy),
            pharmacy_name: dept_name.clone().filter(|_| pharmacy),
            exec_dept_code: dept,
            exec_dept_name: dept_name,
            atomic_key: set.map(str::to_owned),
            main_line,
            self_paid_item: insured && self.rng.chance(60),
            reverses: None,
            ordered_at: Some(self.ordered_at),
        };
        self.lines.push(line);
        Ok(())
    }

    fn next_key(&self) -> Result<LineKey> {
        LineKey::new(&format!("L{}{:06}", self.stem, self.lines.len() + 1))
    }

    fn next_order(&mut self, kind: &str) -> String {
        self.orders += 1;
        format!("{kind}{}-{}", self.visit.visit_id, self.orders)
    }
}

/// Price × quantity × doses, half away from zero, in whole numbers only: written without the core's rule on purpose.
fn amount(price: UnitPrice, quantity: Quantity, doses: u32) -> Result<Money> {
    const SCALE: i128 = 100_000_000; // 10^6 × 10^4, less the two decimals that stay
    let product = i128::from(price.scaled()) * i128::from(quantity.scaled()) * i128::from(doses);
    let fen = (product.abs() * 2 + SCALE) / (SCALE * 2) * product.signum();
    Money::from_fen(i64::try_from(fen).map_err(|_| Error::amount_range("amount_fen"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_round_half_away_from_zero() {
        // domain/hospital.md §2.3, §2.4
        for (price, quantity, doses, fen) in
            [("3.2650", "28", 1, 9142), ("2.1357", "14", 1, 2990), ("0.4560", "3", 1, 137), ("1.1150", "3", 1, 335), ("1.1150", "-3", 1, -335), ("0.1285", "9", 7, 810)]
        {
            let got = amount(UnitPrice::parse(price).unwrap(), Quantity::parse(quantity).unwrap(), doses).unwrap();
            assert_eq!(got.fen(), fen, "{price} x {quantity} x {doses}");
        }
    }
}
