//! 3201 and 3202: the hospital's totals against the book.

use menjie::Timestamp;
use menjie::calendar::BizDate;
use serde_json::{Value, json};

use super::book::Settled;
use super::{Fields, Insurer, PLACE, Refused, required, required_fen, text};

impl Insurer {
    /// The rows of a group: settlements or reversals of some days.
    fn group(&self, data: &Fields) -> Result<Vec<&Settled>, Refused> {
        let day = |name: &str| BizDate::parse(required(data, name)?).map_err(|_| format!("{name}格式错误"));
        let (from, until) = (day("stmt_begndate")?, day("stmt_enddate")?);
        if required(data, "setl_optins")? != PLACE || required(data, "clr_type")? != "11" {
            return Ok(Vec::new());
        }
        let (insurance_type, reversals) = (text(data, "insutype"), text(data, "refd_setl_flag"));
        let wanted = |row: &&Settled| {
            (from..=until).contains(&row.at.biz_date())
                && (insurance_type.is_empty() || row.insurance_type == insurance_type)
                && (reversals.is_empty() || row.reverses.is_some() == (reversals == "1"))
        };
        Ok(self.book.rows().iter().filter(wanted).collect())
    }

    pub(super) fn compare_totals(&self, data: &Fields) -> Result<Value, Refused> {
        required(data, "insutype")?;
        let rows = self.group(data)?;
        let count: usize = required(data, "fixmedins_setl_cnt")?.parse().map_err(|_| "fixmedins_setl_cnt格式错误")?;
        let sum = |amount: fn(&Settled) -> i64| rows.iter().map(|row| amount(row)).sum::<i64>().abs();
        let equal = required_fen(data, "medfee_sumamt")? == sum(|row| row.split.total_fen)
            && required_fen(data, "fund_pay_sumamt")? == sum(|row| row.split.fund_fen)
            && required_fen(data, "acct_pay")? == sum(|row| row.split.account_fen);
        let (result, words) = match count.cmp(&rows.len()) {
            std::cmp::Ordering::Equal if equal => ("0", "对平"),
            std::cmp::Ordering::Equal => ("3", "数据不一致"),
            std::cmp::Ordering::Less => ("1", "中心多"),
            std::cmp::Ordering::Greater => ("2", "医药机构多"),
        };
        Ok(json!({"stmtinfo": {"setl_optins": PLACE, "stmt_rslt": result, "stmt_rslt_dscr": words}}))
    }

    pub(super) fn compare_details(&self, data: &Fields, now: Timestamp) -> Result<Value, Refused> {
        let no = required(data, "file_qury_no")?;
        required_fen(data, "cash_payamt")?;
        self.group(data)?;
        Ok(json!({"fileinfo": {"file_qury_no": no, "filename": format!("{no}.zip"), "dld_endtime": super::local(now.plus_millis(86_400_000))}}))
    }
}
