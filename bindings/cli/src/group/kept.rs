//! Charge lines as they are kept for grouping: columns without an allocation per text, about the size of the file, held once.

use std::collections::BTreeMap;

use menjie::bill::{Line, Lines};
use menjie::charge::{ChargeLine, ItemKind, PayerClass, Visit};
use menjie::error::Code;
use menjie::{Error, Result};

/// A column of texts, one behind the other.
#[derive(Default)]
struct Texts {
    bytes: String,
    ends: Vec<u32>,
}

impl Texts {
    fn push(&mut self, text: &str) -> Result<()> {
        self.bytes.push_str(text);
        self.ends.push(u32::try_from(self.bytes.len()).map_err(|_| Error::field("lines", "are more than 4 GiB of one field: split the files by patient"))?);
        Ok(())
    }

    fn get(&self, at: usize) -> Option<&str> {
        let start = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.bytes.get(start as usize..*self.ends.get(at)? as usize)
    }
}

/// The same where some have none.
#[derive(Default)]
struct Optional {
    texts: Texts,
    given: Vec<bool>,
}

impl Optional {
    fn push(&mut self, text: Option<&str>) -> Result<()> {
        self.given.push(text.is_some());
        self.texts.push(text.unwrap_or_default())
    }

    fn get(&self, at: usize) -> Option<&str> {
        if self.given.get(at).copied().unwrap_or_default() { self.texts.get(at) } else { None }
    }
}

/// What is a number or a word.
#[derive(Clone, Copy)]
struct Figures {
    version: u32,
    line_no: u32,
    kind: ItemKind,
    price: i64,
    quantity: i64,
    doses: u32,
    amount_fen: i64,
    main_line: bool,
    self_paid_item: bool,
}

/// The lines, and the visits if somebody gave them.
#[derive(Default)]
pub(super) struct Kept {
    visits: Option<BTreeMap<String, Visit>>,
    figures: Vec<Figures>,
    line_id: Texts,
    patient: Texts,
    visit: Texts,
    fee_class: Texts,
    item_code: Texts,
    order_dept: Texts,
    order_no: Optional,
    exec_dept: Optional,
    pharmacy: Optional,
    atomic_key: Optional,
    reverses: Optional,
}

impl Kept {
    pub(super) fn new(visits: Option<BTreeMap<String, Visit>>) -> Kept {
        Kept { visits, ..Kept::default() }
    }

    /// Keeps a line; its visit must be one of those that were given.
    pub(super) fn keep(&mut self, line: &ChargeLine) -> Result<()> {
        match self.visits.as_ref().map(|visits| visits.get(line.visit_id.as_str())) {
            Some(None) => return Err(Error::new(Code::UnknownVisit).with("field", "visit_id")),
            Some(Some(visit)) if visit.patient_id != line.patient_id => return Err(Error::new(Code::MixedPatients).with("field", "patient_id")),
            Some(Some(_)) | None => {}
        }
        self.figures.push(Figures {
            version: line.version,
            line_no: line.line_no,
            kind: line.kind,
            price: line.price.scaled(),
            quantity: line.quantity.scaled(),
            doses: line.doses,
            amount_fen: line.amount_fen.fen(),
            main_line: line.main_line,
            self_paid_item: line.self_paid_item,
        });
        self.line_id.push(line.line_id.as_str())?;
        self.patient.push(line.patient_id.as_str())?;
        self.visit.push(line.visit_id.as_str())?;
        self.fee_class.push(&line.fee_class.0)?;
        self.item_code.push(&line.item_code)?;
        self.order_dept.push(line.order_dept_code.as_str())?;
        self.order_no.push(line.order_no.as_deref())?;
        self.exec_dept.push(line.exec_dept_code.as_ref().map(|code| code.as_str()))?;
        self.pharmacy.push(line.pharmacy_code.as_ref().map(|code| code.as_str()))?;
        self.atomic_key.push(line.atomic_key.as_deref())?;
        self.reverses.push(line.reverses.as_ref().map(|key| key.as_str()))
    }

    /// The key of a line.
    pub(super) fn line_id(&self, at: usize) -> Option<&str> {
        self.line_id.get(at)
    }
}

/// One line.
#[derive(Clone, Copy)]
pub(super) struct KeptLine<'a> {
    kept: &'a Kept,
    figures: &'a Figures,
    at: usize,
}

impl<'a> KeptLine<'a> {
    fn of(self, texts: &'a Texts) -> &'a str {
        texts.get(self.at).unwrap_or_default()
    }

    fn of_visit(self) -> Option<&'a Visit> {
        self.kept.visits.as_ref()?.get(self.of(&self.kept.visit))
    }
}

impl<'a> Line<'a> for KeptLine<'a> {
    fn line_id(self) -> &'a str {
        self.of(&self.kept.line_id)
    }
    fn version(self) -> u32 {
        self.figures.version
    }
    fn patient(self) -> &'a str {
        self.of(&self.kept.patient)
    }
    fn visit(self) -> &'a str {
        self.of(&self.kept.visit)
    }
    fn payer(self) -> PayerClass {
        self.of_visit().map_or(PayerClass::SelfPay, |visit| visit.payer)
    }
    fn med_type(self) -> Option<&'a str> {
        self.of_visit()?.med_type.as_deref()
    }
    fn dise_codg(self) -> Option<&'a str> {
        self.of_visit()?.dise_codg.as_deref()
    }
    fn visit_dept(self) -> &'a str {
        self.of_visit().map_or_else(|| self.order_dept(), |visit| visit.dept_code.as_str())
    }
    fn order_no(self) -> Option<&'a str> {
        self.kept.order_no.get(self.at)
    }
    fn line_no(self) -> u32 {
        self.figures.line_no
    }
    fn kind(self) -> ItemKind {
        self.figures.kind
    }
    fn fee_class(self) -> &'a str {
        self.of(&self.kept.fee_class)
    }
    fn item_code(self) -> &'a str {
        self.of(&self.kept.item_code)
    }
    fn price_scaled(self) -> i64 {
        self.figures.price
    }
    fn quantity_scaled(self) -> i64 {
        self.figures.quantity
    }
    fn doses(self) -> u32 {
        self.figures.doses
    }
    fn amount_fen(self) -> i64 {
        self.figures.amount_fen
    }
    fn order_dept(self) -> &'a str {
        self.of(&self.kept.order_dept)
    }
    fn exec_dept(self) -> Option<&'a str> {
        self.kept.exec_dept.get(self.at)
    }
    fn pharmacy(self) -> Option<&'a str> {
        self.kept.pharmacy.get(self.at)
    }
    fn atomic_key(self) -> Option<&'a str> {
        self.kept.atomic_key.get(self.at)
    }
    fn main_line(self) -> bool {
        self.figures.main_line
    }
    fn self_paid_item(self) -> bool {
        self.figures.self_paid_item
    }
    fn reverses(self) -> Option<&'a str> {
        self.kept.reverses.get(self.at)
    }
}

impl<'a> Lines<'a> for &'a Kept {
    type Line = KeptLine<'a>;

    fn count(&self) -> usize {
        self.figures.len()
    }

    fn line(&self, at: usize) -> Option<KeptLine<'a>> {
        let kept: &'a Kept = self;
        kept.figures.get(at).map(|figures| KeptLine { kept, figures, at })
    }
}
