//! The gateway: x-tif headers, the envelope, and who answers which transaction; 1101, 5302, 2505.

use menjie::Timestamp;
use menjie::calendar::BizDate;
use serde_json::{Value, json};

use super::pricing::yuan;
use super::{Fields, Insurer, PLACE, Refused, digits, required, text};
use crate::faults::{Drawn, Fault};
use crate::identity::hash;
use crate::wire::Request;

/// How far a clock may be off.
const WINDOW_S: i64 = 300;

/// The name of a transaction in counts and switches: its four digits.
pub(super) fn interface(infno: &str) -> &'static str {
    const KNOWN: [&str; 22] = [
        "1101", "2201", "2202", "2203", "2204", "2205", "2206", "2207", "2208", "2505", "2601", "3201", "3202", "5203", "5302", "9101", "9102", "6201", "6202", "6203", "6301",
        "6401",
    ];
    let base = infno.strip_suffix('A').unwrap_or(infno);
    KNOWN.into_iter().find(|known| *known == base).unwrap_or("unknown")
}

/// The answer's envelope.
pub(super) fn answer(output: Result<Value, Refused>, now: Timestamp) -> Value {
    let (infcode, err_msg, output) = match output {
        Ok(output) => (0, String::new(), output),
        Err(problem) => (-1, problem, Value::Null),
    };
    let time = digits(now, 17);
    json!({"infcode": infcode, "inf_refmsgid": format!("{PLACE}{}{:010}", digits(now, 14), 1), "refmsg_time": time, "respond_time": time, "err_msg": err_msg, "output": output})
}

impl Insurer {
    /// Headers and envelope.
    pub(super) fn admit_transaction(&self, request: &Request, now: Timestamp) -> Result<(), Refused> {
        let header = |name: &str| request.header(name).unwrap_or_default();
        let (paas_id, secret) = &self.paas;
        let (timestamp, nonce) = (header("x-tif-timestamp"), header("x-tif-nonce"));
        let signature = hash::sha256_hex(format!("{timestamp}{secret}{nonce}{timestamp}").as_bytes());
        let fresh = timestamp.parse::<i64>().is_ok_and(|at| (now.millis() / 1000 - at).abs() <= WINDOW_S);
        if header("x-tif-paasid") != paas_id || !(6..=32).contains(&nonce.len()) || !fresh || header("x-tif-signature") != signature {
            return Err("签名校验失败".to_owned());
        }
        let message: Fields = serde_json::from_slice(&request.body).map_err(|_| "报文格式错误")?;
        for name in ["infno", "msgid", "mdtrtarea_admvs", "recer_sys_code", "infver", "opter_type", "opter", "opter_name", "inf_time", "fixmedins_code", "fixmedins_name"] {
            required(&message, name)?;
        }
        if !request.path().ends_with(&format!("/{}", text(&message, "infno"))) {
            return Err("交易编号与地址不一致".to_owned());
        }
        let msgid = text(&message, "msgid");
        if text(&message, "fixmedins_code") != self.org_id || msgid.len() != 30 || !msgid.starts_with(&self.org_id) {
            return Err("机构未授权".to_owned());
        }
        let input = message.get("input").and_then(Value::as_object).ok_or("input不能为空")?;
        let names_a_person = input.values().any(|root| root.get("psn_no").is_some() || root.get(0).is_some_and(|row| row.get("psn_no").is_some()));
        if names_a_person && text(&message, "insuplc_admdvs") != PLACE {
            return Err("insuplc_admdvs不能为空".to_owned());
        }
        Ok(())
    }

    pub(super) fn transact(&mut self, interface: &str, body: &[u8], now: Timestamp, drawn: &Drawn) -> Result<Value, Refused> {
        let message: Fields = serde_json::from_slice(body).map_err(|_| "报文格式错误")?;
        let msgid = text(&message, "msgid").to_owned();
        if !self.msgids.insert(msgid.clone()) {
            return Err("msgid重复".to_owned());
        }
        if drawn.has(Fault::SaysNo) {
            return Err("业务受理失败".to_owned());
        }
        let input = message.get("input").and_then(Value::as_object).cloned().unwrap_or_default();
        let data = input.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
        match interface {
            "1101" => self.person(&data, now),
            "5302" => self.designated(&data),
            "2505" => self.file_designation(&data, now),
            "3201" => self.compare_totals(&data),
            "3202" => self.compare_details(&data, now),
            "9101" => self.upload_file(&input),
            // The payloads of mobile payment, in this envelope.
            "6201" => self.mobile("upload", &data, now, drawn),
            "6202" => self.mobile("order", &data, now, drawn),
            "6203" => self.mobile("refund", &data, now, drawn),
            "6301" => self.mobile("query", &data, now, drawn),
            "6401" => self.mobile("revoke", &data, now, drawn),
            _ => self.chain(interface, &input, &data, &msgid, now, drawn),
        }
    }

    /// Whom a certificate names: 01 a token, 02 an identity card.
    pub(super) fn certified(&self, data: &Fields, now: Timestamp) -> Result<String, Refused> {
        let no = required(data, "mdtrt_cert_no")?;
        let found = match required(data, "mdtrt_cert_type")? {
            "01" => self.members.permitted(no, now),
            "02" => self.members.by_id_no(no),
            _ => return Err("不支持的就诊凭证类型".to_owned()),
        };
        found.map(str::to_owned).ok_or_else(|| "未查询到人员信息".to_owned())
    }

    /// Whom a psn_no names.
    pub(super) fn member(&self, data: &Fields) -> Result<String, Refused> {
        self.members.by_psn_no(required(data, "psn_no")?).map(str::to_owned).ok_or_else(|| "未查询到人员信息".to_owned())
    }

    fn person(&self, data: &Fields, now: Timestamp) -> Result<Value, Refused> {
        let patient_id = self.certified(data, now)?;
        let (name, id_no, insured) = self.members.get(&patient_id).ok_or("未查询到人员信息")?;
        let (sex, birth) = self.members.sex_and_birth(&patient_id).ok_or("未查询到人员信息")?;
        let row = |insurance_type: &str, balance: i64, active: bool| {
            json!({
                "balc": yuan(balance), "insutype": insurance_type, "psn_type": "11", "psn_insu_stas": if active { "1" } else { "2" }, "psn_insu_date": "2020-01-01",
                "cvlserv_flag": "0", "insuplc_admdvs": PLACE, "emp_name": "演示单位",
            })
        };
        // Who changed from residents' to employees' insurance keeps the old row, paused.
        let mut rows = vec![row(&insured.insurance_type, insured.balance_fen, insured.active)];
        if insured.insurance_type == "310" {
            rows.insert(0, row("390", 0, false));
        }
        Ok(json!({
            "baseinfo": {"psn_no": insured.psn_no, "psn_cert_type": "01", "certno": id_no, "psn_name": name, "gend": sex, "naty": "01", "brdy": birth, "age": 30},
            "insuinfo": rows, "idetinfo": [],
        }))
    }

    fn designated(&self, data: &Fields) -> Result<Value, Refused> {
        let patient_id = self.member(data)?;
        if required(data, "biz_appy_type")? != "03" {
            return Ok(json!({"psnfixmedin": []}));
        }
        let (_, _, insured) = self.members.get(&patient_id).ok_or("未查询到人员信息")?;
        let row = |(at, (code, from)): (usize, &(String, BizDate))| {
            json!({
                "psn_no": insured.psn_no, "insutype": insured.insurance_type, "fix_srt_no": (at + 1).to_string(), "fixmedins_code": code, "fixmedins_name": "演示医院",
                "begndate": from.to_string(), "enddate": "", "memo": "",
            })
        };
        Ok(json!({"psnfixmedin": insured.designated.iter().enumerate().map(row).collect::<Vec<_>>()}))
    }

    fn file_designation(&mut self, data: &Fields, now: Timestamp) -> Result<Value, Refused> {
        let patient_id = self.member(data)?;
        let (code, from) = (required(data, "fixmedins_code")?, BizDate::parse(required(data, "begndate")?).map_err(|_| "begndate格式错误")?);
        for name in ["fix_srt_no", "fixmedins_name"] {
            required(data, name)?;
        }
        if required(data, "biz_appy_type")? != "03" || from < now.biz_date() {
            return Err("备案信息错误".to_owned());
        }
        if self.members.get(&patient_id).is_some_and(|(_, _, insured)| !insured.designated.is_empty()) {
            return Err("该人员已有定点备案".to_owned());
        }
        self.designate(&patient_id, code, from);
        Ok(json!({"result": {"trt_dcla_detl_sn": format!("{PLACE}D{:010}", self.next_number())}}))
    }
}
