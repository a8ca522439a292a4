//! What a bill costs whom: made-up rules, but closed to the fen (I-1 to I-5, H-1 to H-6).
//!
//! The last digit of the national catalogue code says the level: 9 is 丙 (all own), 5 to 8 乙 (a tenth first), the rest 甲. What is
//! within the policy is the patient's until the yearly deductible is used up; of the rest the fund pays its share. The account
//! pays what it can of the patient's part that is within the policy.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The town's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tariff {
    /// Yearly deductible of employees.
    pub employee_deductible_fen: i64,
    /// Yearly deductible of residents.
    pub resident_deductible_fen: i64,
    /// The fund's share for employees, in percent.
    pub employee_percent: i64,
    /// The fund's share for residents, in percent.
    pub resident_percent: i64,
}

impl Default for Tariff {
    fn default() -> Tariff {
        Tariff { employee_deductible_fen: 3_000, resident_deductible_fen: 5_000, employee_percent: 70, resident_percent: 50 }
    }
}

/// A line to be priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) no: String,
    pub(super) catalogue_code: String,
    pub(super) amount_fen: i64,
}

impl Line {
    /// 1 甲, 2 乙, 3 丙.
    pub(super) fn level(&self) -> u8 {
        match self.catalogue_code.bytes().last() {
            Some(b'9') => 3,
            Some(b'5'..=b'8') => 2,
            _ => 1,
        }
    }

    pub(super) fn own_fen(&self) -> i64 {
        if self.level() == 3 { self.amount_fen } else { 0 }
    }

    pub(super) const fn tenth_fen(&self, level: u8) -> i64 {
        if level == 2 { self.amount_fen / 10 } else { 0 }
    }

    /// The centre's result of the line (2204).
    pub(super) fn result(&self) -> Value {
        let (own, first) = (self.own_fen(), self.tenth_fen(self.level()));
        json!({
            "feedetl_sn": self.no, "det_item_fee_sumamt": yuan(self.amount_fen), "fulamt_ownpay_amt": yuan(own), "overlmt_amt": "0.00", "preselfpay_amt": yuan(first),
            "inscp_scp_amt": yuan(self.amount_fen - own - first), "chrgitm_lv": self.level().to_string(), "med_chrgitm_type": "09",
        })
    }
}

/// Who pays what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Total.
    pub total_fen: i64,
    /// Wholly own.
    pub own_fen: i64,
    /// First own share.
    pub first_fen: i64,
    /// Within the policy.
    pub in_scope_fen: i64,
    /// Used of the yearly deductible.
    pub deductible_fen: i64,
    /// Pooled fund.
    pub fund_fen: i64,
    /// Personal account.
    pub account_fen: i64,
    /// Cash.
    pub cash_fen: i64,
}

impl Split {
    /// Prices lines for somebody with this much left of his deductible and this much in his account.
    pub(super) fn of(lines: &[Line], employee: bool, deductible_left_fen: i64, account_fen: i64, tariff: &Tariff) -> Split {
        let total_fen: i64 = lines.iter().map(|line| line.amount_fen).sum();
        let own_fen: i64 = lines.iter().map(Line::own_fen).sum();
        let first_fen: i64 = lines.iter().map(|line| line.tenth_fen(line.level())).sum();
        let in_scope_fen = total_fen - own_fen - first_fen;
        let deductible_fen = in_scope_fen.min(deductible_left_fen).max(0);
        let percent = if employee { tariff.employee_percent } else { tariff.resident_percent };
        let fund_fen = (in_scope_fen - deductible_fen) * percent / 100;
        let account_fen = account_fen.min(in_scope_fen + first_fen - fund_fen).max(0);
        Split { total_fen, own_fen, first_fen, in_scope_fen, deductible_fen, fund_fen, account_fen, cash_fen: total_fen - fund_fen - account_fen }
    }

    /// The same with every amount turned: a reversal.
    pub(super) const fn negated(&self) -> Split {
        Split {
            total_fen: -self.total_fen,
            own_fen: -self.own_fen,
            first_fen: -self.first_fen,
            in_scope_fen: -self.in_scope_fen,
            deductible_fen: -self.deductible_fen,
            fund_fen: -self.fund_fen,
            account_fen: -self.account_fen,
            cash_fen: -self.cash_fen,
        }
    }

    /// The fields of 6202, 6301, 6302.
    pub(super) fn mobile(&self) -> Map<String, Value> {
        let amounts = [
            ("feeSumamt", self.total_fen),
            ("ownPayAmt", self.cash_fen),
            ("psnAcctPay", self.account_fen),
            ("fundPay", self.fund_fen),
            ("othFeeAmt", 0),
            ("hospPartAmt", 0),
            ("selfAcctPay", self.account_fen),
            ("acctMulaidPay", 0),
            ("deposit", 0),
            ("delvFee", 0),
        ];
        amounts.map(|(name, fen)| (name.to_owned(), yuan(fen).into())).into_iter().collect()
    }

    /// The amounts of `setlinfo`.
    pub(super) fn setlinfo(&self) -> Map<String, Value> {
        let amounts = [
            ("medfee_sumamt", self.total_fen),
            ("fulamt_ownpay_amt", self.own_fen),
            ("overlmt_selfpay", 0),
            ("preselfpay_amt", self.first_fen),
            ("inscp_scp_amt", self.in_scope_fen),
            ("act_pay_dedc", self.deductible_fen),
            ("hifp_pay", self.fund_fen),
            ("cvlserv_pay", 0),
            ("hifes_pay", 0),
            ("hifmi_pay", 0),
            ("hifob_pay", 0),
            ("maf_pay", 0),
            ("oth_pay", 0),
            ("fund_pay_sumamt", self.fund_fen),
            ("psn_part_amt", self.account_fen + self.cash_fen),
            ("acct_pay", self.account_fen),
            ("psn_cash_pay", self.cash_fen),
            ("hosp_part_amt", 0),
            ("acct_mulaid_pay", 0),
        ];
        amounts.map(|(name, fen)| (name.to_owned(), yuan(fen).into())).into_iter().collect()
    }
}

/// Yuan with two decimals.
pub(super) fn yuan(fen: i64) -> String {
    format!("{}{}.{:02}", if fen < 0 { "-" } else { "" }, fen.abs() / 100, fen.abs() % 100)
}

/// Fen of yuan with two decimals.
pub(super) fn fen(text: &str) -> Option<i64> {
    let (whole, cents) = text.split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if cents.len() != 2 || !digits(whole) || !digits(cents) || whole.len() > 12 {
        return None;
    }
    Some(whole.parse::<i64>().ok()? * 100 + cents.parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(code: &str, amount_fen: i64) -> Line {
        Line { no: code.to_owned(), catalogue_code: code.to_owned(), amount_fen }
    }

    #[test]
    fn every_split_closes_to_the_fen() {
        let tariff = Tariff::default();
        for amount in (0..20_000).step_by(37) {
            for (employee, left, account) in [(true, 3_000, 10_000), (true, 0, 1), (false, 5_000, 0), (false, 0, 0), (true, 1, 1_000_000)] {
                let lines = [line("A1", amount), line("B7", amount / 3), line("C9", amount % 501)];
                let s = Split::of(&lines, employee, left, account, &tariff);
                assert_eq!(s.total_fen, s.cash_fen + s.account_fen + s.fund_fen);
                assert_eq!(s.total_fen, s.own_fen + s.first_fen + s.in_scope_fen);
                assert!(s.cash_fen >= s.own_fen && s.fund_fen >= 0 && s.account_fen >= 0 && s.account_fen <= account && s.deductible_fen <= left);
            }
        }
    }

    #[test]
    fn a_known_bill() {
        // 100.00 甲, 50.00 乙 (5.00 first), 20.00 丙; 30.00 deductible; 70 % of 115.00 is 80.50.
        let s = Split::of(&[line("A1", 10_000), line("B5", 5_000), line("C9", 2_000)], true, 3_000, 4_000, &Tariff::default());
        let wanted = Split { total_fen: 17_000, own_fen: 2_000, first_fen: 500, in_scope_fen: 14_500, deductible_fen: 3_000, fund_fen: 8_050, account_fen: 4_000, cash_fen: 4_950 };
        assert_eq!(s, wanted);
        assert_eq!(Split::of(&[line("C9", 2_000)], true, 3_000, 4_000, &Tariff::default()).cash_fen, 2_000, "the account does not pay own items");
    }

    #[test]
    fn amounts_are_written_and_read() {
        assert_eq!((yuan(8_850), yuan(-5), fen("88.50"), fen("88.5"), fen("-1.00"), fen("1.005")), ("88.50".to_owned(), "-0.05".to_owned(), Some(8_850), None, None, None));
    }
}
