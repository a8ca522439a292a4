//! Lines as columns: borrowed slices of equal length, for millions of lines of many patients.

use super::line::{Line, Lines};
use crate::charge::{ItemKind, PayerClass};
use crate::error::{Error, Result};

/// A column of optional texts; absent altogether when nobody has a value.
pub type OptionalTexts<'a> = Option<&'a [Option<&'a str>]>;

/// Charge lines, one slice a field; the fields mean what they mean in [`crate::charge::ChargeLine`] and
/// [`crate::charge::Visit`] (visit fields are repeated on each line, as in a joined table).
#[derive(Clone, Copy, Debug)]
pub struct LineColumns<'a> {
    /// Key of the line in HIS; unique.
    pub line_id: &'a [&'a str],
    /// Version; 0 when absent.
    pub version: Option<&'a [u32]>,
    /// Whose line.
    pub patient_id: &'a [&'a str],
    /// Of which visit.
    pub visit_id: &'a [&'a str],
    /// Who pays for the visit; self-paid when absent.
    pub payer: Option<&'a [PayerClass]>,
    /// Insurance medical category of the visit.
    pub med_type: OptionalTexts<'a>,
    /// Insurance disease code of the visit.
    pub dise_codg: OptionalTexts<'a>,
    /// Department of the visit; the ordering department when absent.
    pub visit_dept_code: Option<&'a [&'a str]>,
    /// Prescription or application number.
    pub order_no: OptionalTexts<'a>,
    /// Position within the order; 0 when absent.
    pub line_no: Option<&'a [u32]>,
    /// Kind of item.
    pub kind: &'a [ItemKind],
    /// Invoice fee class.
    pub fee_class: &'a [&'a str],
    /// Item code.
    pub item_code: &'a [&'a str],
    /// Unit price × 10^6.
    pub price_e6: &'a [i64],
    /// Quantity × 10^4.
    pub quantity_e4: &'a [i64],
    /// Doses; 1 when absent.
    pub doses: Option<&'a [u32]>,
    /// Amount in fen.
    pub amount_fen: &'a [i64],
    /// Ordering department.
    pub order_dept_code: &'a [&'a str],
    /// Executing department.
    pub exec_dept_code: OptionalTexts<'a>,
    /// Dispensing pharmacy.
    pub pharmacy_code: OptionalTexts<'a>,
    /// Key of the indivisible set.
    pub atomic_key: OptionalTexts<'a>,
    /// Main line of its set; false when absent.
    pub main_line: Option<&'a [bool]>,
    /// Excluded from insurance; false when absent.
    pub self_paid_item: Option<&'a [bool]>,
    /// The line it reverses.
    pub reverses: OptionalTexts<'a>,
}

impl LineColumns<'_> {
    /// All columns must be equally long; the error names the one that is not.
    fn equally_long(&self) -> Result<()> {
        let want = self.line_id.len();
        let optional = |column: Option<usize>| column.unwrap_or(want);
        let lengths = [
            ("version", optional(self.version.map(<[_]>::len))),
            ("patient_id", self.patient_id.len()),
            ("visit_id", self.visit_id.len()),
            ("payer", optional(self.payer.map(<[_]>::len))),
            ("med_type", optional(self.med_type.map(<[_]>::len))),
            ("dise_codg", optional(self.dise_codg.map(<[_]>::len))),
            ("visit_dept_code", optional(self.visit_dept_code.map(<[_]>::len))),
            ("order_no", optional(self.order_no.map(<[_]>::len))),
            ("line_no", optional(self.line_no.map(<[_]>::len))),
            ("kind", self.kind.len()),
            ("fee_class", self.fee_class.len()),
            ("item_code", self.item_code.len()),
            ("price_e6", self.price_e6.len()),
            ("quantity_e4", self.quantity_e4.len()),
            ("doses", optional(self.doses.map(<[_]>::len))),
            ("amount_fen", self.amount_fen.len()),
            ("order_dept_code", self.order_dept_code.len()),
            ("exec_dept_code", optional(self.exec_dept_code.map(<[_]>::len))),
            ("pharmacy_code", optional(self.pharmacy_code.map(<[_]>::len))),
            ("atomic_key", optional(self.atomic_key.map(<[_]>::len))),
            ("main_line", optional(self.main_line.map(<[_]>::len))),
            ("self_paid_item", optional(self.self_paid_item.map(<[_]>::len))),
            ("reverses", optional(self.reverses.map(<[_]>::len))),
        ];
        lengths.into_iter().find(|(_, len)| *len != want).map_or(Ok(()), |(name, _)| Err(Error::field(name, "is not as long as line_id")))
    }
}

/// One line of [`LineColumns`].
#[derive(Clone, Copy, Debug)]
pub struct ColumnLine<'a> {
    columns: &'a LineColumns<'a>,
    at: usize,
}

impl<'a> ColumnLine<'a> {
    fn text(self, column: &'a [&'a str]) -> &'a str {
        column.get(self.at).copied().unwrap_or_default()
    }

    fn optional(self, column: OptionalTexts<'a>) -> Option<&'a str> {
        column.and_then(|c| c.get(self.at).copied()).flatten()
    }

    fn value<T: Copy>(self, column: Option<&'a [T]>, absent: T) -> T {
        column.and_then(|c| c.get(self.at).copied()).unwrap_or(absent)
    }
}

impl<'a> Line<'a> for ColumnLine<'a> {
    fn line_id(self) -> &'a str {
        self.text(self.columns.line_id)
    }
    fn version(self) -> u32 {
        self.value(self.columns.version, 0)
    }
    fn patient(self) -> &'a str {
        self.text(self.columns.patient_id)
    }
    fn visit(self) -> &'a str {
        self.text(self.columns.visit_id)
    }
    fn payer(self) -> PayerClass {
        self.value(self.columns.payer, PayerClass::SelfPay)
    }
    fn med_type(self) -> Option<&'a str> {
        self.optional(self.columns.med_type)
    }
    fn dise_codg(self) -> Option<&'a str> {
        self.optional(self.columns.dise_codg)
    }
    fn visit_dept(self) -> &'a str {
        self.columns.visit_dept_code.map_or_else(|| self.order_dept(), |column| self.text(column))
    }
    fn order_no(self) -> Option<&'a str> {
        self.optional(self.columns.order_no)
    }
    fn line_no(self) -> u32 {
        self.value(self.columns.line_no, 0)
    }
    fn kind(self) -> ItemKind {
        self.value(Some(self.columns.kind), ItemKind::Service)
    }
    fn fee_class(self) -> &'a str {
        self.text(self.columns.fee_class)
    }
    fn item_code(self) -> &'a str {
        self.text(self.columns.item_code)
    }
    fn price_scaled(self) -> i64 {
        self.value(Some(self.columns.price_e6), 0)
    }
    fn quantity_scaled(self) -> i64 {
        self.value(Some(self.columns.quantity_e4), 0)
    }
    fn doses(self) -> u32 {
        self.value(self.columns.doses, 1)
    }
    fn amount_fen(self) -> i64 {
        self.value(Some(self.columns.amount_fen), 0)
    }
    fn order_dept(self) -> &'a str {
        self.text(self.columns.order_dept_code)
    }
    fn exec_dept(self) -> Option<&'a str> {
        self.optional(self.columns.exec_dept_code)
    }
    fn pharmacy(self) -> Option<&'a str> {
        self.optional(self.columns.pharmacy_code)
    }
    fn atomic_key(self) -> Option<&'a str> {
        self.optional(self.columns.atomic_key)
    }
    fn main_line(self) -> bool {
        self.value(self.columns.main_line, false)
    }
    fn self_paid_item(self) -> bool {
        self.value(self.columns.self_paid_item, false)
    }
    fn reverses(self) -> Option<&'a str> {
        self.optional(self.columns.reverses)
    }
}

impl<'a> Lines<'a> for &'a LineColumns<'a> {
    type Line = ColumnLine<'a>;

    fn count(&self) -> usize {
        self.line_id.len()
    }

    fn line(&self, at: usize) -> Option<ColumnLine<'a>> {
        (at < self.line_id.len()).then_some(ColumnLine { columns: self, at })
    }

    fn may_form_sets(&self) -> bool {
        let given = |column: OptionalTexts<'_>| column.is_some_and(|texts| texts.iter().any(Option::is_some));
        given(self.atomic_key) || given(self.reverses) || (self.order_no.is_some() && self.kind.contains(&ItemKind::Herb))
    }

    fn check(&self) -> Result<()> {
        self.equally_long()
    }
}
