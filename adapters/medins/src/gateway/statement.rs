//! 3201 and 3202: the day's settlements are compared, in total and one by one; 9101 and 9102 carry the lists
//! (domain/medins.md §3.5).

use menjie::calendar::BizDate;
use menjie::insurance::Statement;
use menjie::port::InsurerBillRow;
use menjie::{Money, Timestamp};
use menjie_transport::Shape;
use serde_json::{Map, Value};

use crate::field::{self, filled};

/// 对总账.
pub const TOTALS: &str = "3201";
/// 对明细账; only when the totals differ.
pub const DETAILS: &str = "3202";

/// 文件上传.
pub const UPLOAD: &str = "9101";
/// 文件下载; answers with the file itself.
pub const DOWNLOAD: &str = "9102";

/// Uploads an archive (fsUploadIn): its bytes as numbers.
pub fn upload(archive: &[u8], name: &str, institution: &str) -> Map<String, Value> {
    let mut input = filled([("filename", name), ("fixmedins_code", institution)]);
    input.insert("in".to_owned(), archive.iter().map(|byte| Value::from(*byte)).collect());
    input
}

/// The number of an uploaded file, wherever the centre puts it.
pub fn uploaded(output: &Map<String, Value>) -> Result<String, Shape> {
    let inside = output.values().find_map(|value| value.as_object().and_then(|fields| field::text(fields, "file_qury_no")));
    field::text(output, "file_qury_no").or(inside).ok_or(Shape::new("file_qury_no", "is missing"))
}

/// Asks for a file (fsDownloadIn).
pub fn download(file: &ResultFile, institution: &str) -> Map<String, Value> {
    filled([("file_qury_no", file.no.as_str()), ("filename", &file.name), ("fixmedins_code", institution)])
}

/// Our totals of a group: one insurance type, clearing type and place, reversals apart from settlements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// insutype.
    pub insurance_type: String,
    /// clr_type.
    pub clearing_type: String,
    /// Where it is cleared (setl_optins).
    pub place: String,
    /// First day.
    pub from: BizDate,
    /// Last day.
    pub until: BizDate,
    /// medfee_sumamt.
    pub total_fen: Money,
    /// fund_pay_sumamt.
    pub fund_fen: Money,
    /// acct_pay.
    pub account_fen: Money,
    /// Cash; 3202 wants it.
    pub cash_fen: Money,
    /// How many settlements.
    pub count: u32,
    /// Are they reversals (refd_setl_flag)?
    pub reversals: bool,
}

/// Compares totals.
pub fn totals(totals: &Totals) -> Map<String, Value> {
    let mut input = common(totals);
    input.extend(filled([("insutype", totals.insurance_type.as_str()), ("acct_pay", &totals.account_fen.to_yuan()), ("refd_setl_flag", field::flag(totals.reversals))]));
    input
}

/// Compares one by one what was uploaded under `file_no` (9101).
pub fn details(totals: &Totals, file_no: &str) -> Map<String, Value> {
    let mut input = common(totals);
    input.extend(filled([("file_qury_no", file_no), ("cash_payamt", &totals.cash_fen.to_yuan())]));
    input
}

fn common(totals: &Totals) -> Map<String, Value> {
    filled([
        ("clr_type", totals.clearing_type.as_str()),
        ("setl_optins", &totals.place),
        ("stmt_begndate", &totals.from.to_string()),
        ("stmt_enddate", &totals.until.to_string()),
        ("medfee_sumamt", &totals.total_fen.to_yuan()),
        ("fund_pay_sumamt", &totals.fund_fen.to_yuan()),
        ("fixmedins_setl_cnt", &totals.count.to_string()),
    ])
}

/// What the centre says of our totals; its words are for staff.
pub fn compared(output: &Map<String, Value>) -> Result<Statement, Shape> {
    let info = field::one_object(output, "stmtinfo")?.ok_or(Shape::new("stmtinfo", "is missing"))?;
    Statement::from_code(&field::required(info, "stmt_rslt")?).ok_or(Shape::new("stmt_rslt", "is unknown"))
}

/// The file that 3202 has made (fileinfo), to be fetched with 9102.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultFile {
    /// file_qury_no.
    pub no: String,
    /// filename.
    pub name: String,
}

/// Where the centre put its comparison.
pub fn detailed(output: &Map<String, Value>) -> Result<ResultFile, Shape> {
    let info = field::one_object(output, "fileinfo")?.ok_or(Shape::new("fileinfo", "is missing"))?;
    Ok(ResultFile { no: field::required(info, "file_qury_no")?, name: field::required(info, "filename")? })
}

/// A row of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedRow {
    /// mdtrt_id.
    pub mdtrt_id: String,
    /// setl_id.
    pub setl_id: String,
    /// msgid of the settlement; 2601 needs it.
    pub msgid: String,
    /// What differs.
    pub statement: Statement,
    /// A reversal?
    pub reversal: bool,
    /// Total, fund and account, where the town tells them.
    pub amounts_fen: Option<[Money; 3]>,
}

/// Reads the comparison: tab-separated psn_no, mdtrt_id, setl_id, msgid, stmt_rslt, refd_setl_flag, memo, and in some towns
/// medfee_sumamt, fund_pay_sumamt, acct_pay. A line of names at the top is skipped.
pub fn rows(text: &str) -> Result<Vec<ComparedRow>, Shape> {
    let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty() && !line.starts_with("psn_no"));
    lines.enumerate().map(|(at, line)| row(line).map_err(|shape| shape.under(&format!("line[{at}]")))).collect()
}

fn row(line: &str) -> Result<ComparedRow, Shape> {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    let [_, mdtrt_id, setl_id, msgid, statement, reversal, rest @ ..] = cells.as_slice() else { return Err(Shape::new("", "has too few columns")) };
    let money = |text: &str, field: &'static str| Money::from_yuan(text, field).map_err(|_| Shape::new(field, "is not an amount in yuan"));
    let amounts_fen = match rest {
        [_, total, fund, account, ..] => Some([money(total, "medfee_sumamt")?, money(fund, "fund_pay_sumamt")?, money(account, "acct_pay")?]),
        _ => None,
    };
    Ok(ComparedRow {
        mdtrt_id: (*mdtrt_id).to_owned(),
        setl_id: (*setl_id).to_owned(),
        msgid: (*msgid).to_owned(),
        statement: Statement::from_code(statement).ok_or(Shape::new("stmt_rslt", "is unknown"))?,
        reversal: *reversal == "1",
        amounts_fen,
    })
}

/// What the centre has settled or given back, from rows of a comparison that tell amounts. They stand without sign: which one
/// towns give a reversal is not established.
pub fn bill_rows(rows: &[ComparedRow], day: BizDate) -> Result<Vec<InsurerBillRow>, Shape> {
    let size = |amount: Money| if amount.is_negative() { amount.negated() } else { amount };
    let of = |row: &ComparedRow| {
        let [total, fund, account] = row.amounts_fen.ok_or(Shape::new("medfee_sumamt", "is missing"))?;
        Ok(InsurerBillRow {
            order_no: None,
            insurer_no: row.setl_id.clone(),
            insurer_visit_id: Some(row.mdtrt_id.clone()).filter(|id| !id.is_empty()),
            reversal: row.reversal,
            total_fen: size(total),
            fund_fen: size(fund),
            account_fen: size(account),
            at: told_in(&row.msgid).unwrap_or_else(|| day.start()),
        })
    };
    rows.iter().filter(|row| row.statement != Statement::HospitalMore).map(of).collect()
}

/// The time that stands in a msgid.
fn told_in(msgid: &str) -> Option<Timestamp> {
    let fields = filled([("at", msgid.get(12..26).filter(|_| msgid.len() == 30)?)]);
    field::time(&fields, "at").ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_is_read_with_and_without_amounts() {
        let text = "\u{feff}psn_no\tmdtrt_id\tsetl_id\tmsgid\tstmt_rslt\trefd_setl_flag\tmemo\r\nP\tM1\tS1\tMSG1\t1\t0\t中心多\t88.50\t56.00\t30.00\r\nP\tM1\tS2\tMSG2\t3\t1\t\n\n";
        let rows = rows(text).unwrap();
        assert_eq!((rows.len(), rows[0].statement, rows[1].statement), (2, Statement::CentreMore, Statement::Differs));
        assert_eq!((rows[0].reversal, rows[1].reversal, rows[1].amounts_fen), (false, true, None));
        assert_eq!(rows[0].amounts_fen.unwrap().map(Money::fen), [8850, 5600, 3000]);
        let bill = bill_rows(&rows[..1], BizDate::parse("2026-05-06").unwrap()).unwrap();
        assert_eq!((bill[0].insurer_no.as_str(), bill[0].total_fen.fen(), bill[0].at), ("S1", 8850, BizDate::parse("2026-05-06").unwrap().start()));
        assert!(bill_rows(&rows, BizDate::parse("2026-05-06").unwrap()).is_err(), "a row without amounts is no row of a bill");
        assert_eq!(told_in("H44050000001202505060910010001"), Some(Timestamp::parse("2025-05-06T09:10:01+08:00").unwrap()));
        for bad in ["P\tM\tS\tMSG\t1", "P\tM\tS\tMSG\t9\t0\t", "P\tM\tS\tMSG\t1\t0\t\t1.005\t0\t0"] {
            assert!(super::rows(bad).is_err(), "{bad}");
        }
    }
}
