//! Lines as columns: borrowed, of equal length, for millions of lines of many patients.

use super::line::{Line, Lines};
use crate::charge::{ItemKind, PayerClass};
use crate::column::{OptionalTexts, TextColumn, Texts};
use crate::error::{Error, Result};

/// Charge lines, one column a field; the fields mean what they mean in [`crate::charge::ChargeLine`] and
/// [`crate::charge::Visit`] (visit fields are repeated on each line, as in a joined table). A column that may be missing is
/// left out when nobody has a value.
#[derive(Clone, Copy, Debug)]
pub struct LineColumns<'a, T = Texts<'a>, O = OptionalTexts<'a>> {
    /// Key of the line in HIS; unique.
    pub line_id: T,
    /// Version; 0 when absent.
    pub version: Option<&'a [u32]>,
    /// Whose line.
    pub patient_id: T,
    /// Of which visit.
    pub visit_id: T,
    /// Who pays for the visit; self-paid when absent.
    pub payer: Option<&'a [PayerClass]>,
    /// Insurance medical category of the visit.
    pub med_type: Option<O>,
    /// Insurance disease code of the visit.
    pub dise_codg: Option<O>,
    /// Department of the visit; the ordering department when absent.
    pub visit_dept_code: Option<O>,
    /// Prescription or application number.
    pub order_no: Option<O>,
    /// Position within the order; 0 when absent.
    pub line_no: Option<&'a [u32]>,
    /// Kind of item.
    pub kind: &'a [ItemKind],
    /// Invoice fee class.
    pub fee_class: T,
    /// Item code.
    pub item_code: T,
    /// Unit price × 10^6.
    pub price_e6: &'a [i64],
    /// Quantity × 10^4.
    pub quantity_e4: &'a [i64],
    /// Doses; 1 when absent.
    pub doses: Option<&'a [u32]>,
    /// Amount in fen.
    pub amount_fen: &'a [i64],
    /// Ordering department.
    pub order_dept_code: T,
    /// Executing department.
    pub exec_dept_code: Option<O>,
    /// Dispensing pharmacy.
    pub pharmacy_code: Option<O>,
    /// Key of the indivisible set.
    pub atomic_key: Option<O>,
    /// Main line of its set; false when absent.
    pub main_line: Option<&'a [bool]>,
    /// Excluded from insurance; false when absent.
    pub self_paid_item: Option<&'a [bool]>,
    /// The line it reverses.
    pub reverses: Option<O>,
}

impl<'a, T: TextColumn<'a>, O: TextColumn<'a>> LineColumns<'a, T, O> {
    /// All columns must be equally long; the error names the one that is not.
    fn equally_long(&self) -> Result<()> {
        let want = self.line_id.rows();
        let optional = |column: Option<usize>| column.unwrap_or(want);
        let texts = |column: Option<O>| optional(column.map(O::rows));
        let lengths = [
            ("version", optional(self.version.map(<[_]>::len))),
            ("patient_id", self.patient_id.rows()),
            ("visit_id", self.visit_id.rows()),
            ("payer", optional(self.payer.map(<[_]>::len))),
            ("med_type", texts(self.med_type)),
            ("dise_codg", texts(self.dise_codg)),
            ("visit_dept_code", texts(self.visit_dept_code)),
            ("order_no", texts(self.order_no)),
            ("line_no", optional(self.line_no.map(<[_]>::len))),
            ("kind", self.kind.len()),
            ("fee_class", self.fee_class.rows()),
            ("item_code", self.item_code.rows()),
            ("price_e6", self.price_e6.len()),
            ("quantity_e4", self.quantity_e4.len()),
            ("doses", optional(self.doses.map(<[_]>::len))),
            ("amount_fen", self.amount_fen.len()),
            ("order_dept_code", self.order_dept_code.rows()),
            ("exec_dept_code", texts(self.exec_dept_code)),
            ("pharmacy_code", texts(self.pharmacy_code)),
            ("atomic_key", texts(self.atomic_key)),
            ("main_line", optional(self.main_line.map(<[_]>::len))),
            ("self_paid_item", optional(self.self_paid_item.map(<[_]>::len))),
            ("reverses", texts(self.reverses)),
        ];
        lengths.into_iter().find(|(_, len)| *len != want).map_or(Ok(()), |(name, _)| Err(Error::field(name, "is not as long as line_id")))
    }
}

/// One line of [`LineColumns`].
#[derive(Clone, Copy, Debug)]
pub struct ColumnLine<'a, T = Texts<'a>, O = OptionalTexts<'a>> {
    columns: &'a LineColumns<'a, T, O>,
    at: usize,
}

impl<'a, T: TextColumn<'a>, O: TextColumn<'a>> ColumnLine<'a, T, O> {
    fn text(self, column: T) -> &'a str {
        column.text(self.at).unwrap_or_default()
    }

    fn optional(self, column: Option<O>) -> Option<&'a str> {
        column.and_then(|column| column.text(self.at))
    }

    fn value<V: Copy>(self, column: Option<&'a [V]>, absent: V) -> V {
        column.and_then(|c| c.get(self.at).copied()).unwrap_or(absent)
    }
}

impl<'a, T: TextColumn<'a>, O: TextColumn<'a>> Line<'a> for ColumnLine<'a, T, O> {
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
        self.optional(self.columns.visit_dept_code).unwrap_or_else(|| self.order_dept())
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

impl<'a, T: TextColumn<'a>, O: TextColumn<'a>> Lines<'a> for &'a LineColumns<'a, T, O> {
    type Line = ColumnLine<'a, T, O>;

    fn count(&self) -> usize {
        self.line_id.rows()
    }

    fn line(&self, at: usize) -> Option<ColumnLine<'a, T, O>> {
        (at < self.line_id.rows()).then_some(ColumnLine { columns: self, at })
    }

    fn may_form_sets(&self) -> bool {
        let given = |column: Option<O>| column.is_some_and(O::has_any);
        given(self.atomic_key) || given(self.reverses) || (self.order_no.is_some() && self.kind.contains(&ItemKind::Herb))
    }

    fn check(&self) -> Result<()> {
        self.equally_long()
    }
}
