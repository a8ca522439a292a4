//! What the grouping rules must know of a line, whoever stores it: rows here, columns in [`super::LineColumns`],
//! Arrow rows in the bridge.

use std::cmp::Ordering;

use crate::charge::{ChargeLine, ItemKind, PayerClass, Visit};
use crate::error::Result;

/// One line as the rules see it. `'a` is the life of the texts behind it.
pub trait Line<'a>: Copy {
    /// Key of the line in HIS.
    fn line_id(self) -> &'a str;
    /// Version of the line.
    fn version(self) -> u32;
    /// Whose line.
    fn patient(self) -> &'a str;
    /// Of which visit.
    fn visit(self) -> &'a str;
    /// Who pays for the visit.
    fn payer(self) -> PayerClass;
    /// Insurance medical category of the visit.
    fn med_type(self) -> Option<&'a str>;
    /// Insurance disease code of the visit.
    fn dise_codg(self) -> Option<&'a str>;
    /// Department of the visit.
    fn visit_dept(self) -> &'a str;
    /// Prescription or application number.
    fn order_no(self) -> Option<&'a str>;
    /// Position within the order.
    fn line_no(self) -> u32;
    /// Kind of item.
    fn kind(self) -> ItemKind;
    /// Invoice fee class.
    fn fee_class(self) -> &'a str;
    /// Item code.
    fn item_code(self) -> &'a str;
    /// Unit price × 10^6.
    fn price_scaled(self) -> i64;
    /// Quantity × 10^4.
    fn quantity_scaled(self) -> i64;
    /// Doses.
    fn doses(self) -> u32;
    /// Amount in fen.
    fn amount_fen(self) -> i64;
    /// Ordering department.
    fn order_dept(self) -> &'a str;
    /// Executing department.
    fn exec_dept(self) -> Option<&'a str>;
    /// Dispensing pharmacy.
    fn pharmacy(self) -> Option<&'a str>;
    /// Key of its indivisible set.
    fn atomic_key(self) -> Option<&'a str>;
    /// Is it the set's main line?
    fn main_line(self) -> bool;
    /// Excluded from insurance?
    fn self_paid_item(self) -> bool;
    /// The line it reverses.
    fn reverses(self) -> Option<&'a str>;

    /// A medicine, dispensed by a pharmacy.
    fn is_drug(self) -> bool {
        matches!(self.kind(), ItemKind::Drug | ItemKind::Herb)
    }

    /// The order of a herb line: all herbs of one prescription are boiled together.
    fn herbs(self) -> Option<&'a str> {
        self.order_no().filter(|_| self.kind() == ItemKind::Herb)
    }

    /// The stable order of lines: executing department, order, position, key (domain/hospital.md §2.3 rule 6).
    fn stable_cmp(self, other: Self) -> Ordering {
        self.exec_dept()
            .cmp(&other.exec_dept())
            .then_with(|| self.order_no().cmp(&other.order_no()))
            .then_with(|| self.line_no().cmp(&other.line_no()))
            .then_with(|| self.line_id().cmp(other.line_id()))
    }
}

/// Many lines, by position.
pub trait Lines<'a> {
    /// How one line is read.
    type Line: Line<'a>;
    /// How many there are.
    fn count(&self) -> usize;
    /// The line at a position below [`Lines::count`].
    fn line(&self, at: usize) -> Option<Self::Line>;
    /// May there be lines that stay together (rule 3)? A store that can rule it out for all its lines saves the search.
    fn may_form_sets(&self) -> bool {
        (0..self.count()).filter_map(|at| self.line(at)).any(|line| line.atomic_key().is_some() || line.herbs().is_some() || line.reverses().is_some())
    }
    /// Is the storage sound in itself (columns equally long)?
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// A line with its visit.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The line.
    pub line: &'a ChargeLine,
    /// The visit it names.
    pub visit: &'a Visit,
}

impl<'a> Line<'a> for Row<'a> {
    fn line_id(self) -> &'a str {
        self.line.line_id.as_str()
    }
    fn version(self) -> u32 {
        self.line.version
    }
    fn patient(self) -> &'a str {
        self.line.patient_id.as_str()
    }
    fn visit(self) -> &'a str {
        self.line.visit_id.as_str()
    }
    fn payer(self) -> PayerClass {
        self.visit.payer
    }
    fn med_type(self) -> Option<&'a str> {
        self.visit.med_type.as_deref()
    }
    fn dise_codg(self) -> Option<&'a str> {
        self.visit.dise_codg.as_deref()
    }
    fn visit_dept(self) -> &'a str {
        self.visit.dept_code.as_str()
    }
    fn order_no(self) -> Option<&'a str> {
        self.line.order_no.as_deref()
    }
    fn line_no(self) -> u32 {
        self.line.line_no
    }
    fn kind(self) -> ItemKind {
        self.line.kind
    }
    fn fee_class(self) -> &'a str {
        &self.line.fee_class.0
    }
    fn item_code(self) -> &'a str {
        &self.line.item_code
    }
    fn price_scaled(self) -> i64 {
        self.line.price.scaled()
    }
    fn quantity_scaled(self) -> i64 {
        self.line.quantity.scaled()
    }
    fn doses(self) -> u32 {
        self.line.doses
    }
    fn amount_fen(self) -> i64 {
        self.line.amount_fen.fen()
    }
    fn order_dept(self) -> &'a str {
        self.line.order_dept_code.as_str()
    }
    fn exec_dept(self) -> Option<&'a str> {
        self.line.exec_dept_code.as_ref().map(|d| d.as_str())
    }
    fn pharmacy(self) -> Option<&'a str> {
        self.line.pharmacy_code.as_ref().map(|d| d.as_str())
    }
    fn atomic_key(self) -> Option<&'a str> {
        self.line.atomic_key.as_deref()
    }
    fn main_line(self) -> bool {
        self.line.main_line
    }
    fn self_paid_item(self) -> bool {
        self.line.self_paid_item
    }
    fn reverses(self) -> Option<&'a str> {
        self.line.reverses.as_ref().map(|l| l.as_str())
    }
}

impl<'a> Lines<'a> for [Row<'a>] {
    type Line = Row<'a>;

    fn count(&self) -> usize {
        self.len()
    }

    fn line(&self, at: usize) -> Option<Row<'a>> {
        self.get(at).copied()
    }
}
