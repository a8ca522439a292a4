//! 6201, 6202, 6301, 6401: a mobile order before and after its settlement.

use std::collections::BTreeMap;

use menjie::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pricing::{Line, Split};
use super::{Errand, Fields, Insurer, PLACE, Refused, digits, local, required, required_fen, rows, text, year};
use crate::faults::{Drawn, Fault};
use crate::rng::ALPHANUMERIC;

/// Fields of 6201 that the contract wants beside those that are looked at below.
const WANTED: [&str; 16] = [
    "insutype",
    "begntime",
    "insuCode",
    "iptOtpNo",
    "atddrNo",
    "drName",
    "deptCode",
    "deptName",
    "caty",
    "medType",
    "feeType",
    "psnSetlway",
    "chrgBchno",
    "pubHospRfomFlag",
    "idType",
    "acctUsedFlag",
];

/// A mobile order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) pay_ord_id: String,
    pub(super) order_no: String,
    pub(super) patient_id: String,
    pub(super) pay_token: String,
    pub(super) mdtrt_id: String,
    pub(super) batch_no: String,
    pub(super) lines: Vec<Line>,
    pub(super) use_account: bool,
    pub(super) placed: bool,
    pub(super) split: Option<Split>,
    pub(super) state: &'static str,
    pub(super) setl_id: Option<String>,
    pub(super) settled_at: Option<Timestamp>,
    pub(super) revs_token: String,
    pub(super) cash_back_fen: i64,
    pub(super) refunds: BTreeMap<String, Fields>,
}

/// A mobile order, as it really is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTruth {
    /// payOrdId.
    pub pay_ord_id: String,
    /// ordStas.
    pub state: String,
    /// Whose.
    pub patient_id: String,
    /// Who pays what, once priced.
    pub split: Option<Split>,
    /// The settlement, once there is one.
    pub setl_id: Option<String>,
    /// Cash that the centre gave back, or was told of.
    pub cash_back_fen: i64,
}

impl Order {
    pub(super) fn truth(&self) -> OrderTruth {
        OrderTruth {
            pay_ord_id: self.pay_ord_id.clone(),
            state: self.state.to_owned(),
            patient_id: self.patient_id.clone(),
            split: self.split,
            setl_id: self.setl_id.clone(),
            cash_back_fen: self.cash_back_fen,
        }
    }

    pub(super) const fn is_settled(&self) -> bool {
        self.settled_at.is_some()
    }
}

impl Insurer {
    pub(super) fn mobile(&mut self, interface: &str, data: &Fields, now: Timestamp, drawn: &Drawn) -> Result<Value, Refused> {
        if drawn.has(Fault::SaysNo) {
            return Err("业务受理失败".to_owned());
        }
        if interface != "refund" && required(data, "orgCodg")? != self.org_id {
            return Err("机构未授权".to_owned());
        }
        match interface {
            "upload" => self.upload(data, now),
            "order" => self.place(data, now, drawn),
            "query" => self.named(data).map(|order| self.report(order)),
            "revoke" => self.revoke(data),
            "refund" => self.refund(data, now, drawn),
            _ => Err("交易不存在".to_owned()),
        }
    }

    fn upload(&mut self, data: &Fields, now: Timestamp) -> Result<Value, Refused> {
        for name in WANTED {
            required(data, name)?;
        }
        let patient_id = self.permit_of(data, now)?;
        let (name, id_no, insured) = self.members.get(&patient_id).ok_or("无参保信息")?;
        if !insured.active || insured.psn_no != required(data, "psnNo")? || insured.insurance_type != text(data, "insutype") || text(data, "insuCode") != PLACE {
            return Err("参保信息不一致".to_owned());
        }
        if id_no != required(data, "idNo")? || name != required(data, "userName")? {
            return Err("人员信息不一致".to_owned());
        }
        let order_no = required(data, "medOrgOrd")?.to_owned();
        // Not idempotent: a repeat is refused, whatever became of the first one.
        if self.order_nos.contains_key(&order_no) {
            return Err("医疗机构订单号已存在".to_owned());
        }
        let batch_no = text(data, "chrgBchno").to_owned();
        let lines = self::lines(data, &batch_no)?;
        if lines.iter().map(|line| line.amount_fen).sum::<i64>() != required_fen(data, "medfeeSumamt")? {
            return Err("费用总额与明细不一致".to_owned());
        }
        if rows(data, "diseinfoList")?.len() > 20 {
            return Err("诊断过多".to_owned());
        }
        let number = self.next_number();
        let pay_ord_id = format!("ORD{}{number:07}", digits(now, 14));
        let order = Order {
            pay_ord_id: pay_ord_id.clone(),
            order_no: order_no.clone(),
            patient_id,
            pay_token: self.rng.text(ALPHANUMERIC, 32),
            mdtrt_id: format!("{PLACE}M{number:010}"),
            batch_no,
            lines,
            use_account: text(data, "acctUsedFlag") == "1",
            placed: false,
            split: None,
            state: "0",
            setl_id: None,
            settled_at: None,
            revs_token: self.rng.text(ALPHANUMERIC, 32),
            cash_back_fen: 0,
            refunds: BTreeMap::new(),
        };
        let answer = json!({"payOrdId": pay_ord_id, "payToken": order.pay_token, "mdtrtId": order.mdtrt_id, "extData": {"result": order.lines.iter().map(Line::result).collect::<Vec<_>>()}});
        self.order_nos.insert(order_no, pay_ord_id.clone());
        self.orders.insert(pay_ord_id, order);
        Ok(answer)
    }

    fn place(&mut self, data: &Fields, now: Timestamp, drawn: &Drawn) -> Result<Value, Refused> {
        let patient_id = self.permit_of(data, now)?;
        let (pay_ord_id, batch_no, serial) = (required(data, "payOrdId")?, required(data, "chrgBchno")?, required(data, "orgBizSer")?);
        let order = self.orders.get_mut(pay_ord_id).filter(|order| text(data, "payToken") == order.pay_token).ok_or("订单不存在")?;
        if order.patient_id != patient_id || order.batch_no != batch_no || serial.len() > 64 || required(data, "mdtrtId")? != order.mdtrt_id {
            return Err("订单信息不一致".to_owned());
        }
        if order.state != "0" && order.state != "1" {
            return Err("订单状态不允许下单".to_owned());
        }
        order.use_account = text(data, "acctUsedFlag") != "0";
        order.placed = true;
        let pay_ord_id = order.pay_ord_id.clone();
        match drawn.find(|fault| if let Fault::Processing { ms } = fault { Some(*ms) } else { None }) {
            Some(ms) => self.agenda.plan(now.plus_millis(i64::from(ms)), Errand::Price(pay_ord_id.clone())),
            None => self.price(&pay_ord_id, now),
        }
        let order = self.orders.get(&pay_ord_id).ok_or("订单不存在")?;
        Ok(self.report(order))
    }

    /// 0 becomes 1.
    pub(super) fn price(&mut self, pay_ord_id: &str, at: Timestamp) {
        let Some(order) = self.orders.get(pay_ord_id).filter(|order| matches!(order.state, "0" | "1")) else { return };
        let account = if order.use_account { i64::MAX } else { 0 };
        let split = self.split(&order.patient_id, &order.lines, account, at);
        if let Some(order) = self.orders.get_mut(pay_ord_id) {
            (order.split, order.state) = (split, "1");
        }
    }

    /// Prices lines for somebody as he stands now.
    pub(super) fn split(&self, patient_id: &str, lines: &[Line], account_limit_fen: i64, at: Timestamp) -> Option<Split> {
        let (_, _, insured) = self.members.get(patient_id)?;
        let tariff = &self.options.tariff;
        let employee = insured.insurance_type == "310";
        let deductible = if employee { tariff.employee_deductible_fen } else { tariff.resident_deductible_fen };
        let used = insured.deductible_used_fen.get(&year(at)).copied().unwrap_or_default();
        Some(Split::of(lines, employee, deductible - used, insured.balance_fen.min(account_limit_fen), tariff))
    }

    /// 6301: while it works, the number and the state alone.
    pub(super) fn report(&self, order: &Order) -> Value {
        let mut told = json!({"payOrdId": order.pay_ord_id, "ordStas": order.state});
        let (Some(fields), Some(split)) = (told.as_object_mut(), order.split.filter(|_| !matches!(order.state, "0" | "2"))) else { return told };
        fields.extend(split.mobile());
        fields.insert("medOrgOrd".to_owned(), order.order_no.as_str().into());
        if let (Some(at), Some(settled)) = (order.settled_at, order.setl_id.as_ref().and_then(|setl_id| self.book.get(setl_id))) {
            let more = json!({
                "setlType": "ALL", "callType": "02", "traceTime": local(at), "hiChrgTime": local(settled.at), "hiDocSn": settled.setl_id, "revsToken": order.revs_token,
                "extData": {"setlinfo": self.setlinfo(settled), "setldetail": self::setldetail(&settled.split)},
            });
            fields.extend(more.as_object().cloned().unwrap_or_default());
        }
        told
    }

    /// The order that a message names with its token and its person.
    fn named(&self, data: &Fields) -> Result<&Order, Refused> {
        let order = self.orders.get(required(data, "payOrdId")?).filter(|order| text(data, "payToken") == order.pay_token).ok_or("订单不存在")?;
        let (name, id_no, _) = self.members.get(&order.patient_id).ok_or("订单不存在")?;
        if id_no != required(data, "idNo")? || name != required(data, "userName")? || required(data, "idType")? != "01" {
            return Err("人员信息不一致".to_owned());
        }
        Ok(order)
    }

    fn revoke(&mut self, data: &Fields) -> Result<Value, Refused> {
        let (pay_ord_id, state) = self.named(data).map(|order| (order.pay_ord_id.clone(), order.state))?;
        match (state, self.orders.get_mut(&pay_ord_id)) {
            ("0" | "1" | "12", Some(order)) => {
                order.state = "12";
                Ok(json!({"success": "true"}))
            }
            _ => Err("订单状态不允许撤销".to_owned()),
        }
    }

    /// Whose authorisation it is: exactly one of payAuthNo and ecToken.
    pub(super) fn permit_of(&self, data: &Fields, now: Timestamp) -> Result<String, Refused> {
        let code = match (text(data, "payAuthNo"), text(data, "ecToken")) {
            ("", token) if !token.is_empty() => token,
            (auth, "") if !auth.is_empty() => auth,
            _ => return Err("payAuthNo与ecToken须且仅须上传一项".to_owned()),
        };
        self.members.permitted(code, now).map(str::to_owned).ok_or_else(|| "授权码无效或已过期".to_owned())
    }
}

/// `setldetail`: the fund, one row.
pub(super) fn setldetail(split: &Split) -> Value {
    json!([{"fund_pay_type": "310100", "inscp_scp_amt": super::pricing::yuan(split.in_scope_fen), "fund_payamt": super::pricing::yuan(split.fund_fen), "fund_pay_type_name": "基本医疗保险统筹基金"}])
}

/// The fees of 6201, checked as the centre checks them.
fn lines(data: &Fields, batch_no: &str) -> Result<Vec<Line>, Refused> {
    let mut lines: Vec<Line> = Vec::new();
    for row in rows(data, "feedetailList")? {
        for name in ["feeOcurTime", "medinsListCodg", "cnt", "pric", "bilgDeptCodg", "bilgDeptName", "bilgDrCodg", "bilgDrName"] {
            required(row, name)?;
        }
        if text(row, "chrgBchno") != batch_no {
            return Err("明细收费批次号不一致".to_owned());
        }
        let (no, code) = (required(row, "feedetlSn")?, required(row, "medListCodg")?);
        if lines.iter().any(|line| line.no == no) {
            return Err("费用明细流水号重复".to_owned());
        }
        lines.push(Line { no: no.to_owned(), catalogue_code: code.to_owned(), amount_fen: required_fen(row, "detItemFeeSumamt")? });
    }
    Ok(lines)
}
