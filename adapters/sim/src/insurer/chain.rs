//! The chain of the window: 2201 to 2208, 2601, 5203.

use std::collections::BTreeMap;

use menjie::Timestamp;
use serde_json::{Value, json};

use super::book::Settled;
use super::mobile::setldetail;
use super::pricing::{Line, Split};
use super::{Fields, Insurer, PLACE, Refused, local, required, required_fen, rows, text};
use crate::faults::{Drawn, Fault};

/// A visit at the insurer.
#[derive(Clone, Debug)]
pub(super) struct WindowVisit {
    patient_id: String,
    ipt_otp_no: String,
    described: bool,
    /// Fees that are not settled, by batch.
    open: BTreeMap<String, Vec<Line>>,
    withdrawn: bool,
}

impl Insurer {
    pub(super) fn chain(&mut self, infno: &str, input: &Fields, data: &Fields, msgid: &str, now: Timestamp, drawn: &Drawn) -> Result<Value, Refused> {
        match infno {
            "2201" => self.register(data, now),
            "2202" => self.withdraw(data),
            "2203" => self.describe(input),
            "2204" => self.upload_fees(input),
            "2205" => self.void_fees(data),
            "2206" => self.price_batch(data, now).map(|(split, mdtrt_id)| self.priced(&split, &mdtrt_id)),
            "2207" => self.settle_batch(data, msgid, now, drawn),
            "2208" => self.reverse_settlement(data, msgid, now),
            "2601" => self.correct(data, now),
            "5203" => self.find(data),
            _ => Err("交易不存在".to_owned()),
        }
    }

    fn register(&mut self, data: &Fields, now: Timestamp) -> Result<Value, Refused> {
        let patient_id = self.member(data)?;
        if self.certified(data, now)? != patient_id {
            return Err("就诊凭证与人员不一致".to_owned());
        }
        for name in ["insutype", "begntime", "atddr_no", "dr_name", "dept_code", "dept_name", "caty"] {
            required(data, name)?;
        }
        let ipt_otp_no = required(data, "ipt_otp_no")?.to_owned();
        if self.visits.values().any(|visit| visit.ipt_otp_no == ipt_otp_no && !visit.withdrawn) {
            return Err("门诊号重复".to_owned());
        }
        let mdtrt_id = format!("{PLACE}G{:010}", self.next_number());
        let answer = json!({"data": {"mdtrt_id": mdtrt_id, "psn_no": text(data, "psn_no"), "ipt_otp_no": ipt_otp_no}});
        self.visits.insert(mdtrt_id, WindowVisit { patient_id, ipt_otp_no, described: false, open: BTreeMap::new(), withdrawn: false });
        Ok(answer)
    }

    /// The visit that a message names, with its person.
    fn visit(&mut self, data: &Fields) -> Result<&mut WindowVisit, Refused> {
        let patient_id = self.member(data)?;
        let visit = self.visits.get_mut(required(data, "mdtrt_id")?).filter(|visit| visit.patient_id == patient_id && !visit.withdrawn);
        visit.ok_or_else(|| "就诊信息不存在".to_owned())
    }

    fn withdraw(&mut self, data: &Fields) -> Result<Value, Refused> {
        if self.book.stands(required(data, "mdtrt_id")?) {
            return Err("已结算，不能撤销挂号".to_owned());
        }
        let no = required(data, "ipt_otp_no")?;
        let visit = self.visit(data)?;
        if visit.ipt_otp_no != no {
            return Err("门诊号不一致".to_owned());
        }
        visit.withdrawn = true;
        Ok(Value::Null)
    }

    fn describe(&mut self, input: &Fields) -> Result<Value, Refused> {
        let info = input.get("mdtrtinfo").and_then(Value::as_object).ok_or("mdtrtinfo不能为空")?;
        required(info, "med_type")?;
        required(info, "begntime")?;
        let diagnoses = rows(input, "diseinfo")?;
        for row in &diagnoses {
            for name in ["diag_type", "diag_srt_no", "diag_code", "diag_name", "dise_dor_no", "diag_time", "vali_flag"] {
                required(row, name)?;
            }
        }
        if diagnoses.iter().filter(|row| text(row, "maindiag_flag") == "1").count() != 1 {
            return Err("主诊断须且仅须一条".to_owned());
        }
        self.visit(info)?.described = true;
        Ok(Value::Null)
    }

    fn upload_fees(&mut self, input: &Fields) -> Result<Value, Refused> {
        let fees = rows(input, "feedetail")?;
        let first = fees.first().copied().ok_or("feedetail不能为空")?;
        let batch_no = required(first, "chrg_bchno")?.to_owned();
        let visit = self.visit(first)?;
        if !visit.described {
            return Err("请先上传就诊信息".to_owned());
        }
        let mut lines: Vec<Line> = Vec::new();
        for row in &fees {
            for name in ["rx_circ_flag", "fee_ocur_time", "medins_list_codg", "cnt", "pric", "bilg_dept_codg", "bilg_dept_name", "bilg_dr_codg", "bilg_dr_name"] {
                required(row, name)?;
            }
            if text(row, "chrg_bchno") != batch_no || text(row, "mdtrt_id") != text(first, "mdtrt_id") {
                return Err("收费批次或就诊不一致".to_owned());
            }
            let (no, code) = (required(row, "feedetl_sn")?, required(row, "med_list_codg")?);
            if lines.iter().chain(visit.open.values().flatten()).any(|line| line.no == no) {
                return Err("费用明细流水号重复".to_owned());
            }
            lines.push(Line { no: no.to_owned(), catalogue_code: code.to_owned(), amount_fen: required_fen(row, "det_item_fee_sumamt")? });
        }
        let answer = json!({"result": lines.iter().map(Line::result).collect::<Vec<_>>()});
        visit.open.entry(batch_no).or_default().extend(lines);
        Ok(answer)
    }

    fn void_fees(&mut self, data: &Fields) -> Result<Value, Refused> {
        let batch_no = required(data, "chrg_bchno")?;
        let open = &mut self.visit(data)?.open;
        if batch_no == "0000" {
            open.clear();
        } else if open.remove(batch_no).is_none() {
            return Err("收费批次不存在".to_owned());
        }
        Ok(Value::Null)
    }

    fn price_batch(&mut self, data: &Fields, now: Timestamp) -> Result<(Split, String), Refused> {
        for name in ["med_type", "psn_setlway", "insutype"] {
            required(data, name)?;
        }
        if self.certified(data, now)? != self.member(data)? {
            return Err("就诊凭证与人员不一致".to_owned());
        }
        let account = if required(data, "acct_used_flag")? == "1" { i64::MAX } else { 0 };
        let visit = self.visit(data)?.clone();
        let lines = visit.open.get(required(data, "chrg_bchno")?).ok_or("收费批次不存在")?;
        let split = self.split(&visit.patient_id, lines, account, now).ok_or("无参保信息")?;
        if split.total_fen != required_fen(data, "medfee_sumamt")? {
            return Err("费用总额与明细不一致".to_owned());
        }
        Ok((split, text(data, "mdtrt_id").to_owned()))
    }

    fn priced(&self, split: &Split, mdtrt_id: &str) -> Value {
        let mut info = split.setlinfo();
        info.insert("mdtrt_id".to_owned(), mdtrt_id.into());
        json!({"setlinfo": info, "setldetail": setldetail(split)})
    }

    fn settle_batch(&mut self, data: &Fields, msgid: &str, now: Timestamp, drawn: &Drawn) -> Result<Value, Refused> {
        let (split, mdtrt_id) = self.price_batch(data, now)?;
        let priced = [("fulamt_ownpay_amt", split.own_fen), ("overlmt_selfpay", 0), ("preselfpay_amt", split.first_fen), ("inscp_scp_amt", split.in_scope_fen)];
        for (name, fen) in priced {
            if required_fen(data, name)? != fen {
                return Err(format!("{name}与预结算不一致"));
            }
        }
        let number = format!("{PLACE}S{:010}", self.next_number());
        let batch_no = text(data, "chrg_bchno").to_owned();
        let visit = self.visit(data)?;
        visit.open.remove(&batch_no);
        let patient_id = visit.patient_id.clone();
        let clock = drawn.find(|fault| if let Fault::ClockOff { ms } = fault { Some(*ms) } else { None }).unwrap_or(0);
        let insured = self.members.get_mut(&patient_id).ok_or("无参保信息")?;
        let row = Settled {
            setl_id: number,
            mdtrt_id,
            insurance_type: insured.insurance_type.clone(),
            patient_id,
            msgid: msgid.to_owned(),
            split,
            at: now.plus_millis(clock),
            reverses: None,
        };
        let answer = self.told(&row);
        let insured = self.members.get_mut(&row.patient_id).ok_or("无参保信息")?;
        self.book.post(row, insured);
        Ok(answer)
    }

    fn reverse_settlement(&mut self, data: &Fields, msgid: &str, now: Timestamp) -> Result<Value, Refused> {
        let (patient_id, setl_id) = (self.member(data)?, required(data, "setl_id")?);
        if self.book.get(setl_id).is_none_or(|row| row.patient_id != patient_id || row.mdtrt_id != text(data, "mdtrt_id")) {
            return Err("结算信息不存在".to_owned());
        }
        let number = self.reverse(setl_id, msgid, now)?;
        Ok(self.book.get(&number).map(|row| self.told(row)).unwrap_or_default())
    }

    /// Undoes what stands; what never happened needs nothing.
    fn correct(&mut self, data: &Fields, now: Timestamp) -> Result<Value, Refused> {
        let (original, infno) = (required(data, "omsgid")?, required(data, "oinfno")?);
        let patient_id = self.member(data)?;
        let Some(row) = self.book.by_msgid(original).filter(|row| row.patient_id == patient_id).cloned() else { return Ok(Value::Null) };
        match (infno, row.reverses) {
            ("2207", None) => self.reverse(&row.setl_id, &format!("{original}C"), now).map(|_| Value::Null),
            _ => Err("该交易不支持冲正".to_owned()),
        }
    }

    fn find(&self, data: &Fields) -> Result<Value, Refused> {
        let patient_id = self.member(data)?;
        let found = match text(data, "setl_id") {
            "" => self.book.last_of(required(data, "mdtrt_id")?),
            setl_id => self.book.get(setl_id),
        };
        found.filter(|row| row.patient_id == patient_id).map(|row| self.told(row)).ok_or_else(|| "结算信息不存在".to_owned())
    }

    fn told(&self, row: &Settled) -> Value {
        json!({"setlinfo": self.setlinfo(row), "setldetail": setldetail(&row.split)})
    }

    /// `setlinfo` of a booked row.
    pub(super) fn setlinfo(&self, row: &Settled) -> Value {
        let mut info = row.split.setlinfo();
        let (name, id_no, psn_no) = self.members.get(&row.patient_id).map_or(("", "", ""), |(name, id_no, insured)| (name, id_no, insured.psn_no.as_str()));
        let texts = [
            ("mdtrt_id", row.mdtrt_id.as_str()),
            ("setl_id", &row.setl_id),
            ("psn_name", name),
            ("certno", id_no),
            ("psn_cert_type", "01"),
            ("insutype", &row.insurance_type),
            ("setl_time", &local(row.at)),
            ("medins_setl_id", &row.msgid),
            ("clr_optins", PLACE),
            ("clr_type", "11"),
            ("refd_setl_flag", if row.reverses.is_some() { "1" } else { "0" }),
            ("psn_no", psn_no),
        ];
        info.extend(texts.map(|(name, text)| (name.to_owned(), text.into())));
        Value::Object(info)
    }
}
