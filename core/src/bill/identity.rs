//! The bill id (rule 6): a content hash. It changes when anything the patient agreed to changes, and does not depend on
//! the order of the input.

use super::line::Line;
use crate::charge::PayerClass;
use crate::error::Result;
use crate::gm;
use crate::ident::BillId;
use crate::money::Money;

/// A bill id as bytes: the first half of an SM3 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct BillDigest(pub [u8; 16]);

impl BillDigest {
    /// The id as text: 32 hex digits.
    pub fn to_id(self) -> Result<BillId> {
        BillId::new(&gm::hex(&self.0))
    }
}

/// Writes the texts of bills, and hashes them side by side: one writer serves many bills, so that nothing is allocated per bill.
///
/// Hashed are, each followed by a zero byte: `menjie-bill-1`, visit, department, `self_pay` or `insured`, medical
/// category, disease code (empty when absent), total in fen; then per line, sorted by line key: key, version, amount in
/// fen. Numbers are decimal text.
#[derive(Default)]
pub(super) struct IdWriter {
    text: Vec<u8>,
    /// Where each bill begins.
    starts: Vec<usize>,
}

impl IdWriter {
    /// Starts a bill; `lead` is any of its lines (what is read of it is the visit's).
    pub(super) fn start<'a>(&mut self, lead: impl Line<'a>, dept: &str, total: Money) {
        self.starts.push(self.text.len());
        let payer = match lead.payer() {
            PayerClass::SelfPay => "self_pay",
            PayerClass::Insured => "insured",
        };
        for part in ["menjie-bill-1", lead.visit(), dept, payer, lead.med_type().unwrap_or_default(), lead.dise_codg().unwrap_or_default()] {
            self.put(part);
        }
        self.put_number(total.fen());
    }

    /// Adds a line; call in ascending order of the line keys.
    pub(super) fn line(&mut self, key: &str, version: u32, amount_fen: i64) {
        self.put(key);
        self.put_number(i64::from(version));
        self.put_number(amount_fen);
    }

    /// The digests of the bills that were written since they were asked for last, in their order.
    pub(super) fn digests(&mut self) -> Vec<BillDigest> {
        let ends = self.starts.iter().skip(1).copied().chain([self.text.len()]);
        let texts: Vec<&[u8]> = self.starts.iter().zip(ends).filter_map(|(start, end)| self.text.get(*start..end)).collect();
        let halves = gm::sm3_each(&texts).into_iter().map(|digest| {
            let mut half = [0; 16];
            half.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
            BillDigest(half)
        });
        let digests = halves.collect();
        self.text.clear();
        self.starts.clear();
        digests
    }

    fn put(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
        self.text.push(0);
    }

    fn put_number(&mut self, number: i64) {
        if number < 0 {
            self.text.push(b'-');
        }
        let mut digits = [0; 20]; // as many as u64::MAX has
        let mut rest = number.unsigned_abs();
        let mut start = digits.len();
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8; // one decimal digit
            rest /= 10;
            start -= 1;
            if rest == 0 {
                break;
            }
        }
        self.text.extend_from_slice(digits.get(start..).unwrap_or_default());
        self.text.push(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_hashed_by_itself() {
        let mut writer = IdWriter::default();
        assert!(writer.digests().is_empty());
        for _ in 0..2 {
            for bill in ["a", "bc", ""] {
                writer.starts.push(writer.text.len());
                writer.put(bill);
            }
            let wanted: Vec<[u8; 16]> = ["a\0", "bc\0", "\0"].iter().map(|text| *gm::sm3(text.as_bytes()).first_chunk().unwrap()).collect();
            assert_eq!(writer.digests().iter().map(|digest| digest.0).collect::<Vec<_>>(), wanted);
        }
    }

    #[test]
    fn numbers_are_decimal_text() {
        let mut writer = IdWriter::default();
        for number in [0, 7, 10, -1, -12_345, i64::MAX, i64::MIN] {
            writer.text.clear();
            writer.put_number(number);
            assert_eq!(writer.text, format!("{number}\0").as_bytes());
        }
    }
}
