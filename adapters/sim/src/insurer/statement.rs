//! 3201 and 3202: the hospital's totals and list against the book; 9101 and 9102 carry the files.

use std::collections::BTreeMap;

use menjie::Timestamp;
use menjie::calendar::BizDate;
use serde_json::{Value, json};

use super::book::Settled;
use super::pricing::yuan;
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

    /// The list of the hospital that was uploaded, against the book: a line per settlement that either side has.
    pub(super) fn compare_details(&mut self, data: &Fields, now: Timestamp) -> Result<Value, Refused> {
        let no = required(data, "file_qury_no")?.to_owned();
        required_fen(data, "cash_payamt")?;
        let archive = self.files.get(&no).ok_or("文件不存在")?;
        let text = unpacked(archive).and_then(|text| String::from_utf8(text).ok()).ok_or("文件格式错误")?;
        let theirs: BTreeMap<&str, Vec<&str>> = text.lines().filter_map(|line| Some((line.split('\t').next()?, line.split('\t').collect()))).collect();
        let mut lines = String::new();
        for row in self.group(data)? {
            let amounts = [row.split.total_fen, row.split.fund_fen, row.split.account_fen].map(yuan);
            let result = match theirs.get(row.setl_id.as_str()).map(|cells| cells.get(3..6)) {
                None => "1",
                Some(Some(told)) if told == amounts => "0",
                Some(_) => "3",
            };
            let psn_no = self.members.get(&row.patient_id).map_or("", |(_, _, insured)| &insured.psn_no);
            let flag = if row.reverses.is_some() { "1" } else { "0" };
            let cells = [psn_no, &row.mdtrt_id, &row.setl_id, &row.msgid, result, flag, ""];
            lines += &format!("{}\t{}\n", cells.join("\t"), amounts.join("\t"));
        }
        for (setl_id, cells) in theirs.iter().filter(|(setl_id, _)| self.book.get(setl_id).is_none()) {
            let at = |index: usize| cells.get(index).copied().unwrap_or_default();
            lines += &format!("{}\t{}\t{setl_id}\t\t2\t{}\t\n", at(2), at(1), at(6));
        }
        let result = format!("{no}R");
        self.files.insert(result.clone(), packed(&format!("{result}.txt"), lines.as_bytes()));
        Ok(json!({"fileinfo": {"file_qury_no": result, "filename": format!("{result}.zip"), "dld_endtime": super::local(now.plus_millis(86_400_000))}}))
    }

    pub(super) fn upload_file(&mut self, input: &Fields) -> Result<Value, Refused> {
        let file = input.get("fsUploadIn").and_then(Value::as_object).ok_or("fsUploadIn不能为空")?;
        let name = required(file, "filename")?.to_owned();
        let bytes = file.get("in").and_then(Value::as_array).ok_or("in不能为空")?;
        let bytes: Vec<u8> = bytes.iter().map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect::<Option<_>>().ok_or("in格式错误")?;
        unpacked(&bytes).ok_or("文件格式错误")?;
        let no = format!("F{:010}", self.next_number());
        self.files.insert(no.clone(), bytes);
        Ok(json!({"fsUploadOut": {"file_qury_no": no, "filename": name, "fixmedins_code": self.org_id}}))
    }

    pub(super) fn download(&self, body: &[u8]) -> Result<Vec<u8>, Refused> {
        let message: Value = serde_json::from_slice(body).map_err(|_| "报文格式错误")?;
        let file = message.pointer("/input/fsDownloadIn").and_then(Value::as_object).ok_or("fsDownloadIn不能为空")?;
        self.files.get(required(file, "file_qury_no")?).cloned().ok_or_else(|| "文件不存在".to_owned())
    }
}

/// An archive as streaming writers make it: deflated, sizes and checksum behind the text and in the directory only.
fn packed(name: &str, text: &[u8]) -> Vec<u8> {
    let body = miniz_oxide::deflate::compress_to_vec(text, 6);
    let crc = crc32(text);
    let four = |number: usize| u32::try_from(number).unwrap_or_default().to_le_bytes();
    let two = |number: usize| u16::try_from(number).unwrap_or_default().to_le_bytes();
    let local = [b"PK\x03\x04\x14\0\x08\x08\x08\0".as_slice(), &[0; 16], &two(name.len()), &[0, 0], name.as_bytes(), &body].concat();
    let sizes = [crc.to_le_bytes(), four(body.len()), four(text.len())].concat();
    let described = [b"PK\x07\x08".as_slice(), &sizes].concat();
    let central = [b"PK\x01\x02\x14\0\x14\0\x08\x08\x08\0\0\0\0\0".as_slice(), &sizes, &two(name.len()), &[0; 16], name.as_bytes()].concat();
    let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0".as_slice(), &four(central.len()), &four(local.len() + described.len()), &[0, 0]].concat();
    [local, described, central, end].concat()
}

/// The text of an archive that is stored, as clients send it.
fn unpacked(archive: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize, length: usize| Some(archive.get(at..at + length)?.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)));
    if archive.get(..4)? != b"PK\x03\x04" {
        return None;
    }
    let from = 30 + number(26, 2)? + number(28, 2)?;
    let body = archive.get(from..from + number(18, 4)?)?;
    let text = match number(8, 2)? {
        0 => body.to_vec(),
        8 => miniz_oxide::inflate::decompress_to_vec(body).ok()?,
        _ => return None,
    };
    (usize::try_from(crc32(&text)).ok()? == number(14, 4)?).then_some(text)
}

/// CRC-32 by a table, so that it is not the client's.
fn crc32(bytes: &[u8]) -> u32 {
    let table: Vec<u32> = (0..256_u32).map(|index| (0..8).fold(index, |value, _| if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 })).collect();
    let step = |crc: u32, byte: &u8| table.get(usize::from((crc as u8) ^ byte)).copied().unwrap_or_default() ^ (crc >> 8);
    !bytes.iter().fold(u32::MAX, step)
}
